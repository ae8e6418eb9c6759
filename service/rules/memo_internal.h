/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the memo know of one another. */
#pragma once

#include "base/hash.h"
#include "base/map.h"
#include "base/number_table.h"
#include "rules/memo.h"
#include "rules/program.h"

#include <endian.h>
#include <pthread.h>

#define MEMO_TEXT_MOST ((size_t)4096) /* bytes of a rule; longer ones are read */
#define MEMO_TEXT_MORE ((size_t)64) /* behind a text that is looked at in steps of many bytes */
#define MEMO_UNITS_MOST 64
#define MEMO_PIECES_MOST 128
#define MEMO_STRINGS_MOST 512

/* --- the text: memo_read.c ----------------------------------------------------------------------- */

/* What another rule may have otherwise where all else is alike. */
enum piece_kind {
	PIECE_FIGURE, /* digits */
	PIECE_STRING, /* with its quotes */
	PIECE_LIST,   /* of plain strings, with its brackets; a part has one at most */
};

struct piece {
	uint16_t at, size; /* bytes of the text */
	uint8_t kind;
	uint16_t string, strings; /* of a list alone: which of all strings are its own */
};

/* A string of a list. */
struct list_string {
	uint16_t at, end; /* bytes of the text, with its quotes */
};

enum unit_kind {
	UNIT_PART,
	UNIT_NOT,
	UNIT_AND,
	UNIT_OR,
};

#define UNIT_NONE UINT16_MAX

struct known_list;

/* A part, or what joins some. */
struct unit {
	uint8_t kind;
	uint16_t begin, end;	 /* bytes of the text; of joints ->begin only of UNIT_NOT */
	uint16_t first, next;	 /* the first of those it joins; the one behind it */
	uint16_t count;		 /* of those it joins */
	uint16_t piece, pieces;	 /* of a part: which of all pieces are its own */
	uint16_t key_size;	 /* of a part: of its key, which begins where it does */
	const struct part *part; /* once it is known */
	const struct term *term; /* likewise, of ->bare */
	struct known_list *list; /* that stands in it, or NULL */
};

/* A text, taken apart. */
struct reading {
	struct slice text;
	size_t at;
	size_t last; /* behind the last word */
	int depth;   /* of brackets around */
	struct unit units[MEMO_UNITS_MOST];
	unsigned unit_count;
	struct piece pieces[MEMO_PIECES_MOST];
	unsigned piece_count;
	struct list_string strings[MEMO_STRINGS_MOST];
	unsigned string_count;
	bool bare;  /* only units are told apart: there are no pieces, and keys are texts */
	bool whole; /* it is one part only as a whole */
	unsigned char wide; /* 128 and more when a string is not of ASCII alone */
	/* The text, ended by a 0, with signs for what was read of it; what is behind may be looked at. */
	char key[MEMO_TEXT_MOST + MEMO_TEXT_MORE];
};

/**
 * Takes @text apart into @reading; the number of the unit that is all of it. UNIT_NONE: it is not made of parts.
 * The key of a part is its text, in which pieces stand as signs that no rule has: as many as they have bytes,
 * so that places are the same; but a list is one.
 */
uint16_t memo_read(struct reading *reading, struct slice text);
/** Likewise, but of parts only where they are: ->bare. */
uint16_t memo_read_bare(struct reading *reading, struct slice text);

static inline bool memo_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* --- parts: memo_part.c --------------------------------------------------------------------------- */

/* Where a piece goes to. */
struct spot {
	uint16_t node;	     /* of the part's nodes: the literal, or the list */
	uint16_t constant;   /* of its constants: what is made of it */
	bool negative;	     /* a figure behind a minus, which is of the literal */
	function_fn convert; /* what makes the constant of a figure; NULL: it is the figure */
};

/* A node whose children are copied, too. */
struct parent {
	uint16_t node, child; /* of the part's: its number, and that of its first child */
};

/* What is known under a key. A rule gets copies of the runs, of which each begins at 0 here. */
struct part {
	bool usable; /* otherwise rules with it are read */
	bool exact;  /* what it comes to depends on its pieces: it is known by its text */
	bool constant;
	bool is_bool;
	struct node *nodes; /* the first is the root */
	struct node **children;
	struct instruction *code;
	struct value *constants;
	struct program_ratio *ratios;
	const int *slots; /* all of this part; code and ratios name them by index */
	const enum value_kind *slot_kinds;
	struct spot *spots;
	struct parent *parents;
	uint16_t node_count, child_count, constant_count, slot_count, spot_count, parent_count;
	uint16_t code_count,
			main_count; /* the main code is the value, behind it are shown quotients */
	uint16_t ratio_count, main_ratios; /* likewise */
	uint16_t list_at, list_size;	   /* bytes of its own text; size 0: it has no list */
	int stack_size, loop_depth;
	uint32_t steps;	      /* what it costs; with a list: */
	uint64_t *list_steps; /* by how many strings that has, LISTS_PRICED; 0: nobody knows yet */
};

#define LISTS_PRICED ((size_t)16)

/**
 * Compiles @text, which stands at @begin of the text of @source, and makes a part of it that has the @count
 * @pieces. What rules share of it lives in @arena, all else in @own. NULL when memory is short; also a text that
 * no rule can be made of has a part.
 */
struct part *part_make(const struct source *source, const struct unit *unit,
		const struct piece *pieces, const struct scope *scope, struct arena *arena,
		struct arena *own);

/** Whether there is a child to be copied: below all other nodes is what only a printer looks at. */
static inline bool node_is_whole(const struct node *node)
{
	return node->variable || node->folded || node->is_namespace || node->count == 0;
}

/* --- lists: memo_list.c --------------------------------------------------------------------------- */

/* A list of strings, and what each rule that has it shares. */
struct known_list {
	struct slice written;
	struct node **children; /* NULL: no tree with it was asked for yet */
	struct value value;
};

#define LISTS_MOST ((size_t)1 << 18)
#define LISTS_BLOCK ((size_t)256)

/*
 * Lists by their texts: of rules whose trees are asked for, and those that are no terms. What is a term is read once, and
 * its list with it: hardly one is met in another, so that to note them all would take longer than to read them.
 */
struct lists {
	struct number_table texts;
	struct known_list **
			blocks; /* of LISTS_BLOCK each, in the memo's arena; NULL: there was none yet */
	size_t count;
};

/* --- terms: memo_table.c, memo_split.c, memo_term.c -------------------------------------------------------------- */

#define TERM_TEXT 36
#define TERM_SLOTS 2

/*
 * A part with the pieces of one text. Terms are looked for all the time while a catalog is loaded, which leaves nothing
 * in the caches: what is asked of one is in a line of memory, and nowhere else.
 */
struct term {
	uint32_t hash;
	uint32_t number; /* + 1; 0: there is none here */
	uint32_t cost;
	int slots[TERM_SLOTS]; /* if ->has_few: of one, twice; all are in its rule */
	uint16_t size;	       /* bytes of its text */
	uint16_t code_count;
	bool has_few;  /* slots: one or two */
	uint8_t depth; /* of its tree */
	bool joins;    /* a bool that is no constant: what joins only constants is one */
	bool whole; /* all of a rule: where it stands with others, it would be read otherwise */
	char text[TERM_TEXT]; /* if it is no longer, and 0 behind it; else where it lies */
};

static_assert(sizeof(struct term) == 64, "a term is a line of memory");

struct term_table {
	struct term *places; /* aligned, in ->memory */
	void *memory;
	size_t capacity;	   /* a power of two, or 0 */
	const struct rule **rules; /* by number; as many as three of four places */
	size_t count;
};

void term_table_fini(struct term_table *table);
/** Bytes of it. */
size_t term_table_size(const struct term_table *table);
/** Whether there is room for @more terms. */
bool term_table_has_room(const struct term_table *table, size_t more);
/** Room for @more terms, which leaves those that are there where they are; false when memory is short. */
bool term_table_reserve(struct term_table *table, size_t more);
/** The term that @text is, whose hash it is, or NULL; in a table that has had room. Behind @text MEMO_TEXT_MORE bytes may be looked at. */
const struct term *term_find(const struct term_table *table, struct slice text, uint32_t hash);

static inline uint64_t term_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

/* From 16 - size on: so many bytes that count, and others that do not. */
static const unsigned char term_counts[32] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255 };

#define TERM_STEP ((size_t)16)

/* The 16 bytes at @at, of which what @first and @last leave counts, behind @seed. */
static inline uint64_t term_step(uint64_t seed, const char *at, uint64_t first, uint64_t last)
{
	return hash_mix_pair(seed, term_word(at) & first, term_word(at + 8) & last);
}

/**
 * What a table goes by. Behind @text 16 bytes may be looked at. Most texts have up to 48 bytes: whatever their size is, they
 * are 16 three times, some of which are the same, so that no branch is guessed wrong.
 */
static inline uint32_t term_hash(struct slice text)
{
	size_t size = text.size < TERM_STEP ? TERM_STEP : text.size;
	size_t counts = text.size < TERM_STEP ? text.size : TERM_STEP;
	size_t last = size - TERM_STEP;
	size_t second = last < TERM_STEP ? last : TERM_STEP;
	const char *mask = (const char *)term_counts + TERM_STEP - counts;
	uint64_t a = term_word(mask);
	uint64_t b = term_word(mask + 8);
	uint64_t hash = term_step(text.size, text.data, a, b) +
			term_step(UINT64_C(1) << 62, text.data + second, a, b) +
			term_step(UINT64_C(1) << 61, text.data + last, a, b);

	for (size_t at = 2 * TERM_STEP; at < last; at += TERM_STEP)
		hash = term_step(hash, text.data + at, a, b);
	return (uint32_t)(hash ^ hash >> 32);
}

/** Has the text of the term under @hash, if it is a long one, brought into the caches; the term is there. */
static inline void term_text_ask_for(const struct term_table *table, uint32_t hash)
{
	const struct term *term = &table->places[hash & (table->capacity - 1)];
	const char *own;

	if (term->hash != hash || term->size <= TERM_TEXT)
		return;
	memcpy(&own, term->text, sizeof(own));
	__builtin_prefetch(own);
	__builtin_prefetch(own + term->size - 1);
}

/** Has where @hash belongs brought into the caches. */
static inline void term_ask_for(const struct term_table *table, uint32_t hash)
{
	__builtin_prefetch(&table->places[hash & (table->capacity - 1)]);
}

/** The place of one term more, for which there is room: what @from is, ->hash too, under the next number, which @rule has. */
const struct term *term_table_put(
		struct term_table *table, const struct term *from, const struct rule *rule);

#define SPLIT_PARTS_MOST 32

/* A part, if it is one. */
struct split_part {
	uint16_t begin, end; /* bytes of the text */
	uint32_t hash;
};

/*
 * A text as what joins its parts make of it, if all of them are parts: what has parentheses or joints in a string, or
 * is joined by something else, is none. Whoever finds that they are terms knows it.
 */
struct split {
	struct slice text;
	bool is_made; /* and not used yet */
	bool is_one;  /* it is joined in this way; else none of the rest is there */
	struct split_part parts[SPLIT_PARTS_MOST];
	uint32_t part_count;
	uint32_t form[MEMO_UNITS_MOST]; /* memo.h, with numbers of parts for those of terms */
	uint32_t form_count;
	uint32_t joint_count;			   /* of the form */
	uint32_t joined;			   /* what all joints have, together */
	uint32_t depth;				   /* of parentheses, at most */
	uint32_t hash;				   /* of all of it, whether it is one or not */
	uint64_t brackets[MEMO_TEXT_MOST / 64];	   /* by 64 bytes: which are parentheses */
	char key[MEMO_TEXT_MOST + MEMO_TEXT_MORE]; /* the text, 0 behind it */
};

/** Splits @text, and has where its terms may be in @table, which has had room, brought into the caches. */
void memo_split(struct split *split, struct slice text, const struct term_table *table);

/* --- rules: memo.c, memo_join.c, memo_grow.c ------------------------------------------------------ */

struct rule_memo {
	pthread_mutex_t lock; /* of all that follows but terms, once the first rule may be run */
	struct rule_options options;
	const struct scope *scope; /* of all rules; NULL: there was none yet */
	struct arena arena;	   /* what is known */
	struct arena trees; /* and programs: those that were asked for, and what they share */
	struct map parts;   /* key to part */
	struct map exact;   /* text to part, of those that depend on their pieces */
	struct lists lists;
	struct known_list term_list; /* of the term at hand */
	struct map strings;	     /* text to node */
	struct term_table terms;
	struct reading reading;
	struct reading apart;	/* of a rule that is no split: its parts are read one by one */
	struct split splits[2]; /* of the rule at hand, and of the one behind it */
	unsigned asked;		/* which of them was last made ahead */
	uint64_t *slots;	/* of what is joined: the set of them, */
	uint16_t *slot_at;	/* the place of each among them, */
	uint8_t *slot_kinds;	/* and its kind */
	uint64_t *form_slots;	/* of the rule at hand, while its terms are made */
	size_t expected;	/* rules, in all; 0: who knows */
	size_t read;		/* so many by now */
	size_t slot_words;
};

/** Room for the slots of a rule, of which there are as many as @scope has; false when memory is short. */
bool memo_slots_reserve(struct rule_memo *memo, const struct scope *scope);
/** The list that @piece of the text at hand is; NULL when memory is short. What rules share of it lives in @arena. */
struct known_list *memo_list(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena);
/** Likewise of a term that was none before: @memo knows it until the next one is read. */
struct known_list *memo_list_of_term(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena);
/** The nodes of @list, which is @piece of the text at hand, for trees; NULL when memory is short. */
struct node **memo_list_nodes(
		struct rule_memo *memo, struct known_list *list, const struct piece *piece);

/* How much of everything a rule takes. */
struct measure {
	size_t nodes, children, constants, slots, ratios;
	int main_code, code, main_ratios;
	int loop_depth;
};

/** Of what was read and is known, but for its slots. */
struct measure memo_measure(const struct reading *reading);
/** The figure of @piece. */
int64_t memo_figure(struct slice text, const struct piece *piece);

/* A program, and what else follows from the parts. */
struct joined {
	const struct program *program;
	uint64_t cost;
	unsigned depth; /* of the tree */
};

/** The program of @text, which was read and is known; false: it has to be compiled, or memory is short. */
bool memo_join(struct rule_memo *memo, uint16_t root, struct slice text, struct arena *arena,
		struct joined *out);
/** Its tree, in memo->trees; NULL when memory is short. */
struct node *memo_grow(struct rule_memo *memo, uint16_t root, struct slice text);

/**
 * The rule of @source with its program, and how deep its tree is; NULL: it has to be compiled, or memory is short.
 * With @part also when it could not stand among others as a part.
 */
struct rule *memo_whole(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, bool part, struct arena *arena, unsigned *out_depth);
/** The rule of @source as terms; NULL: it is not made of such, or there are too many, or memory is short. */
struct rule *memo_form(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena);
