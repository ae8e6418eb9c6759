/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formulas asked of a whole block of rows at once: 4,096 enterprises, a bit each.
 *
 * The values of a slot are a column. Every atom is asked at most once a block, when somebody wants to
 * know; formulas put the bits together as the rule language does. What only the machine can answer is
 * asked row by row, of the rows that are still in question.
 *
 *   (1) A column says of every row whether its value is known, an error, or unknown; and of the
 *       unknown whether only parameters are missing ("unstated") or an attribute is ("asked").
 *   (2) An answer has each row in question in yes, no, asked or unstated, or in none: an error.
 *   (3) So it is what rule_evaluate() gives for the values of that row.
 *
 * A block is used by one thread, again and again; after the first few nothing is allocated.
 */
#pragma once

#include "base/error.h"
#include "rules/atom.h"

#define BLOCK_ROWS 4096
#define BLOCK_WORDS (BLOCK_ROWS / 64)

/*
 * The values of a slot. Planes are BLOCK_WORDS words; bits of rows not in the block are ignored. Lists by
 * row have room for BLOCK_ROWS.
 */
struct block_column {
	enum value_kind kind; /* INT, TIMESTAMP (whole seconds), BOOL, STRING, LIST of texts, MAP
				  of days by text */
	const uint64_t *known;	  /* NULL: none */
	const uint64_t *error;	  /* NULL: none; not known */
	const uint64_t *unstated; /* NULL: none; neither known nor an error */
	const uint64_t *flags;	  /* BOOL; ignored where not known, as all that follows */
	const int64_t *integers;  /* INT, TIMESTAMP: by row; MAP: seconds by entry */
	const uint32_t *codes;	  /* STRING: by row; LIST, MAP: by entry; index of: */
	const uint32_t *numbers; /* numbers of codes, see block_code(); NULL: ->codes are these */
	size_t number_count;
	const uint32_t *starts; /* LIST, MAP: entries of row i are [i] to [i + 1] - 1 */
	uint64_t number_stamp;	/* while it is the same, so are ->numbers; 0: nobody knows */
};

struct block_source {
	void *context;
	/* Fills in the column of a slot that holds an attribute; asked at most once a block. It may ask
	 * the block about others. */
	bool (*column)(void *context, int slot, struct block_column *out_column,
			struct error *err);
};

/* How the rows in question stand. Good until the block's next round, or block_rewind(). */
struct block_answer {
	bool sure; /* "no" is all that is not "yes"; the other planes are not there */
	const uint64_t *yes, *no, *asked, *unstated;
};

struct block;

/**
 * @scope: of the rules; both are borrowed and alive as long as the block. To @atoms nothing is added
 * any more. NULL when memory is short.
 */
struct block *block_new(const struct atoms *atoms, const struct scope *scope);
void block_free(struct block *block);

/**
 * Begins with other rows: forgets all answers and columns. @rows is copied. false when memory is short.
 */
bool block_enter(struct block *block, const uint64_t *rows, const struct block_source *source);
/** The rows of the block. */
const uint64_t *block_rows(const struct block *block);
/**
 * Rows of which some value lies between two seconds, so that no column can hold it: what is said of
 * these rows need not be so.
 */
const uint64_t *block_odd_rows(const struct block *block);

/** The number of a text in columns of @slot. false when memory is short. */
bool block_code(struct block *block, int slot, struct slice text, bool marked,
		uint32_t *out_code);
/** Grows when numbers that were given out before have lost their meaning. Only block_enter() does it. */
uint64_t block_code_generation(const struct block *block);

/**
 * Asks a literal; only the rows in @need are in question. false: the failure stands in @err, and
 * nothing of this round is of use.
 */
bool block_ask(struct block *block, uint32_t literal, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);

/**
 * Asks memory for what is read when the literal is asked for, since that lies far apart: one step after the
 * other, some time before. Nothing waits for it, and it changes nothing.
 */
#define BLOCK_FETCH_STEPS 2
void block_fetch(const struct block *block, uint32_t literal, unsigned step);

/* The most literals that are put together in one pass. */
#define BLOCK_PARTS_MOST 32

/* What is known of literals that are to be met together, before any is asked. */
struct block_parts {
	const uint64_t *in[BLOCK_PARTS_MOST]; /* rows of the block it takes, */
	const uint64_t *out_of[BLOCK_PARTS_MOST];
	size_t in_count, out_of_count;
	uint32_t asked[BLOCK_PARTS_MOST]; /* all other literals, in order */
	size_t asked_count;
};
/**
 * A literal whose answer is kept through a round has a place, the same in every block of these atoms:
 * *out_part is twice that, + 1 when negated. false: it is asked anew each time.
 */
bool block_part(const struct block *block, uint32_t literal, uint32_t *out_part);
/**
 * Parts at most BLOCK_PARTS_MOST literals, given by block_part(), by what was answered in this round, of all
 * rows; what is true of all rows is left out. false: some literal is false of all rows, whatever the others
 * are.
 */
bool block_parts_find(const struct block *block, const uint32_t *given, size_t count,
		struct block_parts *out_parts);
/** The rows that meet those of the parts that are known; whether there are any. */
bool block_parts_choose(
		const struct block *block, const struct block_parts *parts, uint64_t *out_rows);

/** The value of a row of a column of @slot, known or not; lists lie in @arena. */
struct value block_value(const struct block *block, int slot, const struct block_column *column,
		size_t row, struct arena *arena);

/* Room for planes of answers that are wanted for a moment only. */
struct block_mark {
	size_t chunk, next;
};
struct block_mark block_mark(const struct block *block);
/** Gives back the room of answers that were asked for since. */
void block_rewind(struct block *block, struct block_mark mark);
/** Room of @words words until the next round. NULL when memory is short. */
uint64_t *block_room(struct block *block, size_t words);
/** A plane as plane_pack() packs it, in room of that kind. NULL when memory is short. */
uint64_t *block_pack(struct block *block, const uint64_t *plane);

/** What follows for @rows from a bool formula, as a column. */
bool block_derive_flags(struct block *block, uint32_t literal, const uint64_t *rows,
		struct block_column *out_column, struct error *err);
/** What follows for @rows from a rule of another type: an int, a text or a day, for @slot. */
bool block_derive(struct block *block, int slot, const struct rule *rule, const uint64_t *rows,
		struct block_column *out_column, struct error *err);
