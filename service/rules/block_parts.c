/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answers are kept through a round, and conjunctions of such as are known: of what many policies ask
 * there is little, so that it stays in the nearest cache when it has places of its own.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <assert.h>

/* --- places ------------------------------------------------------------------------------------ */

/* Answers that the machine gives row by row are kept by their atoms. */
static bool is_kept(const struct formula *formula)
{
	return formula->asked > 1 && !formula->opaque &&
	       (formula->kind == FORMULA_ATOM || formula->kind == FORMULA_ALL);
}

bool block_places_init(struct block *block)
{
	const struct atoms *atoms = block->atoms;
	uint32_t count = 1;

	block->places = memory_alloc_zero(atoms->formula_count + 1, sizeof(*block->places));
	for (size_t i = 0; block->places && i < atoms->formula_count; i++) {
		if (is_kept(&atoms->formulas[i]))
			block->places[i] = count++;
	}
	block->place_count = count;
	block->place_formulas = memory_alloc_zero(count, sizeof(*block->place_formulas));
	block->place_notes = memory_alloc_zero(count, sizeof(*block->place_notes));
	block->sure = memory_alloc_zero(count, sizeof(*block->sure));
	if (!block->places || !block->place_formulas || !block->place_notes || !block->sure)
		return false;
	for (size_t i = 0; i < atoms->formula_count; i++) {
		if (block->places[i])
			block->place_formulas[block->places[i]] = (uint32_t)i;
	}
	return true;
}

void block_places_fini(struct block *block)
{
	memory_free(block->places);
	memory_free(block->place_formulas);
	memory_free(block->place_notes);
	memory_free(block->sure);
}

bool block_part(const struct block *block, uint32_t literal, uint32_t *out_part)
{
	*out_part = 2 * block->places[literal / 2] + literal % 2;
	return *out_part > 1;
}

/* --- parts ------------------------------------------------------------------------------------- */

/* false: it is false of all rows. */
static inline __attribute__((always_inline)) bool part_put(const struct block *block,
		struct block_parts *parts, const uint64_t *yes, bool negated)
{
	if (yes == (negated ? block->rows : plane_zeros))
		return false;
	if (yes == (negated ? plane_zeros : block->rows))
		return true;
	if (negated)
		parts->out_of[parts->out_of_count++] = yes;
	else
		parts->in[parts->in_count++] = yes;
	return true;
}

bool block_parts_find(const struct block *block, const uint32_t *given, size_t count,
		struct block_parts *parts)
{
	assert(count <= BLOCK_PARTS_MOST);
	parts->in_count = parts->out_of_count = parts->asked_count = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t place = given[i] / 2;
		const uint64_t *yes = block->sure[place];

		if (!yes)
			parts->asked[parts->asked_count++] =
					2 * block->place_formulas[place] + given[i] % 2;
		else if (!part_put(block, parts, yes, given[i] % 2))
			return false;
	}
	return true;
}

bool block_literals_find(const struct block *block, const uint32_t *literals, size_t count,
		struct block_parts *parts)
{
	assert(count <= BLOCK_PARTS_MOST);
	parts->in_count = parts->out_of_count = parts->asked_count = 0;
	for (size_t i = 0; i < count; i++) {
		/* At place 0 there is never any. */
		const uint64_t *yes = block->sure[block->places[literals[i] / 2]];

		if (!yes)
			parts->asked[parts->asked_count++] = literals[i];
		else if (!part_put(block, parts, yes, literals[i] % 2))
			return false;
	}
	return true;
}

bool block_parts_choose(
		const struct block *block, const struct block_parts *parts, uint64_t *out_rows)
{
	return plane_choose(block->rows, parts->in, parts->in_count, parts->out_of,
			parts->out_of_count, out_rows);
}

/* --- ahead of time ----------------------------------------------------------------------------- */

void block_fetch(const struct block *block, uint32_t literal, unsigned step)
{
	const struct formula *formula = &block->atoms->formulas[literal / 2];

	if (step == 0)
		__builtin_prefetch(formula);
	else if (formula->kind == FORMULA_ATOM)
		__builtin_prefetch(&block->briefs[formula->at]);
	else if (formula->kind == FORMULA_ALL)
		__builtin_prefetch(&block->atoms->literals[formula->at]);
}
