/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/simulate.h"

#include "client/render/markup.h"
#include "client/render/table.h"
#include "client/render/text.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <string.h>

typedef Policycalc__V1__Simulation simulation_message;
typedef Policycalc__V1__SimulatedGroup group_message;

/* Where it goes: the same tables as text or as HTML. */
struct sheet {
	const struct render_style *style;
	struct buffer *out;
	bool html;
};

void simulate_append_value(const struct render_style *style,
		const Policycalc__V1__SimulatedCurve *curve, int64_t value, struct buffer *out)
{
	char text[WORD_MONEY_SIZE];

	if (curve->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY)
		word_sum(style, value, text);
	else if (curve->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO)
		unit_print_ratio(value, text);
	else
		snprintf(text, sizeof(text), "%lld", (long long)value);
	buffer_append_text(out, text);
}

/* --- parts of a sheet ------------------------------------------------------------------------- */

static void heading(const struct sheet *sheet, const char *text)
{
	if (sheet->html) {
		buffer_append_text(sheet->out, "<h2>");
		markup_append(sheet->out, slice_from(text));
		buffer_append_text(sheet->out, "</h2>\n");
		return;
	}
	buffer_append_char(sheet->out, '\n');
	if (sheet->style->colour)
		buffer_append_text(sheet->out, "\033[1m");
	text_append_wrapped(sheet->out, slice_from(text), sheet->style->width - 2, 2);
	if (sheet->style->colour)
		buffer_append_text(sheet->out, "\033[0m");
	buffer_append_char(sheet->out, '\n');
}

static void paragraph(const struct sheet *sheet, const struct buffer *text)
{
	if (text->failed) {
		sheet->out->failed = true;
		return;
	}
	if (sheet->html) {
		buffer_append_text(sheet->out, "<p>");
		markup_append(sheet->out, (struct slice){ text->data, text->size });
		buffer_append_text(sheet->out, "</p>\n");
		return;
	}
	text_append_wrapped(sheet->out, (struct slice){ text->data, text->size },
			sheet->style->width - 2, 2);
	buffer_append_char(sheet->out, '\n');
}

static void cell_html(struct buffer *out, const char *tag, bool right, const char *text)
{
	buffer_format(out, right ? "<%s class=\"r\">" : "<%s>", tag);
	markup_append(out, slice_from(text));
	buffer_format(out, "</%s>", tag);
}

static void table_html(const struct table *table, struct buffer *out)
{
	const char *cell = table->cells.data;

	buffer_append_text(out, "<table><thead><tr>");
	for (size_t i = 0; i < table->columns; i++)
		cell_html(out, "th", table->right[i], table->headings[i]);
	buffer_append_text(out, "</tr></thead><tbody>\n");
	for (size_t row = 0; row < table->rows; row++) {
		buffer_append_text(out, "<tr>");
		for (size_t i = 0; i < table->columns; i++) {
			cell_html(out, "td", table->right[i], cell);
			cell += strlen(cell) + 1;
		}
		buffer_append_text(out, "</tr>\n");
	}
	buffer_append_text(out, "</tbody></table>\n");
}

static void table_put(const struct sheet *sheet, struct table *table)
{
	if (table->cells.failed)
		sheet->out->failed = true;
	else if (sheet->html)
		table_html(table, sheet->out);
	else if (!table_print(table, sheet->style->width, sheet->style->colour, sheet->out))
		sheet->out->failed = true;
	table_fini(table);
}

struct figure {
	char text[WORD_MONEY_SIZE];
};

static struct figure count(int64_t value)
{
	struct figure figure;

	snprintf(figure.text, sizeof(figure.text), "%lld", (long long)value);
	return figure;
}

static struct figure money(const struct sheet *sheet, int64_t fen)
{
	struct figure figure;

	word_sum(sheet->style, fen, figure.text);
	return figure;
}

static const char *w(const struct sheet *sheet, const char *zh, const char *en)
{
	return word(sheet->style, zh, en);
}

/* --- policies and groups ---------------------------------------------------------------------- */

static struct table changes_table(const struct sheet *sheet, const char *first)
{
	return (struct table){ .columns = 7,
		.headings = { first, w(sheet, "原来", "before"), w(sheet, "草稿", "draft"),
				w(sheet, "新增", "gain"), w(sheet, "失去", "lose"),
				w(sheet, "原来金额", "money before"),
				w(sheet, "草稿金额", "money draft") },
		.right = { false, true, true, true, true, true, true },
		.whole = { false, true, true, true, true, true, true } };
}

static bool side_is_same(
		const Policycalc__V1__SimulatedSide *a, const Policycalc__V1__SimulatedSide *b)
{
	return a->eligible == b->eligible && a->needs_review == b->needs_review &&
	       a->needs_information == b->needs_information && a->sure_fen == b->sure_fen &&
	       a->most_fen == b->most_fen && a->unbounded == b->unbounded;
}

/* Whether there is something to see: no row for who answers as before. */
static bool policy_differs(const Policycalc__V1__SimulatedPolicy *policy)
{
	const Policycalc__V1__SimulatedChange *change = policy->change;

	return !policy->unchanged && change && change->before && change->after &&
	       (change->gaining || change->losing || change->more || change->less ||
			       !side_is_same(change->before, change->after));
}

/* Those that were compared, and of them those that differ. */
static size_t policies_count(const simulation_message *simulation, size_t *out_differ)
{
	size_t compared = 0;

	*out_differ = 0;
	for (size_t i = 0; i < simulation->n_policies; i++) {
		compared += !simulation->policies[i]->unchanged;
		*out_differ += policy_differs(simulation->policies[i]);
	}
	return compared;
}

static void policies_put(const struct sheet *sheet, const simulation_message *simulation)
{
	struct table table = changes_table(sheet, w(sheet, "政策", "policy"));

	for (size_t i = 0; i <= simulation->n_policies; i++) {
		bool is_total = i == simulation->n_policies;
		const Policycalc__V1__SimulatedChange *change =
				is_total ? simulation->total : simulation->policies[i]->change;
		const char *title = is_total ? w(sheet, "合计", "all")
					     : word_text(sheet->style,
							       simulation->policies[i]->title);

		if (!change || !change->before || !change->after ||
				(!is_total && !policy_differs(simulation->policies[i])) ||
				(is_total && table.rows < 2))
			continue;
		table_add(&table, (const char *const[]){ title,
						  count(change->before->eligible).text,
						  count(change->after->eligible).text,
						  count(change->gaining).text,
						  count(change->losing).text,
						  money(sheet, change->before->sure_fen).text,
						  money(sheet, change->after->sure_fen).text });
	}
	if (table.rows)
		table_put(sheet, &table);
	else
		table_fini(&table);
}

static void groups_put(const struct sheet *sheet, const char *title, const char *first,
		group_message *const *groups, size_t group_count)
{
	struct table table = changes_table(sheet, first);

	if (group_count == 0) {
		table_fini(&table);
		return;
	}
	heading(sheet, title);
	for (size_t i = 0; i < group_count; i++) {
		const group_message *group = groups[i];
		const char *label = word_text(sheet->style, group->label);

		if (!*label)
			label = *group->code ? group->code : w(sheet, "不详", "not known");
		table_add(&table, (const char *const[]){ label, count(group->before).text,
						  count(group->after).text,
						  count(group->gaining).text,
						  count(group->losing).text,
						  money(sheet, group->before_fen).text,
						  money(sheet, group->after_fen).text });
	}
	table_put(sheet, &table);
}

/* What the table of policies has no room for. */
static void policy_notes(const struct sheet *sheet, const simulation_message *simulation)
{
	for (size_t i = 0; i < simulation->n_policies; i++) {
		const Policycalc__V1__SimulatedPolicy *policy = simulation->policies[i];
		const Policycalc__V1__SimulatedChange *change = policy->change;
		struct buffer text = { 0 };

		if (!policy_differs(policy))
			continue;
		buffer_format(&text,
				w(sheet,
						"%s（%s → %s）：待审核 %lld → %lld 家，待补充 "
						"%lld → %lld 家",
						"%s (%s to %s): to be judged %lld to %lld, "
						"undecided %lld to %lld"),
				word_text(sheet->style, policy->title),
				*change->before->policy_id ? change->before->policy_id
							   : w(sheet, "无", "none"),
				*change->after->policy_id ? change->after->policy_id
							  : w(sheet, "无", "none"),
				(long long)change->before->needs_review,
				(long long)change->after->needs_review,
				(long long)change->before->needs_information,
				(long long)change->after->needs_information);
		if (change->more || change->less)
			buffer_format(&text,
					w(sheet, "；仍符合的企业中 %lld 家增加、%lld 家减少",
							"; of those that stay %lld get more, "
							"%lld "
							"less"),
					(long long)change->more, (long long)change->less);
		if (change->gain_fen || change->loss_fen)
			buffer_format(&text,
					w(sheet, "；共增加 %s、减少 %s",
							"; %s more and %s less in all"),
					money(sheet, change->gain_fen).text,
					money(sheet, change->loss_fen).text);
		if (change->after->unbounded)
			buffer_format(&text,
					w(sheet, "；草稿下 %lld 家的金额没有上限或未载明",
							"; %lld without an upper or stated "
							"amount"),
					(long long)change->after->unbounded);
		paragraph(sheet, &text);
		buffer_fini(&text);
	}
}

/* --- budgets ---------------------------------------------------------------------------------- */

static void share_append(const struct sheet *sheet, bool has_limit, int64_t limit,
		int64_t drawn, struct buffer *out)
{
	if (!has_limit) {
		buffer_append_text(out, w(sheet, "（未载明额度）", " (no limit stated)"));
		return;
	}
	if (drawn > limit)
		buffer_format(out, w(sheet, "（额度 %s，超出 ", " (of %s, over by "),
				money(sheet, limit).text);
	else
		buffer_format(out, w(sheet, "（额度 %s，剩余 ", " (of %s, left "),
				money(sheet, limit).text);
	buffer_append_text(
			out, money(sheet, drawn > limit ? drawn - limit : limit - drawn).text);
	buffer_append_text(out, w(sheet, "）", ")"));
}

static void budgets_put(const struct sheet *sheet, const simulation_message *simulation)
{
	if (simulation->n_budgets)
		heading(sheet, w(sheet, "预算", "Budgets"));
	for (size_t i = 0; i < simulation->n_budgets; i++) {
		const Policycalc__V1__SimulatedBudget *budget = simulation->budgets[i];
		struct buffer text = { 0 };

		buffer_format(&text, w(sheet, "%s：原来 %s", "%s: before %s"),
				word_text(sheet->style, budget->label),
				money(sheet, budget->before_fen).text);
		share_append(sheet, budget->_before_limit_fen_case != 0,
				budget->before_limit_fen, budget->before_fen, &text);
		buffer_format(&text, w(sheet, "，草稿 %s", ", draft %s"),
				money(sheet, budget->after_fen).text);
		share_append(sheet, budget->_after_limit_fen_case != 0, budget->after_limit_fen,
				budget->after_fen, &text);
		if (budget->after_most_fen != budget->after_fen)
			buffer_format(&text,
					w(sheet, "；连同待审核的最多 %s",
							"; with those to be judged at most %s"),
					money(sheet, budget->after_most_fen).text);
		if (budget->after_unbounded)
			buffer_format(&text,
					w(sheet, "；另有 %lld 家金额没有上限或未载明",
							"; and %lld without an upper or stated "
							"amount"),
					(long long)budget->after_unbounded);
		paragraph(sheet, &text);
		buffer_fini(&text);
	}
}

/* --- the curve -------------------------------------------------------------------------------- */

static void curve_put(const struct sheet *sheet, const Policycalc__V1__SimulatedCurve *curve)
{
	struct table table = { .columns = 5,
		.headings = { w(sheet, "取值", "value"), w(sheet, "符合", "eligible"),
				w(sheet, "待审核", "judged"), w(sheet, "确定金额", "sure"),
				w(sheet, "最多金额", "at most") },
		.right = { true, true, true, true, true } };
	struct buffer title = { 0 };

	if (!curve) {
		table_fini(&table);
		return;
	}
	buffer_format(&title, w(sheet, "敏感性：%s（p.%s）", "Sensitivity: %s (p.%s)"),
			word_text(sheet->style, curve->label), curve->parameter);
	heading(sheet, title.data ? title.data : "");
	for (size_t i = 0; i < curve->n_points; i++) {
		const Policycalc__V1__SimulatedPoint *point = curve->points[i];
		struct buffer value = { 0 };

		simulate_append_value(sheet->style, curve, point->value, &value);
		if (curve->_draft_value_case && curve->draft_value == point->value)
			buffer_append_text(&value, w(sheet, "（草稿）", " (draft)"));
		table_add(&table, (const char *const[]){ value.data ? value.data : "",
						  count(point->eligible).text,
						  count(point->needs_review).text,
						  money(sheet, point->sure_fen).text,
						  money(sheet, point->most_fen).text });
		buffer_fini(&value);
	}
	table_put(sheet, &table);
	if (sheet->html && !simulate_print_svg(curve, sheet->style, sheet->out))
		sheet->out->failed = true;
	buffer_fini(&title);
}

/* --- all -------------------------------------------------------------------------------------- */

static void sheet_print(const struct sheet *sheet, const simulation_message *simulation)
{
	struct buffer text = { 0 };
	size_t compared, differ;

	buffer_format(&text,
			w(sheet,
					"草稿与第 %lld 版目录相比，按 %s，登记库快照 %lld 的 "
					"%lld 家企业",
					"The draft against revision %lld, on %s, over %lld "
					"(snapshot) "
					"and its %lld enterprises"),
			(long long)simulation->revision, simulation->as_of,
			(long long)simulation->sequence, (long long)simulation->enterprises);
	paragraph(sheet, &text);
	buffer_clear(&text);
	if (simulation->n_policies == 0) {
		buffer_append_text(
				&text, w(sheet, "没有一项政策的答复会不同。",
						       "No policy would answer differently."));
		paragraph(sheet, &text);
	} else if (simulation->enterprises == 0) {
		buffer_append_text(&text,
				w(sheet,
						"没有可比的企业：登记库（或所选地区）是空的，先"
						"导入企业"
						"（policycalc registry import）。",
						"There is no enterprise to ask about: the "
						"registry (or the region) is empty; see "
						"policycalc registry import."));
		paragraph(sheet, &text);
	} else {
		policies_put(sheet, simulation);
		compared = policies_count(simulation, &differ);
		if (differ < compared)
			buffer_format(&text,
					w(sheet, "另有 %zu 项政策可能受影响，比较后没有不同。",
							"%zu more policies might have "
							"differed, and do not. "),
					compared - differ);
		buffer_format(&text,
				w(sheet,
						"新增至少一项政策的企业 %lld "
						"家，失去至少一项的 %lld "
						"家。金额为自当日起十二个月内确定可得的。",
						"%lld enterprises gain a policy, %lld lose "
						"one. Money is "
						"what is sure within twelve months of the "
						"day."),
				(long long)simulation->gaining_enterprises,
				(long long)simulation->losing_enterprises);
		if (simulation->refused)
			buffer_format(&text,
					w(sheet, "%lld 家的数据不合目录要求，未计入。",
							" The facts of %lld are refused by a "
							"catalog."),
					(long long)simulation->refused);
		paragraph(sheet, &text);
		policy_notes(sheet, simulation);
		budgets_put(sheet, simulation);
		groups_put(sheet, w(sheet, "按注册地", "By registered region"),
				w(sheet, "注册地", "region"), simulation->regions,
				simulation->n_regions);
		groups_put(sheet, w(sheet, "按行业门类", "By section of industry"),
				w(sheet, "门类", "section"), simulation->industries,
				simulation->n_industries);
		groups_put(sheet, w(sheet, "按规模", "By size"), w(sheet, "规模", "size"),
				simulation->sizes, simulation->n_sizes);
	}
	curve_put(sheet, simulation->curve);
	buffer_fini(&text);
}

bool simulate_print_text(const simulation_message *simulation, const struct render_style *style,
		struct buffer *out)
{
	struct sheet sheet = { style, out, false };

	sheet_print(&sheet, simulation);
	return !out->failed;
}

bool simulate_print_html(const simulation_message *simulation, const struct render_style *style,
		struct buffer *out)
{
	struct sheet sheet = { style, out, true };
	const char *title = word(style, "草稿模拟", "Simulation of a draft");

	buffer_format(out,
			"<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			"'none'; style-src 'unsafe-inline'\">"
			"<title>%s</title><style>body{font:14px/1.6 sans-serif;max-width:60em;"
			"margin:2em auto;padding:0 "
			"1em}table{border-collapse:collapse;width:100%%}"
			"th,td{border-bottom:1px solid #ccc;padding:.2em .5em;text-align:left}"
			".r{text-align:right;font-variant-numeric:tabular-nums}"
			"@media print{h2{break-after:avoid}}</style></head><body><h1>%s</h1>\n",
			style->english ? "en" : "zh", title, title);
	sheet_print(&sheet, simulation);
	buffer_append_text(out, "</body></html>\n");
	return !out->failed;
}
