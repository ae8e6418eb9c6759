/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses and cliffs against brute force (near_brute.h): random policies and random partial profiles,
 * judged from the tables of the rule language. The cheapest change that turns every condition is the near
 * miss, the cheapest of each set of attributes are its alternatives, and where there is none there is
 * none. Cliffs are found by walking.
 *
 * Four shapes of policies: flags, counts and parameters; quotients besides, of which one part may be
 * changed; items besides; and quotients of which both parts may be changed. Of the last the calculator
 * takes one part as far as needed and does not mix, so that only single changes are compared.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "effort.h"
#include "near_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

#define WALK 80
#define SHOWN 3
#define LEAST_SHARE 10 /* percent of instances with a near miss, of those with a pair */
#define LEAST_CLIFFS 5

static const char *dictionary;

/* --- asking ----------------------------------------------------------------------------------- */

static void send_values(const struct instance *instance, struct facts_sent sent, unsigned first,
		unsigned end, const int *values, struct arena *call)
{
	for (unsigned i = first; i < end; i++) {
		const struct near_name *name = &instance->names[i];

		if (values[i] == UNKNOWN)
			continue;
		if (name->is_flag)
			send_flag(sent, name->name, values[i], call);
		else
			send_count(sent, name->name, values[i], call);
	}
}

static const Policycalc__V1__PolicyAnswer *ask(
		struct instance *instance, struct arena *call, const struct world *world)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	char *complete[] = { (char *)"projects" };

	send_values(instance, sent_of_profile(&profile), 0, NAMES_SHARED, world->values, call);
	for (unsigned i = 0; i < world->item_count; i++) {
		Policycalc__V1__Item *item = send_item(
				&profile, "projects", arena_format(call, "p%u", i), call);

		send_values(instance, sent_of_item(item), NAMES_SHARED, NAMES, world->items[i],
				call);
	}
	if (world->complete) {
		profile.complete_lists = complete;
		profile.n_complete_lists = 1;
	}
	request.profile = &profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.near = true;
	assert_true(ruleset_match(instance->ruleset, &request, "2026-01-01", call, &response,
			NULL, NULL));
	assert_int_equal(response->n_answers, 1);
	return response->answers[0];
}

/* "e.n1"; "i.k0@projects/p2", of which *out_item is 2 and one more. */
static unsigned name_of(const char *path, unsigned *out_item)
{
	const char *at = strchr(path, '@');
	size_t size = at ? (size_t)(at - path - 2) : strlen(path + 2);
	const char *number = at ? strstr(at, "/p") : NULL;
	static const char *const names[] = { "a0", "a1", "b0", "b1", "f0", "f1", "f2", "f3",
		"n0", "n1", "n2", "n3", "n4", "g0", "g1", "k0", "k1", "u0", "v0" };

	*out_item = number ? (unsigned)atoi(number + 2) + 1 : 0;
	for (unsigned i = 0; i < NAMES; i++) {
		if (strlen(names[i]) == size && memcmp(names[i], path + 2, size) == 0) {
			assert_int_equal(*path, i < NAMES_SHARED ? 'e' : 'i');
			assert_int_equal(at != NULL, i >= NAMES_SHARED);
			return i;
		}
	}
	fail_msg("what is %s?", path);
	return NAMES;
}

static int value_of(const Policycalc__V1__Value *value)
{
	return value->kind_case == POLICYCALC__V1__VALUE__KIND_FLAG ? value->flag
								    : (int)value->count;
}

/* --- misses ----------------------------------------------------------------------------------- */

/* Takes the changes of an answer for themselves: they must be allowed, and must do for some item. */
static struct expected miss_check(const struct instance *instance, const struct world *world,
		const Policycalc__V1__NearMiss *miss)
{
	struct expected set = { NAMES_MOST, NAMES_MOST, 0, miss->cost_ppm };
	struct world changed = *world;
	int64_t cost = 0;
	bool turned = false;

	assert_in_range(miss->n_changes, 1, 2);
	for (size_t i = 0; i < miss->n_changes; i++) {
		const Policycalc__V1__NearChange *change = miss->changes[i];
		unsigned item;
		unsigned name = name_of(change->attribute, &item);
		const struct near_name *of = &instance->names[name];
		int *value = item ? &changed.items[item - 1][name] : &changed.values[name];
		int target = value_of(change->target);
		int threshold = 1;

		if (item)
			set.item = item;
		if (i == 0)
			set.first = name;
		else
			set.second = name;
		assert_int_equal(value_of(change->observed), *value);
		assert_int_equal(change->distance, abs(target - *value));
		assert_true(of->direction != FIXED);
		assert_true(target > *value ? of->direction != DOWN : of->direction != UP);
		if (!of->is_flag)
			assert_true(figure_is_mark(instance, name, target, &threshold));
		cost += (int64_t)abs(target - *value) * of->weight * 1000000 /
			(threshold > 1 ? threshold : 1);
		*value = target;
	}
	assert_int_equal(miss->cost_ppm, cost);
	for (unsigned i = 0; i < (world->item_count ? world->item_count : 1); i++) {
		int before[NAMES], after[NAMES];

		if (set.item && set.item != i + 1)
			continue;
		world_compose(world, i, before);
		world_compose(&changed, i, after);
		turned |= is_turned(instance, world->item_count > 0, before, after);
	}
	assert_true(turned);
	assert_false(world_is_ineligible(instance, &changed));
	assert_int_not_equal(miss->verdict, VERDICT(INELIGIBLE));
	assert_true(*miss->sentence->zh && *miss->sentence->en);
	return set;
}

static void difference_print(const struct instance *instance, const struct world *world,
		const struct expected_list *expected,
		const Policycalc__V1__PolicyAnswer *answer)
{
	instance_print(instance, world);
	for (size_t i = 0; i < expected->count && i < SHOWN; i++) {
		const struct expected *set = &expected->list[i];

		print_message("expected %s %s of item %u at %lld\n",
				instance->names[set->first].name,
				set->second == NAMES_MOST ? ""
							  : instance->names[set->second].name,
				set->item, (long long)set->cost);
	}
	for (size_t i = 0; i < answer->n_near; i++)
		print_message("found %s at %lld\n", answer->near[i]->sentence->en,
				(long long)answer->near[i]->cost_ppm);
}

static void misses_compare(const struct instance *instance, const struct world *world,
		const Policycalc__V1__PolicyAnswer *answer)
{
	static struct expected_list expected;
	bool same;

	expected_make(instance, world, &expected);
	same = answer->n_near == (expected.count < SHOWN ? expected.count : SHOWN);
	for (size_t i = 0; same && i < answer->n_near; i++)
		same = answer->near[i]->cost_ppm == expected.list[i].cost;
	if (!same)
		difference_print(instance, world, &expected, answer);
	assert_true(same);
	for (size_t i = 0; i < answer->n_near; i++) {
		struct expected set = miss_check(instance, world, answer->near[i]);

		assert_int_equal(set.first, expected.list[i].first);
		assert_int_equal(set.second, expected.list[i].second);
		assert_int_equal(set.item, expected.list[i].item);
	}
}

/* Single changes are found, and as cheap as can be; what is found besides holds. */
static void singles_compare(const struct instance *instance, const struct world *world,
		const Policycalc__V1__PolicyAnswer *answer)
{
	static struct expected_list expected;

	expected_make(instance, world, &expected);
	for (size_t i = 0; i < answer->n_near; i++) {
		struct expected set = miss_check(instance, world, answer->near[i]);

		for (size_t k = 0; k < expected.count; k++) {
			const struct expected *own = &expected.list[k];

			if (own->first == set.first && own->second == set.second &&
					own->item == set.item)
				assert_true(own->cost <= set.cost);
		}
		if (i > 0)
			assert_true(answer->near[i - 1]->cost_ppm <= set.cost);
	}
	for (size_t k = 0; k < expected.count; k++) {
		const struct expected *single = &expected.list[k];
		bool shown = answer->n_near == SHOWN &&
			     answer->near[SHOWN - 1]->cost_ppm <= single->cost;

		if (single->second != NAMES_MOST)
			continue;
		for (size_t i = 0; i < answer->n_near && !shown; i++) {
			struct expected set = miss_check(instance, world, answer->near[i]);

			shown = set.first == single->first && set.second == NAMES_MOST &&
				set.item == single->item && set.cost == single->cost;
		}
		if (!shown)
			difference_print(instance, world, &expected, answer);
		assert_true(shown);
	}
}

/* --- cliffs ----------------------------------------------------------------------------------- */

/* How far an attribute goes before the policy is lost; 0: it never is. */
static int cliff_walk(const struct instance *instance, const struct world *world, unsigned item,
		unsigned name, int way)
{
	const struct near_name *of = &instance->names[name];
	struct world changed = *world;
	int *value = item ? &changed.items[item - 1][name] : &changed.values[name];
	int from = *value;
	bool bounded = instance->of_quotients[name];

	for (int step = 1; step <= WALK; step++) {
		*value = from + way * step;
		if (bounded && (*value < of->least || *value > of->most))
			return 0;
		if (world_is_ineligible(instance, &changed))
			return step;
	}
	return 0;
}

/* Whether the cliff of one attribute is shown as it should be; 1 when there is one. */
static unsigned cliff_compare(const struct instance *instance, const struct world *world,
		unsigned item, unsigned name, int way,
		const Policycalc__V1__PolicyAnswer *answer)
{
	int from = item ? world->items[item - 1][name] : world->values[name];
	int step = cliff_walk(instance, world, item, name, way);
	int threshold = from + way * (step - 1);
	bool ahead = step && (step == 1 || (step - 1) * 5 <= abs(threshold));
	bool shown = false;

	for (size_t i = 0; i < answer->n_cliffs; i++) {
		const Policycalc__V1__Cliff *cliff = answer->cliffs[i];
		unsigned of_item;

		if (name_of(cliff->attribute, &of_item) != name || of_item != item ||
				cliff->above != (way > 0))
			continue;
		shown = true;
		assert_int_equal(value_of(cliff->threshold), threshold);
		assert_int_equal(cliff->distance, step - 1);
		assert_true(*cliff->sentence->zh && *cliff->sentence->en);
	}
	if ((ahead && !shown && answer->n_cliffs < SHOWN) || (shown && !ahead)) {
		instance_print(instance, world);
		print_message("%s of item %u, way %d: lost after %d, %s\n",
				instance->names[name].name, item, way, step,
				shown ? "shown" : "not shown");
	}
	assert_true(ahead ? shown || answer->n_cliffs == SHOWN : !shown);
	return ahead;
}

static unsigned cliffs_compare(const struct instance *instance, const struct world *world,
		const Policycalc__V1__PolicyAnswer *answer)
{
	unsigned ahead = 0;

	for (unsigned item = 0; item <= world->item_count; item++) {
		unsigned first = item ? NAMES_SHARED : 0;
		unsigned end = item ? (unsigned)NAMES : NAMES_SHARED;

		for (unsigned name = first; name < end; name++) {
			int value = item ? world->items[item - 1][name] : world->values[name];

			if (value == UNKNOWN || instance->names[name].is_flag ||
					instance->names[name].direction == FIXED)
				continue;
			ahead += cliff_compare(instance, world, item, name, -1, answer);
			ahead += cliff_compare(instance, world, item, name, 1, answer);
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
		struct instance *instance, const struct world *world, struct shares *shares)
{
	const Policycalc__V1__PolicyAnswer *answer;
	struct arena call;

	arena_init(&call, (size_t)8 << 20);
	answer = ask(instance, &call, world);
	shares->total++;
	assert_int_equal(answer->verdict == VERDICT(INELIGIBLE),
			world_is_ineligible(instance, world));
	if (answer->verdict == VERDICT(INELIGIBLE)) {
		if (instance->shape.loose)
			singles_compare(instance, world, answer);
		else
			misses_compare(instance, world, answer);
		shares->ineligible++;
		shares->near += answer->n_near > 0;
		shares->pairs += answer->n_near > 0 && answer->near[0]->n_changes == 2;
		shares->several += answer->n_near > 1;
	} else {
		assert_int_equal(answer->n_near, 0);
	}
	if (answer->verdict == VERDICT(ELIGIBLE)) {
		shares->eligible++;
		shares->cliffs += cliffs_compare(instance, world, answer) > 0;
	} else {
		assert_int_equal(answer->n_cliffs, 0);
	}
	arena_fini(&call);
}

static void shape_compare(struct shape shape, uint64_t seed)
{
	unsigned instances = effort(800, 8000);
	struct shares shares = { 0 };

	random_begin(seed);
	for (unsigned n = 0; n < instances; n++) {
		struct instance *instance = calloc(1, sizeof(*instance));

		assert_non_null(instance);
		instance->shape = shape;
		arena_init(&instance->arena, (size_t)16 << 20);
		fixture_read(&instance->file, &instance->arena, dictionary,
				lines_make(instance));
		instance->ruleset = fixture_compile(&instance->file, NULL);
		assert_non_null(instance->ruleset);
		for (unsigned round = 0; round < 10; round++) {
			struct world world;

			world_make(instance, &world);
			instance_compare(instance, &world, &shares);
		}
		ruleset_unref(instance->ruleset);
		arena_fini(&instance->arena);
		free(instance);
	}
	print_message("%u instances: %u%% ineligible, %u%% with a near miss (%u%% of them of "
		      "two attributes, %u%% with alternatives), %u%% eligible (%u%% of them "
		      "with a cliff)\n",
			shares.total, shares.ineligible * 100 / shares.total,
			shares.near * 100 / shares.total, shares.pairs * 100 / shares.near,
			shares.several * 100 / shares.near,
			shares.eligible * 100 / shares.total,
			shares.cliffs * 100 / shares.eligible);
	assert_true(shares.near * 100 >= shares.total * LEAST_SHARE);
	assert_true(shares.pairs * 100 >= shares.near * LEAST_SHARE);
	assert_true(shares.cliffs * 100 >= shares.eligible * LEAST_CLIFFS);
}

static void agrees(void **state)
{
	(void)state;
	shape_compare((struct shape){ 0 }, 20261127);
}

static void agrees_with_quotients(void **state)
{
	(void)state;
	shape_compare((struct shape){ .quotients = true }, 20261128);
}

static void agrees_with_items(void **state)
{
	(void)state;
	shape_compare((struct shape){ .quotients = true, .items = true }, 20261129);
}

static void single_changes_of_loose_quotients_agree(void **state)
{
	(void)state;
	shape_compare((struct shape){ .quotients = true, .loose = true }, 20261130);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(agrees_with_quotients),
		cmocka_unit_test(agrees_with_items),
		cmocka_unit_test(single_changes_of_loose_quotients_agree),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
