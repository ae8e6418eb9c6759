/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/push_sink.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "handlers/push_internal.h"
#include "proto/codec/codec.h"
#include "push/digest.h"
#include "push/tries.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CONSUMER "webhook"
/* A lease covers one try, and what comes before and behind it. */
#define LEASE_MORE_MS 60000
/* How often an idle ledger is looked at, and what part of the registry's time that may take. */
#define LOOK_MS 1000
#define LOOK_SHARE 20
#define LOOK_SOON_MS 5
#define EXCHANGE_MEMORY ((size_t)256 << 20)

struct push_sink {
	struct job job; /* first: of the exchange that is under way */
	struct push_sink_options options;
	struct webhook *webhook;
	struct webhook_exchange *exchange;
	/* Touched on the registry's thread only. */
	bool is_recovered;
	int64_t after; /* where to go on among those never tried */
	struct arena arena;
	struct arena region_arena;
	int64_t region_revision; /* that ->regions are of; 0: none yet */
	struct slice *regions;
	size_t region_count;
};

/* --- which region ---------------------------------------------------------------------------- */

/* The regions in the catalog that is current. false: it has none such, or there is no catalog. */
static bool regions_know(struct push_sink *sink)
{
	struct ruleset *ruleset;

	if (!*sink->options.region)
		return true;
	ruleset = snapshot_find(sink->options.snapshot, 0);
	if (ruleset && ruleset_revision(ruleset) != sink->region_revision) {
		arena_reset(&sink->region_arena);
		sink->region_revision = ruleset_revision(ruleset);
		sink->region_count = push_regions_find(ruleset_catalog(ruleset),
				sink->options.region, &sink->region_arena, &sink->regions);
		/* It is looked for again when there was no memory for it. */
		if (sink->region_arena.exhausted)
			sink->region_revision = 0;
		else if (!sink->region_count)
			log_event(LOG_LEVEL_WARNING, "webhook_region_unknown",
					LOG_NUMBER("revision", sink->region_revision));
	}
	ruleset_unref(ruleset);
	return sink->region_count > 0;
}

/* --- an exchange ----------------------------------------------------------------------------- */

static bool ends_read(struct push_sink *sink, const struct webhook_exchange *exchange,
		int64_t now_ms, struct try_end **out_ends, struct error *err)
{
	static const enum try_fate fates[] = {
		[WEBHOOK_DELIVERED] = TRY_DELIVERED,
		[WEBHOOK_AGAIN] = TRY_AGAIN,
		[WEBHOOK_DEAD] = TRY_DEAD,
	};
	struct try_end *ends =
			ARENA_NEW_ARRAY(&sink->arena, struct try_end, exchange->end_count + 1);

	if (!ends)
		return arena_error(&sink->arena, err, "bringing deliveries");
	for (size_t i = 0; i < exchange->end_count; i++) {
		const struct webhook_end *end = &exchange->ends[i];
		bool is_key = digest_key_parse(end->key, ends[i].key);

		assert(is_key);
		ends[i].lease = end->lease;
		ends[i].fate = fates[end->fate];
		ends[i].next_ms = now_ms + end->wait_ms;
		ends[i].reason = end->reason;
	}
	*out_ends = ends;
	return true;
}

/* The same JSON as "digest" of push pull --format ndjson. */
static void letter_write(
		struct push_sink *sink, const struct try *try, struct webhook_letter *letter)
{
	static const struct json_options json = {
		.defaults = true, .int64_number = true, .short_enums = true
	};
	const ProtobufCMessage *digest;
	struct error err;

	*letter = (struct webhook_letter){ .tries = (unsigned)try->number };
	digest_key_print(try->delivery.key, letter->key);
	(void)snprintf(letter->lease, sizeof(letter->lease), "%.*s",
			SLICE_PRINT(try->delivery.lease));
	digest = message_unpack(try->delivery.digest, &policycalc__v1__digest__descriptor,
			&message_limits_default, &sink->arena, &err);
	letter->is_damaged = !digest && err.code != ERROR_LIMIT && err.code != ERROR_MEMORY;
	if (!digest || !message_print_json(digest, &json, &letter->body))
		letter->body.failed = true;
}

static bool exchange_make(
		struct push_sink *sink, struct webhook_exchange *exchange, struct error *err)
{
	struct ledger *ledger = push_service_ledger(sink->options.push);
	bool has_region = regions_know(sink);
	struct ledger_lease_order order = {
		.consumer = CONSUMER,
		.length_ms = sink->options.webhook.timeout_ms + LEASE_MORE_MS,
		.limit = has_region ? exchange->room : 0,
		.now_ms = push_service_now_ms(sink->options.push),
		.filter = { .after = sink->after,
				.kinds = sink->options.kinds,
				.regions = sink->regions,
				.region_count = sink->region_count },
	};
	struct try_end *ends = NULL;
	struct try *tries = NULL;
	size_t count;
	int64_t next_ms;

	if (!ends_read(sink, exchange, order.now_ms, &ends, err) ||
			!tries_step(ledger, ends, exchange->end_count, &order, &sink->arena,
					&tries, &count, &sink->after, err))
		return false;
	assert(count <= exchange->room);
	for (size_t i = 0; i < count; i++)
		letter_write(sink, &tries[i], &exchange->letters[i]);
	exchange->letter_count = count;
	exchange->look_again_ms = LOOK_MS;
	/* It looks through a part of the ledger at a time, or enterprises that want no news. */
	if (sink->after)
		exchange->look_again_ms = 0;
	/* What was leased is leased now, whatever else fails. */
	else if (ledger_store_next_try(ledger->store, order.now_ms, &next_ms, NULL) &&
			next_ms && next_ms - order.now_ms < exchange->look_again_ms)
		exchange->look_again_ms = next_ms - order.now_ms + LOOK_SOON_MS;
	return true;
}

/* On the registry's thread. */
static void on_exchange(struct job *job, void *context)
{
	struct push_sink *sink = (struct push_sink *)job;
	struct webhook_exchange *exchange = sink->exchange;
	struct ledger *ledger = push_service_ledger(sink->options.push);
	uint64_t began_us = clock_us();
	int64_t took_ms, count;

	(void)context;
	exchange->ok = sink->is_recovered ||
		       tries_recover(ledger, push_service_now_ms(sink->options.push), &count,
				       &exchange->err);
	if (exchange->ok && !sink->is_recovered && count)
		log_event(LOG_LEVEL_INFO, "webhook_recovered", LOG_NUMBER("deliveries", count));
	sink->is_recovered |= exchange->ok;
	exchange->ok = exchange->ok && exchange_make(sink, exchange, &exchange->err);
	arena_reset(&sink->arena);
	took_ms = (int64_t)((clock_us() - began_us) / 1000);
	/* What was written is not counted, only looking in vain. */
	if (exchange->ok && exchange->look_again_ms < took_ms * LOOK_SHARE &&
			exchange->letter_count == 0 && exchange->end_count == 0)
		exchange->look_again_ms = took_ms * LOOK_SHARE;
	/* From here on the webhook may end, and the sink with it. */
	webhook_exchanged(exchange);
}

static bool on_source(void *context, struct webhook_exchange *exchange)
{
	struct push_sink *sink = context;
	struct error err;

	sink->exchange = exchange;
	sink->job.run = on_exchange;
	return registry_thread_submit(
			push_service_registry(sink->options.push), &sink->job, &err);
}

/* --- opening and closing --------------------------------------------------------------------- */

static void push_sink_free(struct push_sink *sink)
{
	arena_fini(&sink->arena);
	arena_fini(&sink->region_arena);
	memory_free(sink);
}

struct push_sink *push_sink_open(const struct push_sink_options *options, struct error *err)
{
	struct push_sink *sink = memory_alloc_zero(1, sizeof(*sink));

	if (!sink) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the webhook");
		return NULL;
	}
	sink->options = *options;
	sink->options.webhook.source =
			(struct webhook_source){ .context = sink, .exchange = on_source };
	arena_init(&sink->arena, EXCHANGE_MEMORY);
	arena_init(&sink->region_arena, (size_t)16 << 20);
	sink->webhook = webhook_open(&sink->options.webhook, err);
	if (sink->webhook) {
		push_service_set_sink(options->push, sink);
		return sink;
	}
	push_sink_free(sink);
	return NULL;
}

void push_sink_look(struct push_sink *sink)
{
	if (sink)
		webhook_look(sink->webhook);
}

void push_sink_end(struct push_sink *sink, int64_t grace_ms)
{
	if (sink)
		webhook_end(sink->webhook, grace_ms);
}

void push_sink_close(struct push_sink *sink)
{
	if (!sink)
		return;
	push_service_set_sink(sink->options.push, NULL);
	webhook_close(sink->webhook);
	push_sink_free(sink);
}

void push_sink_status(struct push_sink *sink, struct webhook_status *out_status)
{
	webhook_status_get(sink->webhook, out_status);
}

const struct push_sink_options *push_sink_options(const struct push_sink *sink)
{
	return &sink->options;
}
