/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/snapshot.h"

#include "base/memory.h"
#include "handlers/retired.h"

#include <pthread.h>
#include <stdatomic.h>

#define KEPT_COUNT 4
#define KEPT_SIZE ((size_t)64 << 20) /* bytes of all older ones but the one asked for last */

/* One thread's own view. Only the thread writes ->ruleset and ->generation. */
struct cell {
	struct cell *previous, *next; /* in snapshot->cells, under its lock */
	struct snapshot *snapshot;
	struct ruleset *ruleset;
	uint64_t generation;
};

struct snapshot {
	_Atomic uint64_t generation;
	_Atomic uint64_t load_us;
	pthread_key_t key;    /* the thread's struct cell */
	pthread_mutex_t lock; /* guards all below */
	struct ruleset *current;
	struct cell *cells;
	struct ruleset *kept[KEPT_COUNT]; /* the one asked for last comes first */
	struct retired *retired;	  /* has a lock of its own */
};

/* A thread ends: its cell goes, and its reference. */
static void on_thread_end(void *value)
{
	struct cell *cell = value;
	struct snapshot *snapshot = cell->snapshot;

	pthread_mutex_lock(&snapshot->lock);
	if (cell->previous)
		cell->previous->next = cell->next;
	else
		snapshot->cells = cell->next;
	if (cell->next)
		cell->next->previous = cell->previous;
	pthread_mutex_unlock(&snapshot->lock);
	ruleset_unref(cell->ruleset);
	memory_free(cell);
}

struct snapshot *snapshot_new(struct error *err)
{
	struct snapshot *snapshot = memory_alloc_zero(1, sizeof(*snapshot));

	if (!snapshot) {
		error_set(err, ERROR_MEMORY, "out of memory while making the snapshot");
		return NULL;
	}
	snapshot->retired = retired_new();
	if (!snapshot->retired || pthread_key_create(&snapshot->key, on_thread_end) != 0) {
		error_set(err, ERROR_MEMORY, "no memory, or thread-specific key, is left");
		retired_free(snapshot->retired);
		memory_free(snapshot);
		return NULL;
	}
	pthread_mutex_init(&snapshot->lock, NULL);
	atomic_init(&snapshot->generation, 1);
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	pthread_key_delete(snapshot->key);
	/* Threads that live on, such as the one calling. */
	while (snapshot->cells) {
		struct cell *cell = snapshot->cells;

		snapshot->cells = cell->next;
		ruleset_unref(cell->ruleset);
		memory_free(cell);
	}
	for (size_t i = 0; i < KEPT_COUNT; i++)
		ruleset_unref(snapshot->kept[i]);
	ruleset_unref(snapshot->current);
	retired_free(snapshot->retired);
	pthread_mutex_destroy(&snapshot->lock);
	memory_free(snapshot);
}

static struct cell *cell_new(struct snapshot *snapshot)
{
	struct cell *cell = memory_alloc_zero(1, sizeof(*cell));

	if (!cell)
		return NULL;
	cell->snapshot = snapshot;
	if (pthread_setspecific(snapshot->key, cell) != 0) {
		memory_free(cell);
		return NULL;
	}
	pthread_mutex_lock(&snapshot->lock);
	cell->next = snapshot->cells;
	if (cell->next)
		cell->next->previous = cell;
	snapshot->cells = cell;
	pthread_mutex_unlock(&snapshot->lock);
	return cell;
}

/* The slow half: once a thread and publish. */
static void cell_update(struct cell *cell)
{
	struct snapshot *snapshot = cell->snapshot;
	struct ruleset *old = cell->ruleset;

	pthread_mutex_lock(&snapshot->lock);
	cell->ruleset = snapshot->current ? ruleset_ref(snapshot->current) : NULL;
	cell->generation = atomic_load_explicit(&snapshot->generation, memory_order_relaxed);
	pthread_mutex_unlock(&snapshot->lock);
	ruleset_unref(old);
}

struct ruleset *snapshot_current(struct snapshot *snapshot)
{
	struct cell *cell = pthread_getspecific(snapshot->key);

	if (!cell) {
		cell = cell_new(snapshot);
		if (!cell)
			return NULL;
	}
	if (cell->generation !=
			atomic_load_explicit(&snapshot->generation, memory_order_acquire))
		cell_update(cell);
	return cell->ruleset;
}

void snapshot_refresh(struct snapshot *snapshot)
{
	if (pthread_getspecific(snapshot->key))
		snapshot_current(snapshot);
}

void snapshot_set(struct snapshot *snapshot, struct ruleset *ruleset)
{
	struct ruleset *old;

	pthread_mutex_lock(&snapshot->lock);
	old = snapshot->current;
	snapshot->current = ruleset;
	atomic_fetch_add_explicit(&snapshot->generation, 1, memory_order_release);
	pthread_mutex_unlock(&snapshot->lock);
	retired_add(snapshot->retired, old);
}

void snapshot_set_load_us(struct snapshot *snapshot, uint64_t us)
{
	atomic_store_explicit(&snapshot->load_us, us, memory_order_relaxed);
}

uint64_t snapshot_load_us(const struct snapshot *snapshot)
{
	return atomic_load_explicit(&snapshot->load_us, memory_order_relaxed);
}

struct ruleset *snapshot_find(struct snapshot *snapshot, int64_t revision)
{
	struct ruleset *found = NULL;

	pthread_mutex_lock(&snapshot->lock);
	if (snapshot->current &&
			(revision == 0 || ruleset_revision(snapshot->current) == revision))
		found = snapshot->current;
	for (size_t i = 0; !found && i < KEPT_COUNT && snapshot->kept[i]; i++) {
		if (ruleset_revision(snapshot->kept[i]) != revision)
			continue;
		found = snapshot->kept[i];
		for (; i > 0; i--)
			snapshot->kept[i] = snapshot->kept[i - 1];
		snapshot->kept[0] = found;
	}
	if (found)
		ruleset_ref(found);
	pthread_mutex_unlock(&snapshot->lock);
	return found;
}

/* Whether @ruleset may stay beside those kept. */
static bool kept_has_room(const struct snapshot *snapshot, const struct ruleset *ruleset)
{
	size_t size = ruleset_size(ruleset);

	for (size_t i = 0; i < KEPT_COUNT && snapshot->kept[i]; i++)
		size += ruleset_size(snapshot->kept[i]);
	return size <= KEPT_SIZE;
}

void snapshot_keep(struct snapshot *snapshot, struct ruleset *ruleset, bool is_asked_for)
{
	struct ruleset *dropped[KEPT_COUNT] = { NULL };
	size_t size = 0;
	bool is_known;

	pthread_mutex_lock(&snapshot->lock);
	is_known = snapshot->current &&
		   ruleset_revision(snapshot->current) == ruleset_revision(ruleset);
	for (size_t i = 0; i < KEPT_COUNT && snapshot->kept[i]; i++)
		is_known |= ruleset_revision(snapshot->kept[i]) == ruleset_revision(ruleset);
	if (!is_known && (is_asked_for || kept_has_room(snapshot, ruleset))) {
		dropped[0] = snapshot->kept[KEPT_COUNT - 1];
		for (size_t i = KEPT_COUNT - 1; i > 0; i--)
			snapshot->kept[i] = snapshot->kept[i - 1];
		snapshot->kept[0] = ruleset_ref(ruleset);
	}
	for (size_t i = 1; i < KEPT_COUNT && snapshot->kept[i]; i++) {
		size += ruleset_size(snapshot->kept[i]);
		if (size <= KEPT_SIZE)
			continue;
		/* This one, and those asked for before it. */
		for (; i < KEPT_COUNT; i++) {
			dropped[i] = snapshot->kept[i];
			snapshot->kept[i] = NULL;
		}
	}
	pthread_mutex_unlock(&snapshot->lock);
	for (size_t i = 0; i < KEPT_COUNT; i++)
		retired_add(snapshot->retired, dropped[i]);
}
