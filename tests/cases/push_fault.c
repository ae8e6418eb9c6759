/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks and processes that fail in the middle of a case. What was expected without is expected with them:
 * a run that was interrupted goes on when everything is opened again, a decision that failed is made
 * again.
 */
#include "push_cases.h"

#include "fault_vfs.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- decisions ------------------------------------------------------------------------------- */

static bool is_in_process(const struct push_case *push)
{
	return push->fault == CASE_FAULT_IO || push->fault == CASE_FAULT_FULL;
}

static void fault_set(const struct push_case *push)
{
	static const enum fault faults[] = {
		[CASE_FAULT_NONE] = FAULT_NONE,
		[CASE_FAULT_IO] = FAULT_IO,
		[CASE_FAULT_FULL] = FAULT_FULL,
		[CASE_FAULT_CRASH] = FAULT_IO,
		[CASE_FAULT_KILL] = FAULT_KILL,
	};

	(void)fault_vfs_set(faults[push->fault], push->replay);
}

void case_fault_begin(struct push_case *push)
{
	if (is_in_process(push) && !push->is_again)
		fault_set(push);
}

bool case_fault_end(struct push_case *push, bool ok)
{
	if (is_in_process(push))
		(void)fault_vfs_set(FAULT_NONE, 0);
	if (ok || !is_in_process(push) || push->is_again) {
		push->is_again = false;
		return false;
	}
	push->hits++;
	push_world_restart(&push->world);
	push->is_again = true;
	return true;
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

/* Starts and waits; false when it did not come to its end. */
static bool run_whole(struct push_case *push, const struct push_order *order, struct error *err)
{
	Policycalc__V1__Run *run;

	if (!push_engine_start(push->world.engine, order, push->file.arena, &run, err))
		return false;
	push_world_drain(&push->world);
	if (!run_look(push, &run) || run->state != POLICYCALC__V1__RUN__STATE__STATE_FINISHED)
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

static bool run_in_process(struct push_case *push, const struct push_order *order)
{
	struct error err;
	bool ok;

	fault_set(push);
	ok = run_whole(push, order, &err);
	(void)fault_vfs_set(FAULT_NONE, 0);
	if (!ok)
		push_world_restart(&push->world);
	return ok;
}

static bool run_resume(
		struct push_case *push, const struct push_order *order, struct error *err)
{
	int64_t id, revision, since;

	if (!push_engine_unfinished(push->world.engine, &id, &revision, &since, err))
		return false;
	if (!id)
		return true;
	if (!push_engine_resume(push->world.engine, id, order->ruleset, order->since, err))
		return false;
	push_world_drain(&push->world);
	return true;
}

bool case_fault_run(struct push_case *push, const struct push_order *order, struct error *err)
{
	Policycalc__V1__Run *run;
	int64_t last;

	if (push->fault == CASE_FAULT_NONE)
		return run_whole(push, order, err);
	last = run_look(push, &run) ? run->id : 0;
	if (is_in_process(push) ? run_in_process(push, order) : run_in_child(push, order))
		return true;
	push->hits++;
	/* It was started, and goes on; or it was not, and is now. */
	if (run_look(push, &run) && run->id > last)
		return run_resume(push, order, err);
	return run_whole(push, order, err);
}
