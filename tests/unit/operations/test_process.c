/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving back what only the start took: less is held, and all that was there still is. And what is open is counted.
 */
#include "operations/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static int written = 41;		    /* in a page of the program that is its own */
static char *const relocated = "as it was"; /* in one that was written before main() */

static long resident_of_files_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		(void)sscanf(line, "RssFile: %ld kB", &kib);
	(void)fclose(file);
	return kib;
}

static void test_let_go(void **state)
{
	long before = resident_of_files_kib();
	char *heap = malloc(1000);
	long after;

	(void)state;
	assert_non_null(heap);
	memset(heap, 'h', 1000);
	written++;
	process_let_go();
	after = resident_of_files_kib();
	assert_int_equal(written, 42);
	assert_string_equal(relocated, "as it was");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(heap[i], 'h');
	free(heap);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
	assert_true(before > 0);
	assert_true(after < before);
#else
	(void)after;
	(void)before;
#endif
}

/* As libuv does: what is read here is closed by a system call of its own. */
static void *on_talk(void *out_number)
{
	int pair[2];
	char byte = 'a';

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], &byte, 1) != 1 ||
			read(pair[0], &byte, 1) != 1)
		return NULL;
	atomic_store_explicit((atomic_int *)out_number, pair[0], memory_order_relaxed);
	(void)syscall(SYS_close, pair[0]);
	while (atomic_load_explicit((atomic_int *)out_number, memory_order_relaxed) >= 0)
		(void)usleep(1000);
	(void)close(pair[1]);
	return NULL;
}

/* The descriptors are counted, in a folder that gets a number which another thread has just had: no race. */
static void test_descriptors(void **state)
{
	struct metrics_state before = { 0 }, during = { 0 };
	atomic_int number = 0;
	pthread_t talker;

	(void)state;
	process_look(&before);
	assert_true(before.descriptors > 2);
	assert_int_equal(pthread_create(&talker, NULL, on_talk, &number), 0);
	while (atomic_load_explicit(&number, memory_order_relaxed) == 0)
		(void)usleep(1000);
	/* The thread has closed it, or is about to. */
	while (fcntl(atomic_load_explicit(&number, memory_order_relaxed), F_GETFD) >= 0)
		(void)usleep(1000);
	process_look(&during);
	assert_int_equal(during.descriptors, before.descriptors + 1);
	atomic_store_explicit(&number, -1, memory_order_relaxed);
	assert_int_equal(pthread_join(talker, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_let_go),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
