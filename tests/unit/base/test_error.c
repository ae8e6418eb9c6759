/* SPDX-License-Identifier: Apache-2.0 */
/* What a failed system call is told as. */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_a_system_call_says(void **state)
{
	static const struct {
		int number;
		enum error_code code;
	} cases[] = {
		{ ENOSPC, ERROR_LIMIT },
		{ EDQUOT, ERROR_LIMIT },
		{ EMFILE, ERROR_LIMIT },
		{ ENFILE, ERROR_LIMIT },
		{ ENOMEM, ERROR_MEMORY },
		{ EIO, ERROR_IO },
		{ EACCES, ERROR_IO },
		{ 0, ERROR_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(error_code_of_system(cases[i].number), cases[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_system_call_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
