/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_validity(void **state)
{
	static const struct {
		const char *text;
		size_t valid; /* bytes before the first mistake */
	} cases[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "\xe4\xb8\xad\xe6\x96\x87", 6 },
		{ "\xf0\x9f\x90\xb1", 4 },
		{ "a\x80", 1 },		   /* a follower alone */
		{ "a\xc3", 1 },		   /* cut short */
		{ "\xc0\xaf", 0 },	   /* overlong */
		{ "\xe0\x80\xaf", 0 },	   /* overlong */
		{ "\xf0\x80\x80\xaf", 0 }, /* overlong */
		{ "a\xed\xa0\x80", 1 },	   /* a surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
		{ "\xff", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice text = slice_from(cases[i].text);

		assert_int_equal(utf8_valid_size(text), cases[i].valid);
		assert_int_equal(utf8_is_valid(text), cases[i].valid == text.size);
	}
	assert_int_equal(utf8_count(slice_from("a\xe4\xb8\xad\xf0\x9f\x90\xb1")), 3);
}

/* Every code point there and back; surrogates and what lies above have no bytes. */
static void test_encoding(void **state)
{
	for (uint32_t point = 0; point <= 0x110000; point++) {
		char bytes[4];
		size_t size = utf8_encode(point, bytes);
		bool surrogate = point >= 0xd800 && point <= 0xdfff;

		assert_int_equal(size == 0, surrogate || point > 0x10ffff);
		if (size)
			assert_true(utf8_is_valid((struct slice){ bytes, size }) &&
					utf8_count((struct slice){ bytes, size }) == 1);
	}
}

/* A text that was cut anywhere is valid, and what was whole is still there. */
static void test_mending(void **state)
{
	static const char whole[] = "a\xc2\xa9\xe4\xb8\xad\xe0\xa0\x80\xed\x9f\xbf\xf0\x9f\x90"
				    "\xb1\xf4\x8f\xbf\xbf";
	static const char *const broken[][2] = {
		{ "\xe4\xb8\"", "?"
				"?\"" },
		{ "a\xff", "a?" },
		{ "a\xed\xa0", "a?"
			       "?" },
		{ "\x80\xe4\xb8\xad", "?\xe4\xb8\xad" },
		{ "", "" },
	};
	char text[sizeof(whole)];

	for (size_t cut = 0; cut < sizeof(whole); cut++) {
		size_t kept = cut;

		while (kept > 0 && !utf8_is_valid((struct slice){ whole, kept }))
			kept--;
		memcpy(text, whole, cut);
		text[cut] = '\0';
		utf8_mend(text);
		assert_int_equal(strlen(text), kept);
		assert_memory_equal(text, whole, kept);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		strcpy(text, broken[i][0]);
		utf8_mend(text);
		assert_string_equal(text, broken[i][1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_mending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
