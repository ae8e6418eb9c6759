/* SPDX-License-Identifier: Apache-2.0 */
/* A series is one question, whatever parts of it the rules read, with the periods an answer must hold. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

static const char *dictionary;

static const char LINES[] =
		"attribute evidence CODE choices power revenue label 核算依据 / Evidence\n"
		"attribute kwh COUNT_SERIES MONTH from 0 label 月度用电量 / Monthly use of "
		"power\n"
		"attribute income MONEY_SERIES MONTH label 月度营业收入 / Monthly revenue\n"
		"policy load\nwindow always\n"
		"require e.evidence == \"power\""
		" ? list.sum(e.kwh_2026q1) >= list.sum(e.kwh_2025q1)"
		" && list.sum(e.kwh_2026q1) >= math.greatest(e.kwh_2025)"
		" : list.sum(e.income_quarter) >= list.sum(e.income_quarter_y2)\n";

struct world {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__NextQuestionRequest request;
};

static int world_begin(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&world->file, &world->arena, dictionary, LINES);
	world->ruleset = fixture_compile(&world->file, NULL);
	assert_non_null(world->ruleset);
	policycalc__v1__next_question_request__init(&world->request);
	world->request.as_of = (char *)"2026-04-10";
	*state = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
	free(world);
	return 0;
}

static Policycalc__V1__NextQuestionResponse *ask(struct world *world, const char *values)
{
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct error err = { 0 };

	world->request.profile = fixture_profile(&world->file, values);
	if (!ruleset_next_question(world->ruleset, &world->request, NULL, "2026-04-10",
			    &world->arena, &response, NULL, &err))
		fail_msg("%s", err.message);
	return response;
}

/* The question is one attribute with these periods. */
static void assert_asks(const Policycalc__V1__NextQuestionResponse *response, const char *key,
		const char *first, const char *last, size_t count)
{
	const Policycalc__V1__QuestionAttribute *asked;

	assert_non_null(response->question);
	assert_int_equal(response->question->n_attributes, 1);
	assert_string_equal(response->question->group, "");
	asked = response->question->attributes[0];
	assert_string_equal(asked->key, key);
	assert_string_equal(asked->period, "");
	assert_int_equal(asked->n_periods, count);
	if (count == 0)
		return;
	assert_string_equal(asked->periods[0], first);
	assert_string_equal(asked->periods[count - 1], last);
}

static void asks_a_series_once(void **state)
{
	struct world *world = *state;
	Policycalc__V1__NextQuestionResponse *response;

	assert_asks(ask(world, ""), "e.evidence", NULL, NULL, 0);
	response = ask(world, "evidence = power");
	assert_asks(response, "e.kwh", "2025-01", "2026-03", 15);
	assert_int_equal(response->progress->expected_questions_milli, 1000);
	/* Relative to the day: the last full quarter and the one a year before. */
	assert_asks(ask(world, "evidence = revenue"), "e.income", "2025-01", "2026-03", 15);
	world->request.as_of = (char *)"2026-07-01";
	assert_asks(ask(world, "evidence = revenue"), "e.income", "2025-04", "2026-06", 15);
	assert_asks(ask(world, "evidence = power"), "e.kwh", "2025-01", "2026-03", 15);
	response = ask(world, "evidence = power, kwh = 2025-01:1,2025-02:1,2025-03:1,2025-04:1,"
			      "2025-05:1,2025-06:1,2025-07:1,2025-08:1,2025-09:1,2025-10:1,"
			      "2025-11:1,2025-12:1,2026-01:1,2026-02:1,2026-03:1");
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->eligible_count, 1);
}

/* What was told is among the periods, so that the series stays one. */
static void asks_for_the_rest_with_what_was_told(void **state)
{
	struct world *world = *state;

	assert_asks(ask(world, "evidence = power, kwh = 2026-01:1,2026-02:1,2026-03:1"),
			"e.kwh", "2025-01", "2026-03", 15);
	assert_asks(ask(world, "evidence = revenue, income = "
			       "2025-01:1元,2025-02:1元,2025-03:1元"),
			"e.income", "2025-01", "2026-03", 15);
}

static void skips_a_series_whole(void **state)
{
	struct world *world = *state;
	char *skipped[] = { (char *)"e.kwh" };

	world->request.skipped = skipped;
	world->request.n_skipped = 1;
	assert_int_equal(ask(world, "evidence = power")->done, DONE(SKIPPED));
	assert_asks(ask(world, "evidence = revenue"), "e.income", "2025-01", "2026-03", 15);
	/* A name of a part does as well. */
	skipped[0] = (char *)"e.kwh_2025q1";
	assert_int_equal(ask(world, "evidence = power")->done, DONE(SKIPPED));
}

/* Nobody can tell what a quarter comes to before it is over. */
static void leaves_out_what_is_not_over(void **state)
{
	struct world *world = *state;

	world->request.as_of = (char *)"2026-03-31";
	assert_asks(ask(world, "evidence = power"), "e.kwh", "2025-01", "2025-12", 12);
	assert_int_equal(ask(world, "evidence = power, kwh = 2025-01:1,2025-02:1,2025-03:1,"
				    "2025-04:1,2025-05:1,2025-06:1,2025-07:1,2025-08:1,"
				    "2025-09:1,2025-10:1,2025-11:1,2025-12:1")
					 ->done,
			DONE(SKIPPED));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_a_series_once, world_begin, world_end),
		cmocka_unit_test_setup_teardown(
				asks_for_the_rest_with_what_was_told, world_begin, world_end),
		cmocka_unit_test_setup_teardown(skips_a_series_whole, world_begin, world_end),
		cmocka_unit_test_setup_teardown(
				leaves_out_what_is_not_over, world_begin, world_end),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
