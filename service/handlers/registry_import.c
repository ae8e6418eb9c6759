/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RegistryService.ImportEnterprises: a stream of messages, each a job of the registry's thread.
 *
 *     loop                                        registry's thread
 *     header ────────────────────────────────────► import_new()
 *     rows ── copied as they came ───────────────► import_rows() ── a chunk is full: a transaction
 *     rows ── JOBS_MOST are on their way: PAUSED    │
 *       ▲                                           │
 *       └──────── on_job_finished: reads on ◄───────┘
 *     half close ────────────────────────────────► import_finish() ──► the answer
 *
 * Jobs run in the order in which they were given. The import itself is touched by one of them at a time,
 * and by the loop only when none is on its way; so it is freed there, after the last.
 */
#include "base/memory.h"
#include "handlers/internal.h"
#include "handlers/priors.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "registry/import.h"
#include "rpc/unpack.h"
#include "rpc/wire.h"

#include <stdio.h>
#include <string.h>

#define SERVICE "policycalc.v1.RegistryService"
/* On their way at once; a call has room to post as many without memory. */
#define JOBS_MOST 3
#define HEADER_MEMORY ((size_t)1 << 20)
#define ANSWER_MEMORY ((size_t)1 << 20)
/* Fields of ImportEnterprisesRequest. */
#define FIELD_HEADER 1
#define FIELD_ROWS 2

struct import_call {
	/* Loop only. */
	unsigned jobs; /* on their way */
	bool has_header;
	bool is_over; /* the call has ended; freed with the last job */
	/* One job at a time. */
	struct import *import;
	bool has_failed;
};

struct import_job {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	struct import_call *state;
	/* What it is about; neither: the end. */
	const Policycalc__V1__ImportHeader *header;
	struct slice rows;  /* encoded, of its own; no data: none */
	struct arena arena; /* of the header, or of the answer */
	Policycalc__V1__ImportEnterprisesResponse *response;
	const char *field; /* of the header, that is wrong */
	struct error err;
};

static void job_free(struct import_job *job)
{
	memory_free((void *)(uintptr_t)job->rows.data);
	arena_fini(&job->arena);
	rpc_call_unref(job->call);
	memory_free(job);
}

static void state_free(struct import_call *state, const struct handlers *handlers)
{
	/* Also after a call that ended early: what was committed stays. */
	if (state->import)
		priors_keeper_look(handlers->options.priors);
	import_free(state->import);
	memory_free(state);
}

/* --- on the registry's thread ---------------------------------------------------------------- */

static bool job_run(struct import_job *job, struct registry *registry, struct ruleset *ruleset)
{
	struct import_call *state = job->state;
	struct import_options options = {
		.header = job->header,
		.now = call_handlers(job->call)->options.now,
	};

	if (job->header) {
		state->import = import_new(registry, ruleset, &options, &job->field, &job->err);
		return state->import != NULL;
	}
	if (job->rows.data)
		return import_rows(state->import, ruleset, job->rows, &job->err);
	return import_finish(state->import, &job->arena, &job->response, &job->err);
}

static void on_job_finished(struct rpc_call *call, void *argument);

static void on_job(struct job *base, void *context)
{
	struct import_job *job = (struct import_job *)base;
	struct import_call *state = job->state;
	struct snapshot *snapshot = call_handlers(job->call)->options.snapshot;

	if (rpc_call_is_cancelled(job->call)) {
		error_set(&job->err, ERROR_CANCELLED, "the call was cancelled");
		state->has_failed = true;
	} else if (!state->has_failed) {
		struct ruleset *ruleset = snapshot_find(snapshot, 0);

		if (!ruleset)
			error_set(&job->err, ERROR_PRECONDITION, "no catalog is published yet");
		state->has_failed = !ruleset ||
				    !job_run(job, registry_thread_registry(context), ruleset);
		ruleset_unref(ruleset);
	}
	/* Needs no memory: a call may post so many at once. */
	(void)rpc_call_post(job->call, on_job_finished, job);
}

/* --- on the loop ----------------------------------------------------------------------------- */

static void on_job_finished(struct rpc_call *call, void *argument)
{
	struct import_job *job = argument;
	struct import_call *state = job->state;

	state->jobs--;
	if (job->err.code != ERROR_NONE)
		call_refuse_error(call, &job->err);
	else if (job->response)
		call_reply(call, &job->response->base);
	else if (!state->is_over)
		rpc_call_resume_reading(call);
	if (state->is_over && state->jobs == 0)
		state_free(state, call_handlers(call));
	job_free(job);
}

/* Takes over @job, which has what it is about. */
static void submit(struct rpc_call *call, struct import_job *job)
{
	struct import_call *state = rpc_call_data(call);
	struct error err;

	job->job.run = on_job;
	job->call = rpc_call_ref(call);
	job->state = state;
	if (!registry_thread_submit(call_handlers(call)->options.registry, &job->job, &err)) {
		job_free(job);
		rpc_call_finish_error(call, &err);
		return;
	}
	state->jobs++;
	if (state->jobs == JOBS_MOST)
		rpc_call_pause_reading(call);
}

static void finish_without_memory(struct rpc_call *call)
{
	rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory while importing");
}

static void on_start(struct rpc_call *call)
{
	struct import_call *state = memory_alloc_zero(1, sizeof(*state));

	rpc_call_set_data(call, state);
	if (!state)
		finish_without_memory(call);
}

/* Of the message as a whole, so that what is wrong is named by its path: "header.supplier". */
static void take_header(struct rpc_call *call, struct slice message)
{
	struct import_job *job = memory_alloc_zero(1, sizeof(*job));
	const Policycalc__V1__ImportEnterprisesRequest *request;

	if (!job) {
		finish_without_memory(call);
		return;
	}
	arena_init(&job->arena, HEADER_MEMORY);
	request = (const Policycalc__V1__ImportEnterprisesRequest *)unpack_message(message,
			&policycalc__v1__import_enterprises_request__descriptor, &job->arena,
			&job->err);
	if (request) {
		job->header = request->header;
		submit(call, job);
		return;
	}
	call_refuse_error(call, &job->err);
	arena_fini(&job->arena);
	memory_free(job);
}

static void take_rows(struct rpc_call *call, struct slice bytes)
{
	struct import_job *job = memory_alloc_zero(1, sizeof(*job));
	char *copy = job ? memory_copy(bytes.data, bytes.size) : NULL;

	if (!copy) {
		memory_free(job);
		finish_without_memory(call);
		return;
	}
	job->rows = (struct slice){ copy, bytes.size };
	submit(call, job);
}

/* The one part that a message has: its number, and its bytes. 0: none, or several; -1: broken. */
static int part_of(struct slice message, struct slice *out_bytes)
{
	struct wire_field field;
	int part = 0;

	while (wire_next(&message, &field)) {
		if (field.number != FIELD_HEADER && field.number != FIELD_ROWS)
			continue;
		if (!field.is_bytes)
			return -1;
		if (part)
			return 0;
		part = (int)field.number;
		*out_bytes = field.bytes;
	}
	return message.size ? -1 : part;
}

static void on_bytes(struct rpc_call *call, struct slice message)
{
	struct import_call *state = rpc_call_data(call);
	struct slice bytes = { "", 0 };
	int part = part_of(message, &bytes);

	if (!state)
		return;
	if (part < 0) {
		rpc_call_finish(call, RPC_INTERNAL,
				"the message is no policycalc.v1.ImportEnterprisesRequest");
	} else if (part == 0) {
		call_refuse_field(call, "part", "a message has a header or rows");
	} else if (part == FIELD_HEADER && state->has_header) {
		call_refuse_field(call, "header", "stands in the first message only");
	} else if (part == FIELD_ROWS && !state->has_header) {
		call_refuse_field(call, "header", "the first message must have it");
	} else if (part == FIELD_HEADER) {
		state->has_header = true;
		take_header(call, message);
	} else {
		take_rows(call, bytes);
	}
}

static void on_half_close(struct rpc_call *call)
{
	struct import_call *state = rpc_call_data(call);
	struct import_job *job;

	if (!state)
		return;
	if (!state->has_header) {
		call_refuse_field(call, "header", "the first message must have it");
		return;
	}
	job = memory_alloc_zero(1, sizeof(*job));
	if (!job) {
		finish_without_memory(call);
		return;
	}
	arena_init(&job->arena, ANSWER_MEMORY);
	submit(call, job);
}

static void on_end(struct rpc_call *call)
{
	struct import_call *state = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (!state)
		return;
	state->is_over = true;
	if (state->jobs == 0)
		state_free(state, call_handlers(call));
}

const struct rpc_method registry_import_method = {
	.service = SERVICE,
	.name = "ImportEnterprises",
	.client_streaming = true,
	.input = &policycalc__v1__import_enterprises_request__descriptor,
	.output = &policycalc__v1__import_enterprises_response__descriptor,
	.transient_messages = true,
	.on_start = on_start,
	.on_bytes = on_bytes,
	.on_half_close = on_half_close,
	.on_end = on_end,
};
