/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policycalcd: wires the rooms, runs the loops, sets the exit code.
 *
 *     options ──► data folder, store ──► starter catalog ──► ruleset ──► sockets ──► serving
 *     SIGTERM ──► health says NOT_SERVING (lame duck) ──► GOAWAY, calls end (grace) ──► store closed
 *     ──► 0
 *     SIGTERM again ──► what is left is reset at once
 *
 * Signals are blocked in every thread and taken by one that does nothing else, so that no handler
 * ever runs between two lines of anything.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "call_line.h"
#include "certificates.h"
#include "config.h"
#include "config_limits.h"
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
#include "supervisor.h"
#include "transport/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define EXIT_USAGE 2
#define OPTIONS_MEMORY ((size_t)1 << 20)
/* Drafts that may wait to be checked. */
#define CHECK_QUEUE 64
/* Reports that may wait to be made. */
#define REPORT_QUEUE 16
/* Searches that may be under way. */
#define FIND_QUEUE 64

struct service {
	struct config config;
	int argument_count;
	char *const *arguments;
	sigset_t signals;
	pthread_t signal_thread;
	bool has_signal_thread;
	_Atomic uint64_t slow_call_us;
	atomic_bool is_ending; /* the loops have ended: the signal thread may, too */

	struct tls *tls; /* NULL: plaintext */
	struct gate *gate;
	struct recorder *recorder;
	struct directory *directory;
	struct store_thread *store;
	struct registry_thread *registry_thread;
	struct push_service *push;
	struct push_sink *sink;
	struct worker *checker;
	struct worker *reporter;
	struct columns *columns;
	struct priors_keeper *priors;
	struct crew *crew;
	struct worker *finder;
	struct snapshot *snapshot;
	struct handlers *handlers;
	struct health *health;
	struct reflection *reflection;
	const struct rpc_method **methods;
	struct rpc_registry registry;
	struct server *server;
	struct supervisor supervisor;
	struct meter *meter; /* NULL: nobody wants to know */
};

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

/* --- signals --------------------------------------------------------------------------------- */

static void reload(struct service *service)
{
	struct config config;
	enum config_action action;
	struct arena arena;
	struct error err;

	arena_init(&arena, OPTIONS_MEMORY);
	if (config_load(service->argument_count, service->arguments, environ, &arena, &config,
			    &action, &err)) {
		log_set_level(config.log_level);
		service->config.log_level = config.log_level;
		atomic_store(&service->slow_call_us,
				(uint64_t)config.operation.slow_call_ms * 1000);
		service->config.grace_ms = config.grace_ms;
		service->config.lame_duck_ms = config.lame_duck_ms;
		log_event(LOG_LEVEL_INFO, "options_reloaded",
				LOG_TEXT("log_level", log_level_name(config.log_level)),
				LOG_NUMBER("slow_call_ms", config.operation.slow_call_ms),
				LOG_NUMBER("lame_duck_ms", config.lame_duck_ms),
				LOG_NUMBER("grace_ms", config.grace_ms));
	} else {
		log_event(LOG_LEVEL_ERROR, "options_not_reloaded",
				LOG_TEXT("message", err.message));
	}
	certificates_reload(service->tls);
	if (!gate_reload(service->gate, service->server, &err))
		log_event(LOG_LEVEL_ERROR, "tokens_not_reloaded",
				LOG_TEXT("message", err.message));
	else if (gate_token_count(service->gate) > 0)
		log_event(LOG_LEVEL_INFO, "tokens_reloaded",
				LOG_NUMBER("count", (int64_t)gate_token_count(service->gate)));
	arena_fini(&arena);
}

static int64_t now_ms(void)
{
	return (int64_t)(clock_us() / 1000);
}

/* The next signal; 0: none came until @until_ms. */
static int next_signal(struct service *service, int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - now_ms();
		int number = supervisor_wait_signal(
				&service->supervisor, &service->signals, left_ms);

		if (number > 0)
			return number;
		if (left_ms <= 0)
			return 0;
	}
}

/*
 *     SERVING ──► SIGTERM ──► LAME DUCK ──► its time is over, or a signal ──► DRAINING
 *
 *     LAME DUCK   Health says NOT_SERVING, so that balancers send their calls elsewhere; whoever
 *                 comes nevertheless is served.
 *     DRAINING    The server says goodbye. Another signal ends the grace.
 */
static void *take_signals(void *argument)
{
	struct service *service = argument;
	enum { SERVING, LAME_DUCK, DRAINING } state = SERVING;
	int64_t until_ms = INT64_MAX;

	for (;;) {
		int number = next_signal(service, until_ms);
		bool is_first = state == SERVING;

		if (atomic_load(&service->is_ending))
			return NULL;
		if (number == SIGHUP) {
			supervisor_reloading(&service->supervisor);
			reload(service);
			supervisor_reloaded(&service->supervisor);
			continue;
		}
		if (number != 0)
			log_event(LOG_LEVEL_INFO, "stopping",
					LOG_TEXT("signal", number == SIGINT ? "SIGINT"
									    : "SIGTERM"),
					LOG_NUMBER("lame_duck_ms",
							is_first ? service->config.lame_duck_ms
								 : 0),
					LOG_NUMBER("grace_ms",
							is_first ? service->config.grace_ms
								 : 0));
		if (is_first) {
			supervisor_stopping(&service->supervisor);
			health_drain(service->health);
			state = LAME_DUCK;
			until_ms = now_ms() + service->config.lame_duck_ms;
			continue;
		}
		server_drain(service->server,
				number == 0 ? (unsigned)service->config.grace_ms : 0);
		push_sink_end(service->sink, number == 0 ? service->config.grace_ms : 0);
		state = DRAINING;
		until_ms = INT64_MAX;
	}
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
	int64_t revision;

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
	if (!startup_load(service->store, service->config.starter, service->snapshot, &revision,
			    stderr, err))
		return false;
	if (!open_push(service, err))
		return false;
	if (service->config.tokens)
		log_event(LOG_LEVEL_INFO, "tokens_loaded",
				LOG_NUMBER("count", (int64_t)gate_token_count(service->gate)));
	log_event(LOG_LEVEL_INFO, "catalog_loaded", LOG_TEXT("data", service->config.data),
			LOG_NUMBER("revision", revision));
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

static bool open_service(struct service *service, struct error *err)
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
			.rpc.compress_above = service->config.compress_above
							      ? (size_t)service->config.compress_above
							      : SIZE_MAX,
			.handshake_us = (uint64_t)service->config.limits.handshake_ms * 1000,
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
	};

	if (!service->meter)
		return true;
	if (!meter_open(service->meter, service->config.operation.metrics, &sources, err))
		return false;
	log_event(LOG_LEVEL_INFO, "metrics",
			LOG_TEXT("address", meter_address(service->meter)));
	return true;
}

static bool start_service(struct service *service, struct error *err)
{
	bool has_catalog = snapshot_current(service->snapshot) != NULL;
	const char *address;

	/* The first of them answers from the catalog. */
	for (size_t i = 0; i < handlers_service_count; i++) {
		if (!health_set(service->health, handlers_services[i],
				    i > 0 || has_catalog ? HEALTH_SERVING : HEALTH_NOT_SERVING))
			return error_set(err, ERROR_MEMORY, "out of memory while starting");
	}
	/* First: an address in use is known before anybody is served. */
	if (!open_meter(service, err) || !supervisor_check_sockets(err) ||
			!server_start(service->server, err))
		return false;
	if (!open_sink(service, err)) {
		server_drain(service->server, 0);
		server_wait(service->server);
		return false;
	}
	supervisor_ready(&service->supervisor, service->server, service->snapshot);
	if (pthread_create(&service->signal_thread, NULL, take_signals, service) != 0) {
		server_drain(service->server, 0);
		server_wait(service->server);
		return error_set(err, ERROR_MEMORY,
				"cannot start the thread that takes signals");
	}
	service->has_signal_thread = true;
	push_service_resume(service->push);
	priors_keeper_look(service->priors);
	process_let_go();
	health_set(service->health, "", HEALTH_SERVING);
	for (size_t i = 0; (address = server_address(service->server, i)); i++)
		log_event(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", address),
				LOG_TEXT("security", server_address_has_tls(service->server, i)
								     ? "tls"
								     : "plaintext"),
				LOG_NUMBER("threads", server_loop_count(service->server)));
	return true;
}

/* Takes what was never made, too. The workers end before the snapshot that their jobs may read. */
static void close_service(struct service *service)
{
	if (service->has_signal_thread) {
		atomic_store(&service->is_ending, true);
		pthread_kill(service->signal_thread, SIGHUP);
		pthread_join(service->signal_thread, NULL);
	}
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

static bool run(struct service *service, struct error *err)
{
	bool ok = open_service(service, err) && start_service(service, err);

	if (ok)
		server_wait(service->server);
	close_service(service);
	return ok;
}

int main(int argument_count, char **arguments)
{
	static struct service service;
	struct arena arena;
	enum config_action action;
	struct error err = { ERROR_NONE, "" };
	int status = EXIT_SUCCESS;

	arena_init(&arena, OPTIONS_MEMORY);
	service.argument_count = argument_count;
	service.arguments = arguments;
	if (!config_load(argument_count, arguments, environ, &arena, &service.config, &action,
			    &err)) {
		fprintf(stderr, "policycalcd: %s\n", err.message);
		arena_fini(&arena);
		return EXIT_USAGE;
	}
	switch (action) {
	case CONFIG_HELP:
		config_print_help(stdout);
		break;
	case CONFIG_VERSION:
		puts("policycalcd " POLICYCALC_VERSION);
		break;
	case CONFIG_CHECK:
		if (!certificates_check(&service.config.tls, stdout, &err)) {
			fprintf(stderr, "policycalcd: %s\n", err.message);
			status = EXIT_USAGE;
			break;
		}
		puts("the options are good");
		break;
	case CONFIG_PRINT:
		config_print(&service.config, stdout);
		break;
	case CONFIG_SERVE:
		log_set_level(service.config.log_level);
		atomic_store(&service.slow_call_us,
				(uint64_t)service.config.operation.slow_call_ms * 1000);
		sigemptyset(&service.signals);
		sigaddset(&service.signals, SIGTERM);
		sigaddset(&service.signals, SIGINT);
		sigaddset(&service.signals, SIGHUP);
		pthread_sigmask(SIG_BLOCK, &service.signals, NULL);
		signal(SIGPIPE, SIG_IGN);
		process_keep_to_itself();
		supervisor_open(&service.supervisor);
		/* A file that may not grow is an error of the write, as a full disk is. */
		signal(SIGXFSZ, SIG_IGN);
		if (!run(&service, &err)) {
			fprintf(stderr, "policycalcd: %s\n", err.message);
			status = EXIT_FAILURE;
		} else {
			log_write(LOG_LEVEL_INFO, "stopped", NULL, 0);
		}
		supervisor_close(&service.supervisor);
		break;
	}
	arena_fini(&arena);
	return status;
}
