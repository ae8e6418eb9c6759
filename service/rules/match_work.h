/* SPDX-License-Identifier: Apache-2.0 */
/* Where one thread works at one enterprise after the other. */
#pragma once

#include "rules/match_internal.h"

/* Blocks between two looks at what was found. */
#define MATCH_BLOCKS_AT_ONCE 32
/* Lists of numbers are written so many at a time: what is behind their end is of no use. */
#define MATCH_LIST_STEP 4

#define MATCH_TOUCHED_MOST 2048
/* More bits of one border are not listed first. */
#define MATCH_SIDES_LISTED ((size_t)64)

/* Words of the blocks at hand. */
struct match_lines {
	uint64_t words[MATCH_BLOCKS_AT_ONCE * MATCH_WORDS];
};

/* Positions: some words of a row, by number, and those of each that count. One more may be written. */
struct match_bits {
	uint32_t words[MATCH_BLOCKS_AT_ONCE * MATCH_WORDS + 1];
	uint64_t bits[MATCH_BLOCKS_AT_ONCE * MATCH_WORDS + 1];
};

struct match_work {
	const struct match_index *index;
	size_t size;

	/* Of the enterprise at hand. */
	uint32_t *cells;       /* by number */
	uint32_t *ranks;       /* likewise, where there are borders */
	uint32_t *stream_rows; /* the row of each stream, */
	const uint64_t **rows; /* and where it is */
	/* Those that rule anything out: all of them, or those that are not of an unknown slot alone. */
	const uint64_t *const *join_rows;
	const uint32_t *join_numbers;
	uint32_t join_count;
	const uint64_t **known_rows;
	uint32_t *known_numbers;
	uint32_t *unknown; /* mentions of slots without a value, */
	size_t unknown_count;
	uint32_t *odd_slots; /* and of those with an odd one */
	size_t odd_slot_count;
	uint64_t *vetoes; /* positions outside of a border; behind them, those granted by one */
	/* Words of these that are not 0; as many as ->touched_most: any. */
	uint32_t touched[MATCH_TOUCHED_MOST + 1];
	size_t touched_count, touched_most;
	uint32_t sides[2 * MATCH_SIDES_LISTED +
			MATCH_SIDES_STEP]; /* bits that wait for being put there */

	/* Of the blocks at hand. */
	uint32_t *blocks;
	uint32_t hit_blocks[MATCH_BLOCKS_AT_ONCE];
	struct match_lines hits, unsettled, doubtful;
	struct match_bits plain, special; /* those of one list */

	uint32_t *eligible, *undecided, *open;
	size_t eligible_count, undecided_count, open_count;
	/* Policies with several positions, by their numbers among these. */
	uint64_t *seen_eligible, *seen_undecided, *seen_odd;
	uint32_t *several, *maybe, *odd;
	size_t several_count, maybe_count, odd_count;
};

/** The rows of all streams are to be joined. */
static inline void match_work_join_all(struct match_work *work)
{
	work->join_rows = work->rows;
	work->join_numbers = work->stream_rows;
	work->join_count = work->index->read_count;
}

/** Finds the rows of an enterprise, and what is unknown, odd, or behind a border. */
void match_values_enter(struct match_work *work, const struct match_value *values);
