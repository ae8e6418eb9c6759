/* SPDX-License-Identifier: Apache-2.0 */
#include "serving.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool serving_init(struct serving *serving, const char *program, const char *service)
{
	const struct rpc_method *const *methods;
	struct error err = { 0 };
	size_t count;
	size_t i;

	*serving = (struct serving){ .program = program, .service = service, .grace_ms = 2000 };
	serving->registry.methods = serving->methods;
	serving->health = health_new(&err);
	if (!serving->health) {
		fprintf(stderr, "%s: %s\n", program, err.message);
		return false;
	}
	methods = health_methods(serving->health, &count);
	for (i = 0; i < count; i++)
		serving_add(serving, methods[i]);
	return true;
}

void serving_fini(struct serving *serving)
{
	server_free(serving->server);
	tls_free(serving->options.tls);
	health_free(serving->health);
}

void serving_add(struct serving *serving, const struct rpc_method *method)
{
	assert(serving->registry.count < SERVING_METHODS_MAX);
	serving->methods[serving->registry.count++] = method;
}

static bool serving_set(struct serving *serving, const char *name, const char *value)
{
	struct server_limits *limits = &serving->options.limits;
	uint64_t number = strtoull(value, NULL, 10);

	if (!strcmp(name, "--listen") && serving->options.listen_count < SERVING_LISTEN_MAX)
		serving->listen[serving->options.listen_count++] = value;
	else if (!strcmp(name, "--threads"))
		serving->options.threads = (unsigned)number;
	else if (!strcmp(name, "--grace"))
		serving->grace_ms = (unsigned)number;
	else if (!strcmp(name, "--connections"))
		limits->connection_count = number;
	else if (!strcmp(name, "--reset-burst"))
		limits->reset_burst = (uint32_t)number;
	else if (!strcmp(name, "--stall"))
		limits->rpc.stall_us = number * 1000;
	else if (!strcmp(name, "--deadline-max"))
		limits->rpc.deadline_max_us = number * 1000;
	else if (!strcmp(name, "--ping-interval"))
		limits->ping_interval_us = number * 1000;
	else if (!strcmp(name, "--idle-ping-interval"))
		limits->idle_ping_interval_us = number * 1000;
	else if (!strcmp(name, "--compress-above"))
		limits->rpc.compress_above = number ? number : SIZE_MAX;
	else if (!strcmp(name, "--receive-max"))
		limits->rpc.receive_max = number;
	else if (!strcmp(name, "--idle"))
		limits->idle_us = number * 1000;
	else if (!strcmp(name, "--age"))
		limits->age_us = number * 1000;
	else if (!strcmp(name, "--handshake"))
		limits->handshake_us = number * 1000;
	else if (!strcmp(name, "--tls-cert"))
		serving->tls.certificate = value;
	else if (!strcmp(name, "--tls-key"))
		serving->tls.key = value;
	else if (!strcmp(name, "--tls-client-ca"))
		serving->tls.client_authorities = value;
	else
		return false;
	return true;
}

bool serving_parse(struct serving *serving, int argc, char **argv)
{
	bool ok = argc % 2 == 1;
	int i;

	for (i = 1; ok && i + 1 < argc; i += 2)
		ok = serving_set(serving, argv[i], argv[i + 1]);
	if (!ok)
		fprintf(stderr, "usage: %s " SERVING_USAGE "\n", serving->program);
	return ok;
}

bool serving_start(struct serving *serving)
{
	struct error err = { 0 };
	sigset_t signals;

	if (serving->options.listen_count == 0)
		serving->listen[serving->options.listen_count++] = "127.0.0.1:0";
	serving->options.listen = serving->listen;
	(void)signal(SIGPIPE, SIG_IGN); /* a client that is gone ends its connection, not us */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (serving->tls.certificate)
		serving->options.tls = tls_open(&serving->tls, &err);
	if (!serving->tls.certificate || serving->options.tls)
		serving->server = server_new(&serving->options, &serving->registry, &err);
	if (!serving->server || !server_start(serving->server, &err)) {
		fprintf(stderr, "%s: %s\n", serving->program, err.message);
		return false;
	}
	(void)health_set(serving->health, "", HEALTH_SERVING);
	(void)health_set(serving->health, serving->service, HEALTH_SERVING);
	return true;
}

void serving_tell(const struct serving *serving)
{
	size_t i;

	for (i = 0; server_address(serving->server, i); i++)
		printf("listening %s\n", server_address(serving->server, i));
	fflush(stdout);
}

void serving_wait(struct serving *serving)
{
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	while (sigwait(&signals, &number) == 0 && number == SIGINT)
		(void)health_set(serving->health, serving->service, HEALTH_NOT_SERVING);
	health_drain(serving->health);
	server_drain(serving->server, serving->grace_ms);
	server_wait(serving->server);
}

/* --- later -----------------------------------------------------------------------------------
 */

struct delayed {
	struct rpc_call *call;
	uint64_t us;
	void (*work)(struct rpc_call *call, void *argument);
	void *argument;
};

static void *delayed_thread(void *argument)
{
	struct delayed *delayed = argument;
	uint64_t waited;

	for (waited = 0; waited < delayed->us && !rpc_call_is_cancelled(delayed->call);) {
		uint64_t step = delayed->us - waited < 1000 ? delayed->us - waited : 1000;

		(void)nanosleep(&(struct timespec){ .tv_nsec = (long)step * 1000 }, NULL);
		waited += step;
	}
	(void)rpc_call_post(delayed->call, delayed->work, delayed->argument);
	rpc_call_unref(delayed->call);
	free(delayed);
	return NULL;
}

bool serving_later(struct rpc_call *call, uint64_t us,
		void (*work)(struct rpc_call *call, void *argument), void *argument)
{
	struct delayed *delayed = malloc(sizeof(*delayed));
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	if (!delayed)
		return false;
	*delayed = (struct delayed){ rpc_call_ref(call), us, work, argument };
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	ok = pthread_create(&thread, &attributes, delayed_thread, delayed) == 0;
	pthread_attr_destroy(&attributes);
	if (!ok) {
		rpc_call_unref(call);
		free(delayed);
	}
	return ok;
}
