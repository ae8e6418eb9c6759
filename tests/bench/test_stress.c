/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The match index over catalogs that are made to be hard for it: all thresholds distinct, no region asked for, wide
 * ORs, deep NOTs, codes by their beginnings, loops over lists, arithmetic; of enterprises that are known, and of
 * those that lack a third of their attributes.
 *
 * Of who is known, the policies found are those of "policycalc-workload answers", by count and hash, which knows
 * nothing of rules. Of who is not, each policy is what its rule says, evaluated alone. What the index leaves
 * open is asked of the rule, as whoever uses the index does.
 *
 * Each rule is also made as a load makes it, of parts that are known from the rules before, and is the same.
 *
 * With POLICYCALC_LONG under 1,000, 10,000 and 100,000 policies of three seeds.
 */
#include "stress_words.h"
#include "workload_catalog.h"

#include "../unit/effort.h"
#include "../unit/rules/rule_compare.h"

#include "rules/match_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_MOST 64
#define CODES_MOST 512 /* of all attributes */

struct form {
	const char *name;
	struct made_shape shape;
	enum stress_words words;
};

static const struct form forms[] = {
	{ "as made", { 0 }, STRESS_AS_MADE },
	{ "all thresholds distinct", { .distinct = true }, STRESS_AS_MADE },
	{ "no region", { .no_region = true }, STRESS_AS_MADE },
	{ "wide ORs", { .wide = true }, STRESS_AS_MADE },
	{ "deep NOTs", { 0 }, STRESS_NOTS },
	{ "prefixes", { 0 }, STRESS_PREFIXES },
	{ "lists", { 0 }, STRESS_LISTS },
	{ "arithmetic", { 0 }, STRESS_ARITHMETIC },
	{ "arithmetic, distinct, wide", { .distinct = true, .wide = true }, STRESS_ARITHMETIC },
};

struct world {
	struct generator generator;
	size_t policy_count;
	struct made_policy *made;
	const struct rule **rules;
	struct arena arena, scratch;
	struct scope *scope;
	struct match_index *index;
	struct match_work *work;
	struct made_enterprise enterprise;
	struct value values[MADE_COUNT];
	struct value tags[MADE_COUNT][TAGS_MOST];
	char texts[MADE_COUNT][TAGS_MOST][16];
	enum truth {
		FALSE,
		UNDECIDED,
		TRUE,
	} *
			found;
	size_t open, undecided;
};

/* --- catalogs ---------------------------------------------------------------------------------- */

static struct scope *scope_make(struct arena *arena)
{
	static const struct type *const types[] = { [MADE_NUMBER] = &type_int,
		[MADE_CODE] = &type_string,
		[MADE_FLAG] = &type_bool,
		[MADE_TAGS] = &type_list_string };
	struct scope *scope = scope_new();

	assert_non_null(scope);
	for (int a = 0; a < MADE_COUNT; a++) {
		struct scope_name name = { .name = slice_from(arena_format(
							   arena, "e.%s", made_name(a))),
			.type = types[made_type(a)],
			.dimension = made_is_money(a)	? DIMENSION_MONEY
				     : made_is_ratio(a) ? DIMENSION_RATIO
							: DIMENSION_COUNT,
			.role = SCOPE_ATTRIBUTE,
			.slot = a };

		assert_true(scope_add(scope, &name));
	}
	return scope;
}

static void rules_make(struct world *world, enum stress_words words)
{
	static const struct rule_options options = { .path = "stress",
		.cost_limit = UINT64_MAX };
	struct rule_options loading = options;
	struct diagnostics diagnostics;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	diagnostics_init(&diagnostics, &world->arena);
	loading.lasting = true;
	loading.memo = rule_memo_new();
	assert_non_null(loading.memo);
	for (size_t i = 0; i < world->policy_count; i++) {
		const struct rule *loaded;
		struct slice own;

		generator_policy(&world->generator, i, &world->made[i]);
		rewind(out);
		stress_policy_print(&world->made[i], words, out);
		(void)fflush(out);
		world->rules[i] = rule_compile((struct slice){ text, size }, world->scope,
				&options, &world->arena, &diagnostics);
		if (!world->rules[i])
			fail_msg("%.*s: %s", (int)size, text, diagnostics.list[0].message);
		own = (struct slice){ arena_copy(&world->arena, text, size), size };
		loaded = rule_compile(own, world->scope, &loading, &world->arena, &diagnostics);
		assert_non_null(loaded);
		rules_compare(world->rules[i], loaded);
	}
	rule_memo_free(loading.memo);
	(void)fclose(out);
	free(text);
}

static void index_make(struct world *world)
{
	uint32_t *literals = calloc(world->policy_count, sizeof(*literals));
	struct evaluation bound = { 0 };
	struct atoms *atoms = atoms_new(&bound);
	struct match_text texts[CODES_MOST];
	struct match_index_options options = { .literals = literals,
		.policy_count = world->policy_count,
		.slot_count = MADE_COUNT,
		.texts = texts };
	static char codes[CODES_MOST][16];

	assert_non_null(literals);
	assert_non_null(atoms);
	for (size_t i = 0; i < world->policy_count; i++)
		assert_true(atoms_add_rule(atoms, world->rules[i], &literals[i]));
	/* As of a dictionary, which tells what codes there are. */
	for (int a = 0; a < MADE_COUNT; a++) {
		for (int v = 0; made_type(a) == MADE_CODE && v < made_code_count(a); v++) {
			size_t at = options.text_count++;

			assert_true(at < CODES_MOST);
			texts[at] = (struct match_text){ a,
				slice_from(made_code(a, v, codes[at])) };
		}
	}
	world->index = match_index_new(atoms, &options);
	assert_non_null(world->index);
	world->work = match_work_new(world->index);
	assert_non_null(world->work);
	atoms_free(atoms);
	free(literals);
}

static void world_init(struct world *world, const struct form *form, size_t policy_count,
		uint64_t seed)
{
	memset(world, 0, sizeof(*world));
	world->policy_count = policy_count;
	arena_init(&world->arena, SIZE_MAX);
	arena_init(&world->scratch, SIZE_MAX);
	generator_init(&world->generator, seed, &form->shape);
	world->made = calloc(policy_count, sizeof(*world->made));
	world->rules = (const struct rule **)calloc(policy_count, sizeof(*world->rules));
	world->found = calloc(policy_count, sizeof(*world->found));
	assert_true(world->made && world->rules && world->found);
	world->scope = scope_make(&world->arena);
	rules_make(world, form->words);
	index_make(world);
}

static void world_fini(struct world *world)
{
	for (size_t i = 0; i < world->policy_count; i++)
		made_policy_fini(&world->made[i]);
	match_work_free(world->work);
	match_index_free(world->index);
	scope_free(world->scope);
	generator_fini(&world->generator);
	arena_fini(&world->scratch);
	arena_fini(&world->arena);
	free((void *)world->rules);
	free(world->found);
	free(world->made);
}

/* --- enterprises ------------------------------------------------------------------------------- */

/* As rules see the attribute. */
static void value_make(struct world *world, int a)
{
	int64_t from = world->enterprise.values[a];
	struct value *value = &world->values[a];
	size_t count = 0;

	switch (made_type(a)) {
	case MADE_NUMBER:
		*value = (struct value){ .kind = VALUE_INT, .integer = from * made_unit(a) };
		break;
	case MADE_FLAG:
		*value = (struct value){ .kind = VALUE_BOOL, .boolean = from != 0 };
		break;
	case MADE_CODE:
		*value = (struct value){ .kind = VALUE_STRING,
			.text = slice_from(made_code(a, (int)from, world->texts[a][0])) };
		break;
	case MADE_TAGS:
		for (uint64_t left = (uint64_t)from; left; left &= left - 1, count++)
			world->tags[a][count] = (struct value){ .kind = VALUE_STRING,
				.text = slice_from(made_code(a, __builtin_ctzll(left),
						world->texts[a][count])) };
		*value = (struct value){ .kind = VALUE_LIST,
			.list = { world->tags[a], count } };
		break;
	}
}

/* As the index does. */
static struct match_value match_value_make(const struct world *world, int a)
{
	const struct value *value = &world->values[a];
	struct match_value made = { .state = MATCH_KNOWN };

	switch ((int)value->kind) {
	case VALUE_BOOL:
		made.integer = value->boolean;
		break;
	case VALUE_INT:
		made.integer = value->integer;
		break;
	case VALUE_STRING:
		made.code = match_index_code(world->index, a, value->text);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < value->list.count; i++) {
			uint32_t code = match_index_code(
					world->index, a, value->list.items[i].text);

			if (code != MATCH_CODE_NONE)
				made.codes |= UINT64_C(1) << code;
		}
		break;
	default:
		made.state = MATCH_UNKNOWN;
		break;
	}
	return made;
}

static enum truth ask(struct world *world, size_t policy)
{
	struct evaluation evaluation = { world->values, MADE_COUNT, NULL, &world->scratch };
	struct value value = rule_evaluate(world->rules[policy], &evaluation);

	assert_false(world->scratch.exhausted);
	arena_reset(&world->scratch);
	if (value.kind == VALUE_BOOL)
		return value.boolean ? TRUE : FALSE;
	assert_int_equal(value.kind, VALUE_UNKNOWN);
	return UNDECIDED;
}

static void list_note(struct world *world, const uint32_t *list, size_t count, enum truth truth)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(world->found[list[i]], FALSE);
		world->found[list[i]] = truth;
	}
}

/* Of each policy what the index says, and the rule where it leaves that open. */
static void find(struct world *world)
{
	struct match_value values[MADE_COUNT];
	struct match_found found;

	for (int a = 0; a < MADE_COUNT; a++)
		values[a] = match_value_make(world, a);
	memset(world->found, 0, world->policy_count * sizeof(*world->found));
	match_index_find(world->work, values, &found);
	list_note(world, found.eligible, found.eligible_count, TRUE);
	list_note(world, found.undecided, found.undecided_count, UNDECIDED);
	for (size_t i = 0; i < found.open_count; i++) {
		enum truth truth = ask(world, found.open[i]);

		list_note(world, &found.open[i], 1, truth);
	}
	world->open += found.open_count;
}

/* --- tests ------------------------------------------------------------------------------------- */

static void known_compare(struct world *world)
{
	struct made_answer expected = { 0 }, answer = { 0 };

	find(world);
	for (size_t i = 0; i < world->policy_count; i++) {
		assert_int_not_equal(world->found[i], UNDECIDED);
		if (made_policy_holds(&world->made[i], &world->enterprise))
			made_answer_put(&expected, i);
		if (world->found[i] == TRUE)
			made_answer_put(&answer, i);
	}
	assert_int_equal(answer.matches, expected.matches);
	assert_true(answer.hash == expected.hash);
}

static void partial_compare(struct world *world, uint64_t *random)
{
	for (int a = 0; a < MADE_COUNT; a++) {
		if (generator_random(random, 3) == 0)
			world->values[a] = (struct value){ .kind = VALUE_UNKNOWN };
	}
	find(world);
	for (size_t i = 0; i < world->policy_count; i++) {
		assert_int_equal(world->found[i], ask(world, i));
		world->undecided += world->found[i] == UNDECIDED;
	}
}

static void form_try(const struct form *form, size_t policy_count, unsigned enterprises,
		uint64_t seed)
{
	static struct world world;
	uint64_t random = seed;
	size_t pairs = (size_t)enterprises * policy_count;

	world_init(&world, form, policy_count, seed);
	for (unsigned j = 0; j < enterprises; j++) {
		generator_enterprise(&world.generator, j, &world.enterprise);
		for (int a = 0; a < MADE_COUNT; a++)
			value_make(&world, a);
		known_compare(&world);
		partial_compare(&world, &random);
	}
	print_message("%s, %zu policies, seed %" PRIu64 ": %zu pairs, %.1f%% of them open, and "
		      "%.1f%% undecided when a third is missing\n",
			form->name, policy_count, seed, 2 * pairs,
			100.0 * (double)world.open / (double)(2 * pairs),
			100.0 * (double)world.undecided / (double)pairs);
	assert_true(world.undecided > pairs / 100);
	/* Of arithmetic the index knows nothing; of all the rest it has to. */
	if (form->words != STRESS_ARITHMETIC)
		assert_true(world.open < pairs / 10);
	world_fini(&world);
}

static void test_forms(void **state)
{
	static const uint64_t seeds[] = { 42, 7, 20261127 };
	unsigned sizes = effort(1, 3);

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t policies = 1000;

		for (unsigned size = 0; size < sizes; size++, policies *= 10) {
			for (unsigned s = 0; s < effort(1, 3); s++)
				form_try(&forms[i], policies, effort(24, 60) >> size, seeds[s]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
