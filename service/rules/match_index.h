/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One enterprise against all policies of a catalog: which rules are true, false, or neither.
 *
 * A policy is a literal over atoms (rules/atom.h). Its alternatives (ways to be true without an "or") stand
 * at positions, a bit each. What is asked of one slot is a part: its values fall into cells, and each
 * cell has a row with a bit for every position that such a value does not rule out. One enterprise is one
 * cell a part, so that the positions left are what all its rows have in common.
 *
 *   (1) A position is in the row of a cell unless every value of the cell makes it false.
 *   (2) An unknown slot rules nothing out; what asks it, and is not false, is undecided. This is
 *       three-valued as the rule language is: "x || !x" asks x.
 *   (3) What rows cannot tell (several slots in one atom, errors, too many alternatives) is open: the
 *       caller asks the rule itself. With fewer policies than MATCH_INDEX_LEAST all are open.
 *
 * An index is immutable and shared by threads; each thread has a match_work of its own.
 */
#pragma once

#include "rules/atom.h"

#define MATCH_INDEX_LEAST 200

/* Of texts that the index does not know. */
#define MATCH_CODE_NONE UINT32_MAX

enum match_state {
	MATCH_UNKNOWN, /* missing, or an error */
	MATCH_KNOWN,
	MATCH_ODD, /* a value that only the rules can judge */
};

/* The value of a slot. */
struct match_value {
	enum match_state state;
	union {
		int64_t integer; /* of flags 0 or 1; of days whole seconds; others are ODD */
		uint32_t code;	 /* of a text: match_index_code() */
		uint64_t codes;	 /* of a list, or the keys of a map: a bit for each such code */
	};
};

/* A text that a slot may hold: such need no asking of the rules, whatever these make of it. */
struct match_text {
	int slot;
	struct slice text;
};

struct match_index_options {
	const uint32_t *literals; /* by policy */
	size_t policy_count;
	int slot_count;
	const struct match_text *texts;
	size_t text_count;
	unsigned cells_most; /* of the numbers of one slot; 0: as many as there may be */
	/*
	 * Where the atoms lie, and perhaps what is above; or NULL. It is emptied: the rows are put there, since the machine
	 * clears what it gives, and that takes longer than to fill it.
	 */
	struct arena *room;
};

struct match_index;

/** How large ->room is to begin with: so that the rows of most catalogs have room in it. */
size_t match_index_room(size_t policy_count);
/**
 * @atoms is not needed any more afterwards, and with a ->room no longer there, but to be freed. NULL when memory is
 * short.
 */
struct match_index *match_index_new(
		const struct atoms *atoms, const struct match_index_options *options);
void match_index_free(struct match_index *index);
/** Bytes it takes. */
size_t match_index_size(const struct match_index *index);
/** Whether anything is asked of the slot; of others the value is not read. */
bool match_index_reads(const struct match_index *index, int slot);
/** The number of a text in @slot, or MATCH_CODE_NONE; of lists and maps below 64. */
uint32_t match_index_code(const struct match_index *index, int slot, struct slice text);
/** For people. */
void match_index_dump(const struct match_index *index, FILE *out);

/* Policies by number, in no order, each in one list at most: those in none are false. */
struct match_found {
	const uint32_t *eligible; /* true */
	size_t eligible_count;
	const uint32_t *undecided; /* neither true nor false */
	size_t undecided_count;
	const uint32_t *open; /* the rule is to be asked */
	size_t open_count;
};

struct match_work;

/** NULL when memory is short. Belongs to @index, which lives longer. */
struct match_work *match_work_new(const struct match_index *index);
void match_work_free(struct match_work *work);
/** Bytes it takes. */
size_t match_work_size(const struct match_work *work);

/** @values by slot. What is found is good until the next call. Allocates nothing. */
void match_index_find(struct match_work *work, const struct match_value *values,
		struct match_found *out_found);
