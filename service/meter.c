/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the store's and the registry's thread know is told by a job there: whoever looks waits for it
 * a moment, and sees what was told last when the thread is busy. A job that is under way is not asked
 * again, so that no page that is looked at often keeps a thread from its work.
 */
#include "meter.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/memory.h"
#include "config.h"
#include "operations/metrics.h"
#include "operations/process.h"
#include "operations/scrape.h"
#include "push/ledger.h"
#include "transport/address.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* How long whoever looks waits for the threads. */
#define WAIT_US ((uint64_t)250000)
/* What was told is good for so long, or for a hundred times what telling it took: of a hundred seconds of a
 * thread metrics take one, however many deliveries there are to count. */
#define FRESH_US ((uint64_t)1000000)
#define FRESH_TIMES 100
/* Of pointers to methods: a power of two, well above their number. */
#define SLOTS 256
#define LISTING_MEMORY ((size_t)1 << 20)

_Static_assert(METRICS_DELIVERY_STATES == DELIVERY_STATE_END, "one name a state");
_Static_assert(MATCH_VERDICTS == METRICS_ELIGIBLE + 2, "one outcome a verdict");

struct slot {
	const struct rpc_method *method;
	size_t number;
};

/* A thread that tells something, and when it last did. */
struct telling {
	struct job job;
	struct meter *meter;
	bool is_under_way;
	uint64_t told_us; /* monotonic; 0: never */
	uint64_t cost_us;
};

struct meter {
	struct metrics *metrics;
	struct slot slots[SLOTS];
	size_t method_count;
	int64_t started;
	struct meter_sources sources;
	struct address address;
	struct scrape *scrape;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t told;
	struct telling store, registry;
	int64_t revision, published;   /* by the store's thread */
	struct metrics_state observed; /* by the registry's: its lines only */
};

/* --- counting -------------------------------------------------------------------------------- */

static size_t slot_of(const struct rpc_method *method)
{
	return ((uintptr_t)method >> 4) * 0x9E3779B1u >> 8 & (SLOTS - 1);
}

static size_t method_number(const struct meter *meter, const struct rpc_method *method)
{
	if (!method)
		return SIZE_MAX;
	for (size_t at = slot_of(method);; at = (at + 1) & (SLOTS - 1)) {
		if (meter->slots[at].method == method)
			return meter->slots[at].number;
		if (!meter->slots[at].method)
			return SIZE_MAX;
	}
}

void meter_call_started(struct meter *meter, const struct rpc_method *method)
{
	if (meter)
		metrics_call_started(meter->metrics, method_number(meter, method));
}

void meter_call_ended(struct meter *meter, const struct rpc_report *report)
{
	const struct metrics_call call = {
		.code = report->status,
		.duration_us = report->duration_us,
		.received = report->received_count,
		.sent = report->sent_count,
	};

	if (meter)
		metrics_call_ended(meter->metrics, method_number(meter, report->method), &call);
}

void meter_matched(struct meter *meter, const struct match_tally *tally)
{
	size_t counts[METRICS_OUTCOMES];

	if (!meter)
		return;
	for (size_t i = METRICS_INELIGIBLE; i <= METRICS_ELIGIBLE; i++)
		counts[i] = tally->verdicts[i + 1];
	counts[METRICS_NEAR] = tally->near;
	counts[METRICS_RULE_ERROR] = tally->rule_errors;
	metrics_matched(meter->metrics, counts);
}

/* --- what the threads tell ------------------------------------------------------------------- */

/* Under the lock. */
static void telling_end(struct telling *telling, uint64_t begun_us)
{
	telling->is_under_way = false;
	telling->told_us = clock_us();
	telling->cost_us = telling->told_us - begun_us;
	pthread_cond_broadcast(&telling->meter->told);
}

static void on_store(struct job *job, void *context)
{
	struct meter *meter = ((struct telling *)job)->meter;
	Policycalc__V1__Revision **list = NULL;
	uint64_t begun_us = clock_us();
	struct timestamp published;
	struct error err = { ERROR_NONE, "" };
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, LISTING_MEMORY);
	(void)catalog_store_list(
			store_thread_store(context), 0, 1, &arena, &list, &count, &err);
	pthread_mutex_lock(&meter->lock);
	if (count == 1 && timestamp_parse(slice_from(list[0]->published_at), &published)) {
		meter->revision = list[0]->number;
		meter->published = published.seconds;
	}
	telling_end(&meter->store, begun_us);
	pthread_mutex_unlock(&meter->lock);
	arena_fini(&arena);
}

/* The states that have an index, so that no count reads all deliveries there ever were. */
static bool count_deliveries(
		struct ledger_store *store, struct metrics_state *state, struct error *err)
{
	static const int counted[] = { DELIVERY(HELD), DELIVERY(RELEASED), DELIVERY(LEASED),
		DELIVERY(DEAD) };

	for (size_t i = 0; i < METRICS_DELIVERY_STATES; i++)
		state->deliveries[i] = -1;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (!ledger_store_count_deliveries(
				    store, counted[i], &state->deliveries[counted[i]], err))
			return false;
	return ledger_store_count_tries(store, &state->retrying, err);
}

static void on_registry(struct job *job, void *context)
{
	struct meter *meter = ((struct telling *)job)->meter;
	struct registry *registry = registry_thread_registry(context);
	struct ledger_store *store = push_service_ledger(meter->sources.push)->store;
	struct metrics_state state = { .registry_at = time(NULL) };
	uint64_t begun_us = clock_us();
	struct error err = { ERROR_NONE, "" };
	bool ok;

	state.enterprises = registry_last_id(registry);
	ok = registry_snapshot(registry, &state.sequence, &err) &&
	     ledger_store_count_runs(store, state.runs, METRICS_RUN_STATES, &err) &&
	     count_deliveries(store, &state, &err);
	pthread_mutex_lock(&meter->lock);
	if (ok)
		meter->observed = state;
	telling_end(&meter->registry, begun_us);
	pthread_mutex_unlock(&meter->lock);
}

static bool is_fresh(const struct telling *telling, uint64_t now_us)
{
	uint64_t fresh_us = telling->cost_us * FRESH_TIMES;

	if (fresh_us < FRESH_US)
		fresh_us = FRESH_US;
	return telling->told_us && now_us < telling->told_us + fresh_us;
}

/* Under the lock: asks both threads for what is not fresh, and waits a moment. */
static void ask_threads(struct meter *meter)
{
	uint64_t now_us = clock_us(), until_us = now_us + WAIT_US;
	struct timespec until = { (time_t)(until_us / 1000000),
		(long)(until_us % 1000000 * 1000) };
	struct error err;

	if (!meter->store.is_under_way && !is_fresh(&meter->store, now_us))
		meter->store.is_under_way = store_thread_submit(
				meter->sources.store, &meter->store.job, &err);
	if (!meter->registry.is_under_way && !is_fresh(&meter->registry, now_us))
		meter->registry.is_under_way = registry_thread_submit(
				meter->sources.registry, &meter->registry.job, &err);
	while ((meter->store.is_under_way || meter->registry.is_under_way) &&
			pthread_cond_timedwait(&meter->told, &meter->lock, &until) == 0)
		;
}

/* --- looking --------------------------------------------------------------------------------- */

static void look_at_catalog(struct meter *meter, struct metrics_state *state)
{
	struct ruleset *ruleset = snapshot_find(meter->sources.snapshot, 0);

	state->load_us = snapshot_load_us(meter->sources.snapshot);
	if (!ruleset)
		return;
	state->revision = ruleset_revision(ruleset);
	state->policies = ruleset_catalog(ruleset)->policy_count;
	state->ruleset_bytes = ruleset_size(ruleset);
	ruleset_unref(ruleset);
}

static void look_at_threads(struct meter *meter, struct metrics_state *state)
{
	const struct metrics_state *observed = &meter->observed;

	pthread_mutex_lock(&meter->lock);
	ask_threads(meter);
	if (meter->revision == state->revision)
		state->published = meter->published;
	state->registry_at = observed->registry_at;
	state->enterprises = observed->enterprises;
	state->sequence = observed->sequence;
	state->retrying = observed->retrying;
	memcpy(state->runs, observed->runs, sizeof(state->runs));
	memcpy(state->deliveries, observed->deliveries, sizeof(state->deliveries));
	pthread_mutex_unlock(&meter->lock);
}

static void add_queue(struct metrics_state *state, const char *name, struct worker *worker)
{
	size_t i = state->queue_count++;

	state->queues[i].name = name;
	worker_look(worker, &state->queues[i].waiting, &state->queues[i].most);
}

static void look(void *context, struct metrics_state *out_state)
{
	struct meter *meter = context;
	const struct meter_sources *sources = &meter->sources;
	struct metrics_state state = {
		.version = POLICYCALC_VERSION,
		.is_serving = health_is_serving(sources->health),
		.now = time(NULL),
		.started = meter->started,
		.loops = server_loop_count(sources->server),
	};
	const struct server_connections connections = server_connections(sources->server);
	int64_t revoked_until;

	state.connections = connections.count;
	state.connections_most = connections.most;
	state.connections_refused = connections.refused;
	state.connections_refused_of_address = connections.refused_of_address;
	state.connections_displaced = connections.displaced;
	if (sources->tls) {
		state.certificate_until = tls_not_after(sources->tls);
		revoked_until = tls_revoked_until(sources->tls);
		state.revoked_until = revoked_until < INT64_MAX ? revoked_until : 0;
	}
	look_at_catalog(meter, &state);
	/* Before they are asked, or our own jobs would be all that is there to see. */
	add_queue(&state, "store", store_thread_worker(sources->store));
	add_queue(&state, "registry", registry_thread_worker(sources->registry));
	add_queue(&state, "checker", sources->checker);
	add_queue(&state, "reporter", sources->reporter);
	add_queue(&state, "finder", sources->finder);
	look_at_threads(meter, &state);
	process_look(&state);
	*out_state = state;
}

static bool is_serving(void *context)
{
	return health_is_serving(((struct meter *)context)->sources.health);
}

/* --- beginning and end ----------------------------------------------------------------------- */

static bool count_methods(
		struct meter *meter, const struct rpc_registry *methods, struct error *err)
{
	struct metrics_method *list = memory_alloc_zero(methods->count + 1, sizeof(*list));

	if (!list || methods->count > SLOTS / 2) {
		memory_free(list);
		return error_set(err, ERROR_MEMORY, "no memory to count calls");
	}
	for (size_t i = 0; i < methods->count; i++) {
		const struct rpc_method *method = methods->methods[i];
		size_t at = slot_of(method);

		list[i] = (struct metrics_method){ method->service, method->name,
			method->client_streaming, method->server_streaming };
		while (meter->slots[at].method)
			at = (at + 1) & (SLOTS - 1);
		meter->slots[at] = (struct slot){ method, i };
	}
	meter->metrics = metrics_new(list, methods->count, err);
	memory_free(list);
	return meter->metrics != NULL;
}

struct meter *meter_new(const struct rpc_registry *methods, struct error *err)
{
	struct meter *meter = memory_alloc_zero(1, sizeof(*meter));
	pthread_condattr_t attributes;

	if (!meter) {
		error_set(err, ERROR_MEMORY, "out of memory while starting the metrics");
		return NULL;
	}
	pthread_mutex_init(&meter->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&meter->told, &attributes);
	pthread_condattr_destroy(&attributes);
	meter->started = time(NULL);
	meter->store = (struct telling){ .job.run = on_store, .meter = meter };
	meter->registry = (struct telling){ .job.run = on_registry, .meter = meter };
	if (count_methods(meter, methods, err))
		return meter;
	meter_free(meter);
	return NULL;
}

void meter_free(struct meter *meter)
{
	if (!meter)
		return;
	meter_close(meter);
	metrics_free(meter->metrics);
	pthread_cond_destroy(&meter->told);
	pthread_mutex_destroy(&meter->lock);
	memory_free(meter);
}

bool meter_open(struct meter *meter, const char *address, const struct meter_sources *sources,
		struct error *err)
{
	struct scrape_options options = {
		.is_local = config_is_local(address),
		.metrics = meter->metrics,
		.look = look,
		.is_serving = is_serving,
		.context = meter,
	};

	meter->sources = *sources;
	if (!address_open(&meter->address, address, 1, false, err))
		return error_prefix(err, "metrics");
	options.socket = meter->address.sockets[0];
	meter->address.sockets[0] = -1;
	meter->scrape = scrape_open(&options, err);
	return meter->scrape != NULL;
}

const char *meter_address(const struct meter *meter)
{
	return meter->address.text;
}

void meter_close(struct meter *meter)
{
	if (!meter)
		return;
	scrape_close(meter->scrape);
	meter->scrape = NULL;
	address_close(&meter->address);
}
