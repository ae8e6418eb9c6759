/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that takes its time, for LD_PRELOAD: each fsync and fdatasync waits as many milliseconds as the
 * file $SLOW_DISK says (two int32_t in memory order: milliseconds; how many have waited) before it is done.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct slowness {
	_Atomic int32_t ms;
	_Atomic int32_t waited;
};

static struct slowness *slowness;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void slow_disk_init(void)
{
	const char *path = getenv("SLOW_DISK");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	*(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
	*(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*slowness), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		slowness = map;
	(void)close(fd);
}

static void be_slow(void)
{
	int32_t ms = slowness ? slowness->ms : 0;
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	if (ms > 0) {
		(void)nanosleep(&pause, NULL);
		slowness->waited++;
	}
}

EXPORT int fsync(int fd)
{
	be_slow();
	return real_fsync(fd);
}

EXPORT int fdatasync(int fd)
{
	be_slow();
	return real_fdatasync(fd);
}
