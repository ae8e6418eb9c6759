/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merged procedure as a message: its order, its days, and where each paper is handed in.
 *
 * Days are added up along the longest way. A step whose days are not stated adds none, and the sum is
 * then the least the procedure takes.
 */
#include "calculator/guide.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Step step_message;
typedef Policycalc__V1__GuideStep guide_step;

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
	answer->critical = node->days >= 0 && node->start == node->latest;
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
		answer->exclusions = policy->exclusions;
		answer->n_exclusions = policy->n_exclusions;
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

Policycalc__V1__GetGuideResponse *guide_answer(struct guide_work *work)
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
