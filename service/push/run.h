/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs: the whole registry, block by block, against one revision, on one day.
 *
 *     RUNNING ──► FINISHED
 *        │  ├───► CANCELLED   what it told stays told
 *        │  └───► FAILED      likewise; another run finds the rest
 *        └─ the process ends: goes on from its checkpoint at the next start
 *
 * One at a time. The registry's thread reads blocks and commits them in their order; threads of the
 * run's own work on those between, at most a few at once, so that memory is bounded. Every function
 * but the host's belongs to the registry's thread.
 */
#pragma once

#include "push/ledger.h"

struct column_cache;
struct ruleset;

/* What the run stands on, handed down from above. */
struct push_host {
	void *context;
	/* Any thread: @work(@argument) will run on the registry's thread. false: not now. */
	bool (*post)(void *context, void (*work)(void *argument), void *argument);
	/* Milliseconds since 1970, UTC. */
	int64_t (*now_ms)(void *context);
	/* The registry as columns, for sweeps; NULL: enterprises are asked one by one. Its origin may
	 * wait for the registry's thread. */
	struct column_cache *columns;
	/* A run has come further, or has ended; on the registry's thread. May be NULL. */
	void (*on_progress)(void *context);
};

struct push_engine;

/** @threads: how many work; @ledger and @host are copied. */
struct push_engine *push_engine_new(const struct ledger *ledger, const struct push_host *host,
		unsigned threads, struct error *err);
/**
 * Lets the run come to rest; it goes on at the next start. false: some of its threads still work, and
 * it must be asked again, when other jobs of the registry's thread have run.
 */
bool push_engine_stop(struct push_engine *engine);
/** After push_engine_stop(), when nothing that was posted is left. Any thread. */
void push_engine_free(struct push_engine *engine);

struct push_order {
	const Policycalc__V1__StartRunRequest *request;
	struct ruleset *ruleset; /* of the revision asked for; a reference is taken */
	int64_t current_revision;
	const struct ruleset *since; /* of request->since_revision, or NULL; borrowed */
};
/** Starts one; *out_run lives in @arena. ERROR_CONFLICT names a run that is going on. */
bool push_engine_start(struct push_engine *engine, const struct push_order *order,
		struct arena *arena, Policycalc__V1__Run **out_run, struct error *err);

/** The run that the last process left unfinished: its id (0: none) and revisions. */
bool push_engine_unfinished(struct push_engine *engine, int64_t *out_id, int64_t *out_revision,
		int64_t *out_since_revision, struct error *err);
/** Goes on with it. */
bool push_engine_resume(struct push_engine *engine, int64_t id, struct ruleset *ruleset,
		const struct ruleset *since, struct error *err);

/** It cannot go on: it has failed, and why. That is told although it cannot be written yet. */
bool push_engine_abandon(
		struct push_engine *engine, int64_t id, const char *why, struct error *err);

/** Asks it to stop; ERROR_PRECONDITION when it has ended, ERROR_NOT_FOUND. */
bool push_engine_cancel(struct push_engine *engine, int64_t id, struct arena *arena,
		Policycalc__V1__Run **out_run, struct error *err);
/** One run (0: the newest), as it is now. ERROR_NOT_FOUND. */
bool push_engine_get(struct push_engine *engine, int64_t id, struct arena *arena,
		Policycalc__V1__Run **out_run, struct error *err);
/** Newest first, ids below @before (0: all), without counts. */
bool push_engine_list(struct push_engine *engine, int64_t before, size_t limit,
		struct arena *arena, Policycalc__V1__Run ***out_runs, size_t *out_count,
		struct error *err);
/** Enterprises a second, lately; 0: not known. */
int64_t push_engine_rate(const struct push_engine *engine, int64_t id);
