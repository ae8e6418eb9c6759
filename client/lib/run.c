/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: starting, stopping, reading and watching them. */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/answer_stream.h"
#include "client/lib/list.h"
#include "policycalc/v1/push_service.pb-c.h"

struct pcalc_run {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__Run *message;
};

struct pcalc_runs {
	struct list list;
};

struct pcalc_watch {
	struct answer_stream stream;
};

static struct pcalc_run_summary summary_from(const Policycalc__V1__Run *run)
{
	return (struct pcalc_run_summary){
		.id = run->id,
		.state = (enum pcalc_run_state)run->state,
		.revision = run->revision,
		.as_of = run->as_of,
		.sequence = run->sequence,
		.changed_only = run->changed_only,
		.since_revision = run->since_revision,
		.silent = run->silent,
		.reason = run->reason,
		.started_at = run->started_at,
		.finished_at = run->finished_at,
		.done = run->done,
		.total = run->total,
		.deliveries = run->deliveries,
		.errors = run->errors,
		.note = run->note,
		.count_count = run->n_counts,
	};
}

/* --- one run ---------------------------------------------------------------------------------- */

/* The answers to starting, reading and stopping a run have the run in one field, the first. */
static pcalc_run *run_call(pcalc_client *client, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		struct pcalc_failure *failure)
{
	pcalc_run *run = handle_new(sizeof(*run), failure);
	const ProtobufCMessage *response;

	if (!run)
		return NULL;
	response = client_call(client, path, request, type, &run->arena, failure);
	if (response)
		run->message = *(Policycalc__V1__Run *const *)((const char *)response +
							       type->fields[0].offset);
	if (run->message)
		return run;
	if (response)
		(void)failure_set(failure, PCALC_INTERNAL, "an answer without a run");
	pcalc_run_free(run);
	return NULL;
}

pcalc_run *pcalc_run_start(pcalc_client *client, const struct pcalc_run_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;

	if (options) {
		request.policies = (char **)(uintptr_t)options->policies;
		request.n_policies = options->policy_count;
		request.changed_only = options->changed_only;
		request.since_revision = options->since_revision;
		request.as_of = text_field(options->as_of);
		request.revision = options->revision;
		request.dry_run = options->dry_run;
		request.note = text_field(options->note);
	}
	return run_call(client, PUSH_PATH "StartRun", &request.base,
			&policycalc__v1__start_run_response__descriptor, failure);
}

pcalc_run *pcalc_run_get(pcalc_client *client, int64_t id, struct pcalc_failure *failure)
{
	Policycalc__V1__GetRunRequest request = POLICYCALC__V1__GET_RUN_REQUEST__INIT;

	request.id = id;
	return run_call(client, PUSH_PATH "GetRun", &request.base,
			&policycalc__v1__get_run_response__descriptor, failure);
}

pcalc_run *pcalc_run_cancel(pcalc_client *client, int64_t id, struct pcalc_failure *failure)
{
	Policycalc__V1__CancelRunRequest request = POLICYCALC__V1__CANCEL_RUN_REQUEST__INIT;

	request.id = id;
	return run_call(client, PUSH_PATH "CancelRun", &request.base,
			&policycalc__v1__cancel_run_response__descriptor, failure);
}

void pcalc_run_free(pcalc_run *run)
{
	handle_free(run);
}

struct pcalc_run_summary pcalc_run_summary_get(const pcalc_run *run)
{
	return summary_from(run->message);
}

bool pcalc_run_count(const pcalc_run *run, size_t index, struct pcalc_run_count *out_count)
{
	const Policycalc__V1__RunCount *found;

	if (index >= run->message->n_counts)
		return false;
	found = run->message->counts[index];
	*out_count = (struct pcalc_run_count){
		.series = found->series,
		.kind = (enum pcalc_news_kind)found->kind,
		.count = found->count,
		.amount_fen = found->amount_fen,
	};
	return true;
}

const char *pcalc_run_policy(const pcalc_run *run, size_t index)
{
	return index < run->message->n_policies ? run->message->policies[index] : NULL;
}

/* --- all runs --------------------------------------------------------------------------------- */

pcalc_runs *pcalc_runs_list(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_runs *runs = handle_new(sizeof(*runs), failure);
	Policycalc__V1__ListRunsRequest request = POLICYCALC__V1__LIST_RUNS_REQUEST__INIT;
	const Policycalc__V1__ListRunsResponse *page;
	bool last = false;

	request.page_size = 1000;
	while (runs && !last) {
		page = (const Policycalc__V1__ListRunsResponse *)client_call(client,
				PUSH_PATH "ListRuns", &request.base,
				&policycalc__v1__list_runs_response__descriptor,
				&runs->list.arena, failure);
		if (!page || !list_add_page(&runs->list, page->runs, page->n_runs)) {
			if (page)
				(void)failure_out_of_memory(failure);
			pcalc_runs_free(runs);
			return NULL;
		}
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
	}
	return runs;
}

void pcalc_runs_free(pcalc_runs *runs)
{
	handle_free(runs);
}

size_t pcalc_runs_count(const pcalc_runs *runs)
{
	return runs->list.count;
}

bool pcalc_runs_get(const pcalc_runs *runs, size_t index, struct pcalc_run_summary *out_run)
{
	if (index >= runs->list.count)
		return false;
	*out_run = summary_from(runs->list.items[index]);
	return true;
}

/* --- watching --------------------------------------------------------------------------------- */

pcalc_watch *pcalc_watch_open(pcalc_client *client, int64_t id, struct pcalc_failure *failure)
{
	Policycalc__V1__WatchRunRequest request = POLICYCALC__V1__WATCH_RUN_REQUEST__INIT;
	pcalc_watch *watch = memory_alloc_zero(1, sizeof(*watch));

	if (!watch) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	request.id = id;
	if (client_open_stream(client, &watch->stream, PUSH_PATH "WatchRun", &request.base,
			    &policycalc__v1__watch_run_response__descriptor, failure))
		return watch;
	pcalc_watch_free(watch);
	return NULL;
}

bool pcalc_watch_receive(pcalc_watch *watch, struct pcalc_run_progress *out_progress,
		struct pcalc_failure *failure)
{
	const Policycalc__V1__WatchRunResponse *step;
	ProtobufCMessage *message;

	if (!client_receive(&watch->stream, &message, failure))
		return false;
	step = (const Policycalc__V1__WatchRunResponse *)message;
	if (step && !step->run)
		return failure_set(failure, PCALC_INTERNAL, "an answer without a run");
	*out_progress = (struct pcalc_run_progress){ .left_seconds = -1 };
	if (step)
		*out_progress = (struct pcalc_run_progress){ summary_from(step->run),
			step->rate, step->left_seconds };
	return true;
}

void pcalc_watch_free(pcalc_watch *watch)
{
	if (!watch)
		return;
	answer_stream_close(&watch->stream);
	memory_free(watch);
}
