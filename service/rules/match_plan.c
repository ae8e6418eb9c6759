/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From literals to alternatives. What is worked out for a literal is what does not make it false, which
 * is exact for "and" and "or"; a plan is open when it may be neither true nor false of values that are
 * all known, or when it was cut short.
 */
#include "rules/match_internal.h"

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

static void way_push(struct match_build *build, const struct match_way *way)
{
	struct match_way *room = match_list_room(&build->ways, 1, sizeof(*room));

	if (!room) {
		build->failed = true;
		return;
	}
	*room = *way;
	build->ways.count++;
}

/* The entries from @first on. */
static struct match_run entries_since(const struct match_build *build, size_t first)
{
	return (struct match_run){ (uint32_t)first, (uint32_t)(build->entries.count - first) };
}

/* Nothing is ruled out. */
static uint32_t plan_any(struct match_build *build, bool open)
{
	struct match_plan plan = { (uint32_t)build->ways.count, 1, open };

	way_push(build, &(struct match_way){ .all = { 0, 0 } });
	return plan_add(build, &plan);
}

static uint32_t plan_of_set(struct match_build *build, uint32_t set, bool open)
{
	struct match_plan plan = { (uint32_t)build->ways.count, 1, open };
	size_t first = build->entries.count;

	entry_push(build, set);
	way_push(build, &(struct match_way){ .all = entries_since(build, first) });
	return plan_add(build, &plan);
}

/* --- formulas ---------------------------------------------------------------------------------- */

/* The alternatives of a plan as they are put together; none has an "or" of its own. */
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
	uint32_t set = run->count == 1 ? *match_entries_at(build, run->first) : UINT32_MAX;

	if (run->count == 0)
		joining->any = true;
	for (uint32_t i = 0; i < joining->count && set != UINT32_MAX; i++) {
		struct match_run *other = &joining->runs[i];
		uint32_t known;
		uint32_t both;

		if (other->count != 1)
			continue;
		known = *match_entries_at(build, other->first);
		if (match_set_at(build, known)->part != match_set_at(build, set)->part)
			continue;
		both = match_sets_join(build, known, set, true);
		*other = (struct match_run){ (uint32_t)build->entries.count, 1 };
		entry_push(build, both);
		return;
	}
	if (joining->count == MATCH_ALTERNATIVES_MOST)
		joining->any = joining->open = true;
	else
		joining->runs[joining->count++] = *run;
}

/* Adds a set to the run that begins at @first; what asks one part is one set. */
static void run_extend(struct match_build *build, size_t first, uint32_t set)
{
	for (size_t i = first; i < build->entries.count && !build->failed; i++) {
		uint32_t known = *match_entries_at(build, (uint32_t)i);
		uint32_t both;

		if (match_set_at(build, known)->part != match_set_at(build, set)->part)
			continue;
		both = match_sets_join(build, known, set, false);
		((uint32_t *)build->entries.data)[i] = both;
		return;
	}
	entry_push(build, set);
}

/* Adds a way; with an "or", what it is of each of its sets. */
static void joining_put_way(
		struct match_build *build, struct joining *joining, const struct match_way *way)
{
	if (way->any.count == 0)
		joining_put(build, joining, &way->all);
	for (uint32_t i = 0; i < way->any.count && !joining->any && !build->failed; i++) {
		size_t first = build->entries.count;
		struct match_run run;

		for (uint32_t k = 0; k < way->all.count; k++)
			run_extend(build, first, *match_entries_at(build, way->all.first + k));
		run_extend(build, first, *match_entries_at(build, way->any.first + i));
		run = entries_since(build, first);
		joining_put(build, joining, &run);
	}
}

/* Whether it may stand in the "or" of a way: rows tell all of it, but for one border a cell. */
static bool set_is_plain(const struct match_build *build, uint32_t number)
{
	const struct match_set *set = match_set_at(build, number);

	return build->index->parts[set->part].kind != PART_NUMBER || set->count == 1;
}

static bool run_is_plain(const struct match_build *build, const struct match_run *run)
{
	return run->count == 1 && set_is_plain(build, *match_entries_at(build, run->first));
}

/* Those that are one set each are put together in one way. */
static uint32_t joining_plan(struct match_build *build, const struct joining *joining)
{
	struct match_plan plan = { (uint32_t)build->ways.count, 0, joining->open };
	size_t first = build->entries.count;
	uint32_t plain = 0;

	for (uint32_t i = 0; i < joining->count; i++)
		plain += run_is_plain(build, &joining->runs[i]);
	for (uint32_t i = 0; i < joining->count; i++) {
		if (plain >= 2 && run_is_plain(build, &joining->runs[i]))
			entry_push(build, *match_entries_at(build, joining->runs[i].first));
	}
	if (plain >= 2)
		way_push(build, &(struct match_way){ .any = entries_since(build, first) });
	for (uint32_t i = 0; i < joining->count; i++) {
		if (plain < 2 || !run_is_plain(build, &joining->runs[i]))
			way_push(build, &(struct match_way){ .all = joining->runs[i] });
	}
	plan.count = (uint32_t)build->ways.count - plan.first;
	return build->failed ? UINT32_MAX : plan_add(build, &plan);
}

/* What of some sets each part is asked; how many these are. One is to hold, and rows tell all of it; or UINT32_MAX. */
static uint32_t sets_unite(struct match_build *build, const struct formula *formula,
		uint32_t out_sets[static MATCH_ALTERNATIVES_MOST])
{
	uint32_t parts[MATCH_ALTERNATIVES_MOST];
	uint32_t count = 0;

	if (formula->count > MATCH_ALTERNATIVES_MOST)
		return UINT32_MAX;
	for (uint32_t i = 0; i < formula->count; i++) {
		uint32_t literal = build->atoms->literals[formula->at + i];
		const struct match_made *made;
		uint32_t at = 0;

		if (literal >= LITERAL_WHOLE)
			return UINT32_MAX;
		made = &build->made[atoms_negate(build->atoms, literal)];
		if (!match_made_is_set(made))
			return UINT32_MAX;
		while (at < count && parts[at] != made->part)
			at++;
		if (at == count) {
			out_sets[count] = made->number - 1;
			parts[count++] = made->part;
			continue;
		}
		out_sets[at] = match_sets_join(build, out_sets[at], made->number - 1, true);
		if (build->failed)
			return UINT32_MAX;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!set_is_plain(build, out_sets[i]))
			return UINT32_MAX;
	}
	return count;
}

/* One of the negations of its literals, which are sets that were made before; UINT32_MAX: they are not. */
static uint32_t plain_any_plan(struct match_build *build, const struct formula *formula)
{
	uint32_t sets[MATCH_ALTERNATIVES_MOST];
	struct match_plan plan = { (uint32_t)build->ways.count, 1, false };
	size_t first = build->entries.count;
	uint32_t count = sets_unite(build, formula, sets);

	if (count == UINT32_MAX)
		return UINT32_MAX;
	if (count == 1)
		return plan_of_set(build, sets[0], false);
	for (uint32_t i = 0; i < count; i++)
		entry_push(build, sets[i]);
	way_push(build, &(struct match_way){ .any = entries_since(build, first) });
	return plan_add(build, &plan);
}

/* One of the negations of its literals. */
static uint32_t any_plan(struct match_build *build, const struct formula *formula)
{
	uint32_t plain = plain_any_plan(build, formula);
	struct joining joining;

	if (plain != UINT32_MAX || build->failed)
		return plain;
	/* Not all of it is zeroed: its room is filled in order. */
	joining.count = 0;
	joining.open = joining.any = false;
	for (uint32_t i = 0; i < formula->count && !joining.any; i++) {
		uint32_t literal = build->atoms->literals[formula->at + i];
		uint32_t made = match_plan_make(build, atoms_negate(build->atoms, literal));
		struct match_plan part;

		if (build->failed)
			return UINT32_MAX;
		part = *match_plan_at(build, made);
		joining.open |= part.open;
		for (uint32_t k = 0; k < part.count && !joining.any && !build->failed; k++) {
			struct match_way way = *match_way_at(build, part.first + k);

			joining_put_way(build, &joining, &way);
		}
	}
	if (build->failed)
		return UINT32_MAX;
	/* What is left out would have told more. */
	return joining.any ? plan_any(build, true) : joining_plan(build, &joining);
}

/* A part of a conjunction, and among how many its choice is. */
struct choosing {
	struct match_plan plan;
	uint32_t count;
	bool whole; /* the "or" of its way stays one */
	bool left_out;
};

/* The choice @number: its sets go to the run that begins at @first, what stays an "or" to @out_any. */
static void choice_take(struct match_build *build, const struct choosing *choosing,
		uint32_t number, size_t first, struct match_run *out_any)
{
	struct match_way way = { .all = { 0, 0 } };

	for (uint32_t i = 0; i < choosing->plan.count; i++) {
		uint32_t count = 1;

		way = *match_way_at(build, choosing->plan.first + i);
		if (!choosing->whole && way.any.count)
			count = way.any.count;
		if (number < count)
			break;
		number -= count;
	}
	for (uint32_t k = 0; k < way.all.count; k++)
		run_extend(build, first, *match_entries_at(build, way.all.first + k));
	if (choosing->whole)
		*out_any = way.any;
	else if (way.any.count)
		run_extend(build, first, *match_entries_at(build, way.any.first + number));
}

static uint32_t choices_count(const struct match_build *build, const struct match_plan *plan)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < plan->count; i++) {
		uint32_t any = match_way_at(build, plan->first + i)->any.count;

		count += any ? any : 1;
	}
	return count;
}

/* The parts of a conjunction; the "or" of one stays as it is, the widest. */
static struct choosing *choosings_make(
		struct match_build *build, const struct formula *formula, bool *out_open)
{
	struct choosing *list =
			ARENA_NEW_ARRAY(&build->arena, struct choosing, formula->count + 1);
	struct choosing *widest = NULL;

	if (!list) {
		build->failed = true;
		return NULL;
	}
	for (uint32_t i = 0; i < formula->count; i++) {
		uint32_t made = match_plan_make(build, build->atoms->literals[formula->at + i]);

		if (build->failed)
			return NULL;
		list[i].plan = *match_plan_at(build, made);
		list[i].count = choices_count(build, &list[i].plan);
		*out_open |= list[i].plan.open;
		if (list[i].plan.count == 1 &&
				match_way_at(build, list[i].plan.first)->any.count &&
				(!widest || list[i].count > widest->count))
			widest = &list[i];
	}
	if (widest) {
		widest->whole = true;
		widest->count = 1;
	}
	return list;
}

/* That of a conjunction with one way; UINT32_MAX when it has others. */
static uint32_t plain_plan(struct match_build *build, const struct formula *formula)
{
	struct match_plan plan = { .count = 1 };
	struct match_way way;

	if (!match_plain_way(build, formula, &way, &plan.open))
		return UINT32_MAX;
	plan.first = (uint32_t)build->ways.count;
	way_push(build, &way);
	return plan_add(build, &plan);
}

/* All of its literals: a way for each choice among their alternatives. */
static uint32_t all_plan(struct match_build *build, const struct formula *formula)
{
	uint32_t made = plain_plan(build, formula);
	struct match_plan plan = { 0, 1, false };
	struct arena_mark mark = arena_mark(&build->arena);
	struct choosing *list;

	if (made != UINT32_MAX || build->failed)
		return made;
	list = choosings_make(build, formula, &plan.open);
	if (!list)
		return UINT32_MAX;
	for (uint32_t i = 0; i < formula->count; i++) {
		if (plan.count * list[i].count > MATCH_ALTERNATIVES_MOST)
			plan.open = list[i].left_out = true;
		else
			plan.count *= list[i].count;
	}
	plan.first = (uint32_t)build->ways.count;
	for (uint32_t choice = 0; choice < plan.count; choice++) {
		struct match_way way = { .any = { 0, 0 } };
		size_t first = build->entries.count;
		uint32_t left = choice;

		for (uint32_t i = 0; i < formula->count; i++) {
			if (list[i].left_out)
				continue;
			choice_take(build, &list[i], left % list[i].count, first, &way.any);
			left /= list[i].count;
		}
		way.all = entries_since(build, first);
		way_push(build, &way);
	}
	arena_rewind(&build->arena, mark);
	return plan_add(build, &plan);
}

static bool plan_is_set(const struct match_build *build, const struct match_plan *plan)
{
	const struct match_way *way;

	if (plan->count != 1 || plan->open)
		return false;
	way = match_way_at(build, plan->first);
	return way->all.count == 1 && way->any.count == 0;
}

/* Of all but atoms. */
static uint32_t formula_plan(
		struct match_build *build, const struct formula *formula, bool negated)
{
	switch ((enum formula_kind)formula->kind) {
	case FORMULA_TRUE:
		return negated ? plan_add(build, &(struct match_plan){ 0, 0, false })
			       : plan_any(build, false);
	case FORMULA_ALL:
		return negated ? any_plan(build, formula) : all_plan(build, formula);
	case FORMULA_ATOM:
	case FORMULA_ERROR:
	case FORMULA_UNSTATED:
	default:
		return plan_any(build, true);
	}
}

static struct match_made made_of_set(const struct match_build *build, uint32_t set)
{
	return (struct match_made){ set + 1, match_set_at(build, set)->part };
}

bool match_literal_make(struct match_build *build, uint32_t literal)
{
	struct formula formula = build->atoms->formulas[literal / 2];
	uint32_t set = UINT32_MAX, plan = UINT32_MAX;
	bool open = false;

	if (formula.kind == FORMULA_ATOM) {
		set = match_atom_set(build, formula.at, literal % 2, &open);
		if (!build->failed && (set == UINT32_MAX || open))
			plan = set == UINT32_MAX ? plan_any(build, true)
						 : plan_of_set(build, set, true);
	} else {
		plan = formula_plan(build, &formula, literal % 2);
		if (!build->failed && plan_is_set(build, match_plan_at(build, plan)))
			set = *match_entries_at(build,
					match_way_at(build, match_plan_at(build, plan)->first)
							->all.first);
	}
	if (build->failed)
		return false;
	build->made[literal] = set == UINT32_MAX || open ? (struct match_made){ plan + 1,
		MATCH_MADE_PLAN }
							 : made_of_set(build, set);
	return true;
}

uint32_t match_plan_make(struct match_build *build, uint32_t literal)
{
	const struct match_made *made;

	/* What is all of a rule is asked for once, and has no place there. */
	if (literal >= LITERAL_WHOLE)
		return formula_plan(build, atoms_formula(build->atoms, literal), literal % 2);
	made = &build->made[literal];
	if (!made->number && !match_literal_make(build, literal))
		return UINT32_MAX;
	return match_made_is_set(made) ? plan_of_set(build, made->number - 1, false)
				       : made->number - 1;
}
