/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as a page: what they share, and those that are not the monthly one. */
#include "client/render/report_page.h"

#include "client/render/report_chart.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN_MOST 15

void cell_text(const struct page *page, const char *text)
{
	page_raw(page, "<td>");
	page_text(page, text);
	page_raw(page, "</td>");
}

void cell_name(const struct page *page, const char *text)
{
	page_raw(page, "<td class=\"name\">");
	page_text(page, text);
	page_raw(page, "</td>");
}

void cell_figure(const struct page *page, const char *text)
{
	page_raw(page, "<td class=\"figure\">");
	page_text(page, text);
	page_raw(page, "</td>");
}

void cell_number(const struct page *page, int64_t number)
{
	buffer_format(page->out, "<td class=\"figure\">%" PRId64 "</td>", number);
}

void cell_money(const struct page *page, int64_t fen)
{
	char text[WORD_MONEY_SIZE];

	word_sum(page->style, fen, text);
	cell_figure(page, fen ? text : "—");
}

void table_begin(const struct page *page, const char *caption_zh, const char *caption_en,
		const char *const (*headings)[2], size_t count)
{
	page_raw(page, "<table>\n<caption>");
	page_words(page, caption_zh, caption_en);
	page_raw(page, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		page_raw(page, "<th scope=\"col\">");
		page_words(page, headings[i][0], headings[i][1]);
		page_raw(page, "</th>");
	}
	page_raw(page, "</tr></thead>\n<tbody>\n");
}

#define TABLE_BEGIN(page, zh, en, headings)                                                    \
	table_begin(page, zh, en, headings, sizeof(headings) / sizeof((headings)[0]))

/* --- blocked ---------------------------------------------------------------------------------- */

static void attributes_chart(
		const struct page *page, const Policycalc__V1__BlockedReport *report)
{
	struct chart_bar bars[SHOWN_MOST];
	char figures[SHOWN_MOST][REPORT_FIGURE_SIZE];
	size_t count = 0;

	for (; count < report->n_attributes && count < SHOWN_MOST; count++) {
		const Policycalc__V1__BlockedAttribute *attribute = report->attributes[count];
		const char *label = word_text(page->style, attribute->label);

		if (attribute->alone == 0)
			break;
		(void)snprintf(figures[count], REPORT_FIGURE_SIZE, "%" PRId64,
				attribute->alone);
		bars[count] = (struct chart_bar){ *label ? label : attribute->name,
			figures[count], attribute->alone };
	}
	if (count)
		chart_print_bars(page,
				word(page->style, "仅缺一项数据的结论数",
						"verdicts that lack one data item"),
				bars, count, NULL, 0, bars[0].value);
}

static void attributes_table(const struct page *page,
		Policycalc__V1__BlockedAttribute *const *attributes, size_t count)
{
	static const char *const headings[][2] = { { "数据项", "data item" },
		{ "提供部门", "supplier" }, { "仅缺此项", "alone" },
		{ "与其他一起", "among others" } };

	if (count == 0)
		return;
	TABLE_BEGIN(page, "缺哪项数据", "Data items that are missing", headings);
	for (size_t i = 0; i < count && i < SHOWN_MOST; i++) {
		const char *label = word_text(page->style, attributes[i]->label);

		page_raw(page, "<tr>");
		cell_text(page, *label ? label : attributes[i]->name);
		cell_text(page, word_text(page->style, attributes[i]->supplier));
		cell_number(page, attributes[i]->alone);
		cell_number(page, attributes[i]->among);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
}

static void blocked_policy(const struct page *page, const Policycalc__V1__BlockedPolicy *policy)
{
	static const char *const headings[][2] = { { "条件", "condition" }, { "作用", "role" },
		{ "仅因此不符合", "alone" }, { "与其他条件一起", "among others" },
		{ "情况不明", "unknown" }, { "待评审", "review" } };

	page_raw(page, "<article class=\"policy\"><h3>");
	page_text(page, word_text(page->style, policy->title));
	page_raw(page, "</h3>\n<p class=\"id\">");
	page_text(page, policy->policy_id);
	page_raw(page, "</p>\n<p class=\"soft\">");
	for (size_t i = 0; i < policy->n_verdicts; i++)
		buffer_format(page->out, "%s%s %" PRId64, i ? " · " : "",
				word_verdict(page->style, policy->verdicts[i]->verdict),
				policy->verdicts[i]->count);
	page_raw(page, "</p>\n");
	TABLE_BEGIN(page, "条件", "Conditions", headings);
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__BlockedCondition *condition = policy->conditions[i];
		const char *label = word_text(page->style, condition->label);

		page_raw(page, "<tr>");
		cell_text(page, *label ? label : condition->id);
		cell_text(page, report_role(page->style, condition->role));
		cell_number(page, condition->alone);
		cell_number(page, condition->among);
		cell_number(page, condition->unknown);
		cell_number(page, condition->review);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
	attributes_table(page, policy->attributes, policy->n_attributes);
	page_raw(page, "</article>\n");
}

static void page_blocked(const struct page *page, const Policycalc__V1__BlockedReport *report)
{
	page_section(page, "items", "补齐哪项数据，能使多少未定的结论确定",
			"Which data item would settle how many open verdicts");
	attributes_chart(page, report);
	attributes_table(page, report->attributes, report->n_attributes);
	page_raw(page, "</section>\n");
	page_section(page, "policies", "哪个条件挡住多少企业",
			"Which condition keeps how many out");
	for (size_t i = 0; i < report->n_policies; i++)
		blocked_policy(page, report->policies[i]);
	page_raw(page, "</section>\n");
}

/* --- unclaimed -------------------------------------------------------------------------------- */

static void unclaimed_chart(
		const struct page *page, const Policycalc__V1__UnclaimedReport *report)
{
	struct chart_bar *bars =
			ARENA_NEW_ARRAY(page->arena, struct chart_bar, report->n_units + 1);
	int64_t most = 0;

	for (size_t i = 0; bars && i < report->n_units; i++) {
		const Policycalc__V1__UnclaimedUnit *unit = report->units[i];
		char text[WORD_MONEY_SIZE];
		const char *figure;

		word_sum(page->style, unit->sure_fen, text);
		figure = arena_copy_text(page->arena, text);
		if (!figure)
			return;
		bars[i] = (struct chart_bar){ report_short_name(page->style, unit->short_name,
							      unit->name, unit->code),
			figure, unit->sure_fen };
		if (unit->sure_fen > most)
			most = unit->sure_fen;
	}
	if (bars && most)
		chart_print_bars(page,
				word(page->style, "各县（市、区）企业确定可得的金额",
						"money that is sure, by county"),
				bars, report->n_units, NULL, 0, most);
}

static void unclaimed_units(
		const struct page *page, const Policycalc__V1__UnclaimedReport *report)
{
	static const char *const headings[][2] = { { "县（市、区）", "county" },
		{ "企业", "firms" }, { "可享企业", "eligible" },
		{ "十二个月内确定可得", "sure within twelve months" },
		{ "另有金额不明", "and without amount" } };

	TABLE_BEGIN(page, "按县（市、区），已扣除互斥和共同上限",
			"By county, exclusions and shared caps applied", headings);
	for (size_t i = 0; i <= report->n_units; i++) {
		const Policycalc__V1__UnclaimedUnit *unit =
				i < report->n_units ? report->units[i] : report->sum;

		page_raw(page, "<tr>");
		cell_text(page, word_text(page->style, unit->name));
		cell_number(page, unit->enterprises);
		cell_number(page, unit->eligible);
		cell_money(page, unit->sure_fen);
		cell_number(page, unit->without_amount);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
}

static void page_unclaimed(
		const struct page *page, const Policycalc__V1__UnclaimedReport *report)
{
	static const char *const headings[][2] = { { "政策", "policy" },
		{ "可享企业", "eligible" }, { "至少", "at least" }, { "至多", "at most" },
		{ "上限不明", "without upper end" } };

	page_element(page, "p", "amount", word_text(page->style, report->caveat));
	page_section(page, "counties", "按县（市、区）", "By county");
	unclaimed_chart(page, report);
	unclaimed_units(page, report);
	page_raw(page, "</section>\n");
	page_section(page, "policies", "按政策", "By policy");
	TABLE_BEGIN(page, "各政策单独计算，不可相加", "Each by itself: they do not add up",
			headings);
	for (size_t i = 0; i < report->n_policies; i++) {
		const Policycalc__V1__UnclaimedPolicy *policy = report->policies[i];

		page_raw(page, "<tr>");
		cell_text(page, word_text(page->style, policy->title));
		cell_number(page, policy->eligible);
		cell_money(page, policy->least_fen);
		cell_money(page, policy->most_fen);
		cell_number(page, policy->without_amount);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n</section>\n");
}

/* --- push ------------------------------------------------------------------------------------- */

static void told_table(const struct page *page, const char *zh, const char *en,
		Policycalc__V1__PushCount *const *counts, size_t count)
{
	static const char *const headings[][2] = { { "名称", "name" }, { "告知企业", "told" },
		{ "内容", "news" }, { "已收到", "received" }, { "待部门确认", "held" },
		{ "企业不接收", "not wanted" } };

	TABLE_BEGIN(page, zh, en, headings);
	for (size_t i = 0; i < count; i++) {
		const char *name = word_text(page->style, counts[i]->name);

		if (!report_was_told(counts[i]))
			continue;
		page_raw(page, "<tr>");
		cell_text(page, *name ? name : counts[i]->code);
		cell_number(page, counts[i]->told);
		cell_number(page, counts[i]->news);
		cell_number(page, counts[i]->acknowledged);
		cell_number(page, counts[i]->held);
		cell_number(page, counts[i]->suppressed);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
}

static void page_push(const struct page *page, const Policycalc__V1__PushReport *report)
{
	static const char *const headings[][2] = { { "负面信息", "negative data" },
		{ "提供部门", "supplier" }, { "无此数据", "unknown" },
		{ "因此未定", "undecided" }, { "仅因此未定", "undecided by it alone" } };

	page_section(page, "told", "告知与收到", "Told and received");
	if (*report->ledger_hash) {
		page_raw(page, "<p class=\"note\">");
		page_words(page, "消息台账：截至第 ", "Ledger: up to run ");
		buffer_format(page->out, "%lld", (long long)report->run);
		page_words(page, " 次推送，状态 ", ", state ");
		buffer_format(page->out, "%.16s</p>\n", report->ledger_hash);
	}
	told_table(page, "按政策", "By policy", report->policies, report->n_policies);
	told_table(page, "按县（市、区）", "By county", report->units, report->n_units);
	page_raw(page, "</section>\n");
	page_section(page, "negatives", "缺少负面信息使多少企业未定",
			"How many enterprises the lack of negative data leaves undecided");
	TABLE_BEGIN(page, "按数据项", "By data item", headings);
	for (size_t i = 0; i < report->n_negatives; i++) {
		const Policycalc__V1__NegativeAttribute *negative = report->negatives[i];
		const char *label = word_text(page->style, negative->label);

		page_raw(page, "<tr>");
		cell_text(page, *label ? label : negative->name);
		cell_text(page, word_text(page->style, negative->supplier));
		cell_number(page, negative->unknown);
		cell_number(page, negative->undecided);
		cell_number(page, negative->undecided_alone);
		page_raw(page, "</tr>\n");
	}
	page_raw(page, "</tbody></table>\n</section>\n");
}

/* --- the page --------------------------------------------------------------------------------- */

static void head_print(const struct page *page, const struct registry_report *report)
{
	const Policycalc__V1__ReportHead *head = report_head(report);

	page_raw(page, "<p><strong>");
	page_text(page, word_text(page->style, head->region_name));
	if (report->coverage) {
		page_raw(page, " ");
		page_text(page, report->coverage->month);
	}
	page_raw(page, "</strong></p>\n<p class=\"soft\">");
	page_words(page, "数据截止 ", "As of ");
	page_text(page, head->as_of);
	buffer_format(page->out,
			word(page->style,
					" · 登记库快照 %" PRId64 "（%" PRId64
					" 户）· 政策目录第 %" PRId64 " 版 · 引擎 ",
					" · snapshot %" PRId64 " (%" PRId64
					" enterprises) · catalog revision %" PRId64
					" · engine "),
			head->sequence, head->enterprise_count, head->revision);
	page_text(page, head->engine_version);
	page_raw(page, "</p>\n");
	if (head->sample)
		page_element(page, "p", "amount",
				word(page->style,
						"含有虚构的示例企业，仅供演示，不是真实数据。",
						"Some enterprises are made up, for "
						"demonstration: these are no real figures."));
	if (head->unread_count) {
		page_raw(page, "<p class=\"soft\">");
		buffer_format(page->out,
				word(page->style, "有 %" PRId64 " 户的数据与目录不符，未计入。",
						"%" PRId64 " enterprises have values that do "
						"not fit the catalog and are left out."),
				head->unread_count);
		page_raw(page, "</p>\n");
	}
	page_raw(page, "</header>\n<main>\n");
}

bool report_print_page(const struct registry_report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out)
{
	const struct page page = { .style = style, .arena = arena, .out = out };
	const struct render_style chinese = { 0 }, english = { .english = true };

	page_head(&page, report_title(report, &chinese), report_title(report, &english));
	head_print(&page, report);
	if (report->coverage)
		page_coverage(&page, report->coverage);
	else if (report->blocked)
		page_blocked(&page, report->blocked);
	else if (report->unclaimed)
		page_unclaimed(&page, report->unclaimed);
	else
		page_push(&page, report->push);
	page_raw(&page, "</main>\n<footer><p><strong>");
	page_text(&page, word_text(style, report_head(report)->disclaimer));
	page_raw(&page, "</strong></p></footer>\n</body>\n</html>\n");
	return !out->failed && !arena->exhausted;
}
