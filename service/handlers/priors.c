/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/priors.h"

#include "base/log.h"
#include "base/memory.h"
#include "registry/column_pack.h"

#include <pthread.h>

struct priors_keeper {
	struct job job;
	struct columns *columns;
	struct registry_thread *registry;
	struct worker *worker;
	atomic_bool is_ending;
	pthread_mutex_t lock;	/* guards all below; held for an instant */
	struct priors *current; /* with a reference; NULL: nothing */
	int64_t last_id;	/* of its snapshot */
	bool is_looking;	/* the job is queued or runs */
	bool looks_again;	/* somebody asked meanwhile */
};

/* --- whether enough has changed --------------------------------------------------------------- */

struct changes {
	int64_t since;
	int64_t block;
	int64_t least; /* that are enough */
	int64_t count;
	bool ok;
	struct error *err;
};

static bool on_changed(void *context, int64_t id, struct error *err)
{
	struct changes *changes = context;

	(void)id;
	(void)err;
	changes->count++;
	return true;
}

static void ask_changes(void *registry, void *argument)
{
	struct changes *changes = argument;
	int64_t sequence;

	changes->ok = registry_block_sequence(
			registry, changes->block, &sequence, changes->err);
	if (changes->ok && sequence > changes->since)
		changes->ok = registry_each_changed(registry, changes->since,
				changes->block * COLUMN_ROWS + 1, COLUMN_ROWS, on_changed,
				changes, changes->err);
}

/* Block by block, so that others are answered in between, and no further than it takes. */
static bool enough_has_changed(struct priors_keeper *keeper, const struct priors *current,
		int64_t last_id, bool *out_enough, struct error *err)
{
	size_t blocks = priors_block_count(last_id);
	int64_t counted = (int64_t)blocks * COLUMN_ROWS;
	struct changes changes = {
		.since = priors_sequence(current),
		.least = (counted < last_id ? counted : last_id) / PRIORS_CHANGED_SHARE,
		.err = err,
	};

	for (size_t i = 0; i < blocks && changes.count < changes.least; i++) {
		if (atomic_load(&keeper->is_ending))
			return error_set(err, ERROR_CANCELLED, "the service ends");
		changes.block = priors_block(last_id, i);
		registry_thread_call(keeper->registry, ask_changes, &changes);
		if (!changes.ok)
			return false;
	}
	*out_enough = changes.count >= changes.least;
	return true;
}

/* --- counting --------------------------------------------------------------------------------- */

static void keep(struct priors_keeper *keeper, struct priors *priors)
{
	struct priors *before;

	if (priors_is_empty(priors)) {
		priors_unref(priors);
		priors = NULL;
	}
	pthread_mutex_lock(&keeper->lock);
	before = keeper->current;
	keeper->current = priors;
	pthread_mutex_unlock(&keeper->lock);
	priors_unref(before);
}

static bool look(struct priors_keeper *keeper, struct error *err)
{
	struct priors *current = priors_keeper_take(keeper);
	int64_t sequence = 0;
	int64_t last_id = 0;
	bool is_enough = true;
	bool ok = columns_snapshot(keeper->columns, &sequence, &last_id, err);

	if (ok && current && sequence == priors_sequence(current))
		is_enough = false;
	else if (ok && current)
		ok = enough_has_changed(keeper, current, last_id, &is_enough, err);
	priors_unref(current);
	/* Fewer firms than an attribute must be known of: nothing can come of it. */
	if (ok && is_enough && last_id >= PRIORS_FIRMS_LEAST) {
		struct priors *priors = priors_count(columns_cache(keeper->columns), sequence,
				last_id, &keeper->is_ending, err);

		ok = priors != NULL;
		if (ok)
			keep(keeper, priors);
	}
	return ok;
}

static void on_look(struct job *job, void *context)
{
	struct priors_keeper *keeper = (struct priors_keeper *)job;
	bool again = true;

	(void)context;
	while (again) {
		struct error err = { ERROR_NONE, "" };

		if (!look(keeper, &err) && err.code != ERROR_CANCELLED)
			log_event(LOG_LEVEL_WARNING, "priors_not_counted",
					LOG_TEXT("message", err.message));
		pthread_mutex_lock(&keeper->lock);
		again = keeper->looks_again && !atomic_load(&keeper->is_ending);
		keeper->looks_again = false;
		keeper->is_looking = again;
		pthread_mutex_unlock(&keeper->lock);
	}
}

void priors_keeper_look(struct priors_keeper *keeper)
{
	struct error ignored;
	bool begins;

	if (!keeper)
		return;
	pthread_mutex_lock(&keeper->lock);
	begins = !keeper->is_looking;
	keeper->is_looking = true;
	keeper->looks_again = !begins;
	pthread_mutex_unlock(&keeper->lock);
	/* It has the queue for itself. */
	if (begins)
		(void)worker_submit(keeper->worker, &keeper->job, &ignored);
}

struct priors *priors_keeper_take(struct priors_keeper *keeper)
{
	struct priors *priors;

	if (!keeper)
		return NULL;
	pthread_mutex_lock(&keeper->lock);
	priors = keeper->current ? priors_ref(keeper->current) : NULL;
	pthread_mutex_unlock(&keeper->lock);
	return priors;
}

/* --- start and end ---------------------------------------------------------------------------- */

struct priors_keeper *priors_keeper_open(
		struct columns *columns, struct registry_thread *registry, struct error *err)
{
	struct priors_keeper *keeper = memory_alloc_zero(1, sizeof(*keeper));

	if (!keeper) {
		error_set(err, ERROR_MEMORY, "out of memory while starting");
		return NULL;
	}
	keeper->job.run = on_look;
	keeper->columns = columns;
	keeper->registry = registry;
	pthread_mutex_init(&keeper->lock, NULL);
	keeper->worker = worker_new(NULL, 1, err);
	if (keeper->worker)
		return keeper;
	priors_keeper_close(keeper);
	return NULL;
}

void priors_keeper_close(struct priors_keeper *keeper)
{
	if (!keeper)
		return;
	atomic_store(&keeper->is_ending, true);
	worker_free(keeper->worker);
	priors_unref(keeper->current);
	pthread_mutex_destroy(&keeper->lock);
	memory_free(keeper);
}
