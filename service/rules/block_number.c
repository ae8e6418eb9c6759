/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thresholds of one slot. A few are compared with the column one by one. Of many the rows are put in
 * order first, the greatest value in front: then the rows that reach a threshold are so many of the
 * first, and since their bits are written down after every so many rows, each threshold costs a copy
 * and a few bits more or less, however many there are.
 *
 *   (1) The thresholds of a slot are sorted; a row's rank is how many of them its value reaches.
 *   (2) The rows that reach threshold k are those of a rank above k: ->ends[k] of the first in order.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_LEAST 24	 /* fewer are compared one by one */
#define INDEX_MOST 65000 /* ranks fit 16 bits */
#define STRIDE 128	 /* rows between two notes of all bits so far */
#define DIGITS 7	 /* behind the first */
#define CELL_ZERO (64u << DIGITS)
#define CELLS (2 * CELL_ZERO)

/* Where a number lies: by its first binary digits. Never falls as @number rises. */
static inline __attribute__((always_inline)) unsigned cell_of(int64_t number)
{
	uint64_t size = (uint64_t)(number < 0 ? ~number : number);
	unsigned digits = 63u - (unsigned)__builtin_clzll(size | 1);
	unsigned next = (unsigned)(digits >= DIGITS ? size >> (digits - DIGITS)
						    : size << (DIGITS - digits)) &
			((1u << DIGITS) - 1);
	unsigned cell = digits << DIGITS | next;

	return number < 0 ? CELL_ZERO - 1 - cell : CELL_ZERO + cell;
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
	numbers->cells = memory_alloc_zero(CELLS + 1, sizeof(*numbers->cells));
	if (!numbers->cells)
		return false;
	for (unsigned cell = 0; cell <= CELLS; cell++) {
		while (at < numbers->count && cell_of(numbers->thresholds[at]) < cell)
			at++;
		numbers->cells[cell] = (uint16_t)at;
	}
	return true;
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
		numbers->thresholds = memory_alloc(numbers->count * sizeof(int64_t));
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

/* Where there is more than one threshold in the cell. */
static unsigned rank_search(
		const struct slot_numbers *numbers, unsigned low, unsigned high, int64_t number)
{
	while (high - low > 8) {
		unsigned middle = (low + high) / 2;

		if (numbers->thresholds[middle] <= number)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < high && numbers->thresholds[low] <= number)
		low++;
	return low;
}

static inline __attribute__((always_inline)) unsigned rank_of(
		const struct slot_numbers *numbers, int64_t number)
{
	unsigned cell = cell_of(number);
	unsigned low = numbers->cells[cell];
	unsigned high = numbers->cells[cell + 1];

	if (high - low > 1)
		return rank_search(numbers, low, high, number);
	return low + (low < high && numbers->thresholds[low] <= number);
}

/* The rank of every row, of those that are not known any. */
PLANE_CLONES
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

/* --- asked ------------------------------------------------------------------------------------- */

PLANE_CLONES
static void numbers_at_least(const int64_t *numbers, int64_t bound, uint64_t *out_yes)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t word = 0;

		for (unsigned k = 0; k < 64; k++)
			word |= (uint64_t)(numbers[i * 64 + k] >= bound) << k;
		out_yes[i] = word;
	}
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

bool block_ask_threshold(struct block *block, const struct atom *atom,
		const struct slot_column *from, uint64_t *out_yes)
{
	const struct slot_numbers *numbers = &block->numbers[atom->slot];
	struct slot_column *column = (struct slot_column *)from;

	if (!column->column.integers) {
		memset(out_yes, 0, BLOCK_WORDS * sizeof(*out_yes));
		return true;
	}
	if (!numbers->cells) {
		numbers_at_least(column->column.integers, atom->bound, out_yes);
		if (!column->sure)
			(void)plane_cut(out_yes, column->column.known, false);
		return true;
	}
	if (column->order_round != block->round && !order_make(block, numbers, column))
		return false;
	order_write(&column->order, threshold_find(numbers, atom->bound), out_yes);
	return true;
}
