/* SPDX-License-Identifier: Apache-2.0 */
/* The monthly report on R&D activity on a terminal of 80 columns: narrow tables, one a question. */
#include "client/render/report_table.h"

#include <inttypes.h>

#define TREND_FULL 8

/* A figure that lives as long as the table it goes into. */
static const char *kept(const struct tables *tables, const char *text)
{
	const char *copy = arena_copy_text(tables->arena, text);

	return copy ? copy : "";
}

static const char *unit_name(
		const struct tables *tables, const Policycalc__V1__CoverageUnit *unit)
{
	return report_short_name(tables->style, unit->short_name, unit->name, unit->code);
}

#define FIGURE(tables, function, ...)                                                          \
	kept(tables, function(__VA_ARGS__, (char[REPORT_FIGURE_SIZE]){ "" }))

/* --- the city --------------------------------------------------------------------------------- */

static void city_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	const Policycalc__V1__CoverageCity *city = report->city;
	const char *rate = FIGURE(tables, report_rate, city->count->_rate_permille_case,
			city->count->rate_permille);

	tables_text(tables,
			arena_format(tables->arena,
					word(style,
							"规上工业企业 %" PRId64
							" 家，有研发活动 %" PRId64
							" 家，覆盖率 %s；距 100%% 差 %" PRId64
							" 家，距目标 %s 差 %" PRId64 " 家。",
							"%" PRId64 " enterprises, %" PRId64
							" with R&D activity: %s; %" PRId64
							" missing to 100%%, to the aim of %s "
							"%" PRId64 "."),
					city->count->total, city->count->covered, rate,
					city->needed_all,
					FIGURE(tables, report_rate, true,
							(int32_t)(report->target_ppm / 1000)),
					city->needed_target));
	tables_text(tables,
			arena_format(tables->arena,
					word(style,
							"比上月 %s 个百分点（%s 家），比上年 "
							"12 月 %s "
							"个百分点（%s 家）%s%s。",
							"since last month %s points (%s), "
							"since "
							"December %s points (%s)%s%s."),
					FIGURE(tables, report_points, city->_month_change_case,
							city->month_change),
					FIGURE(tables, report_change,
							city->_month_covered_change_case,
							city->month_covered_change),
					FIGURE(tables, report_points,
							city->_december_change_case,
							city->december_change),
					FIGURE(tables, report_change,
							city->_december_covered_change_case,
							city->december_covered_change),
					city->_start_permille_case
							? word(style, "；工作开始时为 ",
									  "; when the effort "
									  "began ")
							: "",
					city->_start_permille_case
							? FIGURE(tables, report_rate, true,
									  city->start_permille)
							: ""));
	if (city->count->unknown || report->library_unknown)
		tables_text(tables,
				arena_format(tables->arena,
						word(style,
								"其中 %" PRId64
								" 家是否有研发活动不明（按未覆"
								"盖计）；"
								"另有 %" PRId64
								" 家是否规上不明（未计入）。",
								"Of %" PRId64
								" it is unknown (they count as "
								"not covered); of %" PRId64
								" more it is unknown whether "
								"they belong here."),
						city->count->unknown, report->library_unknown));
	if (report->movement->before_sequence)
		tables_text(tables,
				arena_format(tables->arena,
						word(style,
								"规上名录：比 %s 新入库 "
								"%" PRId64 " 家，退库 %" PRId64
								" 家。",
								"library since %s: %" PRId64
								" came, %" PRId64 " left."),
						report->movement->before,
						report->movement->entered,
						report->movement->left));
	if (report->draft)
		tables_text(tables,
				word(style, "草稿：各单位合计与全市数不符，不得发布。",
						"DRAFT: the units do not add up to the city; "
						"not to be published."));
}

/* --- units ------------------------------------------------------------------------------------ */

static void ranking_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 8,
		.headings = { word(style, "名次", "rank"), word(style, "单位", "unit"),
				word(style, "规上", "firms"), word(style, "有研发", "R&D"),
				word(style, "覆盖率", "rate"), word(style, "比全市", "city"),
				word(style, "比上月", "month"),
				word(style, "名次变化", "moved") },
		.right = { true, false, true, true, true, true, true, true } };
	const char *sum[] = { "", word(style, "合计", "sum"),
		tables_number(tables, report->sum->total),
		tables_number(tables, report->sum->covered),
		FIGURE(tables, report_rate, report->sum->_rate_permille_case,
				report->sum->rate_permille),
		"", "", "" };

	for (size_t i = 0; i < report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = report->units[i];
		const char *cells[] = { FIGURE(tables, report_rank, unit->rank),
			unit_name(tables, unit), tables_number(tables, unit->count->total),
			tables_number(tables, unit->count->covered),
			FIGURE(tables, report_rate, unit->count->_rate_permille_case,
					unit->count->rate_permille),
			FIGURE(tables, report_points, unit->_against_average_case,
					unit->against_average),
			FIGURE(tables, report_points, unit->_month_change_case,
					unit->month_change),
			FIGURE(tables, report_change, unit->_rank_change_case,
					unit->rank_change) };

		table_add(&table, cells);
	}
	table_add(&table, sum);
	tables_heading(tables, "覆盖率排名（比全市、比上月为百分点）",
			"Ranking (differences in percentage points)");
	tables_print(tables, &table);
}

static void gaps_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 8,
		.headings = { word(style, "单位", "unit"), word(style, "至均值", "average"),
				word(style, "至目标", "aim"), word(style, "至100%", "100%"),
				word(style, "占缺口", "of gap"),
				word(style, "四有", "all four"), word(style, "四有率", "rate"),
				word(style, "四有名次", "rank") },
		.right = { false, true, true, true, true, true, true, true } };

	for (size_t i = 0; i < report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = report->units[i];
		const char *cells[] = { unit_name(tables, unit),
			tables_number(tables, unit->needed_average),
			tables_number(tables, unit->needed_target),
			tables_number(tables, unit->needed_all),
			FIGURE(tables, report_rate, unit->_gap_share_permille_case,
					unit->gap_share_permille),
			tables_number(tables, unit->count->four),
			FIGURE(tables, report_rate, unit->count->_four_rate_permille_case,
					unit->count->four_rate_permille),
			FIGURE(tables, report_rank, unit->four_rank) };

		table_add(&table, cells);
	}
	tables_heading(tables, "还差多少家（均值为全市现有水平），“四有”企业",
			"Enterprises missing (to the city's rate as it stands), and with all "
			"four");
	tables_print(tables, &table);
}

static void changes_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 8,
		.headings = { word(style, "单位", "unit"), word(style, "新增研发", "newly"),
				word(style, "不再研发", "no more"), word(style, "入库", "came"),
				word(style, "退库", "left"), word(style, "比上年12月", "Dec"),
				word(style, "可增资金", "gain"),
				word(style, "涉及企业", "firms") },
		.right = { false, true, true, true, true, true, true, true } };
	bool is_known = report->movement->before_sequence != 0;

	for (size_t i = 0; i < report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = report->units[i];
		const char *cells[] = { unit_name(tables, unit),
			is_known ? tables_number(tables, unit->newly_covered) : "—",
			is_known ? tables_number(tables, unit->no_longer_covered) : "—",
			is_known ? tables_number(tables, unit->entered) : "—",
			is_known ? tables_number(tables, unit->left) : "—",
			FIGURE(tables, report_points, unit->_december_change_case,
					unit->december_change),
			tables_money(tables, unit->opening_fen),
			tables_number(tables, unit->opening_firms) };

		table_add(&table, cells);
	}
	tables_heading(tables, "本月变动；未覆盖企业填报研发后确定可增的资金",
			"Changes of the month; what uncovered firms can be sure of once they "
			"report");
	tables_print(tables, &table);
	tables_text(tables, word_text(style, report->opening_assumption));
}

/* --- trend ------------------------------------------------------------------------------------ */

/* Twelve months as twelve blocks, 0 to 100%; "·": nothing is known. */
static const char *trend_draw(
		const struct tables *tables, const Policycalc__V1__CoverageTrend *trend)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	const char *drawn = "";

	for (size_t i = 0; drawn && i < trend->n_points; i++) {
		const Policycalc__V1__CoverageTrendPoint *point = trend->points[i];
		int height = (int)point->rate_permille * TREND_FULL / 1001;

		height = height < 0 ? 0 : height >= TREND_FULL ? TREND_FULL - 1 : height;
		drawn = arena_format(tables->arena, "%s%s", drawn,
				point->_rate_permille_case ? blocks[height] : "·");
	}
	return drawn ? drawn : "";
}

static void trend_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "单位", "unit"), word(style, "12 个月", "12 months"),
				word(style, "最早", "first"), word(style, "最近", "last"),
				word(style, "月后有补报", "revised") },
		.right = { false, false, true, true, true } };

	for (size_t i = 0; i < report->n_trend; i++) {
		const Policycalc__V1__CoverageTrend *trend = report->trend[i];
		const Policycalc__V1__CoverageTrendPoint *first = NULL, *last = NULL;
		size_t revised = 0;

		for (size_t k = 0; k < trend->n_points; k++) {
			revised += trend->points[k]->revised ? 1 : 0;
			if (!trend->points[k]->_rate_permille_case)
				continue;
			first = first ? first : trend->points[k];
			last = trend->points[k];
		}
		table_add(&table,
				(const char *[]){ report_short_name(style, trend->short_name,
								  trend->name, trend->code),
						trend_draw(tables, trend),
						FIGURE(tables, report_rate, first != NULL,
								first ? first->rate_permille
								      : 0),
						FIGURE(tables, report_rate, last != NULL,
								last ? last->rate_permille : 0),
						revised ? arena_format(tables->arena,
									  word(style,
											  "%zu "
											  "个"
											  "月",
											  "%zu "
											  "mont"
											  "hs"),
									  revised)
							: "" });
	}
	tables_heading(tables, "近 12 个月走势（0 至 100%，“·”为无数据）",
			"Twelve months (0 to 100%; \"·\": nothing is known)");
	tables_print(tables, &table);
}

/* --- what opens, names, the rest -------------------------------------------------------------- */

static void openings_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "政策", "policy"), word(style, "可享", "eligible"),
				word(style, "待审核", "review"),
				word(style, "待补充", "undecided"),
				word(style, "至少", "at least") },
		.right = { false, true, true, true, true } };

	if (report->n_openings == 0)
		return;
	for (size_t i = 0; i < report->n_openings; i++) {
		const Policycalc__V1__OpeningPolicy *policy = report->openings[i];
		const char *cells[] = { word_text(style, policy->title),
			tables_number(tables, policy->eligible),
			tables_number(tables, policy->review),
			tables_number(tables, policy->undecided),
			tables_money(tables, policy->least_fen) };

		table_add(&table, cells);
	}
	tables_heading(tables, "未覆盖企业填报研发后打开的政策（户数）",
			"Policies that open for uncovered firms once they report (firms)");
	tables_print(tables, &table);
}

static void firms_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 8,
		.headings = { word(style, "企业", "firm"), word(style, "单位", "unit"),
				word(style, "行业", "industry"), word(style, "规模", "size"),
				word(style, "原因", "reason"), word(style, "联系人", "officer"),
				word(style, "政策", "opens"), word(style, "可增资金", "gain") },
		.right = { false, false, false, false, false, false, true, true },
		.whole = { true } };

	if (report->n_firms == 0)
		return;
	for (size_t i = 0; i < report->n_firms; i++) {
		const Policycalc__V1__UncoveredFirm *firm = report->firms[i];
		const char *cells[] = { firm->uscc, report_unit_name(style, report, firm->unit),
			firm->industry, report_size(style, firm->size),
			report_reason(style, firm->reason), firm->contact_officer,
			tables_number(tables, (int64_t)firm->n_opens),
			tables_money(tables, firm->opening_fen) };

		table_add(&table, cells);
	}
	tables_heading(tables, "未覆盖企业名单（内部使用）", "Uncovered firms (restricted)");
	tables_print(tables, &table);
}

static void assignments_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	bool has_any = false;

	for (size_t i = 0; i < report->n_assignments; i++) {
		if (!report->assignments[i]->count)
			continue;
		if (!has_any)
			tables_heading(tables, "归属核对", "Doubtful units");
		has_any = true;
		tables_text(tables,
				arena_format(tables->arena,
						word(style, "%s：%" PRId64 " 家",
								"%s: %" PRId64),
						report_assignment(style,
								report->assignments[i]->kind),
						report->assignments[i]->count));
	}
	for (size_t i = 0; i < report->n_assignment_findings; i++) {
		const Policycalc__V1__AssignmentFinding *finding =
				report->assignment_findings[i];

		tables_text(tables,
				arena_format(tables->arena, "  %s  %s  %s%s%s", finding->uscc,
						report_assignment(style, finding->kind),
						report_unit_name(style, report, finding->unit),
						*finding->other_unit ? " / " : "",
						report_unit_name(style, report,
								finding->other_unit)));
	}
}

static void counters_print(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 4,
		.headings = { word(style, "指标", "counter"),
				word(style, "本年累计", "this year"),
				word(style, "年度目标", "aim"),
				word(style, "登记", "entries") },
		.right = { false, true, true, true } };

	if (report->n_counters == 0)
		return;
	for (size_t i = 0; i < report->n_counters; i++) {
		const Policycalc__V1__CounterSeries *series = report->counters[i];
		const char *label = word_text(style, series->label);
		const char *cells[] = { *label ? label : series->name,
			tables_number(tables, series->total),
			series->_aim_case ? tables_number(tables, series->aim) : "—",
			tables_number(tables, (int64_t)series->n_points) };

		table_add(&table, cells);
	}
	tables_heading(tables, "附：年度工作指标", "Appendix: counters of the year");
	tables_print(tables, &table);
}

void coverage_print_tables(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report)
{
	const struct render_style *style = tables->style;

	tables_text(tables, word_text(style, report->data_source));
	buffer_append_char(tables->out, '\n');
	city_print(tables, report);
	ranking_print(tables, report);
	gaps_print(tables, report);
	changes_print(tables, report);
	tables_heading(tables, "通报", "Notices");
	for (size_t i = 0; i < report->n_notices; i++)
		tables_text(tables, word_text(style, report->notices[i]->sentence));
	trend_print(tables, report);
	openings_print(tables, report);
	assignments_print(tables, report);
	firms_print(tables, report);
	counters_print(tables, report);
	tables_heading(tables, "口径", "How it was counted");
	tables_text(tables, word_text(style, report->definition));
	tables_text(tables, word_text(style, report->four_definition));
	tables_text(tables, word_text(style, report->ranking_rule));
	if (*report->signed_by)
		tables_text(tables, arena_format(tables->arena,
						    word(style, "签发：%s", "signed: %s"),
						    report->signed_by));
}
