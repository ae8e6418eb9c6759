/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

#define ROW_ARENA ((size_t)256 << 10)
#define ROW_BUDGET ((size_t)64 << 20)

/* --- life -------------------------------------------------------------------------------------- */

static bool attributes_init(struct block *block, const struct scope *scope)
{
	block->attributes = memory_alloc_zero(block->slot_count + 1, sizeof(bool));
	for (size_t i = 0; block->attributes && i < block->slot_count; i++) {
		const struct scope_name *name = scope_name_of_slot(scope, (int)i);

		block->attributes[i] = name && name->role == SCOPE_ATTRIBUTE;
	}
	return block->attributes != NULL;
}

static bool block_init(struct block *block)
{
	const struct atoms *atoms = block->atoms;
	size_t bound = atoms->bound.value_count;

	block->columns = memory_alloc_zero(block->slot_count + 1, sizeof(*block->columns));
	block->atom_notes = memory_alloc_zero(atoms->count + 1, sizeof(*block->atom_notes));
	block->memories = memory_alloc_zero(atoms->count + 1, sizeof(*block->memories));
	block->briefs = memory_alloc_zero(atoms->count + 1, sizeof(*block->briefs));
	block->values = memory_alloc_zero(block->slot_count + 1, sizeof(*block->values));
	if (!block->columns || !block->atom_notes || !block->memories || !block->briefs ||
			!block->values || !block_places_init(block))
		return false;
	if (bound > block->slot_count)
		bound = block->slot_count;
	if (bound)
		memcpy(block->values, atoms->bound.values, bound * sizeof(*block->values));
	/* So large that no row makes it grow. */
	(void)arena_reserve(&block->arena, ROW_ARENA);
	return block->arena.blocks && block_codes_init(block) && block_numbers_init(block);
}

struct block *block_new(const struct atoms *atoms, const struct scope *scope)
{
	struct block *block = memory_alloc_zero(1, sizeof(*block));

	if (!block)
		return NULL;
	block->atoms = atoms;
	block->slot_count = (size_t)scope_slot_count(scope);
	arena_init(&block->arena, ROW_BUDGET);
	if (attributes_init(block, scope) && block_init(block))
		return block;
	block_free(block);
	return NULL;
}

void block_free(struct block *block)
{
	if (!block)
		return;
	for (size_t i = 0; block->memories && i < block->atoms->count; i++) {
		memory_free(block->memories[i].answers);
		memory_free(block->memories[i].own.answers);
		memory_free(block->memories[i].hits);
	}
	block_codes_fini(block);
	block_numbers_fini(block);
	plane_pool_fini(&block->kept);
	plane_pool_fini(&block->scratch);
	memory_free(block->columns);
	memory_free(block->attributes);
	memory_free(block->atom_notes);
	block_places_fini(block);
	memory_free(block->memories);
	memory_free(block->briefs);
	memory_free(block->values);
	arena_fini(&block->arena);
	memory_free(block);
}

bool block_enter(struct block *block, const uint64_t *rows, const struct block_source *source)
{
	block->source = *source;
	block->round++;
	memcpy(block->rows, rows, sizeof(block->rows));
	memset(block->odd, 0, sizeof(block->odd));
	memset(block->sure, 0, block->place_count * sizeof(*block->sure));
	plane_pool_reset(&block->kept);
	plane_pool_reset(&block->scratch);
	return block_codes_renew(block);
}

const uint64_t *block_rows(const struct block *block)
{
	return block->rows;
}

const uint64_t *block_odd_rows(const struct block *block)
{
	return block->odd;
}

/* --- columns ----------------------------------------------------------------------------------- */

/* Whether all rows are known; else @out_asked gets those that wait for an attribute. */
PLANE_CLONES
static bool column_judge(
		const struct block_column *column, const uint64_t *rows, uint64_t *out_asked)
{
	const uint64_t *known = column->known ? column->known : plane_zeros;
	const uint64_t *error = column->error ? column->error : plane_zeros;
	const uint64_t *unstated = column->unstated ? column->unstated : plane_zeros;
	uint64_t lacking = 0;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		lacking |= rows[i] & ~known[i];
		out_asked[i] = rows[i] & ~(known[i] | error[i] | unstated[i]);
	}
	return lacking == 0;
}

const struct slot_column *block_column(struct block *block, int slot, struct error *err)
{
	struct slot_column *column = &block->columns[slot];
	struct block_column made = { 0 };
	uint64_t *asked;

	assert(slot >= 0 && (size_t)slot < block->slot_count);
	if (column->round == block->round)
		return column;
	if (!block->source.column(block->source.context, slot, &made, err))
		return NULL;
	asked = pool_take(&block->kept, BLOCK_WORDS);
	if (!asked) {
		block_fail_memory(err);
		return NULL;
	}
	if (!made.known)
		made.known = plane_zeros;
	column->column = made;
	column->sure = column_judge(&made, block->rows, asked);
	column->asked = asked;
	column->round = block->round;
	return column;
}

bool block_answer_known(struct block *block, struct plane_pool *pool,
		const struct slot_column *column, const uint64_t *yes,
		struct block_answer *out_answer)
{
	uint64_t *no;

	*out_answer = (struct block_answer){ .sure = column->sure, .yes = yes };
	if (column->sure)
		return true;
	no = pool_take(pool, BLOCK_WORDS);
	if (!no)
		return false;
	plane_without(column->column.known, yes, no);
	plane_and(no, block->rows, no);
	out_answer->no = no;
	out_answer->asked = column->asked;
	out_answer->unstated = column->column.unstated ? column->column.unstated : plane_zeros;
	return true;
}

/* --- conjunctions ------------------------------------------------------------------------------ */

/* What is gathered of the parts so far. */
struct gathering {
	struct block_answer answer; /* points to: */
	uint64_t *yes, *no, *asked, *unstated;
};

static bool gathering_init(struct gathering *all, struct plane_pool *pool, const uint64_t *rows)
{
	uint64_t *room = pool_take(pool, (size_t)4 * BLOCK_WORDS);

	if (!room)
		return false;
	*all = (struct gathering){ .answer.sure = true,
		.yes = room,
		.no = room + BLOCK_WORDS,
		.asked = room + (size_t)2 * BLOCK_WORDS,
		.unstated = room + (size_t)3 * BLOCK_WORDS };
	memcpy(all->yes, rows, BLOCK_WORDS * sizeof(*rows));
	return true;
}

static void gathering_widen(struct gathering *all, const uint64_t *rows)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		all->no[i] = rows[i] & ~all->yes[i];
		all->asked[i] = 0;
		all->unstated[i] = 0;
	}
	all->answer.sure = false;
}

PLANE_CLONES
static void join_sure_wide(
		struct gathering *all, const uint64_t *rows, const uint64_t *yes, bool negated)
{
	uint64_t turn = negated ? UINT64_MAX : 0;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t part = yes[i] ^ turn;

		all->yes[i] &= part;
		all->no[i] |= rows[i] & ~part;
	}
}

PLANE_CLONES
static void join_wide(struct gathering *all, const uint64_t *yes, const uint64_t *no,
		const uint64_t *asked, const uint64_t *unstated)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		all->yes[i] &= yes[i];
		all->no[i] |= no[i];
		all->asked[i] |= asked[i];
		all->unstated[i] |= unstated[i];
	}
}

/* The greatest answer counts. */
PLANE_CLONES
static void gathering_finish(struct gathering *all)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		all->asked[i] &= ~all->no[i];
		all->unstated[i] &= ~(all->no[i] | all->asked[i]);
	}
}

static bool formula_ask(struct block *block, uint32_t number, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);

/* Of parts that settle it. *out_yes is NULL when they do not. false: memory is short. */
static bool conjunction_choose(struct block *block, struct plane_pool *pool,
		const struct formula *formula, const uint64_t **out_yes)
{
	struct block_parts parts;
	uint64_t *room;

	*out_yes = NULL;
	if (formula->count > BLOCK_PARTS_MOST)
		return true;
	if (!block_literals_find(block, &block->atoms->literals[formula->at], formula->count,
			    &parts)) {
		*out_yes = plane_zeros;
		return true;
	}
	if (parts.asked_count)
		return true;
	room = pool_take(pool, BLOCK_WORDS);
	if (!room)
		return false;
	*out_yes = block_parts_choose(block, &parts, room) ? room : plane_zeros;
	return true;
}

static bool conjunction_ask(struct block *block, struct plane_pool *pool,
		const struct formula *formula, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	const struct atoms *atoms = block->atoms;
	uint64_t open[BLOCK_WORDS];
	struct gathering all;
	const uint64_t *yes;

	if (!conjunction_choose(block, pool, formula, &yes))
		return block_fail_memory(err);
	if (yes) {
		*out_answer = (struct block_answer){ .sure = true, .yes = yes };
		return true;
	}
	if (!gathering_init(&all, pool, block->rows))
		return block_fail_memory(err);
	for (uint32_t i = 0; i < formula->count; i++) {
		uint32_t literal = atoms->literals[formula->at + i];
		bool negated = literal % 2;
		struct block_mark mark = block_mark(block);
		struct block_answer part;

		if (!formula_ask(block, literal / 2, i ? open : need, &part, err))
			return false;
		if (!part.sure && all.answer.sure)
			gathering_widen(&all, block->rows);
		if (!part.sure)
			join_wide(&all, negated ? part.no : part.yes,
					negated ? part.yes : part.no, part.asked,
					part.unstated);
		else if (all.answer.sure)
			(void)plane_cut(all.yes, part.yes, negated);
		else
			join_sure_wide(&all, block->rows, part.yes, negated);
		block_rewind(block, mark);
		/* The others are asked of what is not ruled out. */
		memcpy(open, need, sizeof(open));
		if (!plane_cut(open, all.answer.sure ? all.yes : all.no, !all.answer.sure))
			break;
	}
	if (!all.answer.sure)
		gathering_finish(&all);
	all.answer.yes = all.yes;
	if (!all.answer.sure) {
		all.answer.no = all.no;
		all.answer.asked = all.asked;
		all.answer.unstated = all.unstated;
	}
	*out_answer = all.answer;
	return true;
}

/* --- formulas ---------------------------------------------------------------------------------- */

/* Keeps the answer for the round; what is the same for all rows is found without looking at them. */
static void note_put(struct block *block, uint32_t place, const struct block_answer *answer)
{
	struct answer_note *note = &block->place_notes[place];

	*note = (struct answer_note){ block->round, *answer };
	if (!answer->sure)
		return;
	if (!plane_meets(block->rows, answer->yes))
		note->answer.yes = plane_zeros;
	else if (!plane_exceeds(block->rows, answer->yes))
		note->answer.yes = block->rows;
	block->sure[place] = note->answer.yes;
}

static bool formula_ask(struct block *block, uint32_t number, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	const struct formula *formula = &block->atoms->formulas[number];
	uint32_t place = block->places[number];

	if (place && block->place_notes[place].round == block->round) {
		*out_answer = block->place_notes[place].answer;
		return true;
	}
	switch ((enum formula_kind)formula->kind) {
	case FORMULA_TRUE:
		*out_answer = (struct block_answer){ .sure = true, .yes = block->rows };
		return true;
	case FORMULA_ERROR:
		*out_answer = (struct block_answer){ false, plane_zeros, plane_zeros,
			plane_zeros, plane_zeros };
		return true;
	case FORMULA_UNSTATED:
		*out_answer = (struct block_answer){ false, plane_zeros, plane_zeros,
			plane_zeros, block->rows };
		return true;
	case FORMULA_ATOM:
		if (!block_ask_brief(block, place ? &block->kept : &block->scratch, formula->at,
				    out_answer) &&
				!block_ask_atom(block, formula->at, place != 0, need,
						out_answer, err))
			return false;
		if (place)
			note_put(block, place, out_answer);
		return true;
	case FORMULA_ALL:
		break;
	}
	if (!conjunction_ask(block, place ? &block->kept : &block->scratch, formula,
			    place ? block->rows : need, out_answer, err))
		return false;
	if (place)
		note_put(block, place, out_answer);
	return true;
}

bool block_ask(struct block *block, uint32_t literal, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	struct block_answer answer;
	uint64_t *yes;

	if (!formula_ask(block, literal / 2, need, &answer, err))
		return false;
	*out_answer = answer;
	if (literal % 2 == 0)
		return true;
	if (!answer.sure) {
		out_answer->yes = answer.no;
		out_answer->no = answer.yes;
		return true;
	}
	yes = pool_take(&block->scratch, BLOCK_WORDS);
	if (!yes)
		return block_fail_memory(err);
	plane_without(block->rows, answer.yes, yes);
	out_answer->yes = yes;
	return true;
}
