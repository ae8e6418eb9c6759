/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule of whose parts some are known from other rules is the rule that it is without: the same tree, steps,
 * slots and cost, and the same value of every profile.
 */
#include "block_world.h"

#include "rules/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RULES = 1500, PROFILES = 6 };

struct world {
	struct arena arena;
	struct diagnostics diagnostics;
	struct scope *scope;
	struct region_table *regions;
	struct rule_memo *memo;
	struct value values[SLOTS];
	struct evaluation evaluation;
};

static struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	arena_init(&world->arena, (size_t)256 << 20);
	diagnostics_init(&world->diagnostics, &world->arena);
	world->scope = block_scope_make(&world->arena);
	world->regions = block_regions_make();
	world->memo = rule_memo_new();
	assert_non_null(world->memo);
	block_bounds_make(world->values);
	world->evaluation = (struct evaluation){ .values = world->values,
		.value_count = SLOTS,
		.regions = world->regions,
		.arena = &world->arena };
	return world;
}

static void world_free(struct world *world)
{
	rule_memo_free(world->memo);
	scope_free(world->scope);
	region_table_free(world->regions);
	arena_fini(&world->arena);
	free(world);
}

static const struct rule *compile(struct world *world, const char *text, struct rule_memo *memo)
{
	struct rule_options options = { .path = "memo",
		.cost_limit = UINT64_MAX,
		.lasting = true,
		.memo = memo,
		.regions = world->regions };

	return rule_compile(slice_from(text), world->scope, &options, &world->arena,
			&world->diagnostics);
}

/* All that a rule says of itself. */
static char *rule_text(const struct rule *rule)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	rule_dump_tree(rule, out);
	rule_dump_program(rule, out);
	(void)fprintf(out, "%llu steps, %d constants, %d loops\n",
			(unsigned long long)rule_cost(rule), rule->program.constant_count,
			rule->program.loop_depth);
	(void)fclose(out);
	return text;
}

/* Places too: who looks at one part of a rule finds it by them. */
static void nodes_compare(const struct node *a, const struct node *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->constant, b->constant);
	assert_int_equal(a->reads_attribute, b->reads_attribute);
	assert_int_equal(a->code_begin, b->code_begin);
	assert_int_equal(a->code_end, b->code_end);
	if (a->code_begin >= 0) {
		assert_int_equal(a->begin, b->begin);
		assert_int_equal(a->end, b->end);
		assert_int_equal(a->mark, b->mark);
		assert_int_equal(a->mark_end, b->mark_end);
	}
	for (uint32_t i = 0; i < a->count; i++)
		nodes_compare(a->children[i], b->children[i]);
}

static void values_compare(const struct value *a, const struct value *b, const char *text)
{
	if (a->kind != b->kind || (a->kind == VALUE_BOOL && a->boolean != b->boolean))
		fail_msg("another value of %s", text);
	if (a->kind == VALUE_ERROR)
		assert_string_equal(a->error, b->error);
}

static void rules_compare(struct world *world, const struct rule *a, const struct rule *b,
		const char *text)
{
	char *left = rule_text(a);
	char *right = rule_text(b);

	if (strcmp(left, right) != 0)
		fail_msg("%s\nbecame\n%s\nwhere it is\n%s", text, right, left);
	/* What is folded beforehand needs no room for its parts. */
	assert_true(b->program.stack_size <= a->program.stack_size);
	assert_string_equal(rule_print(a, &world->arena), rule_print(b, &world->arena));
	nodes_compare(a->root, b->root);
	for (int i = 0; i < PROFILES; i++) {
		struct arena_mark mark = arena_mark(&world->arena);
		struct value one, other;

		for (int slot = 0; slot < FIRST_OTHER; slot++) {
			world->values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
			if (random_below(4) > 0)
				world->values[slot] = block_value_make(&world->arena, slot);
		}
		one = rule_evaluate(a, &world->evaluation);
		other = rule_evaluate(b, &world->evaluation);
		values_compare(&one, &other, text);
		arena_rewind(&world->arena, mark);
	}
	free(left);
	free(right);
}

static void text_compare(struct world *world, const char *text)
{
	const struct rule *plain = compile(world, text, NULL);
	const struct rule *known = compile(world, text, world->memo);

	if (!plain || !known)
		fail_msg("no rule: %s", text);
	rules_compare(world, plain, known, text);
}

static void test_at_random(void **state)
{
	struct world *world = world_make();

	(void)state;
	for (int i = 0; i < RULES; i++)
		text_compare(world, block_rule_make(&world->arena, (int)random_below(3)));
	world_free(world);
}

/* What the figures of a rule may look like, and what must not be taken for one. */
static void test_figures(void **state)
{
	static const char *const texts[] = {
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
	struct world *world = world_make();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			text_compare(world, texts[i]);
	}
	world_free(world);
}

/* That it is known at all: who copies has no steps of its own to reckon. */
static void test_known(void **state)
{
	struct world *world = world_make();
	const struct rule *second;

	(void)state;
	assert_int_equal(compile(world, "e.n3 > 25", world->memo)->root->steps, 0);
	second = compile(world, "e.n3 > 36", world->memo);
	assert_int_not_equal(second->root->steps, 0);
	assert_int_equal(second->root->children[1]->literal.integer, 36);
	assert_int_equal(compile(world, "e.n3 > 366", world->memo)->root->steps, 0);
	assert_int_equal(compile(world, "e.n3 > 25", NULL)->root->steps, 0);
	assert_int_equal(
			compile(world, "[e.n0, 3].exists(x, x > 25)", world->memo)->root->steps,
			0);
	second = compile(world, "[e.n0, 4].exists(x, x > 36)", world->memo);
	assert_int_not_equal(second->root->steps, 0);
	assert_int_equal(second->program.loop_depth, 1);
	/* As the key of the first was written: no rule. */
	assert_null(compile(world, "e.n3 > ##", world->memo));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests_name("rules/memo", tests, NULL, NULL);
}
