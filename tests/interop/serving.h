/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test servers have in common: addresses and limits from the command line, health, a start that says
 * "listening ADDRESS" for each address, and an end by SIGTERM. And work that a call does later.
 */
#pragma once

#include "rpc/health.h"
#include "rpc/method.h"
#include "transport/server.h"

#define SERVING_LISTEN_MAX 4
#define SERVING_METHODS_MAX 32

struct serving {
	const char *program;
	const char *service; /* the one whose health is told */
	struct server_options options;
	struct tls_options tls;
	const char *listen[SERVING_LISTEN_MAX];
	unsigned grace_ms;
	const struct rpc_method *methods[SERVING_METHODS_MAX];
	struct rpc_registry registry;
	struct health *health;
	struct server *server;
};

#define SERVING_USAGE                                                                          \
	"[--listen ADDRESS]... [--threads N] [--grace MS] [--reset-burst N] [--stall MS]"      \
	" [--ping-interval MS] [--idle-ping-interval MS] [--compress-above BYTES]"             \
	" [--idle MS] [--age MS] [--deadline-max MS] [--receive-max BYTES]"                    \
	" [--connections N] [--handshake MS] [--tls-cert FILE --tls-key FILE "                 \
	"[--tls-client-ca FILE]]"

/** Ready to serve @service, and health. false when memory is short. */
bool serving_init(struct serving *serving, const char *program, const char *service);
void serving_fini(struct serving *serving);
/** false when an option is none. */
bool serving_parse(struct serving *serving, int argc, char **argv);
void serving_add(struct serving *serving, const struct rpc_method *method);
/** Listens and serves; says why not on stderr. Signals that end it are blocked from here on. */
bool serving_start(struct serving *serving);
/** "listening ADDRESS" of each on stdout. */
void serving_tell(const struct serving *serving);
/** Until SIGTERM; SIGINT only turns the service's health to NOT_SERVING. Drains and ends. */
void serving_wait(struct serving *serving);

/**
 * Runs @work on the call's loop thread @us microseconds from now, sooner when the call is over. false
 * when there is no memory or no thread for it.
 */
bool serving_later(struct rpc_call *call, uint64_t us,
		void (*work)(struct rpc_call *call, void *argument), void *argument);
