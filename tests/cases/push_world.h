/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry, a ledger and a push engine in a folder that goes away, for tests: this thread plays the
 * registry's thread, and the clock is what the test says.
 */
#pragma once

#include "push/ledger.h"
#include "push/run.h"
#include "registry/column_cache.h"
#include "store/directory.h"

#include <pthread.h>

struct push_job {
	struct push_job *next;
	void (*work)(void *argument);
	void *argument;
};

struct push_world {
	char folder[64];
	struct directory *directory;
	struct registry_store *registry_store;
	struct registry *registry;
	struct ledger_store *ledger_store;
	struct ledger ledger;
	struct push_engine *engine;
	int64_t now_ms;
	unsigned threads;
	bool wants_columns;
	struct column_cache *columns; /* NULL: without */
	/* Held while a job runs, and while a thread asks the registry: it is one thread's at a time. */
	pthread_mutex_t registry_lock;
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct push_job *first, **last;
};

/** In a new folder; @columns: blocks come of a column cache. Ends the program when that fails, as everything here does. */
void push_world_init(struct push_world *world, unsigned threads, bool columns);
void push_world_fini(struct push_world *world);
/** Closes everything; what stands in the folder stays. */
void push_world_close(struct push_world *world);
/** Opens it again, as the next process does. */
void push_world_open(struct push_world *world);
/** Both. */
void push_world_restart(struct push_world *world);
/** Runs one job; waits for it at most ten seconds. false: none came. */
bool push_world_step(struct push_world *world);
/** Runs jobs until no run goes on. */
void push_world_drain(struct push_world *world);
/** Whether one goes on. */
bool push_world_is_running(struct push_world *world);
/** Imports one profile; @replace: what it does not mention is forgotten. */
void push_world_import(struct push_world *world, struct ruleset *ruleset,
		const Policycalc__V1__Profile *profile, const char *day, bool replace);
/** Imports several, all at once. */
void push_world_import_all(struct push_world *world, struct ruleset *ruleset,
		Policycalc__V1__Profile **profiles, size_t count, const char *day,
		bool replace);
