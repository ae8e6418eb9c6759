/* SPDX-License-Identifier: Apache-2.0 */
/* What terms a rule is made of, and what joins them. */
#include "memo_world.h"

#include "rule_compare.h"
#include "rules/memo_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct rule *compile(
		struct memo_world *world, const char *text, struct rule_memo *memo)
{
	const struct rule *rule = memo_world_compile(world, text, memo, &world->arena);

	assert_non_null(rule);
	return rule;
}

/* By its form it is the rule that its text is. */
static void form_compare(struct memo_world *world, const char *text)
{
	rules_compare(compile(world, text, NULL), compile(world, text, world->memo));
}

/* The terms of @rule by their texts, and what joins them, as in "a b &2". */
static char *form_text(struct memo_world *world, const struct rule *rule)
{
	static const char signs[] = { [FORM_NOT] = '!', [FORM_AND] = '&', [FORM_OR] = '|' };
	char *text = arena_copy_text(&world->arena, "");

	assert_non_null(rule->form);
	for (uint32_t i = 0; i < rule->form_count; i++) {
		uint32_t word = rule->form[i];

		if (word & FORM_JOINT)
			text = arena_format(&world->arena, "%s %c%zu", text,
					signs[form_kind(word)], form_count(word));
		else
			text = arena_format(&world->arena, "%s [%.*s]", text,
					SLICE_PRINT(rule_written(
							memo_term(world->memo, word))));
	}
	return text;
}

/*
 * A rule has the same form whether its terms are known or new, it was asked for ahead or not, and it is split at once
 * or read part by part.
 */
static void test_forms(void **state)
{
	static const struct {
		const char *text, *form;
	} rules[] = {
		{ "e.n3 > 25", " [e.n3 > 25]" },
		{ " ( (e.n3 > 25) )", " [e.n3 > 25]" },
		{ "e.f0 && e.f1 && e.f2", " [e.f0] [e.f1] [e.f2] &3" },
		{ "e.f0&&e.f1||\te.f2", " [e.f0] [e.f1] &2 [e.f2] |2" },
		{ "e.f0 || e.f1 && e.f2 || !(e.f0)", " [e.f0] [e.f1] [e.f2] &2 [e.f0] !1 |3" },
		{ "!( !(e.f0 || e.f1) && e.n0 >= wan(12) ) && e.f2",
				" [e.f0] [e.f1] |2 !1 [e.n0 >= wan(12)] &2 !1 [e.f2] &2" },
		{ "e.f0 && ((e.n0 >= wan(12) || e.n1 < wan(3)) && (e.f1 && e.f2))",
				" [e.f0] [e.n0 >= wan(12)] [e.n1 < wan(3)] |2 [e.f1] [e.f2] &2 "
				"&2 &2" },
		{ "(e.c0 in [\"a\", \"bc\"]) && ([\"ab\"].exists(t, t in e.l0) || !e.f0)",
				" [e.c0 in [\"a\", \"bc\"]] [[\"ab\"].exists(t, t in e.l0)] "
				"[!e.f0] |2 &2" },
		/* not to be split where they look like it */
		{ "(e.n0 + 12) > 25 && (e.n0 > 12)", " [(e.n0 + 12) > 25] [e.n0 > 12] &2" },
		{ "e.c0 == \"e.f0 && e.f1\" || e.f0", " [e.c0 == \"e.f0 && e.f1\"] [e.f0] |2" },
		{ "(e.c0 == \"(\") && (e.c0 == \")\")", " [e.c0 == \"(\"] [e.c0 == \")\"] &2" },
		{ "[e.n0, 12].exists(x, x > 25 && x < 36) && e.f0",
				" [[e.n0, 12].exists(x, x > 25 && x < 36)] [e.f0] &2" },
		{ "e.f0 && e.n0 > 12 ? e.f1 : e.f2", " [e.f0 && e.n0 > 12 ? e.f1 : e.f2]" },
		{ "e.f0 ? e.f1 : e.f2", " [e.f0 ? e.f1 : e.f2]" },
		{ "e.f1 && (e.f0 ? e.f1 : e.f2)", " [e.f1] [(e.f0 ? e.f1 : e.f2)] &2" },
		/* longer than what a term has room for, and as long */
		{ "e.c0 in [\"411282\", \"411224\", \"411225\"] && e.f0",
				" [e.c0 in [\"411282\", \"411224\", \"411225\"]] [e.f0] &2" },
		{ "e.c0 in [\"411282\", \"411224\", \"411226\"] && e.f0",
				" [e.c0 in [\"411282\", \"411224\", \"411226\"]] [e.f0] &2" },
		{ "e.c0 in [\"411282\", \"4112\", \"411233\"]",
				" [e.c0 in [\"411282\", \"4112\", \"411233\"]]" },
		{ "e.c0 in [\"411282\", \"4112\", \"411234\"]",
				" [e.c0 in [\"411282\", \"4112\", \"411234\"]]" },
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
			const struct rule *rule;

			if (round == 2)
				rule_memo_ask_for(world->memo, slice_from(rules[i].text));
			rule = compile(world, rules[i].text, world->memo);
			assert_string_equal(form_text(world, rule), rules[i].form);
			form_compare(world, rules[i].text);
		}
	}
	memo_world_free(world);
}

/* All that are joined are terms, up to as many as there may be; deep ones and long ones are read part by part. */
static void test_large_forms(void **state)
{
	struct memo_world *world = memo_world_new();

	(void)state;
	for (unsigned parts = 1; parts <= 70; parts++) {
		char *all = arena_copy_text(&world->arena, "e.f0");
		char *deep = arena_copy_text(&world->arena, "e.f0");

		for (unsigned i = 1; i < parts; i++) {
			all = arena_format(&world->arena, "%s %s e.n0 > %u", all,
					i % 5 == 0 ? "||" : "&&", i + 1);
			if (i % 2)
				deep = arena_format(
						&world->arena, "e.n1 > %u && (%s)", i, deep);
			else
				deep = arena_format(
						&world->arena, "!(%s) || e.n1 > %u", deep, i);
		}
		form_compare(world, all);
		if (parts <= 20)
			form_compare(world, deep);
		/* Too many to be told apart are one part. */
		if ((parts > 1 && parts <= 50) || parts > 60)
			assert_int_equal(compile(world, all, world->memo)->form_count > 1,
					parts <= 50);
	}
	memo_world_free(world);
}

/* What the parser calls nested too deep is so with a memo, wherever parentheses, brackets and choices stand. */
static void test_deep(void **state)
{
	static const struct {
		const char *begin, *middle, *end;
	} forms[] = {
		{ "(", "e.f0", ")" },
		{ "!(", "e.f0 && e.f1", ")" },
		{ "(e.f1 || (", "e.f0", "))" },
		{ "(", "(((((((((((e.n0))))))))))) > 3", ")" },
		{ "(", "[[[[[[[[[[[[[3]]]]]]]]]]]]] == [[[[[[[[[[[[[4]]]]]]]]]]]]]", ")" },
		{ "(e.f0 ? e.f1 : ", "e.f2", ")" },
		{ "e.f0 ? e.f1 : ", "e.f2", "" },
		{ "math.abs(", "e.n0", ")" },
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		unsigned accepted = 0;
		const char *text = forms[i].middle;

		for (unsigned depth = 1; depth <= 80; depth++) {
			const struct rule *plain, *known;

			text = arena_format(&world->arena, "%s%s%s", forms[i].begin, text,
					forms[i].end);
			plain = memo_world_compile(world, text, NULL, &world->arena);
			known = memo_world_compile(world, text, world->memo, &world->arena);
			if (!plain != !known)
				fail_msg("%s %s", plain ? "no rule" : "a rule", text);
			if (plain)
				rules_compare(plain, known);
			accepted += plain != NULL;
		}
		assert_in_range(accepted, 25, 65);
	}
	memo_world_free(world);
}

/* Who tells how many rules there will be has room made for their terms at once; what is known is the same. */
static void test_expected(void **state)
{
	enum { EXPECTED = 9000, COUNT = 1500 };
	struct memo_world *told = memo_world_new();
	struct memo_world *other = memo_world_new();

	(void)state;
	rule_memo_expect(told->memo, EXPECTED);
	for (size_t i = 1; i <= COUNT; i++) {
		const char *text = arena_format(&told->arena,
				"e.f1 && (e.n3 > %zu || !(e.c0 in [\"a%zu\", \"b\"]))", i,
				i / 2);
		const struct rule *rule = compile(told, text, told->memo);

		assert_string_equal(form_text(told, rule),
				form_text(other, compile(other, text, other->memo)));
	}
	assert_int_equal(told->memo->lists.count, 0);
	for (size_t i = 100; i <= COUNT; i += 100)
		form_compare(told, arena_format(&told->arena,
						   "e.f1 && (e.n3 > %zu || !(e.c0 in "
						   "[\"a%zu\", \"b\"]))",
						   i, i / 2));
	assert_int_equal(other->memo->terms.capacity, 4096);
	assert_int_equal(told->memo->terms.capacity, 8192);
	assert_int_equal(told->memo->terms.count, other->memo->terms.count);
	/* Those of the trees that were asked for. */
	assert_int_equal(told->memo->lists.count, COUNT / 100);
	memo_world_free(told);
	memo_world_free(other);
}

/*
 * What is no rule is none with a memo either, though terms of it are known, and their parentheses end where others
 * would have to.
 */
static void test_refused(void **state)
{
	static const char *const texts[] = {
		"((((((((((((((((e.f0)))))))))))))))) && e.f1)))))))))))))))",
		"(((((((((((((((((e.f0))))))))))))))))) && e.f1)))))))))))))))",
		"e.f1 && ((((((((((((((((e.f0)))))))))))))))) && e.f1)))))))))))))))",
		"(((((((((((((((e.f0))))))))))))))) && e.f1)))))))))))))))",
		"(e.f0) && e.f1)",
		"((e.f0) && e.f1",
		"!(e.f0)) && (e.f1",
		"(e.c0 == \"(\") && e.f1)",
		"(e.c0 == \")\" && e.f1",
		"e.f0 &&& e.f1",
		"e.f0 && || e.f1",
		"e.f0 & e.f1",
		"e.f0 && ",
		"&& e.f0",
		"e.f0 && ()",
		"e.f0 && e.n0 > 12 ? e.f1",
		"e.f0 : e.f1 && e.f0",
		"e.f0, e.f1 && e.f0",
		"e.c0 == \"e.f0 && e.f1",
		"e.f0 && e.n0",
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			assert_non_null(compile(
					world, "e.f0 && e.f1 && ((e.f0))", world->memo));
			assert_null(memo_world_compile(world, texts[i], NULL, &world->arena));
			if (memo_world_compile(world, texts[i], world->memo, &world->arena))
				fail_msg("a rule: %s", texts[i]);
		}
	}
	memo_world_free(world);
}

/* What a term with a list costs hangs on how many strings that has, which others of its part had before or not. */
static void test_list_costs(void **state)
{
	struct memo_world *world = memo_world_new();

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned count = 1; count <= 40; count++) {
			char *list = arena_copy_text(&world->arena, "");

			for (unsigned i = 0; i < count; i++)
				list = arena_format(&world->arena, "%s%s\"c%u-%u\"", list,
						i ? ", " : "", round, i);
			form_compare(world, arena_format(&world->arena,
							    "e.c0 in [%s] && e.c0 + \"x\" in "
							    "[%s] && e.n3 > 4",
							    list, list));
		}
	}
	memo_world_free(world);
}

/* A rule of which a byte or two is another, is a rule with a memo if it is one without, and the same. */
static void test_odd(void **state)
{
	static const char bytes[] = "()&|! \"',?.e0";
	struct memo_world *world = memo_world_new();
	size_t rules = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		char *text = arena_copy_text(&world->arena, block_rule_make(&world->arena, 2));
		const struct rule *plain, *known;

		for (size_t k = random_below(2) + 1; k > 0; k--)
			text[random_below((unsigned)strlen(text))] =
					bytes[random_below((unsigned)sizeof(bytes) - 1)];
		if (i % 2)
			rule_memo_ask_for(world->memo, slice_from(text));
		plain = memo_world_compile(world, text, NULL, &world->arena);
		known = memo_world_compile(world, text, world->memo, &world->arena);
		if (!plain != !known)
			fail_msg("%s memo a rule: %s", plain ? "Without" : "With a", text);
		if (plain)
			rules_compare(plain, known);
		rules += plain != NULL;
	}
	assert_in_range(rules, 100, 3900);
	memo_world_free(world);
}

/* Where parentheses and joints stand in a text makes no difference to its form. */
static void test_places(void **state)
{
	static const char *const texts[] = {
		"e.f1 && %*s(e.n3 > 4 || !(e.f0 && (e.n1 < 3 || e.n3 >= wan(25))))",
		"(e.n3 >= wan(25) && %*s!(e.f1 || (e.f0 && e.n1 < 3)) ) || e.f1",
		"((e.f0 || e.n3 > 5) && (e.f1%*s|| (e.n1 < 3 && e.f0) ) )",
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *form = NULL;

		for (int blanks = 0; blanks < 140; blanks++) {
			char text[512];

			(void)snprintf(text, sizeof(text), texts[i], blanks, "");
			form_compare(world, arena_copy_text(&world->arena, text));
			if (!form)
				form = form_text(world, compile(world, text, world->memo));
			assert_string_equal(form,
					form_text(world, compile(world, text, world->memo)));
		}
	}
	memo_world_free(world);
}

/* A text has one hash, whatever memo is asked and when; what is nearly the same has another. */
static void test_hashes(void **state)
{
	static const char *const texts[] = { "e.f0", "e.f1", "e.f0 && e.f1", "e.f1 && e.f0",
		"e.f0 || e.f1", "e.f0 && !(e.f1)", "(e.f0) && e.f1", "e.f0  && e.f1",
		"e.f0 && (e.f1 || e.n3 > 25)", "e.f0 ? e.f1 : e.f0", "no rule (((",
		"e.f0 && &&", "e.n3 > 2500000000000", "e.n3 > 2500000000001",
		"e.n3 > 3500000000000",
		"e.c0 in [\"C3130\", \"C3131\", \"C3132\", \"C3133\", \"C3134\"]",
		"e.c0 in [\"C3130\", \"C3131\", \"C3132\", \"C3143\", \"C3134\"]",
		"e.c0 in [\"C3130\", \"C3131\", \"C3132\", \"C3133\", \"C3135\"]" };
	enum { COUNT = sizeof(texts) / sizeof(*texts) };
	struct memo_world *world = memo_world_new();
	struct memo_world *other = memo_world_new();
	char *long_one = arena_alloc(&world->arena, 5001);
	uint32_t hashes[COUNT];

	(void)state;
	assert_non_null(long_one);
	memset(long_one, ' ', 5000);
	long_one[5000] = '\0';
	for (int i = 0; i < COUNT; i++) {
		hashes[i] = rule_memo_ask_for(world->memo, slice_from(texts[i]));
		for (int k = 0; k < i; k++)
			assert_int_not_equal(hashes[k], hashes[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(rule_memo_hash(world->memo, slice_from(texts[i])), hashes[i]);
		(void)memo_world_compile(
				other, texts[COUNT - 1 - i], other->memo, &other->arena);
		assert_int_equal(rule_memo_hash(other->memo, slice_from(texts[i])), hashes[i]);
	}
	assert_int_equal(rule_memo_ask_for(world->memo, slice_from(long_one)),
			rule_memo_hash(other->memo, slice_from(long_one)));
	memo_world_free(world);
	memo_world_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_large_forms),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_list_costs),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests_name("rules/memo_form", tests, NULL, NULL);
}
