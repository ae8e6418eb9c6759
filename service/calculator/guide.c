/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure of one policy, or of several as one errand.
 *
 * Steps are taken over policy by policy, each after those it waits for, so that what a step waits for
 * is known when it is its turn. Two steps of different policies are one when people would do them
 * once: same title, actor and channel, after the same steps, in policies that share a department; a
 * step without a channel stays apart, since nobody knows that it happens at the same place. Then the
 * steps are put in the order of their depth, and every paper is handed in at the first step that asks
 * for it.
 */
#include "calculator/guide.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Step step_message;

#define STEPS_MOST 2000

/* --- the request ------------------------------------------------------------------------------ */

static bool request_read(struct guide_work *work,
		const Policycalc__V1__GetGuideRequest *request, const char *today,
		struct error *err)
{
	const char *day = *request->as_of ? request->as_of : today;
	char text[11];

	if (!date_parse(slice_from(day), &work->as_of)) {
		findings_violate(&work->findings, "as_of",
				"is not a day in the form YYYY-MM-DD");
		return error_set(err, ERROR_INVALID, "as_of: is not a day");
	}
	date_print(work->as_of, text);
	if (request->n_policies == 0 || request->n_policies > GUIDE_POLICIES_MOST) {
		findings_violate(&work->findings, "policies", "must name 1 to 100 policies");
		return error_set(err, ERROR_INVALID, "policies: must name 1 to 100");
	}
	for (size_t i = 0; i < request->n_policies; i++) {
		const char *name = request->policies[i];
		const Policycalc__V1__Policy *policy = ruleset_find_policy(work->ruleset, name);

		if (!policy)
			policy = ruleset_find_version(work->ruleset, name, text);
		if (!policy)
			return error_set(err, ERROR_NOT_FOUND,
					"policies[%zu]: there is no policy of this name, and "
					"no "
					"version of a series of this name on the day",
					i);
		for (size_t k = 0; k < work->policy_count; k++) {
			if (work->policies[k] != policy)
				continue;
			findings_violate(&work->findings,
					arena_format(work->arena, "policies[%zu]", i),
					"names a policy that stands there already");
			return error_set(err, ERROR_INVALID, "policies[%zu]: named twice", i);
		}
		work->policies[work->policy_count++] = policy;
	}
	return true;
}

/* --- steps ------------------------------------------------------------------------------------ */

static bool text_equals(const Policycalc__V1__Text *a, const Policycalc__V1__Text *b)
{
	return strcmp(a ? a->zh : "", b ? b->zh : "") == 0 &&
	       strcmp(a ? a->en : "", b ? b->en : "") == 0;
}

static bool text_is_empty(const Policycalc__V1__Text *text)
{
	return !text || (!*text->zh && !*text->en);
}

static bool policies_share_department(
		const Policycalc__V1__Policy *a, const Policycalc__V1__Policy *b)
{
	for (size_t i = 0; i < a->n_departments; i++) {
		for (size_t k = 0; k < b->n_departments; k++) {
			if (strcmp(a->departments[i], b->departments[k]) == 0)
				return true;
		}
	}
	return false;
}

/* Whether the policy at @index takes @step together with those of @node. */
static bool node_takes(const struct guide_work *work, const struct node *node,
		const step_message *step, const size_t *after, size_t after_count, size_t index)
{
	if (text_is_empty(step->channel) || !text_equals(node->steps[0]->title, step->title) ||
			!text_equals(node->steps[0]->actor, step->actor) ||
			!text_equals(node->steps[0]->channel, step->channel))
		return false;
	if (node->after_count != after_count ||
			(after_count && memcmp(node->after, after,
							after_count * sizeof(*after)) != 0))
		return false;
	for (size_t i = 0; i < node->policy_count; i++) {
		if ((size_t)node->policies[i] == index ||
				!policies_share_department(work->policies[node->policies[i]],
						work->policies[index]))
			return false;
	}
	return true;
}

static int size_compare(const void *a, const void *b)
{
	const size_t *left = a;
	const size_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* The nodes that @step waits for; SIZE_MAX as count: one of them has none yet. */
static size_t after_find(const Policycalc__V1__Guide *guide, const step_message *step,
		const size_t *node_of, size_t *out_after)
{
	size_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < step->n_after; i++) {
		for (size_t k = 0; k < guide->n_steps; k++) {
			if (strcmp(guide->steps[k]->id, step->after[i]) != 0)
				continue;
			if (node_of[k] == SIZE_MAX)
				return SIZE_MAX;
			out_after[count++] = node_of[k];
			break;
		}
	}
	if (count)
		qsort(out_after, count, sizeof(*out_after), size_compare);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || out_after[kept - 1] != out_after[i])
			out_after[kept++] = out_after[i];
	}
	return kept;
}

static struct node *node_make(struct guide_work *work, size_t *after, size_t after_count)
{
	struct node *node = &work->nodes[work->node_count];

	node->policies = ARENA_NEW_ARRAY(work->arena, int32_t, work->policy_count);
	node->steps = ARENA_NEW_ARRAY(work->arena, const step_message *, work->policy_count);
	if (!node->policies || !node->steps)
		return NULL;
	node->made = work->node_count++;
	node->after = after;
	node->after_count = after_count;
	node->days = -1;
	for (size_t i = 0; i < after_count; i++) {
		if (work->nodes[after[i]].depth >= node->depth)
			node->depth = work->nodes[after[i]].depth + 1;
	}
	return node;
}

static bool node_add(struct guide_work *work, const step_message *step, size_t *after,
		size_t after_count, size_t index, size_t *out_node)
{
	struct node *node = NULL;

	for (size_t i = 0; !node && i < work->node_count; i++) {
		if (node_takes(work, &work->nodes[i], step, after, after_count, index))
			node = &work->nodes[i];
	}
	if (!node)
		node = node_make(work, after, after_count);
	if (!node)
		return false;
	node->steps[node->policy_count] = step;
	node->policies[node->policy_count++] = (int32_t)index;
	if (step->_working_days_case == POLICYCALC__V1__STEP___WORKING_DAYS_WORKING_DAYS &&
			step->working_days > node->days)
		node->days = step->working_days;
	*out_node = node->made;
	return true;
}

/* Takes over the steps of one policy, in waves: those whose forerunners are there. */
static bool policy_take(struct guide_work *work, size_t index, struct error *err)
{
	const Policycalc__V1__Guide *guide = work->policies[index]->guide;
	size_t count = guide ? guide->n_steps : 0;
	size_t *node_of = ARENA_NEW_ARRAY(work->arena, size_t, count + 1);
	size_t done = 0;

	if (!node_of)
		return arena_error(work->arena, err, "merging the steps");
	memset(node_of, 0xff, (count + 1) * sizeof(*node_of));
	while (done < count) {
		size_t before = done;

		for (size_t i = 0; i < count; i++) {
			const step_message *step = guide->steps[i];
			size_t *after;
			size_t after_count;

			if (node_of[i] != SIZE_MAX)
				continue;
			after = ARENA_NEW_ARRAY(work->arena, size_t, step->n_after + 1);
			if (!after)
				return arena_error(work->arena, err, "merging the steps");
			after_count = after_find(guide, step, node_of, after);
			if (after_count == SIZE_MAX)
				continue;
			if (!node_add(work, step, after, after_count, index, &node_of[i]))
				return arena_error(work->arena, err, "merging the steps");
			done++;
		}
		if (done == before) /* a catalog that was checked has none of these */
			return error_set(err, ERROR_INTERNAL,
					"the steps of %s wait for one another",
					work->policies[index]->id);
	}
	return true;
}

static bool steps_merge(struct guide_work *work, struct error *err)
{
	size_t most = 0;

	for (size_t i = 0; i < work->policy_count; i++)
		most += work->policies[i]->guide ? work->policies[i]->guide->n_steps : 0;
	if (most > STEPS_MOST)
		return error_set(err, ERROR_LIMIT, "the guides have more than %d steps",
				STEPS_MOST);
	work->nodes = ARENA_NEW_ARRAY(work->arena, struct node, most + 1);
	work->numbers = ARENA_NEW_ARRAY(work->arena, size_t, most + 1);
	if (!work->nodes || !work->numbers)
		return arena_error(work->arena, err, "merging the steps");
	for (size_t i = 0; i < work->policy_count; i++) {
		if (!policy_take(work, i, err))
			return false;
	}
	return true;
}

bool ruleset_guide(const struct ruleset *ruleset,
		const Policycalc__V1__GetGuideRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__GetGuideResponse **out_response,
		struct violations *out_violations, struct error *err)
{
	struct guide_work work = {
		.ruleset = ruleset,
		.arena = arena,
		.findings = { .arena = arena },
	};
	Policycalc__V1__GetGuideResponse *response = NULL;
	bool ok = request_read(&work, request, today, err) && steps_merge(&work, err);

	if (out_violations)
		*out_violations = work.findings.violations;
	if (!ok)
		return false;
	response = guide_answer(&work);
	if (!response)
		return arena_error(arena, err, "making the guide");
	*out_response = response;
	return true;
}
