/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE "—"

const char *report_rate(bool has, int32_t permille, char text[REPORT_FIGURE_SIZE])
{
	if (!has)
		return NONE;
	(void)snprintf(text, REPORT_FIGURE_SIZE, "%d.%d%%", (int)permille / 10,
			(int)permille % 10);
	return text;
}

const char *report_points(bool has, int32_t tenths, char text[REPORT_FIGURE_SIZE])
{
	int size = abs((int)tenths);

	if (!has)
		return NONE;
	(void)snprintf(text, REPORT_FIGURE_SIZE, "%s%d.%d",
			tenths > 0   ? "+"
			: tenths < 0 ? "-"
				     : "",
			size / 10, size % 10);
	return text;
}

const char *report_change(bool has, int64_t change, char text[REPORT_FIGURE_SIZE])
{
	if (!has)
		return NONE;
	(void)snprintf(text, REPORT_FIGURE_SIZE, "%s%" PRId64, change > 0 ? "+" : "", change);
	return text;
}

const char *report_rank(int32_t rank, char text[REPORT_FIGURE_SIZE])
{
	if (rank == 0)
		return NONE;
	(void)snprintf(text, REPORT_FIGURE_SIZE, "%d", (int)rank);
	return text;
}

const char *report_reason(
		const struct render_style *style, Policycalc__V1__UncoveredReason reason)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "停产", "stopped" },
		{ "新入库", "new in the library" },
		{ "有研发未填报", "R&D not reported" },
		{ "无研发", "no R&D" },
		{ "研发投入不明", "R&D expense unknown" },
		{ "情况不明", "unknown" },
	};

	return WORD_OF(style, pairs, reason);
}

const char *report_size(const struct render_style *style, const char *size)
{
	static const struct {
		const char *size;
		struct word_pair pair;
	} known[] = {
		{ "LARGE", { "大型", "large" } },
		{ "MEDIUM", { "中型", "medium" } },
		{ "SMALL", { "小型", "small" } },
		{ "MICRO", { "微型", "micro" } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(size, known[i].size) == 0)
			return word(style, known[i].pair.zh, known[i].pair.en);
	return size;
}

const char *report_assignment(
		const struct render_style *style, Policycalc__V1__AssignmentKind kind)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "缺统计归属地", "no statistical region" },
		{ "统计归属地不是报告单位", "statistical region is no unit" },
		{ "重复出现", "came twice" },
		{ "功能区与县区两属", "zone and county" },
	};

	return WORD_OF(style, pairs, kind);
}

const char *report_role(const struct render_style *style, Policycalc__V1__Role role)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "要求", "require" },
		{ "排除", "exclude" },
		{ "评审", "review" },
	};

	return WORD_OF(style, pairs, role);
}

const char *report_short_name(const struct render_style *style, const char *short_name,
		const Policycalc__V1__Text *name, const char *code)
{
	const char *whole = word_text(style, name);

	if (*short_name && !style->english)
		return short_name;
	return *whole ? whole : code;
}

const char *report_unit_name(const struct render_style *style,
		const Policycalc__V1__CoverageReport *report, const char *code)
{
	for (size_t i = 0; i < report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = report->units[i];

		if (strcmp(unit->code, code) == 0)
			return report_short_name(
					style, unit->short_name, unit->name, unit->code);
	}
	return code;
}

bool report_was_told(const Policycalc__V1__PushCount *count)
{
	return count->told || count->news || count->held || count->suppressed;
}

const char *report_title(const struct registry_report *report, const struct render_style *style)
{
	if (report->coverage)
		return word(style, "规上工业企业研发活动覆盖情况通报",
				"R&D coverage of industry above designated size");
	if (report->blocked)
		return word(style, "政策堵点分析", "What keeps enterprises out");
	if (report->unclaimed)
		return word(style, "可享政策资金分布", "Money that enterprises can have");
	return word(style, "政策推送情况", "What was told");
}

const Policycalc__V1__ReportHead *report_head(const struct registry_report *report)
{
	if (report->coverage)
		return report->coverage->head;
	if (report->blocked)
		return report->blocked->head;
	return report->unclaimed ? report->unclaimed->head : report->push->head;
}
