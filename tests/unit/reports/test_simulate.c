/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft against the current catalog: the change of the three transformations (三大改造, 30% to 40% for
 * SRDI firms, 3 million to 1.5 million) over six firms worked out by hand, and over random firms against
 * Match asked of each of them under both catalogs.
 *
 * usage: test_simulate STARTER
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "effort.h"
#include "firms.h"

#include "calculator/size.h"
#include "proto/codec/codec.h"
#include "publish/publish.h"
#include "reports/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define POLICY "smx-transformation-2022"
#define WAN INT64_C(1000000) /* 1万元 in fen */

static const char *starter;

struct fixture {
	struct firms firms; /* of the catalog as it is: the draft */
	struct arena arena;
	struct ruleset *old;
	struct crew *crew;
};

/* --- the catalog before the change ------------------------------------------------------------ */

static struct draft_file *file_of(struct draft *draft, const char *path)
{
	for (size_t i = 0; i < draft->count; i++) {
		if (strcmp(draft->files[i].path, path) == 0)
			return &draft->files[i];
	}
	fail_msg("there is no %s", path);
	return NULL;
}

/* Replaces @old behind @after. */
static void replace(struct arena *arena, struct draft_file *file, const char *after,
		const char *old, const char *new)
{
	char *text = arena_copy(arena, file->content.data, file->content.size);
	char *start = strstr(text, after);
	char *found = start ? strstr(start, old) : NULL;

	assert_non_null(found);
	file->content.data = arena_format(
			arena, "%.*s%s%s", (int)(found - text), text, new, found + strlen(old));
	file->content.size = strlen(file->content.data);
}

static void old_read(struct fixture *fixture)
{
	struct arena *arena = &fixture->arena;
	struct diagnostics diagnostics;
	struct draft draft;
	struct draft_file *parameters;
	struct draft_file *policy;
	struct error err = { 0 };
	char *text;

	diagnostics_init(&diagnostics, arena);
	assert_true(draft_load(starter, arena, &draft, &err));
	parameters = file_of(&draft, "parameters.yaml");
	replace(arena, parameters, "name: smx_transformation_rate_srdi\n", "40%", "30%");
	replace(arena, parameters, "name: smx_transformation_min\n", "150万元", "300万元");
	/* Its examples are of the new figures. */
	policy = file_of(&draft, "policies/" POLICY ".yaml");
	text = arena_copy(arena, policy->content.data, policy->content.size);
	policy->content.data = arena_format(arena, "%.*s%s",
			(int)(strstr(text, "\nexamples:\n") - text), text,
			strstr(text, "\nambiguous:\n"));
	policy->content.size = strlen(policy->content.data);
	if (!draft_check(&draft, false, arena, &diagnostics, &fixture->old, NULL, &err))
		fail_msg("%s: %s", err.message,
				diagnostics.count ? diagnostics.list[0].message : "");
}

/* --- six firms by hand ------------------------------------------------------------------------ */

static Policycalc__V1__AttributeValue *fact(
		struct arena *arena, const char *name, Policycalc__V1__Value__KindCase kind)
{
	Policycalc__V1__AttributeValue *fact = ARENA_NEW(arena, Policycalc__V1__AttributeValue);

	policycalc__v1__attribute_value__init(fact);
	fact->name = (char *)name;
	fact->value = ARENA_NEW(arena, Policycalc__V1__Value);
	policycalc__v1__value__init(fact->value);
	fact->value->kind_case = kind;
	return fact;
}

/* A firm with one project; SRDI or no title at all. */
static Policycalc__V1__Profile *firm(struct fixture *fixture, const char *region,
		const char *industry, bool is_srdi, int64_t invested)
{
	struct arena *arena = &fixture->arena;
	Policycalc__V1__Profile *profile = ARENA_NEW(arena, Policycalc__V1__Profile);
	Policycalc__V1__Item *item = ARENA_NEW(arena, Policycalc__V1__Item);
	Policycalc__V1__TitleList *titles = ARENA_NEW(arena, Policycalc__V1__TitleList);
	Policycalc__V1__TitleList__Title *title =
			ARENA_NEW(arena, Policycalc__V1__TitleList__Title);

	policycalc__v1__profile__init(profile);
	policycalc__v1__item__init(item);
	policycalc__v1__title_list__init(titles);
	policycalc__v1__title_list__title__init(title);
	profile->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, 3);
	profile->attributes[0] = fact(arena, "region", POLICYCALC__V1__VALUE__KIND_CODE);
	profile->attributes[0]->value->code = (char *)region;
	profile->attributes[1] = fact(arena, "industry", POLICYCALC__V1__VALUE__KIND_CODE);
	profile->attributes[1]->value->code = (char *)industry;
	profile->attributes[2] = fact(arena, "titles", POLICYCALC__V1__VALUE__KIND_TITLES);
	profile->attributes[2]->value->titles = titles;
	profile->n_attributes = 3;
	title->code = (char *)"srdi";
	title->valid_until = (char *)"2028-12-31";
	titles->titles = ARENA_NEW_ARRAY(arena, Policycalc__V1__TitleList__Title *, 1);
	titles->titles[0] = title;
	titles->n_titles = is_srdi;
	item->list = (char *)"projects";
	item->id = (char *)"p";
	item->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, 1);
	item->attributes[0] = fact(
			arena, "completed_investment", POLICYCALC__V1__VALUE__KIND_MONEY_FEN);
	item->attributes[0]->value->money_fen = invested;
	item->n_attributes = 1;
	profile->items = ARENA_NEW_ARRAY(arena, Policycalc__V1__Item *, 1);
	profile->items[0] = item;
	profile->n_items = 1;
	return profile;
}

static void six_firms(struct fixture *fixture)
{
	Policycalc__V1__Profile **profiles = fixture->firms.profiles;

	profiles[0] = firm(fixture, "411282", "C3130", true, 200 * WAN); /* 0 → 80万 */
	profiles[1] = firm(fixture, "411282", "C3130", true, 400 * WAN); /* 120万 → 160万 */
	profiles[2] = firm(fixture, "411224", "C2710", false, 200 * WAN); /* → to be judged */
	profiles[3] = firm(fixture, "411224", "C2710", false, 300 * WAN); /* 90万 both */
	profiles[4] = firm(fixture, "411224", "C2710", true, 149 * WAN);  /* never */
	profiles[5] = firm(fixture, "410311", "C2710", true, 900 * WAN);  /* not in the city */
}

/* Made once: each takes a catalog that is checked, examples and all. What was asked does not change them. */
static struct fixture by_hand; /* six firms */
static struct fixture made_up; /* random ones, in three blocks */

static int set_up(void **state)
{
	struct error err = { 0 };
	int64_t count = effort(300, 300);

	(void)state;
	arena_init(&by_hand.arena, (size_t)2 << 30);
	old_read(&by_hand);
	by_hand.crew = crew_new(3, &err);
	assert_non_null(by_hand.crew);
	firms_init(&by_hand.firms, starter, 6, 92, 2, 21);
	firms_spread(&by_hand.firms, 30);
	six_firms(&by_hand);
	arena_init(&made_up.arena, (size_t)2 << 30);
	made_up.old = by_hand.old;
	made_up.crew = by_hand.crew;
	firms_init(&made_up.firms, starter, count, 92, 2, 21);
	firms_spread(&made_up.firms, 9000 / count);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	crew_free(by_hand.crew);
	ruleset_unref(by_hand.old);
	firms_fini(&made_up.firms);
	firms_fini(&by_hand.firms);
	arena_fini(&made_up.arena);
	arena_fini(&by_hand.arena);
	return 0;
}

static Policycalc__V1__Simulation *simulate_with(struct fixture *fixture,
		struct simulate_options options, struct crew *crew, struct error *err)
{
	struct violations violations;
	struct simulate *simulate;
	Policycalc__V1__Simulation *result = NULL;
	bool more = true;
	bool ok;

	options.current = options.current ? options.current : fixture->old;
	options.draft = options.draft ? options.draft : fixture->firms.ruleset;
	options.day = options.day ? options.day : FIRMS_DAY;
	options.region = options.region ? options.region : "";
	options.cache = fixture->firms.cache;
	options.sequence = 1;
	options.last_id = firms_last_id(&fixture->firms);
	options.crew = crew;
	simulate = simulate_new(&options, &fixture->arena, &violations, err);
	ok = simulate != NULL;
	while (ok && more)
		ok = simulate_step(simulate, &more, err);
	if (ok)
		result = simulate_result(simulate, err);
	simulate_free(simulate);
	return result;
}

/* On one thread and on three, which must come to the same bytes. */
static const Policycalc__V1__Simulation *simulate(
		struct fixture *fixture, struct simulate_options options, struct error *err)
{
	Policycalc__V1__Simulation *alone = simulate_with(fixture, options, NULL, err);
	Policycalc__V1__Simulation *together =
			simulate_with(fixture, options, fixture->crew, err);
	struct buffer left = { 0 };
	struct buffer right = { 0 };

	assert_int_equal(alone == NULL, together == NULL);
	if (!alone)
		return NULL;
	assert_true(message_pack(&alone->base, &left) && message_pack(&together->base, &right));
	assert_int_equal(left.size, right.size);
	assert_memory_equal(left.data, right.data, left.size);
	buffer_fini(&left);
	buffer_fini(&right);
	return alone;
}

/* --- by hand ---------------------------------------------------------------------------------- */

static void the_worked_case(void **state)
{
	struct fixture *fixture = &by_hand;
	const Policycalc__V1__Simulation *result;
	const Policycalc__V1__SimulatedChange *change;
	struct error err = { 0 };

	result = simulate(fixture, (struct simulate_options){ 0 }, &err);
	if (!result)
		fail_msg("%s", err.message);
	assert_int_equal(result->n_policies, 1);
	assert_string_equal(result->policies[0]->series, "smx-transformation");
	assert_int_equal(result->enterprises, 6);
	change = result->policies[0]->change;
	assert_string_equal(change->before->policy_id, POLICY);
	assert_int_equal(change->before->eligible, 2);
	assert_int_equal(change->before->sure_fen, 210 * WAN);
	assert_int_equal(change->before->needs_review, 0);
	assert_int_equal(change->after->eligible, 3);
	assert_int_equal(change->after->sure_fen, 330 * WAN);
	assert_int_equal(change->after->needs_review, 1);
	assert_int_equal(change->after->most_fen, 390 * WAN);
	assert_int_equal(change->gaining, 1);
	assert_int_equal(change->losing, 0);
	assert_int_equal(change->more, 1);
	assert_int_equal(change->less, 0);
	assert_int_equal(change->gain_fen, 120 * WAN);
	assert_int_equal(change->loss_fen, 0);
	assert_int_equal(result->gaining_enterprises, 1);
	assert_int_equal(result->losing_enterprises, 0);
	/* 灵宝市 has two of the three, 卢氏县 one. */
	assert_int_equal(result->n_regions, 2);
	assert_string_equal(result->regions[0]->code, "411224");
	assert_int_equal(result->regions[0]->before_fen, 90 * WAN);
	assert_int_equal(result->regions[0]->after_fen, 90 * WAN);
	assert_string_equal(result->regions[1]->label->zh, "灵宝市");
	assert_int_equal(result->regions[1]->gaining, 1);
	assert_int_equal(result->regions[1]->before_fen, 120 * WAN);
	assert_int_equal(result->regions[1]->after_fen, 240 * WAN);
	assert_int_equal(result->n_industries, 1);
	assert_string_equal(result->industries[0]->code, "C");
	assert_int_equal(result->industries[0]->after, 3);
	/* Staff and revenue are not known, so that the size is not. */
	assert_int_equal(result->n_sizes, 1);
	assert_string_equal(result->sizes[0]->code, "");
	/* The city's 100 million a year. */
	assert_int_equal(result->n_budgets, 1);
	assert_int_equal(result->budgets[0]->before_limit_fen, 10000 * WAN);
	assert_int_equal(result->budgets[0]->after_limit_fen, 10000 * WAN);
	assert_int_equal(result->budgets[0]->before_fen, 210 * WAN);
	assert_int_equal(result->budgets[0]->after_fen, 330 * WAN);
	assert_int_equal(result->budgets[0]->after_most_fen, 390 * WAN);
}

static void the_way_back(void **state)
{
	struct fixture *fixture = &by_hand;
	struct simulate_options options = { .current = fixture->firms.ruleset,
		.draft = fixture->old };
	const Policycalc__V1__SimulatedChange *change;
	const Policycalc__V1__Simulation *result;
	struct error err = { 0 };

	result = simulate(fixture, options, &err);
	assert_non_null(result);
	change = result->policies[0]->change;
	assert_int_equal(change->losing, 1);
	assert_int_equal(change->less, 1);
	assert_int_equal(change->loss_fen, 120 * WAN);
	assert_int_equal(change->gain_fen, 0);
	assert_int_equal(result->losing_enterprises, 1);
}

static void the_threshold_varied(void **state)
{
	struct fixture *fixture = &by_hand;
	Policycalc__V1__ParameterSteps steps = POLICYCALC__V1__PARAMETER_STEPS__INIT;
	struct simulate_options options = { .steps = &steps, .region = "三门峡市" };
	/* 100万 to 300万: who has it, who is to be judged, what is sure. */
	static const int64_t expected[][3] = { { 4, 1, 330 * 10 + 596 }, { 3, 1, 3300 },
		{ 3, 1, 3300 }, { 2, 0, 2500 }, { 2, 0, 2500 } };
	const Policycalc__V1__SimulatedCurve *curve;
	const Policycalc__V1__Simulation *result;
	struct error err = { 0 };

	steps.parameter = (char *)"p.smx_transformation_min";
	steps.from = (char *)"100万元";
	steps.to = (char *)"300万元";
	steps.step = (char *)"50万元";
	result = simulate(fixture, options, &err);
	if (!result)
		fail_msg("%s", err.message);
	assert_int_equal(result->enterprises, 5);
	curve = result->curve;
	assert_int_equal(curve->n_points, 5);
	assert_int_equal(curve->draft_value, 150 * WAN);
	assert_int_equal(curve->n_policies, 1);
	for (size_t i = 0; i < curve->n_points; i++) {
		const Policycalc__V1__SimulatedPoint *point = curve->points[i];

		assert_int_equal(point->value, (100 + 50 * (int64_t)i) * WAN);
		assert_int_equal(point->eligible, expected[i][0]);
		assert_int_equal(point->needs_review, expected[i][1]);
		assert_int_equal(point->sure_fen, expected[i][2] * WAN / 10);
	}
}

static void wrong_requests(void **state)
{
	static const struct {
		const char *policy, *region, *day, *parameter, *from, *to, *step;
		enum error_code code;
	} cases[] = {
		{ "no-such", "", FIRMS_DAY, NULL, "", "", "", ERROR_NOT_FOUND },
		{ NULL, "Atlantis", FIRMS_DAY, NULL, "", "", "", ERROR_INVALID },
		{ NULL, "", "2026-02-30", NULL, "", "", "", ERROR_INVALID },
		{ NULL, "", FIRMS_DAY, "no_such", "1万元", "2万元", "1万元", ERROR_INVALID },
		{ NULL, "", FIRMS_DAY, "smx_transformation_min", "1", "2", "1", ERROR_INVALID },
		{ NULL, "", FIRMS_DAY, "smx_transformation_min", "2万元", "1万元", "1万元",
				ERROR_INVALID },
		{ NULL, "", FIRMS_DAY, "smx_transformation_min", "1万元", "2万元", "0元",
				ERROR_INVALID },
		{ NULL, "", FIRMS_DAY, "smx_transformation_min", "1万元", "200万元", "1万元",
				ERROR_INVALID },
		/* Nobody who is simulated follows it. */
		{ NULL, "", FIRMS_DAY, "tech_sme_score", "1", "2", "1", ERROR_INVALID },
	};
	struct fixture *fixture = &by_hand;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		Policycalc__V1__ParameterSteps steps = POLICYCALC__V1__PARAMETER_STEPS__INIT;
		struct simulate_options options = { .policies = &cases[i].policy,
			.policy_count = cases[i].policy != NULL,
			.region = cases[i].region,
			.day = cases[i].day };
		struct error err = { 0 };

		steps.parameter = (char *)cases[i].parameter;
		steps.from = (char *)cases[i].from;
		steps.to = (char *)cases[i].to;
		steps.step = (char *)cases[i].step;
		options.steps = cases[i].parameter ? &steps : NULL;
		assert_null(simulate(fixture, options, &err));
		assert_int_equal(err.code, cases[i].code);
	}
}

static void a_draft_that_changes_nothing(void **state)
{
	struct fixture *fixture = &made_up;
	struct simulate_options options = { .current = fixture->firms.ruleset };
	const Policycalc__V1__Simulation *result;
	struct error err = { 0 };

	result = simulate(fixture, options, &err);
	assert_non_null(result);
	assert_int_equal(result->n_policies, 0);
	assert_int_equal(result->total->gaining, 0);
	assert_int_equal(result->n_budgets, 0);
}

/* --- one after another ------------------------------------------------------------------------ */

struct sums {
	int64_t eligible[2], review[2], unknown[2], sure[2];
	int64_t gaining, losing;
};

static const Policycalc__V1__PolicyAnswer *ask(struct ruleset *ruleset,
		Policycalc__V1__Profile *profile, const char *policy, struct arena *call)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	char *policies[] = { (char *)policy };
	struct error err = { 0 };

	request.profile = profile;
	request.policies = policies;
	request.n_policies = 1;
	if (!ruleset_match(ruleset, &request, FIRMS_DAY, call, &response, NULL, &err))
		fail_msg("%s", err.message);
	return response->answers[0];
}

static struct sums sums_of(struct fixture *fixture, const char *before, const char *after)
{
	struct ruleset *const rulesets[] = { fixture->old, fixture->firms.ruleset };
	const char *const ids[] = { before, after };
	struct sums sums = { .gaining = 0 };

	for (int64_t i = 0; i < fixture->firms.count; i++) {
		bool has[2] = { false, false };

		for (int side = 0; side < 2; side++) {
			const Policycalc__V1__PolicyAnswer *answer;
			struct arena call;

			arena_init(&call, (size_t)64 << 20);
			answer = ask(rulesets[side], fixture->firms.profiles[i], ids[side],
					&call);
			has[side] = answer->verdict == VERDICT(ELIGIBLE);
			sums.eligible[side] += has[side];
			sums.review[side] += answer->verdict == VERDICT(NEEDS_REVIEW);
			sums.unknown[side] += answer->verdict == VERDICT(NEEDS_INFORMATION);
			if (has[side] && answer->amount)
				sums.sure[side] += answer->amount->first_year_least_fen;
			arena_fini(&call);
		}
		sums.gaining += has[1] && !has[0];
		sums.losing += has[0] && !has[1];
	}
	return sums;
}

static void random_firms_add_up(void **state)
{
	static const char *const names[] = { "smx-transformation", "national-small-profit",
		"national-srdi", "national-startup-loan", "henan-upgrade",
		"smx-rd-award-2022" };
	struct fixture *fixture = &made_up;
	struct simulate_options options = { .policies = names,
		.policy_count = sizeof(names) / sizeof(*names) };
	const Policycalc__V1__Simulation *result;
	struct error err = { 0 };
	int64_t eligible = 0;

	result = simulate(fixture, options, &err);
	if (!result)
		fail_msg("%s", err.message);
	assert_int_equal(result->enterprises, fixture->firms.count);
	assert_int_equal(result->refused, 0);
	for (size_t i = 0; i < result->n_policies; i++) {
		const Policycalc__V1__SimulatedPolicy *policy = result->policies[i];
		const Policycalc__V1__SimulatedChange *change = policy->change;
		struct sums sums = sums_of(
				fixture, change->before->policy_id, change->after->policy_id);
		int64_t by_region = 0;
		int64_t by_size = 0;

		assert_int_equal(change->before->eligible, sums.eligible[0]);
		assert_int_equal(change->after->eligible, sums.eligible[1]);
		assert_int_equal(change->before->needs_review, sums.review[0]);
		assert_int_equal(change->after->needs_review, sums.review[1]);
		assert_int_equal(change->before->needs_information, sums.unknown[0]);
		assert_int_equal(change->after->needs_information, sums.unknown[1]);
		assert_int_equal(change->before->sure_fen, sums.sure[0]);
		assert_int_equal(change->after->sure_fen, sums.sure[1]);
		assert_int_equal(change->gaining, sums.gaining);
		assert_int_equal(change->losing, sums.losing);
		for (size_t k = 0; k < policy->n_regions; k++)
			by_region += policy->regions[k]->after_fen;
		for (size_t k = 0; k < policy->n_sizes; k++)
			by_size += policy->sizes[k]->after_fen;
		assert_int_equal(by_region, sums.sure[1]);
		assert_int_equal(by_size, sums.sure[1]);
		eligible += sums.eligible[0] + sums.eligible[1];
	}
	assert_true(eligible * 15 > fixture->firms.count);
	/* The awards that share the city's science money come along, and count for nothing else. */
	assert_int_equal(result->n_budgets, 2);
	assert_int_equal(result->n_policies, 6 + 4);
	for (size_t i = 0; i < result->n_policies; i++)
		assert_int_equal(result->policies[i]->unchanged, i >= 6);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worked_case),
		cmocka_unit_test(the_way_back),
		cmocka_unit_test(the_threshold_varied),
		cmocka_unit_test(wrong_requests),
		cmocka_unit_test(a_draft_that_changes_nothing),
		cmocka_unit_test(random_firms_add_up),
	};

	starter = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
