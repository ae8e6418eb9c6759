/* SPDX-License-Identifier: Apache-2.0 */
/* The other reports as CSV. */
#include "client/render/report_csv.h"

#include <string.h>

/* --- blocked ---------------------------------------------------------------------------------- */

static void conditions_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__BlockedReport *report = message;

	CSV_HEADINGS(csv, { "政策编号", "policy" }, { "政策", "title" },
			{ "条件", "condition" }, { "条件名称", "label" }, { "作用", "role" },
			{ "仅因此不符合", "kept out by it alone" },
			{ "与其他条件一起", "among others" }, { "情况不明", "unknown" },
			{ "待评审", "review" });
	for (size_t i = 0; i < report->n_policies; i++) {
		const Policycalc__V1__BlockedPolicy *policy = report->policies[i];

		for (size_t k = 0; k < policy->n_conditions; k++) {
			const Policycalc__V1__BlockedCondition *condition =
					policy->conditions[k];

			csv_text(csv, policy->policy_id);
			csv_text(csv, word_text(csv->style, policy->title));
			csv_text(csv, condition->id);
			csv_text(csv, word_text(csv->style, condition->label));
			csv_figure(csv, report_role(csv->style, condition->role));
			csv_number(csv, condition->alone);
			csv_number(csv, condition->among);
			csv_number(csv, condition->unknown);
			csv_number(csv, condition->review);
			csv_row_end(csv);
		}
	}
}

static void attributes_of(struct csv *csv, const char *policy,
		Policycalc__V1__BlockedAttribute *const *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		csv_text(csv, policy);
		csv_text(csv, attributes[i]->name);
		csv_text(csv, word_text(csv->style, attributes[i]->label));
		csv_text(csv, word_text(csv->style, attributes[i]->supplier));
		csv_number(csv, attributes[i]->alone);
		csv_number(csv, attributes[i]->among);
		csv_row_end(csv);
	}
}

/* First over all policies, then by policy. */
static void attributes_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__BlockedReport *report = message;

	CSV_HEADINGS(csv, { "政策编号", "policy" }, { "数据项", "attribute" },
			{ "名称", "label" }, { "提供部门", "supplier" },
			{ "仅缺此项", "missing alone" }, { "与其他项一起", "among others" });
	attributes_of(csv, "", report->attributes, report->n_attributes);
	for (size_t i = 0; i < report->n_policies; i++)
		attributes_of(csv, report->policies[i]->policy_id,
				report->policies[i]->attributes,
				report->policies[i]->n_attributes);
}

static void verdicts_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__BlockedReport *report = message;

	CSV_HEADINGS(csv, { "政策编号", "policy" }, { "政策", "title" }, { "结论", "verdict" },
			{ "户数", "enterprises" });
	for (size_t i = 0; i < report->n_policies; i++) {
		const Policycalc__V1__BlockedPolicy *policy = report->policies[i];

		for (size_t k = 0; k < policy->n_verdicts; k++) {
			csv_text(csv, policy->policy_id);
			csv_text(csv, word_text(csv->style, policy->title));
			csv_figure(csv, word_verdict(csv->style, policy->verdicts[k]->verdict));
			csv_number(csv, policy->verdicts[k]->count);
			csv_row_end(csv);
		}
	}
}

/* --- unclaimed -------------------------------------------------------------------------------- */

static void unclaimed_units_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__UnclaimedReport *report = message;

	CSV_HEADINGS(csv, { "代码", "code" }, { "名称", "name" }, { "企业", "enterprises" },
			{ "可享企业", "eligible" },
			{ "十二个月内确定可得（元）", "sure (yuan)" },
			{ "另有金额不明", "without amount" });
	for (size_t i = 0; i <= report->n_units; i++) {
		const Policycalc__V1__UnclaimedUnit *unit =
				i < report->n_units ? report->units[i] : report->sum;

		csv_text(csv, unit->code);
		csv_text(csv, word_text(csv->style, unit->name));
		csv_number(csv, unit->enterprises);
		csv_number(csv, unit->eligible);
		csv_yuan(csv, unit->sure_fen);
		csv_number(csv, unit->without_amount);
		csv_row_end(csv);
	}
}

static void unclaimed_policies_of(struct csv *csv, const char *code,
		Policycalc__V1__UnclaimedPolicy *const *policies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		csv_text(csv, code);
		csv_text(csv, policies[i]->policy_id);
		csv_text(csv, word_text(csv->style, policies[i]->title));
		csv_number(csv, policies[i]->eligible);
		csv_yuan(csv, policies[i]->least_fen);
		csv_yuan(csv, policies[i]->most_fen);
		csv_number(csv, policies[i]->without_amount);
		csv_row_end(csv);
	}
}

static void unclaimed_policies_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__UnclaimedReport *report = message;

	CSV_HEADINGS(csv, { "代码", "code" }, { "政策编号", "policy" }, { "政策", "title" },
			{ "可享企业", "eligible" }, { "至少（元）", "at least (yuan)" },
			{ "至多（元）", "at most (yuan)" },
			{ "上限不明", "without upper end" });
	unclaimed_policies_of(csv, "", report->policies, report->n_policies);
	for (size_t i = 0; i < report->n_units; i++)
		unclaimed_policies_of(csv, report->units[i]->code, report->units[i]->policies,
				report->units[i]->n_policies);
}

/* --- push ------------------------------------------------------------------------------------- */

static void told_print(struct csv *csv, Policycalc__V1__PushCount *const *counts, size_t count)
{
	CSV_HEADINGS(csv, { "编号", "code" }, { "名称", "name" }, { "告知企业", "told" },
			{ "消息", "news" }, { "已确认收到", "acknowledged" },
			{ "待部门确认", "held" }, { "企业不愿接收", "suppressed" });
	for (size_t i = 0; i < count; i++) {
		csv_text(csv, counts[i]->code);
		csv_text(csv, word_text(csv->style, counts[i]->name));
		csv_number(csv, counts[i]->told);
		csv_number(csv, counts[i]->news);
		csv_number(csv, counts[i]->acknowledged);
		csv_number(csv, counts[i]->held);
		csv_number(csv, counts[i]->suppressed);
		csv_row_end(csv);
	}
}

static void told_policies_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__PushReport *report = message;

	told_print(csv, report->policies, report->n_policies);
}

static void told_units_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__PushReport *report = message;

	told_print(csv, report->units, report->n_units);
}

static void negatives_print(struct csv *csv, const void *message)
{
	const Policycalc__V1__PushReport *report = message;

	CSV_HEADINGS(csv, { "数据项", "attribute" }, { "名称", "label" },
			{ "提供部门", "supplier" }, { "无此数据企业", "unknown" },
			{ "因此未定企业", "undecided" },
			{ "仅因此未定", "undecided by it alone" });
	for (size_t i = 0; i < report->n_negatives; i++) {
		const Policycalc__V1__NegativeAttribute *negative = report->negatives[i];

		csv_text(csv, negative->name);
		csv_text(csv, word_text(csv->style, negative->label));
		csv_text(csv, word_text(csv->style, negative->supplier));
		csv_number(csv, negative->unknown);
		csv_number(csv, negative->undecided);
		csv_number(csv, negative->undecided_alone);
		csv_row_end(csv);
	}
}

/* --- parts ------------------------------------------------------------------------------------ */

struct part {
	const char *name;
	void (*print)(struct csv *csv, const void *message);
};

static bool parts_print(struct csv *csv, const char *name, const struct part *parts,
		size_t count, const void *message)
{
	for (size_t i = 0; i < count; i++) {
		if (*name && strcmp(name, parts[i].name) != 0)
			continue;
		parts[i].print(csv, message);
		return true;
	}
	return false;
}

bool report_print_csv(const struct registry_report *report, const char *part,
		const struct render_style *style, struct arena *arena, struct buffer *out,
		bool *out_known)
{
	static const struct part blocked[] = {
		{ "conditions", conditions_print },
		{ "attributes", attributes_print },
		{ "verdicts", verdicts_print },
	};
	static const struct part unclaimed[] = {
		{ "units", unclaimed_units_print },
		{ "policies", unclaimed_policies_print },
	};
	static const struct part push[] = {
		{ "policies", told_policies_print },
		{ "units", told_units_print },
		{ "negatives", negatives_print },
	};
	struct csv csv = { .style = style, .out = out };

	(void)arena;
	csv_begin(&csv);
	if (report->coverage)
		*out_known = report_print_coverage_csv(&csv, part, report->coverage);
	else if (report->blocked)
		*out_known = parts_print(&csv, part, blocked, 3, report->blocked);
	else if (report->unclaimed)
		*out_known = parts_print(&csv, part, unclaimed, 2, report->unclaimed);
	else
		*out_known = parts_print(&csv, part, push, 3, report->push);
	return !out->failed;
}
