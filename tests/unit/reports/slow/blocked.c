/* SPDX-License-Identifier: Apache-2.0 */
#include "slow/blocked.h"

#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define VERDICTS (VERDICT(ELIGIBLE) + 1)

/* A condition of a policy. */
struct blocker {
	struct blocker *next;
	Policycalc__V1__BlockedCondition message;
	/* Of the firm at hand. */
	bool alone, fails, unknown, review;
};

/* A data item. */
struct lack {
	struct lack *next;
	Policycalc__V1__BlockedAttribute message;
	uint64_t seen; /* the answer that named it last */
};

struct lacks {
	struct map map; /* name to struct lack */
	struct lack *list;
	size_t count;
};

struct blocked_policy {
	const char *id, *series;
	Policycalc__V1__Text *title;
	int64_t verdicts[VERDICTS];
	struct blocker *first, **last;
	size_t blocker_count;
	struct lacks lacks;
};

struct blocked {
	const struct ruleset *ruleset;
	const struct catalog *catalog;
	struct arena *arena;
	struct blocked_policy **policies; /* by index in the catalog; NULL: no answer yet */
	struct lacks lacks;
	uint64_t answers; /* so far */
};

/* --- data items ------------------------------------------------------------------------------- */

/* "i.insured_months@hires/p1" without the item; NULL when memory is short. */
static const char *name_bare(const char *name, struct arena *arena)
{
	const char *item = strchr(name, '/');

	return item ? arena_copy(arena, name, (size_t)(item - name)) : name;
}

static struct lack *lack_get(struct blocked *blocked, struct lacks *lacks, const char *name)
{
	struct lack *lack = map_find(&lacks->map, slice_from(name));

	if (lack)
		return lack;
	lack = ARENA_NEW(blocked->arena, struct lack);
	if (!lack)
		return NULL;
	policycalc__v1__blocked_attribute__init(&lack->message);
	lack->message.name = arena_copy_text(blocked->arena, name);
	if (!lack->message.name || !map_put(&lacks->map, slice_from(lack->message.name), lack))
		return NULL;
	/* Words are not what is judged here. */
	if (!ruleset_name_words(blocked->ruleset, name, blocked->arena, &lack->message.label,
			    &lack->message.supplier))
		return NULL;
	lack->next = lacks->list;
	lacks->list = lack;
	lacks->count++;
	return lack;
}

/* What one undecided answer waits for. */
static bool lacks_add(
		struct blocked *blocked, struct lacks *lacks, char *const *names, size_t count)
{
	struct lack *only = NULL;
	size_t different = 0;

	for (size_t i = 0; i < count; i++) {
		struct lack *lack = lack_get(blocked, lacks, names[i]);

		if (!lack)
			return false;
		if (lack->seen == blocked->answers)
			continue;
		lack->seen = blocked->answers;
		lack->message.among++;
		only = lack;
		different++;
	}
	/* What is missing alone is not among others. */
	if (different == 1) {
		only->message.among--;
		only->message.alone++;
	}
	return true;
}

static bool answer_add_lacks(struct blocked *blocked, struct blocked_policy *policy,
		const Policycalc__V1__PolicyAnswer *answer, struct arena *scratch)
{
	char **names = ARENA_NEW_ARRAY(scratch, char *, answer->n_missing + 1);

	if (!names)
		return false;
	for (size_t i = 0; i < answer->n_missing; i++) {
		names[i] = (char *)(uintptr_t)name_bare(answer->missing[i], scratch);
		if (!names[i])
			return false;
	}
	return lacks_add(blocked, &policy->lacks, names, answer->n_missing) &&
	       lacks_add(blocked, &blocked->lacks, names, answer->n_missing);
}

/* --- conditions ------------------------------------------------------------------------------- */

static struct blocker *blocker_get(struct blocked *blocked, struct blocked_policy *policy,
		const Policycalc__V1__ConditionAnswer *condition)
{
	struct blocker *blocker = policy->first;

	while (blocker && strcmp(blocker->message.id, condition->id) != 0)
		blocker = blocker->next;
	if (blocker)
		return blocker;
	blocker = ARENA_NEW(blocked->arena, struct blocker);
	if (!blocker)
		return NULL;
	policycalc__v1__blocked_condition__init(&blocker->message);
	blocker->message.id = arena_copy_text(blocked->arena, condition->id);
	blocker->message.label = condition->label;
	blocker->message.role = condition->role;
	*policy->last = blocker;
	policy->last = &blocker->next;
	policy->blocker_count++;
	return blocker->message.id ? blocker : NULL;
}

/* Notes how conditions stand; adds those that fail to *out_failing, the last of them in *out_one. */
static bool conditions_note(struct blocked *blocked, struct blocked_policy *policy,
		Policycalc__V1__ConditionAnswer *const *conditions, size_t count,
		size_t *out_failing, struct blocker **out_one)
{
	for (size_t i = 0; i < count; i++) {
		struct blocker *blocker = blocker_get(blocked, policy, conditions[i]);

		if (!blocker)
			return false;
		blocker->unknown |= conditions[i]->status == STATUS(UNKNOWN);
		blocker->review |= conditions[i]->status == STATUS(REVIEW);
		if (conditions[i]->status != STATUS(NOT_MET))
			continue;
		blocker->fails = true;
		*out_one = blocker;
		++*out_failing;
	}
	return true;
}

/*
 * A condition keeps the firm out alone when it is the only one that fails: of a policy granted per
 * item, for some item. Without any item the firm's own conditions are all there is.
 */
static bool answer_add_conditions(struct blocked *blocked, struct blocked_policy *policy,
		const Policycalc__V1__PolicyAnswer *answer)
{
	struct blocker *one = NULL;
	size_t failing = 0;

	if (!conditions_note(blocked, policy, answer->conditions, answer->n_conditions,
			    &failing, &one))
		return false;
	if (answer->n_items == 0 && failing == 1)
		one->alone = true;
	for (size_t i = 0; i < answer->n_items; i++) {
		struct blocker *last = one;
		size_t all = failing;

		if (!conditions_note(blocked, policy, answer->items[i]->conditions,
				    answer->items[i]->n_conditions, &all, &last))
			return false;
		if (all == 1)
			last->alone = true;
	}
	for (struct blocker *blocker = policy->first; blocker; blocker = blocker->next) {
		blocker->message.unknown += blocker->unknown;
		blocker->message.review += blocker->review;
		if (answer->conditions_verdict == VERDICT(INELIGIBLE)) {
			blocker->message.alone += blocker->alone;
			blocker->message.among += blocker->fails && !blocker->alone;
		}
		blocker->alone = blocker->fails = blocker->unknown = blocker->review = false;
	}
	return true;
}

/* --- answers ---------------------------------------------------------------------------------- */

struct blocked *slow_blocked_new(const struct ruleset *ruleset, struct arena *arena)
{
	struct blocked *blocked = ARENA_NEW(arena, struct blocked);

	if (!blocked)
		return NULL;
	blocked->ruleset = ruleset;
	blocked->catalog = ruleset_catalog(ruleset);
	blocked->arena = arena;
	blocked->policies = ARENA_NEW_ARRAY(
			arena, struct blocked_policy *, blocked->catalog->policy_count + 1);
	return blocked->policies ? blocked : NULL;
}

static int compare_ids(const void *key, const void *entry)
{
	const Policycalc__V1__Policy *const *policy = entry;

	return strcmp(key, (*policy)->id);
}

static struct blocked_policy *policy_get(
		struct blocked *blocked, const Policycalc__V1__PolicyAnswer *answer)
{
	const struct catalog *catalog = blocked->catalog;
	Policycalc__V1__Policy **found = bsearch(answer->policy_id, catalog->policies,
			catalog->policy_count, sizeof(*catalog->policies), compare_ids);
	struct blocked_policy **at = &blocked->policies[found - catalog->policies];

	if (*at)
		return *at;
	*at = ARENA_NEW(blocked->arena, struct blocked_policy);
	if (!*at)
		return NULL;
	(*at)->id = (*found)->id;
	(*at)->series = (*found)->series;
	(*at)->title = (*found)->title;
	(*at)->last = &(*at)->first;
	return *at;
}

void slow_blocked_fini(struct blocked *blocked)
{
	if (!blocked)
		return;
	map_fini(&blocked->lacks.map);
	for (size_t i = 0; blocked->policies && i < blocked->catalog->policy_count; i++)
		if (blocked->policies[i])
			map_fini(&blocked->policies[i]->lacks.map);
}

bool slow_blocked_add(struct blocked *blocked, const Policycalc__V1__MatchResponse *match,
		struct arena *scratch)
{
	for (size_t i = 0; i < match->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = match->answers[i];
		struct blocked_policy *policy = policy_get(blocked, answer);

		if (!policy)
			return false;
		blocked->answers++;
		policy->verdicts[answer->verdict]++;
		if (!answer_add_conditions(blocked, policy, answer))
			return false;
		if (answer->verdict == VERDICT(NEEDS_INFORMATION) &&
				!answer_add_lacks(blocked, policy, answer, scratch))
			return false;
	}
	return true;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_attributes(const void *a, const void *b)
{
	const Policycalc__V1__BlockedAttribute *const *left = a, *const *right = b;

	if ((*left)->alone != (*right)->alone)
		return (*left)->alone < (*right)->alone ? 1 : -1;
	if ((*left)->among != (*right)->among)
		return (*left)->among < (*right)->among ? 1 : -1;
	return strcmp((*left)->name, (*right)->name);
}

static bool lacks_report(struct lacks *lacks, struct arena *arena,
		Policycalc__V1__BlockedAttribute ***out_list, size_t *out_count)
{
	Policycalc__V1__BlockedAttribute **list = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__BlockedAttribute *, lacks->count + 1);
	size_t count = 0;

	if (!list)
		return false;
	for (struct lack *lack = lacks->list; lack; lack = lack->next)
		list[count++] = &lack->message;
	if (count)
		qsort(list, count, sizeof(*list), compare_attributes);
	*out_list = list;
	*out_count = count;
	return true;
}

static bool verdicts_report(const struct blocked_policy *policy, struct arena *arena,
		Policycalc__V1__BlockedPolicy *out)
{
	out->verdicts = ARENA_NEW_ARRAY(arena, Policycalc__V1__VerdictTotal *, VERDICTS);
	if (!out->verdicts)
		return false;
	for (int verdict = VERDICT(ELIGIBLE); verdict > VERDICT(UNSPECIFIED); verdict--) {
		Policycalc__V1__VerdictTotal *total =
				ARENA_NEW(arena, Policycalc__V1__VerdictTotal);

		if (!total)
			return false;
		policycalc__v1__verdict_total__init(total);
		total->verdict = (Policycalc__V1__Verdict)verdict;
		total->count = policy->verdicts[verdict];
		out->verdicts[out->n_verdicts++] = total;
	}
	return true;
}

static bool policy_report(struct blocked_policy *policy, struct arena *arena,
		Policycalc__V1__BlockedPolicy *out)
{
	policycalc__v1__blocked_policy__init(out);
	out->policy_id = (char *)(uintptr_t)policy->id;
	out->series = (char *)(uintptr_t)policy->series;
	out->title = policy->title;
	out->conditions = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__BlockedCondition *, policy->blocker_count + 1);
	if (!out->conditions)
		return false;
	for (struct blocker *blocker = policy->first; blocker; blocker = blocker->next)
		out->conditions[out->n_conditions++] = &blocker->message;
	return verdicts_report(policy, arena, out) &&
	       lacks_report(&policy->lacks, arena, &out->attributes, &out->n_attributes);
}

Policycalc__V1__BlockedReport *slow_blocked_report(struct blocked *blocked)
{
	struct arena *arena = blocked->arena;
	size_t count = blocked->catalog->policy_count;
	Policycalc__V1__BlockedReport *report = ARENA_NEW(arena, Policycalc__V1__BlockedReport);

	if (!report)
		return NULL;
	policycalc__v1__blocked_report__init(report);
	report->policies = ARENA_NEW_ARRAY(arena, Policycalc__V1__BlockedPolicy *, count + 1);
	if (!report->policies || !lacks_report(&blocked->lacks, arena, &report->attributes,
						 &report->n_attributes))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		Policycalc__V1__BlockedPolicy *out;

		if (!blocked->policies[i])
			continue;
		out = ARENA_NEW(arena, Policycalc__V1__BlockedPolicy);
		if (!out || !policy_report(blocked->policies[i], arena, out))
			return NULL;
		report->policies[report->n_policies++] = out;
	}
	return report;
}
