/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks and processes that fail in the middle of a case. What was expected without is expected with them:
 * a run that was interrupted goes on when everything is opened again, a decision that failed is made
 * again.
 */
#include "push_cases.h"

#include "base/memory.h"
#include "fault_vfs.h"
#include "push/run_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- faults ---------------------------------------------------------------------------------- */

static bool is_in_child(const struct push_case *push)
{
	return push->fault == CASE_FAULT_CRASH || push->fault == CASE_FAULT_KILL;
}

static bool is_power(const struct push_case *push)
{
	return push->fault == CASE_FAULT_POWER || push->fault == CASE_FAULT_SECTORS;
}

static void fault_set(const struct push_case *push)
{
	static const enum fault faults[] = {
		[CASE_FAULT_NONE] = FAULT_NONE,
		[CASE_FAULT_IO] = FAULT_IO,
		[CASE_FAULT_FULL] = FAULT_FULL,
		[CASE_FAULT_CRASH] = FAULT_IO,
		[CASE_FAULT_KILL] = FAULT_KILL,
		[CASE_FAULT_POWER] = FAULT_POWER,
		[CASE_FAULT_SECTORS] = FAULT_POWER,
		[CASE_FAULT_SYNC] = FAULT_SYNC,
	};

	/* Every second time for good: what is freed again is not had again. */
	if (push->fault == CASE_FAULT_MEMORY)
		(void)memory_fail_nth(push->replay, (int)(push->replay % 2));
	else
		(void)fault_vfs_set(faults[push->fault], push->replay);
}

/*
 * The fault is over; after the power, or when @fails half of the times, everything is opened again.
 * Without, what is in memory has to be as before what failed.
 */
static void fault_clear(struct push_case *push, bool fails)
{
	unsigned count = 0;
	bool opens = is_power(push) || push->fault == CASE_FAULT_IO ||
		     push->fault == CASE_FAULT_FULL || push->replay / 2 % 2;

	if (push->fault == CASE_FAULT_MEMORY)
		count = (unsigned)memory_fail_nth(0, 0);
	else if (is_power(push))
		fault_vfs_cut();
	else
		count = fault_vfs_set(FAULT_NONE, 0);
	/* Of memory and syncs also what was met and got over. */
	push->hits += is_power(push) || push->fault == CASE_FAULT_IO ||
						      push->fault == CASE_FAULT_FULL
				      ? fails
				      : count >= push->replay;
	push->file.arena->exhausted = false;
	push->is_reopened = is_power(push) || (fails && opens);
	if (!push->is_reopened)
		return;
	push_world_close(&push->world);
	if (is_power(push))
		fault_vfs_power_on(push->fault == CASE_FAULT_POWER ? 0 : push->replay);
	push_world_open(&push->world);
}

/* --- decisions ------------------------------------------------------------------------------- */

static bool is_of_decisions(const struct push_case *push)
{
	return push->fault != CASE_FAULT_NONE && push->fault != CASE_FAULT_CLOCK &&
	       !is_in_child(push);
}

void case_fault_begin(struct push_case *push)
{
	if (is_of_decisions(push) && !push->is_again)
		fault_set(push);
}

bool case_fault_end(struct push_case *push, bool ok, const struct error *err)
{
	bool is_faulty =
			push->fault != CASE_FAULT_NONE && !is_in_child(push) && !push->is_again;

	push->is_again = false;
	if (!is_faulty)
		return false;
	fault_clear(push, !ok);
	if (!ok && push->fault == CASE_FAULT_MEMORY && err->code != ERROR_MEMORY &&
			err->code != ERROR_LIMIT)
		case_broken(&push->file, "without memory: %s", err->message);
	push->is_again = !ok;
	return !ok;
}

/* --- clocks ---------------------------------------------------------------------------------- */

/* The clock of each step of a run is wrong by another of these, in another order with each replay. */
static const int64_t jumps_ms[] = { 93600000, -180000000, 0, -1000, 2592000000, -60000 };

#define JUMPS ((unsigned)(sizeof(jumps_ms) / sizeof(jumps_ms[0])))
#define CLOCK_REPLAYS 12

static bool run_under_jumps(
		struct push_case *push, const struct push_order *order, struct error *err)
{
	struct push_world *world = &push->world;
	int64_t now_ms = world->now_ms;
	Policycalc__V1__Run *run;
	unsigned step = push->replay;
	bool ok = push_engine_start(world->engine, order, push->file.arena, &run, err);

	while (ok && push_world_is_running(world)) {
		world->now_ms = now_ms + jumps_ms[step % JUMPS];
		step += 1 + push->replay / JUMPS;
		ok = push_world_step(world) ||
		     error_set(err, ERROR_DEADLINE, "the run does not go on");
	}
	world->now_ms = now_ms;
	push->hits += push->replay < CLOCK_REPLAYS;
	return ok;
}

/* --- runs ------------------------------------------------------------------------------------ */

static bool run_look(struct push_case *push, Policycalc__V1__Run **out_run)
{
	struct error err;

	if (push_engine_get(push->world.engine, 0, push->file.arena, out_run, &err))
		return true;
	if (err.code != ERROR_NOT_FOUND)
		case_broken(&push->file, "%s", err.message);
	*out_run = NULL;
	return false;
}

/* Starts and waits for the end, whichever it is. false when it was not started, as far as one is told. */
static bool run_drain(struct push_case *push, const struct push_order *order, struct error *err)
{
	Policycalc__V1__Run *run;
	bool ok = push_engine_start(push->world.engine, order, push->file.arena, &run, err);

	push_world_drain(&push->world);
	return ok;
}

/* false when it did not come to its end. */
static bool run_whole(struct push_case *push, const struct push_order *order, struct error *err)
{
	Policycalc__V1__Run *run;

	if (!run_drain(push, order, err))
		return false;
	if (!run_look(push, &run) || run->state != RUN_STATE(FINISHED))
		return error_set(err, ERROR_IO, "the run failed: %s", run ? run->reason : "");
	return true;
}

/* In a process of its own, which the fault ends. true: it came through. */
static bool run_in_child(struct push_case *push, const struct push_order *order)
{
	struct error err;
	int status = 0;
	pid_t child;

	push_world_close(&push->world);
	child = fork();
	if (child < 0)
		case_broken(&push->file, "cannot fork");
	if (child == 0) {
		push_world_open(&push->world);
		fault_set(push);
		/* Without closing anything. */
		_exit(run_whole(push, order, &err) ? 0 : 3);
	}
	if (waitpid(child, &status, 0) != child ||
			(WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) ||
			(WIFEXITED(status) && WEXITSTATUS(status) != 0 &&
					WEXITSTATUS(status) != 3))
		case_broken(&push->file,
				"the process of a run ended otherwise than by its fault");
	push_world_open(&push->world);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* true: it was said to have come to its end. */
static bool run_in_process(struct push_case *push, const struct push_order *order, int64_t last)
{
	Policycalc__V1__Run *run;
	struct error err;
	bool ok;

	fault_set(push);
	ok = run_drain(push, order, &err);
	/* Whoever asks now, while the disk is as bad as it was. */
	if (push->fault != CASE_FAULT_MEMORY)
		ok = ok && run_look(push, &run) && run->id > last &&
		     run->state == RUN_STATE(FINISHED);
	fault_clear(push, !ok);
	if (!ok && push->fault == CASE_FAULT_MEMORY && err.code != ERROR_MEMORY &&
			err.code != ERROR_LIMIT)
		case_broken(&push->file, "without memory: %s", err.message);
	/* What was said to be done is there, whatever happened since. */
	if (ok && push->fault != CASE_FAULT_MEMORY &&
			(!run_look(push, &run) || run->id <= last ||
					run->state != RUN_STATE(FINISHED)))
		case_fail(&push->file, "a run that had ended has not");
	return run_look(push, &run) && run->id > last && run->state == RUN_STATE(FINISHED);
}

static bool run_go_on(struct push_case *push, const struct push_order *order, struct error *err)
{
	int64_t id, revision, since;

	if (!push_engine_unfinished(push->world.engine, &id, &revision, &since, err))
		return false;
	if (!id)
		return error_set(err, ERROR_IO, "a run neither goes on nor has ended");
	if (!push_engine_resume(push->world.engine, id, order->ruleset, order->since, err))
		return false;
	push_world_drain(&push->world);
	return true;
}

/*
 * Goes on with the run that the last process left. Once the power fails again meanwhile, at the same
 * operation, or there is no memory for it; then it goes on nevertheless.
 */
static bool run_resume(
		struct push_case *push, const struct push_order *order, struct error *err)
{
	Policycalc__V1__Run *run;
	unsigned hits = push->hits;
	bool ok;

	if (push->fault == CASE_FAULT_POWER) {
		fault_set(push);
		(void)run_go_on(push, order, err);
		fault_clear(push, true);
		push->hits = hits;
		if (run_look(push, &run) && run->state == RUN_STATE(FINISHED))
			return true;
	} else if (push->fault == CASE_FAULT_SECTORS) {
		(void)memory_fail_nth(push->replay, (int)(push->replay % 2));
		ok = run_go_on(push, order, err);
		(void)memory_fail_nth(0, 0);
		if (!ok && err->code != ERROR_MEMORY && err->code != ERROR_LIMIT)
			return false;
		if (ok && run_look(push, &run) && run->state == RUN_STATE(FINISHED))
			return true;
		/* As the next process does it. */
		push_world_restart(&push->world);
		if (run_look(push, &run) && run->state == RUN_STATE(FAILED))
			return error_set(err, ERROR_NOT_FOUND, "it has failed for good");
	}
	return run_go_on(push, order, err);
}

/*
 * What was started has failed for good, and stays so. Another run tells what it has not told; *out_id is
 * the one that told.
 */
static bool run_after(struct push_case *push, const struct push_order *order,
		const Policycalc__V1__Run *failed, int64_t *out_id, struct error *err)
{
	Policycalc__V1__Run *run;

	if (!run_whole(push, order, err))
		return false;
	if (run_look(push, &run) && failed->n_counts && !failed->silent && !run->n_counts)
		*out_id = failed->id;
	return true;
}

bool case_fault_run(struct push_case *push, const struct push_order *order, int64_t *out_id,
		struct error *err)
{
	Policycalc__V1__Run *run;
	int64_t last;

	*out_id = 0;
	if (push->fault == CASE_FAULT_NONE)
		return run_whole(push, order, err);
	if (push->fault == CASE_FAULT_CLOCK)
		return run_under_jumps(push, order, err);
	last = run_look(push, &run) ? run->id : 0;
	if (!is_in_child(push)) {
		if (run_in_process(push, order, last))
			return true;
	} else {
		if (run_in_child(push, order))
			return true;
		push->hits++;
	}
	/* It was started, and goes on; or it failed; or it was not, and is now; or was killed at its end. */
	if (!run_look(push, &run) || run->id <= last)
		return run_whole(push, order, err);
	if (run->state == RUN_STATE(FINISHED))
		return true;
	if (run->state == RUN_STATE(FAILED))
		return run_after(push, order, run, out_id, err);
	/* Only the next process goes on with it. */
	if (!is_in_child(push) && !push->is_reopened)
		return error_set(err, ERROR_IO, "a run is going on, and nobody works on it");
	if (run_resume(push, order, err))
		return true;
	if (!run_look(push, &run) || run->state != RUN_STATE(FAILED))
		return false;
	return run_after(push, order, run, out_id, err);
}
