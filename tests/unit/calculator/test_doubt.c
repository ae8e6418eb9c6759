/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubts, held against every enterprise of a small world: random policies, whose conditions no
 * enterprise is found to meet (or every one is) exactly when the brute force says so, as far as one
 * attribute decides it; and never a doubt about what some enterprise can do.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "effort.h"
#include "fixture.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 9 /* counts go from 0 to this */
#define CONDITIONS 3
#define DOUBTS_MOST 64
#define DAY_OLD INT64_C(20088) /* 2024-12-31 */

static const char *dictionary;

static const char *const codes[] = { "C", "C31", "C3130", "C32", "F51", "B" };
static const char *const regions[] = { "410000", "411200", "411282", "4112Z1", "100000" };

static const char *pick(const char *const *list, size_t count)
{
	return list[random_below((unsigned)count)];
}
#define PICK(list) pick(list, sizeof(list) / sizeof(*(list)))

/* --- random rules ----------------------------------------------------------------------------- */

static const char *const relations[] = { "<", "<=", ">", ">=", "==", "!=" };

/* About attribute @which: 0 flag, 1 and 2 counts, 3 industry, 4 region. */
static const char *atom_make(struct arena *arena, unsigned which)
{
	static const char *const bounds[] = { "0", "2", "5", "p.moving", "p.fixed", "9" };

	switch (which) {
	case 0:
		return "e.f0";
	case 1:
	case 2:
		return arena_format(arena, "e.n%u %s %s", which, PICK(relations), PICK(bounds));
	case 3:
		return random_below(2) ? arena_format(arena, "e.industry.startsWith(\"%s\")",
							 PICK(codes))
				       : arena_format(arena, "e.industry == \"%s\"",
							 PICK(codes));
	default:
		return arena_format(arena, "region.within(e.region, \"%s\")", PICK(regions));
	}
}

/* What cannot be known point by point must not be guessed at. */
static const char *crooked_make(struct arena *arena)
{
	static const char *const rules[] = { "e.n1 * (9 - e.n1) >= 18", "e.n1 + e.n2 > 12",
		"e.n1 % 3 == 2", "e.n1 != e.n2", "e.n1 in [2, 3]", "e.n1 > e.n1",
		"region.kind(e.region) == \"ZONE\"", "e.industry.contains(\"3\")",
		"(e.f0 ? e.n1 : e.n2) > 7", "e.industry < \"C31\"" };

	(void)arena;
	return PICK(rules);
}

/* @which 5: any attribute. */
static const char *rule_make(struct arena *arena, unsigned which, unsigned depth, bool crooked)
{
	unsigned pick = random_below(depth ? 8 : 4);

	if (pick < 4) {
		if (crooked && random_below(4) == 0)
			return crooked_make(arena);
		return atom_make(arena, which < 5 ? which : random_below(5));
	}
	if (pick == 4)
		return arena_format(
				arena, "!(%s)", rule_make(arena, which, depth - 1, crooked));
	return arena_format(arena, "(%s) %s (%s)", rule_make(arena, which, depth - 1, crooked),
			pick == 5 ? "||" : "&&", rule_make(arena, which, depth - 1, crooked));
}

static const char *lines_make(struct arena *arena, unsigned which)
{
	const char *lines = "parameter fixed COUNT 4\n"
			    "parameter moving COUNT 3 until 2024-12-31\n"
			    "parameter moving COUNT 7 from 2025-01-01\n"
			    "attribute f0 FLAG\n"
			    "attribute n1 COUNT from 0 to 9\n"
			    "attribute n2 COUNT from 0 to 9\n"
			    "policy x\nwindow always\n";
	unsigned count = 1 + random_below(CONDITIONS);

	if (which == 4 || random_below(4) == 0)
		lines = arena_format(arena, "%scovers %s%s\n", lines, PICK(regions),
				random_below(3) ? "" : " without zones");
	for (unsigned i = 0; i < count; i++)
		lines = arena_format(arena, "%s%s %s\n", lines,
				random_below(3) ? "require" : "exclude",
				rule_make(arena, which, 2, which == 5));
	return lines;
}

/* --- doubts ----------------------------------------------------------------------------------- */

struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct doubt doubts[DOUBTS_MOST];
	size_t count;
};

static void on_doubt(void *context, const struct doubt *doubt)
{
	struct instance *instance = context;

	assert_true(instance->count < DOUBTS_MOST);
	instance->doubts[instance->count++] = *doubt;
}

static void instance_init(struct instance *instance, const char *lines)
{
	const char *mistake = "";
	struct error err = { 0 };

	instance->count = 0;
	fixture_read(&instance->file, &instance->arena, dictionary, lines);
	instance->ruleset = fixture_compile(&instance->file, &mistake);
	if (!instance->ruleset)
		fail_msg("%s\n%s", mistake, lines);
	assert_true(ruleset_find_doubts(instance->ruleset, on_doubt, instance, &err));
}

/* --- brute force ------------------------------------------------------------------------------ */

/* How the policy came out over all enterprises on one day. */
struct census {
	uint64_t met_by_all, met_by_none; /* conditions, a bit each, in the answer's order */
	const char *ids[CONDITIONS + 2];
	bool pairs[CONDITIONS + 2][CONDITIONS + 2]; /* some enterprise meets both */
	size_t count;
	bool passed;
};

static void census_take(const struct instance *instance, const char *day, const char *values,
		struct census *census, struct arena *call)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct case_file file = { .arena = call, .path = "values" };
	const Policycalc__V1__PolicyAnswer *answer;
	uint64_t met = 0;

	file.catalog = instance->file.catalog;
	request.profile = fixture_profile(&file, values);
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request.as_of = (char *)(uintptr_t)day;
	assert_true(ruleset_match(
			instance->ruleset, &request, day, call, &response, NULL, NULL));
	assert_int_equal(response->n_answers, 1);
	answer = response->answers[0];
	for (size_t i = 0; i < answer->n_conditions; i++) {
		if (answer->conditions[i]->status !=
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET)
			met |= UINT64_C(1) << i;
	}
	census->count = answer->n_conditions;
	for (size_t i = 0; i < answer->n_conditions; i++) {
		census->ids[i] = arena_copy_text((struct arena *)(uintptr_t)&instance->arena,
				answer->conditions[i]->id);
		for (size_t k = 0; k < answer->n_conditions; k++)
			census->pairs[i][k] |= (met >> i & 1) && (met >> k & 1);
	}
	census->met_by_all &= met;
	census->met_by_none &= ~met;
	census->passed |= answer->verdict != POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
}

/* Every enterprise of the small world, or those that differ in attribute @which alone. */
static void census_all(const struct instance *instance, const char *day, unsigned which,
		struct census *census)
{
	static const char *const places[] = { "100000", "410000", "411200", "411202", "411282",
		"411224", "4112Z1" };
	static const char *const trades[] = { "C", "C31", "C3130", "C3131", "C32", "C16", "F51",
		"F", "B" };
	struct arena call;

	*census = (struct census){ .met_by_all = UINT64_MAX, .met_by_none = UINT64_MAX };
	arena_init(&call, (size_t)16 << 20);
	for (unsigned i = 0; i < (which == 4 || which == 5 ? 7 : 1); i++)
		for (unsigned k = 0; k < (which == 3 || which == 5 ? 9 : 1); k++)
			for (unsigned f = 0; f < (which == 0 || which == 5 ? 2 : 1); f++)
				for (unsigned a = 0; a <= (which == 1 || which == 5 ? MOST : 0);
						a++)
					for (unsigned b = 0;
							b <=
							(which == 2 || which == 5 ? MOST : 0);
							b++) {
						census_take(instance, day,
								arena_format(&call,
										"region = %s, "
										"industry = "
										"%s, f0 = %s, "
										"n1 = %u, "
										"n2 = %u",
										places[which == 5 || which == 4 ? i
														: 2],
										trades[k],
										f ? "true"
										  : "false",
										a, b),
								census, &call);
						arena_reset(&call);
					}
	arena_fini(&call);
}

static size_t census_find(const struct census *census, const char *id)
{
	for (size_t i = 0; i < census->count; i++) {
		if (strcmp(census->ids[i], id) == 0)
			return i;
	}
	fail_msg("no condition %s", id);
	return 0;
}

/* What a doubt claims of @day must hold there; counts what rules the policy out. */
static bool doubt_verify(const struct doubt *doubt, int64_t day, const struct census *census,
		const char *lines)
{
	size_t at = census_find(census, doubt->condition);

	if (!doubt->whole && (day < doubt->first || day > doubt->last))
		return false;
	switch (doubt->kind) {
	case DOUBT_ALWAYS:
		if (!(census->met_by_all >> at & 1))
			fail_msg("%s is not always met:\n%s", doubt->condition, lines);
		return false;
	case DOUBT_NEVER:
		if (!(census->met_by_none >> at & 1))
			fail_msg("%s can be met:\n%s", doubt->condition, lines);
		break;
	case DOUBT_CONFLICT:
	default:
		if (doubt->other && census->pairs[at][census_find(census, doubt->other)])
			fail_msg("%s and %s can be met:\n%s", doubt->condition, doubt->other,
					lines);
		break;
	}
	if (census->passed)
		fail_msg("some enterprise passes:\n%s", lines);
	return true;
}

static unsigned long runs(unsigned few)
{
	return effort(few, few * 10);
}

/* Of policies over one attribute everything is found, and nothing else. */
static void test_one_attribute(void **state)
{
	static const char *const days[] = { "2024-12-31", "2025-01-01" };
	unsigned long ruled_out = 0;
	unsigned long always = 0;
	unsigned long passed = 0;

	(void)state;
	random_begin(1);
	for (unsigned long run = 0; run < runs(1500); run++) {
		unsigned which = random_below(5);
		struct instance instance = { .count = 0 };
		const char *lines;

		arena_init(&instance.arena, (size_t)32 << 20);
		lines = lines_make(&instance.arena, which);
		instance_init(&instance, lines);
		for (size_t day = 0; day < 2; day++) {
			struct census census;
			bool out = false;

			/* A scope may bring a second attribute in: then only what is claimed is looked at. */
			bool scoped = which != 4 && strstr(lines, "\ncovers ");

			census_all(&instance, days[day], which, &census);
			for (size_t i = 0; i < instance.count; i++)
				out |= doubt_verify(&instance.doubts[i], DAY_OLD + (int64_t)day,
						&census, lines);
			/* The codes tried here are some of all there may be. */
			if (!census.passed && !out && !scoped && which != 3)
				fail_msg("nobody passes on %s, and nothing was said:\n%s",
						days[day], lines);
			ruled_out += out;
			passed += census.passed;
		}
		for (size_t i = 0; i < instance.count; i++)
			always += instance.doubts[i].kind == DOUBT_ALWAYS;
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
	print_message("one attribute: %lu ruled out, %lu passed, %lu conditions always met\n",
			ruled_out, passed, always);
	assert_true(ruled_out > runs(1500) / 5 && passed > runs(1500) / 5 &&
			always > runs(1500) / 40);
}

/* Of any policies, crooked rules among them, nothing is said that is not so. */
static void test_no_false_alarm(void **state)
{
	unsigned long doubted = 0;

	(void)state;
	random_begin(2);
	for (unsigned long run = 0; run < runs(1500); run++) {
		struct instance instance = { .count = 0 };
		struct census census;
		const char *lines;
		bool late = random_below(2);

		arena_init(&instance.arena, (size_t)32 << 20);
		lines = lines_make(&instance.arena, 5);
		instance_init(&instance, lines);
		if (instance.count && doubted < runs(20)) {
			doubted++;
			census_all(&instance, late ? "2025-01-01" : "2024-12-31", 5, &census);
			for (size_t i = 0; i < instance.count; i++)
				(void)doubt_verify(&instance.doubts[i], DAY_OLD + late, &census,
						lines);
		}
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
	print_message("any attributes: %lu policies in doubt\n", doubted);
	assert_true(doubted >= runs(20));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_attribute),
		cmocka_unit_test(test_no_false_alarm),
	};

	if (argc != 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
