/* SPDX-License-Identifier: Apache-2.0 */
/* Which question comes next, about what, and when there is none. */
#include "question_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

static const char *dictionary;

static void world_init(struct question_world *world, const char *lines)
{
	question_world_init(world, dictionary, lines);
}

static const char *asked(struct question_world *world, const char *values)
{
	Policycalc__V1__NextQuestionResponse *response =
			question_world_ask(world, values, NULL);

	return response->question ? response->question->attributes[0]->key : "";
}

static void skip_keys(struct question_world *world, char **keys, size_t count)
{
	world->request.skipped = keys;
	world->request.n_skipped = count;
}

/* --- single attributes ------------------------------------------------------------------------ */

static void asks_until_settled(void **state)
{
	struct question_world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world, "policy a\nwindow always\nexclude e.dishonest\nrequire e.srdi\n"
			   "pays wan(10)\n"
			   "policy b\nwindow always\nexclude e.dishonest\npays wan(20)\n");
	response = question_world_ask(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.dishonest");
	assert_int_equal(response->question->policy_count, 2);
	assert_string_equal(response->question->policies[0]->policy_id, "b");
	assert_int_equal(response->question->at_stake_fen, 30000000);
	assert_int_equal(response->progress->undetermined_count, 2);
	assert_int_equal(response->progress->possible_fen, 30000000);
	assert_int_equal(response->progress->expected_questions_milli, 1500);

	response = question_world_ask(&world, "dishonest = 否", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.srdi");
	assert_int_equal(response->progress->eligible_count, 1);
	assert_int_equal(response->progress->certain_fen, 20000000);
	assert_int_equal(response->progress->expected_questions_milli, 1000);

	response = question_world_ask(&world, "dishonest = 是", NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->ineligible_count, 2);
	assert_int_equal(response->progress->settled_ppm, 1000000);
	assert_int_equal(response->progress->expected_questions_milli, 0);
	question_world_fini(&world);
}

/* Of two questions alike the one with more at stake comes first; of equals the first by name. */
static void weighs_amounts(void **state)
{
	struct question_world world;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\npays wan(1)\n"
			   "policy b\nwindow always\nrequire e.tech_sme\npays wan(500)\n");
	assert_string_equal(asked(&world, ""), "e.tech_sme");
	question_world_fini(&world);
	world_init(&world, "policy a\nwindow always\nrequire e.tech_sme\npays wan(5)\n"
			   "policy b\nwindow always\nrequire e.srdi\npays wan(5)\n");
	assert_string_equal(asked(&world, ""), "e.srdi");
	question_world_fini(&world);
}

static void skips_and_stops(void **state)
{
	struct question_world world;
	Policycalc__V1__NextQuestionResponse *response;
	char *both[] = { (char *)"e.srdi", (char *)"e.tech_sme" };
	char *odd[] = { (char *)"e.nothing", (char *)"@nowhere", (char *)"e.srdi@projects/x" };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\npays wan(1)\n"
			   "policy b\nwindow always\nrequire e.tech_sme\npays wan(500)\n");
	skip_keys(&world, both + 1, 1);
	response = question_world_ask(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.srdi");
	assert_int_equal(response->progress->skipped_count, 1);
	skip_keys(&world, both, 2);
	response = question_world_ask(&world, "", NULL);
	assert_int_equal(response->done, DONE(SKIPPED));
	assert_int_equal(response->progress->undetermined_count, 2);
	skip_keys(&world, odd, 3);
	response = question_world_ask(&world, "", NULL);
	assert_int_equal(response->n_warnings, 3);
	assert_string_equal(response->warnings[0]->reason, "UNKNOWN_QUESTION");
	skip_keys(&world, NULL, 0);
	world.request.enough_ppm = 800000;
	response = question_world_ask(&world, "tech_sme = 是", NULL);
	assert_int_equal(response->done, DONE(ENOUGH));
	world.request.enough_ppm = 900000;
	assert_string_equal(asked(&world, "tech_sme = 是"), "e.srdi");
	question_world_fini(&world);
}

/* The bases of derived attributes are asked, parameters never, and figures of earlier years with
 * their year. */
static void asks_bases(void **state)
{
	struct question_world world;
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
	response = question_world_ask(&world,
			"srdi = 是, staff = 10, tech_staff = 1, revenue = 10万元", NULL);
	assert_string_equal(response->question->attributes[0]->key, "e.revenue_y2");
	assert_string_equal(response->question->attributes[0]->name, "revenue");
	assert_string_equal(response->question->attributes[0]->period, "2024");
	assert_string_equal(response->question->attributes[0]->label->zh, "营业收入（2024）");
	response = question_world_ask(&world,
			"srdi = 否, staff = 10, tech_staff = 1, growth = 1元, loss = 0元",
			NULL);
	/* What is left is a threshold that the sources lack: people decide, nobody is asked. */
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->review_count, 1);
	question_world_fini(&world);
}

static void leaves_out_what_is_over(void **state)
{
	struct question_world world;
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
	question_world_fini(&world);
}

/* --- groups and items ------------------------------------------------------------------------- */

static void asks_groups_at_once(void **state)
{
	struct question_world world;
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
	response = question_world_ask(&world, "", NULL);
	assert_string_equal(response->question->group, "three");
	assert_int_equal(response->question->n_attributes, 3);
	assert_int_equal(response->question->policy_count, 2);
	assert_int_equal(response->progress->expected_questions_milli, 1000);
	/* What is known of a group is not asked again. */
	response = question_world_ask(&world, "g1 = 否", NULL);
	assert_int_equal(response->question->n_attributes, 2);
	response = question_world_ask(&world, "g1 = 否, g2 = 否", NULL);
	assert_int_equal(response->question->n_attributes, 1);
	assert_string_equal(response->question->group, "");
	question_world_fini(&world);
}

static void item_add(struct question_world *world, const char *id, const char *values)
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
	struct question_world world;
	Policycalc__V1__NextQuestionResponse *response;
	char *complete[] = { (char *)"projects" };
	char *list[] = { (char *)"@projects" };

	(void)state;
	world_init(&world, "policy a\nwindow always\nsubject PROJECT\nrequire i.approved\n"
			   "require i.invested >= wan(100)\npays wan(5)\n");
	response = question_world_ask(&world, "", NULL);
	assert_string_equal(response->question->attributes[0]->key, "@projects");
	assert_string_equal(response->question->attributes[0]->name, "");
	assert_string_equal(response->question->attributes[0]->item_list, "projects");
	skip_keys(&world, list, 1);
	assert_int_equal(question_world_ask(&world, "", NULL)->done, DONE(SKIPPED));
	skip_keys(&world, NULL, 0);
	world.request.profile->complete_lists = complete;
	world.request.profile->n_complete_lists = 1;
	response = question_world_ask(&world, NULL, NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->ineligible_count, 1);

	world.request.profile = fixture_profile(&world.file, "");
	item_add(&world, "p1", "invested = 50万元");
	item_add(&world, "p2", "invested = 150万元");
	response = question_world_ask(&world, NULL, NULL);
	/* Nothing is asked about a project that fails already. */
	assert_string_equal(response->question->attributes[0]->key, "i.approved@projects/p2");
	assert_string_equal(response->question->attributes[0]->item_id, "p2");
	/* One that is beyond doubt settles the policy. */
	item_add(&world, "p3", "invested = 150万元, approved = 是");
	response = question_world_ask(&world, NULL, NULL);
	assert_int_equal(response->done, DONE(SETTLED));
	assert_int_equal(response->progress->eligible_count, 1);
	question_world_fini(&world);
}

/* --- requests --------------------------------------------------------------------------------- */

static void pages_choices(void **state)
{
	struct question_world world;
	Policycalc__V1__NextQuestionResponse *response;

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\n");
	world.request.choice_limit = 2;
	world.request.choice_offset = 1;
	response = question_world_ask(&world, "", NULL);
	assert_int_equal(response->question->attributes[0]->n_choices, 2);
	assert_int_equal(response->question->attributes[0]->choice_count, 7);
	assert_string_equal(response->question->attributes[0]->choice_table, "regions");
	world.request.choice_search = (char *)"灵宝";
	world.request.choice_offset = 0;
	response = question_world_ask(&world, "", NULL);
	assert_int_equal(response->question->attributes[0]->choice_count, 1);
	assert_string_equal(response->question->attributes[0]->choices[0]->code, "411282");
	question_world_fini(&world);
}

static void refuses_wrong_requests(void **state)
{
	struct question_world world;
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
	question_world_fini(&world);
}

static void gives_the_same_bytes(void **state)
{
	struct question_world world;
	uint8_t bytes[2][8192];
	size_t size[2];

	(void)state;
	world_init(&world, "policy a\nwindow always\ncovers 411282\nrequire e.at_least_small\n"
			   "require e.tech_share >= p.share_least\npays wan(3)\n");
	for (int i = 0; i < 2; i++) {
		Policycalc__V1__NextQuestionResponse *response =
				question_world_ask(&world, "", NULL);

		size[i] = policycalc__v1__next_question_response__get_packed_size(response);
		assert_true(size[i] < sizeof(bytes[i]));
		policycalc__v1__next_question_response__pack(response, bytes[i]);
	}
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0], bytes[1], size[0]);
	question_world_fini(&world);
}

/* An arena that runs dry at any point ends the call with an error, never with half an answer. */
static void survives_any_budget(void **state)
{
	struct question_world world;

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
	question_world_fini(&world);
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
