/* SPDX-License-Identifier: Apache-2.0 */
/* Which question comes next, about what, and when there is none. */
#include "../effort.h"
#include "base/buffer.h"
#include "fixture.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

static const char *dictionary;

struct world {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__NextQuestionRequest request;
};

static void world_init(struct world *world, const char *lines)
{
	const char *mistake = NULL;

	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&world->file, &world->arena, dictionary, lines);
	world->ruleset = fixture_compile(&world->file, &mistake);
	if (!world->ruleset)
		fail_msg("%s", mistake);
	policycalc__v1__next_question_request__init(&world->request);
	world->request.as_of = (char *)"2026-06-01";
}

static void world_fini(struct world *world)
{
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
}

static Policycalc__V1__NextQuestionResponse *ask_with(
		struct world *world, const char *values, const struct question_priors *priors)
{
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct error err = { 0 };

	if (values)
		world->request.profile = fixture_profile(&world->file, values);
	if (!ruleset_next_question(world->ruleset, &world->request, priors, "2026-06-01",
			    &world->arena, &response, NULL, &err))
		fail_msg("%s", err.message);
	assert_int_equal(response->question == NULL, response->done != DONE(UNSPECIFIED));
	return response;
}

static const char *asked(struct world *world, const char *values)
{
	Policycalc__V1__NextQuestionResponse *response = ask_with(world, values, NULL);

	return response->question ? response->question->attributes[0]->key : "";
}

static void skip_keys(struct world *world, char **keys, size_t count)
{
	world->request.skipped = keys;
	world->request.n_skipped = count;
}

/* --- single attributes ------------------------------------------------------------------------ */

static void asks_until_settled(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world, "policy a\nwindow always\nexclude e.dishonest\nrequire e.srdi\n"
			   "pays wan(10)\n"
			   "policy b\nwindow always\nexclude e.dishonest\npays wan(20)\n");
	response = ask_with(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.dishonest");
	assert_int_equal(response->question->policy_count, 2);
	assert_string_equal(response->question->policies[0]->policy_id, "b");
	assert_int_equal(response->question->at_stake_fen, 30000000);
	assert_int_equal(response->progress->undetermined_count, 2);
	assert_int_equal(response->progress->possible_fen, 30000000);
	assert_int_equal(response->progress->expected_questions_milli, 1500);

	response = ask_with(&world, "dishonest = 否", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.srdi");
	assert_int_equal(response->progress->eligible_count, 1);
	assert_int_equal(response->progress->certain_fen, 20000000);
	assert_int_equal(response->progress->expected_questions_milli, 1000);

	response = ask_with(&world, "dishonest = 是", NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->ineligible_count, 2);
	assert_int_equal(response->progress->settled_ppm, 1000000);
	assert_int_equal(response->progress->expected_questions_milli, 0);
	world_fini(&world);
}

/* Of two questions alike the one with more at stake comes first; of equals the first by name. */
static void weighs_amounts(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\npays wan(1)\n"
			   "policy b\nwindow always\nrequire e.tech_sme\npays wan(500)\n");
	assert_string_equal(asked(&world, ""), "e.tech_sme");
	world_fini(&world);
	world_init(&world, "policy a\nwindow always\nrequire e.tech_sme\npays wan(5)\n"
			   "policy b\nwindow always\nrequire e.srdi\npays wan(5)\n");
	assert_string_equal(asked(&world, ""), "e.srdi");
	world_fini(&world);
}

static void skips_and_stops(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;
	char *both[] = { (char *)"e.srdi", (char *)"e.tech_sme" };
	char *odd[] = { (char *)"e.nothing", (char *)"@nowhere", (char *)"e.srdi@projects/x" };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\npays wan(1)\n"
			   "policy b\nwindow always\nrequire e.tech_sme\npays wan(500)\n");
	skip_keys(&world, both + 1, 1);
	response = ask_with(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.srdi");
	assert_int_equal(response->progress->skipped_count, 1);
	skip_keys(&world, both, 2);
	response = ask_with(&world, "", NULL);
	assert_int_equal(response->done, DONE(SKIPPED));
	assert_int_equal(response->progress->undetermined_count, 2);
	skip_keys(&world, odd, 3);
	response = ask_with(&world, "", NULL);
	assert_int_equal(response->n_warnings, 3);
	assert_string_equal(response->warnings[0]->reason, "UNKNOWN_QUESTION");
	skip_keys(&world, NULL, 0);
	world.request.enough_ppm = 800000;
	response = ask_with(&world, "tech_sme = 是", NULL);
	assert_int_equal(response->done, DONE(ENOUGH));
	world.request.enough_ppm = 900000;
	assert_string_equal(asked(&world, "tech_sme = 是"), "e.srdi");
	world_fini(&world);
}

/* The bases of derived attributes are asked, parameters never, and figures of earlier years with
 * their year. */
static void asks_bases(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world,
			"policy a\nwindow always\nrequire e.tech_share >= p.share_least\n"
			"policy b\nwindow always\nrequire e.growth >= wan(1)\n"
			"policy c\nwindow always\nrequire e.loss >= p.not_known || e.srdi\n");
	assert_string_equal(
			asked(&world, "srdi = 是, growth = 1元, staff = 10"), "e.tech_staff");
	assert_string_equal(
			asked(&world, "growth = 1元, staff = 10, tech_staff = 1, loss = 0元"),
			"e.srdi");
	response = ask_with(&world, "srdi = 是, staff = 10, tech_staff = 1, revenue = 10万元",
			NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.revenue_y2");
	assert_string_equal(response->question->attributes[0]->name, "revenue");
	assert_string_equal(response->question->attributes[0]->period, "2024");
	assert_string_equal(response->question->attributes[0]->label->zh, "营业收入（2024）");
	response = ask_with(&world,
			"srdi = 否, staff = 10, tech_staff = 1, growth = 1元, loss = 0元",
			NULL);
	/* What is left is a threshold that the sources lack: people decide, nobody is asked. */
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->review_count, 1);
	world_fini(&world);
}

static void leaves_out_what_is_over(void **state)
{
	struct world world;
	char *named[] = { (char *)"over" };

	(void)state;
	world_init(&world, "policy over\nwindow 2020-01-01 .. 2020-12-31\nrequire e.srdi\n"
			   "policy later\nwindow 2030-01-01 .. 2030-12-31\nrequire "
			   "e.tech_sme\n");
	assert_string_equal(asked(&world, ""), "e.tech_sme");
	assert_string_equal(asked(&world, "tech_sme = 是"), "");
	world.request.include_superseded = true;
	assert_string_equal(asked(&world, "tech_sme = 是"), "e.srdi");
	world.request.include_superseded = false;
	world.request.policies = named;
	world.request.n_policies = 1;
	assert_string_equal(asked(&world, "tech_sme = 是"), "e.srdi");
	world_fini(&world);
}

/* --- groups and items ------------------------------------------------------------------------- */

static void asks_groups_at_once(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world, "attribute g1 FLAG\nattribute g2 FLAG\nattribute g3 FLAG\n"
			   "policy a\nwindow always\nrequire e.g1 || e.g2\n"
			   "policy b\nwindow always\nrequire e.g3\n");
	ruleset_unref(world.ruleset);
	for (size_t i = 0; i < world.file.catalog.attribute_count; i++) {
		Policycalc__V1__Attribute *attribute = world.file.catalog.attributes[i];

		if (attribute->name[0] == 'g' && attribute->name[2] == 0)
			attribute->question_group = (char *)"three";
	}
	world.ruleset = fixture_compile(&world.file, NULL);
	response = ask_with(&world, "", NULL);
	assert_string_equal(response->question->group, "three");
	assert_int_equal(response->question->n_attributes, 3);
	assert_int_equal(response->question->policy_count, 2);
	assert_int_equal(response->progress->expected_questions_milli, 1000);
	/* What is known of a group is not asked again. */
	response = ask_with(&world, "g1 = 否", NULL);
	assert_int_equal(response->question->n_attributes, 2);
	response = ask_with(&world, "g1 = 否, g2 = 否", NULL);
	assert_int_equal(response->question->n_attributes, 1);
	assert_string_equal(response->question->group, "");
	world_fini(&world);
}

static void item_add(struct world *world, const char *id, const char *values)
{
	Policycalc__V1__Profile *profile = world->request.profile;
	Policycalc__V1__Item *item = ARENA_NEW(&world->arena, Policycalc__V1__Item);
	Policycalc__V1__Item **items = ARENA_NEW_ARRAY(
			&world->arena, Policycalc__V1__Item *, profile->n_items + 1);

	policycalc__v1__item__init(item);
	item->list = (char *)"projects";
	item->id = (char *)id;
	case_read_values(&world->file, "projects", arena_copy_text(&world->arena, values),
			&item->attributes, &item->n_attributes);
	if (profile->n_items)
		memcpy(items, profile->items, profile->n_items * sizeof(*items));
	items[profile->n_items++] = item;
	profile->items = items;
}

static void asks_lists_before_items(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;
	char *complete[] = { (char *)"projects" };
	char *list[] = { (char *)"@projects" };

	(void)state;
	world_init(&world, "policy a\nwindow always\nsubject PROJECT\nrequire i.approved\n"
			   "require i.invested >= wan(100)\npays wan(5)\n");
	response = ask_with(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "@projects");
	assert_string_equal(response->question->attributes[0]->name, "");
	assert_string_equal(response->question->attributes[0]->item_list, "projects");
	skip_keys(&world, list, 1);
	assert_int_equal(ask_with(&world, "", NULL)->done, DONE(SKIPPED));
	skip_keys(&world, NULL, 0);
	world.request.profile->complete_lists = complete;
	world.request.profile->n_complete_lists = 1;
	response = ask_with(&world, NULL, NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->ineligible_count, 1);

	world.request.profile = fixture_profile(&world.file, "");
	item_add(&world, "p1", "invested = 50万元");
	item_add(&world, "p2", "invested = 150万元");
	response = ask_with(&world, NULL, NULL);
	/* Nothing is asked about a project that fails already. */
	assert_string_equal(response->question->attributes[0]->key, "i.approved@projects/p2");
	assert_string_equal(response->question->attributes[0]->item_id, "p2");
	/* One that is beyond doubt settles the policy. */
	item_add(&world, "p3", "invested = 150万元, approved = 是");
	response = ask_with(&world, NULL, NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->eligible_count, 1);
	world_fini(&world);
}

/* --- classes of values ------------------------------------------------------------------------ */

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

static void classes_of(
		struct world *world, const char *attribute, const char *code, struct seen *seen)
{
	struct question_priors priors = { weigh, seen, 7 };

	*seen = (struct seen){ .first = 1, .code = code };
	strncpy(seen->attribute, attribute, sizeof(seen->attribute) - 1);
	(void)ask_with(world, "", &priors);
}

static void finds_classes(void **state)
{
	struct world world;
	struct seen seen;

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\nindustries C31\n"
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
	classes_of(&world, "registered_on", "", &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.from[1], 1685635200); /* 2023-06-02, less than three years */
	world_fini(&world);
}

/* A registry that knows an answer to be nearly certain makes its question worth less. */
static void priors_count(void **state)
{
	struct world world;
	struct seen seen = { .attribute = "srdi", .first = 1000, .code = "" };
	struct question_priors priors = { weigh, &seen, 7 };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && e.tech_sme\n");
	assert_string_equal(ask_with(&world, "", NULL)->question->attributes[0]->key, "e.srdi");
	/* "no" is likely, and settles it at once. */
	assert_string_equal(
			ask_with(&world, "", &priors)->question->attributes[0]->key, "e.srdi");
	strcpy(seen.attribute, "tech_sme");
	assert_string_equal(ask_with(&world, "", &priors)->question->attributes[0]->key,
			"e.tech_sme");
	assert_int_equal(ask_with(&world, "", &priors)->priors_sequence, 7);
	assert_int_equal(ask_with(&world, "", NULL)->priors_sequence, 0);
	world_fini(&world);
}

/* Each period has its own likelihoods. */
static void priors_know_periods(void **state)
{
	struct world world;
	struct seen seen;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.revenue_y2 >= wan(100)\n");
	classes_of(&world, "revenue", "", &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.period, 2024);
	world_fini(&world);
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
	struct world world;
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
	even = ask_with(&world, "", NULL)->question->score;
	for (size_t i = 0; i < 3; i++) {
		yes = (const uint32_t[]){ 0, 4, 8 }[i];
		scores[i] = ask_with(&world, "", &priors)->question->score;
	}
	assert_true(scores[0] > scores[1] && scores[1] > scores[2]);
	assert_int_equal(scores[1], even);
	world_fini(&world);
}

/* --- requests --------------------------------------------------------------------------------- */

static void pages_choices(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\n");
	world.request.choice_limit = 2;
	world.request.choice_offset = 1;
	response = ask_with(&world, "", NULL);
	assert_int_equal(response->question->attributes[0]->n_choices, 2);
	assert_int_equal(response->question->attributes[0]->choice_count, 7);
	assert_string_equal(response->question->attributes[0]->choice_table, "regions");
	world.request.choice_search = (char *)"灵宝";
	world.request.choice_offset = 0;
	response = ask_with(&world, "", NULL);
	assert_int_equal(response->question->attributes[0]->choice_count, 1);
	assert_string_equal(response->question->attributes[0]->choices[0]->code, "411282");
	world_fini(&world);
}

static void refuses_wrong_requests(void **state)
{
	struct world world;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct violations violations;
	struct error err = { 0 };
	char *nobody[] = { (char *)"nobody" };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n");
	world.request.as_of = (char *)"tomorrow";
	world.request.enough_ppm = 1000001;
	world.request.choice_limit = -1;
	world.request.choice_offset = -1;
	assert_false(ruleset_next_question(world.ruleset, &world.request, NULL, "2026-06-01",
			&world.arena, &response, &violations, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(violations.count, 4);
	policycalc__v1__next_question_request__init(&world.request);
	world.request.policies = nobody;
	world.request.n_policies = 1;
	assert_false(ruleset_next_question(world.ruleset, &world.request, NULL, "2026-06-01",
			&world.arena, &response, &violations, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	world_fini(&world);
}

static void gives_the_same_bytes(void **state)
{
	struct world world;
	uint8_t bytes[2][8192];
	size_t size[2];

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\nrequire e.at_least_small\n"
			   "require e.tech_share >= p.share_least\npays wan(3)\n");
	for (int i = 0; i < 2; i++) {
		Policycalc__V1__NextQuestionResponse *response = ask_with(&world, "", NULL);

		size[i] = policycalc__v1__next_question_response__get_packed_size(response);
		assert_true(size[i] < sizeof(bytes[i]));
		policycalc__v1__next_question_response__pack(response, bytes[i]);
	}
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0], bytes[1], size[0]);
	world_fini(&world);
}

/* An arena that runs dry at any point ends the call with an error, never with half an answer. */
static void survives_any_budget(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\nrequire e.at_least_small\n"
			   "policy b\nwindow always\nsubject PROJECT\nrequire i.approved\n");
	for (size_t budget = 4096; budget < ((size_t)1 << 20); budget += 4096) {
		Policycalc__V1__NextQuestionResponse *response = NULL;
		struct error err = { 0 };
		struct arena arena;

		arena_init(&arena, budget);
		if (ruleset_next_question(world.ruleset, &world.request, NULL, "2026-06-01",
				    &arena, &response, NULL, &err))
			assert_non_null(response->question);
		else
			assert_int_equal(err.code, ERROR_LIMIT);
		arena_fini(&arena);
	}
	world_fini(&world);
}

/* --- conditions in parts ----------------------------------------------------------------------- */

static unsigned chance(uint64_t *seed, unsigned limit)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % limit;
}

/*
 * Part @number of a rule. Only the first may settle before all that it reads is known, and what it reads no other
 * does: else the points of a settled part would stand among those of its rule, but a settled condition has none.
 */
static const char *part_make(struct arena *arena, uint64_t *seed, unsigned number)
{
	static const char *const flags[] = { "srdi", "tech_sme", "dishonest" };
	const char *flag = flags[chance(seed, 3)];
	const char *figure = chance(seed, 2) ? "staff" : "rd_expense";
	bool money = strcmp(figure, "staff") != 0;
	const char *bound = arena_format(
			arena, money ? "wan(%u)" : "%u", 10 * (1 + chance(seed, 5)));

	switch (chance(seed, 7)) {
	case 0:
		return arena_format(arena, "e.%s", flag);
	case 1:
		return arena_format(arena, "!e.%s", flag);
	case 2:
		return arena_format(arena, "e.tech_share >= %u", 100000 * chance(seed, 6));
	case 3:
		return number ? arena_format(arena, "!e.%s", flag)
			      : arena_format(arena, "(e.%s || e.revenue < wan(%u))", flag,
						10 * (1 + chance(seed, 5)));
	case 4:
		return arena_format(
				arena, "e.industry.startsWith(\"C%u\")", 31 + chance(seed, 3));
	case 5:
		return "date.addYears(e.registered_on, 2) <= as_of";
	default:
		return arena_format(arena, "e.%s >= %s", figure, bound);
	}
}

/* The same policies twice: with the parts of their one condition, and with each as a condition. */
static void catalogs_make(struct arena *arena, uint64_t seed, const char **out_whole,
		const char **out_apart)
{
	const char *whole = "", *apart = "";

	for (unsigned i = 0; i < 12; i++) {
		unsigned count = 2 + chance(&seed, 3);
		const char *head = arena_format(arena, "policy p%02u\nwindow always\n", i);
		const char *tail = arena_format(arena, "pays wan(%u)\n", 1 + chance(&seed, 99));
		const char *rule = NULL;

		apart = arena_format(arena, "%s%s", apart, head);
		for (unsigned k = 0; k < count; k++) {
			const char *part = part_make(arena, &seed, k);

			rule = rule ? arena_format(arena, "%s && %s", rule, part) : part;
			apart = arena_format(arena, "%srequire %s\n", apart, part);
		}
		apart = arena_format(arena, "%s%s", apart, tail);
		whole = arena_format(arena, "%s%srequire %s\n%s", whole, head, rule, tail);
	}
	*out_whole = whole;
	*out_apart = apart;
}

static const char *profile_make(struct arena *arena, uint64_t *seed)
{
	static const char *const values[] = { "srdi = 是", "tech_sme = 否", "dishonest = 否",
		"staff = 25", "rd_expense = 30万元", "revenue = 90万元", "tech_staff = 8",
		"industry = C3130", "registered_on = 2023-06-01" };
	const char *profile = "";

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (chance(seed, 3) == 0)
			profile = arena_format(arena, "%s%s%s", profile, *profile ? ", " : "",
					values[i]);
	}
	return profile;
}

static void asks_parts_as_conditions(void **state)
{
	unsigned questions = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= effort(12, 400); seed++) {
		struct world whole, apart;
		struct arena arena;
		const char *lines, *lines_apart;
		uint64_t random = seed;

		arena_init(&arena, (size_t)16 << 20);
		catalogs_make(&arena, seed, &lines, &lines_apart);
		world_init(&whole, lines);
		world_init(&apart, lines_apart);
		for (int i = 0; i < 12; i++) {
			const char *profile = profile_make(&arena, &random);
			Policycalc__V1__NextQuestionResponse *a =
					ask_with(&whole, profile, NULL);
			Policycalc__V1__NextQuestionResponse *b =
					ask_with(&apart, profile, NULL);
			struct buffer left = { 0 }, right = { 0 };

			assert_true(message_pack(&a->base, &left));
			assert_true(message_pack(&b->base, &right));
			assert_int_equal(left.size, right.size);
			assert_memory_equal(left.data, right.data, left.size);
			buffer_fini(&left);
			buffer_fini(&right);
			questions += a->question != NULL;
		}
		world_fini(&whole);
		world_fini(&apart);
		arena_fini(&arena);
	}
	assert_true(questions > 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_until_settled),
		cmocka_unit_test(weighs_amounts),
		cmocka_unit_test(skips_and_stops),
		cmocka_unit_test(asks_bases),
		cmocka_unit_test(leaves_out_what_is_over),
		cmocka_unit_test(asks_groups_at_once),
		cmocka_unit_test(asks_lists_before_items),
		cmocka_unit_test(finds_classes),
		cmocka_unit_test(asks_parts_as_conditions),
		cmocka_unit_test(priors_count),
		cmocka_unit_test(priors_know_periods),
		cmocka_unit_test(priors_weigh_groups),
		cmocka_unit_test(pages_choices),
		cmocka_unit_test(refuses_wrong_requests),
		cmocka_unit_test(gives_the_same_bytes),
		cmocka_unit_test(survives_any_budget),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
