/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policycalcd: reads the options, runs the service (service.h), takes signals, sets the exit code.
 *
 *     SIGTERM ──► health says NOT_SERVING (lame duck) ──► GOAWAY, calls end (grace) ──► store closed ──► 0
 *     SIGTERM again ──► what is left is reset at once
 *     SIGHUP ──► options, certificates and tokens are read again
 *
 * Signals are blocked in every thread and taken by one that does nothing else, so that no handler
 * ever runs between two lines of anything.
 */
#include "base/clock.h"
#include "base/log.h"
#include "certificates.h"
#include "descriptors.h"
#include "gate.h"
#include "operations/crypto_library.h"
#include "operations/process.h"
#include "rpc/health.h"
#include "service.h"
#include "transport/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define EXIT_USAGE 2
/* Between two looks at the days that the certificates have left, at most. */
#define LOOK_MS INT64_C(60000)
#define OPTIONS_MEMORY ((size_t)1 << 20)

struct process {
	struct service service;
	int argument_count;
	char *const *arguments;
	sigset_t signals;
	pthread_t signal_thread;
	int64_t reminded_s;    /* of the certificates, the last time */
	atomic_bool is_ending; /* the loops have ended: the signal thread may, too */
};

/* --- signals --------------------------------------------------------------------------------- */

static void reload(struct process *process)
{
	struct service *service = &process->service;
	struct config config;
	enum config_action action;
	struct arena arena;
	struct error err;

	arena_init(&arena, OPTIONS_MEMORY);
	if (config_load(process->argument_count, process->arguments, environ, &arena, &config,
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
	certificates_reload(service->tls, service->server);
	process->reminded_s = (int64_t)time(NULL);
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

/* The next signal; 0: none came until @until_ms. A certificate may well end meanwhile. */
static int next_signal(struct process *process, int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - now_ms();
		int number = supervisor_wait_signal(&process->service.supervisor,
				&process->signals, left_ms < LOOK_MS ? left_ms : LOOK_MS);

		if (number > 0)
			return number;
		if (left_ms <= 0)
			return 0;
		certificates_remind(process->service.tls, (int64_t)time(NULL),
				&process->reminded_s);
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
	struct process *process = argument;
	struct service *service = &process->service;
	enum { SERVING, LAME_DUCK, DRAINING } state = SERVING;
	int64_t until_ms = INT64_MAX;

	/* Here, and not where it is started: who hears of it may send a signal at once, and is heard. */
	service_announce(service);
	for (;;) {
		int number = next_signal(process, until_ms);
		bool is_first = state == SERVING;

		if (atomic_load(&process->is_ending))
			return NULL;
		if (number == SIGHUP) {
			supervisor_reloading(&service->supervisor);
			reload(process);
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
		service_drain(service, number == 0 ? (unsigned)service->config.grace_ms : 0);
		state = DRAINING;
		until_ms = INT64_MAX;
	}
}

/* --- start and end --------------------------------------------------------------------------- */

static bool start_signals(struct process *process, struct error *err)
{
	process->reminded_s = (int64_t)time(NULL);
	return pthread_create(&process->signal_thread, NULL, take_signals, process) == 0 ||
	       error_set(err, ERROR_MEMORY, "cannot start the thread that takes signals");
}

static bool run(struct process *process, struct error *err)
{
	struct service *service = &process->service;
	bool ok = service_open(service, err) && service_start(service, err);
	bool has_signals = ok && start_signals(process, err);

	if (ok && !has_signals)
		service_drain(service, 0);
	if (ok)
		service_wait(service);
	if (has_signals) {
		atomic_store(&process->is_ending, true);
		pthread_kill(process->signal_thread, SIGHUP);
		pthread_join(process->signal_thread, NULL);
	}
	service_close(service);
	return has_signals;
}

int main(int argument_count, char **arguments)
{
	static struct process process;
	struct service *service = &process.service;
	struct arena arena;
	enum config_action action;
	struct error err = { ERROR_NONE, "" };
	int status = EXIT_SUCCESS;

	arena_init(&arena, OPTIONS_MEMORY);
	process.argument_count = argument_count;
	process.arguments = arguments;
	if (!config_load(argument_count, arguments, environ, &arena, &service->config, &action,
			    &err)) {
		fprintf(stderr, "policycalcd: %s\n", err.message);
		arena_fini(&arena);
		return err.code == ERROR_LIMIT ? EXIT_FAILURE : EXIT_USAGE;
	}
	switch (action) {
	case CONFIG_HELP:
		config_print_help(stdout);
		break;
	case CONFIG_VERSION:
		puts("policycalcd " POLICYCALC_VERSION);
		break;
	case CONFIG_CHECK:
		if (!certificates_check(&service->config.tls, stdout, &err)) {
			fprintf(stderr, "policycalcd: %s\n", err.message);
			status = EXIT_USAGE;
			break;
		}
		descriptors_check((size_t)service->config.limits.connections_most, stdout);
		puts("the options are good");
		break;
	case CONFIG_PRINT:
		config_print(&service->config, stdout);
		break;
	case CONFIG_SERVE:
		log_set_level(service->config.log_level);
		atomic_store(&service->slow_call_us,
				(uint64_t)service->config.operation.slow_call_ms * 1000);
		sigemptyset(&process.signals);
		sigaddset(&process.signals, SIGTERM);
		sigaddset(&process.signals, SIGINT);
		sigaddset(&process.signals, SIGHUP);
		pthread_sigmask(SIG_BLOCK, &process.signals, NULL);
		signal(SIGPIPE, SIG_IGN);
		process_keep_to_itself();
		crypto_library_begin(
				service->config.tls.certificate || service->config.webhook.url);
		/* A file that may not grow is an error of the write, as a full disk is. */
		signal(SIGXFSZ, SIG_IGN);
		if (!supervisor_open(&service->supervisor, &err) || !run(&process, &err)) {
			fprintf(stderr, "policycalcd: %s\n", err.message);
			status = EXIT_FAILURE;
		} else {
			log_write(LOG_LEVEL_INFO, "stopped", NULL, 0);
		}
		supervisor_close(&service->supervisor);
		break;
	}
	arena_fini(&arena);
	return status;
}
