/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "base/log.h"
#include "base/memory.h"
#include "call_line.h"
#include "certificates.h"
#include "config_limits.h"
#include "descriptors.h"
#include "gate.h"
#include "handlers/columns.h"
#include "handlers/handlers.h"
#include "handlers/priors.h"
#include "handlers/push_sink.h"
#include "handlers/startup.h"
#include "meter.h"
#include "operations/process.h"
#include "proto/descriptor_set.h"
#include "recorder.h"
#include "registry/crew.h"
#include "rpc/health.h"
#include "rpc/reflection.h"
#include "store/directory.h"
#include "transport/server.h"

#include <stdio.h>
#include <sys/random.h>

/* Drafts that may wait to be checked. */
#define CHECK_QUEUE 64
/* Reports that may wait to be made. */
#define REPORT_QUEUE 16
/* Searches that may be under way. */
#define FIND_QUEUE 64
/* Of one question: a firm with thousands of people and patents in it. */
#define QUESTION_MAX ((size_t)1 << 20)

/* --- what is told ---------------------------------------------------------------------------- */

static void on_call_start(void *context, const struct rpc_method *method)
{
	meter_call_started(((struct service *)context)->meter, method);
}

static void on_match(void *context, const struct match_tally *tally)
{
	meter_matched(((struct service *)context)->meter, tally);
}

static void on_call_end(void *context, const struct rpc_report *report)
{
	struct service *service = context;

	meter_call_ended(service->meter, report);
	call_line_write(report, (uint64_t)atomic_load(&service->slow_call_us),
			service->snapshot);
}

static void on_refresh(void *argument, unsigned loop)
{
	(void)loop;
	snapshot_refresh(argument);
}

/* On the store's thread: idle loops give the old ruleset back. */
static void on_publish(void *context, struct rpc_call *call, const struct ruleset *ruleset)
{
	struct service *service = context;

	call_line_publish(call, ruleset);
	server_run_on_loops(service->server, on_refresh, NULL, service->snapshot);
	/* The first catalog of a service that began with none. */
	health_set(service->health, handlers_services[0], HEALTH_SERVING);
}

/* --- start and end --------------------------------------------------------------------------- */

static bool open_push(struct service *service, struct error *err)
{
	const struct push_service_options options = {
		.registry = service->registry_thread,
		.store = service->store,
		.snapshot = service->snapshot,
		.columns = columns_cache(service->columns),
		.threads = crew_cores(),
	};

	service->push = push_service_open(&options, err);
	return service->push != NULL;
}

static bool open_sink(struct service *service, struct error *err)
{
	const struct config_webhook *webhook = &service->config.webhook;
	struct push_sink_options options = {
		.push = service->push,
		.snapshot = service->snapshot,
		.webhook = {
			.url = webhook->url,
			.ca = webhook->ca,
			.secret_file = webhook->secret,
			.timeout_ms = webhook->timeout_ms,
			.most = (size_t)webhook->concurrency,
			.attempts = (unsigned)webhook->attempts,
			.pacing = { .first_ms = webhook->retry_ms,
					.most_ms = webhook->retry_most_ms },
		},
		.kinds = webhook->kinds,
		.region = webhook->region,
	};

	if (!webhook->url)
		return true;
	/* Two services that wait for the same receiver are not to wait in step. */
	if (getrandom(&options.webhook.pacing.seed, sizeof(options.webhook.pacing.seed), 0) !=
			(ssize_t)sizeof(options.webhook.pacing.seed))
		return error_set(err, ERROR_INTERNAL, "the system gives no random bytes");
	service->sink = push_sink_open(&options, err);
	return service->sink != NULL;
}

static bool open_catalog(struct service *service, struct error *err)
{
	service->directory = directory_open(service->config.data, err);
	if (!service->directory)
		return false;
	service->store = store_thread_open(service->directory, err);
	if (!service->store)
		return false;
	service->registry_thread = registry_thread_open(service->directory, err);
	if (!service->registry_thread)
		return false;
	service->columns = columns_open(
			directory_path(service->directory), service->registry_thread, err);
	if (!service->columns)
		return false;
	service->priors = priors_keeper_open(service->columns, service->registry_thread, err);
	if (!service->priors)
		return false;
	service->snapshot = snapshot_new(err);
	if (!service->snapshot)
		return false;
	if (!startup_load(service->store, service->config.starter, service->snapshot,
			    &service->revision, stderr, err))
		return false;
	if (!open_push(service, err))
		return false;
	if (service->config.tokens)
		log_event(LOG_LEVEL_INFO, "tokens_loaded",
				LOG_NUMBER("count", (int64_t)gate_token_count(service->gate)));
	log_event(LOG_LEVEL_INFO, "catalog_loaded", LOG_TEXT("data", service->config.data),
			LOG_NUMBER("revision", service->revision));
	return true;
}

static bool make_registry(struct service *service, struct error *err)
{
	const struct rpc_method *const *parts[3];
	size_t counts[3];
	size_t count = 0;

	parts[0] = handlers_methods(service->handlers, &counts[0]);
	parts[1] = health_methods(service->health, &counts[1]);
	parts[2] = reflection_methods(service->reflection, &counts[2]);
	service->methods = memory_alloc_zero(
			counts[0] + counts[1] + counts[2], sizeof(*service->methods));
	if (!service->methods)
		return error_set(err, ERROR_MEMORY, "out of memory while listing the methods");
	for (size_t part = 0; part < (service->config.no_reflection ? 2u : 3u); part++)
		for (size_t i = 0; i < counts[part]; i++)
			service->methods[count++] = parts[part][i];
	service->registry = (struct rpc_registry){ service->methods, count };
	return true;
}

bool service_open(struct service *service, struct error *err)
{
	static const char *const names[] = {
		"policycalc.v1.CalculatorService",
		"policycalc.v1.CatalogService",
		"policycalc.v1.RegistryService",
		"policycalc.v1.PushService",
		"policycalc.v1.AdminService",
		"grpc.health.v1.Health",
		"grpc.reflection.v1.ServerReflection",
		"grpc.reflection.v1alpha.ServerReflection",
	};
	struct handlers_options options;
	struct server_options server = {
		.listen = service->config.listen,
		.listen_count = service->config.listen_count,
		.threads = (unsigned)service->config.threads,
		.reuse_port = service->config.reuse_port,
		.limits = {
			.connection_count = (size_t)service->config.limits.connections_most,
			.address_connection_count = (size_t)service->config.limits.connections,
			.rpc.compress_above = service->config.compress_above
							      ? (size_t)service->config.compress_above
							      : SIZE_MAX,
			.handshake_us = (uint64_t)service->config.limits.handshake_ms * 1000,
			.rpc.question_max = QUESTION_MAX,
			.rpc.stall_us = (uint64_t)service->config.limits.stall_ms * 1000,
			.rpc.quota = config_limits_quota(&service->config.limits),
			.ping_interval_us = (uint64_t)service->config.ping_interval_ms * 1000,
			.idle_ping_interval_us =
					(uint64_t)service->config.idle_ping_interval_ms * 1000,
		},
		.observer = { on_call_start, on_call_end, service },
	};
	struct slice schema = {
		(const char *)policycalc_descriptor_set,
		policycalc_descriptor_set_size,
	};

	if (!certificates_open(&service->config.tls, &service->tls, err))
		return false;
	server.tls = service->tls;
	descriptors_fit(&server.limits);
	service->gate = gate_open(service->config.tokens, err);
	if (!service->gate || !open_catalog(service, err))
		return false;
	service->recorder = recorder_open(service->config.operation.audit_log,
			service->config.operation.audit_log_bytes,
			directory_path(service->directory), service->snapshot, err);
	if (!service->recorder)
		return false;
	server.gate = gate_rpc(service->gate);
	server.recorder = recorder_rpc(service->recorder);
	service->checker = worker_new(NULL, CHECK_QUEUE, err);
	service->reporter = worker_new(NULL, REPORT_QUEUE, err);
	if (!service->checker || !service->reporter)
		return false;
	worker_step_back(service->checker);
	service->crew = crew_new(crew_cores(), err);
	service->finder = service->crew ? worker_new(NULL, FIND_QUEUE, err) : NULL;
	if (!service->finder)
		return false;
	options = (struct handlers_options){
		.snapshot = service->snapshot,
		.store = service->store,
		.registry = service->registry_thread,
		.columns = service->columns,
		.priors = service->priors,
		.crew = service->crew,
		.finder = service->finder,
		.push = service->push,
		.checker = service->checker,
		.reporter = service->reporter,
		.four_eyes = service->config.four_eyes,
		.on_publish = on_publish,
		.on_match = on_match,
		.context = service,
	};
	service->handlers = handlers_new(&options, err);
	if (!service->handlers)
		return false;
	service->health = health_new(err);
	if (!service->health)
		return false;
	service->reflection =
			reflection_new(schema, names, sizeof(names) / sizeof(*names), err);
	if (!service->reflection || !make_registry(service, err))
		return false;
	if (service->config.operation.metrics) {
		service->meter = meter_new(&service->registry, err);
		if (!service->meter)
			return false;
	}
	service->server = server_new(&server, &service->registry, err);
	return service->server != NULL;
}

static bool open_meter(struct service *service, struct error *err)
{
	const struct meter_sources sources = {
		.snapshot = service->snapshot,
		.store = service->store,
		.registry = service->registry_thread,
		.push = service->push,
		.checker = service->checker,
		.reporter = service->reporter,
		.finder = service->finder,
		.server = service->server,
		.health = service->health,
		.tls = service->tls,
	};

	if (!service->meter)
		return true;
	if (!meter_open(service->meter, service->config.operation.metrics, &sources, err))
		return false;
	log_event(LOG_LEVEL_INFO, "metrics",
			LOG_TEXT("address", meter_address(service->meter)));
	return true;
}

bool service_start(struct service *service, struct error *err)
{
	/* The first of them answers from the catalog. */
	for (size_t i = 0; i < handlers_service_count; i++) {
		if (!health_set(service->health, handlers_services[i],
				    i > 0 || service->revision > 0 ? HEALTH_SERVING
								   : HEALTH_NOT_SERVING))
			return error_set(err, ERROR_MEMORY, "out of memory while starting");
	}
	/* Meanwhile: of a small registry it has seen enough before all else is done. */
	priors_keeper_look(service->priors);
	/* First: an address in use is known before anybody is served. */
	if (!open_meter(service, err) || !supervisor_check_sockets(err) ||
			!server_start(service->server, err))
		return false;
	if (!open_sink(service, err)) {
		server_drain(service->server, 0);
		server_wait(service->server);
		return false;
	}
	push_service_resume(service->push);
	process_let_go();
	health_set(service->health, "", HEALTH_SERVING);
	return true;
}

void service_announce(struct service *service)
{
	const char *address;

	supervisor_ready(&service->supervisor, service->server, service->snapshot);
	for (size_t i = 0; (address = server_address(service->server, i)); i++)
		log_event(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", address),
				LOG_TEXT("security", server_address_has_tls(service->server, i)
								     ? "tls"
								     : "plaintext"),
				LOG_NUMBER("threads", server_loop_count(service->server)));
}

void service_wait(struct service *service)
{
	server_wait(service->server);
}

void service_drain(struct service *service, unsigned grace_ms)
{
	server_drain(service->server, grace_ms);
	push_sink_end(service->sink, grace_ms);
}

/* The workers end before the snapshot that their jobs may read. */
void service_close(struct service *service)
{
	meter_close(service->meter);
	push_sink_close(service->sink);
	worker_free(service->checker);
	worker_free(service->reporter);
	worker_free(service->finder);
	crew_free(service->crew);
	store_thread_close(service->store);
	push_service_stop(service->push);
	priors_keeper_close(service->priors);
	columns_close(service->columns);
	registry_thread_close(service->registry_thread);
	push_service_free(service->push);
	server_free(service->server);
	meter_free(service->meter);
	tls_free(service->tls);
	recorder_close(service->recorder);
	gate_close(service->gate);
	health_free(service->health);
	reflection_free(service->reflection);
	handlers_free(service->handlers);
	snapshot_free(service->snapshot);
	memory_free(service->methods);
	directory_close(service->directory);
}
