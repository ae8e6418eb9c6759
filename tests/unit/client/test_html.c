/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as a page. Every text of the answer is hostile; with a file as argument the page is left
 * there, for test_html_page.py to read with a parser of other people.
 */
#include "client/render/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE "\"'><script>alert(1)</script><img src=http://x.example/a onerror=b>&\x1b\xff"

static const char *path;
static char hostile[] = HOSTILE;
static char missing_name[] = "e.note";
static char note[] = "note";
static char last_day[] = "2026-02-28";
static char as_of[] = "2026-02-10";

/* An answer, a combination, a near miss, a guide and a profile, each text of which is hostile. */
static struct {
	Policycalc__V1__Text text;
	Policycalc__V1__Source source;
	Policycalc__V1__Source *sources[1];
	Policycalc__V1__Mark mark;
	Policycalc__V1__Mark *marks[1];
	Policycalc__V1__ConditionAnswer condition;
	Policycalc__V1__ConditionAnswer *conditions[1];
	Policycalc__V1__ItemAnswer item;
	Policycalc__V1__ItemAnswer *items[1];
	Policycalc__V1__AmountAnswer amount;
	Policycalc__V1__Availability availability;
	Policycalc__V1__Value observed, target;
	Policycalc__V1__NearChange change;
	Policycalc__V1__NearChange *changes[1];
	Policycalc__V1__NearMiss near;
	Policycalc__V1__NearMiss *nears[1];
	Policycalc__V1__Cliff cliff;
	Policycalc__V1__Cliff *cliffs[1];
	Policycalc__V1__PolicyAnswer answers[5];
	Policycalc__V1__PolicyAnswer *answer_list[5];
	Policycalc__V1__VerdictCount count;
	Policycalc__V1__VerdictCount *counts[1];
	Policycalc__V1__Warning warning;
	Policycalc__V1__Warning *warnings[1];
	Policycalc__V1__CombinationUnit unit;
	Policycalc__V1__CombinationReason reason;
	Policycalc__V1__CombinationReason *reasons[1];
	Policycalc__V1__CombinationChosen chosen;
	Policycalc__V1__CombinationChosen *chosen_list[1];
	Policycalc__V1__CombinationLeftOut left;
	Policycalc__V1__CombinationLeftOut *left_list[1];
	Policycalc__V1__CombinationChoice sure, possible;
	Policycalc__V1__Combination combination;
	Policycalc__V1__MatchResponse match;
	Policycalc__V1__GuidePolicy guide_policy;
	Policycalc__V1__GuidePolicy *guide_policies[1];
	Policycalc__V1__GuideMaterial paper;
	Policycalc__V1__GuideMaterial *papers[1];
	Policycalc__V1__GetGuideResponse guide;
	Policycalc__V1__AttributeValue fact;
	Policycalc__V1__AttributeValue *facts[1];
	Policycalc__V1__Profile profile;
	Policycalc__V1__Attribute attribute;
	Policycalc__V1__Attribute *attributes[1];
	char *names[1];
	char *missing[1];
} world;

static void answers_set_up(void)
{
	static const Policycalc__V1__Verdict verdicts[] = {
		POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION,
		POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN,
		POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE,
	};

	for (size_t i = 0; i < 5; i++) {
		Policycalc__V1__PolicyAnswer *answer = &world.answers[i];

		policycalc__v1__policy_answer__init(answer);
		world.answer_list[i] = answer;
		answer->policy_id = hostile;
		answer->verdict = verdicts[i];
		answer->conditions_verdict = verdicts[i];
		answer->title = &world.text;
		answer->departments = world.names;
		answer->n_departments = 1;
		answer->amount = &world.amount;
		answer->availability = &world.availability;
		answer->missing = world.missing;
		answer->review_reasons = world.names;
		answer->n_missing = answer->n_review_reasons = 1;
		answer->conditions = world.conditions;
		answer->items = world.items;
		answer->unverified = answer->ambiguous = world.marks;
		answer->sources = world.sources;
		answer->n_conditions = answer->n_items = answer->n_unverified = 1;
		answer->n_ambiguous = answer->n_sources = 1;
	}
	world.answers[4].near = world.nears;
	world.answers[4].n_near = 1;
	world.answers[0].cliffs = world.cliffs;
	world.answers[0].n_cliffs = 1;
}

static void best_set_up(void)
{
	policycalc__v1__value__init(&world.observed);
	world.observed.kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	world.observed.money_fen = 6000000;
	world.target = world.observed;
	world.target.money_fen = 10000000;
	policycalc__v1__near_change__init(&world.change);
	world.change.attribute = hostile;
	world.change.observed = &world.observed;
	world.change.target = &world.target;
	policycalc__v1__near_miss__init(&world.near);
	world.near.changes = world.changes;
	world.near.n_changes = 1;
	world.near.sentence = &world.text;
	policycalc__v1__cliff__init(&world.cliff);
	world.cliff.sentence = &world.text;
	policycalc__v1__combination_unit__init(&world.unit);
	world.unit.title = &world.text;
	world.unit.policy_id = world.unit.list = world.unit.item_id = hostile;
	policycalc__v1__combination_reason__init(&world.reason);
	world.reason.sentence = &world.text;
	policycalc__v1__combination_chosen__init(&world.chosen);
	world.chosen.unit = &world.unit;
	world.chosen.truncated_by = &world.reason;
	policycalc__v1__combination_left_out__init(&world.left);
	world.left.unit = &world.unit;
	world.left.reasons = world.reasons;
	world.left.n_reasons = 1;
	policycalc__v1__combination_choice__init(&world.sure);
	world.sure.chosen = world.chosen_list;
	world.sure.left_out = world.left_list;
	world.sure.n_chosen = world.sure.n_left_out = 1;
	world.possible = world.sure;
	world.sure.total_fen = 186000000;
	world.possible.total_fen = 200000000;
	world.possible.open_ended = true;
	policycalc__v1__combination__init(&world.combination);
	world.combination.sure = &world.sure;
	world.combination.possible = &world.possible;
}

static void profile_set_up(void)
{
	policycalc__v1__guide_policy__init(&world.guide_policy);
	world.guide_policy.title = &world.text;
	policycalc__v1__guide_material__init(&world.paper);
	world.paper.name = world.paper.form = &world.text;
	policycalc__v1__get_guide_response__init(&world.guide);
	world.guide.policies = world.guide_policies;
	world.guide.materials = world.papers;
	world.guide.n_policies = world.guide.n_materials = 1;
	policycalc__v1__attribute__init(&world.attribute);
	world.attribute.name = note;
	world.attribute.type = POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY;
	world.attribute.label = &world.text;
	policycalc__v1__attribute_value__init(&world.fact);
	world.fact.name = world.attribute.name;
	world.fact.period = hostile;
	world.fact.value = &world.observed;
	policycalc__v1__profile__init(&world.profile);
	world.profile.uscc = hostile;
	world.profile.attributes = world.facts;
	world.profile.n_attributes = 1;
}

static int set_up(void **state)
{
	(void)state;
	world.names[0] = hostile;
	world.missing[0] = missing_name;
	policycalc__v1__text__init(&world.text);
	world.text.zh = world.text.en = hostile;
	policycalc__v1__source__init(&world.source);
	world.source.doc = world.source.number = hostile;
	policycalc__v1__mark__init(&world.mark);
	world.mark.text = &world.text;
	policycalc__v1__condition_answer__init(&world.condition);
	world.condition.label = &world.text;
	world.condition.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	policycalc__v1__item_answer__init(&world.item);
	world.item.list = world.item.id = hostile;
	policycalc__v1__amount_answer__init(&world.amount);
	world.amount.sentence = &world.text;
	policycalc__v1__availability__init(&world.availability);
	world.availability.state = POLICYCALC__V1__AVAILABILITY__STATE__STATE_OPEN;
	world.availability.date = last_day;
	policycalc__v1__warning__init(&world.warning);
	world.warning.message = hostile;
	policycalc__v1__verdict_count__init(&world.count);
	world.sources[0] = &world.source;
	world.marks[0] = &world.mark;
	world.conditions[0] = &world.condition;
	world.items[0] = &world.item;
	world.changes[0] = &world.change;
	world.nears[0] = &world.near;
	world.cliffs[0] = &world.cliff;
	world.counts[0] = &world.count;
	world.warnings[0] = &world.warning;
	world.reasons[0] = &world.reason;
	world.chosen_list[0] = &world.chosen;
	world.left_list[0] = &world.left;
	world.guide_policies[0] = &world.guide_policy;
	world.papers[0] = &world.paper;
	world.facts[0] = &world.fact;
	world.attributes[0] = &world.attribute;
	best_set_up();
	answers_set_up();
	profile_set_up();
	policycalc__v1__match_response__init(&world.match);
	world.match.answers = world.answer_list;
	world.match.n_answers = 5;
	world.match.counts = world.counts;
	world.match.n_counts = 1;
	world.match.warnings = world.warnings;
	world.match.n_warnings = 1;
	world.match.combination = &world.combination;
	world.match.as_of = as_of;
	world.match.engine_version = hostile;
	return 0;
}

static void page_print(bool english, struct buffer *out)
{
	const struct report report = {
		.profile = &world.profile,
		.match = &world.match,
		.guide = &world.guide,
		.dictionary = { world.attributes, 1 },
	};
	const struct render_style style = { .width = 80, .english = english };
	struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	assert_true(report_print_html(&report, &style, &arena, out));
	arena_fini(&arena);
}

static void nothing_escapes(void **state)
{
	static const char *const sections[] = { "gets", "review", "missing", "later", "best",
		"near", "dates", "papers", "procedure", "misses", "facts", "sources" };
	struct buffer out = { 0 };

	(void)state;
	for (int english = 0; english < 2; english++) {
		buffer_clear(&out);
		page_print(english != 0, &out);
		assert_null(strstr(out.data, "<script"));
		assert_null(strstr(out.data, "<img"));
		assert_null(strchr(out.data, '\x1b'));
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
			char heading[64];

			(void)snprintf(heading, sizeof(heading), "<h2 id=\"%s\">", sections[i]);
			if (!strstr(out.data, heading))
				fail_msg("no section %s", sections[i]);
		}
	}
	assert_non_null(strstr(out.data, "&lt;script&gt;"));
	buffer_fini(&out);
}

static void figures(void **state)
{
	struct buffer out = { 0 };

	(void)state;
	page_print(false, &out);
	assert_non_null(strstr(out.data, "十二个月内确定可得<strong>186万元</strong>"));
	assert_non_null(strstr(out.data, "200万元以上</h3>"));
	/* 60 of 100. */
	assert_non_null(strstr(out.data, "aria-label=\"60%\"><span style=\"width:60%\">"));
	/* 2026-02 begins on a Sunday: six empty cells before it. */
	assert_non_null(strstr(out.data, "<caption>2026-02</caption>"));
	assert_non_null(strstr(out.data, "<tbody><tr><td></td><td></td><td></td><td></td><td></"
					 "td><td></td><td>1</td></tr>"
					 "<tr><td>2</td>"));
	assert_non_null(strstr(out.data, "<td class=\"due\">28</td></tr></tbody>"));
	assert_non_null(strstr(out.data, "以主管部门审核为准。"));
	if (path) {
		FILE *file = fopen(path, "wb");

		assert_non_null(file);
		assert_int_equal(fwrite(out.data, 1, out.size, file), out.size);
		assert_int_equal(fclose(file), 0);
	}
	buffer_fini(&out);
}

/* What the firm is not known for does not show: an answer with nothing in it is a page all the same. */
static void empty(void **state)
{
	Policycalc__V1__MatchResponse match = POLICYCALC__V1__MATCH_RESPONSE__INIT;
	const struct report report = { .match = &match };
	const struct render_style style = { .width = 80 };
	struct buffer out = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_true(report_print_html(&report, &style, &arena, &out));
	assert_non_null(strstr(out.data, "</html>\n"));
	assert_null(strstr(out.data, "id=\"best\""));
	buffer_fini(&out);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_escapes),
		cmocka_unit_test(figures),
		cmocka_unit_test(empty),
	};

	path = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, set_up, NULL);
}
