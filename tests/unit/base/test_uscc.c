/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uscc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *code;
	enum uscc_outcome outcome;
} cases[] = {
	{ "91350100M000100Y43", USCC_OK },
	{ "91512081MA62K0260E", USCC_OK },
	{ "9131000063159284XQ", USCC_OK },
	{ "91440300708461136T", USCC_OK },
	{ "91110000802100433B", USCC_OK },
	/* The counter-example of the standard itself has a symbol that no code has. */
	{ "91350100M000100Y4Z", USCC_MALFORMED },
	{ "91350211M0000XUF46", USCC_BAD_CHECK_DIGIT },
	{ "91350100M0001TGQXM", USCC_BAD_CHECK_DIGIT },
	{ "91350100M000100Y44", USCC_BAD_CHECK_DIGIT },
	{ "91350100M000100Y34", USCC_BAD_CHECK_DIGIT },
	{ "", USCC_MALFORMED },
	{ "91350100M000100Y4", USCC_MALFORMED },
	{ "91350100M000100Y433", USCC_MALFORMED },
	{ "91350100m000100y43", USCC_MALFORMED },
	{ "913501A0M000100Y43", USCC_MALFORMED },
	{ "9135010OM000100Y43", USCC_MALFORMED },
	{ "91350100M000100 43", USCC_MALFORMED },
	{ "三门峡三门峡", USCC_MALFORMED },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (uscc_check(slice_from(cases[i].code)) != cases[i].outcome)
			fail_msg("%s", cases[i].code);
	}
	/* 18 bytes with a NUL among them. */
	assert_int_equal(uscc_check((struct slice){ "91350100M\0"
						    "00100Y43",
					 18 }),
			USCC_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
