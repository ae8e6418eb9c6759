/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From policies to positions, one for each of their alternatives. Most policies have one: their literals are sets, but
 * for one that may be an "or".
 */
#include "rules/match_internal.h"

#define AHEAD 6 /* policies that are asked for before their turn */

/* Adds a set to the run at hand, that of ->run_count; what asks one part is one set. There is room. */
static void run_extend(struct match_build *build, uint32_t set, uint32_t part)
{
	struct match_stamp *stamp = &build->stamps[part];
	uint32_t *entries = build->entries.data;

	if (stamp->run != build->run_count) {
		*stamp = (struct match_stamp){ build->run_count,
			(uint32_t)build->entries.count };
		entries[build->entries.count++] = set;
		return;
	}
	entries[stamp->entry] = match_sets_join(build, entries[stamp->entry], set, false);
}

/* Begins a run of at most @count sets; false when memory is short. */
static bool run_begin(struct match_build *build, size_t count, size_t *out_first)
{
	*out_first = build->entries.count;
	build->run_count++;
	if (!match_list_room(&build->entries, count, sizeof(uint32_t)))
		build->failed = true;
	return !build->failed;
}

/* A run of the literals that are sets, which begins at @out_first; the one that is none goes to @out_plan. false: there
 * are several, or ->failed. */
static bool literals_take(struct match_build *build, const struct formula *formula,
		size_t *out_first, struct match_plan *out_plan)
{
	const uint32_t *literals = build->atoms->literals + formula->at;
	bool ok = run_begin(build, formula->count, out_first);

	for (uint32_t i = 0; ok && i < formula->count; i++) {
		/* No set, and no "or" of sets. */
		const struct match_made *made =
				literals[i] < LITERAL_WHOLE ? &build->made[literals[i]] : NULL;

		if (made && match_made_is_set(made)) {
			run_extend(build, made->number - 1, made->part);
			continue;
		}
		if (made && !made->number) {
			/* What is made may have a run of its own: this one begins anew. */
			build->entries.count = *out_first;
			out_plan->count = 0;
			ok = match_literal_make(build, literals[i]) &&
			     run_begin(build, formula->count, out_first);
			i = UINT32_MAX;
			continue;
		}
		ok = made && !out_plan->count;
		if (!ok)
			break;
		*out_plan = *match_plan_at(build, made->number - 1);
		ok = out_plan->count == 1 &&
		     match_way_at(build, out_plan->first)->any.count != 0;
	}
	if (!ok)
		build->entries.count = *out_first;
	return ok;
}

bool match_plain_way(struct match_build *build, const struct formula *formula,
		struct match_way *out_way, bool *out_open)
{
	struct match_plan plan = { .count = 0 };
	struct match_way way = { .all = { 0, 0 } };
	size_t first;

	if (!literals_take(build, formula, &first, &plan))
		return false;
	if (plan.count)
		way = *match_way_at(build, plan.first);
	if (!match_list_room(&build->entries, way.all.count, sizeof(uint32_t))) {
		build->failed = true;
		return false;
	}
	for (uint32_t k = 0; k < way.all.count && !build->failed; k++) {
		uint32_t set = *match_entries_at(build, way.all.first + k);

		run_extend(build, set, match_set_at(build, set)->part);
	}
	way.all = (struct match_run){ (uint32_t)first,
		(uint32_t)(build->entries.count - first) };
	*out_way = way;
	*out_open = plan.open;
	return !build->failed;
}

/* --- positions --------------------------------------------------------------------------------- */

static bool way_put(struct match_build *build, size_t policy, const struct match_way *way,
		bool special, bool open)
{
	struct match_position *room = match_list_room(&build->positions, 1, sizeof(*room));

	if (!room) {
		build->failed = true;
		return false;
	}
	*room = (struct match_position){ .policy = policy % MATCH_POLICIES_MOST,
		.special = special,
		.open = open,
		.way = *way };
	build->positions.count++;
	build->asked_count += way->all.count + way->any.count;
	for (uint32_t i = 0; i < way->all.count; i++)
		match_uses_at(build, *match_entries_at(build, way->all.first + i))->all++;
	for (uint32_t i = 0; i < way->any.count; i++)
		match_uses_at(build, *match_entries_at(build, way->any.first + i))->any++;
	return true;
}

static bool policy_put(struct match_build *build, size_t policy)
{
	uint32_t literal = build->options->literals[policy];
	struct match_plan plan;
	struct match_way way;
	bool open;
	uint32_t made;

	if (literal >= LITERAL_WHOLE && literal % 2 == 0 &&
			match_plain_way(build, atoms_formula(build->atoms, literal), &way,
					&open))
		return way_put(build, policy, &way, open, open);
	if (build->failed)
		return false;
	made = match_plan_make(build, literal);
	if (build->failed)
		return false;
	plan = *match_plan_at(build, made);
	for (uint32_t i = 0; i < plan.count; i++) {
		way = *match_way_at(build, plan.first + i);
		if (!way_put(build, policy, &way, plan.open || plan.count > 1, plan.open))
			return false;
	}
	return true;
}

/*
 * The formulas of the policies behind @at will be read soon. One leads to the next: a policy to its formula, this to
 * its literals, these to what was made of them, and each is asked for before it is looked at.
 */
static void policies_fetch(const struct match_build *build, size_t at)
{
	const struct atoms *atoms = build->atoms;
	const uint32_t *policies = build->options->literals;
	size_t count = build->options->policy_count;
	const struct formula *formula;

	if (at + 3 * AHEAD < count)
		__builtin_prefetch(atoms_formula(atoms, policies[at + 3 * AHEAD]));
	if (at + 2 * AHEAD < count) {
		formula = atoms_formula(atoms, policies[at + 2 * AHEAD]);
		if (formula->kind == FORMULA_ALL)
			__builtin_prefetch(atoms->literals + formula->at);
	}
	if (at + AHEAD < count) {
		formula = atoms_formula(atoms, policies[at + AHEAD]);
		for (uint32_t i = 0; formula->kind == FORMULA_ALL && i < formula->count; i++) {
			uint32_t literal = atoms->literals[formula->at + i];

			if (literal < LITERAL_WHOLE)
				__builtin_prefetch(&build->made[literal]);
		}
	}
}

/* Of each formula the sides that are asked, bit 0 what it says and bit 1 its negation; from wholes to their parts. */
static uint8_t *sides_make(struct match_build *build)
{
	const struct atoms *atoms = build->atoms;
	uint8_t *sides = ARENA_NEW_ARRAY(&build->arena, uint8_t, atoms->formula_count);

	for (size_t i = sides ? atoms->formula_count : 0; i-- > 0;) {
		const struct formula *formula = &atoms->formulas[i];

		sides[i] |= formula->stands;
		if (formula->kind != FORMULA_ALL || !sides[i])
			continue;
		for (uint32_t k = 0; k < formula->count; k++) {
			uint32_t literal = atoms->literals[formula->at + k];

			if (literal >= LITERAL_WHOLE)
				continue;
			if (sides[i] & 1)
				sides[literal / 2] |= (uint8_t)(1U << literal % 2);
			literal = atoms_negate(atoms, literal);
			if (sides[i] & 2)
				sides[literal / 2] |= (uint8_t)(1U << literal % 2);
		}
	}
	return sides;
}

/*
 * The plans of all literals that wholes are made of, and of what these are made of, one behind the other: what policies
 * ask lies here and there. Others are made when a policy asks them.
 */
static bool plans_build(struct match_build *build)
{
	struct arena_mark mark = arena_mark(&build->arena);
	const uint8_t *sides = sides_make(build);

	for (size_t i = 0; sides && i < build->atoms->formula_count; i++) {
		for (unsigned side = 0; side < 2; side++) {
			uint32_t literal = 2 * (uint32_t)i + side;

			if (((sides[i] >> side) & 1) && !build->made[literal].number)
				(void)match_literal_make(build, literal);
		}
		if (build->failed)
			return false;
	}
	arena_rewind(&build->arena, mark);
	return sides != NULL;
}

bool match_positions_build(struct match_build *build)
{
	build->stamps = ARENA_NEW_ARRAY(
			&build->arena, struct match_stamp, build->index->part_count + 1);
	if (!build->stamps || !plans_build(build))
		return false;
	for (size_t i = 0; i < build->options->policy_count; i++) {
		policies_fetch(build, i);
		if (!policy_put(build, i) || build->arena.exhausted)
			return false;
	}
	return true;
}
