/* SPDX-License-Identifier: Apache-2.0 */
/* The monthly report on R&D activity as a page: the city, the ranking, charts, notices. */
#include "client/render/report_chart.h"
#include "client/render/report_page.h"

#include <inttypes.h>
#include <stdio.h>

typedef Policycalc__V1__CoverageUnit unit_message;

#define TABLE_BEGIN(page, zh, en, headings)                                                    \
	table_begin(page, zh, en, headings, sizeof(headings) / sizeof((headings)[0]))

/* --- the city --------------------------------------------------------------------------------- */

static void card(const struct page *page, const char *zh, const char *en, const char *figure,
		const char *note)
{
	page_raw(page, "<li>");
	page_words(page, zh, en);
	page_raw(page, "<strong>");
	page_text(page, figure);
	page_raw(page, "</strong><span class=\"soft\">");
	page_text(page, note);
	page_raw(page, "</span></li>\n");
}

static const char *kept(const struct page *page, const char *text)
{
	return text ? text : "";
}

static void city_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	const Policycalc__V1__CoverageCity *city = report->city;
	const Policycalc__V1__CoverageCount *count = city->count;
	const struct render_style *style = page->style;
	char rate[REPORT_FIGURE_SIZE], start[REPORT_FIGURE_SIZE], points[REPORT_FIGURE_SIZE];
	char firms[REPORT_FIGURE_SIZE], aim[REPORT_FIGURE_SIZE];

	page_raw(page, "<ul class=\"cards\">\n");
	card(page, "规上工业企业", "enterprises",
			kept(page, arena_format(page->arena, "%" PRId64, count->total)),
			kept(page, arena_format(page->arena,
						   word(style, "有研发活动 %" PRId64 " 家",
								   "%" PRId64 " with R&D"),
						   count->covered)));
	card(page, "覆盖率", "rate",
			report_rate(count->_rate_permille_case, count->rate_permille, rate),
			kept(page, arena_format(page->arena,
						   word(style, "工作开始时 %s", "began at %s"),
						   report_rate(city->_start_permille_case,
								   city->start_permille,
								   start))));
	card(page, "比上月", "since last month",
			report_points(city->_month_change_case, city->month_change, points),
			kept(page, arena_format(page->arena,
						   word(style, "百分点，%s 家",
								   "points, %s firms"),
						   report_change(city->_month_covered_change_case,
								   city->month_covered_change,
								   firms))));
	card(page, "比上年12月", "since December",
			report_points(city->_december_change_case, city->december_change,
					points),
			kept(page, arena_format(page->arena,
						   word(style, "百分点，%s 家",
								   "points, %s firms"),
						   report_change(city->_december_covered_change_case,
								   city->december_covered_change,
								   firms))));
	card(page, "距 100%", "to 100%",
			kept(page, arena_format(page->arena,
						   word(style, "%" PRId64 " 家", "%" PRId64),
						   city->needed_all)),
			kept(page, arena_format(page->arena,
						   word(style, "距目标 %s：%" PRId64 " 家",
								   "to the aim of %s: "
								   "%" PRId64),
						   report_rate(true,
								   (int32_t)(report->target_ppm /
										   1000),
								   aim),
						   city->needed_target)));
	page_raw(page, "</ul>\n");
}

static void remarks_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = page->style;

	if (report->draft)
		page_element(page, "p", "amount",
				word(style, "草稿：各单位合计与全市数不符，不得发布。",
						"DRAFT: the units do not add up to the city; "
						"not to "
						"be published."));
	if (report->movement->before_sequence)
		page_element(page, "p", "soft",
				kept(page, arena_format(page->arena,
							   word(style,
									   "规上名录：比 %s "
									   "新入库 %" PRId64
									   " 家，退库 %" PRId64
									   " 家。",
									   "Library since %s: "
									   "%" PRId64
									   " came, %" PRId64
									   " left."),
							   report->movement->before,
							   report->movement->entered,
							   report->movement->left)));
	if (report->city->count->unknown || report->library_unknown)
		page_element(page, "p", "soft",
				kept(page, arena_format(page->arena,
							   word(style,
									   "%" PRId64
									   " 家是否有研发活动不"
									   "明（按未覆盖计）；"
									   "另有 %" PRId64
									   " 家是否规上不明（未"
									   "计入）。",
									   "Of %" PRId64
									   " it is unknown "
									   "(not covered); "
									   "of %" PRId64
									   " more it is "
									   "unknown whether "
									   "they belong here."),
							   report->city->count->unknown,
							   report->library_unknown)));
}

/* --- ranking ---------------------------------------------------------------------------------- */

static void bars_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	struct chart_bar *bars =
			ARENA_NEW_ARRAY(page->arena, struct chart_bar, report->n_units + 1);
	const Policycalc__V1__CoverageCount *city = report->city->count;
	char average[64], aim[64], text[REPORT_FIGURE_SIZE];
	struct chart_mark marks[2] = { { average, city->rate_permille },
		{ aim, report->target_ppm / 1000 } };
	size_t count = 0;

	if (!bars || !city->_rate_permille_case)
		return;
	(void)snprintf(average, sizeof(average), "%s %s", word(page->style, "全市", "city"),
			report_rate(true, city->rate_permille, text));
	(void)snprintf(aim, sizeof(aim), "%s %s", word(page->style, "目标", "aim"),
			report_rate(true, (int32_t)(report->target_ppm / 1000), text));
	for (size_t i = 0; i < report->n_units; i++) {
		const unit_message *unit = report->units[i];
		const char *figure;

		if (unit->rank == 0)
			continue;
		figure = arena_format(page->arena, "%s (%" PRId64 "/%" PRId64 ")",
				report_rate(true, unit->count->rate_permille, text),
				unit->count->covered, unit->count->total);
		if (!figure)
			return;
		bars[count++] = (struct chart_bar){ report_short_name(page->style,
								    unit->short_name,
								    unit->name, unit->code),
			figure, unit->count->rate_permille };
	}
	chart_print_bars(page, word(page->style, "各单位覆盖率", "rates by unit"), bars, count,
			marks, 2, 1000);
}

static void ranking_row(const struct page *page, const unit_message *unit)
{
	char text[REPORT_FIGURE_SIZE];

	page_raw(page, "<tr>");
	cell_figure(page, report_rank(unit->rank, text));
	cell_name(page, report_short_name(
					page->style, unit->short_name, unit->name, unit->code));
	cell_number(page, unit->count->total);
	cell_number(page, unit->count->covered);
	cell_figure(page, report_rate(unit->count->_rate_permille_case,
					  unit->count->rate_permille, text));
	cell_figure(page, report_points(unit->_against_average_case, unit->against_average,
					  text));
	cell_figure(page, report_points(unit->_month_change_case, unit->month_change, text));
	cell_figure(page, report_points(unit->_december_change_case, unit->december_change,
					  text));
	cell_figure(page, report_change(unit->_rank_change_case, unit->rank_change, text));
	cell_number(page, unit->count->four);
	cell_figure(page, report_rate(unit->count->_four_rate_permille_case,
					  unit->count->four_rate_permille, text));
	cell_figure(page, report_rank(unit->four_rank, text));
	page_raw(page, "</tr>\n");
}

static void ranking_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "名次", "rank" }, { "单位", "unit" },
		{ "规上", "firms" }, { "有研发", "R&D" }, { "覆盖率", "rate" },
		{ "比全市", "city" }, { "比上月", "month" }, { "比上年12月", "December" },
		{ "名次变化", "moved" }, { "四有", "all four" }, { "四有率", "rate" },
		{ "四有名次", "rank" } };
	char text[REPORT_FIGURE_SIZE];

	TABLE_BEGIN(page, "覆盖率排名（差为百分点）",
			"Ranking (differences in percentage points)", headings);
	for (size_t i = 0; i < report->n_units; i++)
		ranking_row(page, report->units[i]);
	page_raw(page, "<tr><td></td>");
	cell_text(page, word(page->style, "合计", "sum"));
	cell_number(page, report->sum->total);
	cell_number(page, report->sum->covered);
	cell_figure(page, report_rate(report->sum->_rate_permille_case,
					  report->sum->rate_permille, text));
	page_raw(page, "<td></td><td></td><td></td><td></td>");
	cell_number(page, report->sum->four);
	cell_figure(page, report_rate(report->sum->_four_rate_permille_case,
					  report->sum->four_rate_permille, text));
	page_raw(page, "<td></td></tr>\n</tbody></table>\n");
}

static void gaps_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "单位", "unit" },
		{ "至全市均值", "to average" }, { "至目标", "to aim" }, { "至100%", "to 100%" },
		{ "占全市缺口", "of the gap" }, { "本月新增研发", "newly" },
		{ "本月不再研发", "no more" }, { "入库", "came" }, { "退库", "left" },
		{ "填报后可增资金", "gain" }, { "涉及企业", "firms" },
		{ "金额待定企业", "amount open" } };
	bool is_known = report->movement->before_sequence != 0;
	char text[REPORT_FIGURE_SIZE];

	TABLE_BEGIN(page, "还差多少家、本月变动、未覆盖企业填报研发后确定可增的资金",
			"Missing enterprises, changes, and what uncovered ones would gain",
			headings);
	for (size_t i = 0; i < report->n_units; i++) {
		const unit_message *unit = report->units[i];
		const int64_t moved[] = { unit->newly_covered, unit->no_longer_covered,
			unit->entered, unit->left };

		page_raw(page, "<tr>");
		cell_name(page, report_short_name(page->style, unit->short_name, unit->name,
						unit->code));
		cell_number(page, unit->needed_average);
		cell_number(page, unit->needed_target);
		cell_number(page, unit->needed_all);
		cell_figure(page, report_rate(unit->_gap_share_permille_case,
						  unit->gap_share_permille, text));
		for (size_t k = 0; k < 4; k++) {
			if (is_known)
				cell_number(page, moved[k]);
			else
				cell_figure(page, "—");
		}
		cell_money(page, unit->opening_fen);
		cell_number(page, unit->opening_firms);
		cell_number(page, unit->opening_open_firms);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
	page_element(page, "p", "soft", word_text(page->style, report->opening_assumption));
}

/* --- the report ------------------------------------------------------------------------------- */

static void trend_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	bool revised = false;

	for (size_t i = 0; report->n_trend && i < report->trend[0]->n_points; i++)
		revised |= report->trend[0]->points[i]->revised != 0;
	page_section(page, "trend", "近 12 个月走势", "Twelve months");
	chart_print_trend(page,
			word(page->style, "各单位近 12 个月覆盖率", "rates of twelve months"),
			report);
	if (revised)
		page_element(page, "p", "soft",
				word(page->style,
						"空心点：该月末之后又收到当月或更早的资料，"
						"当时通报的数与今天所知可能不同。",
						"Hollow: values of that month or an earlier "
						"one came "
						"after its end."));
	page_raw(page, "</section>\n");
}

static void notices_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	page_section(page, "notices", "通报", "Notices");
	page_raw(page, "<ul>\n");
	for (size_t i = 0; i < report->n_notices; i++) {
		page_raw(page, "<li>");
		page_text(page, word_text(page->style, report->notices[i]->sentence));
		page_raw(page, "</li>\n");
	}
	page_raw(page, "</ul>\n</section>\n");
}

static void rules_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	const Policycalc__V1__Text *texts[] = { report->data_source, report->definition,
		report->four_definition, report->ranking_rule };

	page_section(page, "rules", "口径", "How it was counted");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		page_element(page, "p", "soft", word_text(page->style, texts[i]));
	page_raw(page, "<p>");
	page_words(page, "签发：", "Signed: ");
	page_text(page, *report->signed_by ? report->signed_by : "＿＿＿＿＿＿＿＿");
	page_raw(page, "</p>\n</section>\n");
}

void page_coverage(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	city_print(page, report);
	remarks_print(page, report);
	page_section(page, "ranking", "各县（市、区）排名", "Ranking");
	bars_print(page, report);
	ranking_print(page, report);
	gaps_print(page, report);
	page_raw(page, "</section>\n");
	notices_print(page, report);
	trend_print(page, report);
	page_coverage_appendix(page, report);
	rules_print(page, report);
}
