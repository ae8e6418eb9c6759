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
 *
 * Days are added up along the longest way. A step whose days are not stated adds none, and the sum is
 * then the least the procedure takes.
 */
#include "calculator/facts.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Step step_message;
typedef Policycalc__V1__GuideStep guide_step;

#define POLICIES_MOST 100
#define STEPS_MOST 2000

/* A step of the errand while it is made. */
struct node {
	const step_message **steps; /* by place in ->policies; [0] stands for all */
	size_t made;		    /* place in the order of making */
	size_t *after;		    /* nodes by place of making, ascending */
	size_t after_count;
	int32_t *policies;
	size_t policy_count;
	int32_t days; /* the longest stated by any policy; -1: not stated */
	int32_t start;
	int32_t depth;
	int32_t latest; /* latest start that delays nothing */
};

struct guide_work {
	const struct ruleset *ruleset;
	struct arena *arena;
	struct findings findings;
	struct date as_of;
	const Policycalc__V1__Policy *policies[POLICIES_MOST];
	size_t policy_count;
	struct node *nodes;
	size_t node_count;
	size_t *numbers; /* by place of making: place in the answer */
	const Policycalc__V1__Material **papers;
	int32_t *paper_numbers; /* place in the answer, -1: not handed in yet */
	size_t paper_count;
	size_t asked; /* (policy, paper) pairs */
};

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
	if (request->n_policies == 0 || request->n_policies > POLICIES_MOST) {
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

/* --- days and order --------------------------------------------------------------------------- */

static int32_t node_days(const struct node *node)
{
	return node->days > 0 ? node->days : 0;
}

/* Nodes stand behind those they wait for, so that one walk each way settles all. */
static int32_t days_settle(struct guide_work *work)
{
	int32_t total = 0;

	for (size_t i = 0; i < work->node_count; i++) {
		struct node *node = &work->nodes[i];

		for (size_t k = 0; k < node->after_count; k++) {
			const struct node *before = &work->nodes[node->after[k]];
			int32_t end = before->start + node_days(before);

			if (end > node->start)
				node->start = end;
		}
		if (node->start + node_days(node) > total)
			total = node->start + node_days(node);
	}
	for (size_t i = 0; i < work->node_count; i++)
		work->nodes[i].latest = total - node_days(&work->nodes[i]);
	for (size_t i = work->node_count; i-- > 0;) {
		for (size_t k = 0; k < work->nodes[i].after_count; k++) {
			struct node *before = &work->nodes[work->nodes[i].after[k]];
			int32_t latest = work->nodes[i].latest - node_days(before);

			if (latest < before->latest)
				before->latest = latest;
		}
	}
	return total;
}

static int node_compare(const void *a, const void *b)
{
	const struct node *left = *(const struct node *const *)a;
	const struct node *right = *(const struct node *const *)b;

	if (left->depth != right->depth)
		return left->depth < right->depth ? -1 : 1;
	return (left->made > right->made) - (left->made < right->made);
}

/* --- papers ----------------------------------------------------------------------------------- */

static size_t paper_find(const struct guide_work *work, const char *code)
{
	for (size_t i = 0; i < work->paper_count; i++) {
		if (strcmp(work->papers[i]->code, code) == 0)
			return i;
	}
	return SIZE_MAX;
}

static bool papers_gather(struct guide_work *work)
{
	size_t most = 0;

	for (size_t i = 0; i < work->policy_count; i++)
		most += work->policies[i]->guide ? work->policies[i]->guide->n_materials : 0;
	work->papers = ARENA_NEW_ARRAY(work->arena, const Policycalc__V1__Material *, most + 1);
	work->paper_numbers = ARENA_NEW_ARRAY(work->arena, int32_t, most + 1);
	if (!work->papers || !work->paper_numbers)
		return false;
	work->asked = most;
	for (size_t i = 0; i < work->policy_count; i++) {
		const Policycalc__V1__Guide *guide = work->policies[i]->guide;

		for (size_t k = 0; guide && k < guide->n_materials; k++) {
			if (paper_find(work, guide->materials[k]->code) != SIZE_MAX)
				continue;
			work->paper_numbers[work->paper_count] = -1;
			work->papers[work->paper_count++] = guide->materials[k];
		}
	}
	return true;
}

static bool index_is_listed(const int32_t *list, size_t count, int32_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == index)
			return true;
	}
	return false;
}

static bool paper_answer(struct guide_work *work, size_t paper,
		Policycalc__V1__GetGuideResponse *response)
{
	Policycalc__V1__GuideMaterial *answer =
			ARENA_NEW(work->arena, Policycalc__V1__GuideMaterial);
	const char *code = work->papers[paper]->code;

	if (!answer)
		return false;
	policycalc__v1__guide_material__init(answer);
	answer->code = work->papers[paper]->code;
	answer->name = work->papers[paper]->name;
	answer->form = work->papers[paper]->form;
	answer->policies = ARENA_NEW_ARRAY(work->arena, int32_t, work->policy_count);
	if (!answer->policies)
		return false;
	for (size_t i = 0; i < work->policy_count; i++) {
		const Policycalc__V1__Guide *guide = work->policies[i]->guide;

		for (size_t k = 0; guide && k < guide->n_materials; k++) {
			if (strcmp(guide->materials[k]->code, code) == 0) {
				answer->policies[answer->n_policies++] = (int32_t)i;
				break;
			}
		}
	}
	work->paper_numbers[paper] = (int32_t)response->n_materials;
	response->materials[response->n_materials++] = answer;
	return true;
}

static bool step_papers(struct guide_work *work, const struct node *node, guide_step *answer,
		Policycalc__V1__GetGuideResponse *response)
{
	answer->materials = ARENA_NEW_ARRAY(work->arena, int32_t, work->paper_count + 1);
	answer->reused_materials = ARENA_NEW_ARRAY(work->arena, int32_t, work->paper_count + 1);
	if (!answer->materials || !answer->reused_materials)
		return false;
	for (size_t i = 0; i < node->policy_count; i++) {
		const step_message *step = node->steps[i];

		for (size_t k = 0; k < step->n_materials; k++) {
			size_t paper = paper_find(work, step->materials[k]);
			int32_t number;

			if (paper == SIZE_MAX)
				continue;
			number = work->paper_numbers[paper];
			if (number < 0) {
				if (!paper_answer(work, paper, response))
					return false;
				answer->materials[answer->n_materials++] =
						work->paper_numbers[paper];
			} else if (!index_is_listed(answer->materials, answer->n_materials,
						   number) &&
					!index_is_listed(answer->reused_materials,
							answer->n_reused_materials, number)) {
				answer->reused_materials[answer->n_reused_materials++] = number;
			}
		}
	}
	return true;
}

/* --- the answer ------------------------------------------------------------------------------- */

static int int32_compare(const void *a, const void *b)
{
	const int32_t *left = a;
	const int32_t *right = b;

	return (*left > *right) - (*left < *right);
}

static guide_step *step_answer(struct guide_work *work, const struct node *node,
		Policycalc__V1__GetGuideResponse *response)
{
	guide_step *answer = ARENA_NEW(work->arena, guide_step);

	if (!answer)
		return NULL;
	policycalc__v1__guide_step__init(answer);
	answer->policies = node->policies;
	answer->n_policies = node->policy_count;
	answer->title = node->steps[0]->title;
	answer->actor = node->steps[0]->actor;
	answer->channel = node->steps[0]->channel;
	if (node->days >= 0) {
		answer->_working_days_case =
				POLICYCALC__V1__GUIDE_STEP___WORKING_DAYS_WORKING_DAYS;
		answer->working_days = node->days;
	}
	answer->start_day = node->start;
	answer->depth = node->depth;
	answer->critical = node->days > 0 && node->start == node->latest;
	answer->after = ARENA_NEW_ARRAY(work->arena, int32_t, node->after_count + 1);
	if (!answer->after)
		return NULL;
	for (size_t i = 0; i < node->after_count; i++)
		answer->after[answer->n_after++] = (int32_t)work->numbers[node->after[i]];
	if (answer->n_after)
		qsort(answer->after, answer->n_after, sizeof(*answer->after), int32_compare);
	return step_papers(work, node, answer, response) ? answer : NULL;
}

static bool policies_answer(struct guide_work *work, Policycalc__V1__GetGuideResponse *response)
{
	char day[11];

	date_print(work->as_of, day);
	for (size_t i = 0; i < work->policy_count; i++) {
		const Policycalc__V1__Policy *policy = work->policies[i];
		Policycalc__V1__GuidePolicy *answer =
				ARENA_NEW(work->arena, Policycalc__V1__GuidePolicy);

		if (!answer)
			return false;
		policycalc__v1__guide_policy__init(answer);
		answer->id = policy->id;
		answer->title = policy->title;
		answer->departments = policy->departments;
		answer->n_departments = policy->n_departments;
		answer->availability =
				ruleset_availability(work->ruleset, policy, day, work->arena);
		answer->not_stated = !policy->guide ||
				     (policy->guide->n_steps == 0 && !policy->guide->automatic);
		if (policy->guide) {
			answer->automatic = policy->guide->automatic;
			answer->source = policy->guide->source;
		}
		if (answer->not_stated)
			response->days_complete = false;
		response->policies[response->n_policies++] = answer;
	}
	return true;
}

static bool response_fill(struct guide_work *work, Policycalc__V1__GetGuideResponse *response)
{
	const struct node **order =
			ARENA_NEW_ARRAY(work->arena, const struct node *, work->node_count + 1);

	if (!order)
		return false;
	response->working_days = days_settle(work);
	response->days_complete = true;
	for (size_t i = 0; i < work->node_count; i++) {
		order[i] = &work->nodes[i];
		response->days_complete &= work->nodes[i].days >= 0;
	}
	if (work->node_count)
		qsort(order, work->node_count, sizeof(*order), node_compare);
	for (size_t i = 0; i < work->node_count; i++)
		work->numbers[order[i]->made] = i;
	for (size_t i = 0; i < work->node_count; i++) {
		guide_step *step = step_answer(work, order[i], response);

		if (!step)
			return false;
		response->steps[response->n_steps++] = step;
	}
	for (size_t i = 0; i < work->paper_count; i++) {
		if (work->paper_numbers[i] < 0 && !paper_answer(work, i, response))
			return false;
	}
	response->papers_saved = (int32_t)(work->asked - work->paper_count);
	return policies_answer(work, response);
}

static Policycalc__V1__GetGuideResponse *response_make(struct guide_work *work)
{
	Policycalc__V1__GetGuideResponse *response =
			ARENA_NEW(work->arena, Policycalc__V1__GetGuideResponse);

	if (!response || !papers_gather(work))
		return NULL;
	policycalc__v1__get_guide_response__init(response);
	response->revision = ruleset_revision(work->ruleset);
	response->as_of = arena_alloc(work->arena, 11);
	response->policies = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__GuidePolicy *, work->policy_count);
	response->steps = ARENA_NEW_ARRAY(work->arena, guide_step *, work->node_count + 1);
	response->materials = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__GuideMaterial *, work->paper_count + 1);
	if (!response->as_of || !response->policies || !response->steps || !response->materials)
		return NULL;
	date_print(work->as_of, response->as_of);
	return response_fill(work, response) && !work->arena->exhausted ? response : NULL;
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
	response = response_make(&work);
	if (!response)
		return arena_error(arena, err, "making the guide");
	*out_response = response;
	return true;
}
