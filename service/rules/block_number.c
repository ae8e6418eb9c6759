/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thresholds of one slot. A few are compared with the column one by one. Of more the rank of every row
 * is taken first; then a few hundred have a plane each, and of still more the rows are put in order,
 * the greatest value in front: then the rows that reach a threshold are so many of the first, and since
 * their bits are written down after every so many rows, each threshold costs a copy and a few bits more
 * or less, however many there are.
 *
 *   (1) The thresholds of a slot are sorted; a row's rank is how many of them its value reaches. The
 *       last is INT64_MAX, which nobody asks about, so that no search runs out of them.
 *   (2) The rows that reach threshold k are those of a rank above k: plane k + 1 of ->planes, or
 *       ->ends[k] of the first in order.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_LEAST 12	 /* fewer are compared one by one */
#define PLANES_MOST 320	 /* more are put in order */
#define INDEX_MOST 65000 /* ranks fit 16 bits */
#define STRIDE 128	 /* rows between two notes of all bits so far */
#define FEW 24		 /* of a word: so few rows are compared one by one */
#define CELL_SHIFT 18
#define CELLS (1u << (32 - CELL_SHIFT))

/* Where a number lies: by its first binary digits as a float. Never falls as @number rises. */
static inline __attribute__((always_inline)) unsigned cell_of(int64_t number)
{
	float rounded = (float)number;
	uint32_t bits;

	memcpy(&bits, &rounded, sizeof(bits));
	/* Of negative numbers the order of bits is the opposite. */
	bits ^= (uint32_t)((int32_t)bits >> 31) | UINT32_C(0x80000000);
	return bits >> CELL_SHIFT;
}

/* --- once ------------------------------------------------------------------------------------- */

static int threshold_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static bool is_threshold(const struct atom *atom)
{
	return atom->kind == ATOM_AT_LEAST && !atom->unstated;
}

/* Of each cell how many thresholds lie in those before it. */
static bool cells_init(struct slot_numbers *numbers)
{
	size_t at = 0;

	if (numbers->count < INDEX_LEAST || numbers->count > INDEX_MOST)
		return true;
	numbers->thresholds[numbers->count++] = INT64_MAX;
	numbers->cells = memory_alloc(CELLS * sizeof(*numbers->cells));
	if (!numbers->cells)
		return false;
	for (unsigned cell = 0; cell < CELLS; cell++) {
		while (at < numbers->count && cell_of(numbers->thresholds[at]) < cell)
			at++;
		numbers->cells[cell] = (uint16_t)at;
		numbers->crowded = numbers->crowded ||
				   (cell && at > numbers->cells[cell - 1] + 1u);
	}
	return true;
}

static size_t threshold_find(const struct slot_numbers *numbers, int64_t bound)
{
	size_t low = 0;
	size_t high = numbers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers->thresholds[middle] < bound)
			low = middle + 1;
		else
			high = middle;
	}
	assert(low < numbers->count && numbers->thresholds[low] == bound);
	return low;
}

bool block_numbers_init(struct block *block)
{
	const struct atoms *atoms = block->atoms;

	block->numbers = memory_alloc_zero(block->slot_count + 1, sizeof(*block->numbers));
	if (!block->numbers)
		return false;
	for (size_t i = 0; i < atoms->count; i++) {
		if (is_threshold(&atoms->list[i]))
			block->numbers[atoms->list[i].slot].count++;
	}
	for (size_t i = 0; i < block->slot_count; i++) {
		struct slot_numbers *numbers = &block->numbers[i];

		if (!numbers->count)
			continue;
		numbers->thresholds = memory_alloc((numbers->count + 1) * sizeof(int64_t));
		if (!numbers->thresholds)
			return false;
		numbers->count = 0;
	}
	for (size_t i = 0; i < atoms->count; i++) {
		const struct atom *atom = &atoms->list[i];
		struct slot_numbers *numbers =
				&block->numbers[is_threshold(atom) ? atom->slot : 0];

		if (is_threshold(atom))
			numbers->thresholds[numbers->count++] = atom->bound;
	}
	for (size_t i = 0; i < block->slot_count; i++) {
		struct slot_numbers *numbers = &block->numbers[i];

		if (numbers->count)
			qsort(numbers->thresholds, numbers->count, sizeof(int64_t),
					threshold_compare);
		if (!cells_init(numbers))
			return false;
	}
	for (size_t i = 0; i < atoms->count; i++) {
		const struct atom *atom = &atoms->list[i];

		if (is_threshold(atom))
			block->memories[i].threshold = threshold_find(
					&block->numbers[atom->slot], atom->bound);
	}
	return true;
}

void block_numbers_fini(struct block *block)
{
	for (size_t i = 0; block->numbers && i < block->slot_count; i++) {
		memory_free(block->numbers[i].thresholds);
		memory_free(block->numbers[i].cells);
	}
	memory_free(block->numbers);
}

/* --- in order ---------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) unsigned rank_of(
		const struct slot_numbers *numbers, int64_t number)
{
	unsigned rank = numbers->cells[cell_of(number)];

	rank += numbers->thresholds[rank] <= number;
	/* There is seldom more than one in a cell. */
	while (numbers->crowded && rank < numbers->count && numbers->thresholds[rank] <= number)
		rank++;
	return rank;
}

/* The rank of every row, of those that are not known any. */
static void ranks_take(const struct slot_numbers *numbers, const int64_t *integers,
		uint16_t *out_ranks)
{
	for (size_t row = 0; row < BLOCK_ROWS; row++)
		out_ranks[row] = (uint16_t)rank_of(numbers, integers[row]);
}

/* How many known rows there are of each rank. */
static void ranks_count(const struct block *block, const struct slot_column *column,
		const uint16_t *ranks, uint16_t *counts)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t known = column->column.known[i] & block->rows[i];

		for (size_t row = i * 64; known == UINT64_MAX && row < i * 64 + 64; row++)
			counts[ranks[row]]++;
		for (; known != UINT64_MAX && known; known &= known - 1)
			counts[ranks[i * 64 + (unsigned)__builtin_ctzll(known)]]++;
	}
}

/* Puts the rows in order; @nexts is where each rank begins. */
static void rows_order(const struct block *block, const struct slot_column *column,
		const uint16_t *ranks, uint16_t *nexts, uint16_t *order)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t known = column->column.known[i] & block->rows[i];

		for (size_t row = i * 64; known == UINT64_MAX && row < i * 64 + 64; row++)
			order[nexts[ranks[row]]++] = (uint16_t)row;
		for (; known != UINT64_MAX && known; known &= known - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(known);

			order[nexts[ranks[row]]++] = (uint16_t)row;
		}
	}
}

static void notes_write(struct number_order *order)
{
	uint64_t plane[BLOCK_WORDS] = { 0 };
	size_t total = order->ends[0];

	for (size_t i = 0; i <= total; i += STRIDE) {
		memcpy(order->notes + i / STRIDE * BLOCK_WORDS, plane, sizeof(plane));
		for (size_t k = i; k < i + STRIDE && k < total; k++) {
			unsigned row = order->rows[k];

			plane[row / 64] |= UINT64_C(1) << (row % 64);
		}
	}
}

static bool order_make(struct block *block, const struct slot_numbers *numbers,
		struct slot_column *column)
{
	struct number_order *order = &column->order;
	size_t words = (numbers->count + 1) / 4 + 1;
	uint16_t ranks[BLOCK_ROWS];
	uint16_t *counts = (uint16_t *)pool_take(&block->kept, words);
	uint16_t *ends = (uint16_t *)pool_take(&block->kept, words);
	uint64_t *notes = pool_take(
			&block->kept, (size_t)(BLOCK_ROWS / STRIDE + 1) * BLOCK_WORDS);
	unsigned reached = 0;

	order->rows = (uint16_t *)pool_take(&block->kept, BLOCK_ROWS / 4);
	if (!counts || !ends || !notes || !order->rows)
		return false;
	memset(counts, 0, words * sizeof(uint64_t));
	ranks_take(numbers, column->column.integers, ranks);
	ranks_count(block, column, ranks, counts);
	for (size_t k = numbers->count + 1; k-- > 0;) {
		ends[k] = (uint16_t)reached;
		reached += counts[k];
		counts[k] = ends[k];
	}
	order->ends = ends;
	order->notes = notes;
	rows_order(block, column, ranks, counts, order->rows);
	notes_write(order);
	column->order_round = block->round;
	return true;
}

/* The rows that reach threshold @k, from the nearer note. */
static void order_write(const struct number_order *order, size_t k, uint64_t *out_yes)
{
	size_t end = order->ends[k];
	size_t note = end / STRIDE;
	bool above = end % STRIDE > STRIDE / 2 && (note + 1) * STRIDE <= order->ends[0];
	size_t from = above ? end : note * STRIDE;
	size_t to = above ? (note + 1) * STRIDE : end;

	memcpy(out_yes, order->notes + (note + above) * BLOCK_WORDS,
			BLOCK_WORDS * sizeof(*out_yes));
	for (; from < to; from++) {
		unsigned row = order->rows[from];

		out_yes[row / 64] ^= UINT64_C(1) << (row % 64);
	}
}

/* --- a plane each ------------------------------------------------------------------------------ */

/* Every plane gets what is in those behind it, too. */
PLANE_CLONES
static void planes_add_up(uint64_t *planes, size_t count)
{
	for (size_t k = count - 1; k-- > 1;) {
		uint64_t *plane = planes + k * BLOCK_WORDS;

		for (size_t i = 0; i < BLOCK_WORDS; i++)
			plane[i] |= plane[BLOCK_WORDS + i];
	}
}

/* By rank: the rows that have it or a greater one; of 0 nobody asks. */
static bool planes_make(struct block *block, const struct slot_numbers *from,
		struct slot_column *column)
{
	const struct slot_numbers copy = *from; /* which no plane overlaps */
	const struct slot_numbers *numbers = &copy;
	size_t count = numbers->count + 1;
	uint64_t *planes = pool_take(&block->kept, count * BLOCK_WORDS);

	if (!planes)
		return false;
	memset(planes, 0, count * BLOCK_WORDS * sizeof(*planes));
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		const int64_t *integers = column->column.integers + i * 64;
		uint64_t known = column->column.known[i] & block->rows[i];
		uint64_t *word = planes + i;

		for (unsigned k = 0; known == UINT64_MAX && k < 64; k++)
			word[rank_of(numbers, integers[k]) * BLOCK_WORDS] |= UINT64_C(1) << k;
		for (; known != UINT64_MAX && known; known &= known - 1)
			word[rank_of(numbers, integers[(unsigned)__builtin_ctzll(known)]) *
					BLOCK_WORDS] |= known & -known;
	}
	planes_add_up(planes, count);
	column->planes = planes;
	column->order_round = block->round;
	return true;
}

/* --- asked ------------------------------------------------------------------------------------- */

/* The rows of @need that reach the bound; of others anything. */
PLANE_CLONES
static void numbers_at_least(
		const int64_t *numbers, int64_t bound, const uint64_t *need, uint64_t *out_yes)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		const int64_t *at = numbers + i * 64;
		uint64_t left = need[i];
		uint64_t word = 0;
		uint8_t bytes[64];

		if (__builtin_popcountll(left) > FEW) {
			for (unsigned k = 0; k < 64; k++)
				bytes[k] = at[k] >= bound;
			word = plane_word(bytes);
			left = 0;
		}
		for (; left; left &= left - 1) {
			unsigned k = (unsigned)__builtin_ctzll(left);

			word |= (uint64_t)(at[k] >= bound) << k;
		}
		out_yes[i] = word;
	}
}

const uint64_t *block_ask_threshold(struct block *block, struct plane_pool *pool,
		const struct atom *atom, const struct slot_column *from, const uint64_t *need)
{
	const struct slot_numbers *numbers = &block->numbers[atom->slot];
	size_t threshold = block->memories[atom - block->atoms->list].threshold;
	struct slot_column *column = (struct slot_column *)from;
	bool has_planes = numbers->cells && numbers->count <= PLANES_MOST;
	uint64_t *yes;

	if (!column->column.integers)
		return plane_zeros;
	if (numbers->cells && column->order_round != block->round &&
			!(has_planes ? planes_make(block, numbers, column)
				     : order_make(block, numbers, column)))
		return NULL;
	if (has_planes)
		return column->planes + (threshold + 1) * BLOCK_WORDS;
	yes = pool_take(pool, BLOCK_WORDS);
	if (!yes)
		return NULL;
	if (numbers->cells) {
		order_write(&column->order, threshold, yes);
		return yes;
	}
	numbers_at_least(column->column.integers, atom->bound, need, yes);
	if (!column->sure)
		(void)plane_cut(yes, column->column.known, false);
	return yes;
}
