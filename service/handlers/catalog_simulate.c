/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CatalogService.Simulate: a draft held against the current catalog, over the registry.
 *
 *     loop: files come in ──► checker: draft_check() ──► finder: a few blocks ──► loop: progress
 *                                                            ▲                      │
 *                                                            └──────────────────────┘
 *
 * One thread has the simulation at a time, as it is with searches.
 */
#include "base/clock.h"
#include "handlers/columns.h"
#include "handlers/upload_call.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/codec.h"
#include "reports/simulate.h"

#define TURN_US 20000
#define PROGRESS_US 500000

struct simulating {
	struct upload_call base;
	/* What the first message says, in the upload's arena. */
	const Policycalc__V1__SimulateRequest *request;
	char day[11];

	struct ruleset *current, *draft;
	struct simulate *simulate;
	Policycalc__V1__Simulation *result;
	struct violations violations;
	uint64_t told_us;
	bool tells;   /* progress, when it is back on the loop */
	bool is_away; /* with a worker; the loop keeps its hands off */
};

static void simulating_free(struct simulating *work)
{
	if (!work)
		return;
	simulate_free(work->simulate);
	ruleset_unref(work->current);
	ruleset_unref(work->draft);
	upload_call_free(&work->base);
}

/* --- on the loop, between turns --------------------------------------------------------------- */

static void on_turn(struct job *job, void *context);

static void tell_progress(struct rpc_call *call, struct simulating *work)
{
	Policycalc__V1__SimulateResponse response = POLICYCALC__V1__SIMULATE_RESPONSE__INIT;
	Policycalc__V1__FindProgress progress = POLICYCALC__V1__FIND_PROGRESS__INIT;

	simulate_progress(work->simulate, &progress.done, &progress.total);
	response.part_case = POLICYCALC__V1__SIMULATE_RESPONSE__PART_PROGRESS;
	response.progress = &progress;
	work->tells = false;
	/* Who does not read is not told. */
	if (rpc_call_is_writable(call))
		rpc_call_send(call, &response.base);
}

static void tell_result(struct rpc_call *call, struct simulating *work)
{
	Policycalc__V1__SimulateResponse response = POLICYCALC__V1__SIMULATE_RESPONSE__INIT;

	response.part_case = POLICYCALC__V1__SIMULATE_RESPONSE__PART_SIMULATION;
	response.simulation = work->result;
	call_reply(call, &response.base);
}

static void on_turn_ended(struct rpc_call *call, void *argument)
{
	struct simulating *work = argument;

	work->is_away = false;
	/* No data: the call has ended, and left the work to us. */
	if (rpc_call_data(call) != work) {
		simulating_free(work);
		rpc_call_unref(call);
		return;
	}
	if (work->base.err.code != ERROR_NONE) {
		call_refuse_violations(call, &work->violations, &work->base.err);
	} else if (work->result) {
		tell_result(call, work);
	} else if (!rpc_call_is_cancelled(call)) {
		if (work->tells)
			tell_progress(call, work);
		work->base.job.run = on_turn;
		work->is_away = true;
		if (worker_submit(work->base.handlers->options.finder, &work->base.job,
				    &work->base.err))
			return;
		work->is_away = false;
		rpc_call_finish_error(call, &work->base.err);
	}
	/* on_end frees the work. */
	rpc_call_unref(call);
}

static void turn_end(struct simulating *work)
{
	struct rpc_call *call = work->base.call;

	if (rpc_call_post(call, on_turn_ended, work))
		return;
	simulating_free(work);
	rpc_call_unref(call);
}

/* --- on the finder ---------------------------------------------------------------------------- */

static bool simulation_begin(struct simulating *work, struct error *err)
{
	struct columns *columns = work->base.handlers->options.columns;
	struct simulate_options options = {
		.current = work->current,
		.draft = work->draft,
		.day = *work->request->as_of ? work->request->as_of : work->day,
		.policies = (const char *const *)work->request->policies,
		.policy_count = work->request->n_policies,
		.region = work->request->region,
		.steps = work->request->sensitivity,
		.cache = columns_cache(columns),
		.crew = work->base.handlers->options.crew,
	};

	if (!columns_snapshot(columns, &options.sequence, &options.last_id, err))
		return false;
	work->told_us = clock_us();
	work->simulate = simulate_new(&options, &work->base.arena, &work->violations, err);
	return work->simulate != NULL;
}

static bool turn(struct simulating *work, struct error *err)
{
	uint64_t start = clock_us();
	uint64_t now = start;
	bool more = true;

	if (!work->simulate && !simulation_begin(work, err))
		return false;
	while (more && now - start < TURN_US) {
		if (rpc_call_is_cancelled(work->base.call))
			return error_set(err, ERROR_CANCELLED, "the call was cancelled");
		if (!simulate_step(work->simulate, &more, err))
			return false;
		now = clock_us();
	}
	if (!more) {
		work->result = simulate_result(work->simulate, err);
		return work->result != NULL;
	}
	work->tells = now - work->told_us >= PROGRESS_US;
	work->told_us = work->tells ? now : work->told_us;
	return true;
}

static void on_turn(struct job *job, void *context)
{
	struct simulating *work = (struct simulating *)job;

	(void)context;
	(void)turn(work, &work->base.err);
	turn_end(work);
}

/* --- on the checker --------------------------------------------------------------------------- */

static const struct diagnostic *first_error(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		if (diagnostics->list[i].severity == DIAGNOSTIC_ERROR)
			return &diagnostics->list[i];
	}
	return NULL;
}

static void on_check(struct job *job, void *context)
{
	struct simulating *work = (struct simulating *)job;
	const struct diagnostic *first;

	(void)context;
	if (rpc_call_is_cancelled(work->base.call)) {
		error_set(&work->base.err, ERROR_CANCELLED, "the call was cancelled");
	} else if (!upload_call_check(&work->base, false, &work->draft, NULL)) {
		first = first_error(&work->base.diagnostics);
		if (work->base.err.code == ERROR_INVALID && first)
			error_set(&work->base.err, ERROR_PRECONDITION,
					"the draft has %zu errors, the first at %s:%d:%d: %s",
					work->base.diagnostics.error_count, first->path,
					first->line, first->column, first->message);
	} else {
		work->base.err.code = ERROR_NONE;
	}
	turn_end(work);
}

/* --- files come in, on the loop --------------------------------------------------------------- */

static void on_start(struct rpc_call *call)
{
	struct simulating *work = upload_call_new(call, sizeof(*work), on_check);

	if (work)
		handlers_today(work->base.handlers, work->day);
}

/* A copy of what the first message asks, without its file. */
static bool request_copy(
		struct simulating *work, const Policycalc__V1__SimulateRequest *request)
{
	Policycalc__V1__SimulateRequest without = *request;
	struct buffer bytes = { 0 };
	struct error err;
	bool ok;

	without.file = NULL;
	ok = message_pack(&without.base, &bytes);
	if (ok)
		work->request = (const Policycalc__V1__SimulateRequest *)message_unpack(
				(struct slice){ bytes.data, bytes.size },
				&policycalc__v1__simulate_request__descriptor,
				&message_limits_default, &work->base.upload.arena, &err);
	buffer_fini(&bytes);
	return ok && work->request;
}

static void on_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__SimulateRequest *request =
			(const Policycalc__V1__SimulateRequest *)message;
	struct simulating *work = rpc_call_data(call);

	if (!work)
		return;
	if (!work->base.has_first && !request_copy(work, request)) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while receiving a draft");
		return;
	}
	work->base.has_first = true;
	upload_call_add(&work->base, request->file);
}

static void on_half_close(struct rpc_call *call)
{
	struct simulating *work = rpc_call_data(call);

	if (!work)
		return;
	if (!work->base.has_first) {
		call_refuse_field(call, "file", "at least one file must be sent");
		return;
	}
	work->current = snapshot_find(work->base.handlers->options.snapshot, 0);
	if (!work->current) {
		rpc_call_finish(call, RPC_FAILED_PRECONDITION, "no catalog is published yet");
		return;
	}
	rpc_call_ref(call);
	work->is_away = true;
	if (worker_submit(work->base.handlers->options.checker, &work->base.job,
			    &work->base.err))
		return;
	work->is_away = false;
	rpc_call_unref(call);
	rpc_call_finish_error(call, &work->base.err);
}

static void on_end(struct rpc_call *call)
{
	struct simulating *work = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (work && !work->is_away)
		simulating_free(work);
}

const struct rpc_method catalog_simulate_method = {
	.service = "policycalc.v1.CatalogService",
	.name = "Simulate",
	.client_streaming = true,
	.server_streaming = true,
	.input = &policycalc__v1__simulate_request__descriptor,
	.output = &policycalc__v1__simulate_response__descriptor,
	.transient_messages = true,
	.on_start = on_start,
	.on_message = on_message,
	.on_half_close = on_half_close,
	.on_end = on_end,
};
