/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

struct pcalc_simulation {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__Simulation *message;
};

/* --- asking ----------------------------------------------------------------------------------- */

/* Options go with the first file, the others alone. */
static void files_send(struct call *call, Policycalc__V1__SimulateRequest *request,
		const struct pcalc_file *files, size_t file_count)
{
	for (size_t i = 0; i < file_count; i++) {
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

		file.path = text_field(files[i].path);
		file.content.data = (uint8_t *)(uintptr_t)files[i].content;
		file.content.len = files[i].size;
		request->file = &file;
		if (!call_send(call, &request->base))
			break;
		policycalc__v1__simulate_request__init(request);
	}
	call_half_close(call);
}

/* Receives to the end; what is progress is let go. */
static bool simulation_receive(
		struct call *call, pcalc_simulation *simulation, struct call_status *status)
{
	for (;;) {
		const Policycalc__V1__SimulateResponse *response;
		struct arena_mark mark = arena_mark(&simulation->arena);
		ProtobufCMessage *message;

		if (!call_receive(call, &policycalc__v1__simulate_response__descriptor,
				    &simulation->arena, &message, status))
			return false;
		response = (const Policycalc__V1__SimulateResponse *)message;
		if (!response)
			return simulation->message ||
			       call_status_set(status, PCALC_INTERNAL,
					       "the answer has no simulation");
		if (response->part_case == POLICYCALC__V1__SIMULATE_RESPONSE__PART_SIMULATION)
			simulation->message = response->simulation;
		else
			arena_rewind(&simulation->arena, mark);
	}
}

pcalc_simulation *pcalc_simulate(pcalc_client *client, const struct pcalc_file *files,
		size_t file_count, const struct pcalc_simulate_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__SimulateRequest request = POLICYCALC__V1__SIMULATE_REQUEST__INIT;
	Policycalc__V1__ParameterSteps steps = POLICYCALC__V1__PARAMETER_STEPS__INIT;
	pcalc_simulation *simulation = handle_new(sizeof(*simulation), failure);
	struct call_status status = { 0 };
	struct call *call;
	bool ok;

	if (!simulation)
		return NULL;
	if (options) {
		request.as_of = text_field(options->as_of);
		request.policies = (char **)(uintptr_t)options->policies;
		request.n_policies = options->policy_count;
		request.region = text_field(options->region);
	}
	if (options && options->parameter) {
		steps.parameter = text_field(options->parameter);
		steps.from = text_field(options->from);
		steps.to = text_field(options->to);
		steps.step = text_field(options->step);
		request.sensitivity = &steps;
	}
	call = call_start(client->channel, CATALOG_PATH "Simulate",
			deadline_after(client->timeout_ms), &status);
	ok = call != NULL;
	if (ok) {
		files_send(call, &request, files, file_count);
		ok = simulation_receive(call, simulation, &status);
		call_free(call);
	}
	if (ok)
		return simulation;
	(void)failure_from_status(failure, &status);
	pcalc_simulation_free(simulation);
	return NULL;
}

void pcalc_simulation_free(pcalc_simulation *simulation)
{
	handle_free(simulation);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct pcalc_simulation_summary pcalc_simulation_summary_get(const pcalc_simulation *simulation)
{
	const Policycalc__V1__Simulation *message = simulation->message;

	return (struct pcalc_simulation_summary){
		.revision = message->revision,
		.as_of = message->as_of,
		.sequence = message->sequence,
		.enterprises = message->enterprises,
		.gaining_enterprises = message->gaining_enterprises,
		.losing_enterprises = message->losing_enterprises,
		.refused = message->refused,
		.policy_count = message->n_policies,
		.budget_count = message->n_budgets,
		.point_count = message->curve ? message->curve->n_points : 0,
	};
}

static struct pcalc_simulated_side side_from(const Policycalc__V1__SimulatedSide *side)
{
	if (!side)
		return (struct pcalc_simulated_side){ .policy_id = "" };
	return (struct pcalc_simulated_side){
		.policy_id = side->policy_id,
		.eligible = side->eligible,
		.needs_review = side->needs_review,
		.needs_information = side->needs_information,
		.sure_fen = side->sure_fen,
		.most_fen = side->most_fen,
		.unbounded = side->unbounded,
	};
}

bool pcalc_simulation_change(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_change *out_change)
{
	const Policycalc__V1__Simulation *message = simulation->message;
	const Policycalc__V1__SimulatedPolicy *policy = NULL;
	const Policycalc__V1__SimulatedChange *change = message->total;

	if (index != PCALC_ALL_POLICIES) {
		if (index >= message->n_policies)
			return false;
		policy = message->policies[index];
		change = policy->change;
	}
	if (!change)
		return false;
	*out_change = (struct pcalc_simulated_change){
		.series = policy ? policy->series : "",
		.title = text_from(policy ? policy->title : NULL),
		.before = side_from(change->before),
		.after = side_from(change->after),
		.gaining = change->gaining,
		.losing = change->losing,
		.more = change->more,
		.less = change->less,
		.gain_fen = change->gain_fen,
		.loss_fen = change->loss_fen,
		.unchanged = policy && policy->unchanged,
	};
	return true;
}

/* The groups of one kind; of all policies when @policy is NULL. */
static Policycalc__V1__SimulatedGroup *const *groups_find(
		const Policycalc__V1__Simulation *message,
		const Policycalc__V1__SimulatedPolicy *policy, enum pcalc_group_kind kind,
		size_t *out_count)
{
	switch (kind) {
	case PCALC_GROUP_REGION:
		*out_count = policy ? policy->n_regions : message->n_regions;
		return policy ? policy->regions : message->regions;
	case PCALC_GROUP_INDUSTRY:
		*out_count = policy ? policy->n_industries : message->n_industries;
		return policy ? policy->industries : message->industries;
	case PCALC_GROUP_SIZE:
		*out_count = policy ? policy->n_sizes : message->n_sizes;
		return policy ? policy->sizes : message->sizes;
	default:
		*out_count = 0;
		return NULL;
	}
}

bool pcalc_simulation_group(const pcalc_simulation *simulation, size_t index,
		enum pcalc_group_kind kind, size_t group,
		struct pcalc_simulated_group *out_group)
{
	const Policycalc__V1__Simulation *message = simulation->message;
	Policycalc__V1__SimulatedGroup *const *groups;
	size_t count;

	if (index != PCALC_ALL_POLICIES && index >= message->n_policies)
		return false;
	groups = groups_find(message,
			index == PCALC_ALL_POLICIES ? NULL : message->policies[index], kind,
			&count);
	if (group >= count)
		return false;
	*out_group = (struct pcalc_simulated_group){
		.code = groups[group]->code,
		.label = text_from(groups[group]->label),
		.before = groups[group]->before,
		.after = groups[group]->after,
		.gaining = groups[group]->gaining,
		.losing = groups[group]->losing,
		.before_fen = groups[group]->before_fen,
		.after_fen = groups[group]->after_fen,
	};
	return true;
}

bool pcalc_simulation_budget(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_budget *out_budget)
{
	const Policycalc__V1__SimulatedBudget *budget;
	bool has_before, has_after;

	if (index >= simulation->message->n_budgets)
		return false;
	budget = simulation->message->budgets[index];
	has_before = budget->_before_limit_fen_case ==
		     POLICYCALC__V1__SIMULATED_BUDGET___BEFORE_LIMIT_FEN_BEFORE_LIMIT_FEN;
	has_after = budget->_after_limit_fen_case ==
		    POLICYCALC__V1__SIMULATED_BUDGET___AFTER_LIMIT_FEN_AFTER_LIMIT_FEN;
	*out_budget = (struct pcalc_simulated_budget){
		.label = text_from(budget->label),
		.policies = (const char *const *)budget->policies,
		.policy_count = budget->n_policies,
		.has_before_limit = has_before,
		.before_limit_fen = has_before ? budget->before_limit_fen : 0,
		.has_after_limit = has_after,
		.after_limit_fen = has_after ? budget->after_limit_fen : 0,
		.before_fen = budget->before_fen,
		.after_fen = budget->after_fen,
		.after_most_fen = budget->after_most_fen,
		.after_unbounded = budget->after_unbounded,
	};
	return true;
}

bool pcalc_simulation_point(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_point *out_point)
{
	const Policycalc__V1__SimulatedCurve *curve = simulation->message->curve;
	const Policycalc__V1__SimulatedPoint *point;

	if (!curve || index >= curve->n_points)
		return false;
	point = curve->points[index];
	*out_point = (struct pcalc_simulated_point){ point->value, point->eligible,
		point->needs_review, point->sure_fen, point->most_fen };
	return true;
}
