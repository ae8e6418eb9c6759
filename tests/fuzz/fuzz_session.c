/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger's bytes into an HTTP/2 session with the health service behind it. The first byte says
 * in pieces of which size they come; the clock goes on between pieces.
 */
#include "rpc/health.h"
#include "transport/session.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rpc_task *tasks;

static void on_post(struct rpc_loop *loop, struct rpc_task *task)
{
	(void)loop;
	task->next = tasks;
	tasks = task;
}

static void run_tasks(void)
{
	while (tasks) {
		struct rpc_task *task = tasks;

		tasks = task->next;
		rpc_task_run(task);
	}
}

static void feed(struct session *session, const uint8_t *data, size_t size, size_t piece)
{
	struct buffer out = { 0 };
	uint64_t now_us = 1000000;

	while (size > 0 && !session_is_over(session)) {
		size_t step = size < piece ? size : piece;

		session_receive(session, (struct slice){ (const char *)data, step }, now_us);
		run_tasks();
		buffer_clear(&out);
		session_send(session, &out, 65536, now_us);
		now_us += 100000;
		session_tick(session, now_us);
		data += step;
		size -= step;
	}
	session_drain(session, now_us);
	session_send(session, &out, 65536, now_us);
	buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server_limits limits = { 0 };
	struct rpc_registry registry;
	struct health *health;
	struct rpc_loop loop = { .post = on_post };
	struct session_options options = { .loop = &loop, .limits = &limits, .peer = "fuzz" };
	struct rpc_engine *engine;
	struct session *session;

	if (size == 0)
		return 0;
	health = health_new(NULL);
	if (!health)
		abort();
	registry.methods = health_methods(health, &registry.count);
	engine = rpc_engine_new(&registry, NULL, NULL, NULL);
	server_limits_complete(&limits);
	loop.engine = engine;
	session = session_new(&options, 1000000, NULL);
	if (!engine || !session)
		abort();
	feed(session, data + 1, size - 1, data[0] ? data[0] : 1);
	session_free(session);
	run_tasks();
	rpc_loop_fini(&loop);
	rpc_engine_free(engine);
	health_free(health);
	return 0;
}
