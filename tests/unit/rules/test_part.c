/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a rule by themselves: together they come to what the rule does, lack what it lacks, and read
 * what it reads; and each is the rule that its text makes alone. Rules at random, made with a memo and without.
 */
#include "../effort.h"
#include "memo_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PROFILES = 6 };

struct world {
	struct memo_world base;
	size_t unknown, failing; /* parts that came to it, and were not the whole rule */
};

static struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	memo_world_init(&world->base);
	return world;
}

static void world_free(struct world *world)
{
	memo_world_fini(&world->base);
	free(world);
}

static const struct rule *compile(struct world *world, const char *text, struct rule_memo *memo)
{
	struct memo_world *own = &world->base;
	const struct rule *rule =
			memo_world_compile(own, text, memo, memo ? &own->arena : &own->call);

	if (!rule)
		fail_msg("no rule: %s", text);
	return rule;
}

static uint64_t missing_bits(const struct value *value)
{
	uint64_t bits = 0;

	for (size_t i = 0; value->kind == VALUE_UNKNOWN && i < value->missing.count; i++)
		bits |= UINT64_C(1) << value->missing.slots[i];
	return bits;
}

static void on_slot(void *context, int slot)
{
	*(uint64_t *)context |= UINT64_C(1) << slot;
}

/* What the parts together come to, by the three values. */
static void parts_compare(struct world *world, const struct rule *rule,
		const struct node *const *parts, size_t count)
{
	struct value whole = rule_evaluate(rule, &world->base.evaluation);
	uint64_t missing = 0;
	bool fails = false, errs = false;

	for (size_t i = 0; i < count; i++) {
		struct value part = rule_part_evaluate(rule, parts[i], &world->base.evaluation);

		fails |= part.kind == VALUE_BOOL && !part.boolean;
		errs |= part.kind == VALUE_ERROR;
		missing |= missing_bits(&part);
		world->unknown += part.kind == VALUE_UNKNOWN;
	}
	world->failing += fails;
	if (fails) {
		assert_int_equal(whole.kind, VALUE_BOOL);
		assert_false(whole.boolean);
	} else if (missing) {
		assert_int_equal(whole.kind, VALUE_UNKNOWN);
		assert_true(missing_bits(&whole) == missing);
	} else if (errs) {
		assert_int_equal(whole.kind, VALUE_ERROR);
	} else {
		assert_int_equal(whole.kind, VALUE_BOOL);
		assert_true(whole.boolean);
	}
}

/* With the parentheses that lack their other half; no text in the rules has any. */
static const char *text_close(struct arena *arena, struct slice text)
{
	size_t before = 0, behind = 0;
	char *closed;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '(')
			behind++;
		else if (text.data[i] == ')' && behind > 0)
			behind--;
		else if (text.data[i] == ')')
			before++;
	}
	closed = arena_alloc(arena, before + text.size + behind + 1);
	assert_non_null(closed);
	memset(closed, '(', before);
	memcpy(closed + before, text.data, text.size);
	memset(closed + before + text.size, ')', behind);
	closed[before + text.size + behind] = '\0';
	return closed;
}

/* A part is what its text is alone. */
static void text_compare(struct world *world, const struct rule *rule, const struct node *part)
{
	struct slice text = rule_part_text(rule, part);
	const struct rule *alone = compile(world, text_close(&world->base.call, text), NULL);
	struct value value = rule_evaluate(alone, &world->base.evaluation);
	struct value own = rule_part_evaluate(rule, part, &world->base.evaluation);
	uint64_t reads = 0, slots = 0;
	size_t count;
	const int *list = rule_slots(alone, &count);

	assert_int_equal(own.kind, value.kind);
	if (own.kind == VALUE_BOOL)
		assert_int_equal(own.boolean, value.boolean);
	assert_true(missing_bits(&own) == missing_bits(&value));
	rule_part_slots(part, on_slot, &reads);
	for (size_t i = 0; i < count; i++)
		slots |= UINT64_C(1) << list[i];
	assert_true(reads == slots);
}

/* The rule as one part is the rule. */
static void whole_compare(struct world *world, const struct rule *rule)
{
	const struct node *part = rule_as_part(rule, &world->base.call);
	struct value value = rule_evaluate(rule, &world->base.evaluation);
	struct value own;

	assert_non_null(part);
	own = rule_part_evaluate(rule, part, &world->base.evaluation);
	assert_int_equal(own.kind, value.kind);
	if (own.kind == VALUE_BOOL)
		assert_int_equal(own.boolean, value.boolean);
	assert_true(missing_bits(&own) == missing_bits(&value));
}

/* Three of four are known; for as long as the call lasts. */
static void values_make(struct world *world)
{
	for (int slot = 0; slot < FIRST_OTHER; slot++) {
		world->base.values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
		if (random_below(4) > 0)
			world->base.values[slot] = block_value_make(&world->base.call, slot);
	}
}

static size_t rule_try(struct world *world, const struct rule *rule)
{
	size_t count = 0;
	const struct node *const *parts = rule_parts(rule, &world->base.call, &count);

	if (!parts) {
		assert_int_equal(count, 0);
		values_make(world);
		whole_compare(world, rule);
		return 0;
	}
	assert_true(count > 1);
	for (int i = 0; i < PROFILES; i++) {
		values_make(world);
		parts_compare(world, rule, parts, count);
		whole_compare(world, rule);
	}
	for (size_t i = 0; i < count; i++)
		text_compare(world, rule, parts[i]);
	return count;
}

static void test_at_random(void **state)
{
	struct world *world = world_make();
	unsigned rules = effort(1500, 30000);
	size_t parts = 0, known = 0;

	(void)state;
	for (unsigned i = 0; i < rules; i++) {
		const char *text = block_rule_make(&world->base.arena, (int)random_below(4));
		const char *both = arena_format(&world->base.arena, "(%s) && %s", text,
				block_rule_make(&world->base.arena, 0));

		(void)rule_try(world, compile(world, text, world->base.memo));
		parts += rule_try(world, compile(world, both, NULL));
		known += rule_try(world, compile(world, both, world->base.memo));
		arena_reset(&world->base.call);
	}
	assert_int_equal(parts, known);
	assert_true(parts > rules);
	assert_true(world->unknown > 0);
	assert_true(world->failing > 0);
	world_free(world);
}

/* What is no run of && has none. */
static void test_others(void **state)
{
	static const char *const texts[] = { "e.n0 >= 3", "e.n0 >= 3 || e.n1 >= 3",
		"!(e.n0 >= 3 && e.n1 >= 3)", "e.f0 ? e.f1 : e.f2 && e.f0", "true && false" };
	struct world *world = world_make();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(rule_try(world, compile(world, texts[i], NULL)), 0);
	assert_int_equal(rule_try(world, compile(world, "e.f0 && e.f1 && (e.f2 && e.n0 > 3)",
							 NULL)),
			3);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
