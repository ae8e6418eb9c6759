/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs short in a whole process: preloaded before the C library, it stands for malloc() and all its
 * kin, whoever calls them (our rooms, nghttp2, libuv, OpenSSL, SQLite, the C library itself).
 *
 *     POLICYCALC_SCARCE=FILE LD_PRELOAD=libscarce.so policycalcd …
 *
 * FILE is struct scarce, mapped by the process and by the test, which sets ->first to the number of the first
 * allocation that fails, counted from the moment it sets ->is_counting. Nothing is taken away from FILE's
 * owner: who maps it first has made it large enough.
 *
 * Once main() and the exit handlers that it registered (OpenSSL's is one) are through, nothing fails any more:
 * what comes then are destructors, and the program has none but those that a compiler adds, which write the
 * counters of tests/coverage.sh and do not look at what malloc() says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define TRACE_MOST 24
#define EXPORT __attribute__((visibility("default")))

/* tests/fault/scarcity.py knows the order; every field has 8 bytes. */
struct scarce {
	atomic_uint_least64_t is_counting;
	atomic_uint_least64_t first;  /* fails, and those that follow; 0: none */
	atomic_uint_least64_t length; /* how many fail from there on */
	atomic_uint_least64_t count;  /* allocations since ->is_counting was set */
	atomic_uint_least64_t failed;
	atomic_int_least64_t pieces; /* in use, of all that was given since the start */
	atomic_int_least64_t bytes;
	atomic_uint_least64_t depth; /* of ->trace */
	uint64_t trace[TRACE_MOST];  /* who asked for the first that failed */
};

static struct scarce nobody;
static struct scarce *scarce = &nobody;
static atomic_bool is_over; /* main(), and what it registered to be called in exit() */

/* What stands behind the names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void trace_take(void)
{
	void *frames[TRACE_MOST + 2];
	int depth = backtrace(frames, TRACE_MOST + 2);

	for (int i = 2; i < depth; i++)
		scarce->trace[i - 2] = (uint64_t)(uintptr_t)frames[i];
	atomic_store(&scarce->depth, depth > 2 ? (uint64_t)(depth - 2) : 0);
}

static bool must_fail(void)
{
	uint64_t first, number;

	if (!atomic_load_explicit(&scarce->is_counting, memory_order_relaxed) ||
			atomic_load_explicit(&is_over, memory_order_relaxed))
		return false;
	number = atomic_fetch_add(&scarce->count, 1) + 1;
	first = atomic_load(&scarce->first);
	if (first == 0 || number < first || number - first >= atomic_load(&scarce->length))
		return false;
	if (atomic_fetch_add(&scarce->failed, 1) == 0)
		trace_take();
	errno = ENOMEM;
	return true;
}

static void *given(void *memory)
{
	if (memory) {
		atomic_fetch_add_explicit(&scarce->pieces, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&scarce->bytes, (int64_t)malloc_usable_size(memory),
				memory_order_relaxed);
	}
	return memory;
}

static void taken_back(void *memory)
{
	if (!memory)
		return;
	atomic_fetch_sub_explicit(&scarce->pieces, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&scarce->bytes, (int64_t)malloc_usable_size(memory),
			memory_order_relaxed);
}

EXPORT void *malloc(size_t size)
{
	return must_fail() ? NULL : given(__libc_malloc(size));
}

EXPORT void *calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : given(__libc_calloc(count, size));
}

EXPORT void free(void *memory)
{
	taken_back(memory);
	__libc_free(memory);
}

EXPORT void *realloc(void *old, size_t size)
{
	int64_t before = old ? (int64_t)malloc_usable_size(old) : 0;
	void *memory;

	if (size > 0 && must_fail())
		return NULL;
	memory = __libc_realloc(old, size);
	if (memory || size == 0) {
		atomic_fetch_sub_explicit(&scarce->pieces, old != NULL, memory_order_relaxed);
		atomic_fetch_sub_explicit(&scarce->bytes, before, memory_order_relaxed);
	}
	return given(memory);
}

EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, bytes);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return must_fail() ? NULL : given(__libc_memalign(alignment, size));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
	int before = errno;
	void *memory = memalign(alignment, size);

	errno = before;
	if (!memory)
		return ENOMEM;
	*out = memory;
	return 0;
}

/* Threads that stand back for others take the same memory, and much longer on a machine that is busy. */
EXPORT int setpriority(__priority_which_t which, id_t who, int nice)
{
	(void)which;
	(void)who;
	(void)nice;
	return 0;
}

EXPORT int sched_setscheduler(pid_t process, int policy, const struct sched_param *parameters)
{
	(void)process;
	(void)policy;
	(void)parameters;
	return 0;
}

/* Where it died, for who reads the log of the test. */
static void on_death(int number)
{
	static const char line[] = "died; the stack:\n";
	void *frames[64];

	atomic_store(&scarce->is_counting, 0);
	if (write(STDERR_FILENO, line, sizeof(line) - 1) > 0)
		backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("POLICYCALC_SCARCE");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *frames[4];
	void *map;

	/* The first time it loads a library, which takes memory. */
	(void)backtrace(frames, 4);
	(void)signal(SIGSEGV, on_death);
	(void)signal(SIGBUS, on_death);
	(void)signal(SIGABRT, on_death);
	if (file < 0)
		return;
	map = mmap(NULL, sizeof(*scarce), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	(void)close(file);
	if (map == MAP_FAILED)
		return;
	scarce = map;
	/* What was given before is not forgotten when it comes back. */
	atomic_store(&scarce->pieces, nobody.pieces);
	atomic_store(&scarce->bytes, nobody.bytes);
}

/*
 * exit() calls handlers in the reverse order, and after those of main() the destructors, the program's first. A
 * handler that is registered just before main() comes between the two; registered by a constructor of ours, it
 * would come after the program's destructors.
 */
typedef int main_fn(int argc, char **argv, char **environment);
int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
		void (*fini)(void), void (*dynamic_fini)(void), void *stack_end);

static main_fn *real_main;

static void on_over(void)
{
	atomic_store(&is_over, true);
}

static int begin_main(int argc, char **argv, char **environment)
{
	/* Takes no memory: the C library has room for the first 32. */
	if (atexit(on_over) != 0)
		abort();
	return real_main(argc, argv, environment);
}

EXPORT int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
		void (*fini)(void), void (*dynamic_fini)(void), void *stack_end)
{
	int (*start)(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void),
			void *);

	*(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
	if (!start)
		abort();
	real_main = main;
	return start(begin_main, argc, argv, init, fini, dynamic_fini, stack_end);
}
