/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rooms of the service, wired: opened from the lowest to the highest, closed the other way round.
 *
 *     options ──► data folder, store ──► starter catalog ──► ruleset ──► sockets ──► serving
 */
#pragma once

#include "config.h"
#include "rpc/method.h"
#include "supervisor.h"

#include <stdatomic.h>

struct service {
	struct config config;
	_Atomic uint64_t slow_call_us;

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
	int64_t revision; /* at the start; 0: none */
	struct handlers *handlers;
	struct health *health;
	struct reflection *reflection;
	const struct rpc_method **methods;
	struct rpc_registry registry;
	struct server *server;
	struct supervisor supervisor;
	struct meter *meter; /* NULL: nobody wants to know */
};

/** Opens all rooms, and no address yet. What was opened is for service_close(), also when it fails. */
bool service_open(struct service *service, struct error *err);
/** Opens the addresses, and serves: health says so. */
bool service_start(struct service *service, struct error *err);
/** Says that it serves, in the log and to whoever looks after the process; on the thread that takes signals. */
void service_announce(struct service *service);
/** Runs until it was told to end (server_drain()). */
void service_wait(struct service *service);
/** Nobody is served any more. */
void service_drain(struct service *service, unsigned grace_ms);
/** Takes what was never made, too. */
void service_close(struct service *service);
