/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of runs: of the one under way as it stands, of those before it as they are stored. */
#include "push/run_internal.h"

static bool is_current(const struct push_engine *engine, int64_t id)
{
	return engine->run && (id == 0 || engine->run->plan.run == id);
}

/* A stored run, as it is now. */
static Policycalc__V1__Run *stored_run(struct push_engine *engine,
		const struct ledger_run *stored, struct arena *arena, struct error *err)
{
	Policycalc__V1__Run *run = run_message_read(stored, arena, err);

	if (!run || stored->id != engine->unended)
		return run;
	run->state = RUN_STATE(FAILED);
	run->reason = arena_copy_text(arena, engine->unended_why.message);
	if (run->reason)
		return run;
	arena_error(arena, err, "telling of a run");
	return NULL;
}

bool push_engine_get(struct push_engine *engine, int64_t id, struct arena *arena,
		Policycalc__V1__Run **out_run, struct error *err)
{
	struct ledger_run *list;
	size_t count;

	if (is_current(engine, id)) {
		*out_run = run_message(engine->run, true, arena);
		*out_run = *out_run ? run_message_copy(*out_run, arena) : NULL;
		return *out_run || arena_error(arena, err, "telling of a run");
	}
	if (!ledger_store_list_runs(engine->ledger.store, id ? id + 1 : 0, 1, arena, &list,
			    &count, err))
		return false;
	if (count == 0 || (id && list[0].id != id))
		return id ? error_set(err, ERROR_NOT_FOUND, "there is no run %lld",
					    (long long)id)
			  : error_set(err, ERROR_NOT_FOUND, "there is no run yet");
	*out_run = stored_run(engine, &list[0], arena, err);
	return *out_run != NULL;
}

bool push_engine_list(struct push_engine *engine, int64_t before, size_t limit,
		struct arena *arena, Policycalc__V1__Run ***out_runs, size_t *out_count,
		struct error *err)
{
	Policycalc__V1__Run **runs;
	struct ledger_run *list;
	size_t count;

	if (!ledger_store_list_runs(
			    engine->ledger.store, before, limit, arena, &list, &count, err))
		return false;
	runs = ARENA_NEW_ARRAY(arena, Policycalc__V1__Run *, count + 1);
	if (!runs)
		return arena_error(arena, err, "listing runs");
	for (size_t i = 0; i < count; i++) {
		runs[i] = is_current(engine, list[i].id)
					  ? run_message_copy(run_message(engine->run, false,
									     arena),
							    arena)
					  : stored_run(engine, &list[i], arena, err);
		if (!runs[i])
			return arena->exhausted ? arena_error(arena, err, "listing runs")
						: false;
		runs[i]->n_counts = 0;
	}
	*out_runs = runs;
	*out_count = count;
	return true;
}

bool push_engine_cancel(struct push_engine *engine, int64_t id, struct arena *arena,
		Policycalc__V1__Run **out_run, struct error *err)
{
	if (!push_engine_get(engine, id, arena, out_run, err))
		return false;
	if (!is_current(engine, id))
		return error_set(err, ERROR_PRECONDITION, "run %lld has ended", (long long)id);
	engine->run->is_cancelled = true;
	run_wake(engine->run);
	return true;
}

int64_t push_engine_rate(const struct push_engine *engine, int64_t id)
{
	return is_current(engine, id) ? engine->run->rate : 0;
}
