/* SPDX-License-Identifier: Apache-2.0 */
/* The file of secrets: what it may hold, who may read it, and that more than one sign. */
#include "operations/webhook_secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool load(const char *text, mode_t mode, struct webhook_secrets *out, struct error *err)
{
	char path[] = "/tmp/policycalc-secret-XXXXXX";
	int file = mkstemp(path);
	bool ok;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (long)strlen(text));
	assert_int_equal(fchmod(file, mode), 0);
	ok = webhook_secrets_load(path, out, err);
	close(file);
	unlink(path);
	return ok;
}

static void files(void **state)
{
	char line[WEBHOOK_SECRET_MOST * 2];
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		const char *says;
		mode_t mode;
	} cases[] = {
		{ "0123456789abcdef", 1, NULL, 0600 },
		{ "\n  0123456789abcdef \r\nanother secret of ours\n\n", 2, NULL, 0640 },
		{ "0123456789abcde", 0, "16 to 200", 0600 },
		{ "", 0, "no secret", 0600 },
		{ "0123456789abcdef", 0, "everybody", 0604 },
		{ "0123456789abcdef\n0123456789abcdef\n0123456789abcdef\n0123456789abcdef\n"
		  "0123456789abcdef\n",
				0, "at most 4", 0600 },
	};
	struct webhook_secrets secrets;
	struct error err = { ERROR_NONE, "" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool ok = load(cases[i].text, cases[i].mode, &secrets, &err);

		if (ok != (cases[i].count > 0) || secrets.count != cases[i].count ||
				(!ok && !strstr(err.message, cases[i].says)))
			fail_msg("case %zu: %d '%s'", i, ok, err.message);
		if (!ok)
			assert_null(strstr(err.message, "012345"));
	}
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_false(load(line, 0600, &secrets, &err));
	line[WEBHOOK_SECRET_MOST] = '\0';
	assert_true(load(line, 0600, &secrets, &err));
	assert_string_equal(secrets.texts[0], line);
	assert_false(webhook_secrets_load("/nonexistent/secret", &secrets, &err));
	assert_non_null(strstr(err.message, "/nonexistent/secret"));
}

static void each_signs(void **state)
{
	struct webhook_secrets secrets, second;
	char one[WEBHOOK_SIGNATURE_SIZE], two[WEBHOOK_SIGNATURE_SIZE];
	char expected[2 * WEBHOOK_SIGNATURE_SIZE + 8];
	struct buffer out = { 0 };
	struct error err;

	(void)state;
	assert_true(load("the newest secret\nthe secret before\n", 0600, &secrets, &err));
	assert_true(load("the secret before", 0600, &second, &err));
	assert_true(webhook_secrets_sign(&secrets, 5, SLICE_LITERAL("body"), &out, &err));
	assert_true(webhook_sign(SLICE_LITERAL("the newest secret"), 5, SLICE_LITERAL("body"),
			one, &err));
	assert_true(webhook_sign(
			slice_from(second.texts[0]), 5, SLICE_LITERAL("body"), two, &err));
	(void)snprintf(expected, sizeof(expected), "v1=%s,v1=%s", one, two);
	assert_string_equal(out.data, expected);
	buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(each_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
