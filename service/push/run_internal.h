/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a run share. */
#pragma once

#include "push/block.h"
#include "push/run.h"
#include "push/sift.h"

#include <pthread.h>
#include <stdatomic.h>

#define RUN_STATE(word) POLICYCALC__V1__RUN__STATE__STATE_##word

struct push_run {
	struct push_engine *engine;
	struct arena arena; /* the plan and the scope */
	struct ruleset *ruleset;
	struct push_plan plan;
	Policycalc__V1__Run message; /* as it was started; figures are filled when it is told */
	Policycalc__V1__Run__State state;
	struct push_counts counts;
	int64_t deliveries;
	int64_t errors;
	int64_t block_count;
	int64_t next_read;
	int64_t next_write;   /* the checkpoint */
	int64_t stored_block; /* the checkpoint as it stands in the ledger */
	int64_t stored_ms;
	struct push_sifter *sifter; /* NULL: without columns */
	bool is_cancelled;
	bool is_failing;
	bool is_stopping;  /* the process ends */
	bool is_contended; /* a block has to be begun again: they are written one by one */
	struct error err;  /* why it fails */
	/* For tests, which have no threads: what one of them does between two looks at what was worked
	 * on. NULL in the service. */
	void (*between_looks)(struct push_run *run);

	/* How fast it is, on the host's clock. */
	int64_t rate_ms, rate_done, rate;

	/* The threads, and what is between. */
	pthread_t *threads;
	unsigned thread_count;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wanted;
	struct push_block *waiting, **waiting_end; /* to be worked on, oldest first */
	struct push_block *worked;		   /* in any order */
	size_t in_flight;
	size_t busy;	/* blocks that threads are working on */
	bool is_posted; /* a step is on its way */
	bool is_ending;
};

struct push_engine {
	struct ledger ledger;
	struct push_host host;
	unsigned threads;
	struct push_run *run; /* that goes on, or NULL */
	/* A run whose end could not be written, and why it failed; 0: there is none. */
	int64_t unended;
	struct error unended_why;
};

/* run_message.c */

/** The run as it is now, in @arena. NULL when memory is short. */
Policycalc__V1__Run *run_message(
		const struct push_run *run, bool with_counts, struct arena *arena);
/** A copy of all of it, for when the run is gone; @message may be NULL. NULL when memory is short. */
Policycalc__V1__Run *run_message_copy(const Policycalc__V1__Run *message, struct arena *arena);
/** Reads a stored run into @arena. */
Policycalc__V1__Run *run_message_read(
		const struct ledger_run *stored, struct arena *arena, struct error *err);
/** Takes the figures of a stored run. */
bool run_message_take(
		struct push_run *run, const Policycalc__V1__Run *stored, struct error *err);
/** Writes the checkpoint; in a transaction. */
bool run_store(struct push_run *run, struct error *err);
/** "2026-03-01T04:05:06Z" of a time. NULL when memory is short. */
char *run_time_print(int64_t now_ms, struct arena *arena);

/** The time on the host's clock. */
static inline int64_t run_now(const struct push_run *run)
{
	return run->engine->host.now_ms(run->engine->host.context);
}

/* run_write.c */

/** Frees a list of blocks; NULL is fine. */
void run_free_blocks(struct push_block *blocks);
/** Hands a block to the threads. */
void run_queue_block(struct push_run *run, struct push_block *block);
/** Loads what some block has been deferred for; *out_done: there was one. */
bool run_load_deferred(struct push_run *run, bool *out_done, struct error *err);
/**
 * Commits the blocks that are next, in one transaction; *out_done: there were any. When what one was made
 * of has changed meanwhile they are tried one by one, so that only this one is begun again.
 */
bool run_commit_blocks(struct push_run *run, bool *out_done, struct error *err);
/** Writes the checkpoint when it is due, with blocks in their order, which ->next_write counts; or NULL. */
bool run_write_checkpoint(struct push_run *run, struct push_block *blocks, struct error *err);

/* run_step.c */

/** Starts the threads and the first step. */
bool run_begin(struct push_run *run, struct error *err);
/** Makes a run that waits for its threads look up. */
void run_wake(struct push_run *run);
/** Ends the threads and frees the run. */
void run_end(struct push_run *run);
void run_free(struct push_run *run);
