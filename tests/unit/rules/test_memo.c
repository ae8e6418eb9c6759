/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule of whose parts some are known from other rules is the rule that it is without: the same tree, steps,
 * slots and cost, and the same value of every profile.
 */
#include "memo_world.h"

#include "base/memory.h"
#include "rule_compare.h"
#include "rules/atom.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RULES = 1500, PROFILES = 6 };

static const struct rule *compile(
		struct memo_world *world, const char *text, struct rule_memo *memo)
{
	return memo_world_compile(world, text, memo, &world->arena);
}

static void profiles_compare(
		struct memo_world *world, const struct rule *a, const struct rule *b)
{
	for (int i = 0; i < PROFILES; i++) {
		struct arena_mark mark = arena_mark(&world->call);

		for (int slot = 0; slot < FIRST_OTHER; slot++) {
			world->values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
			if (random_below(4) > 0)
				world->values[slot] = block_value_make(&world->call, slot);
		}
		answers_of_rules_compare(a, b, &world->evaluation);
		arena_rewind(&world->call, mark);
	}
}

/* By its terms a rule comes to the literal that it has by its steps, or its tree. */
static void literals_compare(
		struct memo_world *world, const struct rule *plain, const struct rule *known)
{
	struct atoms *atoms = atoms_new(&world->evaluation);
	uint32_t a, b;

	assert_non_null(atoms);
	assert_true(atoms_add_rule(atoms, plain, &a));
	assert_true(atoms_add_rule(atoms, known, &b));
	if (a != b)
		fail_msg("%.*s is another by its terms", SLICE_PRINT(rule_written(known)));
	atoms_free(atoms);
}

static void text_compare(struct memo_world *world, const char *text)
{
	const struct rule *plain = compile(world, text, NULL);
	const struct rule *known = compile(world, text, world->memo);

	if (!plain || !known)
		fail_msg("no rule: %s", text);
	if (rule_type(plain)->kind == TYPE_BOOL)
		literals_compare(world, plain, known);
	rules_compare(plain, known);
	profiles_compare(world, plain, known);
}

static void test_at_random(void **state)
{
	struct memo_world *world = memo_world_new();

	(void)state;
	for (int i = 0; i < RULES; i++)
		text_compare(world, block_rule_make(&world->arena, (int)random_below(3)));
	memo_world_free(world);
}

/* What was asked for ahead is the same rule: the next one, or the one behind that, or none that is compiled. */
static void test_ahead(void **state)
{
	struct memo_world *world = memo_world_new();
	char *long_one = arena_alloc(&world->arena, 5001);
	const char *next = block_rule_make(&world->arena, 2);

	(void)state;
	assert_non_null(long_one);
	memset(long_one, ' ', 5000);
	memcpy(long_one, "e.n3 > 36", 9);
	long_one[5000] = '\0';
	for (int i = 0; i < RULES / 10; i++) {
		const char *text = next;
		unsigned odd = random_below(8);

		next = odd == 0 ? long_one
				: block_rule_make(&world->arena, (int)random_below(3));
		if (odd != 1)
			rule_memo_ask_for(world->memo, slice_from(next));
		if (odd == 2)
			text_compare(world, "e.n3 > 25 && (e.f0 || e.n1 < 7)");
		if (odd == 3)
			rule_memo_ask_for(world->memo, slice_from("e.n3 + 25 && ("));
		text_compare(world, text);
		if (odd == 4)
			text_compare(world, text);
	}
	memo_world_free(world);
}

/* What the figures of a rule may look like, and what must not be taken for one. */
static void test_figures(void **state)
{
	static const char *const texts[] = {
		/* lists and texts of another length, and what stands behind them */
		"e.c0 in [\"4112\"]",
		"e.c0 in [\"411282\", \"411224\"] && e.n0 >= 25",
		"e.c0 in [ 'C31' ,\"411224\",'x' ] && e.n0 >= 25",
		"e.c0 in [\"C31\", \"C3130\"] || e.n1 < 3 || e.c1 in [\"4112\", \"4113\", "
		"\"4114\"]",
		"e.c0 in [\"C31\",]",
		"e.c0 in []",
		"e.c0 in [\"\", 'a\"b', \"]\", \"),[\"]",
		"e.c0 in [\"it\\u0041\"] || e.c0 in [r\"a\"]",
		"e.c0 in [\"中\", \"国家\"] && e.n0 > 12",
		"e.c0 in [\"县\"] && e.n0 > 13",
		"(e.c0 in [\"a\"]) && e.n0 > 12",
		"(e.c0 in [\"abc\", \"d\"]) && e.n0 > 13",
		"[\"411282\", \"411224\"].exists(t, t in e.l0) && e.n0 > 12",
		"[\"4112\"].exists(t, t in e.l0) && e.n0 > 17",
		"[\"a\", \"b\"].exists(t, t in e.l0) || [\"abc\"].all(t, t in e.l1)",
		"[\"abc\"].exists(t, t in e.l0) || [\"abd\"].all(t, t in e.l1)",
		"[\"a\", \"bcd\"] == e.l0 || e.l0 == [\"a\"] + [\"b\"]",
		"[\"a\"] == e.l0 || e.l0 == [\"abc\"] + [\"b\"]",
		"size([\"a\"]) > e.n0 || size([\"a\", \"b\"]) > e.n0",
		"size([\"abc\", \"d\"]) > e.n0 || size([\"a\"]) > e.n0",
		"\"411282\" in e.l0 && e.n0 > 10",
		"\"C31\" in e.l0 && e.n0 > 11",
		"\"C32\" in e.l0 && e.n0 > 12",
		"\"\" in e.l0 || '' == e.c0",
		"e.c0 == \"C31\" || e.c1 == \"C32\"",
		"e.c0 == \"C33\" || e.c1 == \"C34\"",
		"e.c0 == \"$$$\" || e.c0 == \"##\"",
		"e.c0 + \"a\" == \"ab\" + \"c\"",
		"e.c0 + \"b\" == \"bb\" + \"d\"",
		"e.c0.startsWith(\"C3\") && e.n0 in [3, 4]",
		"e.c0.startsWith(\"C4\") && e.n0 in [5, 6]",
		"region.within(e.c0, \"411200\") && e.n0 > 12",
		"region.within(e.c0, \"410000\") && e.n0 > 14",
		"\"a\" in e.t0 && e.t0[\"a\"] < as_of && e.t0.a < as_of",
		"\"b\" in e.t0 && e.t0[\"b\"] < as_of && e.t0.b < as_of",
		"has(e.t0.a) || has(e.t0.b) && e.n0 > 22",
		"timestamp(\"2026-01-01T00:00:00Z\") < e.d0 && e.n0 > 12",
		"timestamp(\"2025-01-01T00:00:00Z\") < e.d0 && e.n0 > 12",
		"date.addYears(as_of, 12) < e.d0 || date.fullYears(e.d0, as_of) > 25",
		"date.addYears(as_of, 13) < e.d0 || date.fullYears(e.d0, as_of) > 35",
		/* what is computed of figures */
		"e.n0 >= wan(5) && e.n1 < wan(300)",
		"e.n0 >= wan(7) && e.n1 < wan(400)",
		"e.n0 >= wan(-5) && e.n1 < wan(- 300)",
		"e.n0 >= wan(-7) && e.n1 < wan(- 400)",
		"e.n0 >= yi(999999999999999)",
		"e.n0 >= yi(100000000000001)",
		"e.n0 >= wan(5 * 3) && wan(5) + wan(12) > e.n0",
		"e.n0 >= wan(6 * 4) && wan(7) + wan(15) > e.n0",
		"math.abs(-5) > e.n0 && -(5) < e.n0 && - -5 < e.n0",
		"math.abs(-7) > e.n0 && -(7) < e.n0 && - -7 < e.n0",
		"e.n0 > 1 / 0 || e.n0 > 10 / (5 - 5)",
		"e.n0 > 2 / 0 || e.n0 > 20 / (7 - 6)",
		"e.n0 > [10, 20][1] || e.n0 > [10, 20][9]",
		"e.n0 > [11, 21][9] || e.n0 > [11, 21][1]",
		"wan(500)",
		"wan(600)",
		"500",
		"e.n0 * 25 + wan(3)",
		"e.n0 * 35 + wan(4)",
		"p.limit > 25 ? wan(10) : wan(20)",
		"p.limit > 35 ? wan(30) : wan(40)",
		"e.f0 && e.n0 > 12 ? e.f1 || e.n0 > 13 : !e.f2",
		"e.f0 && e.n0 > 22 ? e.f1 || e.n0 > 23 : !e.f2",
		"double(e.n0) > 12.5 || double(e.n0) > 1e3 || double(e.n0) > 25.25 || "
		"uint(e.n0) > 25u",
		/* quotients, which are shown */
		"e.q0 > 25 && e.f0 && 30 <= e.q1",
		"e.q0 > 35 && e.f0 && 40 <= e.q1",
		"(e.q0 > 35 || e.q1 < 20) && !(e.q0 != p.limit && e.f1)",
		"(e.q0 > 45 || e.q1 < 30) && !(e.q0 != p.limit && e.f1)",
		/* what ends like a term that is known, and is none there */
		"e.n0 > 12 ? e.f0 : e.f1",
		"e.f0 && e.n0 > 12 ? e.f0 : e.f1",
		"(e.f0 || e.n0 > 12) == e.f1 && e.n0 > 12",
		"(e.f0) == e.f1 && (e.f0 || (e.f1))",
		"!(e.f0) || !e.f0 || !(e.f1 && e.n0 > 12)",
		"e.f0 == (e.n0 > 12) && (e.n0 > 12)",
		"e.c0 == \"e.f0 && e.f1\" || e.f0 && e.f1",
		"e.c0 in [\"e.f0) && e.f1\", \"e.f0\"] && (e.f0)",
		"(e.c0 in [\"e.f0\"] || (e.n0 > wan(12)))",
		"((e.f1) && ((e.n0 > wan(12)) || ((e.f0))))",
		/* what joins */
		"true && e.f0",
		"true && false || e.f0",
		"e.n0 > 12 && 3 > 2",
		"!(true || false) || e.f0",
		"!(!e.f0) && !(e.f0 && !e.f1) && !!(e.f0 || e.f1)",
		"!e.f0 == e.f1 && (!e.f0) == e.f1 && !(e.f0) == e.f1",
		"((e.f0)) && (((e.f1 || e.f2)))",
		" ( e.f0 || ( e.n0 > 12 && e.f1 ) ) ",
		"( e.n0 + 12 ) > 25 && (e.n0 + 13) * 2 > e.n1 || (e.n1 > 10)",
		"( e.n0 + 22 ) > 35 && (e.n0 + 23) * 3 > e.n1 || (e.n1 > 20)",
		"(e.f0 ? e.n0 > 12 : e.n0 > 13) && e.f1",
		"(e.f0 ? e.n0 > 22 : e.n0 > 23) && e.f1",
		"((e.n0 > 12 || e.f0) && e.f1) || (e.l0.exists(x, x == \"a\" && e.n0 > 25))",
		"((e.n0 > 22 || e.f0) && e.f1) || (e.l0.exists(x, x == \"b\" && e.n0 > 26))",
		"e.f0\n\t&&\r e.n0 > 12 \n",
		"e.f0\f&& e.n0 > 12",
		"{\"a\": 12}[e.c0] > 25 || e.f0",
		"{\"a\": 13}[e.c0] > 26 || e.f0",
		"e.n0 / 12 > 25 && e.f0 // the end",
		"[[1, 2], [3]].exists(x, x == [3]) || [e.n0 > 12, e.f0] == [true, false]",
		"[[1, 4], [5]].exists(x, x == [5]) || [e.n0 > 13, e.f0] == [true, false]",
		"e.n0 >= 25",
		"e.n0 >= 37",
		"e.n0 >= 5",
		"e.n0 >= 0",
		"e.n0 >= -25",
		"e.n0 >= - 31",
		"e.n0 >= 0x1f",
		"e.n0 >= 0x2f",
		"e.n0 >= 123456789012345678",
		"e.n0 >= 223456789012345678",
		"e.n0 + 10 * 3 > 45 - e.n1",
		"e.n0 + 20 * 4 > 55 - e.n1",
		"e.n0 - 20 > e.n1 && e.n0 - 31 > e.n1",
		"  e.n0 >= 25  &&e.n0 >= 26|| e.n0   >=  27",
		"(e.n0 >= 25 && e.n1 < 8) || !(e.n0 >= 26)",
		"e.n0 >= 25 // as of 2026\n && e.n1 < 7",
		"e.n0 >= 25 ? e.n1 < 8 : e.n1 < 9",
		"[e.n0, 12].exists(x, x > 25)",
		"[e.n0, 13].exists(x, x > 26)",
		"[e.n0, 12].exists(x, [x, 30].all(y, y > 25)) && e.n1 > 8",
		"[e.n0, 13].exists(x, [x, 40].all(y, y > 26)) && e.n1 > 9",
		"e.n1 > 7 && [e.n0, 14].exists(x, [x, 50].all(y, y > 27))",
		"size([e.n0, 14].filter(x, x > 25)) >= 2",
		"size([e.n0, 15].filter(x, x > 26)) >= 3 || e.n1 > 8",
		"[3, 4].map(x, x * 25) == [75, 100] && [e.n0].exists(x, x > 2)",
		"[3, 5].map(x, x * 15) == [45, 75] && [e.n0].exists(x, x > 3)",
		"e.n0 in [1, 2, 30]",
		"e.n0 in [1, 4, 50]",
		"\"a 25\" == \"a 25\" && \"a 26\" == \"a 25\"",
		"'it\\'s 25' == 'it\\'s 26'",
		"\"\"\"25\"\"\" == '25'",
		"r\"25\" == '25'",
		"e.n0 / 20 > 30 || e.n0 % 70 == 10",
		"e.n0 / 10 > 20 || e.n0 % 80 == 20",
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			text_compare(world, texts[i]);
	}
	memo_world_free(world);
}

/* Copies of one part share what is below the names in it. */
static bool is_known(const struct node *a, const struct node *b)
{
	const struct node *left = a, *right = b;

	while (left->count && !left->variable) {
		left = left->children[0];
		right = right->children[0];
	}
	assert_non_null(left->variable);
	return left->children == right->children;
}

static const struct node *tree(struct memo_world *world, const struct rule *rule)
{
	const struct node *root = rule_root(rule, &world->arena);

	assert_non_null(root);
	return root;
}

static const struct program *program(struct memo_world *world, const struct rule *rule)
{
	const struct program *program = rule_program(rule, &world->arena);

	assert_non_null(program);
	return program;
}

static void test_known(void **state)
{
	struct memo_world *world = memo_world_new();
	const struct rule *first = compile(world, "e.n3 > 25", world->memo);
	const struct rule *second = compile(world, "e.n3 > 36", world->memo);

	(void)state;
	assert_true(is_known(tree(world, first), tree(world, second)));
	assert_int_equal(tree(world, second)->children[1]->literal.integer, 36);
	assert_false(is_known(tree(world, first),
			tree(world, compile(world, "e.n3 > 366", world->memo))));
	assert_false(is_known(
			tree(world, first), tree(world, compile(world, "e.n3 > 25", NULL))));
	second = compile(world, "e.n1 < 7 && e.n3 > 38", world->memo);
	assert_true(is_known(tree(world, first), tree(world, second)->children[1]));
	first = compile(world, "e.c0 in [\"a\"] && e.n3 >= wan(25) && e.c1 == \"ab\"",
			world->memo);
	second = compile(world, "e.c0 in [\"bc\", \"d\"] && e.n3 >= wan(36) && e.c1 == \"cd\"",
			world->memo);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(is_known(tree(world, first)->children[i],
				tree(world, second)->children[i]));
	first = compile(world, "[e.n0, 3].exists(x, x > 25)", world->memo);
	second = compile(world, "[e.n0, 4].exists(x, x > 36)", world->memo);
	assert_true(is_known(tree(world, first), tree(world, second)));
	assert_int_equal(program(world, second)->loop_depth, 1);
	/* As the key of the first was written: no rule. */
	assert_null(compile(world, "e.n3 > ##", world->memo));
	/* Parts, but none that can be joined. */
	assert_null(compile(world, "e.n3 + 25 && e.f0", world->memo));
	memo_world_free(world);
}

/*
 * A program is made once, when the first asks for it, and a tree likewise; a rule that was read has its own from the
 * start, and one that is a single term the program of that.
 */
static void test_asked(void **state)
{
	static const char text[] =
			"e.n3 > 36 && (e.c0 in [\"ab\", \"c\"] || !(e.f0 && e.n1 <= 3))";
	struct memo_world *world = memo_world_new();
	const struct rule *rule = compile(world, text, world->memo);
	const struct rule *twin = compile(world, text, world->memo);
	const struct rule *read = compile(world, text, NULL);
	size_t size = rule_memo_size(world->memo);

	(void)state;
	assert_non_null(read->root);
	assert_null(rule->root);
	assert_non_null(read->program);
	assert_null(rule->program);
	assert_non_null(compile(world, "e.n3 > 36", world->memo)->program);
	assert_true(rule_evaluate(rule, &world->evaluation).kind ==
			rule_evaluate(read, &world->evaluation).kind);
	assert_ptr_equal(program(world, rule), rule->program);
	assert_null(rule->root);
	assert_true(tree_equals(tree(world, rule), tree(world, read)));
	assert_ptr_equal(tree(world, rule), rule->root);
	assert_null(twin->root);
	assert_null(twin->program);
	assert_true(rule_memo_size(world->memo) > size);
	rules_compare(read, twin);
	assert_ptr_not_equal(twin->root, rule->root);
	memo_world_free(world);
}

/* Without memory for a tree the one who asks is told so, and the next who asks gets it. */
static void test_scarce(void **state)
{
	static const char text[] =
			"e.n3 > 36 && e.c0 in [\"ab\", \"c\"] && wan(30) > e.n1 && !e.f0";
	unsigned long met = 1;
	unsigned failed = 0;

	(void)state;
	for (unsigned long nth = 1; met >= nth; nth++) {
		struct memo_world *world = memo_world_new();
		const struct rule *read = compile(world, text, NULL);
		const struct rule *rule = compile(world, text, world->memo);
		struct rule_explain_options options = { 0 };
		struct rule_atom *atoms;
		struct arena arena;
		size_t count;
		bool told;

		arena_init(&arena, (size_t)1 << 20);
		world->evaluation.arena = &arena;
		(void)memory_fail_nth(nth, 1);
		told = rule_explain(rule, &world->evaluation, &options, &atoms, &count);
		met = memory_fail_nth(0, 0);
		assert_true(told || arena.exhausted);
		failed += !told && !rule->root;
		arena_fini(&arena);
		rules_compare(read, rule);
		arena_fini(&arena);
		memo_world_free(world);
	}
	assert_true(failed > 0);
}

enum { ASKERS = 4, ASKED = 400 };

struct asking {
	const struct rule *rules[ASKED];
	const struct node *trees[ASKED];
	const struct program *programs[ASKED];
	bool trees_first;
};

static void *ask(void *context)
{
	struct asking *asking = context;
	struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < ASKED; i++) {
		if (asking->trees_first)
			asking->trees[i] = rule_root(asking->rules[i], &arena);
		asking->programs[i] = rule_program(asking->rules[i], &arena);
		asking->trees[i] = rule_root(asking->rules[i], &arena);
	}
	arena_fini(&arena);
	return NULL;
}

/* Whoever is first makes it, and the others get the same. */
static void test_threads(void **state)
{
	struct memo_world *world = memo_world_new();
	struct asking asking[ASKERS];
	pthread_t threads[ASKERS];

	(void)state;
	for (size_t i = 0; i < ASKED; i++) {
		const char *text = arena_format(&world->arena,
				"e.n3 > %zu && (e.f0 || e.c0 in [\"a%zu\", \"b\"])", i + 1,
				i % 9);

		asking[0].rules[i] = compile(world, text, world->memo);
	}
	for (size_t k = 0; k < ASKERS; k++) {
		memcpy(asking[k].rules, asking[0].rules, sizeof(asking[0].rules));
		asking[k].trees_first = k % 2;
	}
	for (size_t k = 0; k < ASKERS; k++)
		assert_int_equal(pthread_create(&threads[k], NULL, ask, &asking[k]), 0);
	for (size_t k = 0; k < ASKERS; k++)
		assert_int_equal(pthread_join(threads[k], NULL), 0);
	for (size_t i = 0; i < ASKED; i++) {
		for (size_t k = 0; k < ASKERS; k++) {
			assert_ptr_equal(asking[k].trees[i], asking[0].rules[i]->root);
			assert_ptr_equal(asking[k].programs[i], asking[0].rules[i]->program);
		}
		assert_non_null(asking[0].trees[i]);
		assert_non_null(asking[0].programs[i]);
	}
	memo_world_free(world);
}

/* Of what has nothing to compute beforehand, the room on the stack is the same, too. */
static void test_stack(void **state)
{
	static const char *const texts[] = {
		"e.f0",
		"e.n0 > 25",
		"e.f0 && e.n0 > 25",
		"e.n0 > 25 && e.f0",
		"e.n0 + (e.n1 + (e.n2 + e.n3)) > 25 && e.f0",
		"e.f0 && e.n0 + (e.n1 + (e.n2 + e.n3)) > 25",
		"e.f0 || (e.f1 && (e.f0 || !(e.f0 && e.n0 > 25)))",
		"(e.f1 && e.n0 > 26) || (e.f1 && (e.n0 > 25 || e.n1 + (e.n2 + 3) > 25))",
	};
	struct memo_world *world = memo_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(program(world, compile(world, texts[i], world->memo))
						 ->stack_size,
				program(world, compile(world, texts[i], NULL))->stack_size);
	memo_world_free(world);
}

/*
 * In a table that has rules of two memos, and of none, a rule has one literal, whichever comes first.
 */
static void test_literals(void **state)
{
	struct memo_world *world = memo_world_new();
	struct rule_memo *other = rule_memo_new();
	struct evaluation bound = world->evaluation;
	struct atoms *atoms;
	size_t formed = 0;

	(void)state;
	assert_non_null(other);
	/* Who makes a table has compiled its rules: terms that come later are taken apart each time. */
	for (int i = 0; i < RULES / 2; i++)
		(void)compile(world, block_rule_make(&world->arena, (int)random_below(3)),
				world->memo);
	atoms = atoms_new(&bound);
	assert_non_null(atoms);
	for (int i = 0; i < RULES; i++) {
		const char *text = block_rule_make(&world->arena, (int)random_below(3));
		const struct rule *rules[] = { compile(world, text, NULL),
			compile(world, text, world->memo), compile(world, text, other),
			compile(world, text, world->memo) };
		size_t first = (size_t)i % 4;
		uint32_t literals[4];

		assert_null(rules[0]->form);
		formed += rules[1]->form != NULL;
		for (size_t k = 0; k < 4; k++)
			assert_true(atoms_add_rule(atoms, rules[(first + k) % 4],
					&literals[(first + k) % 4]));
		for (size_t k = 1; k < 4; k++)
			assert_int_equal(literals[k], literals[0]);
	}
	assert_true(formed > RULES / 2);
	atoms_free(atoms);
	rule_memo_free(other);
	memo_world_free(world);
}

/* An "and" within another is no formula of its own: what it joins stands beside the rest. */
static void test_nested(void **state)
{
	static const char *const texts[] = {
		"e.f1 && (e.n3 > 25 && !(e.f0 || e.n3 > 99) && (e.n2 > 1 && e.n3 > 7))",
		"(e.f1 && (e.n3 > 25 && e.n2 > 1)) && !(e.f0 || e.n3 > 99) && e.n3 > 7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct memo_world *world = memo_world_new();
		const struct rule *rule = compile(world, texts[i], world->memo);
		struct atoms *atoms = atoms_new(&world->evaluation);
		size_t joined = 0;
		uint32_t literal;

		assert_non_null(atoms);
		assert_non_null(rule->form);
		assert_true(atoms_add_rule(atoms, rule, &literal));
		for (size_t k = 0; k < atoms->formula_count; k++)
			joined += atoms->formulas[k].kind == FORMULA_ALL;
		assert_int_equal(joined, 2);
		assert_int_equal(atoms_formula(atoms, literal)->count, 6);
		atoms_free(atoms);
		text_compare(world, texts[i]);
		memo_world_free(world);
	}
}

/* More terms than a memo has room for: what has others is joined from parts, and says the same. */
static void test_many(void **state)
{
	enum { TERMS = 70000 };
	struct memo_world *world = memo_world_new();
	const struct rule *rule = NULL;

	(void)state;
	for (size_t i = 1; i <= TERMS; i++) {
		const char *text = arena_format(&world->arena, "e.f1 && e.n3 > %zu", i);

		rule = compile(world, text, world->memo);
		assert_non_null(rule);
		assert_true(i > 60000 || rule->form);
		if (i % 1000 == 0)
			rules_compare(compile(world, text, NULL), rule);
	}
	assert_null(rule->form);
	assert_non_null(rule->program);
	assert_non_null(compile(world, "e.n3 > 25 && !(e.f1 || e.n3 > 1)", world->memo)->form);
	memo_world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_scarce),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("rules/memo", tests, NULL, NULL);
}
