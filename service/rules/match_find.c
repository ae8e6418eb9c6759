/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One enterprise: its cell of each part, the rows of these, and what they have in common. Blocks that
 * some row has nothing of are passed over, by the summaries; the others are a line of memory a row.
 */
#include "rules/match_internal.h"
#include "rules/plane.h"

#include "base/memory.h"

#include <string.h>

/* Blocks between two looks at what was found. */
#define BLOCKS_AT_ONCE 64
/* Rows between two looks at whether anything is left. */
#define ROWS_AT_ONCE 8

/* How a policy stands that is not settled by one position alone; the greatest counts. */
enum standing {
	STANDING_NONE,
	STANDING_UNDECIDED,
	STANDING_ODD,
	STANDING_ELIGIBLE,
	STANDING_OPEN,
};

struct match_work {
	const struct match_index *index;
	const uint64_t **rows;
	const uint64_t **summaries;
	size_t row_count;
	const uint64_t **unknown; /* mentions of slots without a value, */
	size_t unknown_count;
	const uint64_t **odd; /* and of those with an odd one */
	size_t odd_count;
	uint64_t *alive; /* blocks */
	uint32_t *blocks;
	uint64_t *veto; /* positions outside of a border */
	bool has_veto;
	uint8_t *standings; /* by policy */
	uint32_t *found;    /* eligible from the front, undecided from the back */
	uint32_t *touched;  /* policies with a standing; then the open ones */
	size_t eligible_count, undecided_count, touched_count, open_count;
	uint64_t hits[BLOCKS_AT_ONCE * MATCH_WORDS];
	uint32_t hit_blocks[BLOCKS_AT_ONCE];
};

/* --- loops over rows --------------------------------------------------------------------------- */

/* alive = blocks that all summaries have. */
PLANE_CLONES
static void summaries_join(
		const uint64_t *const *rows, size_t row_count, size_t words, uint64_t *alive)
{
	for (size_t i = 0; i < row_count; i++) {
		const uint64_t *row = rows[i];

		for (size_t w = 0; w < words; w++)
			alive[w] &= row[w];
	}
}

/* Half a line of memory. */
typedef uint64_t half_line __attribute__((vector_size(32), aligned(8), may_alias));

static inline bool half_any(half_line half)
{
	return (half[0] | half[1] | half[2] | half[3]) != 0;
}

/* What all rows have in common, of each block that has anything; how many those are. */
PLANE_CLONES
static size_t blocks_join(const uint64_t *const *rows, size_t row_count, const uint32_t *blocks,
		size_t count, uint64_t *hits, uint32_t *hit_blocks)
{
	size_t found = 0;

	for (size_t b = 0; b < count; b++) {
		size_t at = blocks[b] * MATCH_WORDS;
		size_t next = blocks[b + 1 < count ? b + 1 : b] * MATCH_WORDS;
		const half_line *row = (const half_line *)(rows[0] + at);
		half_line left = row[0];
		half_line right = row[1];
		size_t i = 1;

		while (i < row_count && half_any(left | right)) {
			size_t end = i + ROWS_AT_ONCE < row_count ? i + ROWS_AT_ONCE
								  : row_count;

			for (; i < end; i++) {
				row = (const half_line *)(rows[i] + at);
				__builtin_prefetch(rows[i] + next);
				left &= row[0];
				right &= row[1];
			}
		}
		if (!half_any(left | right))
			continue;
		((half_line *)hits)[2 * found] = left;
		((half_line *)hits)[2 * found + 1] = right;
		hit_blocks[found++] = blocks[b];
	}
	return found;
}

/* --- cells ------------------------------------------------------------------------------------- */

/* How many of @count ascending edges @value reaches, without a branch. */
static inline uint32_t edges_reached(const int64_t *edges, uint32_t count, int64_t value)
{
	uint32_t at = 0;

	for (uint32_t step = (1U << match_halves(count)) / 2; step; step /= 2)
		at += step & -(uint32_t)(edges[at + step - 1] <= value);
	return at < count ? at : count;
}

/* How many of @count ascending thresholds @value reaches. */
static uint32_t thresholds_reached(const int64_t *thresholds, uint32_t count, int64_t value)
{
	uint32_t low = 0;

	while (count > 0) {
		uint32_t half = count / 2;

		if (thresholds[low + half] <= value) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/* Positions that the cell does not rule out, but this value does. */
static void borders_veto(struct match_work *work, const struct match_part *part, uint32_t cell,
		int64_t value)
{
	uint32_t first = part->starts[cell];
	uint32_t count = part->starts[cell + 1] - first - 1;
	uint32_t end = part->border_starts[cell + 1];
	uint32_t rank;

	if (part->border_starts[cell] == end)
		return;
	rank = first + thresholds_reached(&part->thresholds[first], count, value);
	for (uint32_t i = part->border_starts[cell]; i < end; i++) {
		const struct match_border *border = &part->borders[i];
		bool from = rank >= border->from;
		bool until = rank < border->until;
		bool in = border->from <= border->until ? from && until : from || until;

		work->veto[border->position / 64] |= (uint64_t)!in << (border->position % 64);
	}
	work->has_veto = true;
}

/* The cell of a known value, or UINT32_MAX: it is odd. */
static inline uint32_t reader_cell(struct match_work *work, const struct match_reader *reader,
		const struct match_value *value)
{
	uint32_t cell;

	switch (reader->kind) {
	case PART_NUMBER:
		cell = edges_reached(reader->edges, reader->cell_count - 1, value->integer);
		if (reader->part->border_starts)
			borders_veto(work, reader->part, cell, value->integer);
		return cell;
	case PART_CODE:
		if (value->code < reader->known)
			return reader->text_cells[value->code];
		return reader->part->closed ? reader->text_cells[reader->known] : UINT32_MAX;
	case PART_MEMBERS:
		return (uint32_t)(value->codes >> reader->known) & (reader->cell_count - 1);
	case PART_FLAG:
	default:
		return value->integer != 0;
	}
}

static void values_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;
	const struct match_reader *reader = index->readers;
	size_t words = match_row_words(index);

	work->row_count = work->unknown_count = work->odd_count = 0;
	for (uint32_t i = 0; i < index->stream_count; i++) {
		const struct match_stream *stream = &index->streams[i];
		const struct match_reader *end = reader + stream->part_count;
		size_t row = stream->row_first;
		bool all = !stream->merged;

		for (; reader < end; reader++) {
			const struct match_value *value = &values[reader->slot];
			bool odd = value->state == MATCH_ODD;
			uint32_t cell = UINT32_MAX;

			if (value->state == MATCH_KNOWN) {
				cell = reader_cell(work, reader, value);
				odd = cell == UINT32_MAX;
			}
			if (cell != UINT32_MAX) {
				row += (size_t)cell * reader->stride;
				all = false;
				continue;
			}
			row += (size_t)reader->cell_count * reader->stride;
			if (!reader->mentions)
				continue;
			if (odd)
				work->odd[work->odd_count++] =
						index->mentions +
						index->slots[reader->slot].mention * words;
			else
				work->unknown[work->unknown_count++] =
						index->mentions +
						index->slots[reader->slot].mention * words;
		}
		if (all)
			continue;
		work->rows[work->row_count] = index->rows + row * words;
		work->summaries[work->row_count++] =
				index->summaries + row * index->summary_words;
	}
}

/* --- what is found ----------------------------------------------------------------------------- */

static void standing_put(struct match_work *work, uint32_t policy, enum standing standing)
{
	uint8_t *known = &work->standings[policy];

	if (*known == STANDING_NONE)
		work->touched[work->touched_count++] = policy;
	if (*known < standing)
		*known = (uint8_t)standing;
}

static void word_put(struct match_work *work, size_t at, uint64_t bits)
{
	const struct match_index *index = work->index;
	const uint32_t *policies = index->policies + at * 64;
	uint64_t special = bits & index->special[at];
	uint64_t unsettled = 0;
	uint64_t odd = 0;
	uint64_t left;

	for (size_t i = 0; i < work->unknown_count; i++)
		unsettled |= work->unknown[i][at];
	for (size_t i = 0; i < work->odd_count; i++)
		odd |= work->odd[i][at];
	special |= bits & odd;
	bits &= ~special;
	for (left = bits & ~unsettled; left; left &= left - 1)
		work->found[work->eligible_count++] = policies[__builtin_ctzll(left)];
	for (left = bits & unsettled; left; left &= left - 1)
		work->found[index->policy_count - ++work->undecided_count] =
				policies[__builtin_ctzll(left)];
	for (left = special; left; left &= left - 1) {
		uint64_t bit = left & -left;

		standing_put(work, policies[__builtin_ctzll(left)],
				index->open[at] & bit ? STANDING_OPEN
				: odd & bit	      ? STANDING_ODD
				: unsettled & bit     ? STANDING_UNDECIDED
						      : STANDING_ELIGIBLE);
	}
}

static void hits_put(struct match_work *work, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = work->hit_blocks[i] * MATCH_WORDS;
		const uint64_t *hits = &work->hits[i * MATCH_WORDS];

		for (size_t w = 0; w < MATCH_WORDS; w++) {
			uint64_t bits = hits[w];

			if (work->has_veto)
				bits &= ~work->veto[at + w];
			if (bits)
				word_put(work, at + w, bits);
		}
	}
}

/* Policies that stand in several positions, or are open, come into the lists. */
static void standings_settle(struct match_work *work)
{
	for (size_t i = 0; i < work->touched_count; i++) {
		uint32_t policy = work->touched[i];

		switch ((enum standing)work->standings[policy]) {
		case STANDING_ELIGIBLE:
			work->found[work->eligible_count++] = policy;
			break;
		case STANDING_UNDECIDED:
			work->found[work->index->policy_count - ++work->undecided_count] =
					policy;
			break;
		case STANDING_ODD:
		case STANDING_OPEN:
		case STANDING_NONE:
		default:
			work->touched[work->open_count++] = policy;
			break;
		}
		work->standings[policy] = STANDING_NONE;
	}
}

static void rows_find(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t words = index->summary_words;
	size_t count = 0;

	for (size_t w = 0; w < words; w++)
		work->alive[w] = UINT64_MAX;
	if (index->block_count % 64)
		work->alive[words - 1] = (UINT64_C(1) << (index->block_count % 64)) - 1;
	summaries_join(work->summaries, work->row_count, words, work->alive);
	for (size_t w = 0; w < words; w++) {
		for (uint64_t left = work->alive[w]; left; left &= left - 1)
			work->blocks[count++] =
					(uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left));
	}
	for (size_t i = 0; i < count; i += BLOCKS_AT_ONCE) {
		size_t some = count - i < BLOCKS_AT_ONCE ? count - i : BLOCKS_AT_ONCE;

		hits_put(work, blocks_join(work->rows, work->row_count, &work->blocks[i], some,
					       work->hits, work->hit_blocks));
	}
}

void match_index_find(struct match_work *work, const struct match_value *values,
		struct match_found *out_found)
{
	const struct match_index *index = work->index;

	work->eligible_count = work->undecided_count = 0;
	work->touched_count = work->open_count = 0;
	if (index->simple) {
		*out_found = (struct match_found){ .open = work->touched,
			.open_count = index->policy_count };
		return;
	}
	work->has_veto = false;
	values_enter(work, values);
	if (index->block_count && work->row_count)
		rows_find(work);
	standings_settle(work);
	if (work->has_veto)
		memset(work->veto, 0, match_row_words(index) * sizeof(*work->veto));
	*out_found = (struct match_found){ .eligible = work->found,
		.eligible_count = work->eligible_count,
		.undecided = work->found + index->policy_count - work->undecided_count,
		.undecided_count = work->undecided_count,
		.open = work->touched,
		.open_count = work->open_count };
}

/* --- life -------------------------------------------------------------------------------------- */

static bool work_init(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t streams = index->stream_count + 1;
	size_t slots = (size_t)index->slot_count + 1;

	work->touched = memory_alloc_zero(index->policy_count + 1, sizeof(*work->touched));
	if (!work->touched)
		return false;
	for (size_t i = 0; index->simple && i < index->policy_count; i++)
		work->touched[i] = (uint32_t)i;
	if (index->simple)
		return true;
	work->rows = (const uint64_t **)memory_alloc_zero(streams, sizeof(*work->rows));
	work->summaries = (const uint64_t **)memory_alloc_zero(streams, sizeof(*work->rows));
	work->unknown = (const uint64_t **)memory_alloc_zero(slots, sizeof(*work->unknown));
	work->odd = (const uint64_t **)memory_alloc_zero(slots, sizeof(*work->odd));
	work->alive = memory_alloc_zero(index->summary_words + 1, sizeof(*work->alive));
	work->blocks = memory_alloc_zero(index->block_count + 1, sizeof(*work->blocks));
	work->veto = memory_alloc_zero(match_row_words(index) + 1, sizeof(*work->veto));
	work->standings = memory_alloc_zero(index->policy_count + 1, 1);
	work->found = memory_alloc_zero(index->policy_count + 1, sizeof(*work->found));
	return work->rows && work->summaries && work->unknown && work->odd && work->alive &&
	       work->blocks && work->veto && work->standings && work->found;
}

struct match_work *match_work_new(const struct match_index *index)
{
	struct match_work *work = memory_alloc_zero(1, sizeof(*work));

	if (!work)
		return NULL;
	work->index = index;
	if (work_init(work))
		return work;
	match_work_free(work);
	return NULL;
}

void match_work_free(struct match_work *work)
{
	if (!work)
		return;
	memory_free((void *)work->rows);
	memory_free((void *)work->summaries);
	memory_free((void *)work->unknown);
	memory_free((void *)work->odd);
	memory_free(work->alive);
	memory_free(work->blocks);
	memory_free(work->veto);
	memory_free(work->standings);
	memory_free(work->found);
	memory_free(work->touched);
	memory_free(work);
}
