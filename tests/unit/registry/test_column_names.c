/* SPDX-License-Identifier: Apache-2.0 */
/* Names of columns, and codes: each has the number it was given first. */
#include "registry/column_names.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 600

/* The one of this number; they differ in length, too. */
static struct slice text_of(unsigned number, char buffer[32])
{
	int size = snprintf(buffer, 32, "%u%.*s", number, (int)(number % 7), "-------");

	return (struct slice){ buffer, (size_t)size };
}

static void numbers_stay(void **state)
{
	struct column_names names;
	const struct slice *list;
	char buffer[32];
	size_t count;

	(void)state;
	column_names_init(&names);
	for (unsigned again = 0; again < 2; again++) {
		for (unsigned i = 0; i < COUNT; i++) {
			struct error err = { 0 };
			uint32_t number = 0;

			assert_true(column_names_add(
					&names, text_of(i, buffer), &number, &err));
			assert_int_equal(number, i);
		}
	}
	list = column_names_list(&names, &count);
	assert_int_equal(count, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_true(slice_equals(list[i], text_of(i, buffer)));
		assert_int_equal(column_names_find(&names, list[i]), i);
	}
	assert_int_equal(column_names_find(&names, slice_from("none")), COLUMN_NAME_NONE);
	column_names_fini(&names);
}

/* Whichever allocation fails, what was there before has its number, and the next one gets one. */
static void memory_that_fails_is_told(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (unsigned long nth = 1;; nth++) {
		struct column_names names;
		uint32_t number = 0, expected = 0;
		char buffer[32];
		bool met;

		column_names_init(&names);
		(void)memory_fail_nth(nth, 0);
		for (unsigned i = 0; i < COUNT; i++) {
			struct error err = { 0 };

			if (column_names_add(&names, text_of(i, buffer), &number, &err))
				assert_int_equal(number, expected++);
			else
				assert_int_equal(err.code, ERROR_MEMORY);
		}
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(expected, COUNT - met);
		failures += met;
		column_names_fini(&names);
		if (!met)
			break;
	}
	assert_true(failures > 5);
}

static void too_many_are_told(void **state)
{
	size_t size = (size_t)100 << 20;
	char *large = calloc(1, size);
	struct column_names names;
	struct error err = { 0 };
	uint32_t number = 7;

	(void)state;
	assert_non_null(large);
	column_names_init(&names);
	assert_true(column_names_add(&names, (struct slice){ large, size }, &number, &err));
	assert_int_equal(number, 0);
	large[0] = 'a';
	assert_false(column_names_add(&names, (struct slice){ large, size }, &number, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_int_equal(number, 0);
	/* A small one still fits. */
	assert_true(column_names_add(&names, slice_from("small"), &number, &err));
	assert_int_equal(number, 1);
	column_names_fini(&names);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_stay),
		cmocka_unit_test(memory_that_fails_is_told),
		cmocka_unit_test(too_many_are_told),
	};

	return cmocka_run_group_tests_name("registry/column_names", tests, NULL, NULL);
}
