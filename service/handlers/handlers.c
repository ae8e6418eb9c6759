/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/internal.h"

#include "base/date.h"
#include "base/memory.h"
#include "operations/access.h"
#include "publish/publish.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const handlers_services[] = {
	"policycalc.v1.CalculatorService",
	"policycalc.v1.CatalogService",
	"policycalc.v1.RegistryService",
	"policycalc.v1.PushService",
	"policycalc.v1.AdminService",
};
const size_t handlers_service_count = sizeof(handlers_services) / sizeof(*handlers_services);

static int64_t system_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

struct handlers *handlers_new(const struct handlers_options *options, struct error *err)
{
	const struct rpc_method *const templates[] = {
		&admin_backup_method,
		&calculator_match_method,
		&calculator_match_stream_method,
		&calculator_combine_method,
		&calculator_next_question_method,
		&catalog_list_policies_method,
		&catalog_get_policy_method,
		&catalog_list_attributes_method,
		&catalog_get_guide_method,
		&catalog_list_revisions_method,
		&catalog_diff_method,
		&catalog_export_method,
		&catalog_check_method,
		&catalog_publish_method,
		&catalog_simulate_method,
		&registry_find_method,
		&registry_import_method,
		&registry_get_enterprise_method,
		&registry_get_registry_method,
		&registry_get_subscription_method,
		&registry_set_subscription_method,
		&push_start_run_method,
		&push_get_run_method,
		&push_list_runs_method,
		&push_cancel_run_method,
		&push_watch_run_method,
		&push_confirm_method,
		&push_pull_method,
		&push_ack_method,
		&push_list_deliveries_method,
		&push_decide_dead_method,
		&push_get_status_method,
		&registry_get_report_method,
		&registry_add_counters_method,
	};
	struct handlers *handlers = memory_alloc_zero(1, sizeof(*handlers));

	if (!handlers) {
		error_set(err, ERROR_MEMORY, "out of memory while making the handlers");
		return NULL;
	}
	handlers->options = *options;
	four_eyes_init(&handlers->four_eyes);
	if (!handlers->options.now)
		handlers->options.now = system_now;
	handlers->method_count = sizeof(templates) / sizeof(templates[0]);
	assert(handlers->method_count <= HANDLERS_METHODS_MOST);
	for (size_t i = 0; i < handlers->method_count; i++) {
		handlers->methods[i] = *templates[i];
		handlers->methods[i].context = handlers;
		handlers->methods[i].is_heavy = access_method_is_heavy(
				templates[i]->service, templates[i]->name);
		handlers->methods[i].is_recorded = access_method_changes(
				templates[i]->service, templates[i]->name);
		handlers->rows[i] = &handlers->methods[i];
	}
	return handlers;
}

void handlers_free(struct handlers *handlers)
{
	assert(!handlers || atomic_load(&handlers->upload_count) == 0);
	if (handlers)
		four_eyes_fini(&handlers->four_eyes);
	memory_free(handlers);
}

const struct rpc_method *const *handlers_methods(
		const struct handlers *handlers, size_t *out_count)
{
	*out_count = handlers->method_count;
	return handlers->rows;
}

struct handlers *call_handlers(const struct rpc_call *call)
{
	return rpc_call_method(call)->context;
}

void handlers_today(const struct handlers *handlers, char out_day[static 11])
{
	struct timestamp now = { .seconds = handlers->options.now() };

	date_print(timestamp_to_date(now, DATE_CHINA_OFFSET), out_day);
}

void handlers_now(const struct handlers *handlers, char out_time[static 40])
{
	struct timestamp now = { .seconds = handlers->options.now() };

	timestamp_print(now, out_time);
}

const char *call_who(struct rpc_call *call, const char *said)
{
	const char *name = rpc_call_identity(call)->name;

	if (!*name)
		return said;
	if (!*said || strcmp(said, name) == 0)
		return name;
	return arena_format(rpc_call_arena(call), "%s/%s", name, said);
}

void call_refuse_field(struct rpc_call *call, const char *field, const char *description)
{
	struct error err;

	rpc_call_add_violation(call, field, description);
	error_set(&err, ERROR_INVALID, "%s: %s", field, description);
	rpc_call_finish_error(call, &err);
}

void call_refuse_error(struct rpc_call *call, const struct error *err)
{
	const char *colon = strstr(err->message, ": ");
	char field[64];

	if (err->code == ERROR_INVALID && colon &&
			(size_t)(colon - err->message) < sizeof(field)) {
		(void)snprintf(field, sizeof(field), "%.*s", (int)(colon - err->message),
				err->message);
		rpc_call_add_violation(call, field, colon + 2);
	}
	rpc_call_finish_error(call, err);
}

void call_refuse_violations(struct rpc_call *call, const struct violations *violations,
		const struct error *err)
{
	for (size_t i = 0; i < violations->count; i++)
		rpc_call_add_violation(call, violations->list[i].field,
				violations->list[i].description);
	rpc_call_finish_error(call, err);
}

void call_reply(struct rpc_call *call, const ProtobufCMessage *message)
{
	/* Where nobody waits any more it was done all the same, and the audit log says so. */
	if (rpc_call_send(call, message) || rpc_call_is_cancelled(call))
		rpc_call_finish(call, RPC_OK, "");
}

void call_answer_with(struct rpc_call *call, const ProtobufCMessage *response,
		const struct violations *violations, const struct error *err)
{
	if (response) {
		call_reply(call, response);
		return;
	}
	call_refuse_violations(call, violations, err);
}

void call_ask(struct rpc_call *call, const ProtobufCMessage *request,
		const struct ruleset *ruleset, ask_fn ask)
{
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	const ProtobufCMessage *response;
	char today[11];

	handlers_today(call_handlers(call), today);
	response = ask(ruleset, request, today, rpc_call_arena(call), &violations, &err);
	call_answer_with(call, response, &violations, &err);
}

/* --- rulesets -------------------------------------------------------------------------------- */

struct ruleset *handlers_find_ruleset(
		struct handlers *handlers, int64_t revision, bool *out_held, struct error *err)
{
	struct snapshot *snapshot = handlers->options.snapshot;
	struct ruleset *current;
	struct ruleset *found;

	*out_held = false;
	err->code = ERROR_NONE;
	if (revision < 0) {
		error_set(err, ERROR_INVALID, "revision: must be 0 (the current one) or more");
		return NULL;
	}
	current = snapshot_current(snapshot);
	if (current && (revision == 0 || revision == ruleset_revision(current)))
		return current;
	/*
	 * An older one; or the thread's own view is older than the caller's knowledge by an instant, or
	 * there was no memory for one.
	 */
	found = snapshot_find(snapshot, revision);
	*out_held = found != NULL;
	if (found)
		return found;
	current = snapshot_find(snapshot, 0);
	if (!current)
		error_set(err, ERROR_PRECONDITION, "no catalog is published yet");
	else if (revision > ruleset_revision(current))
		error_set(err, ERROR_NOT_FOUND, "there is no revision %lld",
				(long long)revision);
	ruleset_unref(current);
	return NULL;
}

static void on_loading_finished(struct rpc_call *call, void *argument)
{
	struct ruleset_loading *loading = argument;

	loading->finished(call, loading);
	ruleset_unref(loading->ruleset);
	rpc_call_unref(loading->call);
	memory_free(loading);
}

/* On the store's thread. */
static void on_load(struct job *job, void *context)
{
	struct ruleset_loading *loading = (struct ruleset_loading *)job;
	struct snapshot *snapshot = call_handlers(loading->call)->options.snapshot;

	if (!rpc_call_is_cancelled(loading->call)) {
		/* Several calls may have waited for the same one. */
		loading->ruleset = snapshot_find(snapshot, loading->revision);
		if (!loading->ruleset)
			loading->ruleset = ruleset_load(store_thread_store(context),
					loading->revision, &loading->err);
		if (loading->ruleset)
			snapshot_keep(snapshot, loading->ruleset, true);
	} else {
		error_set(&loading->err, ERROR_CANCELLED, "the call was cancelled");
	}
	if (!rpc_call_post(loading->call, on_loading_finished, loading)) {
		ruleset_unref(loading->ruleset);
		rpc_call_unref(loading->call);
		memory_free(loading);
	}
}

bool ruleset_loading_start(struct rpc_call *call, int64_t revision,
		void (*finished)(struct rpc_call *call, struct ruleset_loading *loading),
		const ProtobufCMessage *request, answer_fn answer, struct error *err)
{
	struct ruleset_loading *loading = memory_alloc_zero(1, sizeof(*loading));

	if (!loading)
		return error_set(err, ERROR_MEMORY, "out of memory while loading a revision");
	loading->job.run = on_load;
	loading->call = rpc_call_ref(call);
	loading->revision = revision;
	loading->finished = finished;
	loading->request = request;
	loading->answer = answer;
	if (store_thread_submit(call_handlers(call)->options.store, &loading->job, err))
		return true;
	rpc_call_unref(call);
	memory_free(loading);
	return false;
}

static void on_answer_loaded(struct rpc_call *call, struct ruleset_loading *loading)
{
	if (rpc_call_is_cancelled(call))
		return;
	if (loading->ruleset)
		loading->answer(call, loading->request, loading->ruleset);
	else
		rpc_call_finish_error(call, &loading->err);
}

void call_answer(struct rpc_call *call, const ProtobufCMessage *request, int64_t revision,
		answer_fn answer)
{
	struct error err = { ERROR_NONE, "" };
	struct ruleset *ruleset;
	bool held;

	if (revision < 0) {
		call_refuse_field(call, "revision", "must be 0 (the current one) or more");
		return;
	}
	ruleset = handlers_find_ruleset(call_handlers(call), revision, &held, &err);
	if (ruleset) {
		answer(call, request, ruleset);
		if (held)
			ruleset_unref(ruleset);
		return;
	}
	if (err.code != ERROR_NONE || !ruleset_loading_start(call, revision, on_answer_loaded,
						      request, answer, &err))
		rpc_call_finish_error(call, &err);
}
