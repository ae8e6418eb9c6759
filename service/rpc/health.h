/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc.health.v1.Health: Check, List and Watch over statuses that any thread may set. The
 * status of
 * "" is the server as a whole.
 */
#pragma once

#include "base/error.h"
#include "rpc/method.h"

#include <stdbool.h>

struct health;

/** As in health.proto. */
enum health_status {
	HEALTH_UNKNOWN = 0,
	HEALTH_SERVING = 1,
	HEALTH_NOT_SERVING = 2,
};

/** Knows "" at first, NOT_SERVING. */
struct health *health_new(struct error *err);
/** After the server's server_wait(). */
void health_free(struct health *health);
/** Its rows for the registry; they live as long as @health. */
const struct rpc_method *const *health_methods(struct health *health, size_t *out_count);
/** Any thread. Watchers of @service are told. false when memory is short. */
bool health_set(struct health *health, const char *service, enum health_status status);
/** Any thread: whether "" is SERVING. */
bool health_is_serving(struct health *health);
/**
 * Any thread. Everything is NOT_SERVING from now on, whatever is set later; watchers are told,
 * and their calls end with UNAVAILABLE, so that they do not hold up a drain.
 */
void health_drain(struct health *health);
