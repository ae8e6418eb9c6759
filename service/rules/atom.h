/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bool rules taken apart: what is asked of single slots, each thing once over all rules of a catalog,
 * and how it is put together.
 *
 * The table is bound to a day: parameters and as_of have their values, so that an atom compares a slot
 * of an attribute with a figure, a day or a code. What is no such question (arithmetic, loops,
 * functions, conditionals) stays whole, as an atom that only the machine can answer.
 *
 * A formula is a conjunction of literals, an atom or a constant; a literal is a formula or its
 * negation, so that "or" is the negated conjunction of negated parts. Of the answers
 *
 *     no > asked > unstated > error > yes
 *
 * the greatest that a part has is that of the conjunction; "not" exchanges yes and no. This is the
 * order of the rule language, with the unknown told apart by what is missing: "asked" while an
 * attribute is, "unstated" when only parameters are. Equal formulas have the same number.
 */
#pragma once

#include "base/buffer.h"
#include "rules/rule.h"

enum atom_answer {
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_ASKED,
	ANSWER_UNSTATED,
	ANSWER_ERROR,
};

enum atom_kind {
	ATOM_FLAG,     /* ->slot is true */
	ATOM_AT_LEAST, /* ->slot, an int or the seconds of a day, >= ->bound */
	ATOM_QUOTIENT, /* the quotient >= ->bound in ppm, or > it with ->above; exactly */
	ATOM_CODE,   /* what follows from the text of ->slot alone: by ->test, or by the code */
	ATOM_MEMBER, /* the list ->slot holds ->code */
	ATOM_HELD,   /* the map ->slot has ->code */
	ATOM_VALID,  /* the day it has under ->code is >= ->bound; an error when it has none */
	ATOM_OTHER,  /* only the code can tell */
};

/* What follows from a text; @marked is what the caller said of it beside. */
struct atom_test {
	enum atom_answer (*ask)(const void *context, struct slice text, bool marked);
	const void *context;
};

struct atom {
	/* What tells it from others; a line of memory. */
	enum atom_kind kind;
	int slot; /* of quotients its own; of OTHER -1 */
	int64_t bound;
	bool above;
	bool unstated; /* AT_LEAST, QUOTIENT: the bound is a parameter without a value */
	bool negated;  /* CODE: it is none of ->texts */
	/* CODE: the slot is one of these among atoms->texts; NULL: something else is asked. */
	uint32_t text_count;
	const uint32_t *texts;
	struct slice code;
	const struct atom_test *test;
	const struct node *node; /* what tells it from others when nothing else does; or NULL */

	uint32_t formula;
	uint32_t asked; /* how often at most in one go, see atoms_use() */
	const struct scope_ratio *ratio;
	const struct rule *rule;  /* whose code it is, of CODE and OTHER, */
	int code_begin, code_end; /* from here to there */
	const int *slots;	  /* of attributes that it reads; ascending */
	size_t slot_count;
};

enum formula_kind {
	FORMULA_TRUE,
	FORMULA_ERROR,	  /* whatever the slots hold */
	FORMULA_UNSTATED, /* likewise */
	FORMULA_ATOM,
	FORMULA_ALL,
};

#define FORMULA_LITERALS_MOST (UINT32_C(1) << 26)

/* Few of them lie in one line of memory with another, and none in two. */
struct formula {
	uint32_t at;   /* the atom; of ALL the first of its ->count literals */
	uint32_t uses; /* in how many formulas it stands, and how many ask for it */
	uint32_t asked;
	uint32_t count : 26; /* below FORMULA_LITERALS_MOST */
	uint32_t kind : 3;   /* enum formula_kind */
	uint32_t opaque : 1; /* some atom below is OTHER */
	/* Whether one of ->wholes has it, bit 0, or its negation, bit 1. */
	uint32_t stands : 2;
};

#define LITERAL_TRUE 0u
#define LITERAL_FALSE 1u
/* The literals of ->wholes, from here on; those of formulas are below. */
#define LITERAL_WHOLE (UINT32_C(1) << 31)

struct atom_place {
	uint32_t hash;
	uint32_t number; /* + 1; 0: free */
};

#define ATOM_TABLE_LATE 8

/* Numbers of atoms, formulas or texts, by what these are made of. */
struct atom_table {
	struct atom_place *places; /* and bits, see atom_table_may_have() */
	size_t capacity;	   /* a power of two, or 0 */
	size_t count;
	/* What was put last waits till its place, which was asked for, is there. */
	struct atom_place late[ATOM_TABLE_LATE];
	uint32_t late_count, put_count;
};

/* What a slot was asked, and the literal that came of it; see atom_question.h. */
struct atom_question {
	uint64_t what;
	uint64_t of[2];
	uint32_t literal;
};

struct atoms {
	struct arena arena;
	struct evaluation bound; /* what parameters and as_of are */
	struct atom *list;
	size_t count, capacity;
	struct formula *formulas; /* each behind those it is made of */
	size_t formula_count, formula_capacity;
	/*
	 * With ->apart: conjunctions that are all of a rule, each with a literal of its own. They are many, and read in
	 * their order; the others, which these are made of, are few and read all the time, and lie close together.
	 */
	struct formula *wholes;
	size_t whole_count, whole_capacity;
	uint32_t *literals; /* of conjunctions: 2 * formula, + 1 when negated; ascending but for ->wholes */
	size_t literal_count, literal_capacity;
	uint32_t *stack; /* while taking apart */
	size_t stack_count, stack_capacity;
	struct slice *texts; /* that slots are compared with, each once */
	size_t text_count, text_capacity;
	uint32_t *numbers; /* of the texts of the atom at hand */
	size_t number_capacity;
	const struct scope_name **names; /* by slot, of those that were met */
	size_t name_count;
	struct atom_question *questions; /* asked lately, each in its place */
	const struct rule_memo *memo;	 /* of the first rule of terms */
	uint32_t *terms; /* of that memo, by number: the literal + 1; 0: not taken apart yet */
	size_t term_count;
	struct buffer key;	  /* of a part of a tree */
	struct atom_table known;  /* atoms */
	struct atom_table joined; /* conjunctions */
	struct atom_table told;	  /* texts */
	bool failed;		  /* memory was short */
	bool apart; /* atoms_set_apart(): what is listed, but for texts, and the tables lie in ->arena */
};

/**
 * An empty table. @bound has the values of parameters and the day, all else unknown; it and the rules
 * added live as long as the table. NULL when memory is short.
 */
struct atoms *atoms_new(const struct evaluation *bound);
/**
 * Before any is added: @count rules will be, of which hardly any two are alike, so that none is looked for. What all of
 * a rule is, is one of ->wholes then. The atoms and formulas lie in ->arena, which begins with a piece of @room bytes,
 * for who gives that to match_index_new(). false when memory is short.
 */
bool atoms_set_apart(struct atoms *atoms, size_t count, size_t room);
void atoms_free(struct atoms *atoms);

/**
 * Takes a bool rule apart; all rules of a table are compiled against one scope. false when memory
 * is short: the table is of no use then.
 */
bool atoms_add_rule(struct atoms *atoms, const struct rule *rule, uint32_t *out_literal);
/**
 * Asks memory for what is read of a rule, some rules before it is added: a catalog is larger than any cache. Before
 * that, for what says where it is.
 */
void atoms_fetch_rule(const struct rule *rule);
void atoms_fetch(const struct rule *rule);
/** What @test (borrowed, as its context) makes of the text in @slot; of a slot that is unknown it is
 *  what the slot is. Equal only by address. */
bool atoms_add_test(struct atoms *atoms, int slot, const struct atom_test *test,
		uint32_t *out_literal);
/** The conjunction of @count literals. */
bool atoms_add_all(struct atoms *atoms, const uint32_t *literals, size_t count,
		uint32_t *out_literal);
/** Notes that somebody asks for the literal; what it is made of is asked once then, however often it is. */
void atoms_use(struct atoms *atoms, uint32_t literal);

static inline const struct formula *atoms_formula(const struct atoms *atoms, uint32_t literal)
{
	return literal < LITERAL_WHOLE ? &atoms->formulas[literal / 2]
				       : &atoms->wholes[(literal - LITERAL_WHOLE) / 2];
}

static inline uint32_t atoms_uses(const struct atoms *atoms, const struct atom *atom)
{
	return atoms->formulas[atom->formula].uses;
}

/** The negation; what has no value keeps it. */
static inline uint32_t atoms_negate(const struct atoms *atoms, uint32_t literal)
{
	uint32_t kind = atoms_formula(atoms, literal)->kind;

	return kind == FORMULA_ERROR || kind == FORMULA_UNSTATED ? literal : literal ^ 1;
}

/** For people. */
void atoms_dump(const struct atoms *atoms, uint32_t literal, FILE *out);
