/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions in parts: what is asked is what would be asked if each part were a condition. */
#include "../effort.h"
#include "base/buffer.h"
#include "proto/codec/codec.h"
#include "question_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *dictionary;

static unsigned chance(uint64_t *seed, unsigned limit)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % limit;
}

/*
 * Part @number of a rule. Only the first may settle before all that it reads is known, and what it reads no other
 * does: else the points of a settled part would stand among those of its rule, but a settled condition has none.
 */
static const char *part_make(struct arena *arena, uint64_t *seed, unsigned number)
{
	static const char *const flags[] = { "srdi", "tech_sme", "dishonest" };
	const char *flag = flags[chance(seed, 3)];
	const char *figure = chance(seed, 2) ? "staff" : "rd_expense";
	bool money = strcmp(figure, "staff") != 0;
	const char *bound = arena_format(
			arena, money ? "wan(%u)" : "%u", 10 * (1 + chance(seed, 5)));

	switch (chance(seed, 7)) {
	case 0:
		return arena_format(arena, "e.%s", flag);
	case 1:
		return arena_format(arena, "!e.%s", flag);
	case 2:
		return arena_format(arena, "e.tech_share >= %u", 100000 * chance(seed, 6));
	case 3:
		return number ? arena_format(arena, "!e.%s", flag)
			      : arena_format(arena, "(e.%s || e.revenue < wan(%u))", flag,
						10 * (1 + chance(seed, 5)));
	case 4:
		return arena_format(
				arena, "e.industry.startsWith(\"C%u\")", 31 + chance(seed, 3));
	case 5:
		return "date.addYears(e.registered_on, 2) <= as_of";
	default:
		return arena_format(arena, "e.%s >= %s", figure, bound);
	}
}

/* The same policies twice: with the parts of their one condition, and with each as a condition. */
static void catalogs_make(struct arena *arena, uint64_t seed, const char **out_whole,
		const char **out_apart)
{
	const char *whole = "", *apart = "";

	for (unsigned i = 0; i < 12; i++) {
		unsigned count = 2 + chance(&seed, 3);
		const char *head = arena_format(arena, "policy p%02u\nwindow always\n", i);
		const char *tail = arena_format(arena, "pays wan(%u)\n", 1 + chance(&seed, 99));
		const char *rule = NULL;

		apart = arena_format(arena, "%s%s", apart, head);
		for (unsigned k = 0; k < count; k++) {
			const char *part = part_make(arena, &seed, k);

			rule = rule ? arena_format(arena, "%s && %s", rule, part) : part;
			apart = arena_format(arena, "%srequire %s\n", apart, part);
		}
		apart = arena_format(arena, "%s%s", apart, tail);
		whole = arena_format(arena, "%s%srequire %s\n%s", whole, head, rule, tail);
	}
	*out_whole = whole;
	*out_apart = apart;
}

static const char *profile_make(struct arena *arena, uint64_t *seed)
{
	static const char *const values[] = { "srdi = 是", "tech_sme = 否", "dishonest = 否",
		"staff = 25", "rd_expense = 30万元", "revenue = 90万元", "tech_staff = 8",
		"industry = C3130", "registered_on = 2023-06-01" };
	const char *profile = "";

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (chance(seed, 3) == 0)
			profile = arena_format(arena, "%s%s%s", profile, *profile ? ", " : "",
					values[i]);
	}
	return profile;
}

static void asks_parts_as_conditions(void **state)
{
	unsigned questions = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= effort(12, 400); seed++) {
		struct question_world whole, apart;
		struct arena arena;
		const char *lines, *lines_apart;
		uint64_t random = seed;

		arena_init(&arena, (size_t)16 << 20);
		catalogs_make(&arena, seed, &lines, &lines_apart);
		question_world_init(&whole, dictionary, lines);
		question_world_init(&apart, dictionary, lines_apart);
		for (int i = 0; i < 12; i++) {
			const char *profile = profile_make(&arena, &random);
			Policycalc__V1__NextQuestionResponse *a =
					question_world_ask(&whole, profile, NULL);
			Policycalc__V1__NextQuestionResponse *b =
					question_world_ask(&apart, profile, NULL);
			struct buffer left = { 0 }, right = { 0 };

			assert_true(message_pack(&a->base, &left));
			assert_true(message_pack(&b->base, &right));
			assert_int_equal(left.size, right.size);
			assert_memory_equal(left.data, right.data, left.size);
			buffer_fini(&left);
			buffer_fini(&right);
			questions += a->question != NULL;
		}
		question_world_fini(&whole);
		question_world_fini(&apart);
		arena_fini(&arena);
	}
	assert_true(questions > 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_parts_as_conditions),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
