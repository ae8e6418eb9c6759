/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tight intervals are: what is given is the hull of all completions and not more, for rules
 * that name each attribute once. That they are wide enough is a property of test_properties.c.
 */
#include "rules/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { A, B, N, F, FREE, SLOTS };

/* What the attributes may be while they are unknown; e.free is without bounds. */
static const struct scope_name names[SLOTS] = {
	[A] = { .name = { "e.a", 3 },
			.type = &type_int,
			.has_least = true,
			.has_most = true,
			.least = 3,
			.most = 10 },
	[B] = { .name = { "e.b", 3 },
			.type = &type_int,
			.has_least = true,
			.has_most = true,
			.least = -4,
			.most = 2 },
	[N] = { .name = { "e.n", 3 },
			.type = &type_int,
			.has_least = true,
			.has_most = true,
			.least = -7,
			.most = 0 },
	[F] = { .name = { "e.f", 3 }, .type = &type_bool },
	[FREE] = { .name = { "e.free", 6 }, .type = &type_int, .has_least = true, .least = 5 },
};

static const struct {
	const char *text;
	int64_t least, most;
	bool error;	   /* some completion errs */
	bool most_unknown; /* no bound above */
} intervals[] = {
	{ "e.a", 3, 10, false, false },
	{ "-e.a", -10, -3, false, false },
	{ "e.a + e.b", -1, 12, false, false },
	{ "e.a - e.b", 1, 14, false, false },
	{ "e.a * e.b", -40, 20, false, false },
	{ "e.b * e.n", -14, 28, false, false },
	/* A divisor about zero may err; what is left of it is -4 to -1 and 1 to 2. */
	{ "e.a / e.b", -10, 10, true, false },
	{ "e.b / e.a", -1, 0, false, false },
	{ "100 / e.a", 10, 33, false, false },
	{ "e.a / -2", -5, -1, false, false },
	/* The rest has the sign of the dividend. */
	{ "e.a % 4", 0, 3, false, false },
	{ "e.n % 4", -3, 0, false, false },
	{ "e.b % 4", -3, 3, false, false },
	{ "e.a % -4", 0, 3, false, false },
	{ "e.f ? e.a : e.b", -4, 10, false, false },
	{ "true ? e.a : e.b", 3, 10, false, false },
	{ "wan(e.a)", 3000000, 10000000, false, false },
	{ "money.mulDiv(e.a, 1, 4, \"down\")", 0, 2, false, false },
	{ "money.mulDiv(e.a, 1, 4, \"up\")", 1, 3, false, false },
	{ "money.mulDiv(e.b, e.a, 4, \"half_up\")", -10, 5, false, false },
	{ "e.free + e.a", 8, 0, true, true },
	{ "7", 7, 7, false, false },
};

static void test_table(void **state)
{
	static const struct value unknown[SLOTS];
	struct arena arena;
	struct scope *scope = scope_new();

	(void)state;
	assert_non_null(scope);
	arena_init(&arena, (size_t)1 << 20);
	for (int i = 0; i < SLOTS; i++) {
		struct scope_name name = names[i];

		name.slot = i;
		name.dimension = DIMENSION_FREE;
		assert_true(scope_add(scope, &name));
	}
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		const struct rule_options options = { 0 };
		struct evaluation evaluation = { unknown, SLOTS, NULL, &arena };
		struct diagnostics diagnostics;
		const struct rule *rule;
		struct interval interval;

		diagnostics_init(&diagnostics, &arena);
		rule = rule_compile(slice_from(intervals[i].text), scope, &options, &arena,
				&diagnostics);
		if (!rule)
			fail_msg("%s: %s", intervals[i].text, diagnostics.list[0].message);
		interval = rule_evaluate_interval(rule, scope, &evaluation);
		if (!interval.least_known || interval.least != intervals[i].least ||
				interval.most_known == intervals[i].most_unknown ||
				(interval.most_known && interval.most != intervals[i].most) ||
				interval.error != intervals[i].error)
			fail_msg("%s: [%lld, %lld] (known %d, %d; error %d)", intervals[i].text,
					(long long)interval.least, (long long)interval.most,
					interval.least_known, interval.most_known,
					interval.error);
	}
	arena_fini(&arena);
	scope_free(scope);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
