/* SPDX-License-Identifier: Apache-2.0 */
/* Which answers are told apart, and how likely they are. */
#include "question_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;

static void world_init(struct question_world *world, const char *lines)
{
	question_world_init(world, dictionary, lines);
}

/* Remembers the classes it is asked about, and finds one sort of answer far more likely. */
struct seen {
	char attribute[32];
	size_t count;
	int64_t from[16];
	char codes[256];
	uint32_t first;
	int64_t period;
	const char *code; /* that is looked for, */
	size_t class;	  /* and its class */
};

static bool weigh(void *context, const struct question_answers *answers, uint32_t *out_weights)
{
	struct seen *seen = context;

	for (size_t i = 0; i < answers->count; i++)
		out_weights[i] = i == 0 ? seen->first : 1;
	if (strcmp(answers->attribute->name, seen->attribute) != 0)
		return false;
	seen->count = answers->count;
	seen->period = answers->period;
	seen->codes[0] = 0;
	for (size_t i = 0; i < answers->count && i < 16; i++) {
		const char *code = answers->classes[i].code;

		seen->from[i] = answers->classes[i].from;
		if (code) {
			strncat(seen->codes, code, 30);
			strncat(seen->codes, " ", 2);
			assert_int_equal(answers->class_of(
							 answers->classifier, slice_from(code)),
					i);
		}
	}
	seen->class = answers->class_of ? answers->class_of(answers->classifier,
							  slice_from(seen->code))
					: SIZE_MAX;
	return true;
}

static void classes_of(struct question_world *world, const char *attribute, const char *code,
		struct seen *seen)
{
	struct question_priors priors = { weigh, seen, 7 };

	*seen = (struct seen){ .first = 1, .code = code };
	strncpy(seen->attribute, attribute, sizeof(seen->attribute) - 1);
	(void)question_world_ask(world, "", &priors);
}

static void finds_classes(void **state)
{
	struct question_world world;
	struct seen seen;

	(void)state;
	world_init(&world, "attribute form CODE\n"
			   "policy a\nwindow always\ncovers 411282\nindustries C31\n"
			   "require e.form in [\"llc\", \"plc\"]\n"
			   "require e.staff >= 20\nrequire e.staff <= 300\n"
			   "policy b\nwindow always\ncovers 411200\nindustries C\n"
			   "require date.fullYears(e.registered_on, as_of) >= 3\n"
			   "require e.staff == 50\n"
			   "policy c\nwindow always\nrequire \"srdi\" in e.titles\n"
			   "require e.at_least_small\n");
	/* 20, 51 from == 50, 301 from <= 300, and the table of sizes (5, 20). */
	classes_of(&world, "staff", "", &seen);
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.from[0], 0);
	assert_int_equal(seen.from[1], 5);
	assert_int_equal(seen.from[2], 20);
	assert_int_equal(seen.from[3], 50);
	assert_int_equal(seen.from[4], 51);
	assert_int_equal(seen.from[5], 301);
	assert_int_equal(seen.class, SIZE_MAX);
	classes_of(&world, "region", "411282", &seen);
	assert_string_equal(seen.codes, "411202 411282 ");
	assert_int_equal(seen.class, 1);
	/* Not the one that stands for them all, but one that no rule tells from it. */
	classes_of(&world, "region", "411224", &seen);
	assert_int_equal(seen.class, 0);
	classes_of(&world, "industry", "C3130", &seen);
	assert_int_equal(seen.count, 4); /* C31, C otherwise, F51, all else */
	assert_true(seen.class < 4);
	classes_of(&world, "titles", "gazelle", &seen);
	assert_string_equal(seen.codes, " srdi ");
	assert_int_equal(seen.class, 0); /* a title that nobody asks for is none */
	/* Codes that only a rule names are texts, too. */
	classes_of(&world, "form", "plc", &seen);
	assert_string_equal(seen.codes, "llc plc  ");
	assert_int_equal(seen.class, 1);
	classes_of(&world, "registered_on", "", &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.from[1], 1685635200); /* 2023-06-02, less than three years */
	question_world_fini(&world);
}

/* A registry that knows an answer to be nearly certain makes its question worth less. */
static int64_t score_of_branches(const char *attribute)
{
	struct question_world world;
	const Policycalc__V1__Question *question;
	char lines[512];
	int64_t score;

	(void)snprintf(lines, sizeof(lines),
			"attribute branches %s\npolicy a\nwindow always\n"
			"require !(\"411282\" in e.branches)\nrequire e.srdi\nrequire "
			"e.tech_sme\n",
			attribute);
	world_init(&world, lines);
	question = question_world_ask(&world, "", NULL)->question;
	assert_string_equal(question->attributes[0]->name, "branches");
	score = question->score;
	question_world_fini(&world);
	return score;
}

/* With a region that a policy rules out all is settled: as with any other code. */
static void tries_lists_of_regions(void **state)
{
	(void)state;
	assert_int_equal(score_of_branches("CODES regions"), score_of_branches("CODES"));
}

static void priors_count(void **state)
{
	struct question_world world;
	struct seen seen = { .attribute = "srdi", .first = 1000, .code = "" };
	struct question_priors priors = { weigh, &seen, 7 };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && e.tech_sme\n");
	assert_string_equal(question_world_ask(&world, "", NULL)->question->attributes[0]->key,
			"e.srdi");
	/* "no" is likely, and settles it at once. */
	assert_string_equal(
			question_world_ask(&world, "", &priors)->question->attributes[0]->key,
			"e.srdi");
	strcpy(seen.attribute, "tech_sme");
	assert_string_equal(
			question_world_ask(&world, "", &priors)->question->attributes[0]->key,
			"e.tech_sme");
	assert_int_equal(question_world_ask(&world, "", &priors)->priors_sequence, 7);
	assert_int_equal(question_world_ask(&world, "", NULL)->priors_sequence, 0);
	question_world_fini(&world);
}

/* Each period has its own likelihoods. */
static void priors_know_periods(void **state)
{
	struct question_world world;
	struct seen seen;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.revenue_y2 >= wan(100)\n");
	classes_of(&world, "revenue", "", &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.period, 2024);
	question_world_fini(&world);
}

/* @yes of eight firms say yes to every flag. */
static bool weigh_flags(
		void *context, const struct question_answers *answers, uint32_t *out_weights)
{
	const uint32_t *yes = context;

	if (answers->attribute->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG)
		return false;
	assert_int_equal(answers->count, 2);
	assert_int_equal(answers->classes[1].from, 1);
	out_weights[0] = 8 - *yes;
	out_weights[1] = *yes;
	return true;
}

/* Where "none of these" settles it, a group is worth the more the likelier that is. */
static void priors_weigh_groups(void **state)
{
	struct question_world world;
	uint32_t yes;
	struct question_priors priors = { weigh_flags, &yes, 1 };
	int64_t scores[3];
	int64_t even;

	(void)state;
	world_init(&world, "policy a\nwindow always\n"
			   "require (e.srdi || e.tech_sme) && e.staff >= 20\n");
	for (size_t i = 0; i < world.file.catalog.attribute_count; i++) {
		Policycalc__V1__Attribute *attribute = world.file.catalog.attributes[i];

		if (strcmp(attribute->name, "srdi") == 0 ||
				strcmp(attribute->name, "tech_sme") == 0)
			attribute->question_group = (char *)"two";
		if (strcmp(attribute->name, "staff") == 0)
			attribute->ask_cost = 50;
	}
	ruleset_unref(world.ruleset);
	world.ruleset = fixture_compile(&world.file, NULL);
	assert_non_null(world.ruleset);
	even = question_world_ask(&world, "", NULL)->question->score;
	for (size_t i = 0; i < 3; i++) {
		yes = (const uint32_t[]){ 0, 4, 8 }[i];
		scores[i] = question_world_ask(&world, "", &priors)->question->score;
	}
	assert_true(scores[0] > scores[1] && scores[1] > scores[2]);
	assert_int_equal(scores[1], even);
	question_world_fini(&world);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_classes),
		cmocka_unit_test(tries_lists_of_regions),
		cmocka_unit_test(priors_count),
		cmocka_unit_test(priors_know_periods),
		cmocka_unit_test(priors_weigh_groups),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
