/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A thirtieth of a core beside a thread that wants all of it. SCHED_IDLE would be as good as none. */
#define NICE_BACK 15

void thread_step_back(void)
{
	const struct sched_param none = { 0 };

	/* Linux has both of each thread. A kernel that refuses leaves the thread as it was. */
	(void)sched_setscheduler(0, SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE_BACK);
}
