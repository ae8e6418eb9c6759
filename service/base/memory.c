/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_ulong fail_nth;
static atomic_int fail_persistent;
static atomic_ulong allocation_count;
static _Thread_local unsigned long refusals;

int memory_must_fail(void)
{
	unsigned long nth = atomic_load_explicit(&fail_nth, memory_order_relaxed);
	unsigned long count;

	if (nth == 0)
		return 0;
	count = atomic_fetch_add_explicit(&allocation_count, 1, memory_order_relaxed) + 1;
	return count == nth || (count > nth && atomic_load(&fail_persistent));
}

static void *given(void *memory)
{
	if (!memory)
		refusals++;
	return memory;
}

void *memory_alloc(size_t size)
{
	return given(memory_must_fail() ? NULL : malloc(size ? size : 1));
}

void *memory_alloc_zero(size_t count, size_t size)
{
	return given(memory_must_fail() ? NULL : calloc(count ? count : 1, size ? size : 1));
}

void *memory_resize(void *old, size_t size)
{
	return given(memory_must_fail() ? NULL : realloc(old, size ? size : 1));
}

void memory_join_pages(void *room, size_t size)
{
	uintptr_t begin = ((uintptr_t)room + MEMORY_LARGE_PAGE - 1) & ~(MEMORY_LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)room + size) & ~(MEMORY_LARGE_PAGE - 1);

	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void *memory_alloc_pages(size_t size)
{
	void *room = NULL;

	if (memory_must_fail() || posix_memalign(&room, MEMORY_LARGE_PAGE, size) != 0)
		return given(NULL);
	memory_join_pages(room, size);
	return room;
}

void *memory_alloc_zero_pages(size_t count, size_t size)
{
	size_t bytes;
	void *room;

	if (__builtin_mul_overflow(count, size, &bytes))
		return given(NULL);
	if (bytes < MEMORY_LARGE_PAGE)
		return memory_alloc_zero(count, size);
	room = memory_alloc_pages(bytes);
	return room ? memset(room, 0, bytes) : NULL;
}

void memory_give_up(void)
{
	static const char line[] = "policycalcd: out of memory while starting\n";

	/* Neither stdio nor what is registered for an exit is to be relied on. */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

unsigned long memory_refusals(void)
{
	return refusals;
}

void memory_free(void *memory)
{
	free(memory);
}

char *memory_copy(const char *data, size_t size)
{
	char *copy = memory_alloc(size + 1);

	if (!copy)
		return NULL;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

unsigned long memory_fail_nth(unsigned long nth, int persistent)
{
	unsigned long count = atomic_exchange(&allocation_count, 0);

	atomic_store(&fail_persistent, persistent);
	atomic_store(&fail_nth, nth);
	return count;
}
