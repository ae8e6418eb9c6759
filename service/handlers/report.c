/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RegistryService.GetReport: made on a thread of its own and the crew's, a few blocks at a time.
 *
 *     loop ──► reporter: report_make() ──► crew: blocks of the column cache
 *                 │                          (again until all were read)
 *                 ├── now and then ──► loop: progress
 *                 └── at the end ────► loop: the report, then the names while the caller takes them
 *
 * One report is made at a time; a call that ended is noticed after the blocks at hand.
 */
#include "reports/report.h"
#include "base/clock.h"
#include "base/memory.h"
#include "handlers/columns.h"
#include "handlers/internal.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "push/told_report.h"

#include <stdio.h>
#include <string.h>

/* What one report may hold in memory. */
#define REPORT_MEMORY ((size_t)1 << 30)
#define PROGRESS_US 500000
/* Names a message. */
#define FIRMS_MOST 200

typedef Policycalc__V1__GetReportResponse response_message;

struct report_call {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	const Policycalc__V1__GetReportRequest *request;
	struct ruleset *ruleset; /* holds a reference */
	char today[11];
	uint64_t told_us; /* progress, on the monotonic clock */
	/* Made on the reporter's thread, then the loop's. */
	struct arena arena;
	response_message response;
	bool ok;
	struct error err;
	/* Loop: names that are still to be sent. */
	Policycalc__V1__UncoveredFirm **firms;
	size_t firm_count, firm_at;
};

static void report_free(struct report_call *report)
{
	ruleset_unref(report->ruleset);
	arena_fini(&report->arena);
	rpc_call_unref(report->call);
	memory_free(report);
}

/* --- where rows come from; on the reporter's thread ------------------------------------------- */

/* A question that the reporter waits for. */
struct visit {
	int64_t time, sequence;
	bool (*import)(void *context, const struct rows_import *import, struct error *err);
	bool (*counter)(void *context, const struct counter_row *row, struct error *err);
	const char *region;
	void *context;
	int64_t last_id;
	bool ok;
	struct error *err;
};

static struct registry_thread *registry_of(const struct report_call *report)
{
	return call_handlers(report->call)->options.registry;
}

static void on_state(void *registry, void *argument)
{
	struct visit *visit = argument;

	visit->last_id = registry_last_id(registry);
	visit->ok = registry_sequence_at(registry, visit->time, &visit->sequence, visit->err);
}

static bool source_state(void *context, int64_t at, int64_t *out_sequence, int64_t *out_last_id,
		struct error *err)
{
	struct visit visit = { .time = at, .err = err };

	registry_thread_call(registry_of(context), on_state, &visit);
	*out_sequence = visit.sequence;
	*out_last_id = visit.last_id;
	return visit.ok;
}

static bool on_import(void *context, const struct registry_import_row *row, struct error *err)
{
	const struct visit *visit = context;
	struct rows_import import = { .sequence = row->sequence, .sample = row->sample };

	(void)snprintf(import.day, sizeof(import.day), "%.*s", SLICE_PRINT(row->day));
	return visit->import(visit->context, &import, err);
}

static void on_imports(void *registry, void *argument)
{
	struct visit *visit = argument;

	visit->ok = registry_store_each_import(
			registry_store(registry), on_import, visit, visit->err);
}

static bool source_imports(void *context,
		bool (*import)(void *import_context, const struct rows_import *import,
				struct error *err),
		void *import_context, struct error *err)
{
	struct visit visit = { .import = import, .context = import_context, .err = err };

	registry_thread_call(registry_of(context), on_imports, &visit);
	return visit.ok;
}

static bool on_counter(void *context, const struct counter_row *row, struct error *err)
{
	const struct visit *visit = context;

	return visit->counter(visit->context, row, err);
}

static void on_counters(void *registry, void *argument)
{
	struct visit *visit = argument;

	visit->ok = counter_store_each(registry_store(registry), visit->region, visit->sequence,
			on_counter, visit, visit->err);
}

static bool source_counters(void *context, const char *region, int64_t sequence,
		bool (*row)(void *row_context, const struct counter_row *row,
				struct error *err),
		void *row_context, struct error *err)
{
	struct visit visit = {
		.region = region,
		.sequence = sequence,
		.counter = row,
		.context = row_context,
		.err = err,
	};

	registry_thread_call(registry_of(context), on_counters, &visit);
	return visit.ok;
}

/* --- what was told ---------------------------------------------------------------------------- */

struct told_visit {
	struct push_service *push;
	struct told_report *told;
	bool more;
	bool ok;
	struct error *err;
};

static void on_told(void *registry, void *argument)
{
	struct told_visit *visit = argument;

	(void)registry;
	visit->ok = told_report_read(visit->told, push_service_ledger(visit->push),
			&visit->more, visit->err);
}

/* The series of the policies asked for; an unknown name is one of neither. */
static bool series_find(struct report_call *report, char ***out_series, struct error *err)
{
	const Policycalc__V1__GetReportRequest *request = report->request;
	const struct catalog *catalog = ruleset_catalog(report->ruleset);
	char **series = ARENA_NEW_ARRAY(&report->arena, char *, request->n_policies + 1);

	if (!series)
		return arena_error(&report->arena, err, "making the report");
	for (size_t i = 0; i < request->n_policies; i++) {
		for (size_t k = 0; !series[i] && k < catalog->policy_count; k++) {
			const Policycalc__V1__Policy *policy = catalog->policies[k];

			if (strcmp(policy->id, request->policies[i]) == 0 ||
					strcmp(policy->series, request->policies[i]) == 0)
				series[i] = policy->series;
		}
		if (!series[i])
			return error_set(err, ERROR_NOT_FOUND,
					"policies: there is no such policy");
	}
	*out_series = series;
	return true;
}

static bool source_told(void *context, const struct area *area, const char *day,
		Policycalc__V1__PushReport *out, struct error *err)
{
	struct report_call *report = context;
	struct told_visit visit = { .push = call_handlers(report->call)->options.push,
		.told = told_report_new(area, day, &report->arena),
		.more = true,
		.ok = true,
		.err = err };
	char **series = NULL;

	if (!visit.told)
		return arena_error(&report->arena, err, "making the report");
	if (!series_find(report, &series, err))
		return false;
	told_report_limit(visit.told, series, report->request->n_policies);
	while (visit.push && visit.ok && visit.more) {
		if (rpc_call_is_cancelled(report->call))
			return error_set(err, ERROR_CANCELLED, "the call was cancelled");
		registry_thread_call(registry_of(report), on_told, &visit);
	}
	return visit.ok && told_report_fill(visit.told, out, err);
}

/* --- progress --------------------------------------------------------------------------------- */

struct progress_note {
	int64_t done, total;
};

static void on_progress(struct rpc_call *call, void *argument)
{
	struct progress_note *note = argument;
	Policycalc__V1__ReportProgress progress = POLICYCALC__V1__REPORT_PROGRESS__INIT;
	response_message response = POLICYCALC__V1__GET_REPORT_RESPONSE__INIT;

	progress.done = note->done;
	progress.total = note->total;
	response.part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PROGRESS;
	response.progress = &progress;
	/* Whoever does not read does not need it. */
	if (!rpc_call_is_cancelled(call) && rpc_call_is_writable(call))
		(void)rpc_call_send(call, &response.base);
	memory_free(note);
}

static bool source_progress(void *context, int64_t done, int64_t total)
{
	struct report_call *report = context;
	uint64_t now_us = clock_us();
	struct progress_note *note;

	if (rpc_call_is_cancelled(report->call))
		return false;
	if (now_us - report->told_us < PROGRESS_US)
		return true;
	report->told_us = now_us;
	note = memory_alloc_zero(1, sizeof(*note));
	if (!note)
		return true;
	*note = (struct progress_note){ done, total };
	if (!rpc_call_post(report->call, on_progress, note))
		memory_free(note);
	return true;
}

/* --- the report ------------------------------------------------------------------------------- */

/* As many names as the caller takes now; then OK. */
static void firms_send(struct rpc_call *call, struct report_call *report)
{
	Policycalc__V1__UncoveredFirms firms = POLICYCALC__V1__UNCOVERED_FIRMS__INIT;
	response_message response = POLICYCALC__V1__GET_REPORT_RESPONSE__INIT;

	response.part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_FIRMS;
	response.firms = &firms;
	while (report->firm_at < report->firm_count) {
		size_t rest = report->firm_count - report->firm_at;

		if (!rpc_call_is_writable(call))
			return;
		firms.firms = report->firms + report->firm_at;
		firms.n_firms = rest < FIRMS_MOST ? rest : FIRMS_MOST;
		if (!rpc_call_send(call, &response.base))
			return;
		report->firm_at += firms.n_firms;
	}
	rpc_call_finish(call, RPC_OK, "");
}

static void on_made(struct rpc_call *call, void *argument)
{
	struct report_call *report = argument;

	if (rpc_call_is_cancelled(call)) {
		report_free(report);
		return;
	}
	/* From here on_end frees it. */
	rpc_call_set_data(call, report);
	if (!report->ok) {
		call_refuse_error(call, &report->err);
		return;
	}
	if (report->response.part_case == POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE) {
		Policycalc__V1__CoverageReport *coverage = report->response.coverage;

		report->firms = coverage->firms;
		report->firm_count = coverage->n_firms;
		coverage->n_firms = 0;
	}
	if (rpc_call_send(call, &report->response.base))
		firms_send(call, report);
}

/* On the reporter's thread. */
static void on_make(struct job *job, void *context)
{
	struct report_call *report = (struct report_call *)job;
	const struct handlers_options *options = &call_handlers(report->call)->options;
	const struct rows_source source = {
		.context = report,
		.columns = columns_cache(options->columns),
		.crew = options->crew,
		.state = source_state,
		.imports = source_imports,
		.counters = source_counters,
		.progress = source_progress,
	};
	const struct report_base base = { report->ruleset, &source, report->request,
		report->today, &report->arena, source_told, report };

	(void)context;
	if (rpc_call_is_cancelled(report->call))
		error_set(&report->err, ERROR_CANCELLED, "the call was cancelled");
	else
		report->ok = report_make(&base, &report->response, &report->err);
	if (!rpc_call_post(report->call, on_made, report))
		report_free(report);
}

static void answer_report(struct rpc_call *call, const ProtobufCMessage *request,
		const struct ruleset *ruleset)
{
	struct report_call *report = memory_alloc_zero(1, sizeof(*report));
	struct error err = { ERROR_NONE, "" };

	if (!report) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while beginning a report");
		return;
	}
	report->job.run = on_make;
	report->call = rpc_call_ref(call);
	report->request = (const Policycalc__V1__GetReportRequest *)request;
	report->ruleset = ruleset_ref((struct ruleset *)(uintptr_t)ruleset);
	report->told_us = clock_us();
	handlers_today(call_handlers(call), report->today);
	arena_init(&report->arena, REPORT_MEMORY);
	if (!call_handlers(call)->options.reporter)
		error_set(&err, ERROR_UNAVAILABLE, "this service makes no reports");
	else if (worker_submit(call_handlers(call)->options.reporter, &report->job, &err))
		return;
	report_free(report);
	rpc_call_finish_error(call, &err);
}

static void on_get_report(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_answer(call, message,
			((const Policycalc__V1__GetReportRequest *)message)->revision,
			answer_report);
}

static void on_writable(struct rpc_call *call)
{
	struct report_call *report = rpc_call_data(call);

	if (report && report->ok)
		firms_send(call, report);
}

static void on_end(struct rpc_call *call)
{
	struct report_call *report = rpc_call_data(call);

	if (report)
		report_free(report);
}

const struct rpc_method registry_get_report_method = {
	.service = "policycalc.v1.RegistryService",
	.name = "GetReport",
	.server_streaming = true,
	.input = &policycalc__v1__get_report_request__descriptor,
	.output = &policycalc__v1__get_report_response__descriptor,
	.on_message = on_get_report,
	.on_writable = on_writable,
	.on_end = on_end,
};
