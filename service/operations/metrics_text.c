/* SPDX-License-Identifier: Apache-2.0 */
/* The text format 0.0.4 of Prometheus: the lines of one family stand together, below its HELP and TYPE. */
#include "operations/metrics_internal.h"

static const char *const code_names[METRICS_CODES] = { "OK", "Canceled", "Unknown",
	"InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
	"ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
	"Internal", "Unavailable", "DataLoss", "Unauthenticated" };

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buffer *out, const char *name, const char *type, const char *help,
		uint64_t value)
{
	head(out, name, type, help);
	buffer_format(out, "%s %llu\n", name, (unsigned long long)value);
}

static void seconds(struct buffer *out, uint64_t us)
{
	buffer_format(out, " %llu.%06llu\n", (unsigned long long)(us / 1000000),
			(unsigned long long)(us % 1000000));
}

static void number_us(struct buffer *out, const char *name, const char *type, const char *help,
		uint64_t us)
{
	head(out, name, type, help);
	buffer_append_text(out, name);
	seconds(out, us);
}

/* --- calls ----------------------------------------------------------------------------------- */

static const char *type_of(const struct metrics_method *method)
{
	if (method->client_streaming)
		return method->server_streaming ? "bidi_stream" : "client_stream";
	return method->server_streaming ? "server_stream" : "unary";
}

/* name{grpc_type="…",grpc_service="…",grpc_method="…", without the brace that closes it */
static void labels(struct buffer *out, const char *name, const struct metrics_method *method)
{
	buffer_format(out, "%s{grpc_type=\"%s\",grpc_service=\"%s\",grpc_method=\"%s\"", name,
			type_of(method), method->service, method->name);
}

static void per_method(struct buffer *out, const struct metrics_sums *sums, const char *name,
		const char *help, size_t offset)
{
	head(out, name, "counter", help);
	for (size_t i = 0; i <= sums->method_count; i++) {
		const uint64_t *value =
				(const uint64_t *)((const char *)&sums->rows[i] + offset);

		labels(out, name, &sums->methods[i]);
		buffer_format(out, "} %llu\n", (unsigned long long)*value);
	}
}

static void handled(struct buffer *out, const struct metrics_sums *sums)
{
	static const char NAME[] = "grpc_server_handled_total";

	head(out, NAME, "counter", "Calls that are over, by how they ended.");
	for (size_t i = 0; i <= sums->method_count; i++) {
		for (size_t code = 0; code < METRICS_CODES; code++) {
			uint64_t count = sums->rows[i].handled[code];

			/* Of 17 codes a method most never happen; OK is there from the start. */
			if (count == 0 && code != 0)
				continue;
			labels(out, NAME, &sums->methods[i]);
			buffer_format(out, ",grpc_code=\"%s\"} %llu\n", code_names[code],
					(unsigned long long)count);
		}
	}
}

static void bucket_line(struct buffer *out, const struct metrics_method *method, size_t bucket,
		uint64_t count)
{
	labels(out, "grpc_server_handling_seconds_bucket", method);
	if (bucket == METRICS_BUCKETS - 1)
		buffer_append_text(out, ",le=\"+Inf\"}");
	else
		buffer_format(out, ",le=\"%g\"}", (double)metrics_bounds_us[bucket] / 1e6);
	buffer_format(out, " %llu\n", (unsigned long long)count);
}

static void handling(struct buffer *out, const struct metrics_sums *sums)
{
	head(out, "grpc_server_handling_seconds", "histogram",
			"How long calls took, from the headers to the last byte.");
	for (size_t i = 0; i <= sums->method_count; i++) {
		uint64_t count = 0;

		/* Forty methods of twenty lines each, most of which nobody calls. */
		if (sums->rows[i].started == 0)
			continue;
		for (size_t bucket = 0; bucket < METRICS_BUCKETS; bucket++) {
			count += sums->rows[i].buckets[bucket];
			bucket_line(out, &sums->methods[i], bucket, count);
		}
		labels(out, "grpc_server_handling_seconds_sum", &sums->methods[i]);
		buffer_append_text(out, "}");
		seconds(out, sums->rows[i].duration_us);
		labels(out, "grpc_server_handling_seconds_count", &sums->methods[i]);
		buffer_format(out, "} %llu\n", (unsigned long long)count);
	}
}

static void calls(struct buffer *out, const struct metrics_sums *sums)
{
	per_method(out, sums, "grpc_server_started_total", "Calls that were begun.",
			offsetof(struct metrics_row, started));
	handled(out, sums);
	handling(out, sums);
	per_method(out, sums, "grpc_server_msg_received_total",
			"Messages that came; those of a stream are counted at its end.",
			offsetof(struct metrics_row, received));
	per_method(out, sums, "grpc_server_msg_sent_total",
			"Messages that were sent; those of a stream are counted at its end.",
			offsetof(struct metrics_row, sent));
}

/* --- the business ---------------------------------------------------------------------------- */

static void outcomes(struct buffer *out, const struct metrics_sums *sums)
{
	number(out, "policycalc_matches_total", "counter",
			"Questions about one enterprise that were answered.", sums->matches);
	head(out, "policycalc_match_outcomes_total", "counter",
			"What the policies asked about came to; near are ineligible ones of "
			"which "
			"the answer told what little is missing, which only some questions "
			"ask.");
	for (size_t i = 0; i <= METRICS_NEAR; i++)
		buffer_format(out, "policycalc_match_outcomes_total{outcome=\"%s\"} %llu\n",
				metrics_outcome_names[i],
				(unsigned long long)sums->outcomes[i]);
	number(out, "policycalc_rule_errors_total", "counter",
			"Policies told as needing review because a rule could not be computed.",
			sums->outcomes[METRICS_RULE_ERROR]);
}

static void catalog(struct buffer *out, const struct metrics_state *state)
{
	number(out, "policycalc_catalog_revision", "gauge",
			"Number of the revision that answers; 0: none.",
			(uint64_t)state->revision);
	if (state->published)
		number(out, "policycalc_catalog_age_seconds", "gauge",
				"Time since the revision was published.",
				state->now > state->published
						? (uint64_t)(state->now - state->published)
						: 0);
	number(out, "policycalc_catalog_policies", "gauge", "Policy versions in the revision.",
			state->policies);
	number(out, "policycalc_catalog_bytes", "gauge", "Memory of the compiled revision.",
			state->ruleset_bytes);
	number_us(out, "policycalc_snapshot_load_seconds", "gauge",
			"What it took to load and compile the revision.", state->load_us);
}

static void by_state(struct buffer *out, const char *name, const char *help,
		const char *const *names, const int64_t *counts, size_t count)
{
	head(out, name, "gauge", help);
	for (size_t i = 0; i < count; i++)
		if (names[i] && counts[i] >= 0)
			buffer_format(out, "%s{state=\"%s\"} %lld\n", name, names[i],
					(long long)counts[i]);
}

static void registry(struct buffer *out, const struct metrics_state *state)
{
	if (!state->registry_at)
		return;
	number(out, "policycalc_registry_enterprises", "gauge", "Enterprises in the registry.",
			(uint64_t)state->enterprises);
	number(out, "policycalc_registry_sequence", "gauge",
			"Number of the registry's newest snapshot.", (uint64_t)state->sequence);
	by_state(out, "policycalc_push_runs", "Push runs by state.", metrics_run_names,
			state->runs, METRICS_RUN_STATES);
	by_state(out, "policycalc_push_deliveries",
			"Deliveries that wait for somebody, and dead letters, by state.",
			metrics_delivery_names, state->deliveries, METRICS_DELIVERY_STATES);
	number(out, "policycalc_push_retrying", "gauge",
			"Released deliveries that the webhook has tried and will try again.",
			(uint64_t)state->retrying);
	number(out, "policycalc_registry_observed_timestamp_seconds", "gauge",
			"When the registry's thread last told these numbers.",
			(uint64_t)state->registry_at);
}

static void queues(struct buffer *out, const struct metrics_state *state)
{
	head(out, "policycalc_queue_depth", "gauge", "Jobs that wait for a thread.");
	for (size_t i = 0; i < state->queue_count; i++)
		buffer_format(out, "policycalc_queue_depth{queue=\"%s\"} %zu\n",
				state->queues[i].name, state->queues[i].waiting);
	head(out, "policycalc_queue_limit", "gauge",
			"Jobs that may wait; more are refused with UNAVAILABLE.");
	for (size_t i = 0; i < state->queue_count; i++)
		buffer_format(out, "policycalc_queue_limit{queue=\"%s\"} %zu\n",
				state->queues[i].name, state->queues[i].most);
}

/* Names that every exporter uses. */
static void process(struct buffer *out, const struct metrics_state *state)
{
	number_us(out, "process_cpu_seconds_total", "counter",
			"Processor time, of the user and the system.", state->cpu_us);
	number(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
			state->resident_bytes);
	number(out, "process_virtual_memory_bytes", "gauge", "Addresses in use.",
			state->virtual_bytes);
	number(out, "process_open_fds", "gauge", "Open file descriptors.", state->descriptors);
	number(out, "process_max_fds", "gauge", "Most file descriptors.",
			state->descriptors_most);
	number(out, "process_threads", "gauge", "Threads.", state->threads);
	number(out, "process_start_time_seconds", "gauge",
			"When the process started, since 1970.", (uint64_t)state->started);
}

static void connections(struct buffer *out, const struct metrics_state *state)
{
	number(out, "policycalc_connections", "gauge", "Open connections of clients.",
			state->connections);
	number(out, "policycalc_connections_limit", "gauge", "Connections that there may be.",
			state->connections_most);
	head(out, "policycalc_connections_refused_total", "counter",
			"Connections closed at once: full, no place; address, its address had "
			"too "
			"many.");
	buffer_format(out,
			"policycalc_connections_refused_total{reason=\"full\"} %llu\n"
			"policycalc_connections_refused_total{reason=\"address\"} %llu\n",
			(unsigned long long)state->connections_refused,
			(unsigned long long)state->connections_refused_of_address);
	number(out, "policycalc_connections_displaced_total", "counter",
			"Connections told to go for those of addresses that have fewer.",
			state->connections_displaced);
}

void metrics_print(
		struct metrics *metrics, const struct metrics_state *state, struct buffer *out)
{
	struct metrics_sums sums;

	if (!metrics_sum(metrics, &sums)) {
		out->failed = true;
		return;
	}
	head(out, "policycalc_build_info", "gauge", "Always 1; the version is a label.");
	buffer_format(out, "policycalc_build_info{version=\"%s\"} 1\n", state->version);
	number(out, "policycalc_serving", "gauge", "1: health says SERVING.",
			state->is_serving);
	calls(out, &sums);
	outcomes(out, &sums);
	catalog(out, state);
	registry(out, state);
	queues(out, state);
	connections(out, state);
	number(out, "policycalc_loops", "gauge", "Event loops.", state->loops);
	if (state->certificate_until)
		number(out, "policycalc_certificate_not_after_seconds", "gauge",
				"When our certificate ends, since 1970.",
				(uint64_t)state->certificate_until);
	if (state->revoked_until)
		number(out, "policycalc_revocation_list_next_update_seconds", "gauge",
				"When the first list of revoked certificates is out of date, "
				"since 1970.",
				(uint64_t)state->revoked_until);
	process(out, state);
	metrics_sums_fini(&sums);
}
