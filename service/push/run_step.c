/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a run, on the registry's thread, and the threads that work between them.
 *
 *     step: reads one block, or, when as many as may be are on their way, commits those that are next
 *           in order and done; and comes again as long as there is something to do; else a thread
 *           that has worked on a block calls the next step.
 *
 * Other jobs of the registry's thread come between two steps.
 */
#include "push/run_internal.h"

#include "base/log.h"
#include "base/memory.h"
#include "calculator/calculator.h"

#include <assert.h>
#include <time.h>

/* Blocks between reading and writing. */
#define IN_FLIGHT_MOST 12
/* Blocks without news that one step may pass. */
#define QUIET_MOST 64
/* Memory of the work on one enterprise: at most, and what is kept from one to the next. */
#define ROW_MEMORY ((size_t)256 << 20)
#define ROW_MEMORY_KEPT ((size_t)512 << 10)
#define RATE_MS 500

static void on_step(void *argument);

/* One step at a time is on its way. false: the queue is full. */
static bool step_post(struct push_run *run)
{
	const struct push_host *host = &run->engine->host;
	bool must;

	pthread_mutex_lock(&run->lock);
	must = !run->is_posted && !run->is_ending;
	run->is_posted |= must;
	pthread_mutex_unlock(&run->lock);
	if (!must || host->post(host->context, on_step, run->engine))
		return true;
	pthread_mutex_lock(&run->lock);
	run->is_posted = false;
	pthread_mutex_unlock(&run->lock);
	return false;
}

/* --- the threads ----------------------------------------------------------------------------- */

static struct push_block *block_take(struct push_run *run)
{
	struct push_block *block;

	pthread_mutex_lock(&run->lock);
	while (!run->waiting && !run->is_ending)
		pthread_cond_wait(&run->wanted, &run->lock);
	block = run->is_ending ? NULL : run->waiting;
	if (block) {
		run->waiting = block->next;
		if (!run->waiting)
			run->waiting_end = &run->waiting;
		run->busy++;
	}
	pthread_mutex_unlock(&run->lock);
	return block;
}

/* What a thread works with; all but the memory is made when it is first needed. */
struct bench {
	struct push_sift *sift;
	struct push_hands hands;
};

static bool bench_ready(struct push_run *run, struct bench *bench, struct error *err)
{
	if (run->plan.book.sweep && !bench->hands.look)
		bench->hands.look = look_new(run->plan.book.sweep, err);
	if (run->sifter && !bench->sift)
		bench->sift = push_sift_new(run->sifter, err);
	return (!run->plan.book.sweep || bench->hands.look) && (!run->sifter || bench->sift);
}

static void block_advance(struct push_run *run, struct push_block *block, struct bench *bench)
{
	struct error *err = &block->err;

	err->code = ERROR_NONE;
	if (!bench_ready(run, bench, err))
		return;
	if (!block->is_sifted) {
		if (!push_sift_block(bench->sift, block, &bench->hands, err))
			return;
		block->is_sifted = true;
	}
	push_block_work(block, &bench->hands);
}

static void *run_thread(void *argument)
{
	struct push_run *run = argument;
	struct bench bench = { 0 };
	struct push_block *block;

	arena_init(&bench.hands.scratch, ROW_MEMORY);
	/* Without it each takes memory of the machine by itself. */
	(void)arena_reserve(&bench.hands.scratch, ROW_MEMORY_KEPT);
	while ((block = block_take(run))) {
		block_advance(run, block, &bench);
		pthread_mutex_lock(&run->lock);
		block->next = run->worked;
		run->worked = block;
		run->busy--;
		pthread_mutex_unlock(&run->lock);
		/* A block must not be forgotten because the queue is full. */
		while (!step_post(run)) {
			struct timespec pause = { 0, 5000000 };

			(void)nanosleep(&pause, NULL);
		}
	}
	arena_fini(&bench.hands.scratch);
	push_sift_free(bench.sift);
	look_free(bench.hands.look);
	return NULL;
}

/* --- ending ---------------------------------------------------------------------------------- */

void run_end(struct push_run *run)
{
	pthread_mutex_lock(&run->lock);
	run->is_ending = true;
	pthread_cond_broadcast(&run->wanted);
	pthread_mutex_unlock(&run->lock);
	for (unsigned i = 0; i < run->thread_count; i++)
		pthread_join(run->threads[i], NULL);
	run->engine->run = NULL;
	run_free(run);
}

void run_free(struct push_run *run)
{
	run_free_blocks(run->waiting);
	run_free_blocks(run->worked);
	pthread_mutex_destroy(&run->lock);
	pthread_cond_destroy(&run->wanted);
	memory_free(run->threads);
	push_counts_fini(&run->counts);
	push_sifter_free(run->sifter);
	ask_book_fini(&run->plan.book);
	push_scope_fini(&run->plan.scope);
	ruleset_unref(run->ruleset);
	arena_fini(&run->arena);
	memory_free(run);
}

static void progress_tell(struct push_run *run)
{
	const struct push_host *host = &run->engine->host;

	if (host->on_progress)
		host->on_progress(host->context);
}

/* The run is over: the last word goes into the ledger, the threads end. */
static void run_finish(struct push_run *run, Policycalc__V1__Run__State state)
{
	struct ledger_store *store = run->engine->ledger.store;
	struct error err = { ERROR_NONE, "" };
	bool ok;

	run->state = state;
	run->message.finished_at = run_time_print(run_now(run), &run->arena);
	if (!run->message.finished_at)
		run->message.finished_at = (char *)"";
	ok = ledger_store_begin(store, &err) && run_store(run, &err) &&
	     ledger_store_commit(store, &err);
	if (!ok) {
		ledger_store_rollback(store);
		/* Whoever asks hears that it failed; that is written when it can be. */
		if (state != RUN_STATE(FAILED))
			run->err = err;
		run->state = state = RUN_STATE(FAILED);
		run->engine->unended = run->plan.run;
		run->engine->unended_why = run->err;
	}
	if (state == RUN_STATE(FAILED))
		log_event(LOG_LEVEL_ERROR, "push_run_failed", LOG_NUMBER("run", run->plan.run),
				LOG_NUMBER("written", ok),
				LOG_TEXT("message", run->err.message));
	else
		log_event(LOG_LEVEL_INFO, "push_run_ended", LOG_NUMBER("run", run->plan.run),
				LOG_NUMBER("deliveries", run->deliveries),
				LOG_NUMBER("cancelled", state == RUN_STATE(CANCELLED)));
	progress_tell(run);
	run_end(run);
}

/* --- how fast ------------------------------------------------------------------------------- */

static void rate_take(struct push_run *run, int64_t now_ms)
{
	int64_t done = run->next_write * REGISTRY_BLOCK_SIZE;
	int64_t passed = now_ms - run->rate_ms;

	if (passed < 0 || run->rate_ms == 0) {
		run->rate_ms = now_ms;
		run->rate_done = done;
	} else if (passed >= RATE_MS) {
		run->rate = (done - run->rate_done) * 1000 / passed;
		run->rate_ms = now_ms;
		run->rate_done = done;
		progress_tell(run);
	}
}

/* --- reading --------------------------------------------------------------------------------- */

static bool may_read(struct push_run *run)
{
	bool may;

	pthread_mutex_lock(&run->lock);
	may = run->next_read < run->block_count && run->in_flight < IN_FLIGHT_MOST;
	pthread_mutex_unlock(&run->lock);
	return may;
}

/* Reads the next blocks until one has rows. *out_read: something was read. */
static bool blocks_read(struct push_run *run, bool *out_read, struct error *err)
{
	*out_read = false;
	for (unsigned i = 0; i < QUIET_MOST && may_read(run); i++) {
		struct push_block *block = push_block_new(&run->plan, run->next_read);

		if (!block)
			return error_set(err, ERROR_MEMORY,
					"out of memory while reading a block");
		if (!push_block_read(block, &run->engine->ledger, run->engine->host.columns,
				    err)) {
			push_block_free(block);
			return false;
		}
		*out_read = true;
		if ((block->is_quiet || (block->is_sifted && block->row_count == 0)) &&
				run->next_write == run->next_read) {
			push_block_free(block);
			run->next_read++;
			run->next_write++;
			if (!run_write_checkpoint(run, NULL, err))
				return false;
			continue;
		}
		run->next_read++;
		pthread_mutex_lock(&run->lock);
		run->in_flight++;
		pthread_mutex_unlock(&run->lock);
		run_queue_block(run, block);
		break;
	}
	return true;
}

/* --- the step -------------------------------------------------------------------------------- */

/* Blocks that nobody works on are forgotten. Whether the threads have come to rest. */
static bool run_rest(struct push_run *run)
{
	struct push_block *waiting, *worked;
	bool rests;

	pthread_mutex_lock(&run->lock);
	waiting = run->waiting;
	worked = run->worked;
	run->waiting = run->worked = NULL;
	run->waiting_end = &run->waiting;
	rests = run->busy == 0;
	pthread_mutex_unlock(&run->lock);
	run_free_blocks(waiting);
	run_free_blocks(worked);
	return rests;
}

/*
 * The run ends before its end. Its threads may be waiting for this one, so that it is not waited for
 * them here: the last of them calls the next step.
 */
static void run_break(struct push_run *run)
{
	struct error err;

	if (!run_rest(run))
		return;
	if (!run->is_stopping) {
		run_finish(run, run->is_failing ? RUN_STATE(FAILED) : RUN_STATE(CANCELLED));
		return;
	}
	/* What is not stored is found again. */
	run->stored_ms = INT64_MIN / 2;
	(void)run_write_checkpoint(run, NULL, &err);
	run_end(run);
}

/*
 * What comes first: a block that waits for something to be read, then reading, then writing, so that what
 * is written is as many blocks as are done.
 */
static bool run_go_on(struct push_run *run, bool *out_done, struct error *err)
{
	return run_load_deferred(run, out_done, err) &&
	       (*out_done || blocks_read(run, out_done, err)) &&
	       (*out_done || run_commit_blocks(run, out_done, err));
}

/* Whether there is something to do at once; a run that has ended is gone. */
static bool run_step(struct push_run *run)
{
	bool done = false;

	if (!run->is_failing && !run->is_cancelled && !run->is_stopping)
		run->is_failing = !run_go_on(run, &done, &run->err);
	if (run->is_failing || run->is_cancelled || run->is_stopping) {
		run_break(run);
		return false;
	}
	rate_take(run, run_now(run));
	if (run->next_write == run->block_count) {
		run_finish(run, RUN_STATE(FINISHED));
		return false;
	}
	return done;
}

static void on_step(void *argument)
{
	struct push_engine *engine = argument;
	struct push_run *run = engine->run;

	/* It has ended, or the service does. */
	if (!run)
		return;
	pthread_mutex_lock(&run->lock);
	run->is_posted = false;
	pthread_mutex_unlock(&run->lock);
	/* Jobs of others come between, unless the queue is full of them. */
	while (run_step(run) && !step_post(run))
		continue;
}

bool push_engine_stop(struct push_engine *engine)
{
	if (engine->run) {
		engine->run->is_stopping = true;
		run_break(engine->run);
	}
	return !engine->run;
}

bool run_begin(struct push_run *run, struct error *err)
{
	unsigned wanted = run->engine->threads ? run->engine->threads : 1;

	if (!ask_book_init(&run->plan.book, &run->plan.scope, run->plan.day, &run->arena, err))
		return false;
	if (run->engine->host.columns) {
		run->sifter = push_sifter_new(&run->plan, run->engine->host.columns, err);
		if (!run->sifter)
			return false;
	}
	run->threads = memory_alloc_zero(wanted, sizeof(*run->threads));
	if (!run->threads)
		return error_set(err, ERROR_MEMORY, "out of memory while starting a run");
	while (run->thread_count < wanted) {
		if (pthread_create(&run->threads[run->thread_count], NULL, run_thread, run) !=
				0)
			break;
		run->thread_count++;
	}
	if (run->thread_count == 0)
		return error_set(err, ERROR_MEMORY, "cannot start a thread for the run");
	run->engine->run = run;
	run->stored_ms = run_now(run);
	while (!step_post(run)) {
		if (!run_step(run))
			break;
	}
	return true;
}

void run_wake(struct push_run *run)
{
	/* When the queue is full a thread calls the next step soon enough. */
	(void)step_post(run);
}
