/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of policycalc.v1, and what they stand on: the snapshot for answers, the store's
 * thread for what is in the catalog's database, the registry's thread for enterprises, the checker's
 * thread for drafts, and a clock.
 */
#pragma once

#include "handlers/push_service.h"
#include "handlers/registry_thread.h"
#include "handlers/snapshot.h"
#include "handlers/store_thread.h"
#include "handlers/worker.h"
#include "rpc/method.h"

#include <stdint.h>

struct handlers;

struct handlers_options {
	struct snapshot *snapshot;
	struct store_thread *store;
	struct registry_thread *registry;
	struct columns *columns;      /* of the registry */
	struct priors_keeper *priors; /* likewise */
	struct crew *crew; /* what reports and searches sweep with; NULL: their own thread */
	/* The registry is searched here; a worker without context. */
	struct worker *finder;
	struct push_service *push;
	/* Drafts are checked here; a worker without context. */
	struct worker *checker;
	/* Reports are made here, one at a time; a worker without context. NULL: there are none. */
	struct worker *reporter;
	/* A draft is published by another identity than the one that brought it; needs tokens. */
	bool four_eyes;
	/* Seconds since 1970 in UTC; NULL: the system's clock. */
	int64_t (*now)(void);
	/* Told on the store's thread that @call has published a revision, which answers now; may be NULL. */
	void (*on_publish)(void *context, struct rpc_call *call, const struct ruleset *ruleset);
	/* Told on a loop of every answer to Match and MatchStream; may be NULL. */
	void (*on_match)(void *context, const struct match_tally *tally);
	void *context;
};

/** What @options names is borrowed until handlers_free(). */
struct handlers *handlers_new(const struct handlers_options *options, struct error *err);
/** After the server has ended; the workers may still be freed before or after. */
void handlers_free(struct handlers *handlers);
/** The rows for the registry; they live as long as @handlers. */
const struct rpc_method *const *handlers_methods(
		const struct handlers *handlers, size_t *out_count);
/** Full names of the services, for reflection and health. */
extern const char *const handlers_services[];
extern const size_t handlers_service_count;
