/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses and cliffs against brute force: random policies and random partial profiles, judged
 * from the tables of the rule language. Every change of one or two attributes to a threshold or one
 * beside it is tried, and of those that turn every condition the ones that go further than needed
 * (one attribute could stay nearer) are left out. The cheapest that turns every condition is the near miss, the cheapest of each
 * set of attributes are its alternatives, and where there is none there is none. Cliffs are found by
 * walking.
 *
 * Thresholds are multiples of three, so that every figure of the lattice has one threshold.
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "near_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WALK 80
#define SHOWN 3
#define LEAST_SHARE 10 /* percent of instances with a near miss */

static const char *dictionary;

/* --- asking ----------------------------------------------------------------------------------- */

static const Policycalc__V1__PolicyAnswer *ask(
		struct instance *instance, struct arena *call, const int *values)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__AttributeValue attributes[NAMES];
	Policycalc__V1__AttributeValue *list[NAMES];
	Policycalc__V1__Value sent[NAMES];
	Policycalc__V1__MatchResponse *response = NULL;

	profile.attributes = list;
	for (unsigned i = 0; i < NAMES; i++) {
		if (values[i] == UNKNOWN)
			continue;
		policycalc__v1__attribute_value__init(&attributes[i]);
		policycalc__v1__value__init(&sent[i]);
		attributes[i].name = arena_format(
				call, "%c%u", i < FLAGS ? 'f' : 'n', i < FLAGS ? i : i - FLAGS);
		attributes[i].value = &sent[i];
		sent[i].kind_case = i < FLAGS ? POLICYCALC__V1__VALUE__KIND_FLAG
					      : POLICYCALC__V1__VALUE__KIND_COUNT;
		if (i < FLAGS)
			sent[i].flag = values[i];
		else
			sent[i].count = values[i];
		list[profile.n_attributes++] = &attributes[i];
	}
	request.profile = &profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.near = true;
	assert_true(ruleset_match(instance->ruleset, &request, "2026-01-01", call, &response,
			NULL, NULL));
	assert_int_equal(response->n_answers, 1);
	return response->answers[0];
}

static unsigned name_of(const char *path)
{
	return (path[2] == 'f' ? 0 : FLAGS) + (unsigned)atoi(path + 3);
}

static int value_of(const Policycalc__V1__Value *value)
{
	return value->kind_case == POLICYCALC__V1__VALUE__KIND_FLAG ? value->flag
								    : (int)value->count;
}

/* Takes the changes of an answer for themselves: they must be allowed, and must do. */
static void miss_check(const struct instance *instance, const int *values,
		const Policycalc__V1__NearMiss *miss)
{
	int changed[NAMES];
	int64_t cost = 0;

	memcpy(changed, values, sizeof(changed));
	assert_in_range(miss->n_changes, 1, 2);
	for (size_t i = 0; i < miss->n_changes; i++) {
		const Policycalc__V1__NearChange *change = miss->changes[i];
		unsigned name = name_of(change->attribute);
		int target = value_of(change->target);
		enum direction direction = dictionary_entries[name].direction;

		assert_int_equal(value_of(change->observed), values[name]);
		assert_int_equal(change->distance, abs(target - values[name]));
		assert_true(direction != FIXED);
		assert_true(target > values[name] ? direction != DOWN : direction != UP);
		cost += cost_of(name, values[name], target);
		changed[name] = target;
	}
	assert_int_equal(miss->cost_ppm, cost);
	assert_true(is_turned(instance, values, changed));
	assert_int_not_equal(miss->verdict, POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE);
	assert_true(*miss->sentence->zh && *miss->sentence->en);
}

static void difference_print(const struct instance *instance, const int *values,
		const struct expected *expected, size_t count,
		const Policycalc__V1__PolicyAnswer *answer)
{
	instance_print(instance, values);
	for (size_t i = 0; i < count && i < SHOWN; i++)
		print_message("expected %u %u at %lld\n", expected[i].first, expected[i].second,
				(long long)expected[i].cost);
	for (size_t i = 0; i < answer->n_near; i++)
		print_message("found %s at %lld\n", answer->near[i]->sentence->en,
				(long long)answer->near[i]->cost_ppm);
}

static void misses_compare(const struct instance *instance, const int *values,
		const Policycalc__V1__PolicyAnswer *answer)
{
	struct expected expected[NAMES * NAMES];
	size_t count = expected_make(instance, values, expected);

	bool same = answer->n_near == (count < SHOWN ? count : SHOWN);

	for (size_t i = 0; same && i < answer->n_near; i++)
		same = answer->near[i]->cost_ppm == expected[i].cost;
	if (!same)
		difference_print(instance, values, expected, count, answer);
	assert_true(same);
	for (size_t i = 0; i < answer->n_near; i++) {
		const Policycalc__V1__NearMiss *miss = answer->near[i];

		miss_check(instance, values, miss);
		assert_int_equal(miss->cost_ppm, expected[i].cost);
		assert_int_equal(name_of(miss->changes[0]->attribute), expected[i].first);
		assert_int_equal(miss->n_changes == 2 ? name_of(miss->changes[1]->attribute)
						      : NAMES,
				expected[i].second);
	}
}

/* --- cliffs ----------------------------------------------------------------------------------- */

/* How far an attribute goes before the policy is lost; 0: it never is. */
static int cliff_walk(
		const struct instance *instance, const int *values, unsigned name, int way)
{
	int changed[NAMES];

	memcpy(changed, values, sizeof(changed));
	for (int step = 1; step <= WALK; step++) {
		changed[name] = values[name] + way * step;
		for (size_t i = 0; i < instance->count; i++) {
			if (condition_judge(&instance->conditions[i], changed) == NOT_MET)
				return step;
		}
	}
	return 0;
}

static unsigned cliffs_compare(const struct instance *instance, const int *values,
		const Policycalc__V1__PolicyAnswer *answer)
{
	unsigned ahead = 0;

	for (unsigned name = FLAGS; name < NAMES; name++) {
		for (int way = -1; way <= 1; way += 2) {
			int step, threshold;
			bool shown = false;

			if (values[name] == UNKNOWN ||
					dictionary_entries[name].direction == FIXED)
				continue;
			step = cliff_walk(instance, values, name, way);
			threshold = values[name] + way * (step - 1);
			for (size_t i = 0; i < answer->n_cliffs; i++) {
				const Policycalc__V1__Cliff *cliff = answer->cliffs[i];

				if (name_of(cliff->attribute) != name ||
						cliff->above != (way > 0))
					continue;
				shown = true;
				assert_int_equal(value_of(cliff->threshold), threshold);
				assert_int_equal(cliff->distance, step - 1);
				assert_true(*cliff->sentence->zh && *cliff->sentence->en);
			}
			if (step && (step == 1 || (step - 1) * 5 <= abs(threshold))) {
				ahead++;
				assert_true(shown || answer->n_cliffs == SHOWN);
			} else {
				assert_false(shown);
			}
		}
	}
	assert_int_equal(answer->n_cliffs, ahead < SHOWN ? ahead : SHOWN);
	return ahead;
}

/* --- all -------------------------------------------------------------------------------------- */

struct shares {
	unsigned total, ineligible, near, pairs, several, eligible, cliffs;
};

static void instance_compare(
		struct instance *instance, const int *values, struct shares *shares)
{
	const Policycalc__V1__PolicyAnswer *answer;
	struct arena call;

	arena_init(&call, (size_t)8 << 20);
	answer = ask(instance, &call, values);
	shares->total++;
	if (answer->verdict == POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE) {
		misses_compare(instance, values, answer);
		shares->ineligible++;
		shares->near += answer->n_near > 0;
		shares->pairs += answer->n_near > 0 && answer->near[0]->n_changes == 2;
		shares->several += answer->n_near > 1;
	} else {
		assert_int_equal(answer->n_near, 0);
	}
	if (answer->verdict == POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE) {
		shares->eligible++;
		shares->cliffs += cliffs_compare(instance, values, answer) > 0;
	} else {
		assert_int_equal(answer->n_cliffs, 0);
	}
	arena_fini(&call);
}

static void agrees(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 8000 : 800;
	struct shares shares = { 0 };

	(void)state;
	random_begin(20261127);
	for (unsigned n = 0; n < instances; n++) {
		struct instance *instance = calloc(1, sizeof(*instance));

		assert_non_null(instance);
		arena_init(&instance->arena, (size_t)16 << 20);
		fixture_read(&instance->file, &instance->arena, dictionary,
				lines_make(instance));
		instance->ruleset = fixture_compile(&instance->file, NULL);
		assert_non_null(instance->ruleset);
		for (unsigned round = 0; round < 10; round++) {
			int values[NAMES];

			for (unsigned i = 0; i < NAMES; i++) {
				values[i] = UNKNOWN;
				if (random_below(10) > 0)
					values[i] = (int)random_below(
							i < FLAGS ? 2 : FIGURES + 1);
			}
			instance_compare(instance, values, &shares);
		}
		ruleset_unref(instance->ruleset);
		arena_fini(&instance->arena);
		free(instance);
	}
	print_message("%u instances: %u%% ineligible, %u%% with a near miss (%u%% of them of "
		      "two "
		      "attributes, %u%% with alternatives), %u%% eligible (%u%% of them with a "
		      "cliff)\n",
			shares.total, shares.ineligible * 100 / shares.total,
			shares.near * 100 / shares.total, shares.pairs * 100 / shares.near,
			shares.several * 100 / shares.near,
			shares.eligible * 100 / shares.total,
			shares.cliffs * 100 / shares.eligible);
	assert_true(shares.near * 100 >= shares.total * LEAST_SHARE);
	assert_true(shares.pairs * 100 >= shares.near * LEAST_SHARE);
	assert_true(shares.cliffs * 100 >= shares.eligible * LEAST_SHARE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
