/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/answer_stream.h"
#include "client/lib/report_parts.h"

struct pcalc_report {
	struct answer_stream stream; /* closed but for its memory, which has the report */
	Policycalc__V1__ReportHead *head;
	const ProtobufCMessage *message; /* one of: */
	const Policycalc__V1__CoverageReport *coverage;
	const Policycalc__V1__BlockedReport *blocked;
	const Policycalc__V1__UnclaimedReport *unclaimed;
	const Policycalc__V1__PushReport *push;
	void *encoded;
	size_t encoded_size;
};

/* --- asking ----------------------------------------------------------------------------------- */

static void request_fill(Policycalc__V1__GetReportRequest *request,
		const struct pcalc_report_options *options)
{
	request->kind = (Policycalc__V1__ReportKind)options->kind;
	request->as_of = text_field(options->as_of);
	request->revision = options->revision;
	request->sequence = options->sequence;
	request->region = text_field(options->region);
	request->policies = (char **)(uintptr_t)options->policies;
	request->n_policies = options->policy_count;
	request->names = options->names;
	request->draft = options->draft;
	request->signed_by = text_field(options->signed_by);
	if (options->has_target) {
		request->_target_ppm_case =
				POLICYCALC__V1__GET_REPORT_REQUEST___TARGET_PPM_TARGET_PPM;
		request->target_ppm = options->target_ppm;
	}
	if (options->has_expected) {
		request->_expected_total_case =
				POLICYCALC__V1__GET_REPORT_REQUEST___EXPECTED_TOTAL_EXPECTED_TOTAL;
		request->expected_total = options->expected_total;
		request->_expected_covered_case =
				POLICYCALC__V1__GET_REPORT_REQUEST___EXPECTED_COVERED_EXPECTED_COVERED;
		request->expected_covered = options->expected_covered;
	}
}

/* Which report it is, and its encoded form. */
static bool report_set(pcalc_report *report, const Policycalc__V1__GetReportResponse *response,
		struct pcalc_failure *failure)
{
	struct arena *arena = &report->stream.arenas[report->stream.current];

	switch (response ? (int)response->part_case : 0) {
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE:
		report->coverage = response->coverage;
		report->message = &response->coverage->base;
		report->head = response->coverage->head;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_BLOCKED:
		report->blocked = response->blocked;
		report->message = &response->blocked->base;
		report->head = response->blocked->head;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_UNCLAIMED:
		report->unclaimed = response->unclaimed;
		report->message = &response->unclaimed->base;
		report->head = response->unclaimed->head;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PUSH:
		report->push = response->push;
		report->message = &response->push->base;
		report->head = response->push->head;
		break;
	default:
		return failure_set(failure, PCALC_INTERNAL, "no report came");
	}
	if (!report->head)
		return failure_set(failure, PCALC_INTERNAL, "a report without a head");
	report->encoded_size = protobuf_c_message_get_packed_size(report->message);
	report->encoded = arena_alloc(arena, report->encoded_size + 1);
	if (!report->encoded)
		return failure_out_of_memory(failure);
	(void)protobuf_c_message_pack(report->message, report->encoded);
	return true;
}

static bool report_receive(pcalc_report *report, struct pcalc_failure *failure)
{
	struct answer_stream *stream = &report->stream;
	struct report_parts parts = { 0 };
	ProtobufCMessage *message;

	/* Progress is not kept: a report of a whole registry tells it for minutes. */
	while (client_receive(stream, &message, failure)) {
		Policycalc__V1__GetReportResponse *part =
				(Policycalc__V1__GetReportResponse *)message;

		if (!part)
			return report_set(report, parts.report, failure);
		if (part->part_case != POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PROGRESS)
			stream->keeps = true;
		if (!report_parts_take(&parts, &stream->arenas[stream->current], part))
			return failure_out_of_memory(failure);
	}
	return false;
}

pcalc_report *pcalc_report_get(pcalc_client *client, const struct pcalc_report_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	pcalc_report *report = memory_alloc_zero(1, sizeof(*report));

	if (!report) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	request_fill(&request, options);
	if (client_open_stream(client, &report->stream, REGISTRY_PATH "GetReport",
			    &request.base, &policycalc__v1__get_report_response__descriptor,
			    failure) &&
			report_receive(report, failure)) {
		/* The report outlives the call, and may outlive the client's next one. */
		call_free(report->stream.call);
		report->stream.call = NULL;
		return report;
	}
	pcalc_report_free(report);
	return NULL;
}

void pcalc_report_free(pcalc_report *report)
{
	if (!report)
		return;
	answer_stream_close(&report->stream);
	memory_free(report);
}

struct pcalc_report_head pcalc_report_head_get(const pcalc_report *report)
{
	const Policycalc__V1__ReportHead *head = report->head;

	return (struct pcalc_report_head){
		.kind = report->coverage    ? PCALC_REPORT_COVERAGE
			: report->blocked   ? PCALC_REPORT_BLOCKED
			: report->unclaimed ? PCALC_REPORT_UNCLAIMED
					    : PCALC_REPORT_PUSH,
		.as_of = head->as_of,
		.revision = head->revision,
		.sequence = head->sequence,
		.engine_version = head->engine_version,
		.region = head->region,
		.region_name = text_from(head->region_name),
		.enterprise_count = head->enterprise_count,
		.unread_count = head->unread_count,
		.sample = head->sample,
		.disclaimer = text_from(head->disclaimer),
	};
}

const void *pcalc_report_encoded(const pcalc_report *report, size_t *out_size)
{
	*out_size = report->encoded_size;
	return report->encoded;
}

/* --- coverage --------------------------------------------------------------------------------- */

static struct pcalc_coverage_count coverage_count_from(
		const Policycalc__V1__CoverageCount *count)
{
	if (!count)
		return (struct pcalc_coverage_count){ .rate_permille = -1,
			.four_rate_permille = -1 };
	return (struct pcalc_coverage_count){
		.total = count->total,
		.covered = count->covered,
		.unknown = count->unknown,
		.rate_permille =
				count->_rate_permille_case == POLICYCALC__V1__COVERAGE_COUNT___RATE_PERMILLE_RATE_PERMILLE
						? count->rate_permille
						: -1,
		.four = count->four,
		.four_unknown = count->four_unknown,
		.four_rate_permille =
				count->_four_rate_permille_case ==
								POLICYCALC__V1__COVERAGE_COUNT___FOUR_RATE_PERMILLE_FOUR_RATE_PERMILLE
						? count->four_rate_permille
						: -1,
	};
}

bool pcalc_report_coverage(const pcalc_report *report, struct pcalc_coverage *out_coverage)
{
	const Policycalc__V1__CoverageReport *coverage = report->coverage;
	const Policycalc__V1__CoverageCity *city = coverage ? coverage->city : NULL;

	if (!coverage)
		return false;
	*out_coverage = (struct pcalc_coverage){
		.month = coverage->month,
		.count = coverage_count_from(city ? city->count : NULL),
		.target_ppm = coverage->target_ppm,
		.needed_target = city ? city->needed_target : 0,
		.needed_all = city ? city->needed_all : 0,
		.draft = coverage->draft,
		.unit_count = coverage->n_units,
		.notice_count = coverage->n_notices,
		.firm_count = coverage->n_firms,
	};
	return true;
}

bool pcalc_report_coverage_unit(
		const pcalc_report *report, size_t index, struct pcalc_coverage_unit *out_unit)
{
	const Policycalc__V1__CoverageUnit *unit;

	if (!report->coverage || index >= report->coverage->n_units)
		return false;
	unit = report->coverage->units[index];
	*out_unit = (struct pcalc_coverage_unit){
		.code = unit->code,
		.name = text_from(unit->name),
		.zone = unit->zone,
		.rank = unit->rank,
		.count = coverage_count_from(unit->count),
		.needed_average = unit->needed_average,
		.needed_target = unit->needed_target,
		.needed_all = unit->needed_all,
		.target_met = unit->target_met,
		.months_below = unit->months_below,
		.opening_fen = unit->opening_fen,
		.opening_firms = unit->opening_firms,
	};
	return true;
}

bool pcalc_report_notice(const pcalc_report *report, size_t index, int *out_kind,
		struct pcalc_text *out_sentence)
{
	if (!report->coverage || index >= report->coverage->n_notices)
		return false;
	*out_kind = (int)report->coverage->notices[index]->kind;
	*out_sentence = text_from(report->coverage->notices[index]->sentence);
	return true;
}

bool pcalc_report_firm(
		const pcalc_report *report, size_t index, struct pcalc_uncovered_firm *out_firm)
{
	const Policycalc__V1__UncoveredFirm *firm;

	if (!report->coverage || index >= report->coverage->n_firms)
		return false;
	firm = report->coverage->firms[index];
	*out_firm = (struct pcalc_uncovered_firm){
		.uscc = firm->uscc,
		.unit = firm->unit,
		.industry = firm->industry,
		.size = firm->size,
		.reason = (int)firm->reason,
		.contact_officer = firm->contact_officer,
		.opens_count = firm->n_opens,
		.opening_fen = firm->opening_fen,
	};
	return true;
}

const char *pcalc_report_firm_opens(const pcalc_report *report, size_t index, size_t opens)
{
	const Policycalc__V1__UncoveredFirm *firm;

	if (!report->coverage || index >= report->coverage->n_firms)
		return NULL;
	firm = report->coverage->firms[index];
	return opens < firm->n_opens ? firm->opens[opens]->policy_id : NULL;
}

/* --- blocked ---------------------------------------------------------------------------------- */

static int64_t verdict_count(
		const Policycalc__V1__BlockedPolicy *policy, Policycalc__V1__Verdict verdict)
{
	for (size_t i = 0; i < policy->n_verdicts; i++) {
		if (policy->verdicts[i]->verdict == verdict)
			return policy->verdicts[i]->count;
	}
	return 0;
}

bool pcalc_report_blocked_policy(const pcalc_report *report, size_t index,
		struct pcalc_blocked_policy *out_policy)
{
	const Policycalc__V1__BlockedPolicy *policy;

	if (!report->blocked || index >= report->blocked->n_policies)
		return false;
	policy = report->blocked->policies[index];
	*out_policy = (struct pcalc_blocked_policy){
		.policy_id = policy->policy_id,
		.series = policy->series,
		.title = text_from(policy->title),
		.eligible = verdict_count(policy, POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE),
		.needs_review = verdict_count(
				policy, POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW),
		.needs_information = verdict_count(
				policy, POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION),
		.not_open = verdict_count(policy, POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN),
		.ineligible = verdict_count(
				policy, POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE),
		.condition_count = policy->n_conditions,
		.attribute_count = policy->n_attributes,
	};
	return true;
}

bool pcalc_report_blocked_condition(const pcalc_report *report, size_t index, size_t condition,
		struct pcalc_blocked_condition *out_condition)
{
	const Policycalc__V1__BlockedCondition *found;

	if (!report->blocked || index >= report->blocked->n_policies ||
			condition >= report->blocked->policies[index]->n_conditions)
		return false;
	found = report->blocked->policies[index]->conditions[condition];
	*out_condition = (struct pcalc_blocked_condition){ found->id, text_from(found->label),
		found->alone, found->among, found->unknown, found->review };
	return true;
}

bool pcalc_report_blocked_attribute(const pcalc_report *report, size_t index, size_t attribute,
		struct pcalc_blocked_attribute *out_attribute)
{
	Policycalc__V1__BlockedAttribute *const *list;
	size_t count;

	if (!report->blocked ||
			(index != PCALC_REPORT_SUM && index >= report->blocked->n_policies))
		return false;
	list = report->blocked->attributes;
	count = report->blocked->n_attributes;
	if (index != PCALC_REPORT_SUM) {
		list = report->blocked->policies[index]->attributes;
		count = report->blocked->policies[index]->n_attributes;
	}
	if (attribute >= count)
		return false;
	*out_attribute = (struct pcalc_blocked_attribute){ list[attribute]->name,
		text_from(list[attribute]->label), text_from(list[attribute]->supplier),
		list[attribute]->alone, list[attribute]->among };
	return true;
}

/* --- unclaimed -------------------------------------------------------------------------------- */

static const Policycalc__V1__UnclaimedUnit *unclaimed_find(
		const pcalc_report *report, size_t index)
{
	if (!report->unclaimed)
		return NULL;
	if (index == PCALC_REPORT_SUM)
		return report->unclaimed->sum;
	return index < report->unclaimed->n_units ? report->unclaimed->units[index] : NULL;
}

bool pcalc_report_unclaimed_unit(
		const pcalc_report *report, size_t index, struct pcalc_unclaimed_unit *out_unit)
{
	const Policycalc__V1__UnclaimedUnit *unit = unclaimed_find(report, index);

	if (!unit)
		return false;
	*out_unit = (struct pcalc_unclaimed_unit){
		.code = unit->code,
		.name = text_from(unit->name),
		.enterprises = unit->enterprises,
		.eligible = unit->eligible,
		.sure_fen = unit->sure_fen,
		.without_amount = unit->without_amount,
		.policy_count = index == PCALC_REPORT_SUM ? report->unclaimed->n_policies
							  : unit->n_policies,
	};
	return true;
}

bool pcalc_report_unclaimed_policy(const pcalc_report *report, size_t index, size_t policy,
		struct pcalc_unclaimed_policy *out_policy)
{
	const Policycalc__V1__UnclaimedUnit *unit = unclaimed_find(report, index);
	bool is_sum = index == PCALC_REPORT_SUM;
	const Policycalc__V1__UnclaimedPolicy *found;

	if (!unit || policy >= (is_sum ? report->unclaimed->n_policies : unit->n_policies))
		return false;
	found = is_sum ? report->unclaimed->policies[policy] : unit->policies[policy];
	*out_policy = (struct pcalc_unclaimed_policy){
		.policy_id = found->policy_id,
		.title = text_from(found->title),
		.eligible = found->eligible,
		.least_fen = found->least_fen,
		.most_fen = found->most_fen,
		.without_amount = found->without_amount,
		.nature = (enum pcalc_nature)found->nature,
		.beneficiary = (enum pcalc_beneficiary)found->beneficiary,
	};
	return true;
}

/* --- push ------------------------------------------------------------------------------------- */

static bool push_count_get(Policycalc__V1__PushCount *const *list, size_t count, size_t index,
		struct pcalc_push_count *out_count)
{
	if (index >= count)
		return false;
	*out_count = (struct pcalc_push_count){ list[index]->code, text_from(list[index]->name),
		list[index]->told, list[index]->news, list[index]->acknowledged,
		list[index]->held, list[index]->suppressed };
	return true;
}

bool pcalc_report_push_policy(
		const pcalc_report *report, size_t index, struct pcalc_push_count *out_count)
{
	return report->push && push_count_get(report->push->policies, report->push->n_policies,
					       index, out_count);
}

bool pcalc_report_push_unit(
		const pcalc_report *report, size_t index, struct pcalc_push_count *out_count)
{
	return report->push &&
	       push_count_get(report->push->units, report->push->n_units, index, out_count);
}

bool pcalc_report_negative(const pcalc_report *report, size_t index,
		struct pcalc_negative_attribute *out_attribute)
{
	const Policycalc__V1__NegativeAttribute *found;

	if (!report->push || index >= report->push->n_negatives)
		return false;
	found = report->push->negatives[index];
	*out_attribute = (struct pcalc_negative_attribute){ found->name,
		text_from(found->label), text_from(found->supplier), found->unknown,
		found->undecided, found->undecided_alone };
	return true;
}
