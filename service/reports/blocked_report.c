/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads added up, joined and put into the order of the report. */
#include "reports/blocked_internal.h"

#include "base/map.h"

#include <stdlib.h>
#include <string.h>

/* Data items by name. */
struct lacks {
	struct map map; /* to the message */
	Policycalc__V1__BlockedAttribute **list;
	size_t count, capacity;
};

struct joining {
	struct blocked *const *threads;
	size_t count;
	const struct ruleset *ruleset;
	struct arena *arena;
	struct lacks all;
};

/* --- data items ------------------------------------------------------------------------------- */

static bool lacks_put(struct joining *joining, struct lacks *lacks, const char *name,
		const struct blocked_lack *add)
{
	Policycalc__V1__BlockedAttribute *lack = map_find(&lacks->map, slice_from(name));

	if (!lack) {
		if (lacks->count == lacks->capacity) {
			size_t capacity = lacks->capacity ? lacks->capacity * 2 : 32;
			Policycalc__V1__BlockedAttribute **grown = ARENA_NEW_ARRAY(
					joining->arena, Policycalc__V1__BlockedAttribute *,
					capacity);

			if (!grown)
				return false;
			if (lacks->count)
				memcpy(grown, lacks->list, lacks->count * sizeof(*grown));
			lacks->list = grown;
			lacks->capacity = capacity;
		}
		lack = ARENA_NEW(joining->arena, Policycalc__V1__BlockedAttribute);
		if (!lack)
			return false;
		policycalc__v1__blocked_attribute__init(lack);
		lack->name = arena_copy_text(joining->arena, name);
		if (!lack->name || !map_put(&lacks->map, slice_from(lack->name), lack))
			return false;
		if (!ruleset_name_words(joining->ruleset, name, joining->arena, &lack->label,
				    &lack->supplier))
			return false;
		lacks->list[lacks->count++] = lack;
	}
	lack->alone += add->alone;
	lack->among += add->among;
	return true;
}

static int compare_attributes(const void *a, const void *b)
{
	const Policycalc__V1__BlockedAttribute *const *left = a, *const *right = b;

	if ((*left)->alone != (*right)->alone)
		return (*left)->alone < (*right)->alone ? 1 : -1;
	if ((*left)->among != (*right)->among)
		return (*left)->among < (*right)->among ? 1 : -1;
	return strcmp((*left)->name, (*right)->name);
}

static void lacks_sort(struct lacks *lacks)
{
	if (lacks->count)
		qsort(lacks->list, lacks->count, sizeof(*lacks->list), compare_attributes);
}

static bool lacks_join(
		struct joining *joining, size_t index, Policycalc__V1__BlockedPolicy *out)
{
	struct lacks lacks = { 0 };
	bool ok = true;

	for (size_t i = 0; i < joining->count; i++) {
		const struct blocked *blocked = joining->threads[i];
		const struct blocked_policy *policy = &blocked->policies[index];

		for (uint32_t k = 0; ok && k < policy->lack_capacity; k++) {
			const struct blocked_lack *lack = &policy->lacks[k];

			if (lack->alone || lack->among)
				ok = lacks_put(joining, &lacks, look_name(blocked->look, k),
						     lack) &&
				     lacks_put(joining, &joining->all,
						     look_name(blocked->look, k), lack);
		}
	}
	map_fini(&lacks.map);
	lacks_sort(&lacks);
	out->attributes = lacks.list;
	out->n_attributes = lacks.count;
	return ok;
}

/* --- conditions ------------------------------------------------------------------------------- */

static bool condition_join(const struct joining *joining, size_t index, size_t at,
		const Policycalc__V1__Condition *from, Policycalc__V1__BlockedPolicy *out)
{
	Policycalc__V1__BlockedCondition *condition =
			ARENA_NEW(joining->arena, Policycalc__V1__BlockedCondition);
	bool is_seen = false;

	if (!condition)
		return false;
	policycalc__v1__blocked_condition__init(condition);
	condition->id = from->id;
	condition->label = from->label;
	condition->role = from->role;
	for (size_t i = 0; i < joining->count; i++) {
		const struct blocked_condition *add =
				&joining->threads[i]->policies[index].conditions[at];

		is_seen |= add->is_seen;
		condition->alone += add->alone;
		condition->among += add->among;
		condition->unknown += add->unknown;
		condition->review += add->review;
	}
	if (is_seen)
		out->conditions[out->n_conditions++] = condition;
	return true;
}

/* The firm's own, that there is an item, and those of items. */
static bool conditions_join(
		const struct joining *joining, size_t index, Policycalc__V1__BlockedPolicy *out)
{
	const struct sweep *sweep = joining->threads[0]->sweep;
	size_t count = sweep_condition_count(sweep, index);
	const Policycalc__V1__Condition *list = sweep_list_condition(sweep, index);

	out->conditions = ARENA_NEW_ARRAY(
			joining->arena, Policycalc__V1__BlockedCondition *, count + 2);
	if (!out->conditions)
		return false;
	for (int per_item = 0; per_item < 2; per_item++) {
		for (size_t i = 0; i < count; i++) {
			if (sweep_condition_is_per_item(sweep, index, i) == (per_item == 1) &&
					!condition_join(joining, index, i,
							sweep_condition(sweep, index, i), out))
				return false;
		}
		if (!per_item && list && !condition_join(joining, index, count, list, out))
			return false;
	}
	return true;
}

/* --- policies --------------------------------------------------------------------------------- */

static bool verdicts_join(
		const struct joining *joining, size_t index, Policycalc__V1__BlockedPolicy *out)
{
	out->verdicts = ARENA_NEW_ARRAY(
			joining->arena, Policycalc__V1__VerdictTotal *, BLOCKED_VERDICTS);
	if (!out->verdicts)
		return false;
	for (int verdict = VERDICT(ELIGIBLE); verdict > VERDICT(UNSPECIFIED); verdict--) {
		Policycalc__V1__VerdictTotal *total =
				ARENA_NEW(joining->arena, Policycalc__V1__VerdictTotal);

		if (!total)
			return false;
		policycalc__v1__verdict_total__init(total);
		total->verdict = (Policycalc__V1__Verdict)verdict;
		for (size_t i = 0; i < joining->count; i++)
			total->count += joining->threads[i]->policies[index].verdicts[verdict];
		out->verdicts[out->n_verdicts++] = total;
	}
	return true;
}

static bool policy_join(
		struct joining *joining, size_t index, Policycalc__V1__BlockedReport *report)
{
	Policycalc__V1__BlockedPolicy *out;
	const Policycalc__V1__Policy *from = sweep_policy(joining->threads[0]->sweep, index);
	bool is_seen = false;

	for (size_t i = 0; i < joining->count; i++)
		is_seen |= joining->threads[i]->policies[index].is_seen;
	if (!is_seen)
		return true;
	out = ARENA_NEW(joining->arena, Policycalc__V1__BlockedPolicy);
	if (!out)
		return false;
	policycalc__v1__blocked_policy__init(out);
	out->policy_id = from->id;
	out->series = from->series;
	out->title = from->title;
	report->policies[report->n_policies++] = out;
	return conditions_join(joining, index, out) && verdicts_join(joining, index, out) &&
	       lacks_join(joining, index, out);
}

Policycalc__V1__BlockedReport *blocked_report(struct blocked *const *threads, size_t count,
		const struct ruleset *ruleset, struct arena *arena)
{
	struct joining joining = { threads, count, ruleset, arena, { { 0 }, NULL, 0, 0 } };
	Policycalc__V1__BlockedReport *report = ARENA_NEW(arena, Policycalc__V1__BlockedReport);
	size_t policies = count ? sweep_policy_count(threads[0]->sweep) : 0;
	bool ok;

	if (!report)
		return NULL;
	policycalc__v1__blocked_report__init(report);
	report->policies =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__BlockedPolicy *, policies + 1);
	ok = report->policies != NULL;
	for (size_t i = 0; ok && i < policies; i++)
		ok = policy_join(&joining, i, report);
	map_fini(&joining.all.map);
	lacks_sort(&joining.all);
	report->attributes = joining.all.list;
	report->n_attributes = joining.all.count;
	return ok ? report : NULL;
}
