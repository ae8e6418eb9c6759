/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/server.h"

#include "base/memory.h"
#include "transport/address.h"
#include "transport/loop.h"
#include "transport/session.h"
#include "transport/warm.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 256
/* Of the handshakes under way, however many loops share them. */
#define LOOP_HANDSHAKES ((size_t)16)
#define PLAIN_PREFIX "plain:"

struct server {
	struct server_limits limits;
	struct rpc_engine *engine;
	struct tls *tls;
	struct places *places;
	struct address *addresses;
	size_t address_count;
	struct loop **loops;
	unsigned loop_count;
	bool is_started;
};

static unsigned count_threads(unsigned wanted)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted == 0)
		wanted = processors > 0 ? (unsigned)processors : 1;
	return wanted < THREADS_MAX ? wanted : THREADS_MAX;
}

static bool server_bind(struct server *server, const struct server_options *options,
		unsigned threads, struct error *err)
{
	size_t i;

	if (options->listen_count == 0)
		return error_set(err, ERROR_INVALID, "no address to listen on");
	server->addresses =
			memory_alloc_zero(options->listen_count, sizeof(*server->addresses));
	if (!server->addresses)
		return error_set(err, ERROR_MEMORY, "out of memory while starting the server");
	for (i = 0; i < options->listen_count; i++) {
		const char *text = options->listen[i];
		bool is_plain = strncmp(text, PLAIN_PREFIX, strlen(PLAIN_PREFIX)) == 0;

		if (is_plain)
			text += strlen(PLAIN_PREFIX);
		if (!address_open(&server->addresses[i], text, threads, options->reuse_port,
				    err))
			return false;
		server->addresses[i].is_plain = is_plain || server->addresses[i].is_unix;
		server->address_count++;
	}
	return true;
}

static bool server_make_loops(struct server *server, unsigned threads, struct error *err)
{
	const struct places_limits limits = {
		.most = server->limits.connection_count,
		.most_of_address = server->limits.address_connection_count,
		.local = server->limits.rpc.quota.local,
	};
	unsigned i;

	server->limits.handshake_count /= threads;
	if (server->limits.handshake_count < LOOP_HANDSHAKES)
		server->limits.handshake_count = LOOP_HANDSHAKES;
	server->places = places_new(&limits, err);
	if (!server->places)
		return false;
	server->loops = memory_alloc_zero(threads, sizeof(*server->loops));
	if (!server->loops)
		return error_set(err, ERROR_MEMORY, "out of memory while starting the server");
	for (i = 0; i < threads; i++) {
		server->loops[i] = loop_new(i, server->engine, &server->limits, server->places,
				server->loops, threads, server->address_count, err);
		if (!server->loops[i])
			return false;
		server->loop_count++;
	}
	return true;
}

struct server *server_new(const struct server_options *options,
		const struct rpc_registry *registry, struct error *err)
{
	unsigned threads = count_threads(options->threads);
	struct server *server = memory_alloc_zero(1, sizeof(*server));

	if (!server) {
		error_set(err, ERROR_MEMORY, "out of memory while starting the server");
		return NULL;
	}
	server->limits = options->limits;
	server->tls = options->tls;
	server_limits_complete(&server->limits);
	server->engine =
			rpc_engine_new(registry, &options->limits.rpc, &options->observer, err);
	if (server->engine) {
		rpc_engine_set_gate(server->engine, &options->gate);
		rpc_engine_set_recorder(server->engine, &options->recorder);
	}
	if (server->engine && server_bind(server, options, threads, err) &&
			server_make_loops(server, threads, err))
		return server;
	server_free(server);
	return NULL;
}

/* Listening begins here, on every socket, before the first loop runs. */
bool server_start(struct server *server, struct error *err)
{
	size_t a;
	unsigned i;

	assert(!server->is_started);
	transport_warm();
	for (a = 0; a < server->address_count; a++) {
		for (i = 0; i < server->loop_count; i++) {
			int fd = server->addresses[a].sockets[i];

			server->addresses[a].sockets[i] = -1;
			if (!loop_listen(server->loops[i], fd, server->addresses[a].is_unix,
					    server_address_has_tls(server, a) ? server->tls
									      : NULL,
					    err))
				return error_prefix(err, "%s", server->addresses[a].text);
		}
	}
	server->is_started = true;
	for (i = 0; i < server->loop_count; i++) {
		if (!loop_start(server->loops[i], err)) {
			/* Those that run must end before anything is freed. */
			server_drain(server, 0);
			server_wait(server);
			return false;
		}
	}
	return true;
}

const char *server_address(const struct server *server, size_t index)
{
	return index < server->address_count ? server->addresses[index].text : NULL;
}

bool server_address_has_tls(const struct server *server, size_t index)
{
	return server->tls && !server->addresses[index].is_plain;
}

unsigned server_loop_count(const struct server *server)
{
	return server->loop_count;
}

struct server_connections server_connections(const struct server *server)
{
	struct places_counts counts = places_look(server->places);

	return (struct server_connections){
		.count = counts.count,
		.most = server->limits.connection_count,
		.refused = counts.full,
		.refused_of_address = counts.of_address,
		.displaced = counts.displaced,
	};
}

size_t server_descriptors(const struct server_limits *limits)
{
	return limits->connection_count + places_spare(limits->connection_count) +
	       SERVER_OTHER_DESCRIPTORS;
}

void server_drain(struct server *server, unsigned grace_ms)
{
	unsigned i;

	for (i = 0; i < server->loop_count; i++)
		loop_drain(server->loops[i], grace_ms);
}

static void push_job(struct loop *loop, struct loop_job *job)
{
	if (loop->last_job)
		loop->last_job->next = job;
	else
		loop->first_job = job;
	loop->last_job = job;
	(void)uv_async_send(&loop->async);
}

bool server_run_on_loops(struct server *server, void (*work)(void *argument, unsigned loop),
		void (*done)(void *argument), void *argument)
{
	struct loop_jobs *jobs = memory_alloc_zero(
			1, sizeof(*jobs) + server->loop_count * sizeof(jobs->list[0]));
	unsigned count = 0;
	unsigned i;

	if (!jobs)
		return false;
	jobs->work = work;
	jobs->done = done;
	jobs->argument = argument;
	/* Nobody ends meanwhile: every lock is taken, in order, before anything is queued. While the server is
	 * drained a loop ends when its last connection does, and others still have some. */
	for (i = 0; i < server->loop_count; i++) {
		uv_mutex_lock(&server->loops[i]->lock);
		count += !server->loops[i]->is_ended;
	}
	atomic_init(&jobs->left, count);
	for (i = 0; i < server->loop_count; i++) {
		jobs->list[i].jobs = jobs;
		if (!server->loops[i]->is_ended)
			push_job(server->loops[i], &jobs->list[i]);
	}
	for (i = 0; i < server->loop_count; i++)
		uv_mutex_unlock(&server->loops[i]->lock);
	if (count == 0)
		memory_free(jobs);
	return count > 0;
}

static void review(void *argument, unsigned loop)
{
	const struct server *server = argument;

	loop_review(server->loops[loop]);
}

bool server_review_calls(struct server *server)
{
	return server_run_on_loops(server, review, NULL, server);
}

static void review_certificates(void *argument, unsigned loop)
{
	const struct server *server = argument;

	loop_review_certificates(server->loops[loop]);
}

bool server_review_certificates(struct server *server)
{
	return server_run_on_loops(server, review_certificates, NULL, server);
}

void server_wait(struct server *server)
{
	unsigned i;

	for (i = 0; i < server->loop_count; i++)
		loop_join(server->loops[i]);
}

void server_free(struct server *server)
{
	size_t i;

	if (!server)
		return;
	for (i = 0; i < server->loop_count; i++)
		loop_free(server->loops[i]);
	memory_free(server->loops);
	places_free(server->places);
	for (i = 0; i < server->address_count; i++)
		address_close(&server->addresses[i]);
	memory_free(server->addresses);
	rpc_engine_free(server->engine);
	memory_free(server);
}
