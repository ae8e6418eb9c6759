/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about the match index share. It is made in this order:
 *
 *     match_part.c    atoms  -> parts: slots, thresholds, codes
 *     match_plan.c    literals -> alternatives, each some sets of cells
 *     match_order.c   alternatives -> positions, those alike side by side
 *     match_stream.c  parts -> streams of rows
 *     match_rows.c    positions -> rows
 *
 * match_find.c reads the rows.
 */
#pragma once

#include "rules/match_index.h"

/* Positions that are looked at together: a line of memory a row. */
#define MATCH_BLOCK 512
#define MATCH_WORDS ((size_t)MATCH_BLOCK / 64)
#define MATCH_ALTERNATIVES_MOST 48
#define MATCH_MEMBERS_MOST 4 /* of one part */

enum part_kind {
	PART_FLAG,
	PART_NUMBER,
	PART_CODE,
	PART_MEMBERS, /* some codes of a list: a cell for each subset of them */
};

/* A set that a cell's numbers are neither all in nor all out of, for one position. */
struct match_border {
	uint32_t position;
	uint32_t from, until; /* ranks that are in */
};

struct match_part {
	enum part_kind kind;
	int slot;
	uint32_t cell_count; /* of known values */
	uint32_t stream;
	uint32_t stride; /* cells of the part are so many rows apart */

	/* NUMBER. A number's rank is how many thresholds it reaches. */
	int64_t *thresholds; /* ascending; while there are borders */
	uint32_t threshold_count;
	int64_t *edges;		 /* thresholds between cells: ->cell_count - 1 */
	uint32_t *starts;	 /* the first rank of each cell, and the end */
	uint32_t *border_starts; /* by cell; NULL: every cell is exact */
	struct match_border *borders;

	/* CODE, MEMBERS: the text of slot->codes; by it */
	uint32_t text_count;   /* CODE: the last one stands for all others */
	uint32_t *text_cells;  /* CODE */
	uint32_t *cell_texts;  /* CODE: one of each cell */
	bool closed;	       /* CODE: all other texts are alike */
	uint32_t member_first; /* MEMBERS: codes of the slot from here on */
	uint32_t member_count;
};

/* What a slot is asked. */
struct match_slot {
	uint32_t part_first, part_count; /* 0: nothing */
	uint32_t mention;		 /* the row of positions that ask it */
	struct map codes;		 /* CODE, MEMBERS: text to number + 1 */
	uint32_t code_count;
};

/* Parts whose cells are put together: a row for every combination. */
struct match_stream {
	uint32_t number; /* that parts know it by, while the index is made */
	uint32_t row_first, row_count;
	uint32_t part_count; /* one after the other in ->readers */
	bool merged;	     /* unknown has rows of its own */
};

/* What of a part is needed to find the cell of a value. */
struct match_reader {
	enum part_kind kind;
	int slot;
	uint32_t cell_count, stride;
	const uint32_t *text_cells; /* CODE */
	uint32_t known; /* NUMBER: among ->numbers; CODE: texts; MEMBERS: the first among codes */
	bool mentions; /* the first of its slot */
	const struct match_part *part;
};

/* A number's edges; all are searched together. */
struct match_number {
	const int64_t *edges;
	int slot;
	uint32_t edge_count;
};

/* Edges are searched in steps of halves, as many for all parts: behind them stand the greatest numbers. */
#define MATCH_EDGES_ROOM(count) ((size_t)1 << match_halves(count))

static inline unsigned match_halves(uint32_t count)
{
	return count ? 32U - (unsigned)__builtin_clz(count) : 0;
}

struct match_index {
	bool simple;	    /* too few policies: nothing below is there */
	struct arena arena; /* texts of codes */
	size_t policy_count;
	int slot_count;
	struct match_slot *slots;
	struct match_part *parts;
	uint32_t part_count;
	struct match_stream *streams; /* those that rule out most first */
	uint32_t stream_count;
	struct match_reader *readers; /* by stream */
	struct match_number *numbers;
	uint32_t number_count;
	unsigned halves; /* steps in which edges are searched */

	uint32_t position_count, block_count;
	uint32_t *policies; /* by position; of special ones the number in: */
	uint32_t *several;  /* policies with several positions, or open */
	size_t several_words;
	uint64_t *row_room;
	uint64_t *rows; /* in it, at a line of memory; block_count * MATCH_WORDS words each */
	uint32_t row_count;
	uint64_t *summaries; /* by row: blocks that have any bit */
	size_t summary_words;
	uint64_t *mentions; /* by ->mention */
	uint32_t mention_count;
	uint64_t *special; /* positions that are not all of their policy, or are of an open one */
	uint64_t *open;	   /* of which the rule itself must be asked */
	bool has_open;
	bool has_borders;
	size_t border_count;
};

/* --- while it is made -------------------------------------------------------------------------- */

/* Cells, or finer: texts of CODE, ranks of NUMBER, of one part. */
struct match_set {
	uint32_t part;
	uint32_t at;	/* among ->words; NUMBER: pairs of ranks */
	uint32_t count; /* of words */
	float pass;	/* how many enterprises may be expected in it: 0 to 1 */
	uint64_t order; /* 48 bits: sets that are alike are near each other */
};

/* Alternatives, each a run of sets, of which all are to hold. */
struct match_plan {
	uint32_t first, count; /* in ->runs */
	bool open;
};

struct match_run {
	uint32_t first, count; /* in ->entries */
};

struct match_list {
	void *data;
	size_t count, capacity;
};

struct match_position {
	uint32_t policy;
	struct match_run run;
	bool special, open;
};

struct match_build {
	struct match_index *index;
	const struct atoms *atoms;
	const struct match_index_options *options;
	struct evaluation evaluation;
	struct arena arena;
	struct value *values;
	uint32_t *atom_parts; /* by atom: its part + 1; MEMBERS: see ->atom_codes */
	uint32_t *atom_codes; /* by atom: its code of the slot */
	uint32_t *plan_of;    /* by literal: the plan + 1 */
	struct match_list sets, words, plans, runs, entries, positions;
	bool failed;
};

/** Room for @more elements at the end; NULL when memory is short. They are not counted yet. */
void *match_list_room(struct match_list *list, size_t more, size_t size);

bool match_parts_build(struct match_build *build);
/**
 * The texts of its slot of which a CODE atom is true, and false; all others, of a part that is not closed,
 * are in neither. false when the atom has a value of an unknown text, too, so that rows cannot tell.
 */
bool match_code_answers(struct match_build *build, uint32_t atom, uint64_t *yes, uint64_t *no);
void match_parts_fini(struct match_index *index);

bool match_plans_build(struct match_build *build);
bool match_order_build(struct match_build *build);
/** Cells of texts. */
bool match_cells_build(struct match_build *build);
bool match_streams_build(struct match_index *index);
bool match_rows_build(struct match_build *build);
/** Those that rule out most come first, so that a block falls away early. */
bool match_streams_sort(struct match_index *index);
/** What is left to be done for a value, in the order of the streams. */
bool match_readers_build(struct match_index *index);

/** Whether the number, text or subset is in the set. */
bool match_set_has(const struct match_build *build, const struct match_set *set, uint32_t at);

static inline const struct match_set *match_set_at(
		const struct match_build *build, uint32_t set)
{
	return (const struct match_set *)build->sets.data + set;
}

static inline const uint64_t *match_set_words(
		const struct match_build *build, const struct match_set *set)
{
	return (const uint64_t *)build->words.data + set->at;
}

static inline const struct match_position *match_position_at(
		const struct match_build *build, size_t at)
{
	return (const struct match_position *)build->positions.data + at;
}

static inline size_t match_row_words(const struct match_index *index)
{
	return index->block_count * MATCH_WORDS;
}
