/* SPDX-License-Identifier: Apache-2.0 */
/* The coverage report as CSV, a table at a time. */
#include "client/render/report_csv.h"

#include <string.h>

static void count_print(struct csv *csv, const Policycalc__V1__CoverageCount *count)
{
	char text[REPORT_FIGURE_SIZE];

	csv_number(csv, count->total);
	csv_number(csv, count->covered);
	csv_number(csv, count->unknown);
	csv_figure(csv, report_rate(count->_rate_permille_case, count->rate_permille, text));
	csv_number(csv, count->four);
	csv_number(csv, count->four_unknown);
	csv_figure(csv, report_rate(count->_four_rate_permille_case, count->four_rate_permille,
					text));
}

/* What has come and gone within the month is not known of the first one. */
static void moved_print(struct csv *csv, bool is_known, int64_t number)
{
	if (is_known)
		csv_number(csv, number);
	else
		csv_figure(csv, "");
}

static void unit_print(struct csv *csv, const char *month, bool has_before,
		const Policycalc__V1__CoverageUnit *unit)
{
	char text[REPORT_FIGURE_SIZE];

	csv_figure(csv, month);
	csv_figure(csv, report_rank(unit->rank, text));
	csv_text(csv, unit->code);
	csv_text(csv, word_text(csv->style, unit->name));
	count_print(csv, unit->count);
	csv_figure(csv, report_rank(unit->four_rank, text));
	csv_figure(csv, report_points(unit->_against_average_case, unit->against_average,
					text));
	csv_figure(csv, report_change(unit->_rank_change_case, unit->rank_change, text));
	csv_figure(csv, report_points(unit->_month_change_case, unit->month_change, text));
	csv_figure(csv, report_points(unit->_december_change_case, unit->december_change,
					text));
	moved_print(csv, has_before, unit->newly_covered);
	moved_print(csv, has_before, unit->no_longer_covered);
	moved_print(csv, has_before, unit->entered);
	moved_print(csv, has_before, unit->left);
	csv_number(csv, unit->needed_average);
	csv_number(csv, unit->needed_target);
	csv_number(csv, unit->needed_all);
	csv_figure(csv, report_rate(unit->_gap_share_permille_case, unit->gap_share_permille,
					text));
	csv_number(csv, unit->opening_firms);
	csv_yuan(csv, unit->opening_fen);
	csv_row_end(csv);
}

static void units_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	const Policycalc__V1__CoverageCity *city = report->city;
	bool has_before = report->movement->before_sequence != 0;
	char text[REPORT_FIGURE_SIZE];

	CSV_HEADINGS(csv, { "月份", "month" }, { "名次", "rank" }, { "代码", "code" },
			{ "名称", "name" }, { "规上企业", "enterprises" },
			{ "有研发活动", "with R&D" }, { "情况不明", "unknown" },
			{ "覆盖率", "rate" }, { "四有企业", "all four" },
			{ "四有不明", "all four unknown" }, { "四有率", "all-four rate" },
			{ "四有名次", "all-four rank" },
			{ "比全市（百分点）", "against the city" },
			{ "名次变化", "rank change" },
			{ "比上月（百分点）", "since last month" },
			{ "比上年12月（百分点）", "since December" },
			{ "本月新增有研发", "newly covered" },
			{ "本月不再有研发", "no longer covered" }, { "入库", "entered" },
			{ "退库", "left" }, { "距全市平均差", "missing to average" },
			{ "距目标差", "missing to aim" }, { "距100%差", "missing to 100%" },
			{ "占全市缺口", "share of gap" },
			{ "填报后可新增资金企业", "firms that gain" },
			{ "填报后确定可得（元）", "sure gain (yuan)" });
	for (size_t i = 0; i < report->n_units; i++)
		unit_print(csv, report->month, has_before, report->units[i]);
	csv_figure(csv, report->month);
	csv_figure(csv, "");
	csv_text(csv, report->head->region);
	csv_text(csv, word_text(csv->style, report->head->region_name));
	count_print(csv, city->count);
	for (size_t i = 0; i < 3; i++)
		csv_figure(csv, "");
	csv_figure(csv, report_points(city->_month_change_case, city->month_change, text));
	csv_figure(csv, report_points(city->_december_change_case, city->december_change,
					text));
	for (size_t i = 0; i < 2; i++)
		csv_figure(csv, "");
	moved_print(csv, has_before, report->movement->entered);
	moved_print(csv, has_before, report->movement->left);
	csv_figure(csv, "");
	csv_number(csv, city->needed_target);
	csv_number(csv, city->needed_all);
	for (size_t i = 0; i < 3; i++)
		csv_figure(csv, "");
	csv_row_end(csv);
}

static void notices_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	CSV_HEADINGS(csv, { "月份", "month" }, { "通报", "notice" });
	for (size_t i = 0; i < report->n_notices; i++) {
		csv_figure(csv, report->month);
		csv_text(csv, word_text(csv->style, report->notices[i]->sentence));
		csv_row_end(csv);
	}
}

static void trend_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	char text[REPORT_FIGURE_SIZE];

	CSV_HEADINGS(csv, { "代码", "code" }, { "名称", "name" }, { "月份", "month" },
			{ "规上企业", "enterprises" }, { "有研发活动", "with R&D" },
			{ "覆盖率", "rate" }, { "月后有补报", "revised" },
			{ "快照", "snapshot" });
	for (size_t i = 0; i < report->n_trend; i++) {
		const Policycalc__V1__CoverageTrend *trend = report->trend[i];

		for (size_t k = 0; k < trend->n_points; k++) {
			const Policycalc__V1__CoverageTrendPoint *point = trend->points[k];

			/* Nothing is known of the month: no row, rather than zeros. */
			if (point->sequence == 0)
				continue;
			csv_text(csv, trend->code);
			csv_text(csv, word_text(csv->style, trend->name));
			csv_figure(csv, point->month);
			csv_number(csv, point->total);
			csv_number(csv, point->covered);
			csv_figure(csv, report_rate(point->_rate_permille_case,
							point->rate_permille, text));
			csv_figure(csv, point->revised ? word(csv->style, "是", "yes") : "");
			csv_number(csv, point->sequence);
			csv_row_end(csv);
		}
	}
}

static void firm_print(struct csv *csv, const Policycalc__V1__CoverageReport *report,
		const Policycalc__V1__UncoveredFirm *firm)
{
	size_t rows = firm->n_opens ? firm->n_opens : 1;

	for (size_t i = 0; i < rows; i++) {
		const Policycalc__V1__OpenedPolicy *opened =
				i < firm->n_opens ? firm->opens[i] : NULL;
		struct buffer amount = { 0 };

		csv_text(csv, firm->uscc);
		csv_text(csv, report_unit_name(csv->style, report, firm->unit));
		csv_text(csv, firm->industry);
		csv_text(csv, report_size(csv->style, firm->size));
		csv_figure(csv, report_reason(csv->style, firm->reason));
		csv_text(csv, firm->contact_officer);
		csv_yuan(csv, firm->opening_fen);
		csv_text(csv, opened ? opened->policy_id : "");
		csv_text(csv, opened ? word_text(csv->style, opened->title) : "");
		csv_figure(csv, opened ? word_verdict(csv->style, opened->before) : "");
		csv_figure(csv, opened ? word_verdict(csv->style, opened->verdict) : "");
		if (opened)
			word_amount(csv->style, opened->amount, &amount);
		csv_text(csv, amount.data ? amount.data : "");
		csv->out->failed |= amount.failed;
		buffer_fini(&amount);
		csv_row_end(csv);
	}
}

static void firms_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	CSV_HEADINGS(csv, { "统一社会信用代码", "code" }, { "统计归属", "unit" },
			{ "行业", "industry" }, { "规模", "size" }, { "原因", "reason" },
			{ "联系服务人", "officer" },
			{ "填报后确定可得（元）", "sure gain (yuan)" },
			{ "政策编号", "policy" }, { "政策", "title" }, { "现在", "now" },
			{ "填报后", "then" }, { "金额", "amount" });
	for (size_t i = 0; i < report->n_firms; i++)
		firm_print(csv, report, report->firms[i]);
}

static void openings_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	CSV_HEADINGS(csv, { "政策编号", "policy" }, { "政策", "title" }, { "可享", "eligible" },
			{ "待审核", "review" }, { "待补充", "undecided" },
			{ "至少（元）", "at least (yuan)" }, { "金额不明", "no amount" });
	for (size_t i = 0; i < report->n_openings; i++) {
		const Policycalc__V1__OpeningPolicy *policy = report->openings[i];

		csv_text(csv, policy->policy_id);
		csv_text(csv, word_text(csv->style, policy->title));
		csv_number(csv, policy->eligible);
		csv_number(csv, policy->review);
		csv_number(csv, policy->undecided);
		csv_yuan(csv, policy->least_fen);
		csv_number(csv, policy->no_amount);
		csv_row_end(csv);
	}
}

static void assignments_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	CSV_HEADINGS(csv, { "问题", "finding" }, { "户数", "count" },
			{ "统一社会信用代码", "code" }, { "计入", "counted in" },
			{ "另一处", "other" });
	for (size_t i = 0; i < report->n_assignments; i++) {
		const Policycalc__V1__AssignmentCount *count = report->assignments[i];

		csv_figure(csv, report_assignment(csv->style, count->kind));
		csv_number(csv, count->count);
		for (size_t k = 0; k < 3; k++)
			csv_figure(csv, "");
		csv_row_end(csv);
	}
	for (size_t i = 0; i < report->n_assignment_findings; i++) {
		const Policycalc__V1__AssignmentFinding *finding =
				report->assignment_findings[i];

		csv_figure(csv, report_assignment(csv->style, finding->kind));
		csv_figure(csv, "");
		csv_text(csv, finding->uscc);
		csv_text(csv, report_unit_name(csv->style, report, finding->unit));
		csv_text(csv, report_unit_name(csv->style, report, finding->other_unit));
		csv_row_end(csv);
	}
}

static void counters_print(struct csv *csv, const Policycalc__V1__CoverageReport *report)
{
	CSV_HEADINGS(csv, { "指标", "counter" }, { "名称", "label" }, { "日期", "date" },
			{ "数量", "value" }, { "来源", "source" }, { "年度目标", "aim" },
			{ "本年累计", "total" });
	for (size_t i = 0; i < report->n_counters; i++) {
		const Policycalc__V1__CounterSeries *series = report->counters[i];

		for (size_t k = 0; k < series->n_points; k++) {
			csv_text(csv, series->name);
			csv_text(csv, word_text(csv->style, series->label));
			csv_text(csv, series->points[k]->date);
			csv_number(csv, series->points[k]->value);
			csv_text(csv, series->points[k]->source);
			if (series->_aim_case)
				csv_number(csv, series->aim);
			else
				csv_figure(csv, "");
			csv_number(csv, series->total);
			csv_row_end(csv);
		}
	}
}

/* --- parts ------------------------------------------------------------------------------------ */

struct part {
	const char *name;
	void (*print)(struct csv *csv, const Policycalc__V1__CoverageReport *report);
};

bool report_print_coverage_csv(
		struct csv *csv, const char *name, const Policycalc__V1__CoverageReport *report)
{
	static const struct part parts[] = {
		{ "units", units_print },
		{ "notices", notices_print },
		{ "trend", trend_print },
		{ "firms", firms_print },
		{ "openings", openings_print },
		{ "assignments", assignments_print },
		{ "counters", counters_print },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (*name && strcmp(name, parts[i].name) != 0)
			continue;
		parts[i].print(csv, report);
		return true;
	}
	return false;
}
