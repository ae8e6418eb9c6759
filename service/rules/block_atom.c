/* SPDX-License-Identifier: Apache-2.0 */
/* Atoms over columns of flags, numbers and days, and who asks the others. */
#include "rules/block_internal.h"

#include "base/wide.h"

#include <string.h>

#define MILLION 1000000

/* --- flags and numbers ------------------------------------------------------------------------- */

static bool ask_flag(struct block *block, struct plane_pool *pool,
		const struct slot_column *column, struct block_answer *out_answer)
{
	const struct block_column *from = &column->column;
	uint64_t *yes;

	if (column->sure)
		return block_answer_known(block, pool, column,
				from->flags ? from->flags : plane_zeros, out_answer);
	yes = pool_take(pool, BLOCK_WORDS);
	if (!yes)
		return false;
	plane_and(from->known, from->flags ? from->flags : plane_zeros, yes);
	return block_answer_known(block, pool, column, yes, out_answer);
}

/* Compared with what nobody has stated: unknown for all that have a value. */
static bool ask_unstated(struct block *block, struct plane_pool *pool,
		const struct slot_column *column, struct block_answer *out_answer)
{
	const struct block_column *from = &column->column;
	uint64_t *unstated = pool_take(pool, BLOCK_WORDS);

	if (!unstated)
		return false;
	for (size_t i = 0; i < BLOCK_WORDS; i++)
		unstated[i] = block->rows[i] &
			      (from->known[i] | (from->unstated ? from->unstated[i] : 0));
	*out_answer = (struct block_answer){ false, plane_zeros, plane_zeros, column->asked,
		unstated };
	return true;
}

static bool ask_number(struct block *block, struct plane_pool *pool, const struct atom *atom,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer)
{
	const uint64_t *yes;

	if (atom->unstated)
		return ask_unstated(block, pool, column, out_answer);
	yes = block_ask_threshold(block, pool, atom, column, need);
	return yes && block_answer_known(block, pool, column, yes, out_answer);
}

/* --- quotients --------------------------------------------------------------------------------- */

struct quotient {
	const struct atom *atom;
	const struct slot_column *own, *num, *den;
};

static bool has_bit(const uint64_t *plane, size_t row)
{
	return plane && ((plane[row / 64] >> (row % 64)) & 1);
}

static enum atom_answer order_answer(const struct atom *atom, int order)
{
	return order > 0 || (order == 0 && !atom->above) ? ANSWER_YES : ANSWER_NO;
}

static int numbers_order(wide_int a, wide_int b)
{
	return (a > b) - (a < b);
}

static enum atom_answer column_answer(const struct slot_column *column, size_t row)
{
	if (has_bit(column->column.error, row))
		return ANSWER_ERROR;
	return has_bit(column->column.unstated, row) ? ANSWER_UNSTATED : ANSWER_ASKED;
}

/* As the machine compares one: the value of its own, that of a denominator of 0, or both parts. */
static enum atom_answer quotient_ask(const struct quotient *quotient, size_t row)
{
	const struct atom *atom = quotient->atom;
	bool num_known = has_bit(quotient->num->column.known, row);
	bool den_known = has_bit(quotient->den->column.known, row);
	enum atom_answer own, num, den;
	int64_t numerator, denominator;
	int order;

	if (has_bit(quotient->own->column.known, row))
		return atom->unstated ? ANSWER_UNSTATED
				      : order_answer(atom,
							numbers_order(quotient->own->column.integers
											[row],
									atom->bound));
	own = column_answer(quotient->own, row);
	if (own == ANSWER_ERROR)
		return own;
	denominator = den_known ? quotient->den->column.integers[row] : 1;
	if (denominator == 0) {
		if (!atom->ratio->when_den_zero_known)
			return own;
		return atom->unstated ? ANSWER_UNSTATED
				      : order_answer(atom,
							numbers_order(atom->ratio->when_den_zero_ppm,
									atom->bound));
	}
	num = num_known ? ANSWER_YES : column_answer(quotient->num, row);
	den = den_known ? ANSWER_YES : column_answer(quotient->den, row);
	if (num == ANSWER_ERROR || den == ANSWER_ERROR)
		return ANSWER_ERROR;
	if (num == ANSWER_ASKED || den == ANSWER_ASKED)
		return ANSWER_ASKED;
	if (num == ANSWER_UNSTATED || den == ANSWER_UNSTATED || atom->unstated)
		return ANSWER_UNSTATED;
	numerator = quotient->num->column.integers[row];
	order = numbers_order(
			(wide_int)numerator * MILLION, (wide_int)atom->bound * denominator);
	return order_answer(atom, denominator < 0 ? -order : order);
}

bool block_ask_quotient(struct block *block, struct plane_pool *pool, const struct atom *atom,
		struct block_answer *out_answer, struct error *err)
{
	struct quotient quotient = { .atom = atom,
		.own = block_column(block, atom->slot, err),
		.num = block_column(block, atom->ratio->num_slot, err),
		.den = block_column(block, atom->ratio->den_slot, err) };
	uint64_t *planes;

	if (!quotient.own || !quotient.num || !quotient.den)
		return false;
	planes = pool_take(pool, (size_t)5 * BLOCK_WORDS);
	if (!planes)
		return block_fail_memory(err);
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t answers[5] = { 0 };

		for (uint64_t left = block->rows[i]; left; left &= left - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(left);

			answers[quotient_ask(&quotient, i * 64 + bit)] |= UINT64_C(1) << bit;
		}
		for (size_t k = 0; k < 5; k++)
			planes[k * BLOCK_WORDS + i] = answers[k];
	}
	*out_answer = (struct block_answer){ false, planes, planes + BLOCK_WORDS,
		planes + (size_t)2 * BLOCK_WORDS, planes + (size_t)3 * BLOCK_WORDS };
	return true;
}

/* --- all --------------------------------------------------------------------------------------- */

static bool atom_ask(struct block *block, struct plane_pool *pool, uint32_t number,
		const uint64_t *need, struct block_answer *out_answer, struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct slot_column *column;

	if (atom->kind == ATOM_QUOTIENT)
		return block_ask_quotient(block, pool, atom, out_answer, err);
	column = block_column(block, atom->slot, err);
	if (!column)
		return false;
	switch (atom->kind) {
	case ATOM_FLAG:
		return ask_flag(block, pool, column, out_answer) || block_fail_memory(err);
	case ATOM_AT_LEAST:
		return ask_number(block, pool, atom, column, need, out_answer) ||
		       block_fail_memory(err);
	case ATOM_CODE:
		return block_ask_code(block, pool, number, column, need, out_answer, err);
	case ATOM_MEMBER:
	case ATOM_HELD:
		return block_ask_member(block, pool, number, column, need, out_answer, err);
	case ATOM_VALID:
		return block_ask_valid(block, pool, number, column, out_answer, err);
	case ATOM_QUOTIENT:
	case ATOM_OTHER:
	default:
		return error_set(err, ERROR_INTERNAL, "an atom of no column");
	}
}

bool block_ask_atom(struct block *block, uint32_t number, bool keep, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	if (block->atoms->list[number].kind == ATOM_OTHER)
		return block_ask_rows(block, number, need, out_answer, err);
	return atom_ask(block, keep ? &block->kept : &block->scratch, number,
			keep ? block->rows : need, out_answer, err);
}
