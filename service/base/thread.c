/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A tenth of a core beside a thread that wants all of it; a thirtieth made those who publish wait for minutes on a
 * machine that others fill. SCHED_IDLE would be as good as none.
 */
#define NICE_BACK 10

void thread_step_back(void)
{
	const struct sched_param none = { 0 };

	/* Linux has both of each thread. A kernel that refuses leaves the thread as it was. */
	(void)sched_setscheduler(0, SCHED_BATCH, &none);
	/* Who was started as less urgent than that stays it. */
	if (getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)) < NICE_BACK)
		(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE_BACK);
}
