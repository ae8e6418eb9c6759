/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whether it is built with a sanitizer. */
static bool process_is_examined(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

static void look_at_memory(struct metrics_state *state)
{
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned long long size, resident;

	if (!file)
		return;
	if (fscanf(file, "%llu %llu", &size, &resident) == 2) {
		state->virtual_bytes = size * page;
		state->resident_bytes = resident * page;
	}
	(void)fclose(file);
}

static uint64_t count_entries(const char *path)
{
	/* Opened by open(), which ThreadSanitizer sees, as it does closedir() but not opendir(). */
	int number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = number < 0 ? NULL : fdopendir(number);
	const struct dirent *entry;
	uint64_t count = 0;

	if (!folder && number >= 0)
		(void)close(number);
	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	(void)closedir(folder);
	return count;
}

static uint64_t us_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void process_look(struct metrics_state *state)
{
	uint64_t open = count_entries("/proc/self/fd");
	struct rlimit limit;
	struct rusage usage;

	look_at_memory(state);
	/* The folder itself was open while it was read. */
	state->descriptors = open ? open - 1 : 0;
	state->threads = count_entries("/proc/self/task");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		state->descriptors_most = limit.rlim_cur;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		state->cpu_us = us_of(&usage.ru_utime) + us_of(&usage.ru_stime);
}

void process_keep_to_itself(void)
{
	const struct rlimit none = { 0, 0 };

	/* Where it is not allowed it is done already: LimitCORE=0 of the unit. */
	(void)setrlimit(RLIMIT_CORE, &none);
	/* What looks for leaks at the end has to be let in. */
	if (!process_is_examined())
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

uint64_t process_allow_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	if (limit.rlim_cur < wanted) {
		const struct rlimit before = limit;

		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit = before;
	}
	return limit.rlim_cur;
}

/* No object has more segments that are mapped: headers, code, data read only, data. */
#define SEGMENTS_MOST 8

/* Of one object: what is not writable is as it is in the file, and is read from there again. */
static int on_object(struct dl_phdr_info *object, size_t size, void *context)
{
	uintptr_t page = *(const uintptr_t *)context;
	struct {
		uintptr_t begin, end;
	} segments[SEGMENTS_MOST];
	size_t count = 0;

	(void)size;
	/* All are looked up before one is let go: what says where they are is in the first. */
	for (size_t i = 0; i < object->dlpi_phnum && count < SEGMENTS_MOST; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t at = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
			continue;
		segments[count].begin = at & ~(page - 1);
		segments[count++].end = (at + segment->p_filesz) & ~(page - 1);
	}
	for (size_t i = 0; i < count; i++) {
		if (segments[i].end > segments[i].begin)
			(void)madvise((void *)segments[i].begin,
					segments[i].end - segments[i].begin, MADV_DONTNEED);
	}
	return 0;
}

void process_let_go(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)malloc_trim(0);
	if (!process_is_examined())
		(void)dl_iterate_phdr(on_object, &page);
}
