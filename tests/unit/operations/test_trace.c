/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken for a trace context or a request id, and what is not: https://www.w3.org/TR/trace-context/ */
#include "operations/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static const struct {
	const char *header;
	bool ok;
} cases[] = {
	{ "00-" ID "-" SPAN "-01", true },
	{ "00-" ID "-" SPAN "-ff", true },
	{ "01-" ID "-" SPAN "-00", true },
	{ "cc-" ID "-" SPAN "-00-what-the-future-will-be", true },
	{ "cc-" ID "-" SPAN "-00.what", false },
	{ "00-" ID "-" SPAN "-01-more", false },
	{ "00-" ID "-" SPAN "-01-", false },
	{ "ff-" ID "-" SPAN "-01", false },
	{ "00-" ID "-" SPAN "-1", false },
	{ "00-" ID "-" SPAN "-0G", false },
	{ "00-" ID "-" SPAN "-0A", false },
	{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false },
	{ "00-00000000000000000000000000000000-" SPAN "-01", false },
	{ "00-" ID "-0000000000000000-01", false },
	{ "00-" ID "-" SPAN " 01", false },
	{ "0-" ID "-" SPAN "-01", false },
	{ " 00-" ID "-" SPAN "-01", false },
	{ "00_" ID "-" SPAN "-01", false },
	{ "", false },
};

/* In memory of exactly its size. */
static void contexts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t size = strlen(cases[i].header);
		char *copy = malloc(size ? size : 1);
		struct trace trace;

		assert_non_null(copy);
		memcpy(copy, cases[i].header, size);
		if (trace_parse((struct slice){ copy, size }, &trace) != cases[i].ok)
			fail_msg("%s", cases[i].header);
		if (cases[i].ok) {
			assert_string_equal(trace.id, ID);
			assert_string_equal(trace.parent, SPAN);
		}
		for (size_t cut = 0; cut < size && cut < 55; cut++)
			assert_false(trace_parse((struct slice){ copy, cut }, &trace));
		free(copy);
	}
}

static void request_ids(void **state)
{
	static const char *const good[] = { ID, "8E03978E-40D5-43E8-BC93-6894A57F9324" };
	/* The last three could be somebody's. */
	static const char *const bad[] = { "", "a b", "8e03978e-40d5-43e8-bc93-6894a57f932",
		"8e03978e_40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f932g",
		"91411282MA9F0000XK", "13812345678", "order of Zhang San" };
	char id[TRACE_REQUEST_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(trace_request_id(slice_from(good[i]), id));
		assert_string_equal(id, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (trace_request_id(slice_from(bad[i]), id))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contexts),
		cmocka_unit_test(request_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
