/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses and cliffs through score tables, against brute force (near_brute.h): random tables
 * (score_oracle.h) beside a condition of another kind, random partial profiles, and a dictionary in which
 * any attribute may be changed either way, one way or not at all; of a quotient one part.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "effort.h"
#include "near_brute.h"
#include "score_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

#define SHOWN 3
#define LEAST_SHARE 10 /* percent with a near miss, and of those eligible with a cliff */
#define LEAST_PAIRS 5  /* of those with a near miss, of two attributes */
#define WIDTH_LEAST 6  /* what the other condition asks for */
#define WIDTH_MOST 9

/* In name order: direct, n00 to n15, veto, width. */
enum {
	FIRST = 1, /* n00 */
	LAST = FIRST + VETO,
	WIDTH,
	ALL,
};

static const char *dictionary;

struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct table table;
	struct near_name names[ALL];
	const struct metric *metrics[ALL]; /* that an attribute counts in */
};

/* --- making ----------------------------------------------------------------------------------- */

/* Its number in a table; -1: of none. */
static int number_of(unsigned name)
{
	if (name == WIDTH)
		return -1;
	return name == 0 ? DIRECT : (int)name - FIRST;
}

static void name_make(struct instance *instance, unsigned name, const char *text, bool fixed)
{
	static const char *const directions[] = { "", " mutable UP", " mutable DOWN",
		" mutable BOTH" };
	struct near_name *of = &instance->names[name];
	int number = number_of(name);
	const char *change;

	of->name = text;
	of->is_flag = number >= VETO;
	of->direction = fixed ? FIXED : (enum direction)random_below(4);
	of->weight = 1 + (int)random_below(60);
	of->least = 0;
	of->most = of->is_flag ? 1 : number < 0 ? WIDTH_MOST : MOST;
	change = arena_format(&instance->arena, "%s weight %d", directions[of->direction],
			of->weight);
	if (number >= 0)
		instance->table.change[number] = change;
}

static void names_make(struct instance *instance)
{
	struct arena *arena = &instance->arena;
	bool last[2];

	name_make(instance, 0, "direct", false);
	for (unsigned i = FIRST; i < LAST; i++)
		name_make(instance, i, arena_format(arena, "n%02u", i - FIRST), true);
	for (int i = 0; i < instance->table.row_count; i++) {
		const struct row *row = &instance->table.rows[i];

		for (int k = 0; k < row->metric_count; k++) {
			const struct metric *metric = &row->metrics[k];
			unsigned name = FIRST + (unsigned)metric->name;

			last[0] = metric->ratio && random_below(2);
			last[1] = !last[0];
			for (unsigned part = 0; part <= metric->ratio; part++) {
				name_make(instance, name + part,
						instance->names[name + part].name, last[part]);
				instance->metrics[name + part] = metric;
				instance->names[name + part].least = (int)part;
			}
		}
	}
	name_make(instance, LAST, "veto", false);
	name_make(instance, WIDTH, "width", false);
}

static void instance_init(struct instance *instance)
{
	static const char *const directions[] = { "", " mutable UP", " mutable DOWN",
		" mutable BOTH" };
	const struct near_name *width = &instance->names[WIDTH];

	memset(instance, 0, sizeof(*instance));
	arena_init(&instance->arena, (size_t)16 << 20);
	table_make(&instance->table);
	names_make(instance);
	fixture_read(&instance->file, &instance->arena, dictionary,
			arena_format(&instance->arena,
					"attribute width COUNT from 0 to %d%s weight %d\n"
					"%srequire e.width >= %d\n",
					WIDTH_MOST, directions[width->direction], width->weight,
					table_lines(&instance->table, &instance->arena),
					WIDTH_LEAST));
	instance->ruleset = fixture_compile(&instance->file, NULL);
	assert_non_null(instance->ruleset);
}

static void values_make(const struct instance *instance, int *values)
{
	for (unsigned i = 0; i < ALL; i++) {
		int number = number_of(i);
		int value = number < 0 ? (int)random_below(WIDTH_MOST + 1)
				       : value_make(&instance->table, number);

		values[i] = value == -2 || random_below(12) == 0 ? UNKNOWN : value;
	}
}

/* --- the naive judge -------------------------------------------------------------------------- */

struct judged {
	Policycalc__V1__ConditionStatus table, width;
};

static struct judged values_judge(const struct instance *instance, const int *values)
{
	int numbers[NAMES];
	struct judged judged;

	for (unsigned i = 0; i < ALL; i++) {
		if (number_of(i) >= 0)
			numbers[number_of(i)] = values[i] == UNKNOWN ? -1 : values[i];
	}
	judged.table = naive_standing(&instance->table, numbers);
	judged.width = values[WIDTH] == UNKNOWN	      ? STATUS(UNKNOWN)
		       : values[WIDTH] >= WIDTH_LEAST ? STATUS(MET)
						      : STATUS(NOT_MET);
	return judged;
}

static bool is_ineligible(const struct instance *instance, const int *values)
{
	struct judged judged = values_judge(instance, values);

	return judged.table == STATUS(NOT_MET) || judged.width == STATUS(NOT_MET);
}

/* An instance under the values of now. */
struct trying {
	const struct instance *instance;
	struct judged before;
};

static bool status_is_turned(
		Policycalc__V1__ConditionStatus before, Policycalc__V1__ConditionStatus after)
{
	return before == STATUS(NOT_MET) ? after == STATUS(MET) : after != STATUS(NOT_MET);
}

static bool trying_is_turned(const void *context, const int *after)
{
	const struct trying *trying = context;
	struct judged judged = values_judge(trying->instance, after);

	return status_is_turned(trying->before.table, judged.table) &&
	       status_is_turned(trying->before.width, judged.width);
}

/* Every figure may be a step of the table: "above" is reached one beside its bound. */
static bool trying_is_mark(const void *context, unsigned name, int to, int *out_threshold)
{
	const struct trying *trying = context;
	const struct metric *metric = trying->instance->metrics[name];

	*out_threshold = to;
	if (metric && !metric->ratio && metric->open)
		*out_threshold = metric->downward ? to + 1 : to - 1;
	return name == WIDTH ? to == WIDTH_LEAST : metric != NULL;
}

/* --- comparing -------------------------------------------------------------------------------- */

static const Policycalc__V1__PolicyAnswer *ask(
		struct instance *instance, struct arena *call, const int *values)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__MatchResponse *response = NULL;

	for (unsigned i = 0; i < ALL; i++) {
		const struct near_name *name = &instance->names[i];

		if (values[i] == UNKNOWN)
			continue;
		if (name->is_flag)
			send_flag(sent_of_profile(&profile), name->name, values[i], call);
		else
			send_count(sent_of_profile(&profile), name->name, values[i], call);
	}
	request.profile = &profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.near = true;
	assert_true(ruleset_match(instance->ruleset, &request, "2026-01-01", call, &response,
			NULL, NULL));
	return response->answers[0];
}

static unsigned name_of(const struct instance *instance, const char *path)
{
	for (unsigned i = 0; i < ALL; i++) {
		if (strcmp(path + 2, instance->names[i].name) == 0)
			return i;
	}
	fail_msg("what is %s?", path);
	return ALL;
}

static int value_of(const Policycalc__V1__Value *value)
{
	return value->kind_case == POLICYCALC__V1__VALUE__KIND_FLAG ? value->flag
								    : (int)value->count;
}

static void difference_print(struct instance *instance, const int *values,
		const struct expected_list *expected,
		const Policycalc__V1__PolicyAnswer *answer)
{
	print_message("%s", table_lines(&instance->table, &instance->arena));
	for (unsigned i = 0; i < ALL; i++) {
		if (values[i] != UNKNOWN)
			print_message("%s=%d ", instance->names[i].name, values[i]);
	}
	for (size_t i = 0; expected && i < expected->count && i < SHOWN; i++)
		print_message("\nexpected %s %s at %lld",
				instance->names[expected->list[i].first].name,
				expected->list[i].second == NAMES_MOST
						? ""
						: instance->names[expected->list[i].second]
								  .name,
				(long long)expected->list[i].cost);
	for (size_t i = 0; i < answer->n_near; i++)
		print_message("\nfound %s at %lld", answer->near[i]->sentence->en,
				(long long)answer->near[i]->cost_ppm);
	for (size_t i = 0; i < answer->n_cliffs; i++)
		print_message("\ncliff: %s", answer->cliffs[i]->sentence->en);
	print_message("\n");
}

static bool misses_are_same(const struct instance *instance,
		const struct expected_list *expected,
		const Policycalc__V1__PolicyAnswer *answer)
{
	if (answer->n_near != (expected->count < SHOWN ? expected->count : SHOWN))
		return false;
	for (size_t i = 0; i < answer->n_near; i++) {
		const struct expected *set = &expected->list[i];
		const Policycalc__V1__NearMiss *miss = answer->near[i];
		unsigned second = NAMES_MOST;

		if (miss->n_changes == 2)
			second = name_of(instance, miss->changes[1]->attribute);
		if (miss->cost_ppm != set->cost || second != set->second ||
				name_of(instance, miss->changes[0]->attribute) != set->first)
			return false;
	}
	return true;
}

static void misses_compare(struct instance *instance, const int *values,
		const Policycalc__V1__PolicyAnswer *answer)
{
	static struct expected_list expected;
	struct trying trying = { instance, values_judge(instance, values) };
	struct near_world world = {
		.names = instance->names,
		.count = ALL,
		.shared = ALL,
		.values = values,
		.context = &trying,
		.is_turned = trying_is_turned,
		.is_mark = trying_is_mark,
	};

	expected.count = 0;
	brute_add(&world, &expected);
	brute_finish(&expected);
	if (!misses_are_same(instance, &expected, answer)) {
		difference_print(instance, values, &expected, answer);
		fail_msg("not the cheapest changes");
	}
	for (size_t i = 0; i < answer->n_near; i++) {
		int changed[ALL];

		memcpy(changed, values, sizeof(changed));
		for (size_t k = 0; k < answer->near[i]->n_changes; k++) {
			const Policycalc__V1__NearChange *change = answer->near[i]->changes[k];

			changed[name_of(instance, change->attribute)] =
					value_of(change->target);
		}
		assert_true(trying_is_turned(&trying, changed));
	}
}

/* How far an attribute goes before the policy is lost; 0: it never is. */
static int cliff_walk(
		const struct instance *instance, const int *values, unsigned name, int way)
{
	int changed[ALL];

	memcpy(changed, values, sizeof(changed));
	for (int step = 1;; step++) {
		changed[name] = values[name] + way * step;
		if (changed[name] < instance->names[name].least ||
				changed[name] > instance->names[name].most)
			return 0;
		if (is_ineligible(instance, changed))
			return step;
	}
}

static unsigned cliffs_compare(struct instance *instance, const int *values,
		const Policycalc__V1__PolicyAnswer *answer)
{
	unsigned ahead = 0;

	for (unsigned name = 0; name < ALL; name++) {
		for (int way = -1; way <= 1; way += 2) {
			int step, threshold;
			bool near, shown = false;

			if (values[name] == UNKNOWN || instance->names[name].is_flag ||
					instance->names[name].direction == FIXED)
				continue;
			step = cliff_walk(instance, values, name, way);
			threshold = values[name] + way * (step - 1);
			near = step && (step == 1 || (step - 1) * 5 <= abs(threshold));
			for (size_t i = 0; i < answer->n_cliffs; i++) {
				const Policycalc__V1__Cliff *cliff = answer->cliffs[i];

				if (name_of(instance, cliff->attribute) != name ||
						cliff->above != (way > 0))
					continue;
				shown = true;
				assert_int_equal(value_of(cliff->threshold), threshold);
			}
			ahead += near;
			if (near ? !shown && answer->n_cliffs < SHOWN : shown) {
				difference_print(instance, values, NULL, answer);
				print_message("%s, way %d: lost after %d\n",
						instance->names[name].name, way, step);
			}
			assert_true(near ? shown || answer->n_cliffs == SHOWN : !shown);
		}
	}
	assert_int_equal(answer->n_cliffs, ahead < SHOWN ? ahead : SHOWN);
	return ahead;
}

/* --- all -------------------------------------------------------------------------------------- */

static void agrees(void **state)
{
	unsigned instances = effort(600, 6000);
	unsigned total = 0, near = 0, pairs = 0, eligible = 0, cliffs = 0;

	(void)state;
	random_begin(20261201);
	for (unsigned n = 0; n < instances; n++) {
		struct instance instance;

		instance_init(&instance);
		for (unsigned round = 0; round < 10; round++) {
			const Policycalc__V1__PolicyAnswer *answer;
			struct arena call;
			int values[ALL];

			arena_init(&call, (size_t)8 << 20);
			values_make(&instance, values);
			answer = ask(&instance, &call, values);
			total++;
			assert_int_equal(answer->verdict == VERDICT(INELIGIBLE),
					is_ineligible(&instance, values));
			if (answer->verdict == VERDICT(INELIGIBLE))
				misses_compare(&instance, values, answer);
			near += answer->n_near > 0;
			pairs += answer->n_near > 0 && answer->near[0]->n_changes == 2;
			if (answer->verdict == VERDICT(ELIGIBLE)) {
				eligible++;
				cliffs += cliffs_compare(&instance, values, answer) > 0;
			}
			arena_fini(&call);
		}
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
	print_message("%u instances: %u%% with a near miss (%u%% of two attributes), %u%% "
		      "eligible (%u%% of them with a cliff)\n",
			total, near * 100 / total, pairs * 100 / near, eligible * 100 / total,
			cliffs * 100 / eligible);
	assert_true(near * 100 >= total * LEAST_SHARE);
	assert_true(pairs * 100 >= near * LEAST_PAIRS);
	assert_true(cliffs * 100 >= eligible * LEAST_SHARE);
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
