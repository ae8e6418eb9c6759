/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of this service: counts its calls and answers, looks at the rest when somebody asks, and
 * answers on an address of its own.
 */
#pragma once

#include "handlers/handlers.h"
#include "rpc/call_limits.h"
#include "rpc/health.h"
#include "transport/server.h"

struct meter;

/** @methods is borrowed. */
struct meter *meter_new(const struct rpc_registry *methods, struct error *err);
/** After the loops and the workers have ended. NULL is fine. */
void meter_free(struct meter *meter);

/* Any thread, without a lock. NULL is fine: nobody wants to know. */
void meter_call_started(struct meter *meter, const struct rpc_method *method);
void meter_call_ended(struct meter *meter, const struct rpc_report *report);
void meter_matched(struct meter *meter, const struct match_tally *tally);

/* What there is to look at. Borrowed until meter_close(). */
struct meter_sources {
	struct snapshot *snapshot;
	struct store_thread *store;
	struct registry_thread *registry;
	struct push_service *push;
	struct worker *checker, *reporter, *finder;
	struct server *server;
	struct health *health;
	const struct tls *tls; /* NULL: there is none */
};

/** Answers on @address from now on. */
bool meter_open(struct meter *meter, const char *address, const struct meter_sources *sources,
		struct error *err);
/** Where, as it can be dialled. */
const char *meter_address(const struct meter *meter);
/** Nobody looks any more. Before the workers end. NULL is fine. */
void meter_close(struct meter *meter);
