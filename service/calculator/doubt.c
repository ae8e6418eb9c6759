/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions in doubt: those that no firm can meet, that every firm meets, or that contradict each
 * other, for every stretch of days on which the policy's parameters stay the same.
 */
#include "calculator/doubt.h"
#include "calculator/score.h"

#include <stdlib.h>
#include <string.h>

#define DOUBT_BUDGET ((size_t)256 << 20)
#define DAYS_MOST 4096	/* changes of one policy; one with more is not judged */
#define DOUBTS_MOST 256 /* of one policy */
#define NO_CLAUSE SIZE_MAX

/* A doubt, and on how many stretches of days it was found. */
struct found {
	enum doubt_kind kind;
	size_t clause, other; /* NO_CLAUSE: several others */
	int slot;	      /* -1: none */
	size_t first, last, stretches;
};

/* What a part of a rule must come out as. */
struct demand {
	size_t clause;
	bool value;
};

struct search {
	struct doubting doubting;
	struct arena *room;   /* of the whole search */
	struct arena work;    /* of the policy at hand */
	uint64_t *attributes; /* it reads */
	uint64_t *parameters;
	int64_t from, until; /* when it is in force */
	int64_t *days;	     /* ascending: first days of its stretches, [0] is ->from */
	size_t day_count;
	struct found *founds;
	size_t found_count;
	struct map demands; /* text → demand */
	size_t demanding;   /* the clause at hand */
	void (*found)(void *context, const struct doubt *doubt);
	void *context;
};

/* --- what the policy reads -------------------------------------------------------------------- */

static bool rules_gather(struct search *search, size_t index)
{
	struct doubting *doubting = &search->doubting;
	const struct clause *clause = &doubting->policy->clauses[index];
	const struct rule *own[] = { clause->rule, clause->met_if, clause->fails_if,
		clause->direct_pass };
	size_t more = clause->score ? clause->score->rule_count : 0;
	size_t count = 0;
	const struct rule **rules =
			ARENA_NEW_ARRAY(&search->work, const struct rule *, more + 4);

	if (!rules)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (own[i])
			rules[count++] = own[i];
	}
	for (size_t i = 0; i < more; i++)
		rules[count++] = clause->score->rules[i];
	doubting->rules[index] = rules;
	doubting->rule_counts[index] = count;
	if (clause->slot >= 0)
		slot_bits_put(search->attributes, clause->slot);
	for (size_t i = 0; i < count; i++) {
		size_t slots = 0;
		const int *list = rule_slots(rules[i], &slots);

		for (size_t k = 0; k < slots; k++) {
			enum scope_role role = ruleset_slot(
					doubting->ruleset, doubting->policy->list, list[k])
							       ->role;

			if (role == SCOPE_ATTRIBUTE)
				slot_bits_put(search->attributes, list[k]);
			else if (role == SCOPE_PARAMETER)
				slot_bits_put(search->parameters, list[k]);
		}
	}
	return true;
}

/* --- stretches of days ------------------------------------------------------------------------ */

static int64_t day_of(const char *text, int64_t otherwise)
{
	struct date date;

	return text && date_parse(slice_from(text), &date) ? date_to_days(date) : otherwise;
}

static void day_add(struct search *search, int64_t day)
{
	if (day > search->from && day <= search->until && search->day_count < DAYS_MOST)
		search->days[search->day_count++] = day;
}

static int day_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static bool days_gather(struct search *search)
{
	const struct ruleset *ruleset = search->doubting.ruleset;
	const Policycalc__V1__DateRange *range = search->doubting.policy->policy->in_force;
	size_t kept = 1;

	search->from = range ? day_of(range->from, day_of(range->known_by, INT64_MIN))
			     : INT64_MIN;
	search->until = range ? day_of(range->until, INT64_MAX) : INT64_MAX;
	search->day_count = 0;
	search->days[search->day_count++] = search->from;
	for (size_t i = 0; i < ruleset->base_count; i++) {
		const Policycalc__V1__Parameter *parameter;

		if (!slot_bits_has(search->parameters, (int)i))
			continue;
		parameter = ruleset->catalog.parameters[ruleset->slots[LIST_ENTERPRISE][i]
									.parameter];
		for (size_t k = 0; k < parameter->n_values; k++) {
			day_add(search, day_of(parameter->values[k]->from, INT64_MIN));
			day_add(search, day_of(parameter->values[k]->until, INT64_MAX - 1) + 1);
		}
	}
	if (search->day_count == DAYS_MOST)
		return false;
	qsort(search->days, search->day_count, sizeof(*search->days), day_compare);
	for (size_t i = 1; i < search->day_count; i++) {
		if (search->days[i] != search->days[kept - 1])
			search->days[kept++] = search->days[i];
	}
	search->day_count = kept;
	return true;
}

static void parameters_bind(struct search *search, int64_t day)
{
	const struct ruleset *ruleset = search->doubting.ruleset;

	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (slot_bits_has(search->parameters, (int)i))
			search->doubting.facts.values[i] = epoch_parameter(ruleset,
					ruleset->slots[LIST_ENTERPRISE][i].parameter, day,
					&search->work);
	}
}

/* --- finding ---------------------------------------------------------------------------------- */

/* @stretch SIZE_MAX: on all of them. */
static void note(struct search *search, enum doubt_kind kind, size_t clause, size_t other,
		int slot, size_t stretch)
{
	struct found *found = search->founds;

	for (size_t i = 0; i < search->found_count; i++, found++) {
		if (found->kind != kind || found->clause != clause || found->other != other)
			continue;
		/* One attribute is enough to show it, and what holds throughout goes before. */
		if (found->slot == slot && stretch != SIZE_MAX && found->last + 1 == stretch) {
			found->last = stretch;
			found->stretches++;
		}
		return;
	}
	if (search->found_count == DOUBTS_MOST)
		return;
	*found = (struct found){ kind, clause, other, slot, stretch, stretch, 1 };
	if (stretch == SIZE_MAX) {
		found->first = 0;
		found->last = search->day_count - 1;
		found->stretches = search->day_count;
	}
	search->found_count++;
}

/* By itself: of a rule that the attribute settles, and of one that reads none. */
static void judge_alone(struct search *search, size_t stretch)
{
	for (size_t i = 0; i < search->doubting.clause_count; i++) {
		const struct clause *clause = &search->doubting.policy->clauses[i];
		Policycalc__V1__ConditionStatus status;

		if (clause->slot >= 0)
			continue;
		status = clause_ask(&search->doubting.facts, search->doubting.policy, clause)
					 .status;
		if (status == STATUS(NOT_MET))
			note(search, DOUBT_NEVER, i, NO_CLAUSE, -1, stretch);
		else if (status == STATUS(MET) && clause->kind == CLAUSE_RULE)
			note(search, DOUBT_ALWAYS, i, NO_CLAUSE, -1, stretch);
	}
}

static bool is_never(const struct search *search, size_t clause)
{
	for (size_t i = 0; i < search->found_count; i++) {
		if (search->founds[i].kind == DOUBT_NEVER && search->founds[i].clause == clause)
			return true;
	}
	return false;
}

static void judge_pairs(struct search *search, const struct sweep *sweep, uint64_t some,
		int slot, size_t stretch)
{
	bool found = false;
	size_t last = NO_CLAUSE;

	for (uint64_t rest = some; rest; rest &= rest - 1) {
		last = (size_t)__builtin_ctzll(rest);
		for (uint64_t others = rest & (rest - 1); others; others &= others - 1) {
			uint64_t pair = (rest & -rest) | (others & -others);
			size_t at = 0;

			while (at < sweep->value_count && sweep->blocked[at] & pair)
				at++;
			if (at < sweep->value_count)
				continue;
			found = true;
			note(search, DOUBT_CONFLICT, (size_t)__builtin_ctzll(others), last,
					slot, stretch);
		}
	}
	for (size_t i = 0; i < sweep->value_count && !found; i++)
		found = !(sweep->blocked[i] & some);
	if (!found && last != NO_CLAUSE)
		note(search, DOUBT_CONFLICT, last, NO_CLAUSE, slot, stretch);
}

static void judge_sweep(struct search *search, const struct sweep *sweep, int slot,
		bool may_be_always, size_t stretch)
{
	uint64_t never = sweep->clauses;
	uint64_t some = 0;
	uint64_t open = 0;

	for (size_t i = 0; i < sweep->value_count; i++) {
		never &= sweep->blocked[i];
		some |= sweep->blocked[i];
		open |= sweep->open[i];
	}
	for (uint64_t rest = sweep->clauses; rest; rest &= rest - 1) {
		size_t index = (size_t)__builtin_ctzll(rest);
		uint64_t bit = rest & -rest;

		if (never & bit)
			note(search, DOUBT_NEVER, index, NO_CLAUSE, slot, stretch);
		else if (!((some | open) & bit) && may_be_always &&
				search->doubting.policy->clauses[index].kind == CLAUSE_RULE)
			note(search, DOUBT_ALWAYS, index, NO_CLAUSE, slot, stretch);
	}
	/* One that fails by itself contradicts everything: it was told. */
	for (uint64_t rest = some; rest; rest &= rest - 1) {
		if (is_never(search, (size_t)__builtin_ctzll(rest)))
			return;
	}
	judge_pairs(search, sweep, some, slot, stretch);
}

static bool stretch_judge(struct search *search, size_t stretch)
{
	struct doubting *doubting = &search->doubting;

	parameters_bind(search, search->days[stretch]);
	judge_alone(search, stretch);
	for (size_t i = 0; i < doubting->ruleset->set_words * 64; i++) {
		struct sweep sweep;
		bool region;

		if (!slot_bits_has(search->attributes, (int)i))
			continue;
		if (!sweep_slot(doubting, (int)i, &sweep))
			return false;
		/* A firm may be in a region that the table does not have. */
		region = strcmp(ruleset_slot(doubting->ruleset, doubting->policy->list, (int)i)
							 ->attribute->choice_table,
					 "regions") == 0;
		if (sweep.complete)
			judge_sweep(search, &sweep, (int)i, !region, stretch);
	}
	return true;
}

/* --- demands of the text ---------------------------------------------------------------------- */

static void on_demand(void *context, const char *text, bool value)
{
	struct search *search = context;
	struct demand *demand = map_find(&search->demands, slice_from(text));

	if (demand) {
		if (demand->value == value)
			return;
		if (demand->clause == search->demanding)
			note(search, DOUBT_NEVER, search->demanding, NO_CLAUSE, -1, SIZE_MAX);
		else
			note(search, DOUBT_CONFLICT, search->demanding, demand->clause, -1,
					SIZE_MAX);
		return;
	}
	demand = ARENA_NEW(&search->work, struct demand);
	if (!demand)
		return;
	*demand = (struct demand){ search->demanding, value };
	if (!map_put(&search->demands, slice_from(text), demand))
		search->work.exhausted = true;
}

/* What one condition requires and another (or the same) excludes, whatever it is made of. */
static void demands_judge(struct search *search)
{
	const struct policy_rules *policy = search->doubting.policy;

	for (size_t i = 0; i < search->doubting.clause_count; i++) {
		const struct clause *clause = &policy->clauses[i];
		bool value = clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REQUIRE;

		search->demanding = i;
		if (clause->kind == CLAUSE_RULE && clause->rule &&
				!rule_demands(clause->rule, value, &search->work, on_demand,
						search))
			break;
	}
	map_fini(&search->demands);
	search->demands = (struct map){ 0 };
}

/* --- telling ---------------------------------------------------------------------------------- */

static void found_tell(const struct search *search, const struct found *found)
{
	const struct doubting *doubting = &search->doubting;
	const struct clause *clauses = doubting->policy->clauses;
	bool to_end = found->last + 1 == search->day_count;
	struct doubt doubt = {
		.kind = found->kind,
		.policy = doubting->policy->policy,
		.condition = clauses[found->clause].condition->id,
		.whole = found->stretches == search->day_count,
		.first = search->days[found->first],
		.last = to_end ? search->until : search->days[found->last + 1] - 1,
	};

	/* A threshold may well be nothing for some time. */
	if (found->kind == DOUBT_ALWAYS && !doubt.whole)
		return;
	if (found->other != NO_CLAUSE)
		doubt.other = clauses[found->other].condition->id;
	if (found->slot >= 0) {
		const struct slot *place = ruleset_slot(
				doubting->ruleset, doubting->policy->list, found->slot);

		doubt.attribute = place->name;
		doubt.label = place->attribute->label;
	}
	search->found(search->context, &doubt);
}

static bool policy_search(struct search *search, const struct policy_rules *policy)
{
	struct doubting *doubting = &search->doubting;
	size_t bytes = doubting->ruleset->set_words * sizeof(uint64_t);
	bool ok = true;

	doubting->policy = policy;
	doubting->clause_count = policy->clause_count < DOUBT_CLAUSES ? policy->clause_count
								      : DOUBT_CLAUSES;
	search->found_count = 0;
	memset(search->attributes, 0, bytes);
	memset(search->parameters, 0, bytes);
	for (size_t i = 0; i < doubting->clause_count && ok; i++)
		ok = rules_gather(search, i);
	if (ok && days_gather(search)) {
		demands_judge(search);
		for (size_t i = 0; i < search->day_count && ok; i++)
			ok = stretch_judge(search, i);
	}
	for (size_t i = 0; i < search->found_count && ok; i++)
		found_tell(search, &search->founds[i]);
	for (size_t i = 0; i < doubting->ruleset->base_count; i++) {
		if (slot_bits_has(search->parameters, (int)i))
			doubting->facts.values[i] = (struct value){ .kind = VALUE_UNKNOWN };
	}
	ok = ok && !search->work.exhausted;
	arena_reset(&search->work);
	return ok;
}

static bool search_init(struct search *search, const struct ruleset *ruleset)
{
	struct facts *facts = &search->doubting.facts;
	size_t slots = ruleset->most_slots + 1;

	search->doubting.ruleset = ruleset;
	*facts = (struct facts){
		.ruleset = ruleset,
		.arena = &search->work,
		.values = ARENA_NEW_ARRAY(search->room, struct value, slots),
		.gaps = ARENA_NEW_ARRAY(search->room, uint64_t *, slots),
		.supplied = ARENA_NEW_ARRAY(search->room, uint64_t, ruleset->set_words),
		.foreign = ARENA_NEW_ARRAY(search->room, uint64_t, ruleset->set_words),
	};
	facts->evaluation = (struct evaluation){
		.values = facts->values,
		.value_count = slots - 1,
		.regions = ruleset->regions,
		.arena = &search->work,
	};
	search->attributes = ARENA_NEW_ARRAY(search->room, uint64_t, ruleset->set_words);
	search->parameters = ARENA_NEW_ARRAY(search->room, uint64_t, ruleset->set_words);
	search->days = ARENA_NEW_ARRAY(search->room, int64_t, DAYS_MOST);
	search->founds = ARENA_NEW_ARRAY(search->room, struct found, DOUBTS_MOST + 1);
	return !search->room->exhausted;
}

bool ruleset_find_doubts(const struct ruleset *ruleset,
		void (*found)(void *context, const struct doubt *doubt), void *context,
		struct error *err)
{
	struct arena room;
	struct search search = { .room = &room, .found = found, .context = context };
	bool ok;

	arena_init(&room, DOUBT_BUDGET);
	arena_init(&search.work, DOUBT_BUDGET);
	ok = search_init(&search, ruleset);
	for (size_t i = 0; i < ruleset->catalog.policy_count && ok; i++)
		ok = policy_search(&search, &ruleset->policies[i]);
	arena_fini(&search.work);
	arena_fini(&room);
	return ok || error_set(err, ERROR_MEMORY,
				     "out of memory while looking for conditions in doubt");
}
