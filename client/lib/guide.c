/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "policycalc/guide.h"
#include "policycalc/v1/guide.pb-c.h"

struct pcalc_guide {
	struct arena arena;
	const Policycalc__V1__GetGuideResponse *response;
};

pcalc_guide *pcalc_guide_get(pcalc_client *client, const char *const *ids, size_t id_count,
		const char *as_of, struct pcalc_failure *failure)
{
	pcalc_guide *guide = handle_new(sizeof(*guide), failure);
	Policycalc__V1__GetGuideRequest request = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;

	if (!guide)
		return NULL;
	request.policies = (char **)(uintptr_t)ids;
	request.n_policies = id_count;
	request.as_of = (char *)(uintptr_t)(as_of ? as_of : "");
	guide->response = (const Policycalc__V1__GetGuideResponse *)client_call(client,
			CATALOG_PATH "GetGuide", &request.base,
			&policycalc__v1__get_guide_response__descriptor, &guide->arena,
			failure);
	if (guide->response)
		return guide;
	pcalc_guide_free(guide);
	return NULL;
}

void pcalc_guide_free(pcalc_guide *guide)
{
	handle_free(guide);
}

struct pcalc_guide_total pcalc_guide_total_get(const pcalc_guide *guide)
{
	const Policycalc__V1__GetGuideResponse *response = guide->response;

	return (struct pcalc_guide_total){
		.working_days = response->working_days,
		.days_complete = response->days_complete,
		.papers_saved = response->papers_saved,
		.policy_count = response->n_policies,
		.step_count = response->n_steps,
		.paper_count = response->n_materials,
		.revision = response->revision,
		.as_of = response->as_of,
	};
}

bool pcalc_guide_policy(const pcalc_guide *guide, size_t index, const char **out_id,
		bool *out_not_stated, bool *out_automatic)
{
	if (index >= guide->response->n_policies)
		return false;
	*out_id = guide->response->policies[index]->id;
	*out_not_stated = guide->response->policies[index]->not_stated;
	*out_automatic = guide->response->policies[index]->automatic;
	return true;
}

bool pcalc_guide_step_get(
		const pcalc_guide *guide, size_t index, struct pcalc_guide_step *out_step)
{
	const Policycalc__V1__GuideStep *step;

	if (index >= guide->response->n_steps)
		return false;
	step = guide->response->steps[index];
	*out_step = (struct pcalc_guide_step){
		.title = text_from(step->title),
		.actor = text_from(step->actor),
		.channel = text_from(step->channel),
		.working_days = step->_working_days_case == POLICYCALC__V1__GUIDE_STEP___WORKING_DAYS_WORKING_DAYS
						? step->working_days
						: -1,
		.start_day = step->start_day,
		.critical = step->critical,
		.policies = step->policies,
		.policy_count = step->n_policies,
		.after = step->after,
		.after_count = step->n_after,
		.papers = step->materials,
		.paper_count = step->n_materials,
		.reused_papers = step->reused_materials,
		.reused_paper_count = step->n_reused_materials,
	};
	return true;
}

bool pcalc_guide_paper_get(
		const pcalc_guide *guide, size_t index, struct pcalc_guide_paper *out_paper)
{
	const Policycalc__V1__GuideMaterial *paper;

	if (index >= guide->response->n_materials)
		return false;
	paper = guide->response->materials[index];
	*out_paper = (struct pcalc_guide_paper){
		.code = paper->code,
		.name = text_from(paper->name),
		.form = text_from(paper->form),
		.policies = paper->policies,
		.policy_count = paper->n_policies,
	};
	return true;
}
