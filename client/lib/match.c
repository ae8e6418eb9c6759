/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "base/memory.h"

#include <string.h>

struct pcalc_answers {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__MatchResponse *response;
	struct pcalc_combination combination; /* its message is NULL when not asked for */
};

struct pcalc_match_stream {
	struct call *call;
};

/* Everything in the request is borrowed from the caller. */
static void request_fill(Policycalc__V1__MatchRequest *request, const pcalc_profile *profile,
		const struct pcalc_match_options *options)
{
	policycalc__v1__match_request__init(request);
	/* Packing only reads; the generated struct has no way to say so. */
	request->profile = (Policycalc__V1__Profile *)(uintptr_t)profile_message(profile);
	request->view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	if (!options)
		return;
	request->revision = options->revision;
	if (options->as_of)
		request->as_of = (char *)(uintptr_t)options->as_of;
	if (options->full)
		request->view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request->near = options->near;
	request->combine = options->combine;
	request->strict = options->strict;
	request->include_superseded = options->include_superseded;
	request->limit = options->limit;
	request->policies = (char **)(uintptr_t)options->policies;
	request->n_policies = options->policy_count;
}

/* The warnings stay with the answers: a combination within them has none of its own. */
static void answers_set(pcalc_answers *answers, const Policycalc__V1__MatchResponse *response)
{
	answers->response = response;
	answers->combination.message = response->combination;
	answers->combination.revision = response->revision;
	answers->combination.as_of = response->as_of;
}

pcalc_answers *pcalc_match(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_match_options *options, struct pcalc_failure *failure)
{
	pcalc_answers *answers = handle_new(sizeof(*answers), failure);
	const Policycalc__V1__MatchResponse *response;
	Policycalc__V1__MatchRequest request;

	if (!answers)
		return NULL;
	request_fill(&request, profile, options);
	response = (const Policycalc__V1__MatchResponse *)client_call(client,
			CALCULATOR_PATH "Match", &request.base,
			&policycalc__v1__match_response__descriptor, &answers->arena, failure);
	if (response) {
		answers_set(answers, response);
		return answers;
	}
	pcalc_answers_free(answers);
	return NULL;
}

void pcalc_answers_free(pcalc_answers *answers)
{
	handle_free(answers);
}

size_t pcalc_answers_count(const pcalc_answers *answers)
{
	return answers->response->n_answers;
}

struct pcalc_amount amount_from(const Policycalc__V1__AmountAnswer *amount)
{
	if (!amount)
		return (struct pcalc_amount){ .sentence = { "", "" } };
	return (struct pcalc_amount){
		.exactness = (enum pcalc_exactness)amount->exactness,
		.least_fen = amount->least_fen,
		.most_fen = amount->most_fen,
		.beneficiary = (enum pcalc_beneficiary)amount->beneficiary,
		.nature = (enum pcalc_nature)amount->nature,
		.sentence = text_from(amount->sentence),
		.first_year_least_fen = amount->first_year_least_fen,
		.first_year_most_fen = amount->first_year_most_fen,
		.term_months = amount->term_months,
		.rounded = amount->rounded,
		.has_cap = amount->cap != NULL,
		.cap_bound = amount->cap && amount->cap->bound,
		.cap_fen = amount->cap ? amount->cap->limit_fen : 0,
		.funding_count = amount->n_funding,
	};
}

bool pcalc_answers_funding(const pcalc_answers *answers, size_t index, size_t part,
		struct pcalc_funding *out_funding)
{
	const Policycalc__V1__AmountAnswer *amount;

	if (index >= answers->response->n_answers)
		return false;
	amount = answers->response->answers[index]->amount;
	if (!amount || part >= amount->n_funding)
		return false;
	*out_funding = (struct pcalc_funding){
		.level = (enum pcalc_level)amount->funding[part]->level,
		.share_ppm = amount->funding[part]->share_ppm,
		.least_fen = amount->funding[part]->least_fen,
		.most_fen = amount->funding[part]->most_fen,
	};
	return true;
}

struct pcalc_answer answer_from(const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__Availability *availability = answer->availability;

	return (struct pcalc_answer){
		.policy_id = answer->policy_id,
		.series = answer->series,
		.title = text_from(answer->title),
		.summary = text_from(answer->summary),
		.verdict = (enum pcalc_verdict)answer->verdict,
		.conditions_verdict = (enum pcalc_verdict)answer->conditions_verdict,
		.availability = availability ? (enum pcalc_availability)availability->state
					     : PCALC_AVAILABILITY_UNSPECIFIED,
		.availability_date = availability ? availability->date : "",
		.amount = amount_from(answer->amount),
		.missing = (const char *const *)answer->missing,
		.missing_count = answer->n_missing,
		.review_reasons = (const char *const *)answer->review_reasons,
		.review_reason_count = answer->n_review_reasons,
		.condition_count = answer->n_conditions,
		.near_count = answer->n_near,
		.cliff_count = answer->n_cliffs,
		.begin_not_stated = availability && availability->begin_not_stated,
	};
}

bool pcalc_answers_get(
		const pcalc_answers *answers, size_t index, struct pcalc_answer *out_answer)
{
	if (index >= answers->response->n_answers)
		return false;
	*out_answer = answer_from(answers->response->answers[index]);
	return true;
}

bool pcalc_answers_find(const pcalc_answers *answers, const char *policy,
		struct pcalc_answer *out_answer)
{
	for (size_t i = 0; policy && i < answers->response->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = answers->response->answers[i];

		if (strcmp(answer->policy_id, policy) == 0 ||
				strcmp(answer->series, policy) == 0)
			return pcalc_answers_get(answers, i, out_answer);
	}
	return false;
}

bool pcalc_answers_condition(const pcalc_answers *answers, size_t index, size_t condition,
		struct pcalc_condition *out_condition)
{
	const Policycalc__V1__ConditionAnswer *found;

	if (index >= answers->response->n_answers ||
			condition >= answers->response->answers[index]->n_conditions)
		return false;
	found = answers->response->answers[index]->conditions[condition];
	*out_condition = (struct pcalc_condition){
		.id = found->id,
		.label = text_from(found->label),
		.sentence = text_from(found->sentence),
		.status = (enum pcalc_condition_status)found->status,
		.missing = (const char *const *)found->missing,
		.missing_count = found->n_missing,
	};
	return true;
}

static const Policycalc__V1__ScoreAnswer *score_find(
		const pcalc_answers *answers, size_t index, size_t condition)
{
	if (index >= answers->response->n_answers ||
			condition >= answers->response->answers[index]->n_conditions)
		return NULL;
	return answers->response->answers[index]->conditions[condition]->score;
}

bool pcalc_answers_score(const pcalc_answers *answers, size_t index, size_t condition,
		struct pcalc_score *out_score)
{
	const Policycalc__V1__ScoreAnswer *found = score_find(answers, index, condition);
	bool has_pass;

	if (!found)
		return false;
	has_pass = found->_pass_case == POLICYCALC__V1__SCORE_ANSWER___PASS_PASS;
	*out_score = (struct pcalc_score){
		.table = found->table,
		.label = text_from(found->label),
		.sentence = text_from(found->sentence),
		.least = found->least,
		.most = found->most,
		.full = found->full,
		.has_pass = has_pass,
		.pass = has_pass ? found->pass : 0,
		.status = (enum pcalc_condition_status)found->status,
		.direct_pass = (enum pcalc_condition_status)found->direct_pass,
		.row_count = found->n_rows,
	};
	return true;
}

bool pcalc_answers_score_row(const pcalc_answers *answers, size_t index, size_t condition,
		size_t row, struct pcalc_score_row *out_row)
{
	const Policycalc__V1__ScoreAnswer *score = score_find(answers, index, condition);
	const Policycalc__V1__ScoreRowAnswer *found;
	const Policycalc__V1__ScoreMetricAnswer *counted = NULL;

	if (!score || row >= score->n_rows)
		return false;
	found = score->rows[row];
	for (size_t i = 0; !counted && i < found->n_alternatives; i++) {
		if (found->alternatives[i]->counted)
			counted = found->alternatives[i];
	}
	*out_row = (struct pcalc_score_row){
		.id = found->id,
		.label = text_from(found->label),
		.state = (enum pcalc_score_state)found->state,
		.least = found->least,
		.most = found->most,
		.full = found->full,
		.attribute = counted ? counted->attribute : "",
		.observed = text_from(counted ? counted->observed : NULL),
		.next = text_from(counted && counted->next ? counted->next->required : NULL),
		.next_more = counted && counted->next ? counted->next->more : 0,
		.missing = (const char *const *)found->missing,
		.missing_count = found->n_missing,
	};
	return true;
}

static const Policycalc__V1__NearMiss *near_find(
		const pcalc_answers *answers, size_t index, size_t near)
{
	if (index >= answers->response->n_answers ||
			near >= answers->response->answers[index]->n_near)
		return NULL;
	return answers->response->answers[index]->near[near];
}

struct pcalc_near_miss near_from(const Policycalc__V1__NearMiss *near)
{
	return (struct pcalc_near_miss){
		.cost_ppm = near->cost_ppm,
		.verdict = (enum pcalc_verdict)near->verdict,
		.amount = amount_from(near->amount),
		.stays_unknown = (const char *const *)near->stays_unknown,
		.stays_unknown_count = near->n_stays_unknown,
		.sentence = text_from(near->sentence),
		.change_count = near->n_changes,
	};
}

bool pcalc_answers_near(const pcalc_answers *answers, size_t index, size_t near,
		struct pcalc_near_miss *out_near)
{
	const Policycalc__V1__NearMiss *found = near_find(answers, index, near);

	if (!found)
		return false;
	*out_near = near_from(found);
	return true;
}

bool pcalc_answers_near_change(const pcalc_answers *answers, size_t index, size_t near,
		size_t change, struct pcalc_near_change *out_change)
{
	const Policycalc__V1__NearMiss *miss = near_find(answers, index, near);
	const Policycalc__V1__NearChange *found;

	if (!miss || change >= miss->n_changes)
		return false;
	found = miss->changes[change];
	*out_change = (struct pcalc_near_change){
		.attribute = found->attribute,
		.distance = found->distance,
		.percent_ppm = found->_percent_ppm_case == POLICYCALC__V1__NEAR_CHANGE___PERCENT_PPM_PERCENT_PPM
					       ? found->percent_ppm
					       : -1,
		.parameter = found->parameter,
	};
	return true;
}

bool pcalc_answers_cliff(const pcalc_answers *answers, size_t index, size_t cliff,
		struct pcalc_cliff *out_cliff)
{
	const Policycalc__V1__Cliff *found;

	if (index >= answers->response->n_answers ||
			cliff >= answers->response->answers[index]->n_cliffs)
		return false;
	found = answers->response->answers[index]->cliffs[cliff];
	*out_cliff = (struct pcalc_cliff){
		.attribute = found->attribute,
		.above = found->above,
		.distance = found->distance,
		.parameter = found->parameter,
		.sentence = text_from(found->sentence),
	};
	return true;
}

bool pcalc_answers_warning(
		const pcalc_answers *answers, size_t index, struct pcalc_warning *out_warning)
{
	if (index >= answers->response->n_warnings)
		return false;
	*out_warning = warning_from(answers->response->warnings[index]);
	return true;
}

const pcalc_combination *pcalc_answers_combination(const pcalc_answers *answers)
{
	return answers->combination.message ? &answers->combination : NULL;
}

int64_t pcalc_answers_revision(const pcalc_answers *answers)
{
	return answers->response->revision;
}

const char *pcalc_answers_as_of(const pcalc_answers *answers)
{
	return answers->response->as_of;
}

pcalc_match_stream *pcalc_match_stream_open(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_match_stream *stream = memory_alloc_zero(1, sizeof(*stream));
	struct call_status status = { 0 };

	if (!stream) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	stream->call = call_start(client->channel, CALCULATOR_PATH "MatchStream",
			deadline_after(client->timeout_ms), &status);
	if (stream->call)
		return stream;
	(void)failure_from_status(failure, &status);
	memory_free(stream);
	return NULL;
}

void pcalc_match_stream_free(pcalc_match_stream *stream)
{
	if (!stream)
		return;
	call_free(stream->call);
	memory_free(stream);
}

bool pcalc_match_stream_send(pcalc_match_stream *stream, const char *request_id,
		const pcalc_profile *profile, const struct pcalc_match_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__MatchStreamRequest request = POLICYCALC__V1__MATCH_STREAM_REQUEST__INIT;
	Policycalc__V1__MatchRequest match;

	request_fill(&match, profile, options);
	request.match = &match;
	if (request_id)
		request.request_id = (char *)(uintptr_t)request_id;
	return call_send(stream->call, &request.base) ||
	       failure_set(failure, PCALC_CANCELLED, "the stream has ended: receive tells why");
}

void pcalc_match_stream_finish(pcalc_match_stream *stream)
{
	call_half_close(stream->call);
}

bool pcalc_match_stream_receive(pcalc_match_stream *stream, pcalc_answers **out_answers,
		struct pcalc_failure *failure)
{
	pcalc_answers *answers = handle_new(sizeof(*answers), failure);
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	const Policycalc__V1__MatchStreamResponse *response;

	*out_answers = NULL;
	if (!answers)
		return false;
	if (!call_receive(stream->call, &policycalc__v1__match_stream_response__descriptor,
			    &answers->arena, &message, &status)) {
		pcalc_answers_free(answers);
		return failure_from_status(failure, &status);
	}
	response = (const Policycalc__V1__MatchStreamResponse *)message;
	(void)failure_set(failure, PCALC_OK, "");
	if (response && response->result_case ==
					POLICYCALC__V1__MATCH_STREAM_RESPONSE__RESULT_RESPONSE) {
		answers_set(answers, response->response);
		*out_answers = answers;
		return true;
	}
	if (response && response->result_case ==
					POLICYCALC__V1__MATCH_STREAM_RESPONSE__RESULT_ERROR)
		failure_from_rpc_status(failure, response->error);
	else if (response)
		(void)failure_set(failure, PCALC_INTERNAL, "an answer without content");
	pcalc_answers_free(answers);
	return true;
}
