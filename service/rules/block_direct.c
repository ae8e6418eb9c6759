/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of texts that few atoms ask about: row by row, and only where somebody wants to know. */
#include "rules/block_internal.h"

/* So few atoms are asked row by row, where somebody wants to know: planes cost more. */
#define ASKERS_FEW 2
#define ROWS_FEW 20 /* of a word: of so few only those that somebody wants */

/*
 * A slot that few ask about: the rows of @need that the atom holds for, one by one; of others anything.
 * Whether it is yes or no for all of them. @answers: by the column's own codes, which all @rows have.
 */
static bool rows_match(const uint8_t *answers, const uint32_t *codes, const uint64_t *rows,
		const uint64_t *need, uint64_t *out_yes)
{
	unsigned all = 0;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		const uint32_t *at = codes + i * 64;
		uint64_t left = need[i];
		uint64_t no = 0;
		uint8_t bytes[64];

		if (rows[i] == UINT64_MAX && __builtin_popcountll(left) > ROWS_FEW) {
			for (unsigned k = 0; k < 64; k++)
				bytes[k] = answers[at[k]];
			all |= plane_bytes_join(bytes);
			no = plane_word(bytes);
			left = 0;
		}
		for (; left; left &= left - 1) {
			unsigned k = (unsigned)__builtin_ctzll(left);
			unsigned answer = answers[at[k]];

			all |= answer;
			no |= (uint64_t)answer << k;
		}
		out_yes[i] = need[i] & ~no;
	}
	return all <= ANSWER_NO;
}

/* What follows from the codes of a column; NULL: when memory is short. */
static const uint8_t *column_answers(
		struct block *block, uint32_t number, const struct block_column *column)
{
	const uint8_t *answers = block->memories[number].answers;
	size_t known = block->memories[number].answer_count;
	uint8_t *own;

	if (!column->numbers)
		return answers;
	own = (uint8_t *)pool_take(&block->scratch, column->number_count / 8 + 1);
	for (size_t i = 0; own && i < column->number_count; i++)
		own[i] = column->numbers[i] < known ? answers[column->numbers[i]]
						    : ANSWER_ERROR;
	return own;
}

bool block_ask_directly(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer)
{
	const struct slot_codes *codes = &block->codes[block->atoms->list[number].slot];
	const struct block_column *from = &column->column;
	const uint8_t *answers;
	uint64_t *yes;

	_Static_assert(ANSWER_YES == 0 && ANSWER_NO == 1, "they are bits");
	if (codes->asker_count > ASKERS_FEW || codes->round == block->round || !column->sure ||
			(from->numbers && from->number_count > BLOCK_ROWS))
		return false;
	yes = pool_take(pool, BLOCK_WORDS);
	answers = column_answers(block, number, from);
	if (!yes || !answers || !rows_match(answers, from->codes, block->rows, need, yes))
		return false;
	*out_answer = (struct block_answer){ .sure = true, .yes = yes };
	return true;
}
