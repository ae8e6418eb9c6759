/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for changes, over flips of the rules.
 *
 * A state is a set of changes. Asking the conditions in a state tells which of them still stand in
 * the way; whoever wants to get on must turn each, so that the one with the fewest flips is branched
 * on, and a state with a condition that nothing turns is a dead end. A slot that was changed may go
 * on in its direction: every flip is the nearest, so that no path to the cheapest end passes it by.
 * A state is entered once, states and kept ends are bounded, and a state dearer than the dearest end
 * that is kept is left. Every rule is evaluated again in every state, so that what one change does to
 * derived attributes and to other conditions needs no thought here.
 */
#include "calculator/near.h"

#include <string.h>

#define STATES_MOST 1024 /* of one item, or of the enterprise */
#define DEPTH_MOST 12
#define ITEMS_TRIED 32 /* the first so many */

struct search {
	struct facts *work;
	const struct policy_rules *policy;
	const struct item_facts *item; /* at hand, or NULL */
	size_t item_index;
	bool cliff;
	enum near_goal *goals; /* by clause */
	struct flip_world world;
	struct near_change changes[NEAR_CHANGES_MOST];
	size_t change_count;
	size_t changes_most;
	int64_t cost;
	uint64_t visited[STATES_MOST];
	size_t state_count;
	struct near_list *list;
};

/* --- changes ---------------------------------------------------------------------------------- */

static size_t change_find(const struct search *search, int slot)
{
	size_t at = 0;

	while (at < search->change_count && search->changes[at].flip.slot != slot)
		at++;
	return at;
}

/* --- the world as the rules see it ------------------------------------------------------------ */

/* The codes the dictionary lets an attribute take. Where they are kept goes with the search. */
static void reach_codes(const struct search *search, const Policycalc__V1__Attribute *attribute,
		struct flip_reach *out_reach)
{
	struct value *codes = ARENA_NEW_ARRAY(
			search->work->arena, struct value, attribute->n_choices);

	if (!codes)
		return;
	for (size_t i = 0; i < attribute->n_choices; i++)
		codes[i] = (struct value){ .kind = VALUE_STRING,
			.text = slice_from(attribute->choices[i]->code) };
	out_reach->codes = codes;
	out_reach->code_count = attribute->n_choices;
}

static void reach_directions(const struct search *search,
		const Policycalc__V1__Attribute *attribute, struct flip_reach *out_reach)
{
	int direction = (int)attribute->direction;

	/* What the firm does not do by itself may still happen to it. */
	out_reach->up = search->cliff || direction != POLICYCALC__V1__DIRECTION__DIRECTION_DOWN;
	out_reach->down = search->cliff || direction != POLICYCALC__V1__DIRECTION__DIRECTION_UP;
	out_reach->least = attribute->_minimum_case ? attribute->minimum : INT64_MIN;
	out_reach->most = attribute->_maximum_case ? attribute->maximum : INT64_MAX;
	out_reach->has_until = true;
	out_reach->until = search->work->values[search->work->ruleset->as_of_slot]
					   .timestamp.seconds;
}

static bool slot_reach(void *context, int slot, struct flip_reach *out_reach)
{
	const struct search *search = context;
	const struct slot *at = ruleset_slot(search->work->ruleset, search->policy->list, slot);
	enum value_kind kind = search->work->values[slot].kind;
	size_t changed = change_find(search, slot);

	if (at->role != SCOPE_ATTRIBUTE || at->derived || at->back > 0 ||
			!at->attribute->mutable_ || (search->cliff && kind != VALUE_INT) ||
			(changed == search->change_count &&
					search->change_count == search->changes_most))
		return false;
	reach_directions(search, at->attribute, out_reach);
	if (at->attribute->n_choices)
		reach_codes(search, at->attribute, out_reach);
	if (changed == search->change_count)
		return true;
	if (kind == VALUE_INT || kind == VALUE_TIMESTAMP) {
		out_reach->up = near_is_upward(&search->changes[changed]);
		out_reach->down = !out_reach->up;
		return true;
	}
	/* A title that is new may have to last longer; all else was changed once and for all. */
	out_reach->down = false;
	return kind == VALUE_MAP && !search->changes[changed].flip.removes;
}

static const struct rule *slot_behind(void *context, int slot)
{
	const struct search *search = context;
	const struct ruleset *ruleset = search->work->ruleset;
	enum item_list list = (size_t)slot < ruleset->base_count ? LIST_ENTERPRISE
								 : search->policy->list;
	const uint64_t *supplied = list == LIST_ENTERPRISE ? search->work->supplied
				   : search->item	   ? search->item->supplied
							   : NULL;

	if (!ruleset_slot(ruleset, list, slot)->derived ||
			(supplied && slot_bits_has(supplied, slot)))
		return NULL;
	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		if (ruleset->derivations[list][i].slot == slot)
			return ruleset->derivations[list][i].rule;
	}
	return NULL;
}

static void slot_set(void *context, int slot, struct value value)
{
	struct search *search = context;

	facts_change(search->work, search->policy->list, search->item, slot, value);
}

/* --- conditions ------------------------------------------------------------------------------- */

/*
 * The flips of the condition with the fewest; *out_done when none stands in the way. Of a condition
 * that must stay as it is only the loss stands in the way.
 */
static size_t flips_next(const struct search *search, struct flip *out_flips, bool *out_done)
{
	const struct near_asking asking = { search->work, search->policy, &search->world };
	struct flip flips[NEAR_FLIPS_MOST];
	size_t fewest = SIZE_MAX;

	for (size_t i = 0; i < search->policy->clause_count && fewest; i++) {
		const struct clause *clause = &search->policy->clauses[i];
		size_t count;

		if (search->goals[i] == NEAR_NONE ||
				near_goal_is_reached(search->goals[i],
						clause_ask(search->work, search->policy, clause)
								.status))
			continue;
		count = near_clause_flips(&asking, clause, search->goals[i], flips);
		if (count < fewest) {
			fewest = count;
			memcpy(out_flips, flips, count * sizeof(*flips));
		}
	}
	*out_done = fewest == SIZE_MAX;
	return *out_done ? 0 : fewest;
}

/* --- ends ------------------------------------------------------------------------------------- */

static void state_keep(struct search *search)
{
	struct near_found found = { .count = search->change_count,
		.item = search->item ? search->item_index : 0,
		.cost = search->cost };

	memcpy(found.changes, search->changes, sizeof(found.changes));
	if (found.count == 2 && found.changes[1].flip.slot < found.changes[0].flip.slot) {
		struct near_change first = found.changes[0];

		found.changes[0] = found.changes[1];
		found.changes[1] = first;
	}
	if (found.count)
		near_list_keep(search->list, &found);
}

/* --- states ----------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

/* The same for the same changes, whatever their order. */
static uint64_t state_hash(const struct search *search)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < search->change_count; i++) {
		const struct flip *flip = &search->changes[i].flip;
		uint64_t hash = mix((uint64_t)flip->slot + 1, flip->removes);

		switch ((int)flip->target.kind) {
		case VALUE_INT:
			hash = mix(hash, (uint64_t)flip->target.integer);
			break;
		case VALUE_TIMESTAMP:
			hash = mix(hash, (uint64_t)flip->target.timestamp.seconds);
			break;
		case VALUE_STRING:
			for (size_t k = 0; k < flip->target.text.size; k++)
				hash = mix(hash, (unsigned char)flip->target.text.data[k]);
			hash = mix(hash, (uint64_t)flip->until);
			break;
		default:
			hash = mix(hash, flip->target.boolean);
			break;
		}
		sum += hash;
	}
	return sum;
}

/* Whether the state is new and there is room for it. */
static bool state_enter(struct search *search)
{
	uint64_t hash = state_hash(search);

	for (size_t i = 0; i < search->state_count; i++) {
		if (search->visited[i] == hash)
			return false;
	}
	if (search->state_count == STATES_MOST)
		return false;
	search->visited[search->state_count++] = hash;
	return true;
}

static int64_t flip_cost(const struct search *search, const struct near_change *change)
{
	return near_cost(ruleset_slot(search->work->ruleset, search->policy->list,
					 change->flip.slot)
					 ->attribute,
			change);
}

/* What the slot of a flip comes to with it. */
static int64_t step_cost(const struct search *search, const struct flip *flip)
{
	size_t at = change_find(search, flip->slot);
	struct near_change change = { *flip,
		at < search->change_count ? search->changes[at].observed
					  : search->work->values[flip->slot] };

	return flip_cost(search, &change);
}

static void explore(struct search *search, unsigned depth);

static void step_take(struct search *search, const struct flip *flip, unsigned depth)
{
	size_t at = change_find(search, flip->slot);
	struct value before = search->work->values[flip->slot];
	struct near_change change = { *flip, before };
	struct near_change replaced = { 0 };
	int64_t cost = search->cost;
	bool fresh = at == search->change_count;

	if (!fresh) {
		replaced = search->changes[at];
		change.observed = replaced.observed;
		/* A map holds the code already; another one would be a second change of it. */
		if (before.kind == VALUE_MAP &&
				!slice_equals(replaced.flip.target.text, flip->target.text))
			return;
	}
	search->changes[at] = change;
	search->change_count += fresh;
	search->cost = 0;
	for (size_t i = 0; i < search->change_count; i++)
		search->cost += flip_cost(search, &search->changes[i]);
	if ((search->list->count < NEAR_KEPT_MOST ||
			    search->cost <= search->list->found[NEAR_KEPT_MOST - 1].cost) &&
			state_enter(search)) {
		slot_set(search, flip->slot, near_value(&change, search->work->arena));
		explore(search, depth + 1);
		slot_set(search, flip->slot, before);
	}
	search->cost = cost;
	search->change_count -= fresh;
	if (!fresh)
		search->changes[at] = replaced;
}

/* The cheapest first, so that dear states are left early; of equal ones as they came. */
static void flips_sort(const struct search *search, struct flip *flips, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct flip flip = flips[i];
		int64_t cost = step_cost(search, &flip);
		size_t at = i;

		for (; at > 0 && step_cost(search, &flips[at - 1]) > cost; at--)
			flips[at] = flips[at - 1];
		flips[at] = flip;
	}
}

static void explore(struct search *search, unsigned depth)
{
	struct arena *arena = search->work->arena;
	struct arena_mark mark = arena_mark(arena);
	struct flip flips[NEAR_FLIPS_MOST];
	bool done;
	size_t count;

	if (arena->exhausted || depth > DEPTH_MOST)
		return;
	count = flips_next(search, flips, &done);
	flips_sort(search, flips, count);
	if (done)
		state_keep(search);
	for (size_t i = 0; i < count; i++) {
		if (!search->world.keeps)
			arena_rewind(arena, mark);
		step_take(search, &flips[i], depth);
	}
	if (!search->world.keeps)
		arena_rewind(arena, mark);
}

/* --- misses ----------------------------------------------------------------------------------- */

static enum near_goal goal_of(
		const struct clause *clause, Policycalc__V1__ConditionStatus status)
{
	if (status != STATUS(NOT_MET))
		return NEAR_NOT_LOST;
	return clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW && !clause->met_if
			       ? NEAR_NOT_LOST
			       : NEAR_MET;
}

bool near_is_turned(const struct clause *clause, Policycalc__V1__ConditionStatus before,
		Policycalc__V1__ConditionStatus after)
{
	return near_goal_is_reached(goal_of(clause, before), after);
}

/* Whether some derived value is more than a word and lives in the arena. */
static bool derives_deep(const struct ruleset *ruleset, enum item_list list)
{
	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		const struct rule *rule = ruleset->derivations[list][i].rule;
		enum type_kind kind = rule ? rule_type(rule)->kind : TYPE_INT;

		if (kind != TYPE_INT && kind != TYPE_BOOL && kind != TYPE_TIMESTAMP)
			return true;
	}
	return false;
}

static bool search_init(struct search *search, const struct facts *facts,
		const struct outcome *outcome, bool cliff, struct near_list *list)
{
	*search = (struct search){
		.work = facts_copy(facts, outcome->policy->list, false),
		.policy = outcome->policy,
		.cliff = cliff,
		.changes_most = cliff ? 1 : NEAR_CHANGES_MOST,
		.list = list,
	};
	search->goals = ARENA_NEW_ARRAY(
			facts->arena, enum near_goal, outcome->policy->clause_count + 1);
	if (!search->work || !search->goals)
		return false;
	search->world = (struct flip_world){
		.context = search,
		.evaluation = &search->work->evaluation,
		.reach = slot_reach,
		.behind = slot_behind,
		.set = slot_set,
		.keeps = derives_deep(facts->ruleset, LIST_ENTERPRISE) ||
			 derives_deep(facts->ruleset, outcome->policy->list),
	};
	return true;
}

/* Puts an item at hand; NULL: there is none, and its conditions are left out. */
static void search_enter(struct search *search, const struct outcome *outcome, size_t index)
{
	const struct policy_rules *policy = outcome->policy;
	const struct item_outcome *item =
			index < outcome->item_count ? &outcome->items[index] : NULL;

	search->item = item ? item->item : NULL;
	search->item_index = index;
	if (item)
		facts_enter_item(search->work, policy->list, item->item);
	for (size_t i = 0; i < policy->clause_count; i++) {
		const struct clause *clause = &policy->clauses[i];

		search->goals[i] = NEAR_NONE;
		if (clause->per_item ? item != NULL : true)
			search->goals[i] = goal_of(
					clause, clause->per_item ? item->results[i].status
								 : outcome->results[i].status);
	}
}

void near_search_misses(const struct facts *facts, const struct outcome *outcome,
		struct near_list *out_list)
{
	struct search search;
	size_t count = outcome->policy->list == LIST_ENTERPRISE || outcome->list_unknown
				       ? 1
				       : outcome->item_count;

	*out_list = (struct near_list){ .base_count = facts->ruleset->base_count,
		.cliffs = false };
	if (!search_init(&search, facts, outcome, false, out_list))
		return;
	for (size_t i = 0; i < count && i < ITEMS_TRIED; i++) {
		search_enter(&search, outcome, i);
		search.state_count = 0;
		explore(&search, 0);
	}
}

/* --- cliffs ----------------------------------------------------------------------------------- */

void near_search_cliffs(const struct facts *facts, const struct outcome *outcome,
		struct near_list *out_list)
{
	const struct policy_rules *policy = outcome->policy;
	struct search search;
	size_t count = policy->list == LIST_ENTERPRISE ? 1 : outcome->item_count;

	*out_list = (struct near_list){ .base_count = facts->ruleset->base_count,
		.cliffs = true };
	if (!search_init(&search, facts, outcome, true, out_list))
		return;
	for (size_t item = 0; item < count && item < ITEMS_TRIED; item++) {
		if (policy->list != LIST_ENTERPRISE &&
				outcome->items[item].verdict != VERDICT(ELIGIBLE))
			continue;
		search_enter(&search, outcome, item);
		for (size_t i = 0; i < policy->clause_count; i++)
			search.goals[i] = NEAR_NONE;
		for (size_t i = 0; i < policy->clause_count; i++) {
			search.goals[i] = NEAR_LOST;
			search.state_count = 0;
			explore(&search, 0);
			search.goals[i] = NEAR_NONE;
		}
	}
}
