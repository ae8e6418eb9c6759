/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/answer_stream.h"
#include "policycalc/v1/find.pb-c.h"

struct pcalc_find {
	struct answer_stream stream;
	const Policycalc__V1__FoundEnterprise *found; /* the one at hand, or NULL */
	const Policycalc__V1__FindSummary *summary;   /* NULL: it has not come yet */
	bool ended;
};

pcalc_find *pcalc_find_open(pcalc_client *client, const struct pcalc_find_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__FindEnterprisesRequest request =
			POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
	pcalc_find *find = memory_alloc_zero(1, sizeof(*find));

	if (!find) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	request.policy = text_field(options->policy);
	request.verdicts = (Policycalc__V1__Verdict *)(uintptr_t)options->verdicts;
	request.n_verdicts = options->verdict_count;
	request.near = options->near;
	request.only_near = options->only_near;
	request.region = text_field(options->region);
	request.industry = text_field(options->industry);
	request.size = (Policycalc__V1__FirmSize)options->size;
	request.sort = (Policycalc__V1__FindSort)options->sort;
	request.limit = options->limit;
	request.revision = options->revision;
	request.as_of = text_field(options->as_of);
	request.sequence = options->sequence;
	if (client_open_stream(client, &find->stream, REGISTRY_PATH "FindEnterprises",
			    &request.base,
			    &policycalc__v1__find_enterprises_response__descriptor, failure))
		return find;
	pcalc_find_free(find);
	return NULL;
}

void pcalc_find_free(pcalc_find *find)
{
	if (!find)
		return;
	answer_stream_close(&find->stream);
	memory_free(find);
}

static bool firm_take(pcalc_find *find, const Policycalc__V1__FoundEnterprise *found,
		struct pcalc_found *out_found, struct pcalc_failure *failure)
{
	if (!found->answer)
		return failure_set(failure, PCALC_INTERNAL, "an enterprise without an answer");
	find->found = found;
	*out_found = (struct pcalc_found){
		.part = PCALC_FIND_FIRM,
		.id = found->id,
		.uscc = found->uscc,
		.region = found->region,
		.region_label = text_from(found->region_label),
		.industry = found->industry,
		.answer = answer_from(found->answer),
	};
	return true;
}

bool pcalc_find_receive(
		pcalc_find *find, struct pcalc_found *out_found, struct pcalc_failure *failure)
{
	const Policycalc__V1__FindEnterprisesResponse *part;
	ProtobufCMessage *message;

	for (;;) {
		if (!client_receive(&find->stream, &message, failure))
			return false;
		part = (const Policycalc__V1__FindEnterprisesResponse *)message;
		if (!part)
			break;
		find->found = NULL;
		switch ((int)part->part_case) {
		case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_FOUND:
			return firm_take(find, part->found, out_found, failure);
		case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_PROGRESS:
			*out_found = (struct pcalc_found){ .part = PCALC_FIND_PROGRESS,
				.done = part->progress->done,
				.total = part->progress->total };
			return true;
		case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_SUMMARY:
			find->summary = part->summary;
			find->stream.keeps = true;
			break;
		default: /* of a newer service */
			break;
		}
	}
	if (!find->summary)
		return failure_set(failure, PCALC_INTERNAL, "the answer has no summary");
	find->ended = true;
	find->found = NULL;
	*out_found = (struct pcalc_found){ .part = PCALC_FIND_END };
	return true;
}

bool pcalc_find_near(const pcalc_find *find, size_t index, struct pcalc_near_miss *out_near)
{
	if (!find->found || index >= find->found->answer->n_near)
		return false;
	*out_near = near_from(find->found->answer->near[index]);
	return true;
}

bool pcalc_find_summary_get(const pcalc_find *find, struct pcalc_find_summary *out_summary)
{
	const Policycalc__V1__FindSummary *summary = find->summary;

	if (!find->ended)
		return false;
	*out_summary = (struct pcalc_find_summary){
		.policy_id = summary->policy_id,
		.title = text_from(summary->title),
		.revision = summary->revision,
		.as_of = summary->as_of,
		.sequence = summary->sequence,
		.told = summary->told,
		.left_out = summary->left_out,
		.near = summary->near,
		.sure_fen = summary->sure_fen,
		.looked_at = summary->looked_at,
		.refused = summary->refused,
		.lack_count = summary->n_lacks,
	};
	return true;
}

int64_t pcalc_find_count(const pcalc_find *find, enum pcalc_verdict verdict)
{
	for (size_t i = 0; find->ended && i < find->summary->n_counts; i++) {
		if ((enum pcalc_verdict)find->summary->counts[i]->verdict == verdict)
			return find->summary->counts[i]->count;
	}
	return 0;
}

bool pcalc_find_lack(const pcalc_find *find, size_t index, struct pcalc_find_lack *out_lack)
{
	const Policycalc__V1__LackCount *lack;

	if (!find->ended || index >= find->summary->n_lacks)
		return false;
	lack = find->summary->lacks[index];
	*out_lack = (struct pcalc_find_lack){ lack->attribute, text_from(lack->label),
		lack->count, lack->alone };
	return true;
}
