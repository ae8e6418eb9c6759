/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a webhook may have. What it sends is tried by tests/interop/test_webhook.py. */
#include "operations/webhook_post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool has_libcurl(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		found = found || strstr(line, "/libcurl.so");
	(void)fclose(maps);
	return found;
}

/* A service without a webhook has no part of it in memory. */
static void loaded_when_needed(void **state)
{
	struct error err = { ERROR_NONE, "" };

	(void)state;
	assert_false(has_libcurl());
	assert_true(post_check_url("https://portal.example/", false, &err));
	assert_true(has_libcurl());
}

static void addresses(void **state)
{
	static const struct {
		const char *url;
		const char *says; /* NULL: it will do */
		bool plaintext;
	} cases[] = {
		{ "https://portal.example/hooks/policycalc?x=1", NULL, false },
		{ "https://10.0.0.1:8443", NULL, false },
		{ "HTTPS://portal.example/", NULL, false },
		{ "http://127.0.0.1:8080/hook", NULL, false },
		{ "http://127.1.2.3/hook", NULL, false },
		{ "http://[::1]:8080/hook", NULL, false },
		{ "http://localhost/hook", NULL, false },
		{ "http://portal.example/hook", "--webhook-insecure-plaintext", false },
		{ "http://portal.example/hook", NULL, true },
		{ "http://127.evil.example/hook", "https://", false },
		{ "http://localhost.evil.example/", "https://", false },
		{ "http://localhost@evil.example/", "user or password", false },
		{ "https://user:word@portal.example/", "user or password", false },
		{ "https://portal.example/#part", "#", false },
		{ "ftp://portal.example/", "https://", true },
		{ "file:///etc/passwd", "must be", true },
		{ "portal.example", "address", false },
		{ "https://", "address", false },
		{ "", "address", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { ERROR_NONE, "" };
		bool ok = post_check_url(cases[i].url, cases[i].plaintext, &err);

		if (ok != !cases[i].says ||
				(cases[i].says && !strstr(err.message, cases[i].says)))
			fail_msg("%s: %d '%s'", cases[i].url, ok, err.message);
	}
}

static void origins(void **state)
{
	char origin[300];

	(void)state;
	post_print_origin(
			"https://portal.example/hooks/SECRET?x=SECRET", origin, sizeof(origin));
	assert_string_equal(origin, "https://portal.example:443");
	post_print_origin("http://[::1]:8080/", origin, sizeof(origin));
	assert_string_equal(origin, "http://[::1]:8080");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_when_needed), /* first */
		cmocka_unit_test(addresses),
		cmocka_unit_test(origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
