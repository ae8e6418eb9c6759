/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether one may apply on a day. Three dates are told apart: when the rule is in force, when one
 * may apply, and when costs count; the last has no say here.
 *
 * A rule gives way to another version of its series that has begun later, and to a policy in force
 * that repeals it.
 */
#include "calculator/epoch.h"
#include "calculator/ruleset.h"

#include <string.h>

/* The day of @text; false when it is empty or not stated. */
static bool day_of(const char *text, int64_t *out_day)
{
	struct date date;

	if (!text || !date_parse(slice_from(text), &date))
		return false;
	*out_day = date_to_days(date);
	return true;
}

/*
 * The text of the day on which @range begins, empty when nothing is known of it. What the sources
 * do not state begins where it is known to have begun: nobody may be told yes or no for a day
 * before it on the strength of a rule that may not have been there.
 */
static const char *range_begin(const Policycalc__V1__DateRange *range)
{
	int64_t day;

	return day_of(range->from, &day) ? range->from : range->known_by;
}

static bool range_has_begun(const Policycalc__V1__DateRange *range, int64_t day)
{
	int64_t from;

	return !range || !day_of(range_begin(range), &from) || from <= day;
}

/* @standing of a range that has not begun. */
static void standing_enter_not_yet(
		struct standing *standing, const Policycalc__V1__DateRange *range)
{
	int64_t from;

	standing->state = STATE(NOT_YET);
	standing->date = range_begin(range);
	standing->begin_not_stated = !day_of(range->from, &from);
}

static bool range_has_ended(const Policycalc__V1__DateRange *range, int64_t day)
{
	int64_t until;

	return range && day_of(range->until, &until) && until < day;
}

bool policy_is_in_force(const Policycalc__V1__Policy *policy, int64_t day)
{
	return range_has_begun(policy->in_force, day) &&
	       !range_has_ended(policy->in_force, day);
}

/* A day before all others when nothing is known of the beginning. */
static int64_t policy_begin(const Policycalc__V1__Policy *policy)
{
	int64_t from;

	return policy->in_force && day_of(range_begin(policy->in_force), &from) ? from
										: INT64_MIN;
}

/* The id of what has taken the place of @policy by @day; NULL when nothing has. */
static const char *policy_successor(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, int64_t day)
{
	const struct series *series = ruleset_find_series(ruleset, slice_from(policy->series));
	const Policycalc__V1__Policy *found = NULL;

	for (size_t i = 0; series && i < series->count; i++) {
		const Policycalc__V1__Policy *other =
				ruleset->catalog.policies[series->policies[i]];

		if (other != policy && policy_is_in_force(other, day) &&
				policy_begin(other) > policy_begin(policy) &&
				(!found || policy_begin(other) > policy_begin(found)))
			found = other;
	}
	return found ? found->id : NULL;
}

static const char *policy_repealer(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, int64_t day)
{
	const struct repeal *repeal = map_find(&ruleset->repeals, slice_from(policy->id));

	for (; repeal; repeal = repeal->next) {
		if (policy_is_in_force(repeal->policy, day))
			return repeal->policy->id;
	}
	return NULL;
}

static struct standing window_standing(const Policycalc__V1__Policy *policy, int64_t day)
{
	struct standing standing = { .state = STATE(CLOSED), .date = "", .superseded_by = "" };
	int64_t next = INT64_MAX;
	int64_t last = INT64_MIN;
	int64_t at;

	for (size_t i = 0; i < policy->n_windows; i++) {
		const Policycalc__V1__DateRange *window = policy->windows[i];

		if (!range_has_begun(window, day)) {
			if (day_of(range_begin(window), &at) && at < next) {
				next = at;
				standing_enter_not_yet(&standing, window);
			}
		} else if (!range_has_ended(window, day)) {
			standing.state = STATE(OPEN);
			standing.begin_not_stated = false;
			standing.date = day_of(window->until, &at) ? window->until : "";
			return standing;
		} else if (standing.state == STATE(CLOSED) && day_of(window->until, &at) &&
				at > last) {
			last = at;
			standing.date = window->until;
		}
	}
	return standing;
}

struct standing policy_standing(const struct ruleset *ruleset, size_t index, int64_t day)
{
	const Policycalc__V1__Policy *policy = ruleset->catalog.policies[index];
	struct standing standing = { .state = STATE(OPEN), .date = "", .superseded_by = "" };
	const char *successor = NULL;
	int64_t until;

	if (!range_has_begun(policy->in_force, day)) {
		standing_enter_not_yet(&standing, policy->in_force);
		return standing;
	}
	if (ruleset->rivalled[index / 64] >> index % 64 & 1) {
		successor = policy_successor(ruleset, policy, day);
		if (!successor)
			successor = policy_repealer(ruleset, policy, day);
	}
	if (successor) {
		standing.state = STATE(SUPERSEDED);
		standing.superseded_by = successor;
		return standing;
	}
	if (range_has_ended(policy->in_force, day)) {
		standing.state = STATE(ENDED);
		standing.date = policy->in_force->until;
		return standing;
	}
	if (policy->n_windows && !policy->window_not_stated && !policy->window_always)
		return window_standing(policy, day);
	if (policy->in_force && day_of(policy->in_force->until, &until))
		standing.date = policy->in_force->until;
	if (!policy->window_always) {
		standing.state = STATE(WINDOW_NOT_STATED);
		standing.window_not_stated = true;
	}
	return standing;
}

bool policy_stands_as(const struct ruleset *ruleset, size_t index, size_t other)
{
	const Policycalc__V1__Policy *a = ruleset->catalog.policies[index];
	const Policycalc__V1__Policy *b = ruleset->catalog.policies[other];

	return a->in_force == b->in_force && a->n_windows == 0 && b->n_windows == 0 &&
	       a->window_always == b->window_always &&
	       !(ruleset->rivalled[index / 64] >> index % 64 & 1) &&
	       !(ruleset->rivalled[other / 64] >> other % 64 & 1);
}
