/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The push engine and the ledger on the registry's thread, and those who watch runs.
 *
 * Opened after the registry and closed before it. A run that the last process left unfinished goes on
 * when push_service_resume() is called.
 */
#pragma once

#include "handlers/registry_thread.h"
#include "handlers/snapshot.h"
#include "handlers/store_thread.h"
#include "push/run.h"

struct push_service;
struct push_sink;

struct push_service_options {
	struct registry_thread *registry;
	struct store_thread *store;
	struct snapshot *snapshot;
	struct column_cache *columns;
	unsigned threads; /* that work on a run */
};

/** What @options names is borrowed until push_service_close(). */
struct push_service *push_service_open(
		const struct push_service_options *options, struct error *err);
/** Goes on with a run that was left unfinished; one that cannot is logged, and stays failed. */
void push_service_resume(struct push_service *service);
/**
 * Ends the run's threads; what is told so far is in the ledger. Before the columns and the registry are
 * closed.
 */
void push_service_stop(struct push_service *service);
/** After the registry is closed. */
void push_service_free(struct push_service *service);

/* --- on the registry's thread ---------------------------------------------------------------- */

struct push_engine *push_service_engine(struct push_service *service);
struct ledger *push_service_ledger(struct push_service *service);
/** The webhook; NULL: there is none, or no more. */
struct push_sink *push_service_sink(struct push_service *service);
/** Milliseconds since 1970, UTC. Any thread. */
int64_t push_service_now_ms(const struct push_service *service);

/* Somebody who is told when a run has come further. Embedded in what it is about. */
struct push_watcher {
	struct push_watcher *next;
	/* On the registry's thread. false: it wants no more, and is forgotten (it may free itself). */
	bool (*on_progress)(struct push_watcher *watcher, struct push_service *service);
};
/** Whether the service ends: nobody will be told anything more. */
bool push_service_is_ending(const struct push_service *service);
void push_service_watch(struct push_service *service, struct push_watcher *watcher);

/* --- any thread ------------------------------------------------------------------------------ */

/** Waits for the registry's thread. NULL: none, from now on. */
void push_service_set_sink(struct push_service *service, struct push_sink *sink);
struct registry_thread *push_service_registry(struct push_service *service);
struct store_thread *push_service_store(struct push_service *service);
/**
 * The ruleset of a revision (0: the current one) with a reference; on the store's thread only. NULL
 * when it cannot be loaded.
 */
struct ruleset *push_service_load(struct push_service *service, struct catalog_store *store,
		int64_t revision, struct error *err);
