/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of the rule language: text in, checked and compiled rule out, verdicts from it.
 *
 * A rule is written in a strict subset of CEL. It is compiled once against a scope (which names
 * exist, their types and dimensions) into an immutable program; a compiled rule is read by every
 * thread without a lock. Evaluation gives a value, an error, or "unknown" with the set of slots
 * that are missing and matter.
 *
 * This room does no I/O, knows no clock and no policy.
 */
#pragma once

#include "base/arena.h"
#include "base/diagnostics.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct region_table; /* base/region.h; what region.within() and region.kind() ask */

/* --- types ------------------------------------------------------------------------------- */

enum type_kind {
	TYPE_NULL,
	TYPE_BOOL,
	TYPE_INT,
	TYPE_UINT,
	TYPE_DOUBLE,
	TYPE_STRING,
	TYPE_BYTES,
	TYPE_LIST,
	TYPE_MAP,
	TYPE_TIMESTAMP,
	TYPE_DURATION,
	TYPE_TYPE,
	TYPE_DYN, /* only inside the checker: the element of an empty literal */
};

/* Immutable; the simple ones are static, the others live in the arena they were made in. */
struct type {
	enum type_kind kind;
	const struct type *key;	    /* of a map */
	const struct type *element; /* of a list, or the value of a map */
};

extern const struct type type_null, type_bool, type_int, type_uint, type_double, type_string,
		type_bytes, type_timestamp, type_duration, type_type, type_dyn;
extern const struct type type_list_int, type_list_string, type_map_string_timestamp;

/** Parses "int", "list(T)", "map(K, V)", ... NULL when it is not a type or memory is short. */
const struct type *type_parse(struct slice text, struct arena *arena);

/* What an int counts. Money compared with a bare number is an error; 0 fits everything. */
enum dimension {
	DIMENSION_ANY, /* a literal, or not declared: fits everything but money */
	DIMENSION_MONEY,
	DIMENSION_RATIO,
	DIMENSION_COUNT,
	DIMENSION_FREE, /* undeclared dimension, fits everything (rule eval) */
};

/* --- scope: which names a rule may use --------------------------------------------------- */

enum scope_role {
	SCOPE_ATTRIBUTE, /* e.x or i.x: missing values are asked for */
	SCOPE_PARAMETER, /* p.x: missing values make REVIEW */
	SCOPE_CONTEXT,	 /* as_of: always bound */
};

/*
 * An attribute that is a quotient: it may be compared with a constant or a parameter t, and that is
 * compiled to num * 1,000,000 <=> t * den in 128 bits. A value in the slot of its own (a quotient
 * that was supplied as such, in ppm) goes before; the slots of num and den are read only when there
 * is none. With a den of 0 it is when_den_zero_ppm, or stays unknown under its own slot.
 */
struct scope_ratio {
	int num_slot;
	int den_slot;
	bool when_den_zero_known;
	int64_t when_den_zero_ppm;
};

/* All codes that a name may have, hold, or be a map of. Borrowed by the scope. */
struct scope_choices {
	const char *const *codes;
	size_t count;
};

struct scope_name {
	struct slice name; /* whole, such as "e.staff"; the longest declared prefix wins */
	const struct type *type;
	enum dimension dimension;
	enum scope_role role;
	int slot;		  /* index into the values of an evaluation */
	bool has_least, has_most; /* for the interval evaluator: bounds while unknown */
	int64_t least, most;
	const struct scope_ratio *ratio; /* or NULL */
	bool is_region;			 /* a region code: policies may not test its prefix */
	const struct scope_choices *choices; /* the codes it may have, or NULL: any */
};

struct scope;

/** Zero names. Borrows the strings and types that are put in. NULL when memory is short. */
struct scope *scope_new(void);
void scope_free(struct scope *scope);
/** false when the name exists or memory is short. */
bool scope_add(struct scope *scope, const struct scope_name *name);
const struct scope_name *scope_find(const struct scope *scope, struct slice name);
/** A name of @scope that @name may be a slip of; NULL when none comes near. */
const struct scope_name *scope_find_similar(const struct scope *scope, struct slice name);
/** Whether @code is one of them; otherwise the one that it may be a slip of, or NULL. */
bool scope_choices_have(const struct scope_choices *choices, struct slice code,
		const char **out_similar);
/** Slots are dense: 0 to count - 1. */
const struct scope_name *scope_name_of_slot(const struct scope *scope, int slot);
int scope_slot_count(const struct scope *scope);

/* --- compiling --------------------------------------------------------------------------- */

/* Parts of rules that were checked before, for whoever compiles a whole catalog again. */
struct rule_memo;

struct rule_memo *rule_memo_new(void);
/** When nobody reads the rules any more that were compiled with it. */
void rule_memo_free(struct rule_memo *memo);
/** Tells how many rules will be compiled with it, about: what grows with them is made as large at once. */
void rule_memo_expect(struct rule_memo *memo, size_t count);
/**
 * Has what the rule @text, which is lasting, is made of brought into the caches, for who is about to compile it: so of one
 * while the one before it is compiled. Makes it only faster. What rule_memo_hash() is of it.
 */
uint32_t rule_memo_ask_for(struct rule_memo *memo, struct slice text);
/**
 * What a table of texts may go by: the same of every memo while there is memory, and had with what compiling @text, which is
 * lasting, takes anyway.
 */
uint32_t rule_memo_hash(struct rule_memo *memo, struct slice text);
/** Bytes that it holds, of trees that were asked for and of what they are made of. Any thread. */
size_t rule_memo_size(struct rule_memo *memo);

struct rule_options {
	const char *path; /* for diagnostics: file */
	int line, column; /* where the text begins in that file; 1, 1 by default (0 means 1) */
	const struct type *expected;	   /* type the rule must have; NULL: any */
	enum dimension expected_dimension; /* checked when the type is int; ANY and FREE: any */
	bool policy; /* policy-level restrictions: no uint, bytes, double, null; prefix tests on
			regions refused; has() refused on attributes */
	bool warn_bare; /* warn about bare figures other than 0 and 1 compared with an attribute */
	bool warn_choices; /* warn about codes in the text that the attribute cannot have */
	const struct region_table *regions; /* to check literal region codes; may be NULL */
	uint64_t cost_limit;		    /* 0: the default */
	struct rule_memo *
			memo; /* or NULL. All rules of one memo are compiled with the same scope and
				   options (but for where they stand and what they must be), are
				   lasting, and were compiled before without a mistake: a part that
				   is known is not checked for mistakes again */
	bool lasting; /* the text and the scope outlive the rule, which borrows from them */
};

struct rule;

/**
 * Parses, checks and compiles. Reports every mistake of the text to @diagnostics; NULL when there
 * was an error. The rule lives in @arena, as does all it refers to; names are resolved to slots of
 * @scope, which need not outlive the call unless ->lasting says that it does.
 */
const struct rule *rule_compile(struct slice text, const struct scope *scope,
		const struct rule_options *options, struct arena *arena,
		struct diagnostics *diagnostics);

/** Whether @text is a rule by its grammar alone; reports what is not. */
bool rule_is_wellformed(
		struct slice text, struct arena *arena, struct diagnostics *diagnostics);

/** The text it was compiled from: itself when it is lasting, else a copy. */
struct slice rule_written(const struct rule *rule);
/** The number that who makes many rules attaches to one; 0 until then. Not for other threads. */
void rule_attach(const struct rule *rule, uint32_t attached);
uint32_t rule_attached(const struct rule *rule);
const struct type *rule_type(const struct rule *rule);
enum dimension rule_dimension(const struct rule *rule);
uint64_t rule_cost(const struct rule *rule); /* static worst case */
/** Slots the rule reads, ascending, without duplicates. */
const int *rule_slots(const struct rule *rule, size_t *out_count);
/** Canonical text: parse(print(t)) == t. */
char *rule_print(const struct rule *rule, struct arena *arena);
/** For people: the checked tree, or the program; nothing, and @arena exhausted, when memory is short. */
void rule_dump_tree(const struct rule *rule, struct arena *arena, FILE *out);
void rule_dump_program(const struct rule *rule, struct arena *arena, FILE *out);

/* --- values ------------------------------------------------------------------------------ */

enum value_kind {
	VALUE_UNKNOWN, /* zeroed storage is unknown */
	VALUE_ERROR,
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_UINT,
	VALUE_DOUBLE,
	VALUE_STRING,
	VALUE_BYTES,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_TIMESTAMP,
	VALUE_DURATION,
	VALUE_TYPE,
};

struct value;

/* Slots that are missing and matter, ascending, without duplicates. */
struct slot_set {
	const int *slots;
	size_t count;
};

struct value {
	enum value_kind kind;
	union {
		bool boolean;
		int64_t integer; /* INT; and DURATION in nanoseconds */
		uint64_t uinteger;
		double number;
		struct slice text; /* STRING, BYTES */
		struct {
			const struct value *
					items; /* LIST: count; MAP: key, value, key, value ... */
			size_t count;	       /* elements or entries */
		} list;
		struct {
			int64_t seconds; /* since 1970-01-01T00:00:00Z */
			int32_t nanos;	 /* 0 to 999,999,999 */
		} timestamp;
		const struct type *type;
		const char *error;	 /* static or in the arena */
		struct slot_set missing; /* of UNKNOWN results; empty in inputs */
	};
};

/* --- evaluating -------------------------------------------------------------------------- */

struct evaluation {
	const struct value *values; /* by slot; VALUE_UNKNOWN is missing */
	size_t value_count;
	const struct region_table
			*regions; /* may be NULL: region functions then give an error */
	struct arena *arena;	  /* for strings, lists and missing sets of results */
};

/**
 * The result lives in ->arena. When the arena runs dry the result is VALUE_ERROR and the arena is
 * marked exhausted: the caller looks at that first.
 */
struct value rule_evaluate(const struct rule *rule, const struct evaluation *evaluation);

/* An int result that is not known exactly: all completions of what is missing lie within. */
struct interval {
	bool error;		      /* some completion may err */
	bool least_known, most_known; /* false: no bound on that side */
	int64_t least, most;
};

/**
 * For int rules: unknown slots contribute their declared range, an unknown ?: condition the hull of
 * both arms. Exact values give least == most. When the arena runs dry there are no bounds.
 */
struct interval rule_evaluate_interval(const struct rule *rule, const struct scope *scope,
		const struct evaluation *evaluation);

/* --- explaining -------------------------------------------------------------------------- */

struct node; /* rules/tree.h */

/* What of the attribute is observed, when it is not the attribute as it stands. */
enum atom_measure {
	MEASURE_VALUE, /* the attribute itself */
	MEASURE_YEARS, /* full years from it, a date, to another day */
	MEASURE_AFTER, /* the day that lies ->shift months after it */
	MEASURE_COUNT, /* how many elements it has */
	MEASURE_SUM,   /* the sum of its elements */
	MEASURE_ENTRY, /* what it holds under ->key */
	MEASURE_OTHER, /* something made of it, and perhaps of others */
};

/*
 * One atom of a rule (a comparison, membership or flag) and how it came out. Told from one side: an
 * atom under an odd number of "!" (the rule itself may be turned round) is ->negated.
 */
struct rule_atom {
	const struct node *node;
	int attribute_slot;    /* the attribute observed, or -1 when there is not exactly one */
	int parameter_slot;    /* the parameter it names, or -1 */
	const char *operation; /* "==", "!=", "<", "<=", ">", ">=", "in", "starts", "within",
				   "flag", "other": written with the attribute on the left */
	enum atom_measure measure;
	struct value key;   /* of MEASURE_ENTRY */
	struct value shift; /* of MEASURE_AFTER: how many months, or years */
	bool shift_years;
	bool negated;
	bool given;	       /* not asked for: it chose the arm of a ?: */
	bool any;	       /* joined to the atom before by "or", otherwise by "and" */
	bool inner;	       /* that "and" or "or" stands inside of another */
	struct value observed; /* the attribute's side */
	struct value required; /* the other side (bool true for flags) */
	struct value result;   /* of the atom itself, before negation */
};

/* How a rule is explained. */
struct rule_explain_options {
	bool turned; /* it is to be false, as the rule of a condition that excludes */
	const struct value *result; /* when it was evaluated before; otherwise NULL */
};

/**
 * Lists the atoms that decide the result. When the rule came out as it is to: all children of &&
 * and the first good one of ||; when it did not: all bad children of && and all of ||; when it is
 * unknown, those that are. Under "!", and in a rule that is turned, && and || change places. In
 * source order, in ->arena. false when the arena ran dry.
 */
bool rule_explain(const struct rule *rule, const struct evaluation *evaluation,
		const struct rule_explain_options *options, struct rule_atom **out_atoms,
		size_t *out_count);
/** Slots that the atom reads, ascending, each once; NULL when memory is short. */
const int *rule_atom_slots(
		const struct rule_atom *atom, struct arena *arena, size_t *out_count);
/** Canonical text of the atom; NULL when memory is short. */
char *rule_atom_print(const struct rule_atom *atom, struct arena *arena);

/* --- probing ----------------------------------------------------------------------------- */

/* A place at which a rule may change as one slot does. */
enum probe_kind {
	PROBE_FROM,   /* from this number, or second of a day, on */
	PROBE_EQUAL,  /* at this code: equal to it, or holding it */
	PROBE_PREFIX, /* at codes that begin so */
	PROBE_WITHIN, /* at regions within this one */
	PROBE_KIND,   /* with the kind of the region */
};

struct probe_point {
	enum probe_kind kind;
	int64_t from;
	struct slice code; /* borrowed from the rule, or from the evaluation's arena */
};

struct probe {
	int slot; /* whose value is unknown */
	/* Whether the value of another slot follows it; may be NULL. */
	bool (*depends)(void *context, int slot);
	/* The range of its values, for comparisons that are no plain ones; ->put makes the slot (and
	 * what follows it) have a value, ->take_back unknown again. NULL for what is no number. */
	int64_t least, most, unit; /* unit: 1, or the seconds of a day */
	void (*put)(void *context, int64_t value);
	void (*take_back)(void *context);
	void (*found)(void *context, const struct probe_point *point);
	/* Points that were searched for before, tried first, and where new ones go; may be NULL. */
	const int64_t *hints;
	size_t hint_count;
	void (*found_by_search)(void *context, int64_t point);
	void *context;
};

/**
 * Calls ->found for every place at which a comparison of the rule changes, as far as known; not for all when the
 * arena runs dry.
 */
void rule_probe(const struct rule *rule, const struct probe *probe,
		const struct evaluation *evaluation);

/** As it, of a part of the rule, see below. */
void rule_part_probe(const struct rule *rule, const struct node *part,
		const struct probe *probe, const struct evaluation *evaluation);

/* --- parts ------------------------------------------------------------------------------------ */

/**
 * What stands between && at the top of a rule. When one is false, so is the rule; else it lacks what those lack
 * that are unknown, and is true when all are. NULL when the rule is no such run, or memory is short, and then
 * @arena is exhausted.
 */
const struct node *const *rule_parts(
		const struct rule *rule, struct arena *arena, size_t *out_count);
/** All of the rule as a part; NULL when it has none, or memory is short, and then @arena is exhausted. */
const struct node *rule_as_part(const struct rule *rule, struct arena *arena);
/**
 * As it is written, parentheses at its ends left out, even one of a pair: of the same scope two that are written
 * alike are the same.
 */
struct slice rule_part_text(const struct rule *rule, const struct node *part);
/** Calls @found for the slots that it reads, in the order of the text, some more than once. */
void rule_part_slots(
		const struct node *part, void (*found)(void *context, int slot), void *context);
/** As rule_evaluate(). */
struct value rule_part_evaluate(const struct rule *rule, const struct node *part,
		const struct evaluation *evaluation);

/* --- reading the text -------------------------------------------------------------------------- */

/**
 * Whether the rule reads @slot only in ways whose every change rule_probe() finds: as a flag, or
 * compared with, or looked up in, what does not follow it. Then two values between the same points
 * give the same result. false also when memory is short, and then @arena is exhausted.
 */
bool rule_is_plain(const struct rule *rule, int slot, struct arena *arena);
/** As it, of a part. */
bool rule_part_is_plain(const struct node *part, int slot);

/**
 * For bool rules: calls @found for each part that must have a value for the whole to have @value, by
 * its canonical text. false when memory is short.
 */
bool rule_demands(const struct rule *rule, bool value, struct arena *arena,
		void (*found)(void *context, const char *text, bool value), void *context);
