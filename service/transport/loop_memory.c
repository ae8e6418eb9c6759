/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/loop_memory.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

static _Thread_local bool must_have;

static void *given(void *memory)
{
	if (!memory && must_have)
		memory_give_up();
	return memory;
}

static void *on_malloc(size_t size)
{
	return given(memory_alloc(size));
}

static void *on_calloc(size_t count, size_t size)
{
	return given(memory_alloc_zero(count, size));
}

static void *on_realloc(void *old, size_t size)
{
	return given(memory_resize(old, size));
}

static void replace(void)
{
	(void)uv_replace_allocator(on_malloc, on_realloc, on_calloc, memory_free);
}

void loop_memory_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, replace);
	must_have = true;
}

void loop_memory_end(void)
{
	must_have = false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

int loop_memory_reserve(uv_loop_t *uv, size_t count)
{
	struct rlimit limit = { .rlim_cur = count + 1 };
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uv_poll_t poll;
	int high;
	int result;

	if (event < 0)
		return -errno;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur <= count)
		count = limit.rlim_cur > 0 ? limit.rlim_cur - 1 : 0;
	/* None so high: then there is none that the list would be too short for. */
	high = fcntl(event, F_DUPFD_CLOEXEC, (int)count);
	result = high < 0 ? 0 : uv_poll_init(uv, &poll, high);
	if (high >= 0 && result == 0) {
		result = uv_poll_start(&poll, UV_READABLE, on_poll);
		uv_close((uv_handle_t *)&poll, NULL);
		(void)uv_run(uv, UV_RUN_NOWAIT);
	}
	if (high >= 0)
		(void)close(high);
	(void)close(event);
	return result;
}
