/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, resuming and stopping of runs; run_step.c has what they do, run_tell.c what is told of them. */
#include "push/run_internal.h"

#include "base/date.h"
#include "base/memory.h"
#include "calculator/calculator.h"
#include "proto/codec/codec.h"

#include <assert.h>
#include <string.h>

#define NOTE_MOST 500
#define POLICIES_MOST 1000
#define RUN_MEMORY ((size_t)64 << 20)
/* Runs that are looked through for the last one that told. */
#define LOOK_BACK 100

struct push_engine *push_engine_new(const struct ledger *ledger, const struct push_host *host,
		unsigned threads, struct error *err)
{
	struct push_engine *engine = memory_alloc_zero(1, sizeof(*engine));

	if (!engine) {
		error_set(err, ERROR_MEMORY, "out of memory while making the push engine");
		return NULL;
	}
	engine->ledger = *ledger;
	engine->host = *host;
	engine->threads = threads;
	return engine;
}

void push_engine_free(struct push_engine *engine)
{
	memory_free(engine);
}

static int64_t engine_now(const struct push_engine *engine)
{
	return engine->host.now_ms(engine->host.context);
}

/* --- what was told before -------------------------------------------------------------------- */

/* What the runs before this one say of it. */
struct history {
	int32_t told_day;      /* of the newest that told anything; INT32_MIN: none did */
	int64_t changed_since; /* snapshot of the last that told of the whole catalog; 0: none */
	int64_t whole_sequence; /* of the last over everything; -1: none */
	int64_t whole_revision;
	char whole_day[11];
	/* Runs over what has changed since a revision, one after the other: who was told of all of
	 * ->linked has since been told of all of ->revision. 0: there were none. */
	int64_t linked;
	int64_t revision;
};

static void history_link(struct history *history, const Policycalc__V1__Run *run)
{
	if (run->since_revision == 0 || run->n_policies || run->changed_only)
		return;
	if (history->revision == 0)
		history->revision = run->revision;
	else if (history->linked != run->revision)
		return;
	history->linked = run->since_revision;
}

static bool history_take(struct history *history, const Policycalc__V1__Run *run)
{
	bool is_whole = run->n_policies == 0 && run->since_revision == 0;
	struct date day;

	if (run->silent)
		return true;
	if (history->told_day == INT32_MIN && date_parse(slice_from(run->as_of), &day))
		history->told_day = (int32_t)date_to_days(day);
	if (run->state == RUN_STATE(FINISHED))
		history_link(history, run);
	if (run->state != RUN_STATE(FINISHED) || !is_whole)
		return true;
	if (!history->changed_since)
		history->changed_since = run->sequence;
	if (run->changed_only)
		return true;
	history->whole_sequence = run->sequence;
	history->whole_revision = history->revision && history->linked == run->revision
						  ? history->revision
						  : run->revision;
	(void)memcpy(history->whole_day, run->as_of, sizeof(history->whole_day) - 1);
	return false;
}

static bool history_read(struct push_engine *engine, struct history *out, struct error *err)
{
	struct history history = { .told_day = INT32_MIN, .whole_sequence = -1 };
	int64_t before = 0;
	bool going = true;
	bool ok = true;

	while (ok && going) {
		struct ledger_run *list;
		size_t count;
		struct arena arena;

		arena_init(&arena, RUN_MEMORY);
		ok = ledger_store_list_runs(engine->ledger.store, before, LOOK_BACK, &arena,
				&list, &count, err);
		for (size_t i = 0; ok && going && i < count; i++) {
			const Policycalc__V1__Run *run =
					run_message_read(&list[i], &arena, err);

			before = list[i].id;
			ok = run != NULL;
			going = ok && history_take(&history, run);
		}
		going = going && ok && count == LOOK_BACK;
		arena_fini(&arena);
	}
	*out = history;
	return ok;
}

/* --- starting -------------------------------------------------------------------------------- */

static char *copy_text(struct push_run *run, const char *text)
{
	return arena_copy_text(&run->arena, text);
}

static bool order_check(const Policycalc__V1__StartRunRequest *request, struct date *out_day,
		bool *out_has_day, struct error *err)
{
	*out_has_day = *request->as_of;
	if (*out_has_day && !date_parse(slice_from(request->as_of), out_day))
		return error_set(err, ERROR_INVALID,
				"as_of: is not a day in the form YYYY-MM-DD");
	if (strlen(request->note) > NOTE_MOST)
		return error_set(err, ERROR_INVALID, "note: at most %d bytes", NOTE_MOST);
	if (request->n_policies > POLICIES_MOST)
		return error_set(err, ERROR_INVALID, "policies: at most %d", POLICIES_MOST);
	if (request->since_revision < 0)
		return error_set(err, ERROR_INVALID, "since_revision: must be 0 or more");
	return true;
}

/* Why nothing may be told; "" when it may. */
static const char *silence(const struct push_order *order, const struct history *history,
		int32_t day, int32_t today)
{
	if (order->request->dry_run)
		return "dry run";
	if (ruleset_revision(order->ruleset) != order->current_revision)
		return "an old revision";
	if (day > today)
		return "a day to come";
	if (day < today || day < history->told_day)
		return "a past day";
	return "";
}

static bool message_fill(struct push_run *run, const struct push_order *order,
		const struct history *history, int32_t today, struct error *err)
{
	const Policycalc__V1__StartRunRequest *request = order->request;
	Policycalc__V1__Run *message = &run->message;
	const char *reason = silence(order, history, run->plan.today, today);

	policycalc__v1__run__init(message);
	message->revision = ruleset_revision(order->ruleset);
	message->as_of = (char *)(uintptr_t)run->plan.day;
	message->sequence = run->plan.sequence;
	message->changed_only = request->changed_only;
	message->since_revision = request->since_revision;
	message->silent = *reason;
	message->reason = (char *)(uintptr_t)reason;
	message->total = registry_last_id(run->engine->ledger.registry);
	message->note = copy_text(run, request->note);
	message->started_at = run_time_print(engine_now(run->engine), &run->arena);
	message->policies = ARENA_NEW_ARRAY(&run->arena, char *, request->n_policies + 1);
	for (size_t i = 0; message->policies && i < request->n_policies; i++) {
		message->policies[i] = copy_text(run, request->policies[i]);
		if (!message->policies[i])
			break;
		message->n_policies++;
	}
	if (!message->note || !message->started_at ||
			message->n_policies != request->n_policies)
		return arena_error(&run->arena, err, "starting a run");
	return true;
}

static struct push_run *run_new(
		struct push_engine *engine, struct ruleset *ruleset, struct error *err)
{
	struct push_run *run = memory_alloc_zero(1, sizeof(*run));

	if (!run) {
		error_set(err, ERROR_MEMORY, "out of memory while starting a run");
		return NULL;
	}
	run->engine = engine;
	run->ruleset = ruleset_ref(ruleset);
	run->state = RUN_STATE(RUNNING);
	run->waiting_end = &run->waiting;
	arena_init(&run->arena, RUN_MEMORY);
	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->wanted, NULL);
	return run;
}

/*
 * What a run over everything has told need not be looked at again, as long as revision, parameters and
 * periods are the same. On another day the sweep finds whom the day alone has changed; and when policies
 * have changed since, and only these are in question, whom that has.
 */
static void base_find(struct push_run *run, const struct history *history)
{
	const Policycalc__V1__Run *message = &run->message;
	struct push_plan *plan = &run->plan;
	struct date day;
	bool is_new;

	plan->since = -1;
	if (message->changed_only) {
		plan->since = history->changed_since;
		return;
	}
	if (history->whole_sequence < 0 || !date_parse(slice_from(history->whole_day), &day))
		return;
	is_new = history->whole_revision != message->revision;
	if (is_new && history->whole_revision != message->since_revision)
		return;
	plan->since_day = (int32_t)date_to_days(day);
	plan->is_same_day = !is_new && plan->since_day == plan->today;
	if (plan->since_day == plan->today ||
			push_scope_days_alike(run->ruleset, plan->since_day, plan->today))
		plan->since = history->whole_sequence;
	plan->is_new_text = is_new && plan->since >= 0;
}

/* The plan, from the message that says what was asked for. */
static bool plan_fill(struct push_run *run, const struct ruleset *since,
		const struct history *history, struct error *err)
{
	const Policycalc__V1__Run *message = &run->message;
	struct push_plan *plan = &run->plan;

	plan->sequence = message->sequence;
	plan->changed_only = message->changed_only;
	plan->silent = message->silent;
	base_find(run, history);
	run->block_count = (message->total + REGISTRY_BLOCK_SIZE - 1) / REGISTRY_BLOCK_SIZE;
	return push_scope_init(&plan->scope, run->ruleset,
			since ? ruleset_catalog(since) : NULL, message->policies,
			message->n_policies, plan->day, &run->arena, err);
}

static bool run_add(struct push_run *run, struct error *err)
{
	struct ledger_store *store = run->engine->ledger.store;
	struct ledger_run stored = { .state = (int)run->state, .since = run->plan.since };
	const Policycalc__V1__Run *message;
	struct buffer bytes = { 0 };
	bool ok;

	if (!ledger_store_begin(store, err))
		return false;
	ok = ledger_store_next_run(store, &stored.id, err) &&
	     push_scope_number(&run->plan.scope, store, &run->arena, err);
	run->plan.run = run->message.id = stored.id;
	message = ok ? run_message(run, true, &run->arena) : NULL;
	if (ok && (!message || !message_pack(&message->base, &bytes)))
		ok = error_set(err, ERROR_MEMORY, "out of memory while starting a run");
	stored.run = (struct slice){ bytes.data, bytes.size };
	ok = ok && ledger_store_add_run(store, &stored, err) && ledger_store_commit(store, err);
	if (!ok)
		ledger_store_rollback(store);
	buffer_fini(&bytes);
	return ok;
}

static bool run_prepare(struct push_run *run, const struct push_order *order, struct error *err)
{
	struct history history;
	int32_t today = ledger_day(engine_now(run->engine));
	struct date day = date_from_days(today);
	bool has_day;
	char *text = arena_alloc(&run->arena, 11);

	if (!order_check(order->request, &day, &has_day, err) ||
			!history_read(run->engine, &history, err) ||
			!registry_snapshot(
					run->engine->ledger.registry, &run->plan.sequence, err))
		return false;
	if (!text)
		return arena_error(&run->arena, err, "starting a run");
	date_print(day, text);
	run->plan.day = text;
	run->plan.today = (int32_t)date_to_days(day);
	return message_fill(run, order, &history, today, err) &&
	       plan_fill(run, order->since, &history, err) && run_add(run, err);
}

/* Writes the end of a run that could not be written when it ended. */
static bool engine_catch_up(struct push_engine *engine, struct error *err)
{
	if (engine->unended && !push_engine_abandon(engine, engine->unended,
					       engine->unended_why.message, err))
		return false;
	engine->unended = 0;
	return true;
}

static bool is_running(const struct push_engine *engine, struct error *err)
{
	if (!engine->run)
		return false;
	error_set(err, ERROR_CONFLICT, "run %lld is going on",
			(long long)engine->run->plan.run);
	return true;
}

bool push_engine_start(struct push_engine *engine, const struct push_order *order,
		struct arena *arena, Policycalc__V1__Run **out_run, struct error *err)
{
	Policycalc__V1__Run *message;
	struct error ignored;
	struct push_run *run;

	if (is_running(engine, err) || !engine_catch_up(engine, err))
		return false;
	run = run_new(engine, order->ruleset, err);
	if (!run)
		return false;
	if (!run_prepare(run, order, err)) {
		run_free(run);
		return false;
	}
	/* Once it has begun it may end at any time. */
	message = run_message_copy(run_message(run, true, arena), arena);
	if (!run_begin(run, err)) {
		/* It stands in the ledger, and nobody would ever go on with it. */
		(void)push_engine_abandon(engine, run->plan.run, err->message, &ignored);
		run_free(run);
		return false;
	}
	*out_run = message;
	return message || arena_error(arena, err, "telling of a run, which goes on");
}

/* --- resuming -------------------------------------------------------------------------------- */

bool push_engine_unfinished(struct push_engine *engine, int64_t *out_id, int64_t *out_revision,
		int64_t *out_since_revision, struct error *err)
{
	struct ledger_run *list;
	size_t count;
	struct arena arena;
	bool ok;

	*out_id = 0;
	arena_init(&arena, RUN_MEMORY);
	/* One runs at a time, so that it is the newest. */
	ok = ledger_store_list_runs(engine->ledger.store, 0, 1, &arena, &list, &count, err);
	if (ok && count && list[0].state == (int)RUN_STATE(RUNNING) && !engine->run) {
		const Policycalc__V1__Run *run = run_message_read(&list[0], &arena, err);

		ok = run != NULL;
		if (ok) {
			*out_id = run->id;
			*out_revision = run->revision;
			*out_since_revision = run->since_revision;
		}
	}
	arena_fini(&arena);
	return ok;
}

static bool run_restore(struct push_run *run, int64_t id, const struct ruleset *since,
		struct error *err)
{
	struct push_engine *engine = run->engine;
	const Policycalc__V1__Run *message;
	struct history history;
	struct ledger_run *list;
	struct date day;
	size_t count;

	if (!ledger_store_list_runs(
			    engine->ledger.store, id + 1, 1, &run->arena, &list, &count, err))
		return false;
	if (count == 0 || list[0].id != id)
		return error_set(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)id);
	message = run_message_read(&list[0], &run->arena, err);
	if (!message)
		return false;
	if (!date_parse(slice_from(message->as_of), &day))
		return error_set(err, ERROR_IO, "run %lld has no day", (long long)id);
	run->message = *message;
	run->message.n_counts = 0;
	run->plan.run = id;
	run->plan.day = message->as_of;
	run->plan.today = (int32_t)date_to_days(day);
	run->next_read = run->next_write = run->stored_block = list[0].next_block;
	/* No other run has ended since it began, so that history says what it said then. */
	if (!history_read(engine, &history, err) || !plan_fill(run, since, &history, err))
		return false;
	assert(run->plan.since == list[0].since);
	if (!ledger_store_begin(engine->ledger.store, err))
		return false;
	if (push_scope_number(&run->plan.scope, engine->ledger.store, &run->arena, err) &&
			run_message_take(run, message, err) &&
			ledger_store_commit(engine->ledger.store, err))
		return true;
	ledger_store_rollback(engine->ledger.store);
	return false;
}

bool push_engine_resume(struct push_engine *engine, int64_t id, struct ruleset *ruleset,
		const struct ruleset *since, struct error *err)
{
	struct push_run *run;

	if (is_running(engine, err))
		return false;
	run = run_new(engine, ruleset, err);
	if (!run)
		return false;
	if (run_restore(run, id, since, err) && run_begin(run, err))
		return true;
	run_free(run);
	return error_prefix(err, "resuming run %lld", (long long)id);
}

static bool run_abandon(struct push_engine *engine, int64_t id, const char *why,
		struct arena *arena, struct error *err)
{
	struct ledger_run *list;
	struct buffer bytes = { 0 };
	Policycalc__V1__Run *run;
	size_t count;
	bool ok;

	if (!ledger_store_list_runs(engine->ledger.store, id + 1, 1, arena, &list, &count, err))
		return false;
	if (count == 0 || list[0].id != id)
		return error_set(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)id);
	run = run_message_read(&list[0], arena, err);
	if (!run)
		return false;
	run->state = RUN_STATE(FAILED);
	run->reason = arena_copy_text(arena, why);
	run->finished_at = run_time_print(engine_now(engine), arena);
	ok = run->reason && run->finished_at && message_pack(&run->base, &bytes);
	list[0].state = (int)run->state;
	list[0].run = (struct slice){ bytes.data, bytes.size };
	ok = ok ? ledger_store_change_run(engine->ledger.store, &list[0], err)
		: error_set(err, ERROR_MEMORY, "out of memory while ending a run");
	buffer_fini(&bytes);
	return ok;
}

bool push_engine_abandon(
		struct push_engine *engine, int64_t id, const char *why, struct error *err)
{
	struct arena arena;
	bool ok;

	arena_init(&arena, RUN_MEMORY);
	ok = ledger_store_begin(engine->ledger.store, err) &&
	     run_abandon(engine, id, why, &arena, err) &&
	     ledger_store_commit(engine->ledger.store, err);
	if (!ok)
		ledger_store_rollback(engine->ledger.store);
	arena_fini(&arena);
	/* Whoever asks hears it nevertheless, and it is written when it can be. */
	if (!ok && engine->unended != id) {
		engine->unended = id;
		(void)error_set(&engine->unended_why, ERROR_IO, "%s", why);
	}
	return ok;
}
