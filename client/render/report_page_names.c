/* SPDX-License-Identifier: Apache-2.0 */
/* The appendix of the monthly report: what opens, doubtful units, the names, counters. */
#include "client/render/report_page.h"

#include <inttypes.h>

#define TABLE_BEGIN(page, zh, en, headings)                                                    \
	table_begin(page, zh, en, headings, sizeof(headings) / sizeof((headings)[0]))

static void openings_print(
		const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "政策", "policy" }, { "可享", "eligible" },
		{ "待审核", "review" }, { "待补充", "undecided" }, { "至少", "at least" },
		{ "金额未载明或不能计算", "without amount" } };

	if (report->n_openings == 0)
		return;
	page_section(page, "openings", "未覆盖企业填报研发后打开的政策",
			"Policies that open once they report R&D");
	TABLE_BEGIN(page, "户数，金额为各政策单独计算", "Firms; amounts each by itself",
			headings);
	for (size_t i = 0; i < report->n_openings; i++) {
		const Policycalc__V1__OpeningPolicy *policy = report->openings[i];

		page_raw(page, "<tr>");
		cell_text(page, word_text(page->style, policy->title));
		cell_number(page, policy->eligible);
		cell_number(page, policy->review);
		cell_number(page, policy->undecided);
		cell_money(page, policy->least_fen);
		cell_number(page, policy->no_amount);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n</section>\n");
}

static void assignments_print(
		const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "企业", "firm" }, { "问题", "finding" },
		{ "计入", "counted in" }, { "另一处", "other" } };
	bool has_any = false;

	for (size_t i = 0; i < report->n_assignments; i++)
		has_any |= report->assignments[i]->count > 0;
	if (!has_any)
		return;
	page_section(page, "assignments", "归属核对", "Doubtful units");
	page_raw(page, "<ul>\n");
	for (size_t i = 0; i < report->n_assignments; i++) {
		if (!report->assignments[i]->count)
			continue;
		page_raw(page, "<li>");
		page_text(page, report_assignment(page->style, report->assignments[i]->kind));
		buffer_format(page->out, ": %" PRId64 "</li>\n", report->assignments[i]->count);
	}
	page_raw(page, "</ul>\n");
	if (report->n_assignment_findings) {
		TABLE_BEGIN(page, "名单（内部使用）", "Names (restricted)", headings);
		for (size_t i = 0; i < report->n_assignment_findings; i++) {
			const Policycalc__V1__AssignmentFinding *finding =
					report->assignment_findings[i];

			page_raw(page, "<tr>");
			cell_text(page, finding->uscc);
			cell_text(page, report_assignment(page->style, finding->kind));
			cell_text(page, report_unit_name(page->style, report, finding->unit));
			cell_text(page, report_unit_name(page->style, report,
							finding->other_unit));
			page_raw(page, "</tr>\n");
		}
		page_raw(page, "</tbody></table>\n");
	}
	page_raw(page, "</section>\n");
}

static void opened_print(const struct page *page, const Policycalc__V1__UncoveredFirm *firm)
{
	page_raw(page, "<td>");
	for (size_t i = 0; i < firm->n_opens; i++) {
		const Policycalc__V1__OpenedPolicy *opened = firm->opens[i];
		struct buffer amount = { 0 };

		if (i)
			page_raw(page, "<br>");
		page_text(page, word_text(page->style, opened->title));
		page_words(page, "（", " (");
		page_text(page, word_verdict(page->style, opened->verdict));
		word_amount(page->style, opened->amount, &amount);
		if (amount.size) {
			page_words(page, "，", ", ");
			page_flush(page, &amount);
		}
		buffer_fini(&amount);
		page_words(page, "）", ")");
	}
	page_raw(page, "</td>");
}

static void firms_print(const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "企业", "firm" }, { "单位", "unit" },
		{ "行业", "industry" }, { "规模", "size" }, { "原因", "reason" },
		{ "联系服务人", "officer" },
		{ "填报研发后打开的政策", "opens once it reports" }, { "确定可增", "gain" } };

	if (report->n_firms == 0)
		return;
	page_section(page, "firms", "未覆盖企业名单（内部使用）",
			"Uncovered firms (restricted)");
	TABLE_BEGIN(page, "按名次、代码排列", "By rank, then code", headings);
	for (size_t i = 0; i < report->n_firms; i++) {
		const Policycalc__V1__UncoveredFirm *firm = report->firms[i];

		page_raw(page, "<tr>");
		cell_text(page, firm->uscc);
		cell_name(page, report_unit_name(page->style, report, firm->unit));
		cell_text(page, firm->industry);
		cell_name(page, report_size(page->style, firm->size));
		cell_name(page, report_reason(page->style, firm->reason));
		cell_text(page, firm->contact_officer);
		opened_print(page, firm);
		cell_money(page, firm->opening_fen);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n</section>\n");
}

static void counters_print(
		const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	static const char *const headings[][2] = { { "指标", "counter" },
		{ "本年累计", "this year" }, { "年度目标", "aim" }, { "目标出处", "source" } };

	if (report->n_counters == 0)
		return;
	page_section(page, "counters", "附：年度工作指标", "Appendix: counters of the year");
	TABLE_BEGIN(page, "按登记累计", "Added up from entries", headings);
	for (size_t i = 0; i < report->n_counters; i++) {
		const Policycalc__V1__CounterSeries *series = report->counters[i];
		const char *label = word_text(page->style, series->label);

		page_raw(page, "<tr>");
		cell_text(page, *label ? label : series->name);
		cell_number(page, series->total);
		if (series->_aim_case)
			cell_number(page, series->aim);
		else
			cell_figure(page, "—");
		cell_text(page, series->aim_source ? series->aim_source->doc : "");
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n</section>\n");
}

void page_coverage_appendix(
		const struct page *page, const Policycalc__V1__CoverageReport *report)
{
	openings_print(page, report);
	assignments_print(page, report);
	firms_print(page, report);
	counters_print(page, report);
}
