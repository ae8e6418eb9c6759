/* SPDX-License-Identifier: Apache-2.0 */
/* Lines stay JSON whatever is in them. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static const char *line(void)
{
	static char text[8192];
	ssize_t size = read(ends[0], text, sizeof(text) - 1);

	assert_true(size > 0);
	text[size] = '\0';
	return text;
}

static void escapes(void **state)
{
	static const struct {
		const char *text;
		const char *written;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\x01", "\"a\\u000ab\\u0001\"" },
		{ "灵宝", "\"灵宝\"" },
		{ "a\xff", "\"a\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *written;

		log_event(LOG_LEVEL_INFO, "event", LOG_TEXT("text", cases[i].text),
				LOG_NUMBER("number", -7));
		written = line();
		assert_non_null(strstr(written, cases[i].written));
		assert_non_null(strstr(written, ",\"number\":-7}\n"));
		assert_non_null(strstr(written, "\"level\":\"info\",\"event\":\"event\""));
	}
}

static void long_lines_keep_their_form(void **state)
{
	char text[9000];
	const char *written;
	size_t size;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_event(LOG_LEVEL_ERROR, "event", LOG_TEXT("first", text), LOG_TEXT("second", text),
			LOG_NUMBER("third", 3));
	written = line();
	size = strlen(written);
	assert_true(size <= 4096);
	assert_string_equal(written + size - 3, "\"}\n");
	assert_null(strstr(written, "second"));
}

static void levels(void **state)
{
	enum log_level level;

	assert_true(log_level_parse("warning", &level));
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_false(log_level_parse("loud", &level));
	log_set_level(LOG_LEVEL_WARNING);
	assert_false(log_is_wanted(LOG_LEVEL_INFO));
	log_event(LOG_LEVEL_INFO, "dropped", LOG_NUMBER("n", 1));
	log_event(LOG_LEVEL_WARNING, "kept", LOG_NUMBER("n", 1));
	assert_null(strstr(line(), "dropped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(long_lines_keep_their_form),
		cmocka_unit_test(levels),
	};

	if (pipe(ends) != 0)
		return 1;
	log_set_descriptor(ends[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
