/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules over random columns, a third of them missing: what a block answers is what
 * rule_evaluate() gives for the values of each row, and of the unknown whether an attribute is among
 * what is missing.
 *
 * The answers' shares are printed; none may be rare.
 */
#include "block_world.h"
#include "effort.h"

#include "rules/atom_internal.h"
#include "rules/block.h"
#include "rules/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- columns ----------------------------------------------------------------------------------- */

struct world {
	struct arena arena;
	struct scope *scope;
	struct region_table *regions;
	struct value *values; /* by row and slot */
	bool *unstated;	      /* likewise */
	unsigned row_count;
	struct block *block;
	unsigned asked[SLOTS]; /* how often for a column, in this round */
};

/* Every slot is of one of several minds: all known, a third missing, nearly all missing. */
static void values_make(struct world *world)
{
	unsigned lacking[SLOTS];

	for (int slot = 0; slot < SLOTS; slot++)
		lacking[slot] = slot >= FIRST_QUOTIENT && slot < FIRST_OTHER
						? 70
						: (unsigned[]){ 0, 0, 33, 90 }[random_below(4)];
	for (unsigned row = 0; row < world->row_count; row++) {
		for (int slot = 0; slot < FIRST_OTHER; slot++) {
			size_t at = (size_t)row * SLOTS + (size_t)slot;
			bool known = random_below(100) >= lacking[slot];

			world->values[at] = (struct value){ .kind = VALUE_UNKNOWN };
			world->unstated[at] = false;
			if (known)
				world->values[at] = block_value_make(&world->arena, slot);
			else if (random_below(8) == 0 && slot < FIRST_QUOTIENT)
				world->values[at] = (struct value){ .kind = VALUE_ERROR,
					.error = "broken" };
			else if (random_below(4) == 0 && slot < FIRST_QUOTIENT)
				world->unstated[at] = true;
		}
	}
}

/* A code of a column: its number, or its place in a list of numbers. */
static void code_put(struct world *world, int slot, struct slice text, uint32_t *list,
		uint32_t *list_count, uint32_t *out_code)
{
	uint32_t code;

	assert_true(block_code(world->block, slot, text, false, &code));
	*out_code = code;
	if (!list)
		return;
	*out_code = (*list_count)++;
	list[*out_code] = code;
}

static void entries_put(struct world *world, int slot, const struct value *value,
		uint32_t *list, uint32_t *list_count, uint32_t *numbers, int64_t *integers,
		uint32_t *count)
{
	size_t each = value->kind == VALUE_MAP ? 2 : 1;

	for (size_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[each * i];

		code_put(world, slot, item->text, list, list_count, &numbers[*count]);
		integers[*count] = each == 2 ? item[1].timestamp.seconds : 0;
		++*count;
	}
}

static bool on_column(void *context, int slot, struct block_column *out, struct error *err)
{
	struct world *world = context;
	uint64_t *planes = ARENA_NEW_ARRAY(&world->arena, uint64_t, (size_t)4 * BLOCK_WORDS);
	int64_t *integers = ARENA_NEW_ARRAY(&world->arena, int64_t, (size_t)4 * BLOCK_ROWS);
	uint32_t *numbers = ARENA_NEW_ARRAY(&world->arena, uint32_t, (size_t)4 * BLOCK_ROWS);
	uint32_t *starts = ARENA_NEW_ARRAY(&world->arena, uint32_t, BLOCK_ROWS + 1);
	uint32_t *list = random_below(2) ? ARENA_NEW_ARRAY(&world->arena, uint32_t,
							   (size_t)4 * BLOCK_ROWS)
					 : NULL;
	uint32_t list_count = 0;
	uint32_t count = 0;
	struct value kind = block_value_make(&world->arena, slot);

	(void)err;
	assert_true(planes && integers && numbers && starts);
	assert_true(slot < FIRST_OTHER);
	assert_int_equal(world->asked[slot]++, 0);
	for (unsigned row = 0; row < world->row_count; row++) {
		size_t at = (size_t)row * SLOTS + (size_t)slot;
		const struct value *value = &world->values[at];
		uint64_t bit = UINT64_C(1) << (row % 64);

		starts[row] = count;
		starts[row + 1] = count;
		planes[2 * BLOCK_WORDS + row / 64] |= world->unstated[at] ? bit : 0;
		planes[BLOCK_WORDS + row / 64] |= value->kind == VALUE_ERROR ? bit : 0;
		if (value->kind <= VALUE_ERROR)
			continue;
		planes[row / 64] |= bit;
		if (value->kind == VALUE_BOOL)
			planes[3 * BLOCK_WORDS + row / 64] |= value->boolean ? bit : 0;
		else if (value->kind == VALUE_INT)
			integers[row] = value->integer;
		else if (value->kind == VALUE_TIMESTAMP)
			integers[row] = value->timestamp.seconds;
		else if (value->kind == VALUE_STRING)
			code_put(world, slot, value->text, list, &list_count, &numbers[row]);
		else
			entries_put(world, slot, value, list, &list_count, numbers, integers,
					&count);
		starts[row + 1] = count;
	}
	*out = (struct block_column){ .kind = kind.kind,
		.known = planes,
		.error = planes + BLOCK_WORDS,
		.unstated = planes + (size_t)2 * BLOCK_WORDS,
		.flags = planes + (size_t)3 * BLOCK_WORDS,
		.integers = integers,
		.codes = numbers,
		.numbers = list,
		.number_count = list_count,
		.starts = starts };
	return true;
}

/* --- comparing --------------------------------------------------------------------------------- */

static enum atom_answer naive(struct world *world, const struct rule *rule,
		const struct evaluation *bound, unsigned row)
{
	struct evaluation evaluation = *bound;
	struct value values[SLOTS];
	struct value value;

	memcpy(values, bound->values, sizeof(values));
	memcpy(values, &world->values[(size_t)row * SLOTS], FIRST_OTHER * sizeof(*values));
	evaluation.values = values;
	value = rule_evaluate(rule, &evaluation);
	assert_false(world->arena.exhausted);
	if (value.kind == VALUE_BOOL)
		return value.boolean ? ANSWER_YES : ANSWER_NO;
	if (value.kind != VALUE_UNKNOWN)
		return ANSWER_ERROR;
	for (size_t i = 0; i < value.missing.count; i++) {
		int slot = value.missing.slots[i];

		if (slot < FIRST_OTHER && !world->unstated[(size_t)row * SLOTS + (size_t)slot])
			return ANSWER_ASKED;
	}
	return ANSWER_UNSTATED;
}

static bool has(const uint64_t *plane, unsigned row)
{
	return (plane[row / 64] >> (row % 64)) & 1;
}

static enum atom_answer told(const struct block_answer *answer, unsigned row)
{
	if (has(answer->yes, row))
		return ANSWER_YES;
	if (answer->sure || has(answer->no, row))
		return ANSWER_NO;
	if (has(answer->asked, row))
		return ANSWER_ASKED;
	return has(answer->unstated, row) ? ANSWER_UNSTATED : ANSWER_ERROR;
}

static void world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, (size_t)1 << 30);
	world->scope = block_scope_make(&world->arena);
	world->regions = block_regions_make();
	world->values = calloc((size_t)BLOCK_ROWS * SLOTS, sizeof(*world->values));
	world->unstated = calloc((size_t)BLOCK_ROWS * SLOTS, sizeof(bool));
	assert_true(world->values && world->unstated);
}

static void world_fini(struct world *world)
{
	block_free(world->block);
	scope_free(world->scope);
	region_table_free(world->regions);
	free(world->values);
	free(world->unstated);
	arena_fini(&world->arena);
}

#define RULES 60

struct instance {
	const char *texts[RULES];
	const struct rule *rules[RULES];
	uint32_t literals[RULES];
};

static unsigned answers[ANSWER_ERROR + 1];

static void round_compare(
		struct world *world, struct instance *instance, const struct evaluation *bound)
{
	struct block_source source = { world, on_column };
	uint64_t rows[BLOCK_WORDS] = { 0 };
	uint64_t need[BLOCK_WORDS];
	struct error err = { 0 };

	world->row_count = 1 + random_below(random_below(6) ? 200 : BLOCK_ROWS);
	memset(world->asked, 0, sizeof(world->asked));
	values_make(world);
	for (unsigned row = 0; row < world->row_count; row++)
		rows[row / 64] |= (uint64_t)(random_below(8) != 0) << (row % 64);
	assert_true(block_enter(world->block, rows, &source));
	for (unsigned i = 0; i < RULES * 3 / 2; i++) {
		unsigned at = i < RULES ? i : random_below(RULES);
		struct block_mark mark = block_mark(world->block);
		struct block_answer answer;

		for (unsigned k = 0; k < BLOCK_WORDS; k++)
			need[k] = rows[k] & (random_below(2) ? UINT64_MAX : block_seed);
		if (!block_ask(world->block, instance->literals[at], need, &answer, &err))
			fail_msg("%s", err.message);
		for (unsigned row = 0; row < world->row_count; row++) {
			enum atom_answer expected;

			if (!has(need, row))
				continue;
			expected = naive(world, instance->rules[at], bound, row);
			answers[expected]++;
			if (told(&answer, row) != expected)
				fail_msg("row %u: %d instead of %d for %s", row,
						(int)told(&answer, row), (int)expected,
						instance->texts[at]);
		}
		block_rewind(world->block, mark);
	}
}

static unsigned rules_seen, rules_plain;

/* Steps and tree of a rule come to the same literal. */
static void ways_compare(struct atoms *atoms, const struct rule *rule, uint32_t literal)
{
	struct taking taking = { .atoms = atoms, .rule = rule };
	uint32_t by_steps = literal;

	rules_seen++;
	rules_plain += atom_take_steps(&taking, &by_steps);
	assert_int_equal(by_steps, literal);
	assert_int_equal(atom_take_node(&taking, rule->root), literal);
}

static void agrees(void **state)
{
	unsigned instances = effort(40, 1000);
	unsigned total = 0;

	(void)state;
	for (unsigned n = 0; n < instances; n++) {
		struct world world;
		struct instance instance;
		struct value values[SLOTS] = { 0 };
		struct evaluation bound = { values, SLOTS, NULL, NULL };
		struct atoms *atoms;

		world_init(&world);
		bound.regions = random_below(10) ? world.regions : NULL;
		bound.arena = &world.arena;
		block_bounds_make(values);
		atoms = atoms_new(&bound);
		assert_non_null(atoms);
		for (unsigned i = 0; i < RULES; i++) {
			instance.texts[i] = block_rule_make(&world.arena, (int)random_below(4));
			instance.rules[i] = block_rule_compile(
					&world.arena, world.scope, instance.texts[i]);
			assert_true(atoms_add_rule(
					atoms, instance.rules[i], &instance.literals[i]));
			ways_compare(atoms, instance.rules[i], instance.literals[i]);
			for (unsigned k = random_below(3); k > 0; k--)
				atoms_use(atoms, instance.literals[i]);
		}
		world.block = block_new(atoms, world.scope);
		assert_non_null(world.block);
		for (unsigned round = 0; round < 4; round++)
			round_compare(&world, &instance, &bound);
		world_fini(&world);
		atoms_free(atoms);
	}
	assert_true(rules_plain * 2 > rules_seen);
	for (unsigned i = 0; i <= ANSWER_ERROR; i++)
		total += answers[i];
	for (unsigned i = 0; i <= ANSWER_ERROR; i++) {
		print_message("answer %u: %u%%\n", i, answers[i] * 100 / total);
		assert_true(answers[i] * 100 >= total * (i == ANSWER_UNSTATED ? 2 : 4));
	}
}

/* --- how many thresholds ----------------------------------------------------------------------- */

#define THRESHOLDS_MOST 700

/* Of all sizes, some close to one another; the first are the least and the greatest there are. */
static int64_t number_make(unsigned at)
{
	int64_t number = (int64_t)(random_below(1u << 16) + 1) << random_below(46);

	if (at < 2)
		return at ? INT64_MAX : INT64_MIN + 1;
	number += (int64_t)random_below(5) - 2;
	return random_below(3) ? number : -number;
}

/*
 * A few thresholds of a slot are compared one by one, of more each has a plane, of still more the rows
 * are put in order: the same answers, also right at a threshold, and of missing values.
 */
static void thresholds_compare(unsigned count)
{
	struct world world;
	struct value values[SLOTS] = { 0 };
	struct evaluation bound = { values, SLOTS, NULL, NULL };
	struct atoms *atoms;
	int64_t thresholds[THRESHOLDS_MOST];
	uint32_t literals[THRESHOLDS_MOST];
	uint64_t rows[BLOCK_WORDS] = { 0 };
	struct block_source source = { &world, on_column };
	struct error err = { 0 };

	world_init(&world);
	atoms = atoms_new(&bound);
	assert_non_null(atoms);
	for (unsigned i = 0; i < count; i++) {
		const char *text;

		thresholds[i] = number_make(i);
		text = arena_format(&world.arena, "e.n3 >= %lld", (long long)thresholds[i]);
		assert_true(atoms_add_rule(atoms,
				block_rule_compile(&world.arena, world.scope, text),
				&literals[i]));
		for (unsigned k = random_below(3); k > 0; k--)
			atoms_use(atoms, literals[i]);
	}
	world.block = block_new(atoms, world.scope);
	assert_non_null(world.block);
	world.row_count = BLOCK_ROWS;
	values_make(&world);
	for (unsigned row = 0; row < BLOCK_ROWS; row++) {
		struct value *value = &world.values[(size_t)row * SLOTS + 3];

		rows[row / 64] |= (uint64_t)(row < 2048 || random_below(8) != 0) << (row % 64);
		if (value->kind != VALUE_INT || random_below(4) == 0)
			continue;
		value->integer = thresholds[random_below(count)];
		value->integer -= value->integer > INT64_MIN + 1 && random_below(2);
	}
	assert_true(block_enter(world.block, rows, &source));
	for (unsigned i = 0; i < count; i++) {
		struct block_mark mark = block_mark(world.block);
		struct block_answer answer;

		if (!block_ask(world.block, literals[i], rows, &answer, &err))
			fail_msg("%s", err.message);
		for (unsigned row = 0; row < BLOCK_ROWS; row++) {
			const struct value *value = &world.values[(size_t)row * SLOTS + 3];
			bool yes = value->kind == VALUE_INT && value->integer >= thresholds[i];

			if (has(rows, row) && has(answer.yes, row) != yes)
				fail_msg("%lld >= %lld of %u thresholds: %d",
						(long long)value->integer,
						(long long)thresholds[i], count, !yes);
		}
		block_rewind(world.block, mark);
	}
	world_fini(&world);
	atoms_free(atoms);
}

static void any_number_of_thresholds(void **state)
{
	static const unsigned counts[] = { 2, 3, 11, 12, 40, 300, 321, THRESHOLDS_MOST };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		thresholds_compare(counts[i]);
}

/* Rules that say the same have one literal, whatever they are written like. */
static void each_thing_once(void **state)
{
	static const char *const pairs[][2] = {
		{ "e.n0 > 4", "e.n0 >= 5" },
		{ "e.n0 < 5", "!(e.n0 > 4)" },
		{ "5 <= e.n0", "e.n0 >= p.limit" },
		{ "e.f0 && e.f1", "e.f1 && e.f0" },
		{ "e.f0 || e.f1 || e.f2", "!(!e.f0 && !(e.f2 || e.f1))" },
		{ "e.f0 == false", "!e.f0" },
		{ "e.n0 >= 3 && e.n0 < 4", "e.n0 == 3" },
		{ "[\"C\", \"B\"].exists(x, x in e.l0)", "\"B\" in e.l0 || \"C\" in e.l0" },
		{ "e.l0.exists(x, x in [\"C\", \"B\"])", "\"B\" in e.l0 || \"C\" in e.l0" },
		{ "e.t0.C >= as_of", "as_of <= e.t0[\"C\"]" },
		{ "e.q0 <= 5", "!(e.q0 > 5)" },
		{ "true && e.f0 || false", "e.f0" },
	};
	struct world world;
	struct value values[SLOTS] = { 0 };
	struct evaluation bound = { values, SLOTS, NULL, NULL };
	struct atoms *atoms;

	(void)state;
	world_init(&world);
	values[LIMIT] = (struct value){ .kind = VALUE_INT, .integer = 5 };
	values[AS_OF] = (struct value){ .kind = VALUE_TIMESTAMP };
	atoms = atoms_new(&bound);
	assert_non_null(atoms);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		uint32_t literals[2];

		for (size_t k = 0; k < 2; k++)
			assert_true(atoms_add_rule(atoms,
					block_rule_compile(
							&world.arena, world.scope, pairs[i][k]),
					&literals[k]));
		if (literals[0] != literals[1])
			fail_msg("%s is not %s", pairs[i][0], pairs[i][1]);
	}
	atoms_free(atoms);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(any_number_of_thresholds),
		cmocka_unit_test(each_thing_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
