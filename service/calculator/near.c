/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses and cliffs as messages. What the search found is held to be nothing but a proposal: the
 * whole policy is asked again with changed facts, and only what that bears out is shown.
 */
#include "calculator/near.h"

#include "base/wide.h"

#include <string.h>

#define PPM 1000000

/* Whom a message is about: the facts as they are, and what was found about a policy. */
struct near_case {
	const struct facts *facts;
	const struct outcome *outcome;
	const struct standing *standing;
	const struct near_found *found;
};

/* --- asking again ----------------------------------------------------------------------------- */

static const struct facts *facts_with(const struct near_case *near)
{
	enum item_list list = near->outcome->policy->list;
	struct facts *changed = facts_copy(near->facts, list, list != LIST_ENTERPRISE);

	if (!changed)
		return NULL;
	for (size_t i = 0; i < near->found->count; i++) {
		const struct near_change *change = &near->found->changes[i];

		facts_change_all(changed, list, near->found->item, change->flip.slot,
				near_value(change, changed->arena));
	}
	return changed;
}

/* Every condition that was not met must be now, and none may have been lost. */
static bool results_hold(const struct near_case *near, bool per_item,
		const struct clause_result *before, const struct clause_result *after)
{
	const struct policy_rules *policy = near->outcome->policy;

	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item == per_item &&
				!near_is_turned(&policy->clauses[i], before[i].status,
						after[i].status))
			return false;
	}
	return true;
}

static bool miss_holds(const struct near_case *near, const struct outcome *after)
{
	const struct outcome *before = near->outcome;
	size_t item = near->found->item;

	if (after->conditions_verdict == VERDICT(INELIGIBLE) ||
			!results_hold(near, false, before->results, after->results))
		return false;
	return item >= before->item_count || item >= after->item_count ||
	       results_hold(near, true, before->items[item].results,
			       after->items[item].results);
}

/* --- messages --------------------------------------------------------------------------------- */

static Policycalc__V1__CodeList *codes_message(const struct value *value, struct arena *arena)
{
	Policycalc__V1__CodeList *codes = ARENA_NEW(arena, Policycalc__V1__CodeList);

	if (!codes)
		return NULL;
	policycalc__v1__code_list__init(codes);
	codes->codes = ARENA_NEW_ARRAY(arena, char *, value->list.count + 1);
	for (size_t i = 0; codes->codes && i < value->list.count; i++)
		codes->codes[codes->n_codes++] = arena_copy(arena,
				value->list.items[i].text.data, value->list.items[i].text.size);
	return codes->codes ? codes : NULL;
}

static char *day_text(const struct value *value, struct arena *arena)
{
	struct timestamp timestamp = { value->timestamp.seconds, value->timestamp.nanos };
	char day[11];

	date_print(timestamp_to_date(timestamp, DATE_CHINA_OFFSET), day);
	return arena_copy_text(arena, day);
}

static Policycalc__V1__TitleList *titles_message(const struct value *value, struct arena *arena)
{
	Policycalc__V1__TitleList *titles = ARENA_NEW(arena, Policycalc__V1__TitleList);

	if (!titles)
		return NULL;
	policycalc__v1__title_list__init(titles);
	titles->titles = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__TitleList__Title *, value->list.count + 1);
	for (size_t i = 0; titles->titles && i < value->list.count; i++) {
		Policycalc__V1__TitleList__Title *title =
				ARENA_NEW(arena, Policycalc__V1__TitleList__Title);
		const struct value *code = &value->list.items[2 * i];

		if (!title)
			return NULL;
		policycalc__v1__title_list__title__init(title);
		title->code = arena_copy(arena, code->text.data, code->text.size);
		title->valid_until = day_text(&value->list.items[2 * i + 1], arena);
		titles->titles[titles->n_titles++] = title;
	}
	return titles->titles ? titles : NULL;
}

/* As a profile would send it. */
static Policycalc__V1__Value *value_message(const struct value *value,
		const Policycalc__V1__Attribute *attribute, struct arena *arena)
{
	Policycalc__V1__Value *message = ARENA_NEW(arena, Policycalc__V1__Value);

	if (!message)
		return NULL;
	policycalc__v1__value__init(message);
	switch ((int)attribute->type) {
	case VALUE_TYPE(MONEY):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		message->money_fen = value->integer;
		break;
	case VALUE_TYPE(RATIO):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		message->ratio_ppm = value->integer;
		break;
	case VALUE_TYPE(COUNT):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		message->count = value->integer;
		break;
	case VALUE_TYPE(FLAG):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		message->flag = value->boolean;
		break;
	case VALUE_TYPE(DATE):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		message->date = day_text(value, arena);
		break;
	case VALUE_TYPE(CODES):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		message->codes = codes_message(value, arena);
		break;
	case VALUE_TYPE(TITLES):
		message->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
		message->titles = titles_message(value, arena);
		break;
	default:
		message->kind_case = attribute->type == VALUE_TYPE(CODE)
						     ? POLICYCALC__V1__VALUE__KIND_CODE
						     : POLICYCALC__V1__VALUE__KIND_TEXT;
		message->code = arena_copy(arena, value->text.data, value->text.size);
		break;
	}
	return arena->exhausted ? NULL : message;
}

static const struct slot *slot_of(const struct near_case *near, int slot)
{
	return ruleset_slot(near->facts->ruleset, near->outcome->policy->list, slot);
}

static char *attribute_name(const struct near_case *near, int slot)
{
	const char *name = slot_of(near, slot)->name;
	enum item_list list = near->outcome->policy->list;

	if ((size_t)slot < near->facts->ruleset->base_count)
		return (char *)name;
	return arena_format(near->facts->arena, "%s@%s/%s", name, item_list_name(list),
			near->outcome->items[near->found->item].item->id);
}

/* @distance in ppm of @observed, half up; false when there is no such share. */
static bool percent_of(const struct value *observed, int64_t distance, int64_t *out_ppm)
{
	wide_int share = distance;
	wide_int whole = observed->integer;

	if (observed->kind != VALUE_INT || whole == 0)
		return false;
	if (whole < 0)
		whole = -whole;
	share = (share * PPM + whole / 2) / whole;
	if (share > INT64_MAX)
		return false;
	*out_ppm = (int64_t)share;
	return true;
}

/* Name, date and source of the parameter behind a threshold. */
static bool parameter_fill(const struct near_case *near, int slot, char **out_name,
		char **out_from, Policycalc__V1__Source **out_source)
{
	const struct ruleset *ruleset = near->facts->ruleset;
	const Policycalc__V1__ParameterValue *value;
	size_t index;

	if (slot < 0)
		return true;
	index = ruleset_slot(ruleset, near->outcome->policy->list, slot)->parameter;
	value = near->facts->epoch->sources[index];
	*out_name = arena_format(
			near->facts->arena, "p.%s", ruleset->catalog.parameters[index]->name);
	if (value) {
		*out_from = value->from;
		*out_source = value->source;
	}
	return *out_name != NULL;
}

static Policycalc__V1__NearChange *change_message(
		const struct near_case *near, const struct near_change *change)
{
	struct arena *arena = near->facts->arena;
	const Policycalc__V1__Attribute *attribute =
			slot_of(near, change->flip.slot)->attribute;
	Policycalc__V1__NearChange *message = ARENA_NEW(arena, Policycalc__V1__NearChange);
	struct value target = near_value(change, arena);

	if (!message)
		return NULL;
	policycalc__v1__near_change__init(message);
	message->attribute = attribute_name(near, change->flip.slot);
	message->observed = value_message(&change->observed, attribute, arena);
	message->target = value_message(&target, attribute, arena);
	message->distance = near_distance(change);
	if (percent_of(&change->observed, message->distance, &message->percent_ppm))
		message->_percent_ppm_case =
				POLICYCALC__V1__NEAR_CHANGE___PERCENT_PPM_PERCENT_PPM;
	if (!parameter_fill(near, change->flip.parameter_slot, &message->parameter,
			    &message->parameter_from, &message->parameter_source))
		return NULL;
	return message->attribute && message->observed && message->target ? message : NULL;
}

/* --- misses ----------------------------------------------------------------------------------- */

static bool amount_is_told(const Policycalc__V1__AmountAnswer *amount)
{
	return amount->exactness != EXACTNESS(NOT_COMPUTABLE) &&
	       amount->exactness != EXACTNESS(UNSPECIFIED);
}

static bool miss_amount(const struct near_case *near, const struct facts *changed,
		const struct outcome *after, Policycalc__V1__NearMiss *miss)
{
	if (after->amount.none)
		return true;
	miss->amount = amount_answer(changed, near->outcome->policy, &after->amount, NULL);
	if (!miss->amount || !total_missing_answer(changed, after, miss->amount))
		return false;
	if (!amount_is_told(miss->amount))
		miss->amount = NULL;
	return true;
}

static Policycalc__V1__NearMiss *miss_message(const struct near_case *near,
		const struct facts *changed, const struct outcome *after)
{
	struct arena *arena = near->facts->arena;
	Policycalc__V1__NearMiss *miss = ARENA_NEW(arena, Policycalc__V1__NearMiss);
	Policycalc__V1__PolicyAnswer missing = POLICYCALC__V1__POLICY_ANSWER__INIT;

	if (!miss)
		return NULL;
	policycalc__v1__near_miss__init(miss);
	miss->changes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__NearChange *, near->found->count);
	if (!miss->changes)
		return NULL;
	for (size_t i = 0; i < near->found->count; i++) {
		miss->changes[i] = change_message(near, &near->found->changes[i]);
		if (!miss->changes[miss->n_changes++])
			return NULL;
	}
	miss->cost_ppm = near->found->cost;
	miss->verdict = after->verdict;
	if (!missing_answer(changed, after, &missing) ||
			!miss_amount(near, changed, after, miss))
		return NULL;
	miss->stays_unknown = missing.missing;
	miss->n_stays_unknown = missing.n_missing;
	miss->sentence = near_miss_sentence(
			near->facts, near->outcome->policy->list, near->found, miss);
	return miss->sentence ? miss : NULL;
}

static bool misses_fill(struct near_case *near, const struct near_list *list,
		Policycalc__V1__PolicyAnswer *answer)
{
	struct arena *arena = near->facts->arena;

	answer->near = ARENA_NEW_ARRAY(arena, Policycalc__V1__NearMiss *, NEAR_SHOWN_MOST);
	for (size_t i = 0; answer->near && i < list->count && answer->n_near < NEAR_SHOWN_MOST;
			i++) {
		const struct facts *changed;
		struct outcome after;

		near->found = &list->found[i];
		changed = facts_with(near);
		if (!changed)
			return false;
		outcome_compute(changed, near->outcome->policy, near->standing, &after);
		if (arena->exhausted)
			return false;
		if (!miss_holds(near, &after))
			continue;
		answer->near[answer->n_near] = miss_message(near, changed, &after);
		if (!answer->near[answer->n_near++])
			return false;
	}
	return answer->near != NULL;
}

/* --- cliffs ----------------------------------------------------------------------------------- */

/* The last value on this side of a cliff. */
static int64_t cliff_threshold(const struct near_change *change)
{
	int64_t lost = change->flip.target.integer;

	return lost > change->observed.integer ? lost - 1 : lost + 1;
}

/* At most a fifth of the threshold, or one unit of a count. */
static bool cliff_is_ahead(const struct near_case *near, const struct near_change *change)
{
	wide_int threshold = cliff_threshold(change);
	wide_int distance = threshold - change->observed.integer;

	if (slot_of(near, change->flip.slot)->attribute->type == VALUE_TYPE(COUNT) &&
			near_distance(change) <= 1)
		return true;
	distance = distance < 0 ? -distance : distance;
	return distance * 5 <= (threshold < 0 ? -threshold : threshold);
}

/* By share of the threshold, then by name. */
static bool cliff_is_nearer(const struct near_found *a, const struct near_found *b)
{
	const struct near_change *left = &a->changes[0];
	const struct near_change *right = &b->changes[0];
	wide_int left_share = near_distance(left) - 1;
	wide_int right_share = near_distance(right) - 1;
	int64_t left_whole = cliff_threshold(left);
	int64_t right_whole = cliff_threshold(right);

	left_share *= right_whole < 0 ? -(wide_int)right_whole : right_whole;
	right_share *= left_whole < 0 ? -(wide_int)left_whole : left_whole;
	if (left_share != right_share)
		return left_share < right_share;
	return left->flip.slot < right->flip.slot;
}

/* Of one attribute and direction; an enterprise's own may have been found with several items. */
static bool is_same_cliff(const struct near_list *list, const struct near_found *a,
		const struct near_found *b)
{
	const struct near_change *left = &a->changes[0];
	const struct near_change *right = &b->changes[0];

	return left->flip.slot == right->flip.slot &&
	       (a->item == b->item || (size_t)left->flip.slot < list->base_count) &&
	       (left->flip.target.integer > left->observed.integer) ==
			       (right->flip.target.integer > right->observed.integer);
}

/* Keeps those ahead, nearest first. */
static void cliffs_order(const struct near_case *near, struct near_list *list)
{
	struct near_list ordered = *list;

	ordered.count = 0;
	for (size_t i = 0; i < list->count; i++) {
		size_t at = ordered.count;

		if (!cliff_is_ahead(near, &list->found[i].changes[0]))
			continue;
		while (at > 0 && cliff_is_nearer(&list->found[i], &ordered.found[at - 1]))
			at--;
		memmove(&ordered.found[at + 1], &ordered.found[at],
				(ordered.count - at) * sizeof(*ordered.found));
		ordered.found[at] = list->found[i];
		ordered.count++;
	}
	*list = ordered;
}

static Policycalc__V1__Cliff *cliff_message(const struct near_case *near)
{
	const struct near_change *change = &near->found->changes[0];
	struct arena *arena = near->facts->arena;
	const Policycalc__V1__Attribute *attribute =
			slot_of(near, change->flip.slot)->attribute;
	Policycalc__V1__Cliff *cliff = ARENA_NEW(arena, Policycalc__V1__Cliff);
	struct value threshold = { .kind = VALUE_INT, .integer = cliff_threshold(change) };

	if (!cliff)
		return NULL;
	policycalc__v1__cliff__init(cliff);
	cliff->attribute = attribute_name(near, change->flip.slot);
	cliff->observed = value_message(&change->observed, attribute, arena);
	cliff->threshold = value_message(&threshold, attribute, arena);
	cliff->above = change->flip.target.integer > change->observed.integer;
	cliff->distance = near_distance(change) - 1;
	if (percent_of(&change->observed, cliff->distance, &cliff->percent_ppm))
		cliff->_percent_ppm_case = POLICYCALC__V1__CLIFF___PERCENT_PPM_PERCENT_PPM;
	if (!cliff->attribute || !cliff->observed || !cliff->threshold ||
			!parameter_fill(near, change->flip.parameter_slot, &cliff->parameter,
					&cliff->parameter_from, &cliff->parameter_source))
		return NULL;
	cliff->sentence = near_cliff_sentence(
			near->facts, near->outcome->policy->list, near->found, cliff);
	return cliff->sentence ? cliff : NULL;
}

static bool cliffs_fill(struct near_case *near, struct near_list *list,
		Policycalc__V1__PolicyAnswer *answer)
{
	struct arena *arena = near->facts->arena;
	const struct near_found *shown[NEAR_SHOWN_MOST];

	cliffs_order(near, list);
	answer->cliffs = ARENA_NEW_ARRAY(arena, Policycalc__V1__Cliff *, NEAR_SHOWN_MOST);
	for (size_t i = 0;
			answer->cliffs && i < list->count && answer->n_cliffs < NEAR_SHOWN_MOST;
			i++) {
		struct arena_mark mark = arena_mark(arena);
		const struct facts *changed;
		struct outcome after;
		bool known = false;

		near->found = &list->found[i];
		for (size_t k = 0; k < answer->n_cliffs; k++)
			known |= is_same_cliff(list, shown[k], near->found);
		if (known)
			continue;
		changed = facts_with(near);
		if (!changed)
			return false;
		outcome_compute(changed, near->outcome->policy, near->standing, &after);
		if (arena->exhausted)
			return false;
		arena_rewind(arena, mark);
		if (after.conditions_verdict != VERDICT(INELIGIBLE))
			continue;
		shown[answer->n_cliffs] = near->found;
		answer->cliffs[answer->n_cliffs] = cliff_message(near);
		if (!answer->cliffs[answer->n_cliffs++])
			return false;
	}
	return answer->cliffs != NULL;
}

bool near_answer(const struct facts *facts, const struct outcome *outcome,
		const struct standing *standing, Policycalc__V1__PolicyAnswer *answer)
{
	struct near_case near = { .facts = facts, .outcome = outcome, .standing = standing };
	struct arena_mark mark = arena_mark(facts->arena);
	struct near_list list;
	bool misses = outcome->verdict == VERDICT(INELIGIBLE);

	if (!misses && outcome->verdict != VERDICT(ELIGIBLE))
		return true;
	if (misses)
		near_search_misses(facts, outcome, &list);
	else
		near_search_cliffs(facts, outcome, &list);
	if (facts->arena->exhausted)
		return false;
	/* What was found points into rules and facts. */
	arena_rewind(facts->arena, mark);
	if (list.count == 0)
		return true;
	return misses ? misses_fill(&near, &list, answer) : cliffs_fill(&near, &list, answer);
}
