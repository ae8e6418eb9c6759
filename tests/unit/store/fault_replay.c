/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_replay.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

bool fault_try(enum fault fault, unsigned nth, enum error_code expected, fault_work_fn work,
		void *context)
{
	struct error err = { 0 };
	bool ok;

	(void)fault_vfs_set(fault, nth);
	ok = work(context, &err);
	(void)fault_vfs_set(FAULT_NONE, 0);
	if (!ok && err.code != expected)
		fail_msg("at %u: %s", nth, err.message);
	return ok;
}

bool fault_kill(unsigned nth, unsigned delay_us, fault_work_fn work, void *context)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct error err = { 0 };

		if (nth)
			(void)fault_vfs_set(FAULT_KILL, nth);
		_exit(work(context, &err) ? 0 : 1);
	}
	if (delay_us) {
		(void)usleep(delay_us);
		(void)kill(child, SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

bool fault_power(unsigned nth, unsigned seed, fault_work_fn work, void (*close)(void *context),
		void *context)
{
	struct error err = { 0 };
	bool ok;

	(void)fault_vfs_set(FAULT_POWER, nth);
	ok = work(context, &err);
	fault_vfs_cut();
	if (close)
		close(context);
	fault_vfs_power_on(seed);
	if (!ok && err.code != ERROR_IO)
		fail_msg("at %u: %s", nth, err.message);
	return ok;
}
