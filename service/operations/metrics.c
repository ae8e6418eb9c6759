/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/metrics_internal.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

const uint64_t metrics_bounds_us[METRICS_BUCKETS - 1] = { 100, 250, 500, 1000, 2500, 5000,
	10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 };
const char *const metrics_outcome_names[METRICS_OUTCOMES] = { "ineligible", "not_open",
	"needs_information", "needs_review", "eligible", "near", "rule_error" };
const char *const metrics_run_names[METRICS_RUN_STATES] = { NULL, "running", "finished",
	"cancelled", "failed" };
const char *const metrics_delivery_names[METRICS_DELIVERY_STATES] = { NULL, "held", "released",
	"leased", "acked", "refused", "suppressed", "superseded", "dead", "dropped" };

/* A number that one thread writes, and others read. */
typedef _Atomic uint64_t count_t;

struct row {
	count_t started;
	count_t handled[METRICS_CODES];
	count_t buckets[METRICS_BUCKETS];
	count_t duration_us;
	count_t received, sent;
};

/* One thread's counts. They stay when it ends: nothing is ever counted down. */
struct cell {
	struct cell *next;
	count_t matches;
	count_t outcomes[METRICS_OUTCOMES];
	struct row rows[]; /* one a method, and "other" */
};

struct metrics {
	struct metrics_method *methods;
	size_t method_count;
	pthread_key_t key;    /* the thread's struct cell */
	pthread_mutex_t lock; /* guards the list of cells */
	struct cell *cells;
};

static void count_more(count_t *number, uint64_t more)
{
	atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + more,
			memory_order_relaxed);
}

struct metrics *metrics_new(
		const struct metrics_method *methods, size_t count, struct error *err)
{
	struct metrics *metrics = memory_alloc_zero(1, sizeof(*metrics));

	if (!metrics)
		goto failed;
	metrics->methods = memory_alloc_zero(count + 1, sizeof(*methods));
	if (!metrics->methods || pthread_key_create(&metrics->key, NULL) != 0)
		goto failed;
	if (count)
		memcpy(metrics->methods, methods, count * sizeof(*methods));
	metrics->methods[count] = (struct metrics_method){ "other", "other", false, false };
	metrics->method_count = count;
	pthread_mutex_init(&metrics->lock, NULL);
	return metrics;
failed:
	error_set(err, ERROR_MEMORY, "no memory, or thread-specific key, for the metrics");
	if (metrics)
		memory_free(metrics->methods);
	memory_free(metrics);
	return NULL;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	pthread_key_delete(metrics->key);
	while (metrics->cells) {
		struct cell *next = metrics->cells->next;

		memory_free(metrics->cells);
		metrics->cells = next;
	}
	pthread_mutex_destroy(&metrics->lock);
	memory_free(metrics->methods);
	memory_free(metrics);
}

/* NULL when memory is short: then nothing is counted, and calls go on. */
static struct cell *cell_new(struct metrics *metrics)
{
	struct cell *cell = memory_alloc_zero(
			1, sizeof(*cell) + (metrics->method_count + 1) * sizeof(cell->rows[0]));

	if (!cell)
		return NULL;
	if (pthread_setspecific(metrics->key, cell) != 0) {
		memory_free(cell);
		return NULL;
	}
	pthread_mutex_lock(&metrics->lock);
	cell->next = metrics->cells;
	metrics->cells = cell;
	pthread_mutex_unlock(&metrics->lock);
	return cell;
}

static struct cell *cell_get(struct metrics *metrics)
{
	struct cell *cell = pthread_getspecific(metrics->key);

	return cell ? cell : cell_new(metrics);
}

static struct row *row_of(struct cell *cell, const struct metrics *metrics, size_t method)
{
	return &cell->rows[method < metrics->method_count ? method : metrics->method_count];
}

void metrics_call_started(struct metrics *metrics, size_t method)
{
	struct cell *cell = cell_get(metrics);

	if (cell)
		count_more(&row_of(cell, metrics, method)->started, 1);
}

void metrics_call_ended(struct metrics *metrics, size_t method, const struct metrics_call *call)
{
	struct cell *cell = cell_get(metrics);
	size_t bucket = 0;
	struct row *row;

	if (!cell)
		return;
	row = row_of(cell, metrics, method);
	while (bucket < METRICS_BUCKETS - 1 && call->duration_us > metrics_bounds_us[bucket])
		bucket++;
	count_more(&row->handled[call->code < METRICS_CODES ? call->code : 2], 1);
	count_more(&row->buckets[bucket], 1);
	count_more(&row->duration_us, call->duration_us);
	count_more(&row->received, call->received);
	count_more(&row->sent, call->sent);
}

void metrics_matched(struct metrics *metrics, const size_t counts[METRICS_OUTCOMES])
{
	struct cell *cell = cell_get(metrics);

	if (!cell)
		return;
	count_more(&cell->matches, 1);
	for (size_t i = 0; i < METRICS_OUTCOMES; i++)
		count_more(&cell->outcomes[i], counts[i]);
}

/* --- sums ------------------------------------------------------------------------------------ */

static uint64_t read_count(const count_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void add_row(struct metrics_row *sum, const struct row *row)
{
	sum->started += read_count(&row->started);
	for (size_t i = 0; i < METRICS_CODES; i++)
		sum->handled[i] += read_count(&row->handled[i]);
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		sum->buckets[i] += read_count(&row->buckets[i]);
	sum->duration_us += read_count(&row->duration_us);
	sum->received += read_count(&row->received);
	sum->sent += read_count(&row->sent);
}

bool metrics_sum(struct metrics *metrics, struct metrics_sums *out_sums)
{
	struct metrics_sums sums = {
		.method_count = metrics->method_count,
		.methods = metrics->methods,
		.rows = memory_alloc_zero(metrics->method_count + 1, sizeof(*sums.rows)),
	};

	if (!sums.rows)
		return false;
	pthread_mutex_lock(&metrics->lock);
	for (const struct cell *cell = metrics->cells; cell; cell = cell->next) {
		for (size_t i = 0; i <= metrics->method_count; i++)
			add_row(&sums.rows[i], &cell->rows[i]);
		sums.matches += read_count(&cell->matches);
		for (size_t i = 0; i < METRICS_OUTCOMES; i++)
			sums.outcomes[i] += read_count(&cell->outcomes[i]);
	}
	pthread_mutex_unlock(&metrics->lock);
	*out_sums = sums;
	return true;
}

void metrics_sums_fini(struct metrics_sums *sums)
{
	memory_free(sums->rows);
}
