/* SPDX-License-Identifier: Apache-2.0 */
/* A run as a message, for callers and for the ledger. */
#include "push/run_internal.h"

#include "base/date.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

char *run_time_print(int64_t now_ms, struct arena *arena)
{
	struct timestamp now = { .seconds = now_ms / 1000 };
	char *text = arena_alloc(arena, 40);

	if (text)
		timestamp_print(now, text);
	return text;
}

static const char *series_name(const struct push_run *run, uint32_t series, struct arena *arena)
{
	const struct push_scope *scope = &run->plan.scope;
	struct error err;

	for (uint32_t i = 0; i < scope->card_end; i++) {
		const Policycalc__V1__DeltaEntry *card;

		if (scope->cards[i].series != series)
			continue;
		card = (const Policycalc__V1__DeltaEntry *)message_unpack(scope->cards[i].bytes,
				&policycalc__v1__delta_entry__descriptor,
				&message_limits_default, arena, &err);
		return card ? card->series : NULL;
	}
	return NULL;
}

static int count_compare(const void *a, const void *b)
{
	const Policycalc__V1__RunCount *left = *(Policycalc__V1__RunCount *const *)a;
	const Policycalc__V1__RunCount *right = *(Policycalc__V1__RunCount *const *)b;
	int order;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	order = strcmp(left->series, right->series);
	return order ? order : (int)left->kind - (int)right->kind;
}

static bool counts_fill(
		const struct push_run *run, Policycalc__V1__Run *message, struct arena *arena)
{
	const struct push_counts *counts = &run->counts;

	message->counts = ARENA_NEW_ARRAY(arena, Policycalc__V1__RunCount *, counts->count + 1);
	if (!message->counts)
		return false;
	for (size_t i = 0; i < counts->count; i++) {
		Policycalc__V1__RunCount *count = ARENA_NEW(arena, Policycalc__V1__RunCount);
		const char *series = series_name(run, counts->list[i].series, arena);

		if (!count || !series)
			return false;
		policycalc__v1__run_count__init(count);
		count->series = (char *)(uintptr_t)series;
		count->kind = counts->list[i].kind;
		count->count = counts->list[i].count;
		count->amount_fen = counts->list[i].amount_fen;
		message->counts[message->n_counts++] = count;
	}
	if (counts->count)
		qsort(message->counts, message->n_counts, sizeof(*message->counts),
				count_compare);
	return true;
}

Policycalc__V1__Run *run_message(
		const struct push_run *run, bool with_counts, struct arena *arena)
{
	Policycalc__V1__Run *message = ARENA_NEW(arena, Policycalc__V1__Run);
	int64_t done = run->next_write * REGISTRY_BLOCK_SIZE;

	if (!message)
		return NULL;
	*message = run->message;
	message->state = run->state;
	message->done = done < message->total ? done : message->total;
	message->deliveries = run->deliveries;
	message->errors = run->errors;
	if (run->state == RUN_STATE(FAILED)) {
		message->reason = arena_copy_text(arena, run->err.message);
		if (!message->reason)
			return NULL;
	}
	if (with_counts && !counts_fill(run, message, arena))
		return NULL;
	return message;
}

Policycalc__V1__Run *run_message_read(
		const struct ledger_run *stored, struct arena *arena, struct error *err)
{
	Policycalc__V1__Run *run = (Policycalc__V1__Run *)message_unpack(stored->run,
			&policycalc__v1__run__descriptor, &message_limits_default, arena, err);

	if (!run) {
		error_prefix(err, "reading run %lld", (long long)stored->id);
		return NULL;
	}
	return run;
}

Policycalc__V1__Run *run_message_copy(const Policycalc__V1__Run *message, struct arena *arena)
{
	struct buffer bytes = { 0 };
	Policycalc__V1__Run *copy = NULL;
	struct error err;

	if (message && message_pack(&message->base, &bytes))
		copy = (Policycalc__V1__Run *)message_unpack(
				(struct slice){ bytes.data, bytes.size },
				&policycalc__v1__run__descriptor, &message_limits_default,
				arena, &err);
	buffer_fini(&bytes);
	return copy;
}

bool run_message_take(
		struct push_run *run, const Policycalc__V1__Run *stored, struct error *err)
{
	const struct push_scope *scope = &run->plan.scope;

	run->deliveries = stored->deliveries;
	run->errors = stored->errors;
	for (size_t i = 0; i < stored->n_counts; i++) {
		const Policycalc__V1__RunCount *count = stored->counts[i];
		uint32_t series = 0;

		for (uint32_t number = 1; !series && number < scope->series_end; number++) {
			const char *name = series_name(run, number, &run->arena);

			if (name && strcmp(name, count->series) == 0)
				series = number;
		}
		if (!series)
			return error_set(err, ERROR_IO,
					"a run has counted a policy that the ledger does not "
					"know");
		if (!push_counts_add(&run->counts, series, count->kind, count->count,
				    count->amount_fen))
			return error_set(err, ERROR_MEMORY,
					"out of memory while resuming a run");
	}
	return true;
}

bool run_store(struct push_run *run, struct error *err)
{
	struct ledger_run stored = {
		.id = run->plan.run,
		.state = (int)run->state,
		.next_block = run->next_write,
	};
	struct buffer bytes = { 0 };
	const Policycalc__V1__Run *message;
	struct arena arena;
	bool ok;

	arena_init(&arena, (size_t)64 << 20);
	message = run_message(run, true, &arena);
	ok = message && message_pack(&message->base, &bytes);
	stored.run = (struct slice){ bytes.data, bytes.size };
	ok = ok ? ledger_store_change_run(run->engine->ledger.store, &stored, err)
		: error_set(err, ERROR_MEMORY, "out of memory while writing a checkpoint");
	buffer_fini(&bytes);
	arena_fini(&arena);
	return ok;
}
