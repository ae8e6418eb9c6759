/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/firm.h"

#include <string.h>

enum {
	READ_HAS_RD,
	READ_REGION,
	READ_STATISTICAL_REGION,
	READ_STOPPED,
	READ_EXPENSE,
	READ_PLATFORMS,
	READ_STAFF,
	READ_COOPERATION,
	READ_INDUSTRY,
	READ_CONTACT,
	READ_COVERED_BY_SIZES,
	READ_LARGE,
	READ_MEDIUM,
	READ_SMALL,
	READ_COUNT,
};

static const char *const NAMES[READ_COUNT] = {
	[READ_HAS_RD] = FIRM_HAS_RD,
	[READ_REGION] = "region",
	[READ_STATISTICAL_REGION] = "statistical_region",
	[READ_STOPPED] = "production_stopped",
	[READ_EXPENSE] = "rd_expense",
	[READ_PLATFORMS] = "rd_platforms",
	[READ_STAFF] = "rd_staff",
	[READ_COOPERATION] = "industry_university_cooperation",
	[READ_INDUSTRY] = "industry",
	[READ_CONTACT] = "contact_officer",
	[READ_COVERED_BY_SIZES] = "size_covered",
	[READ_LARGE] = "at_least_large",
	[READ_MEDIUM] = "at_least_medium",
	[READ_SMALL] = "at_least_small",
};

static enum known known_of(const struct profile_reading *reading, bool is_true)
{
	if (!reading->known)
		return KNOWN_NOT;
	return is_true ? KNOWN_YES : KNOWN_NO;
}

static enum known known_and(enum known a, enum known b)
{
	if (a == KNOWN_NO || b == KNOWN_NO)
		return KNOWN_NO;
	return a == KNOWN_YES && b == KNOWN_YES ? KNOWN_YES : KNOWN_NOT;
}

static const char *size_of(const struct profile_reading *readings)
{
	if (!readings[READ_COVERED_BY_SIZES].known || !readings[READ_COVERED_BY_SIZES].flag ||
			!readings[READ_LARGE].known || !readings[READ_MEDIUM].known ||
			!readings[READ_SMALL].known)
		return "";
	if (readings[READ_LARGE].flag)
		return "LARGE";
	if (readings[READ_MEDIUM].flag)
		return "MEDIUM";
	return readings[READ_SMALL].flag ? "SMALL" : "MICRO";
}

bool firm_read(const struct ruleset *ruleset, const struct area *area,
		const Policycalc__V1__Profile *profile, const char *day, struct arena *arena,
		struct coverage_firm *out_firm, struct error *err)
{
	struct profile_reading readings[READ_COUNT];
	const struct profile_reading *expense = &readings[READ_EXPENSE];
	const struct profile_reading *platforms = &readings[READ_PLATFORMS];
	const struct profile_reading *staff = &readings[READ_STAFF];

	if (!ruleset_read_values(
			    ruleset, profile, day, NAMES, READ_COUNT, arena, readings, err))
		return false;
	*out_firm = (struct coverage_firm){
		.uscc = arena_copy_text(arena, profile->uscc),
		.unit = area_place(area, readings[READ_STATISTICAL_REGION].text),
		.registered = area_place(area, readings[READ_REGION].text),
		.has_rd = known_of(&readings[READ_HAS_RD], readings[READ_HAS_RD].flag),
		.stopped = known_of(&readings[READ_STOPPED], readings[READ_STOPPED].flag),
		.spends = known_of(expense, expense->integer > 0),
		.industry = readings[READ_INDUSTRY].text,
		.size = size_of(readings),
		.contact_officer = readings[READ_CONTACT].text,
	};
	out_firm->four = known_and(known_and(known_of(platforms, platforms->count > 0),
						   known_of(staff, staff->integer > 0)),
			known_and(out_firm->spends,
					known_of(&readings[READ_COOPERATION],
							readings[READ_COOPERATION].flag)));
	return out_firm->uscc || arena_error(arena, err, "reading a firm");
}

/* --- in words --------------------------------------------------------------------------------- */

static Policycalc__V1__Text *text_new(struct arena *arena, const char *zh, const char *en)
{
	Policycalc__V1__Text *text = ARENA_NEW(arena, Policycalc__V1__Text);

	if (!text || !zh || !en)
		return NULL;
	policycalc__v1__text__init(text);
	text->zh = (char *)(uintptr_t)zh;
	text->en = (char *)(uintptr_t)en;
	return text;
}

static const char *supplier_of(const struct ruleset *ruleset, const char *name, bool english,
		struct arena *arena)
{
	const Policycalc__V1__Attribute *attribute = ruleset_find_attribute(ruleset, name, "");
	const Policycalc__V1__Text *supplier = attribute ? attribute->supplier : NULL;
	const Policycalc__V1__Text *label = attribute ? attribute->label : NULL;

	if (!label)
		return arena_copy_text(arena, name);
	return arena_format(arena, english ? "%s (%s)" : "%s（%s）",
			english ? label->en : label->zh,
			!supplier ? "-"
			: english ? supplier->en
				  : supplier->zh);
}

static Policycalc__V1__Text *source_text(const struct ruleset *ruleset, struct arena *arena)
{
	const char *zh[2] = { supplier_of(ruleset, FIRM_LIBRARY, false, arena),
		supplier_of(ruleset, FIRM_HAS_RD, false, arena) };
	const char *en[2] = { supplier_of(ruleset, FIRM_LIBRARY, true, arena),
		supplier_of(ruleset, FIRM_HAS_RD, true, arena) };

	if (!zh[0] || !zh[1] || !en[0] || !en[1])
		return NULL;
	return text_new(arena,
			arena_format(arena,
					"政策计算器企业登记库：%s、%"
					"s，按统计归属地计入各县（市、区）",
					zh[0], zh[1]),
			arena_format(arena,
					"the calculator's registry: %s, %s, each firm where "
					"statistics reports it",
					en[0], en[1]));
}

bool firm_describe(const struct ruleset *ruleset, Policycalc__V1__CoverageReport *report,
		struct arena *arena, struct error *err)
{
	report->definition = text_new(arena,
			"规上工业企业指纳入规上工业统计库的企业；有研发活动指已纳入企业研发统计"
			"（有研发活动并按规定填报）。情况不明的按未覆盖计，另列户数。",
			"Industry above designated size: firms in the statistical library. R&D "
			"activity: firms in the R&D statistics. What is unknown counts as not "
			"covered and is told beside.");
	report->data_source = source_text(ruleset, arena);
	report->four_definition = text_new(arena,
			"四有：有研发机构、研发人员、研发经费、产学研合作（通行说法，未见文件）"
			"；"
			"四项俱全方计入。",
			"All four: R&D body, R&D staff, R&D money, cooperation with "
			"universities "
			"(as is commonly said; no document was seen).");
	report->ranking_rule = text_new(arena,
			"按未取整的覆盖率（分数交叉相乘）排名；相等的并列，名次按 1、2、2、4 "
			"编排；"
			"并列的先列规上企业多者，再按代码。规上企业为 0 的不排名，记“—”。"
			"显示的百分比由整数一次四舍五入至一位小数。",
			"Ranked by the exact rate, compared as fractions; equal rates share a "
			"rank "
			"(1, 2, 2, 4), listed by number of firms, then code. Units without "
			"firms "
			"are not ranked (\"—\"). Percentages are rounded once, half up, from "
			"the "
			"integers.");
	if (report->definition && report->data_source && report->four_definition &&
			report->ranking_rule)
		return true;
	return arena_error(arena, err, "describing the report");
}
