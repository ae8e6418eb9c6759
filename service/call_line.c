/* SPDX-License-Identifier: Apache-2.0 */
#include "call_line.h"

#include "base/log.h"
#include "operations/trace.h"

#define FIELDS_MOST 20

struct fields {
	struct log_field list[FIELDS_MOST];
	size_t count;
	struct trace trace;
	char request_id[TRACE_REQUEST_ID_SIZE];
};

static void add(struct fields *fields, struct log_field field)
{
	fields->list[fields->count++] = field;
}

/* What is not there is left out. */
static void add_text(struct fields *fields, const char *name, const char *text)
{
	if (text && *text)
		add(fields, LOG_TEXT(name, text));
}

static void add_trace(struct fields *fields, struct rpc_call *call)
{
	if (trace_parse(rpc_call_metadata(call, "traceparent"), &fields->trace)) {
		add(fields, LOG_TEXT("trace_id", fields->trace.id));
		add(fields, LOG_TEXT("parent_id", fields->trace.parent));
	}
	if (trace_request_id(rpc_call_metadata(call, "x-request-id"), fields->request_id))
		add(fields, LOG_TEXT("request_id", fields->request_id));
}

/* A failure of the service, not a mistake of the client. */
static bool is_ours(const struct rpc_report *report)
{
	return !report->peer_erred &&
	       (report->status == RPC_INTERNAL || report->status == RPC_UNKNOWN ||
			       report->status == RPC_DATA_LOSS);
}

static enum log_level level_of(const struct rpc_report *report, uint64_t slow_us)
{
	const struct rpc_method *method = report->method;
	bool is_unary = method && !method->client_streaming && !method->server_streaming;

	/* A warning for each mistake of a client would let it fill the log. */
	if (is_ours(report))
		return LOG_LEVEL_WARNING;
	return is_unary && report->duration_us >= slow_us ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

void call_line_write(
		const struct rpc_report *report, uint64_t slow_us, struct snapshot *snapshot)
{
	enum log_level level = level_of(report, slow_us);
	struct fields fields = { .count = 0 };
	const struct ruleset *ruleset;

	if (!log_is_wanted(level))
		return;
	if (report->method) {
		add_text(&fields, "service", report->method->service);
		add_text(&fields, "method", report->method->name);
	}
	add_text(&fields, "status", rpc_status_name(report->status));
	add(&fields, LOG_NUMBER("code", report->status));
	/* What a client is told of its own mistake may repeat what it sent. */
	if (is_ours(report))
		add_text(&fields, "message", report->message);
	add(&fields, LOG_NUMBER("ms", report->duration_us / 1000));
	add(&fields, LOG_NUMBER("duration_us", report->duration_us));
	add_text(&fields, "peer", report->peer);
	add_text(&fields, "identity", report->identity);
	add_trace(&fields, report->call);
	ruleset = snapshot_current(snapshot);
	add(&fields, LOG_NUMBER("revision", ruleset ? ruleset_revision(ruleset) : 0));
	add(&fields, LOG_NUMBER("received", report->received_count));
	add(&fields, LOG_NUMBER("sent", report->sent_count));
	log_write(level, "call", fields.list, fields.count);
}

void call_line_publish(struct rpc_call *call, const struct ruleset *ruleset)
{
	struct fields fields = { .count = 0 };

	add(&fields, LOG_NUMBER("revision", ruleset_revision(ruleset)));
	add_text(&fields, "content_hash", ruleset_content_hash(ruleset));
	add_text(&fields, "identity", rpc_call_identity(call)->name);
	add_trace(&fields, call);
	log_write(LOG_LEVEL_INFO, "published", fields.list, fields.count);
}
