/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atoms about texts in brief. Of many policies each names codes of its own, so that most of what is asked in a
 * block is asked once; what is remembered of an atom lies in five places then, none of them in a near cache.
 */
#include "rules/block_internal.h"

void block_brief_write(struct block *block, uint32_t number)
{
	const struct atom_memory *memory = &block->memories[number];
	struct code_brief *brief = &block->briefs[number];

	brief->answer_count = 0;
	if (memory->hit_count > BRIEF_CODES || memory->answer_count > UINT16_MAX)
		return;
	for (size_t i = 0; i < memory->hit_count; i++) {
		if (memory->hits[i].answer != ANSWER_YES)
			return;
		brief->codes[i] = (uint16_t)memory->hits[i].code;
	}
	brief->count = (uint32_t)memory->hit_count;
	brief->slot = (uint32_t)block->atoms->list[number].slot;
	brief->generation = (uint32_t)memory->generation;
	brief->answer_count = (uint32_t)memory->answer_count;
}

bool block_ask_brief(struct block *block, struct plane_pool *pool, uint32_t number,
		struct block_answer *out_answer)
{
	const struct code_brief *brief = &block->briefs[number];
	const struct slot_codes *codes = &block->codes[brief->slot];
	const uint64_t *planes[BRIEF_CODES];
	uint64_t *yes;
	size_t count = 0;

	/* The planes are there, and no code has come since. */
	if (!brief->answer_count || brief->answer_count != codes->count ||
			brief->generation != (uint32_t)block->code_generation ||
			codes->round != block->round || codes->many ||
			!block->columns[brief->slot].sure)
		return false;
	for (uint32_t i = 0; i < brief->count; i++) {
		planes[count] = codes->planes[brief->codes[i]];
		count += planes[count] != NULL;
	}
	*out_answer = (struct block_answer){ .sure = true,
		.yes = count ? planes[0] : plane_zeros };
	if (count < 2)
		return true;
	yes = pool_take(pool, BLOCK_WORDS);
	if (!yes)
		return false;
	plane_unite(planes, count, yes);
	out_answer->yes = yes;
	return true;
}
