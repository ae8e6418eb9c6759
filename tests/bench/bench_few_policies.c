/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One enterprise against few policies, ids out, where there is no index: each rule is asked, one after another.
 *
 * usage: bench_few_policies [policies [rounds [seed]]]
 *
 * Rules and the straight ordered loop take turns over the same enterprises, whose values lie ready for both; what is
 * printed is the median of the rounds. Every list of ids is compared with the loop's, with all attributes known and
 * with 5 of the 22 numbers unknown.
 */
#include "figures.h"
#include "made_rules.h"
#include "ordered_loop.h"

#include "rules/match_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTERPRISES 200
#define ROUNDS_MOST 301
#define UNKNOWN_NUMBERS 5

struct firm {
	struct made_enterprise made;
	struct value values[MADE_COUNT];
	struct value partial[MADE_COUNT]; /* some of them unknown */
	uint64_t known;			  /* of these */
};

struct bench {
	struct generator generator;
	struct ordered_loop *loop;
	const struct rule **rules;
	size_t policy_count;
	struct arena arena; /* rules, and values of firms */
	struct arena call;
	struct firm *firms;
	uint32_t *ids, *undecided; /* of the rules */
	uint32_t *loop_ids, *loop_undecided;
};

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static struct value text_value(struct bench *bench, int attribute, int code)
{
	char text[16];

	return (struct value){ .kind = VALUE_STRING,
		.text = slice_from(checked(arena_copy_text(
				&bench->arena, made_code(attribute, code, text)))) };
}

static struct value tags_value(struct bench *bench, int attribute, uint64_t tags)
{
	struct value *items = checked(ARENA_NEW_ARRAY(&bench->arena, struct value, 64));
	size_t count = 0;

	for (uint64_t left = tags; left; left &= left - 1)
		items[count++] = text_value(bench, attribute, __builtin_ctzll(left));
	return (struct value){ .kind = VALUE_LIST, .list = { .items = items, .count = count } };
}

static struct value value_make(struct bench *bench, int attribute, int64_t from)
{
	switch (made_type(attribute)) {
	case MADE_CODE:
		return text_value(bench, attribute, (int)from);
	case MADE_TAGS:
		return tags_value(bench, attribute, (uint64_t)from);
	case MADE_FLAG:
		return (struct value){ .kind = VALUE_BOOL, .boolean = from };
	case MADE_NUMBER:
	default:
		return (struct value){ .kind = VALUE_INT,
			.integer = from * made_unit(attribute) };
	}
}

static void firms_make(struct bench *bench)
{
	uint64_t random = 4711;

	bench->firms = checked(calloc(ENTERPRISES, sizeof(*bench->firms)));
	for (size_t i = 0; i < ENTERPRISES; i++) {
		struct firm *firm = &bench->firms[i];

		generator_enterprise(&bench->generator, i, &firm->made);
		for (int a = 0; a < MADE_COUNT; a++)
			firm->values[a] = value_make(bench, a, firm->made.values[a]);
		memcpy(firm->partial, firm->values, sizeof(firm->partial));
		firm->known = UINT64_MAX;
		while (__builtin_popcountll(~firm->known) < UNKNOWN_NUMBERS) {
			uint32_t number = generator_random(&random, MADE_NUMBERS);

			firm->known &= ~(UINT64_C(1) << number);
			firm->partial[number] = (struct value){ .kind = VALUE_UNKNOWN };
		}
	}
}

static void rules_match(struct bench *bench, const struct value *values, size_t *out_count,
		size_t *out_undecided_count)
{
	const struct evaluation evaluation = {
		.values = values, .value_count = MADE_COUNT, .arena = &bench->call
	};

	*out_count = *out_undecided_count = 0;
	for (size_t i = 0; i < bench->policy_count; i++) {
		struct value result = rule_evaluate(bench->rules[i], &evaluation);

		if (result.kind == VALUE_UNKNOWN)
			bench->undecided[(*out_undecided_count)++] = (uint32_t)i;
		else if (result.kind == VALUE_BOOL && result.boolean)
			bench->ids[(*out_count)++] = (uint32_t)i;
	}
	arena_reset(&bench->call);
}

/* --- answers ----------------------------------------------------------------------------------- */

static bool lists_equal(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static void answers_check(struct bench *bench, size_t *out_matches)
{
	*out_matches = 0;
	for (size_t i = 0; i < ENTERPRISES; i++) {
		const struct firm *firm = &bench->firms[i];
		size_t count;
		size_t undecided;
		size_t loop_count =
				ordered_loop_match(bench->loop, &firm->made, bench->loop_ids);
		size_t loop_undecided = 0;
		bool same;

		rules_match(bench, firm->values, &count, &undecided);
		same = undecided == 0 &&
		       lists_equal(bench->ids, count, bench->loop_ids, loop_count);
		*out_matches += count;
		ordered_loop_judge(bench->loop, &firm->made, firm->known, bench->loop_ids,
				&loop_count, bench->loop_undecided, &loop_undecided);
		rules_match(bench, firm->partial, &count, &undecided);
		if (!same || !lists_equal(bench->ids, count, bench->loop_ids, loop_count) ||
				!lists_equal(bench->undecided, undecided, bench->loop_undecided,
						loop_undecided)) {
			(void)fprintf(stderr, "the rules find other policies than the loop\n");
			exit(1);
		}
	}
}

/* --- times ------------------------------------------------------------------------------------- */

static double rules_time(struct bench *bench)
{
	int64_t begin = figures_now();
	size_t count;
	size_t undecided;

	for (size_t i = 0; i < ENTERPRISES; i++)
		rules_match(bench, bench->firms[i].values, &count, &undecided);
	return (double)(figures_now() - begin) / (1000.0 * ENTERPRISES);
}

static double loop_time(struct bench *bench)
{
	int64_t begin = figures_now();

	for (size_t i = 0; i < ENTERPRISES; i++)
		(void)ordered_loop_match(bench->loop, &bench->firms[i].made, bench->loop_ids);
	return (double)(figures_now() - begin) / (1000.0 * ENTERPRISES);
}

static void measure(struct bench *bench, unsigned rounds, size_t matches)
{
	static double rules[ROUNDS_MOST], loop[ROUNDS_MOST];
	double share = (double)(bench->policy_count * ENTERPRISES);

	for (unsigned i = 0; i < rounds; i++) {
		rules[i] = rules_time(bench);
		loop[i] = loop_time(bench);
	}
	printf("few policies, P=%zu: rules one by one %.2f us, ordered loop %.2f us; %.2f%% "
	       "match; "
	       "all as the loop says\n",
			bench->policy_count, median_of(rules, (size_t)rounds),
			median_of(loop, (size_t)rounds), (double)matches * 100 / share);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	size_t policies = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 31;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 42;
	struct scope *scope = made_scope_new();
	size_t matches;

	if (policies < 1 || policies >= MATCH_INDEX_LEAST || rounds < 1 || rounds > ROUNDS_MOST)
		return 2;
	arena_init(&bench.arena, SIZE_MAX);
	arena_init(&bench.call, (size_t)1 << 20);
	generator_init(&bench.generator, seed, &(const struct made_shape){ 0 });
	bench.policy_count = policies;
	bench.rules = made_rules_new(&bench.generator, policies, scope, NULL, &bench.arena);
	bench.loop = ordered_loop_new(&bench.generator, policies, 500);
	bench.ids = checked(calloc(4 * policies, sizeof(*bench.ids)));
	bench.undecided = bench.ids + policies;
	bench.loop_ids = bench.undecided + policies;
	bench.loop_undecided = bench.loop_ids + policies;
	firms_make(&bench);
	answers_check(&bench, &matches);
	measure(&bench, rounds, matches);
	free(bench.ids);
	free(bench.firms);
	free((void *)bench.rules);
	ordered_loop_free(bench.loop);
	generator_fini(&bench.generator);
	arena_fini(&bench.call);
	arena_fini(&bench.arena);
	scope_free(scope);
	return 0;
}
