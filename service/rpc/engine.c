/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/engine.h"

#include "base/memory.h"

#include <stdio.h>

static void default_size(size_t *field, size_t value)
{
	if (*field == 0)
		*field = value;
}

static void limits_complete(struct rpc_limits *limits)
{
	default_size(&limits->receive_max, (size_t)4 << 20);
	default_size(&limits->question_max, limits->receive_max);
	default_size(&limits->send_max, (size_t)64 << 20);
	default_size(&limits->call_memory, (size_t)32 << 20);
	default_size(&limits->connection_input, RPC_CONNECTION_INPUT);
	default_size(&limits->headers_size, (size_t)16 << 10);
	default_size(&limits->headers_count, 100);
	default_size(&limits->send_high, (size_t)256 << 10);
	default_size(&limits->send_low, (size_t)64 << 10);
	default_size(&limits->compress_above, (size_t)256 << 10);
	if (limits->deadline_max_us == 0)
		limits->deadline_max_us = UINT64_MAX;
	if (limits->stall_us == 0)
		limits->stall_us = 60 * UINT64_C(1000000);
}

static bool engine_add_methods(struct rpc_engine *engine, const struct rpc_registry *registry,
		struct error *err)
{
	size_t size = 0;
	char *path;
	size_t i;

	for (i = 0; i < registry->count; i++)
		size += strlen(registry->methods[i]->service) +
			strlen(registry->methods[i]->name) + 3;
	engine->paths = memory_alloc(size + 1);
	if (!engine->paths)
		return error_set(err, ERROR_MEMORY, "out of memory while registering methods");
	path = engine->paths;
	for (i = 0; i < registry->count; i++) {
		const struct rpc_method *method = registry->methods[i];
		int length = sprintf(path, "/%s/%s", method->service, method->name);
		struct slice key = { path, (size_t)length };

		if (map_find(&engine->methods, key))
			return error_set(err, ERROR_EXISTS, "method %s is registered twice",
					path);
		if (!map_put(&engine->methods, key, (void *)(uintptr_t)method))
			return error_set(err, ERROR_MEMORY,
					"out of memory while registering methods");
		path += length + 1;
	}
	return true;
}

static bool engine_add_quota(struct rpc_engine *engine, struct error *err)
{
	const struct rpc_quota_limits *limits = &engine->limits.quota;

	if (!limits->calls && !limits->running && !limits->heavy && !limits->heavy_running)
		return true;
	engine->quota = rpc_quota_new(limits, err);
	return engine->quota != NULL;
}

struct rpc_engine *rpc_engine_new(const struct rpc_registry *registry,
		const struct rpc_limits *limits, const struct rpc_observer *observer,
		struct error *err)
{
	struct rpc_engine *engine = memory_alloc_zero(1, sizeof(*engine));

	if (!engine) {
		error_set(err, ERROR_MEMORY, "out of memory while registering methods");
		return NULL;
	}
	if (limits)
		engine->limits = *limits;
	if (observer)
		engine->observer = *observer;
	limits_complete(&engine->limits);
	if (!engine_add_quota(engine, err) || !engine_add_methods(engine, registry, err)) {
		rpc_engine_free(engine);
		return NULL;
	}
	return engine;
}

void rpc_engine_set_gate(struct rpc_engine *engine, const struct rpc_gate *gate)
{
	engine->gate = *gate;
}

void rpc_engine_set_recorder(struct rpc_engine *engine, const struct rpc_recorder *recorder)
{
	engine->recorder = *recorder;
}

void rpc_engine_free(struct rpc_engine *engine)
{
	if (!engine)
		return;
	rpc_quota_free(engine->quota);
	map_fini(&engine->methods);
	memory_free(engine->paths);
	memory_free(engine);
}

uint64_t rpc_engine_caller(const struct rpc_engine *engine, const char *peer)
{
	return engine->quota ? rpc_quota_peer(engine->quota, peer) : 0;
}

const struct rpc_limits *rpc_engine_limits(const struct rpc_engine *engine)
{
	return &engine->limits;
}
