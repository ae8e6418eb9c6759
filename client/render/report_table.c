/* SPDX-License-Identifier: Apache-2.0 */
/* Reports on a terminal: the head, and the reports that are not the monthly one. */
#include "client/render/report_table.h"

#include "client/render/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MOST 20

void tables_heading(const struct tables *tables, const char *zh, const char *en)
{
	buffer_format(tables->out, "\n%s\n", word(tables->style, zh, en));
}

void tables_text(const struct tables *tables, const char *text)
{
	if (!text || !*text)
		return;
	text_append_wrapped(tables->out, slice_from(text), tables->style->width, 0);
	buffer_append_char(tables->out, '\n');
}

void tables_print(const struct tables *tables, struct table *table)
{
	if (!table_print(table, tables->style->width, tables->style->colour, tables->out))
		tables->out->failed = true;
	table_fini(table);
}

const char *tables_number(const struct tables *tables, int64_t number)
{
	const char *text = arena_format(tables->arena, "%" PRId64, number);

	return text ? text : "";
}

const char *tables_money(const struct tables *tables, int64_t fen)
{
	char text[WORD_MONEY_SIZE];
	const char *copy;

	if (fen == 0)
		return "—";
	word_sum(tables->style, fen, text);
	copy = arena_copy_text(tables->arena, text);
	return copy ? copy : "";
}

/* "只列前 20 项，共 57 项" */
static void tables_more(const struct tables *tables, size_t count)
{
	if (count > SHOWN_MOST)
		buffer_format(tables->out,
				word(tables->style,
						"（只列前 %d 项，共 %zu 项；全部见 json 或 "
						"csv）\n",
						"(the first %d of %zu; all in json or csv)\n"),
				SHOWN_MOST, count);
}

static void head_print(const struct tables *tables, const struct registry_report *report)
{
	const Policycalc__V1__ReportHead *head = report_head(report);

	tables_text(tables, arena_format(tables->arena, word(tables->style, "%s：%s", "%s: %s"),
					    word_text(tables->style, head->region_name),
					    report_title(report, tables->style)));
	tables_text(tables, arena_format(tables->arena,
					    word(tables->style,
							    "数据截止 %s · 登记库快照 %" PRId64
							    "（%" PRId64
							    " 户）· 政策目录第 %" PRId64 " 版",
							    "as of %s, snapshot %" PRId64
							    " (%" PRId64
							    " enterprises), catalog revision "
							    "%" PRId64),
					    head->as_of, head->sequence, head->enterprise_count,
					    head->revision));
	if (head->sample)
		tables_text(tables,
				word(tables->style,
						"含有虚构的示例企业，仅供演示，不是真实数据。",
						"Some enterprises are made up, for "
						"demonstration: these are no real figures."));
	if (head->unread_count)
		tables_text(tables,
				arena_format(tables->arena,
						word(tables->style,
								"有 %" PRId64
								" 户的数据与目录不符，未计入。",
								"%" PRId64
								" enterprises have values "
								"that do not fit the "
								"catalog and are left "
								"out."),
						head->unread_count));
}

/* --- blocked ---------------------------------------------------------------------------------- */

static void attributes_print(const struct tables *tables,
		Policycalc__V1__BlockedAttribute *const *attributes, size_t count)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 4,
		.headings = { word(style, "数据项", "data item"),
				word(style, "提供部门", "supplier"),
				word(style, "仅缺此项", "alone"),
				word(style, "与其他一起", "among") },
		.right = { false, false, true, true } };

	for (size_t i = 0; i < count && i < SHOWN_MOST; i++) {
		const char *label = word_text(style, attributes[i]->label);
		const char *cells[] = { *label ? label : attributes[i]->name,
			word_text(style, attributes[i]->supplier),
			tables_number(tables, attributes[i]->alone),
			tables_number(tables, attributes[i]->among) };

		table_add(&table, cells);
	}
	tables_print(tables, &table);
	tables_more(tables, count);
}

static void verdicts_print(
		const struct tables *tables, const Policycalc__V1__BlockedPolicy *policy)
{
	struct buffer line = { 0 };

	for (size_t i = 0; i < policy->n_verdicts; i++)
		buffer_format(&line, "%s%s %" PRId64, i ? " · " : "",
				word_verdict(tables->style, policy->verdicts[i]->verdict),
				policy->verdicts[i]->count);
	tables->out->failed |= line.failed;
	tables_text(tables, line.data ? line.data : "");
	buffer_fini(&line);
}

static void blocked_policy_print(
		const struct tables *tables, const Policycalc__V1__BlockedPolicy *policy)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "条件", "condition"), word(style, "仅因此", "alone"),
				word(style, "与其他", "among"), word(style, "不明", "unknown"),
				word(style, "待评审", "review") },
		.right = { false, true, true, true, true } };

	buffer_append_char(tables->out, '\n');
	tables_text(tables,
			arena_format(tables->arena, "%s (%s)", word_text(style, policy->title),
					policy->policy_id));
	verdicts_print(tables, policy);
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__BlockedCondition *condition = policy->conditions[i];
		const char *label = word_text(style, condition->label);
		const char *cells[] = { *label ? label : condition->id,
			tables_number(tables, condition->alone),
			tables_number(tables, condition->among),
			tables_number(tables, condition->unknown),
			tables_number(tables, condition->review) };

		if (condition->alone || condition->among || condition->unknown ||
				condition->review)
			table_add(&table, cells);
	}
	if (table.rows)
		tables_print(tables, &table);
	else
		table_fini(&table);
	if (policy->n_attributes)
		attributes_print(tables, policy->attributes, policy->n_attributes);
}

static void blocked_print(
		const struct tables *tables, const Policycalc__V1__BlockedReport *report)
{
	tables_text(tables,
			word(tables->style,
					"“仅因此”：去掉这一条件，已知情况中就没有别的障碍；“不"
					"明”："
					"是否符合尚不知道。",
					"\"alone\": without the condition nothing known stands "
					"in the way; \"unknown\": whether it is met is not "
					"known."));
	tables_heading(tables, "补齐哪项数据，能使多少未定的结论（企业×政策）确定",
			"Which data item would settle how many open verdicts");
	attributes_print(tables, report->attributes, report->n_attributes);
	for (size_t i = 0; i < report->n_policies; i++)
		blocked_policy_print(tables, report->policies[i]);
}

/* --- unclaimed -------------------------------------------------------------------------------- */

static void unclaimed_units_print(
		const struct tables *tables, const Policycalc__V1__UnclaimedReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "县（市、区）", "county"),
				word(style, "企业", "firms"),
				word(style, "可享企业", "eligible"),
				word(style, "确定可得", "sure"),
				word(style, "另有金额不明", "and without amount") },
		.right = { false, true, true, true, true } };

	for (size_t i = 0; i <= report->n_units; i++) {
		const Policycalc__V1__UnclaimedUnit *unit =
				i < report->n_units ? report->units[i] : report->sum;
		const char *cells[] = { report_short_name(style, unit->short_name, unit->name,
							unit->code),
			tables_number(tables, unit->enterprises),
			tables_number(tables, unit->eligible),
			tables_money(tables, unit->sure_fen),
			tables_number(tables, unit->without_amount) };

		if (*unit->code || i == report->n_units || unit->enterprises)
			table_add(&table, cells);
	}
	tables_print(tables, &table);
}

static void unclaimed_policies_print(
		const struct tables *tables, const Policycalc__V1__UnclaimedReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "政策", "policy"),
				word(style, "可享企业", "eligible"),
				word(style, "至少", "at least"), word(style, "至多", "at most"),
				word(style, "上限不明", "open") },
		.right = { false, true, true, true, true } };

	for (size_t i = 0; i < report->n_policies && i < SHOWN_MOST; i++) {
		const Policycalc__V1__UnclaimedPolicy *policy = report->policies[i];
		const char *cells[] = { word_text(style, policy->title),
			tables_number(tables, policy->eligible),
			tables_money(tables, policy->least_fen),
			tables_money(tables, policy->most_fen),
			tables_number(tables, policy->without_amount) };

		table_add(&table, cells);
	}
	tables_print(tables, &table);
	tables_more(tables, report->n_policies);
}

static void unclaimed_print(
		const struct tables *tables, const Policycalc__V1__UnclaimedReport *report)
{
	tables_text(tables, word_text(tables->style, report->caveat));
	tables_heading(tables, "按县（市、区）：十二个月内确定可得（已扣除互斥和共同上限）",
			"By county: sure within twelve months, exclusions and shared caps "
			"applied");
	unclaimed_units_print(tables, report);
	tables_heading(tables, "按政策：各自单独计算，不可相加", "By policy, each by itself");
	unclaimed_policies_print(tables, report);
}

/* --- push ------------------------------------------------------------------------------------- */

static int told_compare(const void *left, const void *right)
{
	const Policycalc__V1__PushCount *a = *(const Policycalc__V1__PushCount *const *)left;
	const Policycalc__V1__PushCount *b = *(const Policycalc__V1__PushCount *const *)right;

	if (a->told != b->told)
		return a->told < b->told ? 1 : -1;
	if (a->news != b->news)
		return a->news < b->news ? 1 : -1;
	return strcmp(a->code, b->code);
}

/* Those of which there is something to tell, most first. */
static size_t told_sort(const struct tables *tables, Policycalc__V1__PushCount *const *all,
		size_t all_count, const Policycalc__V1__PushCount ***out_counts)
{
	const Policycalc__V1__PushCount **counts = ARENA_NEW_ARRAY(
			tables->arena, const Policycalc__V1__PushCount *, all_count + 1);
	size_t count = 0;

	*out_counts = counts;
	for (size_t i = 0; counts && i < all_count; i++)
		if (report_was_told(all[i]))
			counts[count++] = all[i];
	if (count > 1)
		qsort(counts, count, sizeof(*counts), told_compare);
	return count;
}

static void told_print(const struct tables *tables, Policycalc__V1__PushCount *const *all,
		size_t all_count)
{
	const struct render_style *style = tables->style;
	const Policycalc__V1__PushCount **counts;
	size_t count = told_sort(tables, all, all_count, &counts);
	struct table table = { .columns = 6,
		.headings = { word(style, "名称", "name"), word(style, "告知企业", "told"),
				word(style, "内容", "news"), word(style, "已收到", "received"),
				word(style, "待确认", "held"),
				word(style, "不接收", "not wanted") },
		.right = { false, true, true, true, true, true } };

	for (size_t i = 0; i < count && i < SHOWN_MOST; i++) {
		const char *name = word_text(style, counts[i]->name);
		const char *cells[] = { *name ? name : counts[i]->code,
			tables_number(tables, counts[i]->told),
			tables_number(tables, counts[i]->news),
			tables_number(tables, counts[i]->acknowledged),
			tables_number(tables, counts[i]->held),
			tables_number(tables, counts[i]->suppressed) };

		table_add(&table, cells);
	}
	if (table.rows)
		tables_print(tables, &table);
	else
		table_fini(&table);
	tables_more(tables, count);
	if (count < all_count)
		buffer_format(tables->out,
				word(style, "（另有 %zu 项没有推送过内容）\n",
						"(nothing was told of %zu others)\n"),
				all_count - count);
}

/* What the figures of deliveries rest on, since they go on changing. */
static void ledger_print(const struct tables *tables, const Policycalc__V1__PushReport *report)
{
	char text[160];

	if (!*report->ledger_hash)
		return;
	(void)snprintf(text, sizeof(text),
			word(tables->style, "消息台账：截至第 %lld 次推送，状态 %.16s",
					"Ledger: up to run %lld, state %.16s"),
			(long long)report->run, report->ledger_hash);
	tables_text(tables, text);
}

static void push_print(const struct tables *tables, const Policycalc__V1__PushReport *report)
{
	const struct render_style *style = tables->style;
	struct table table = { .columns = 5,
		.headings = { word(style, "负面信息", "negative"),
				word(style, "提供部门", "supplier"),
				word(style, "无此数据", "unknown"),
				word(style, "因此未定", "undecided"),
				word(style, "仅因此", "alone") },
		.right = { false, false, true, true, true } };

	ledger_print(tables, report);
	tables_heading(tables, "按政策", "By policy");
	told_print(tables, report->policies, report->n_policies);
	tables_heading(tables, "按县（市、区）", "By county");
	told_print(tables, report->units, report->n_units);
	tables_heading(tables, "缺少负面信息使多少企业未定",
			"How many enterprises the lack of negative data leaves undecided");
	for (size_t i = 0; i < report->n_negatives; i++) {
		const Policycalc__V1__NegativeAttribute *negative = report->negatives[i];
		const char *label = word_text(style, negative->label);
		const char *cells[] = { *label ? label : negative->name,
			word_text(style, negative->supplier),
			tables_number(tables, negative->unknown),
			tables_number(tables, negative->undecided),
			tables_number(tables, negative->undecided_alone) };

		table_add(&table, cells);
	}
	tables_print(tables, &table);
}

bool report_print_tables(const struct registry_report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out)
{
	const struct tables tables = { style, arena, out };

	head_print(&tables, report);
	if (report->coverage)
		coverage_print_tables(&tables, report->coverage);
	else if (report->blocked)
		blocked_print(&tables, report->blocked);
	else if (report->unclaimed)
		unclaimed_print(&tables, report->unclaimed);
	else
		push_print(&tables, report->push);
	buffer_append_char(out, '\n');
	tables_text(&tables, word_text(style, report_head(report)->disclaimer));
	return !out->failed && !arena->exhausted;
}
