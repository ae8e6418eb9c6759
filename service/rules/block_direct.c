/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of codes that few atoms ask about: planes for all codes would cost more than they save, so only
 * rows are looked at where somebody wants to know.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#define ASKERS_FEW 2
#define MEMBERS_FEW 4
#define ROWS_FEW 20 /* of a word: of so few only those that somebody wants */

/* --- codes of which one stands in a row -------------------------------------------------------- */

static bool own_grow(struct own_answers *own, size_t count)
{
	uint8_t *answers;

	if (count <= own->capacity)
		return true;
	answers = memory_resize(own->answers, count);
	if (!answers)
		return false;
	own->answers = answers;
	own->capacity = count;
	return true;
}

/* Whether at most OWN_FEW of them are @answer: then they are what rows are compared with. */
static bool own_few(struct own_answers *own, enum atom_answer answer)
{
	size_t count = 0;

	for (size_t i = 0; i < own->count; i++) {
		if (own->answers[i] != answer)
			continue;
		if (count == OWN_FEW)
			return false;
		own->few[count++] = (uint32_t)i;
	}
	/* Without any: a code that no row has. */
	for (size_t i = count; i < OWN_FEW; i++)
		own->few[i] = count ? own->few[0] : UINT32_MAX;
	own->few_are_no = answer == ANSWER_NO;
	return true;
}

/* What follows from the column's own codes; NULL: when memory is short. */
static const struct own_answers *own_answers(
		struct block *block, uint32_t number, const struct block_column *column)
{
	struct atom_memory *memory = &block->memories[number];
	struct own_answers *own = &memory->own;
	size_t count = column->numbers ? column->number_count : memory->answer_count;
	unsigned all = 0;

	if (column->numbers && column->number_stamp && own->stamp == column->number_stamp &&
			own->count >= count)
		return own;
	own->stamp = 0;
	if (!own_grow(own, count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t code = column->numbers ? column->numbers[i] : i;

		/* One of which nothing is known stands in no row. */
		own->answers[i] = code < memory->answer_count ? memory->answers[code]
							      : (uint8_t)ANSWER_NO;
		all |= own->answers[i];
	}
	own->count = count;
	own->plain = all <= ANSWER_NO;
	own->has_few = own->plain && (own_few(own, ANSWER_YES) || own_few(own, ANSWER_NO));
	own->stamp = column->numbers ? column->number_stamp : 0;
	return own;
}

/* The rows of @need that have one of a few codes; of others anything. */
PLANE_CLONES
static void rows_compare(const struct own_answers *own, const uint32_t *codes,
		const uint64_t *need, uint64_t *out_yes)
{
	uint32_t a = own->few[0], b = own->few[1], c = own->few[2], d = own->few[3];
	uint64_t turn = own->few_are_no ? UINT64_MAX : 0;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		const uint32_t *at = codes + i * 64;
		uint64_t left = need[i];
		uint64_t found = 0;
		uint8_t bytes[64];

		if (__builtin_popcountll(left) > ROWS_FEW) {
			for (unsigned k = 0; k < 64; k++)
				bytes[k] = (uint8_t)((at[k] == a) | (at[k] == b) |
						     (at[k] == c) | (at[k] == d));
			found = plane_word(bytes);
			left = 0;
		}
		for (; left; left &= left - 1) {
			unsigned k = (unsigned)__builtin_ctzll(left);

			found |= (uint64_t)((at[k] == a) | (at[k] == b) | (at[k] == c) |
						 (at[k] == d))
				 << k;
		}
		out_yes[i] = need[i] & (found ^ turn);
	}
}

/*
 * The rows of @need that the atom holds for; of others anything. Whether it is yes or no for all of them. All
 * @rows have a code.
 */
PLANE_CLONES
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

bool block_ask_code_directly(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct slot_codes *codes = &block->codes[atom->slot];
	const struct block_column *from = &column->column;
	const struct own_answers *own;
	uint64_t rows[BLOCK_WORDS];
	uint64_t wanted[BLOCK_WORDS];
	uint64_t *yes;

	_Static_assert(ANSWER_YES == 0 && ANSWER_NO == 1, "they are bits");
	if (codes->asker_count > ASKERS_FEW || codes->round == block->round || !from->codes ||
			(from->numbers && from->number_count > BLOCK_ROWS) ||
			(!column->sure && (from->error || block_ask_unknown(block, atom) !=
									  ANSWER_ASKED)))
		return false;
	yes = pool_take(pool, BLOCK_WORDS);
	own = own_answers(block, number, from);
	if (!yes || !own)
		return false;
	plane_and(block->rows, from->known, rows);
	plane_and(rows, need, wanted);
	if (own->has_few)
		rows_compare(own, from->codes, wanted, yes);
	else if (!rows_match(own->answers, from->codes, rows, wanted, yes))
		return false;
	return block_answer_known(block, pool, column, yes, out_answer);
}

/* --- lists ------------------------------------------------------------------------------------- */

/* The rows of @need in whose list the code stands. */
static void rows_search(const struct block_column *column, uint32_t code, const uint64_t *need,
		uint64_t *out_yes)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		const uint32_t *starts = column->starts + i * 64;
		uint64_t found = 0;

		for (uint64_t left = need[i]; left; left &= left - 1) {
			unsigned k = (unsigned)__builtin_ctzll(left);
			uint64_t there = 0;

			for (uint32_t at = starts[k]; at < starts[k + 1]; at++)
				there |= column_code(column, at) == code;
			found |= there << k;
		}
		out_yes[i] = found;
	}
}

bool block_ask_member_directly(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer)
{
	const struct slot_codes *codes = &block->codes[block->atoms->list[number].slot];
	uint64_t wanted[BLOCK_WORDS];
	uint64_t *yes;

	if (codes->member_count > MEMBERS_FEW || codes->round == block->round ||
			!column->column.starts)
		return false;
	yes = pool_take(pool, BLOCK_WORDS);
	if (!yes)
		return false;
	plane_and(block->rows, column->column.known, wanted);
	(void)plane_cut(wanted, need, false);
	rows_search(&column->column, block->memories[number].code, wanted, yes);
	return block_answer_known(block, pool, column, yes, out_answer);
}
