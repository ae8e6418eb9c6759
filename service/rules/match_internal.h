/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about the match index share. It is made in this order:
 *
 *     match_part.c    atoms  -> parts: slots, thresholds, codes
 *     match_plan.c    literals -> alternatives, each some sets of cells (match_atom.c, match_set.c)
 *     match_policy.c  policies -> positions
 *     match_guess.c   how many enterprises to expect in a set
 *     match_order.c   alternatives -> positions, those alike side by side (match_sort.c)
 *     match_stream.c  parts -> streams of rows
 *     match_rows.c    positions -> rows (match_lines.c)
 *     match_mark.c    what a set does to rows
 *     match_border.c  what rows cannot tell of numbers
 *
 * match_values.c finds the rows of a value, match_find.c reads them; match_work.c is where they work.
 */
#pragma once

#include "base/map.h"
#include "rules/match_index.h"

/* Positions that are looked at together: a line of memory a row. */
#define MATCH_BLOCK 512
#define MATCH_WORDS ((size_t)MATCH_BLOCK / 64)
#define MATCH_POLICIES_MOST (UINT32_C(1) << 30)
#define MATCH_ALTERNATIVES_MOST 48
#define MATCH_MEMBERS_MOST 4 /* of one part */

enum part_kind {
	PART_FLAG,
	PART_NUMBER,
	PART_CODE,
	PART_MEMBERS, /* some codes of a list: a cell for each subset of them */
};

/*
 * A set that a cell's numbers are neither all in nor all out of, for one position, is a border. A row lets all of
 * them pass, and the border vetoes some; of an "or" it lets none, and the border grants some.
 *
 * Most have one threshold within the cell: they say something from that rank on, or below it. Of a cell first those
 * are listed that do from a rank on, then the others; the last rank comes first. So what a rank says is in one piece.
 */
struct match_sides {
	uint32_t begin, end; /* among ->sides of the part; see match_border.c for while it is made */
};

/* The others say something from one rank on and below another. */
struct match_border {
	uint32_t at; /* bit among vetoes and grants */
	uint32_t from, until;
};

struct match_part {
	enum part_kind kind;
	int slot;
	uint32_t cell_count; /* of known values */
	uint32_t stream;
	uint32_t stride; /* cells of the part are so many rows apart */

	/* NUMBER. A number's rank is how many thresholds it reaches. */
	int64_t *thresholds; /* ascending, then the greatest number; while there are borders */
	uint32_t threshold_count;
	uint32_t inside_most;	   /* within one cell */
	int64_t *edges;		   /* thresholds between cells: ->cell_count - 1 */
	uint32_t *starts;	   /* the first rank of each cell, and the end */
	struct match_sides *ranks; /* NULL: every cell is exact */
	uint32_t *sides; /* bits among vetoes and grants; some behind them may be read */
	uint32_t *border_starts; /* by cell */
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
	uint32_t mention; /* the row of positions that ask it; also of those by an "or" */
	struct map codes; /* CODE, MEMBERS: text to number + 1 */
	uint32_t code_count;
};

/* Parts whose cells are put together: a row for every combination. */
struct match_stream {
	uint32_t row_first, row_count;
	uint32_t part_count;
	bool merged; /* unknown has rows of its own */
};

/* What of a part is needed to find the cell of a value; in the order of their kinds. */
struct match_reader {
	int slot;
	uint32_t stream; /* among ->streams */
	uint32_t stride;
	uint32_t unknown; /* rows from the stream's first one without a value, modulo 2^32 */
	uint32_t known;	  /* CODE: its last text; MEMBERS: the first among codes */
	uint32_t mask;	  /* MEMBERS: of its codes */
	const uint32_t *text_cells; /* CODE; UINT32_MAX: of a text that rows know nothing of */
};

/* The readers of numbers stand likewise; with what is needed of the part. */
struct match_number {
	uint32_t edge_count;
	uint32_t threshold_count, inside_most;
	const uint32_t *starts;
	const int64_t *thresholds;
	const struct match_sides *ranks;
	const uint32_t *sides;	      /* NULL: without borders */
	const struct match_part *cut; /* NULL: none of them with two thresholds in one cell */
};

/* A slot that something asks. */
struct match_asked {
	int slot;
	uint32_t mention;
};

/*
 * Edges of a number are looked at eight at a time: the last ones of all eights, then one eight. What follows
 * the edges is the greatest number.
 */
#define MATCH_EIGHT ((size_t)8)
#define MATCH_CELLS_MOST (MATCH_EIGHT * MATCH_EIGHT)
#define MATCH_EDGES (MATCH_EIGHT + MATCH_CELLS_MOST)

/* Streams of an "or" are read so many at a time: the last one again, where there are no more. */
#define MATCH_STREAMS_STEP ((size_t)4)

/* Sides of borders are read so many at a time. */
#define MATCH_SIDES_STEP ((size_t)8)

struct match_index {
	bool simple;	    /* too few policies: nothing below is there */
	struct arena arena; /* texts of codes */
	size_t policy_count;
	int slot_count;
	struct match_slot *slots;
	struct match_part *parts;
	uint32_t part_count;
	struct match_stream *streams;
	uint32_t stream_count;
	uint32_t *stream_rows; /* of these the first row; without any stream the row of all positions */
	uint32_t read_count; /* of ->stream_rows */
	struct match_reader *readers;
	uint32_t code_first, members_first, flag_first; /* of ->readers */
	uint32_t reader_count;
	struct match_number *numbers;
	uint32_t number_count;
	struct match_asked *asked; /* by ->mention */
	int64_t *edges;		   /* by number; MATCH_EDGES each */

	uint32_t position_count, block_count;
	uint32_t any_first; /* positions from here on have an "or" */
	uint32_t any_block; /* where these begin; rows of them begin there */
	/* By position of all blocks; of special ones the number in ->several. */
	uint32_t *policies;
	uint32_t *several; /* policies with several positions, or open */
	size_t several_words;
	uint64_t *row_room;
	/* In it, at a line of memory: of each row a line a block, and then, from ->any_block on, what an "or"
	 * holds by. The last row, behind the others, has all positions, and no "or" that holds. */
	uint64_t *rows;
	uint32_t row_count;
	uint32_t *any_streams; /* by block from ->any_block on: those that some "or" there asks; see MATCH_STREAMS_STEP */
	uint32_t *any_starts; /* where these begin */
	uint64_t *summaries;  /* by row: blocks that have any bit */
	size_t summary_words;
	uint64_t *mentions;	/* by ->mention */
	uint64_t *any_mentions; /* likewise, in an "or" */
	uint32_t mention_count;
	uint64_t *special; /* positions that are not all of their policy, or are of an open one */
	uint64_t *open;	   /* positions of which the rule itself must be asked */
	uint64_t any_plain[MATCH_WORDS]; /* of ->any_block: positions without an "or" */
	bool has_open;
	bool has_borders;
	size_t border_count, side_count;
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

#define RANKS(from, until) ((uint64_t)(from) | (uint64_t)(until) << 32)
#define RANKS_FROM(pair) ((uint32_t)(pair))
#define RANKS_UNTIL(pair) ((uint32_t)((pair) >> 32))

/* Alternatives; one is to hold. */
struct match_plan {
	uint32_t first, count; /* in ->ways */
	bool open;
};

struct match_run {
	uint32_t first, count; /* in ->entries */
};

/* Sets of which all are to hold; and, when there are any, others of which one is. */
struct match_way {
	struct match_run all, any;
};

/* Its elements are moved within the arena as it grows. */
struct match_list {
	void *data;
	size_t count, capacity;
	struct arena *arena;
};

struct match_position {
	uint32_t policy : 30;
	uint32_t special : 1, open : 1;
	struct match_way way;
};

/* What of one part is asked for, by text of CODE and FLAG; of NUMBER, least and most. */
struct match_wishes {
	float *texts;
	float total;
	uint64_t least, most;
};

/* What was made of a literal: a set that is all of it, or a plan. */
struct match_made {
	uint32_t number; /* + 1; 0: nothing yet */
	uint32_t part;	 /* of the set; MATCH_MADE_PLAN: it is a plan */
};

#define MATCH_MADE_PLAN UINT32_MAX

/* Where the run at hand asks a part. */
struct match_stamp {
	uint32_t run; /* or one before */
	uint32_t entry;
};

/* Something to be sorted. */
struct match_ranked {
	uint64_t key;
	uint32_t at, more;
};

/* How many positions ask a set. */
struct match_uses {
	uint32_t all, any;
};

/* What a set does to the lines of its part. Behind it are these turns and partials, in this order. */
struct match_mark {
	uint32_t part;
	/* Where the lines are of the cells at which it goes in or out, if any value of them is in: an even number. */
	uint32_t turn_count;
	uint32_t every_count;	/* likewise, if all are; only for an "or" */
	uint32_t partial_count; /* cells that are neither in nor out */
};

/* Ranks of a cell that are in: those between, or with ->from > ->until all others. */
struct match_partial {
	uint32_t cell; /* or MATCH_CELL_ODD: more than that */
	uint32_t from, until;
};

#define MATCH_CELL_ODD UINT32_MAX

struct match_build {
	struct match_index *index;
	const struct atoms *atoms;
	const struct match_index_options *options;
	struct evaluation evaluation;
	struct arena arena;
	struct value *values;
	uint32_t *atom_parts; /* by atom: its part + 1; MEMBERS: see ->atom_codes */
	uint32_t *atom_codes; /* by atom: its code of the slot; NUMBER: the least rank that reaches it */
	uint32_t **text_codes; /* by slot of CODE, and number of a text of ->atoms: its code there + 1 */
	struct match_made *made;    /* by literal, those of wholes aside */
	struct match_stamp *stamps; /* by part */
	uint32_t run_count;
	struct match_wishes *wishes; /* by part */
	uint64_t **text_firsts; /* by part of CODE: those of its texts that are ->cell_texts */
	size_t asked_count;	/* sets of the ways of all positions */
	uint32_t *order;	/* their numbers, in the order of rows */
	uint32_t *mark_of;	/* by set: where its mark is */
	uint8_t **rank_cells;	/* by part of NUMBER: the cell of each rank */
	uint32_t *line_firsts;	/* by part: where its lines begin; see match_lines.h */
	/* Where the elements of these are, the atoms with a ->room, and what is sorted; and what of that rows are made of.
	 * The rows are put where the rest was. */
	struct arena lists, kept;
	struct match_list marks; /* words of marks */
	struct match_list uses;	 /* by set */
	struct match_list sets, words, plans, ways, entries, positions;
	bool failed;
};

bool match_list_grow(struct match_list *list, size_t more, size_t size);

/** Room for @more elements at the end; NULL when memory is short. They are not counted yet. */
static inline void *match_list_room(struct match_list *list, size_t more, size_t size)
{
	/* None is not where an empty list is. */
	if ((list->count + more > list->capacity || !list->data) &&
			!match_list_grow(list, more, size))
		return NULL;
	return (char *)list->data + list->count * size;
}

bool match_parts_build(struct match_build *build);
/**
 * The texts of its slot of which a CODE atom is true, and false; all others, of a part that is not closed,
 * are in neither. false when the atom has a value of an unknown text, too, so that rows cannot tell.
 */
bool match_code_answers(struct match_build *build, uint32_t atom, uint64_t *yes, uint64_t *no);
void match_parts_fini(struct match_index *index);

/**
 * The set of what does not make an atom, or its negation, false; UINT32_MAX when that is all. @out_open is set when
 * values of it that are known have no answer.
 */
uint32_t match_atom_set(
		struct match_build *build, uint32_t number, bool negated, bool *out_open);
/** What is made of a literal, no whole, and kept: see ->made. false: ->failed. */
bool match_literal_make(struct match_build *build, uint32_t literal);
/** The plan of a literal. Any when memory is short: ->failed. */
uint32_t match_plan_make(struct match_build *build, uint32_t literal);
/** The way of a conjunction that has no other, and no more than one "or". false: it has, or ->failed. */
bool match_plain_way(struct match_build *build, const struct formula *formula,
		struct match_way *out_way, bool *out_open);
bool match_positions_build(struct match_build *build);
/** How many enterprises pass each set. */
bool match_guess_build(struct match_build *build);
/** How many pass what is in @words, of NUMBER one pair of ranks: 0 to 1. */
float match_guess_share(const struct match_build *build, uint32_t part, const uint64_t *words,
		size_t count);
bool match_order_build(struct match_build *build);
/** By key; those alike stay in their order. @spare is as long. */
void match_ranked_sort(struct match_ranked *list, struct match_ranked *spare, size_t count);
/** Likewise numbers, of which none is below @begin, and all are below @end. */
void match_numbers_sort(
		uint32_t *list, uint32_t *spare, size_t count, uint32_t begin, uint32_t end);
/** Cells of texts. */
bool match_cells_build(struct match_build *build);
bool match_streams_build(struct match_index *index);
bool match_rows_build(struct match_build *build);
/** Of all sets that something asks for; see match_mark_at(). */
bool match_marks_build(struct match_build *build);
/** Those of a set of numbers; at most as many as it has cuts, or the part cells. How many. */
uint32_t match_set_partials(const struct match_build *build, const struct match_set *set,
		struct match_partial *out);
/** Room for the borders of all positions; these are put in order, and then it is ended. */
bool match_borders_begin(struct match_build *build);
void match_borders_put(struct match_build *build, uint32_t position, bool any,
		const struct match_mark *mark);
void match_borders_end(struct match_index *index);
/** Which of them the blocks ask for an "or": @found by block from ->any_block on, and stream. */
bool match_any_streams_build(struct match_index *index, const bool *found);
/** What is left to be done for a value. */
bool match_readers_build(struct match_index *index);

/** Texts, subsets or pairs of ranks of @part. UINT32_MAX when memory is short. */
uint32_t match_set_add(
		struct match_build *build, uint32_t part, const uint64_t *words, size_t count);
/** What is in either of two sets of one part, or in both. */
uint32_t match_sets_join(struct match_build *build, uint32_t a, uint32_t b, bool any);

static inline bool match_made_is_set(const struct match_made *made)
{
	return made->number && made->part != MATCH_MADE_PLAN;
}

/* How many enterprises pass a threshold, of which so large a share of thresholds lies on the same side. */
static inline float match_pass_ranks(float share)
{
	return 0.05F + 0.35F * share;
}

static inline const struct match_set *match_set_at(
		const struct match_build *build, uint32_t set)
{
	return (const struct match_set *)build->sets.data + set;
}

static inline struct match_uses *match_uses_at(const struct match_build *build, uint32_t set)
{
	return (struct match_uses *)build->uses.data + set;
}

static inline const uint64_t *match_set_words(
		const struct match_build *build, const struct match_set *set)
{
	return (const uint64_t *)build->words.data + set->at;
}

static inline const struct match_plan *match_plan_at(
		const struct match_build *build, uint32_t plan)
{
	return (const struct match_plan *)build->plans.data + plan;
}

static inline const struct match_way *match_way_at(
		const struct match_build *build, uint32_t way)
{
	return (const struct match_way *)build->ways.data + way;
}

static inline const uint32_t *match_entries_at(const struct match_build *build, uint32_t entry)
{
	return (const uint32_t *)build->entries.data + entry;
}

static inline const struct match_position *match_position_at(
		const struct match_build *build, size_t at)
{
	return (const struct match_position *)build->positions.data + at;
}

static inline const struct match_mark *match_mark_at(
		const struct match_build *build, uint32_t set)
{
	const uint32_t *words = (const uint32_t *)build->marks.data + build->mark_of[set];

	return (const struct match_mark *)words;
}

static inline const uint32_t *match_mark_turns(const struct match_mark *mark)
{
	return (const uint32_t *)(mark + 1);
}

static inline const uint32_t *match_mark_every(const struct match_mark *mark)
{
	return match_mark_turns(mark) + mark->turn_count;
}

static inline const struct match_partial *match_mark_partials(const struct match_mark *mark)
{
	const uint32_t *words = match_mark_every(mark) + mark->every_count;

	return (const struct match_partial *)words;
}

/* Elements of ->thresholds, and what may be read behind them. */
static inline uint32_t match_threshold_room(const struct match_part *part)
{
	return part->threshold_count + part->inside_most + (uint32_t)MATCH_EIGHT;
}

static inline size_t match_row_words(const struct match_index *index)
{
	return index->block_count * MATCH_WORDS;
}

static inline size_t match_any_words(const struct match_index *index)
{
	return (index->block_count - index->any_block) * MATCH_WORDS;
}

/* Words from one row to the next. */
static inline size_t match_row_step(const struct match_index *index)
{
	return match_row_words(index) + match_any_words(index);
}
