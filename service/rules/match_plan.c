/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From literals to alternatives. What is worked out for a literal is what does not make it false, which
 * is exact for "and" and "or"; a plan is open when it may be neither true nor false of values that are
 * all known, or when it was cut short.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <string.h>

static const struct match_plan *plan_at(const struct match_build *build, uint32_t plan)
{
	return (const struct match_plan *)build->plans.data + plan;
}

static const struct match_run *run_at(const struct match_build *build, uint32_t run)
{
	return (const struct match_run *)build->runs.data + run;
}

static const uint32_t *entries_at(const struct match_build *build, uint32_t entry)
{
	return (const uint32_t *)build->entries.data + entry;
}

static struct match_set *set_at(const struct match_build *build, uint32_t set)
{
	return (struct match_set *)build->sets.data + set;
}

static const uint64_t *words_at(const struct match_build *build, uint32_t at)
{
	return (const uint64_t *)build->words.data + at;
}

/* --- sets -------------------------------------------------------------------------------------- */

#define RANKS(from, until) ((uint64_t)(from) | (uint64_t)(until) << 32)
#define RANKS_FROM(pair) ((uint32_t)(pair))
#define RANKS_UNTIL(pair) ((uint32_t)((pair) >> 32))

bool match_set_has(const struct match_build *build, const struct match_set *set, uint32_t at)
{
	const uint64_t *words = words_at(build, set->at);

	if (build->index->parts[set->part].kind != PART_NUMBER)
		return (words[at / 64] >> (at % 64)) & 1;
	for (uint32_t i = 0; i < set->count; i++) {
		if (at >= RANKS_FROM(words[i]) && at < RANKS_UNTIL(words[i]))
			return true;
	}
	return false;
}

static uint64_t bits_reversed(uint64_t word)
{
	uint64_t reversed = 0;

	for (int i = 0; i < 64; i++)
		reversed |= ((word >> i) & 1) << (63 - i);
	return reversed;
}

/* Where no registry is asked, what may be expected of enterprises is guessed. */
static void set_guess(const struct match_build *build, struct match_set *set)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = words_at(build, set->at);
	uint64_t in = 0;

	for (uint32_t i = 0; i < set->count; i++)
		in += part->kind == PART_NUMBER ? RANKS_UNTIL(words[i]) - RANKS_FROM(words[i])
						: (uint64_t)__builtin_popcountll(words[i]);
	switch (part->kind) {
	case PART_NUMBER:
		set->pass = 0.05F + 0.35F * (float)in / (float)(part->threshold_count + 1);
		if (set->count == 1 && RANKS_UNTIL(words[0]) == part->threshold_count + 1)
			set->order = RANKS_FROM(words[0]);
		else if (set->count == 1 && RANKS_FROM(words[0]) == 0)
			set->order = UINT64_C(1) << 46 | RANKS_UNTIL(words[0]);
		else if (set->count)
			set->order = UINT64_C(2) << 46 | RANKS_FROM(words[0]);
		break;
	case PART_CODE:
		set->pass = (float)in / (float)part->text_count;
		for (uint32_t i = 0; i < set->count && set->order == 0; i++)
			set->order = bits_reversed(words[i]) >> (i < 8 ? i : 8);
		set->order = ~set->order >> 18 | (in > 2 ? UINT64_C(2) : in - 1) << 46;
		break;
	case PART_MEMBERS:
		set->pass = 0.6F * (float)in / (float)(1U << part->member_count);
		set->order = words[0] << 32;
		break;
	case PART_FLAG:
	default:
		set->pass = 0.7F;
		set->order = words[0] << 32;
		break;
	}
}

/* UINT32_MAX when memory is short. */
static uint32_t set_add(
		struct match_build *build, uint32_t part, const uint64_t *words, size_t count)
{
	uint64_t *room = match_list_room(&build->words, count + 1, sizeof(*words));
	struct match_set *set = match_list_room(&build->sets, 1, sizeof(*set));

	if (!room || !set) {
		build->failed = true;
		return UINT32_MAX;
	}
	if (count)
		memcpy(room, words, count * sizeof(*words));
	*set = (struct match_set){
		.part = part, .at = (uint32_t)build->words.count, .count = (uint32_t)count
	};
	build->words.count += count;
	set_guess(build, set);
	return (uint32_t)build->sets.count++;
}

/* Ranks of either, in order and apart. */
static size_t ranks_unite(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count,
		uint64_t *out)
{
	size_t i = 0, k = 0, count = 0;

	while (i < a_count || k < b_count) {
		uint64_t next = k == b_count || (i < a_count && RANKS_FROM(a[i]) <=
										RANKS_FROM(b[k]))
						? a[i++]
						: b[k++];

		if (count && RANKS_FROM(next) <= RANKS_UNTIL(out[count - 1])) {
			if (RANKS_UNTIL(next) > RANKS_UNTIL(out[count - 1]))
				out[count - 1] = RANKS(
						RANKS_FROM(out[count - 1]), RANKS_UNTIL(next));
			continue;
		}
		out[count++] = next;
	}
	return count;
}

static size_t ranks_intersect(const uint64_t *a, size_t a_count, const uint64_t *b,
		size_t b_count, uint64_t *out)
{
	size_t i = 0, k = 0, count = 0;

	while (i < a_count && k < b_count) {
		uint32_t from = RANKS_FROM(a[i]) > RANKS_FROM(b[k]) ? RANKS_FROM(a[i])
								    : RANKS_FROM(b[k]);
		uint32_t until = RANKS_UNTIL(a[i]) < RANKS_UNTIL(b[k]) ? RANKS_UNTIL(a[i])
								       : RANKS_UNTIL(b[k]);

		if (from < until)
			out[count++] = RANKS(from, until);
		if (RANKS_UNTIL(a[i]) < RANKS_UNTIL(b[k]))
			i++;
		else
			k++;
	}
	return count;
}

/* What is in either of two sets of one part, or in both. */
static uint32_t sets_join(struct match_build *build, uint32_t a, uint32_t b, bool any)
{
	struct match_set left = *set_at(build, a);
	struct match_set right = *set_at(build, b);
	struct arena_mark mark = arena_mark(&build->arena);
	uint64_t *words = ARENA_NEW_ARRAY(
			&build->arena, uint64_t, (size_t)left.count + right.count + 1);
	const uint64_t *in_left = words_at(build, left.at);
	const uint64_t *in_right = words_at(build, right.at);
	size_t count = left.count;
	uint32_t set;

	if (!words) {
		build->failed = true;
		return UINT32_MAX;
	}
	if (build->index->parts[left.part].kind == PART_NUMBER)
		count = (any ? ranks_unite : ranks_intersect)(
				in_left, left.count, in_right, right.count, words);
	else
		for (uint32_t i = 0; i < left.count; i++)
			words[i] = any ? in_left[i] | in_right[i] : in_left[i] & in_right[i];
	set = set_add(build, left.part, words, count);
	arena_rewind(&build->arena, mark);
	return set;
}

/* --- plans ------------------------------------------------------------------------------------- */

static uint32_t plan_add(struct match_build *build, const struct match_plan *plan)
{
	struct match_plan *room = match_list_room(&build->plans, 1, sizeof(*room));

	if (!room) {
		build->failed = true;
		return UINT32_MAX;
	}
	*room = *plan;
	return (uint32_t)build->plans.count++;
}

static void entry_push(struct match_build *build, uint32_t set)
{
	uint32_t *room = match_list_room(&build->entries, 1, sizeof(*room));

	if (!room) {
		build->failed = true;
		return;
	}
	*room = set;
	build->entries.count++;
}

/* A run of the entries from @first on. */
static void run_push(struct match_build *build, size_t first)
{
	struct match_run *room = match_list_room(&build->runs, 1, sizeof(*room));

	if (!room) {
		build->failed = true;
		return;
	}
	*room = (struct match_run){ (uint32_t)first, (uint32_t)(build->entries.count - first) };
	build->runs.count++;
}

/* Nothing is ruled out. */
static uint32_t plan_any(struct match_build *build, bool open)
{
	struct match_plan plan = { (uint32_t)build->runs.count, 1, open };

	run_push(build, build->entries.count);
	return plan_add(build, &plan);
}

static uint32_t plan_of_set(struct match_build *build, uint32_t set, bool open)
{
	struct match_plan plan = { (uint32_t)build->runs.count, 1, open };

	entry_push(build, set);
	run_push(build, build->entries.count - 1);
	return plan_add(build, &plan);
}

/* --- atoms ------------------------------------------------------------------------------------- */

static uint32_t number_plan(struct match_build *build, uint32_t number, bool negated)
{
	const struct atom *atom = &build->atoms->list[number];
	uint32_t at = build->atom_parts[number] - 1;
	const struct match_part *part = &build->index->parts[at];
	uint32_t low = 0, high = part->threshold_count - 1;
	uint64_t ranks;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (part->thresholds[middle] < atom->bound)
			low = middle + 1;
		else
			high = middle;
	}
	ranks = negated ? RANKS(0, low + 1) : RANKS(low + 1, part->threshold_count + 1);
	return plan_of_set(build, set_add(build, at, &ranks, 1), false);
}

static uint32_t code_plan(struct match_build *build, uint32_t number, bool negated)
{
	uint32_t at = build->atom_parts[number] - 1;
	const struct match_part *part = &build->index->parts[at];
	size_t count = (part->text_count + 63) / 64;
	struct arena_mark mark = arena_mark(&build->arena);
	uint64_t *yes = ARENA_NEW_ARRAY(&build->arena, uint64_t, 2 * count);
	uint64_t *no = yes + count;
	bool open;
	uint32_t plan;

	if (!yes) {
		build->failed = true;
		return UINT32_MAX;
	}
	open = !match_code_answers(build, number, yes, no);
	/* An atom that has a value of an unknown text may not be kept apart by a row. */
	if (open) {
		arena_rewind(&build->arena, mark);
		return plan_any(build, true);
	}
	for (uint32_t i = 0; i + (part->closed ? 0U : 1U) < part->text_count; i++)
		open |= !(((yes[i / 64] | no[i / 64]) >> (i % 64)) & 1);
	for (size_t i = 0; i < count; i++) {
		uint64_t all = i + 1 < count || part->text_count % 64 == 0
					       ? UINT64_MAX
					       : (UINT64_C(1) << (part->text_count % 64)) - 1;

		yes[i] = ~(negated ? yes[i] : no[i]) & all;
	}
	plan = plan_of_set(build, set_add(build, at, yes, count), open);
	arena_rewind(&build->arena, mark);
	return plan;
}

static uint32_t atom_plan(struct match_build *build, uint32_t number, bool negated)
{
	uint32_t at = build->atom_parts[number];
	const struct match_part *part;
	uint64_t word = 0;

	if (!at)
		return plan_any(build, true);
	part = &build->index->parts[at - 1];
	switch (part->kind) {
	case PART_NUMBER:
		return number_plan(build, number, negated);
	case PART_CODE:
		return code_plan(build, number, negated);
	case PART_MEMBERS:
		for (uint32_t i = 0; i < part->cell_count; i++) {
			if (((i >> (build->atom_codes[number] - part->member_first)) & 1) ==
					(negated ? 0 : 1))
				word |= UINT64_C(1) << i;
		}
		break;
	case PART_FLAG:
	default:
		word = negated ? 1 : 2;
		break;
	}
	return plan_of_set(build, set_add(build, at - 1, &word, 1), false);
}

/* --- formulas ---------------------------------------------------------------------------------- */

static uint32_t plan_make(struct match_build *build, uint32_t literal);

/* The runs of a plan, or a part of one, as they are put together. */
struct joining {
	struct match_run runs[MATCH_ALTERNATIVES_MOST];
	uint32_t count;
	bool open;
	bool any; /* one of them rules out nothing */
};

/* Adds an alternative; when it and one before each ask one part, and the same, they are one. */
static void joining_put(
		struct match_build *build, struct joining *joining, const struct match_run *run)
{
	uint32_t set = run->count == 1 ? *entries_at(build, run->first) : UINT32_MAX;

	if (run->count == 0)
		joining->any = true;
	for (uint32_t i = 0; i < joining->count && set != UINT32_MAX; i++) {
		struct match_run *other = &joining->runs[i];
		uint32_t known;
		uint32_t both;

		if (other->count != 1)
			continue;
		known = *entries_at(build, other->first);
		if (set_at(build, known)->part != set_at(build, set)->part)
			continue;
		both = sets_join(build, known, set, true);
		*other = (struct match_run){ (uint32_t)build->entries.count, 1 };
		entry_push(build, both);
		return;
	}
	if (joining->count == MATCH_ALTERNATIVES_MOST)
		joining->any = joining->open = true;
	else
		joining->runs[joining->count++] = *run;
}

/* One of the negations of its literals. */
static uint32_t any_plan(struct match_build *build, const struct formula *formula)
{
	struct joining joining = { .count = 0 };
	struct match_plan plan;

	for (uint32_t i = 0; i < formula->count && !joining.any; i++) {
		uint32_t literal = build->atoms->literals[formula->at + i];
		uint32_t made = plan_make(build, atoms_negate(build->atoms, literal));
		struct match_plan part;

		if (build->failed)
			return UINT32_MAX;
		part = *plan_at(build, made);
		joining.open |= part.open;
		for (uint32_t k = 0; k < part.count && !joining.any; k++) {
			struct match_run run = *run_at(build, part.first + k);

			joining_put(build, &joining, &run);
		}
	}
	/* What is left out would have told more. */
	if (joining.any)
		return plan_any(build, true);
	plan = (struct match_plan){ (uint32_t)build->runs.count, joining.count, joining.open };
	for (uint32_t i = 0; i < joining.count; i++) {
		struct match_run *room = match_list_room(&build->runs, 1, sizeof(*room));

		if (!room) {
			build->failed = true;
			return UINT32_MAX;
		}
		*room = joining.runs[i];
		build->runs.count++;
	}
	return plan_add(build, &plan);
}

/* Adds a set to the run that begins at @first; what asks one part is one set. */
static void run_extend(struct match_build *build, size_t first, uint32_t set)
{
	for (size_t i = first; i < build->entries.count && !build->failed; i++) {
		uint32_t known = *entries_at(build, (uint32_t)i);
		uint32_t both;

		if (set_at(build, known)->part != set_at(build, set)->part)
			continue;
		both = sets_join(build, known, set, false);
		((uint32_t *)build->entries.data)[i] = both;
		return;
	}
	entry_push(build, set);
}

/* All of its literals: a run for each choice among their alternatives. */
static uint32_t all_plan(struct match_build *build, const struct formula *formula)
{
	struct match_plan plan = { 0, 1, false };
	struct arena_mark mark = arena_mark(&build->arena);
	uint32_t *made = ARENA_NEW_ARRAY(&build->arena, uint32_t, formula->count + 1);

	if (!made) {
		build->failed = true;
		return UINT32_MAX;
	}
	for (uint32_t i = 0; i < formula->count; i++) {
		const struct match_plan *part;

		made[i] = plan_make(build, build->atoms->literals[formula->at + i]);
		if (build->failed)
			return UINT32_MAX;
		part = plan_at(build, made[i]);
		plan.open |= part->open;
		if (plan.count * part->count > MATCH_ALTERNATIVES_MOST) {
			plan.open = true;
			made[i] = UINT32_MAX;
		} else {
			plan.count *= part->count;
		}
	}
	plan.first = (uint32_t)build->runs.count;
	for (uint32_t choice = 0; choice < plan.count; choice++) {
		size_t first = build->entries.count;
		uint32_t left = choice;

		for (uint32_t i = 0; i < formula->count; i++) {
			struct match_run run;
			uint32_t count;

			if (made[i] == UINT32_MAX)
				continue;
			count = plan_at(build, made[i])->count;
			run = *run_at(build, plan_at(build, made[i])->first + left % count);
			left /= count;
			for (uint32_t k = 0; k < run.count; k++)
				run_extend(build, first, *entries_at(build, run.first + k));
		}
		run_push(build, first);
	}
	arena_rewind(&build->arena, mark);
	return plan_add(build, &plan);
}

static uint32_t plan_make(struct match_build *build, uint32_t literal)
{
	struct formula formula = *atoms_formula(build->atoms, literal);
	uint32_t plan;

	if (build->plan_of[literal])
		return build->plan_of[literal] - 1;
	switch (formula.kind) {
	case FORMULA_TRUE:
		plan = literal == LITERAL_TRUE
				       ? plan_any(build, false)
				       : plan_add(build, &(struct match_plan){ 0, 0, false });
		break;
	case FORMULA_ATOM:
		plan = atom_plan(build, formula.at, literal % 2);
		break;
	case FORMULA_ALL:
		plan = literal % 2 ? any_plan(build, &formula) : all_plan(build, &formula);
		break;
	case FORMULA_ERROR:
	case FORMULA_UNSTATED:
	default:
		plan = plan_any(build, true);
		break;
	}
	if (!build->failed)
		build->plan_of[literal] = plan + 1;
	return plan;
}

/* --- policies ---------------------------------------------------------------------------------- */

bool match_plans_build(struct match_build *build)
{
	for (size_t i = 0; i < build->options->policy_count; i++) {
		uint32_t made = plan_make(build, build->options->literals[i]);
		struct match_plan plan;
		struct match_position *room;

		if (build->failed || build->arena.exhausted)
			return false;
		plan = *plan_at(build, made);
		room = match_list_room(&build->positions, plan.count, sizeof(*room));
		if (!room)
			return false;
		for (uint32_t k = 0; k < plan.count; k++)
			room[k] = (struct match_position){ .policy = (uint32_t)i,
				.run = *run_at(build, plan.first + k),
				.special = plan.open || plan.count > 1,
				.open = plan.open };
		build->positions.count += plan.count;
	}
	return true;
}
