/* SPDX-License-Identifier: Apache-2.0 */
/* Giving back what only the start took: less is held, and all that was there still is. */
#include "operations/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_let_go) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
