/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator against counts and hashes that the program of the folder "shared" printed
 * ("workload answers 1000 4 SEED"): whoever changes a draw changes them.
 */
#include "workload_catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define POLICIES 1000

struct known_answer {
	uint64_t seed, enterprise;
	int64_t matches;
	uint64_t hash;
};

static const struct known_answer known_answers[] = {
	{ 42, 0, 20, UINT64_C(0x00527cef2b4db2c2) },
	{ 42, 1, 30, UINT64_C(0x7019c50e59f1d370) },
	{ 42, 2, 15, UINT64_C(0x1922929b10799df8) },
	{ 42, 3, 14, UINT64_C(0x4cd948cfcc1ae3a6) },
	{ 7, 0, 17, UINT64_C(0xb2b631ebb00816a8) },
	{ 7, 1, 7, UINT64_C(0x86ab4e025bc1e7cf) },
	{ 7, 2, 39, UINT64_C(0xe091a6ccf4239913) },
	{ 7, 3, 7, UINT64_C(0x1f49f26be08398c4) },
	{ 20261127, 0, 4, UINT64_C(0x4e1f6d2f808b1dc6) },
	{ 20261127, 1, 1, UINT64_C(0x7a150b69856e2913) },
	{ 20261127, 2, 19, UINT64_C(0x90d481d3aa47538b) },
	{ 20261127, 3, 34, UINT64_C(0x09cb641363192582) },
};

static void test_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known_answers) / sizeof(*known_answers); i++) {
		const struct known_answer *known = &known_answers[i];
		struct made_answer answer = { 0 };
		struct made_enterprise enterprise;
		struct generator generator;

		generator_init(&generator, known->seed, NULL);
		generator_enterprise(&generator, known->enterprise, &enterprise);
		for (uint64_t k = 0; k < POLICIES; k++) {
			struct made_policy policy;

			generator_policy(&generator, k, &policy);
			if (made_policy_holds(&policy, &enterprise))
				made_answer_put(&answer, k);
			made_policy_fini(&policy);
		}
		generator_fini(&generator);
		assert_int_equal(answer.matches, known->matches);
		assert_true(answer.hash == known->hash);
	}
}

static char *rule_of(const struct generator *generator, uint64_t number)
{
	struct made_policy policy;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	generator_policy(generator, number, &policy);
	made_policy_print(&policy, out);
	made_policy_fini(&policy);
	(void)fclose(out);
	return text;
}

static void test_rule_texts(void **state)
{
	struct generator generator;
	char *text;

	(void)state;
	generator_init(&generator, 42, NULL);
	text = rule_of(&generator, 5);
	assert_string_equal(text,
			"e.city in [\"4112\"] && e.above_scale && \"hightech\" in e.honours && "
			"e.investment >= wan(500) && (e.rd_intensity >= 1000 && e.rd_intensity "
			"< "
			"7000) && \"chain12\" in e.chains && e.revenue_growth >= 300000");
	free(text);
	generator_fini(&generator);
}

/* The shapes change what they are to change, and nothing else asks for it. */
static void test_shapes(void **state)
{
	static const struct made_shape shapes[] = { { .distinct = true }, { .no_region = true },
		{ .wide = true } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct generator generator;
		size_t odd = 0, regions = 0, wide = 0;

		generator_init(&generator, 42, &shapes[i]);
		for (uint64_t k = 0; k < POLICIES; k++) {
			char *text = rule_of(&generator, k);
			struct made_policy policy;

			generator_policy(&generator, k, &policy);
			wide += policy.wide != NULL;
			made_policy_fini(&policy);
			odd += strstr(text, "yuan(") != NULL;
			regions += strstr(text, "e.county") || strstr(text, "e.city");
			free(text);
		}
		generator_fini(&generator);
		assert_true(shapes[i].distinct ? odd > POLICIES / 4 : odd == 0);
		assert_true(shapes[i].no_region ? regions == 0 : regions > POLICIES / 2);
		assert_int_equal(wide, shapes[i].wide ? POLICIES / 100 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_rule_texts),
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
