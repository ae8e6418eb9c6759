/* SPDX-License-Identifier: Apache-2.0 */
/* One request of HTTP/1: what is read, what is refused, and that it does not matter how it comes in. */
#include "operations/scrape_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: 127.0.0.1\r\n"

static const struct {
	const char *text;
	int status;
	const char *path, *query;
} cases[] = {
	{ "GET /metrics HTTP/1.1\r\n" HOST "\r\n", 200, "/metrics", "" },
	{ "GET /?lang=en HTTP/1.1\r\n" HOST "Accept: text/html\r\n\r\n", 200, "/", "lang=en" },
	{ "HEAD / HTTP/1.1\r\nhOsT:\tlocalhost:9 \r\n\r\n", 200, "/", "" },
	{ "GET / HTTP/1.0\r\n\r\n", 200, "/", "" },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, "/", "" },
	{ "GET /a??b HTTP/1.0\r\n\r\n", 200, "/a", "?b" },
	{ "GET / HTTP/1.1\r\n" HOST, 0, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "\r", 0, NULL, NULL },
	{ "", 0, NULL, NULL },
	{ "POST / HTTP/1.1\r\n" HOST "\r\n", 405, NULL, NULL },
	{ "OPTIONS /metrics HTTP/1.1\r\n" HOST "\r\n", 405, NULL, NULL },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505, NULL, NULL },
	{ "GET / HTTP/1.2\r\n" HOST "\r\n", 505, NULL, NULL },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\n" HOST "\r\n\r\n", 400, NULL, NULL },
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET http://x/ HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET /\xe6 HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400, NULL, NULL },
	{ "G@T / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 413, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413, NULL,
			NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-length: 1\r\n\r\n", 413, NULL,
			NULL },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scrape_request request = { 0 };
		int status = scrape_request_parse(slice_from(cases[i].text), &request);

		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].text, status);
		if (status != 200)
			continue;
		assert_true(slice_equals_text(request.path, cases[i].path));
		assert_true(slice_equals_text(request.query, cases[i].query));
		assert_int_equal(request.is_head, cases[i].text[0] == 'H');
	}
}

/* Every beginning of a request asks for more, in memory of exactly its size. */
static void piecewise(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *end = strstr(cases[i].text, "\r\n\r\n");
		size_t whole = end ? (size_t)(end - cases[i].text) + 4 : 0;

		for (size_t size = 0; size < whole; size++) {
			struct scrape_request request = { 0 };
			char *copy = malloc(size ? size : 1);

			assert_non_null(copy);
			memcpy(copy, cases[i].text, size);
			assert_int_equal(scrape_request_parse((struct slice){ copy, size },
							 &request),
					0);
			free(copy);
		}
	}
}

static void nul_inside(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n";
	struct scrape_request request = { 0 };

	(void)state;
	assert_int_equal(scrape_request_parse(SLICE_LITERAL(text), &request), 400);
}

static void hosts(void **state)
{
	static const char *const good[] = { "127.0.0.1", "127.0.0.1:9464", "localhost",
		"LocalHost:1", "[::1]", "[::1]:65535" };
	static const char *const bad[] = { "example.com", "localhost.example.com",
		"127.0.0.1.a", "", ":80", "[::1", "[g::1]", "127.0.0.1:", "127.0.0.1:x",
		"127.0.0.1:123456", "localhost@x", "[::1]x" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!scrape_host_is_literal(slice_from(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (scrape_host_is_literal(slice_from(bad[i])))
			fail_msg("%s", bad[i]);
}

static void queries(void **state)
{
	(void)state;
	assert_true(slice_equals_text(
			scrape_query_find(slice_from("a=1&lang=en&lang=zh"), "lang"), "en"));
	assert_int_equal(scrape_query_find(slice_from("xlang=en&lang"), "lang").size, 0);
	assert_int_equal(scrape_query_find(slice_from(""), "lang").size, 0);
	assert_int_equal(scrape_query_find(slice_from("&&="), "lang").size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(piecewise),
		cmocka_unit_test(nul_inside),
		cmocka_unit_test(hosts),
		cmocka_unit_test(queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
