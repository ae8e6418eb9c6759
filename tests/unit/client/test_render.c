/* SPDX-License-Identifier: Apache-2.0 */
/* Widths, cleaning, cutting, wrapping, tables, and the explanation of an answer. */
#include "client/render/brief.h"
#include "client/render/combination.h"
#include "client/render/table.h"
#include "client/render/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_width(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{ "", 0 }, { "abc", 3 }, { "灵宝市", 6 }, { "（3800万元）", 2 + 4 + 4 + 2 },
		{ "“…—·①≥→●", 8 }, { "e\xcc\x81", 1 }, /* a combining accent */
		{ "\x1b[31m", 5 },		       /* ESC counts as its replacement */
		{ "a\tb", 3 }, { "\xff\xfe", 2 },
		{ "a\xe2\x80\xae"
		  "b",
				3 }, /* U+202E */
		{ "\xe7\x81", 2 },   /* a character cut off */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_width(slice_from(cases[i].text)), cases[i].width);
}

static void test_clean(void **state)
{
	struct buffer out = { 0 };

	text_append_clean(&out, slice_from("a\x1b[0m\nb\xe2\x80\xae\xff灵"));
	assert_string_equal(out.data, "a\xef\xbf\xbd[0m b\xef\xbf\xbd\xef\xbf\xbd灵");
	buffer_fini(&out);
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *expected;
		size_t used;
	} cases[] = {
		{ "灵宝市", 6, "灵宝市", 6 },
		{ "灵宝市", 5, "灵宝…", 5 },
		{ "灵宝市", 4, "灵…", 3 },
		{ "abcdef", 4, "abc…", 4 },
		{ "灵", 1, "…", 1 },
		{ "灵", 0, "", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = { 0 };

		assert_int_equal(text_append_cut(&out, slice_from(cases[i].text),
						 cases[i].width),
				cases[i].used);
		assert_string_equal(out.data ? out.data : "", cases[i].expected);
		buffer_fini(&out);
	}
}

static void test_wrap(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *expected;
	} cases[] = {
		{ "one two three", 7, "one two\n  three" },
		{ "abcdefghij", 4, "abcd\n  efgh\n  ij" },
		{ "研发投入不低于门槛", 8, "研发投入\n  不低于门\n  槛" },
		/* No comma at the beginning of a line. */
		{ "研发投入，不低于", 8, "研发投\n  入，不低\n  于" },
		/* No bracket at the end of one. */
		{ "研发投入（上年", 10, "研发投入\n  （上年" },
		{ "研发（total_income）", 8, "研发\n  （total_\n  income）" },
		{ "灵", 1, "灵" },
		{ "", 5, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = { 0 };

		text_append_wrapped(&out, slice_from(cases[i].text), cases[i].width, 2);
		assert_string_equal(out.data ? out.data : "", cases[i].expected);
		buffer_fini(&out);
	}
}

/* Every line of every width is no wider than asked, and columns begin where the heading does. */
static void test_table(void **state)
{
	struct table table = { .columns = 3,
		.headings = { "编号", "名称", "金额" },
		.right = { false, false, true } };
	const char *first[] = { "smx-tech-loan-2023", "三门峡市科技贷业务实施方案",
		"1000万元" };
	const char *second[] = { "p", "贷", NULL };
	struct buffer out = { 0 };

	table_add(&table, first);
	table_add(&table, second);
	for (size_t width = 28; width <= 80; width++) {
		buffer_clear(&out);
		assert_true(table_print(&table, width, false, &out));
		for (struct slice rest = { out.data, out.size }; rest.size;) {
			const char *end = memchr(rest.data, '\n', rest.size);
			struct slice line = { rest.data, (size_t)(end - rest.data) };

			assert_true(text_width(line) <= width);
			rest = (struct slice){ end + 1, rest.size - line.size - 1 };
		}
	}
	assert_string_equal(out.data,
			"编号                名称                            金额\n"
			"──────────────────  ──────────────────────────  ────────\n"
			"smx-tech-loan-2023  三门峡市科技贷业务实施方案  1000万元\n"
			"p                   贷                                  \n");
	/* What is to stay whole does while the others can give way. */
	table.whole[0] = true;
	for (size_t width = 28; width <= 80; width++) {
		buffer_clear(&out);
		assert_true(table_print(&table, width, false, &out));
		assert_int_equal(strstr(out.data, "smx-tech-loan-2023") != NULL,
				width >= 18 + 8 + 8 + 4);
	}
	buffer_clear(&out);
	assert_true(table_print(&table, 80, true, &out));
	assert_non_null(strstr(out.data, "\033[1m"));
	buffer_fini(&out);
	table_fini(&table);
}

/* Whether the explanation of @response in @width columns has @words. */
static bool explains(
		const Policycalc__V1__MatchResponse *response, bool english, const char *words)
{
	struct render_style style = { .width = 80, .english = english };
	struct buffer out = { 0 };
	bool found;

	assert_true(match_print_explanation(response, NULL, &style, &out));
	found = strstr(out.data, words) != NULL;
	if (!found)
		print_error("%s", out.data);
	buffer_fini(&out);
	return found;
}

/* @answer has the one @item, and that the one @condition, NOT_MET. */
static void test_items(const Policycalc__V1__MatchResponse *response,
		Policycalc__V1__PolicyAnswer *answer, Policycalc__V1__ItemAnswer *item,
		Policycalc__V1__ConditionAnswer *condition)
{
	Policycalc__V1__ConditionAnswer own = POLICYCALC__V1__CONDITION_ANSWER__INIT;
	Policycalc__V1__ConditionAnswer *owns[] = { &own };
	Policycalc__V1__ItemAnswer good = POLICYCALC__V1__ITEM_ANSWER__INIT;
	Policycalc__V1__ItemAnswer *both[] = { &good, item };

	own.id = (char[]){ "title" };
	own.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	answer->conditions = owns;
	answer->n_conditions = 1;
	condition->status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_MET;
	assert_true(explains(response, false,
			"    ✗ title\n    ▸ 项目 p1：不符合（企业自身条件不符合）\n"));
	assert_true(explains(response, true,
			": not eligible (the enterprise's own conditions fail)\n"));
	answer->verdict = item->verdict = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW;
	own.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_REVIEW;
	assert_true(explains(response, false,
			"    ! title\n    ▸ 项目 p1：待审核（企业自身条件待审核）\n"));
	good.list = item->list;
	good.id = (char[]){ "p0" };
	good.verdict = answer->verdict = POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE;
	item->verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	condition->status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	answer->items = both;
	answer->n_items = 2;
	answer->n_conditions = 0;
	assert_true(explains(response, false,
			"    ▸ 项目 p0：可享受\n    ▸ 项目 p1：不符合\n      ✗ 研发补助\n"));
	item->verdict = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION;
	condition->status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN;
	assert_true(explains(response, false, "    ▸ 项目 p1：待补充\n      ? 研发补助\n"));
	item->verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	condition->status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	/* Nothing of this function stays in it. */
	answer->conditions = NULL;
	answer->items = NULL;
	answer->n_items = 0;
	answer->verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
}

static void test_explanation(void **state)
{
	Policycalc__V1__MatchResponse response = POLICYCALC__V1__MATCH_RESPONSE__INIT;
	Policycalc__V1__PolicyAnswer yes = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer maybe = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer no = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer *answers[] = { &yes, &maybe, &no };
	Policycalc__V1__AmountAnswer amount = POLICYCALC__V1__AMOUNT_ANSWER__INIT;
	Policycalc__V1__Availability open = POLICYCALC__V1__AVAILABILITY__INIT;
	Policycalc__V1__Text title = POLICYCALC__V1__TEXT__INIT;
	Policycalc__V1__Text label = POLICYCALC__V1__TEXT__INIT;
	Policycalc__V1__ConditionAnswer condition = POLICYCALC__V1__CONDITION_ANSWER__INIT;
	Policycalc__V1__ConditionAnswer *conditions[] = { &condition };
	Policycalc__V1__Text sentence = POLICYCALC__V1__TEXT__INIT;
	Policycalc__V1__Attribute attribute = POLICYCALC__V1__ATTRIBUTE__INIT;
	Policycalc__V1__Attribute *attributes[3] = { &attribute };
	Policycalc__V1__ItemAnswer item = POLICYCALC__V1__ITEM_ANSWER__INIT;
	Policycalc__V1__ItemAnswer *items[] = { &item };
	Policycalc__V1__AmountAnswer unknown = POLICYCALC__V1__AMOUNT_ANSWER__INIT;
	Policycalc__V1__CapAnswer cap = POLICYCALC__V1__CAP_ANSWER__INIT;
	Policycalc__V1__Source clause = POLICYCALC__V1__SOURCE__INIT;
	Policycalc__V1__Availability window = POLICYCALC__V1__AVAILABILITY__INIT;
	char *missing[] = { (char[]){ "e.staff" }, (char[]){ "i.cost@projects/p1" } };
	Policycalc__V1__Attribute cost = POLICYCALC__V1__ATTRIBUTE__INIT;
	Policycalc__V1__Attribute principal = POLICYCALC__V1__ATTRIBUTE__INIT;
	char *of_items[] = { (char[]){ "i.cost@projects/p1" }, (char[]){ "i.cost@loans" } };
	struct render_dictionary dictionary = { attributes, 1 };
	struct render_style style = { .width = 60 };
	struct buffer out = { 0 };

	title.zh = (char[]){ "研发补助" };
	label.zh = (char[]){ "职工总数" };
	attribute.name = (char[]){ "staff" };
	attribute.label = &label;
	amount.exactness = POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO;
	amount.most_fen = 80000000;
	open.state = POLICYCALC__V1__AVAILABILITY__STATE__STATE_OPEN;
	open.date = (char[]){ "2026-06-30" };
	yes.title = maybe.title = no.title = &title;
	yes.verdict = POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE;
	yes.amount = &amount;
	yes.availability = &open;
	maybe.verdict = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION;
	maybe.missing = missing;
	maybe.n_missing = 2;
	no.verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	condition.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	condition.label = &title;
	sentence.zh = (char[]){ "职工总数 6 人，要求不低于 10 人，还差 4 人" };
	condition.sentence = &sentence;
	no.conditions = conditions;
	no.n_conditions = 1;
	response.as_of = (char[]){ "2026-03-01" };
	response.revision = 3;
	response.answers = answers;
	response.n_answers = 3;
	assert_true(match_print_explanation(&response, &dictionary, &style, &out));
	assert_string_equal(out.data, "按 2026-03-01 的政策目录（第 3 版）计算\n"
				      "可享受 1 项，待补充 1 项，不符合 1 项\n"
				      "\n能享受的政策（1 项）\n"
				      "  ● 研发补助\n"
				      "    金额：最高80万元\n"
				      "    申请截止 2026-06-30\n"
				      "\n待确认：还缺信息（1 项）\n"
				      "  ● 研发补助\n"
				      "    ? 补充后可定：职工总数（staff）、cost@projects/p1\n"
				      "\n不符合的政策及原因（1 项）\n"
				      "  ● 研发补助\n"
				      "    ✗ 职工总数 6 人，要求不低于 10 人，还差 4 人\n");
	/* An amount that nothing is known of, and an item of its own. */
	window.state = POLICYCALC__V1__AVAILABILITY__STATE__STATE_WINDOW_NOT_STATED;
	unknown.exactness = POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST;
	unknown.sentence = &title;
	unknown.missing = missing;
	unknown.n_missing = 1;
	item.list = (char[]){ "projects" };
	item.id = (char[]){ "p1" };
	item.verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	item.conditions = conditions;
	item.n_conditions = 1;
	/* Attributes of items are named as the command line takes them. */
	cost.name = (char[]){ "cost" };
	cost.label = &label;
	cost.item_list = (char[]){ "projects" };
	attributes[1] = &cost;
	principal = cost;
	principal.item_list = (char[]){ "loans" };
	attributes[2] = &principal;
	dictionary.count = 3;
	maybe.missing = of_items;
	yes.amount = &unknown;
	yes.availability = &window;
	yes.policy_id = (char[]){ "rd-1" };
	no.n_conditions = 0;
	no.items = items;
	no.n_items = 1;
	buffer_clear(&out);
	assert_true(match_print_explanation(&response, &dictionary, &style, &out));
	assert_non_null(strstr(out.data, "  ● 研发补助\n"
					 "    金额：尚不能确定\n"
					 "    编号：rd-1\n"
					 "    ? 补充后可算出金额：职工总数（staff）\n"));
	assert_non_null(strstr(out.data, "职工总数（projects.p1.cost）、职工总数\n"
					 "      （loans.1.cost）\n"));
	assert_non_null(strstr(out.data,
			"    ▸ 项目 p1：不符合\n"
			"      ✗ 职工总数 6 人，要求不低于 10 人，还差 4 人\n"
			"\n有 1 项政策的申请时间未载明，请向主管部门确认。\n"));
	/* The same person or loan twice, and where a cap comes from. */
	item.same_as = (char[]){ "p0" };
	cap.source = &clause;
	clause.doc = (char[]){ "办法" };
	clause.clause = (char[]){ "第三条" };
	unknown.cap = &cap;
	buffer_clear(&out);
	assert_true(match_print_explanation(&response, &dictionary, &style, &out));
	assert_non_null(strstr(out.data, "    ▸ 项目 p1：不符合（与 p0 相同，只计一次）\n"));
	assert_non_null(strstr(out.data, "    上限依据：《办法》第三条\n"));
	item.same_as = (char[]){ "" };
	unknown.cap = NULL;
	condition.sentence = NULL;
	/* An item that only the enterprise's conditions stand against says so; one that fails among
	 * those that pass has its reason. */
	test_items(&response, &no, &item, &condition);
	/* A day before the one from which the rule is known: which kind of date it is, is said. */
	open.state = POLICYCALC__V1__AVAILABILITY__STATE__STATE_NOT_YET;
	open.date = (char[]){ "2022-09-08" };
	open.begin_not_stated = true;
	yes.verdict = POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN;
	yes.availability = &open;
	buffer_clear(&out);
	assert_true(match_print_explanation(&response, &dictionary, &style, &out));
	assert_non_null(strstr(
			out.data, "    起始日期未载明，2022-09-08 之前是否施行无从确认\n"));
	yes.verdict = POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE;
	yes.amount = &amount;
	buffer_clear(&out);
	style.english = true;
	style.colour = true;
	assert_true(match_print_explanation(&response, &dictionary, &style, &out));
	assert_non_null(strstr(out.data, "up to 800,000 yuan"));
	assert_non_null(strstr(out.data, "\033[32m"));
	buffer_fini(&out);
}

/* --- the short explanation -------------------------------------------------------------------- */

#define BRIEF_OPEN 9

/* @count answers that wait for "e.staff", and every other one for "e.rd" too. */
static void test_brief_open(void **state)
{
	Policycalc__V1__MatchResponse response = POLICYCALC__V1__MATCH_RESPONSE__INIT;
	Policycalc__V1__PolicyAnswer open[BRIEF_OPEN];
	Policycalc__V1__PolicyAnswer *answers[BRIEF_OPEN];
	char *missing[] = { (char[]){ "e.rd" }, (char[]){ "e.staff" } };
	char id[] = "p";
	struct render_style style = { .width = 80 };
	struct buffer out = { 0 };

	for (size_t i = 0; i < BRIEF_OPEN; i++) {
		policycalc__v1__policy_answer__init(&open[i]);
		open[i].policy_id = id;
		open[i].verdict = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION;
		open[i].missing = missing + !(i % 2);
		open[i].n_missing = 1 + i % 2;
		answers[i] = &open[i];
	}
	response.as_of = (char[]){ "2026-03-01" };
	response.answers = answers;
	response.n_answers = BRIEF_OPEN;
	assert_true(match_print_brief(&response, NULL, &style, &out));
	assert_non_null(strstr(out.data, "\n还缺信息，尚不能确定（9 项）\n"));
	assert_non_null(strstr(out.data, "  ? staff：9 项政策用到，5 项只缺它\n"
					 "  ? rd：4 项政策用到，0 项只缺它\n"));
	assert_non_null(strstr(out.data, "    ? 缺：rd、staff\n"));
	assert_non_null(strstr(out.data, "\n  另有 3 项\n"));
	/* What is unknown is nowhere called a no. */
	assert_null(strstr(out.data, "不符合"));
	assert_null(strstr(out.data, "✗"));
	style.english = true;
	buffer_clear(&out);
	assert_true(match_print_brief(&response, NULL, &style, &out));
	assert_non_null(strstr(out.data, "Needs information (9)\n"));
	assert_null(strstr(out.data, "eligible: "));
	buffer_fini(&out);
}

static void test_brief_failed(void **state)
{
	Policycalc__V1__MatchResponse response = POLICYCALC__V1__MATCH_RESPONSE__INIT;
	Policycalc__V1__PolicyAnswer no = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer far = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer *answers[] = { &far, &no };
	Policycalc__V1__ConditionAnswer open = POLICYCALC__V1__CONDITION_ANSWER__INIT;
	Policycalc__V1__ConditionAnswer failed = POLICYCALC__V1__CONDITION_ANSWER__INIT;
	Policycalc__V1__ConditionAnswer *conditions[] = { &open, &failed };
	Policycalc__V1__Text unknown = POLICYCALC__V1__TEXT__INIT;
	Policycalc__V1__Text sentence = POLICYCALC__V1__TEXT__INIT;
	char *by[] = { (char[]){ "staff" }, (char[]){ "rd" } };
	char *region[] = { (char[]){ "region" } };
	struct render_style style = { .width = 80 };
	struct buffer out = { 0 };

	unknown.zh = (char[]){ "研发投入 未知，要求不低于 100 万元" };
	sentence.zh = (char[]){ "职工总数 6 人，要求不低于 10 人，还差 4 人" };
	open.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN;
	open.sentence = &unknown;
	failed.status = POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	failed.sentence = &sentence;
	no.policy_id = (char[]){ "p" };
	no.verdict = far.verdict = POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	no.conditions = conditions;
	no.n_conditions = 2;
	no.settled_by = by;
	no.n_settled_by = 2;
	far.policy_id = (char[]){ "far" };
	far.settled_by = region;
	far.n_settled_by = 1;
	response.as_of = (char[]){ "2026-03-01" };
	response.answers = answers;
	response.n_answers = 2;
	assert_true(match_print_brief(&response, NULL, &style, &out));
	/* The reason that settles it; what is unknown beside it is not asked for any more. */
	assert_non_null(strstr(out.data, "不符合的政策及原因（2 项）\n"
					 "  ● p\n"
					 "    ✗ 职工总数 6 人，要求不低于 10 人，还差 4 "
					 "人（另有 1 项也不符合）\n"
					 "  另有 1 项限其他地区\n"));
	assert_null(strstr(out.data, "未知"));
	buffer_fini(&out);
}

/* A service that leaves parts out gets a poor answer drawn, not a crash. */
static void test_odd_combination(void **state)
{
	Policycalc__V1__Combination combination = POLICYCALC__V1__COMBINATION__INIT;
	Policycalc__V1__CombinationChoice choice = POLICYCALC__V1__COMBINATION_CHOICE__INIT;
	Policycalc__V1__CombinationChosen chosen = POLICYCALC__V1__COMBINATION_CHOSEN__INIT;
	Policycalc__V1__CombinationChosen *chosen_list[] = { &chosen };
	Policycalc__V1__CombinationLeftOut left = POLICYCALC__V1__COMBINATION_LEFT_OUT__INIT;
	Policycalc__V1__CombinationLeftOut *left_list[] = { &left };
	const struct render_dictionary dictionary = { NULL, 0 };
	const struct render_style style = { .width = 80 };
	struct buffer out = { 0 };

	assert_true(combination_print(NULL, &dictionary, &style, &out));
	assert_true(combination_print(&combination, &dictionary, &style, &out));
	choice.chosen = chosen_list;
	choice.left_out = left_list;
	choice.n_chosen = choice.n_left_out = 1;
	combination.sure = combination.possible = &choice;
	buffer_clear(&out);
	assert_true(combination_print(&combination, &dictionary, &style, &out));
	assert_non_null(strstr(out.data, "最佳组合"));
	buffer_fini(&out);
}

/* Earlier periods and windows have words, and what the dictionary lacks is told as it stands. */
static void test_attribute_names(void **state)
{
	static const struct {
		const char *path, *label, *zh, *en;
	} table[] = {
		{ "e.staff", "职工总数", "", "" },
		{ "e.staff_y2", "职工总数", "再往前 1 年", "1 year earlier" },
		{ "e.staff_p3", "职工总数", "再往前 2 期", "2 periods earlier" },
		{ "e.staff_quarter", "职工总数", "上季度各月", "months of the last quarter" },
		{ "e.staff_year_y3", "职工总数", "上年各期，再往前 2 年",
				"periods of the last year, 2 years earlier" },
		{ "e.staff_2026q1", "职工总数", "2026年一季度各月",
				"months of quarter 1 of 2026" },
		{ "e.staff_2025", "职工总数", "2025年各期", "periods of 2025" },
		{ "i.staff@loans/a@b", "本金", "", "" },
		{ "i.staff_y2@loans", "本金", "再往前 1 年", "1 year earlier" },
		{ "i.staff@projects", "", "", "" },
		{ "i@projects", "项目", "", "" },
		{ "e.staff_y1", "", "", "" },
		{ "e.staff_2026q5", "", "", "" },
		{ "e._y2", "", "", "" },
		{ "e.nobody_y2", "", "", "" },
		{ "", "", "", "" },
	};
	Policycalc__V1__Text labels[] = { POLICYCALC__V1__TEXT__INIT,
		POLICYCALC__V1__TEXT__INIT };
	Policycalc__V1__Attribute list[] = { POLICYCALC__V1__ATTRIBUTE__INIT,
		POLICYCALC__V1__ATTRIBUTE__INIT };
	Policycalc__V1__Attribute *attributes[] = { &list[0], &list[1] };
	struct render_dictionary dictionary = { attributes, 2 };

	(void)state;
	labels[0].zh = (char[]){ "职工总数" };
	labels[1].zh = (char[]){ "本金" };
	list[0].name = list[1].name = (char[]){ "staff" };
	list[0].label = &labels[0];
	list[1].label = &labels[1];
	list[1].item_list = (char[]){ "loans" };
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct render_style style = { .english = false };
		struct attribute_name name;

		attribute_name_parse(&style, &dictionary, table[i].path, &name);
		assert_string_equal(name.label, table[i].label);
		assert_string_equal(name.periods, table[i].zh);
		style.english = true;
		attribute_name_parse(&style, &dictionary, table[i].path, &name);
		assert_string_equal(name.periods, table[i].en);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_attribute_names),
		cmocka_unit_test(test_brief_open),
		cmocka_unit_test(test_odd_combination),
		cmocka_unit_test(test_brief_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
