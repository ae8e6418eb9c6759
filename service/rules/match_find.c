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
#define BLOCKS_AT_ONCE 32
/* Rows between two looks at whether anything is left. */
#define ROWS_AT_ONCE 8

/* What is found at a position of a policy that has several, or is open; above the position's number. */
#define FOUND_SHIFT 30
#define FOUND_ELIGIBLE UINT32_C(0)
#define FOUND_UNDECIDED UINT32_C(1)
#define FOUND_ODD UINT32_C(2)

struct match_work {
	const struct match_index *index;
	uint32_t *cells; /* by number */
	const uint64_t **rows;
	const uint64_t **summaries;
	size_t row_count;
	const uint64_t **unknown; /* mentions of slots without a value, */
	size_t unknown_count;
	const uint64_t **odd_mentions; /* and of those with an odd one */
	size_t odd_count;
	uint64_t *alive; /* blocks */
	uint32_t *blocks;
	uint64_t *veto; /* positions outside of a border */
	bool has_veto;
	uint32_t *found; /* eligible from the front, undecided from the back */
	uint32_t *open;
	size_t eligible_count, undecided_count, open_count;
	/* Policies with several positions, by their numbers among these. */
	uint64_t *seen_eligible, *seen_undecided, *seen_odd;
	uint32_t *undecided, *odd;
	size_t maybe_undecided, maybe_odd;
	uint32_t settled[BLOCKS_AT_ONCE * MATCH_BLOCK + 1]; /* positions */
	uint32_t several[BLOCKS_AT_ONCE * MATCH_BLOCK +
			 1]; /* likewise, and what is found there */
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

/* By address: how vectors are handed over depends on the machine that is compiled for. */
static inline bool halves_any(const half_line *left, const half_line *right)
{
	half_line both = *left | *right;

	return (both[0] | both[1] | both[2] | both[3]) != 0;
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

		while (i < row_count && halves_any(&left, &right)) {
			size_t end = i + ROWS_AT_ONCE < row_count ? i + ROWS_AT_ONCE
								  : row_count;

			for (; i < end; i++) {
				row = (const half_line *)(rows[i] + at);
				__builtin_prefetch(rows[i] + next);
				left &= row[0];
				right &= row[1];
			}
		}
		if (!halves_any(&left, &right))
			continue;
		((half_line *)hits)[2 * found] = left;
		((half_line *)hits)[2 * found + 1] = right;
		hit_blocks[found++] = blocks[b];
	}
	return found;
}

/* --- cells ------------------------------------------------------------------------------------- */

/* Cells of all numbers: how many edges each reaches. One step of all, then the next: none waits. */
static void numbers_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;
	const struct match_number *numbers = index->numbers;
	uint32_t *cells = work->cells;

	memset(cells, 0, index->number_count * sizeof(*cells));
	for (uint32_t step = (1U << index->halves) / 2; step; step /= 2) {
		for (uint32_t i = 0; i < index->number_count; i++)
			cells[i] += step & -(uint32_t)(numbers[i].edges[cells[i] + step - 1] <=
							   values[numbers[i].slot].integer);
	}
	for (uint32_t i = 0; i < index->number_count; i++)
		cells[i] = cells[i] < numbers[i].edge_count ? cells[i] : numbers[i].edge_count;
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
		cell = work->cells[reader->known];
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
	numbers_enter(work, values);
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
				work->odd_mentions[work->odd_count++] =
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

static inline bool bit_test(const uint64_t *bits, uint32_t at)
{
	return (bits[at / 64] >> (at % 64)) & 1;
}

static inline void bit_put(uint64_t *bits, uint32_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

/* A policy with several positions: the best of them counts, so that the others wait. */
static void several_put(struct match_work *work, uint32_t entry)
{
	const struct match_index *index = work->index;
	uint32_t number = index->policies[entry & ((UINT32_C(1) << FOUND_SHIFT) - 1)];

	switch (entry >> FOUND_SHIFT) {
	case FOUND_ELIGIBLE:
		if (!bit_test(work->seen_eligible, number))
			work->found[work->eligible_count++] = index->several[number];
		bit_put(work->seen_eligible, number);
		break;
	case FOUND_UNDECIDED:
		if (!bit_test(work->seen_undecided, number))
			work->undecided[work->maybe_undecided++] = number;
		bit_put(work->seen_undecided, number);
		break;
	default:
		if (!bit_test(work->seen_odd, number))
			work->odd[work->maybe_odd++] = number;
		bit_put(work->seen_odd, number);
		break;
	}
}

static inline size_t positions_put(
		uint32_t *list, size_t count, size_t word, uint64_t bits, uint32_t found)
{
	uint32_t base = (uint32_t)word * 64 + (found << FOUND_SHIFT);

	for (; bits; bits &= bits - 1)
		list[count++] = base + (uint32_t)__builtin_ctzll(bits);
	return count;
}

/* With some values unknown or odd. */
static size_t word_put(struct match_work *work, size_t at, uint64_t bits, size_t settled,
		size_t *several)
{
	const struct match_index *index = work->index;
	uint64_t special = bits & index->special[at];
	uint64_t unsettled = 0;
	uint64_t odd = index->open[at];
	uint64_t left;

	for (size_t i = 0; i < work->unknown_count; i++)
		unsettled |= work->unknown[i][at];
	for (size_t i = 0; i < work->odd_count; i++)
		odd |= work->odd_mentions[i][at];
	*several = positions_put(work->several, *several, at, special & odd, FOUND_ODD);
	*several = positions_put(work->several, *several, at, special & ~odd & unsettled,
			FOUND_UNDECIDED);
	*several = positions_put(work->several, *several, at, special & ~odd & ~unsettled,
			FOUND_ELIGIBLE);
	bits &= ~special;
	for (left = bits & odd; left; left &= left - 1)
		work->open[work->open_count++] =
				index->policies[at * 64 + (unsigned)__builtin_ctzll(left)];
	for (left = bits & ~odd & unsettled; left; left &= left - 1)
		work->found[index->policy_count - ++work->undecided_count] =
				index->policies[at * 64 + (unsigned)__builtin_ctzll(left)];
	return positions_put(work->settled, settled, at, bits & ~odd & ~unsettled, 0);
}

static void hits_put(struct match_work *work, size_t count)
{
	const struct match_index *index = work->index;
	bool plain = !index->has_open && work->unknown_count + work->odd_count == 0;
	uint32_t *found = work->found + work->eligible_count;
	size_t settled = 0;
	size_t several = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = work->hit_blocks[i] * MATCH_WORDS;

		for (size_t w = 0; w < MATCH_WORDS; w++, at++) {
			uint64_t bits = work->hits[i * MATCH_WORDS + w];

			if (work->has_veto)
				bits &= ~work->veto[at];
			if (!plain && bits) {
				settled = word_put(work, at, bits, settled, &several);
				continue;
			}
			/* Which of the two it goes to is no branch, that would be guessed wrong. */
			for (uint64_t special = index->special[at]; bits; bits &= bits - 1) {
				unsigned bit = (unsigned)__builtin_ctzll(bits);
				uint32_t position = (uint32_t)at * 64 + bit;
				size_t is_special = (special >> bit) & 1;

				work->settled[settled] = position;
				settled += 1 - is_special;
				work->several[several] = position;
				several += is_special;
			}
		}
	}
	/* One after the other, so that the memory is asked for many at once. */
	for (size_t i = 0; i < settled; i++)
		found[i] = index->policies[work->settled[i]];
	work->eligible_count += settled;
	for (size_t i = 0; i < several; i++)
		several_put(work, work->several[i]);
}

/* Of several positions, one that is eligible settles the policy; then one that is odd. */
static void several_settle(struct match_work *work)
{
	const struct match_index *index = work->index;

	for (size_t i = 0; i < work->maybe_odd; i++) {
		if (!bit_test(work->seen_eligible, work->odd[i]))
			work->open[work->open_count++] = index->several[work->odd[i]];
	}
	for (size_t i = 0; i < work->maybe_undecided; i++) {
		uint32_t number = work->undecided[i];

		if (!bit_test(work->seen_eligible, number) && !bit_test(work->seen_odd, number))
			work->found[index->policy_count - ++work->undecided_count] =
					index->several[number];
	}
	memset(work->seen_eligible, 0, index->several_words * sizeof(uint64_t));
	if (work->maybe_undecided)
		memset(work->seen_undecided, 0, index->several_words * sizeof(uint64_t));
	if (work->maybe_odd)
		memset(work->seen_odd, 0, index->several_words * sizeof(uint64_t));
	work->maybe_undecided = work->maybe_odd = 0;
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
	work->open_count = 0;
	if (index->simple) {
		*out_found = (struct match_found){ .open = work->open,
			.open_count = index->policy_count };
		return;
	}
	work->has_veto = false;
	values_enter(work, values);
	if (index->block_count && work->row_count)
		rows_find(work);
	several_settle(work);
	if (work->has_veto)
		memset(work->veto, 0, match_row_words(index) * sizeof(*work->veto));
	*out_found = (struct match_found){ .eligible = work->found,
		.eligible_count = work->eligible_count,
		.undecided = work->found + index->policy_count - work->undecided_count,
		.undecided_count = work->undecided_count,
		.open = work->open,
		.open_count = work->open_count };
}

/* --- life -------------------------------------------------------------------------------------- */

static bool work_init(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t streams = index->stream_count + 1;
	size_t slots = (size_t)index->slot_count + 1;
	size_t several = index->several_words + 1;

	work->open = memory_alloc_zero(index->policy_count + 1, sizeof(*work->open));
	if (!work->open)
		return false;
	for (size_t i = 0; index->simple && i < index->policy_count; i++)
		work->open[i] = (uint32_t)i;
	if (index->simple)
		return true;
	work->cells = memory_alloc_zero(index->number_count + 1, sizeof(*work->cells));
	work->rows = (const uint64_t **)memory_alloc_zero(streams, sizeof(*work->rows));
	work->summaries = (const uint64_t **)memory_alloc_zero(streams, sizeof(*work->rows));
	work->unknown = (const uint64_t **)memory_alloc_zero(slots, sizeof(*work->unknown));
	work->odd_mentions = (const uint64_t **)memory_alloc_zero(
			slots, sizeof(*work->odd_mentions));
	work->alive = memory_alloc_zero(index->summary_words + 1, sizeof(*work->alive));
	work->blocks = memory_alloc_zero(index->block_count + 1, sizeof(*work->blocks));
	work->veto = memory_alloc_zero(match_row_words(index) + 1, sizeof(*work->veto));
	work->seen_eligible = memory_alloc_zero(several, sizeof(uint64_t));
	work->seen_undecided = memory_alloc_zero(several, sizeof(uint64_t));
	work->seen_odd = memory_alloc_zero(several, sizeof(uint64_t));
	work->undecided = memory_alloc_zero(several * 64, sizeof(*work->undecided));
	work->odd = memory_alloc_zero(several * 64, sizeof(*work->odd));
	work->found = memory_alloc_zero(index->policy_count + 1, sizeof(*work->found));
	return work->cells && work->rows && work->summaries && work->unknown &&
	       work->odd_mentions && work->alive && work->blocks && work->veto &&
	       work->seen_eligible && work->seen_undecided && work->seen_odd &&
	       work->undecided && work->odd && work->found;
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
	memory_free(work->cells);
	memory_free((void *)work->rows);
	memory_free((void *)work->summaries);
	memory_free((void *)work->unknown);
	memory_free((void *)work->odd_mentions);
	memory_free(work->alive);
	memory_free(work->blocks);
	memory_free(work->veto);
	memory_free(work->seen_eligible);
	memory_free(work->seen_undecided);
	memory_free(work->seen_odd);
	memory_free(work->undecided);
	memory_free(work->odd);
	memory_free(work->found);
	memory_free(work->open);
	memory_free(work);
}
