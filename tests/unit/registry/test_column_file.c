/* SPDX-License-Identifier: Apache-2.0 */
/* What is put into a column file is there when it is opened again, and what cannot be read now is kept. */
#include "registry/column_file.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCKS 40
#define NAMES 300

struct opened {
	struct column_names columns, codes;
	struct column_file *file;
};

static bool opened_init(struct opened *opened, const char *path, struct error *err)
{
	column_names_init(&opened->columns);
	column_names_init(&opened->codes);
	opened->file = column_file_open(path, &opened->columns, &opened->codes, err);
	return opened->file != NULL;
}

static void opened_fini(struct opened *opened)
{
	column_file_close(opened->file);
	column_names_fini(&opened->columns);
	column_names_fini(&opened->codes);
}

static size_t size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return (size_t)status.st_size;
}

/* Blocks of few bytes, and names between them. */
static void fill(const char *path)
{
	struct opened opened;
	struct error err = { 0 };

	assert_true(opened_init(&opened, path, &err));
	for (int64_t i = 0; i < BLOCKS; i++) {
		char text[32];
		uint32_t number;

		for (int k = 0; k < NAMES / BLOCKS; k++) {
			(void)snprintf(text, sizeof(text), "C%d-%d", (int)i, k);
			assert_true(column_names_add(
					&opened.columns, slice_from(text), &number, &err));
			assert_true(column_names_add(
					&opened.codes, slice_from(text + 1), &number, &err));
		}
		assert_true(column_file_put(
				opened.file, i, 5, 77, slice_from("some bytes"), &err));
	}
	opened_fini(&opened);
}

static void check(struct opened *opened)
{
	size_t columns, codes;

	(void)column_names_list(&opened->columns, &columns);
	(void)column_names_list(&opened->codes, &codes);
	assert_int_equal(columns, NAMES / BLOCKS * BLOCKS);
	assert_int_equal(codes, columns);
	assert_int_equal(column_file_state(opened->file).blocks, BLOCKS);
	for (int64_t i = 0; i < BLOCKS; i++) {
		struct column_place place;
		struct error err = { 0 };
		char bytes[10];

		assert_true(column_file_find(opened->file, i, &place));
		assert_int_equal(place.sequence, 5);
		assert_int_equal(place.size, sizeof(bytes));
		assert_true(column_place_read(&place, 0, sizeof(bytes), bytes, &err));
		assert_memory_equal(bytes, "some bytes", sizeof(bytes));
		column_place_release(&place);
	}
}

/* Whichever allocation fails, the file is as long as before, and opens when there is memory again. */
static void short_memory_is_no_damage(void **state)
{
	const char *path = *state;
	unsigned failures = 0;
	size_t size;

	fill(path);
	size = size_of(path);
	for (unsigned long nth = 1;; nth++) {
		struct opened opened;
		struct error err = { 0 };
		bool ok, met;

		(void)memory_fail_nth(nth, (int)(nth % 2));
		ok = opened_init(&opened, path, &err);
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(size_of(path), size);
		if (ok)
			check(&opened);
		else
			assert_int_equal(err.code, ERROR_MEMORY);
		failures += !ok;
		opened_fini(&opened);
		if (!met)
			break;
	}
	/* Of the file, of what it is read with, of names, of blocks. */
	assert_true(failures > 10);
}

static int set_up(void **state)
{
	char *path = strdup("/tmp/column-file-XXXXXX");
	int number = mkstemp(path);

	*state = path;
	return number < 0 ? -1 : close(number);
}

static int tear_down(void **state)
{
	int gone = unlink(*state);

	free(*state);
	return gone;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(short_memory_is_no_damage, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("registry/column_file", tests, NULL, NULL);
}
