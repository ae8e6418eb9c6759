/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/push.h"

#include "client/render/csv.h"
#include "client/render/table.h"
#include "client/render/text.h"

#include <stdio.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------------ */

const char *word_delta(const struct render_style *style, Policycalc__V1__DeltaKind kind)
{
	static const struct word_pair words[] = {
		{ "", "" },
		{ "新符合", "newly eligible" },
		{ "接近符合", "newly near" },
		{ "金额变化", "amount changed" },
		{ "不再符合", "lapsed" },
		{ "即将截止", "closing soon" },
		{ "政策换版", "version changed" },
	};

	return WORD_OF(style, words, kind);
}

const char *word_delivery_state(
		const struct render_style *style, Policycalc__V1__DeliveryState state)
{
	static const struct word_pair words[] = {
		{ "", "" },
		{ "待确认", "held" },
		{ "可领取", "released" },
		{ "已领取", "leased" },
		{ "已送达", "acked" },
		{ "不同意", "refused" },
		{ "不接收", "suppressed" },
		{ "已合并", "superseded" },
		{ "退信", "dead" },
		{ "已搁置", "dropped" },
	};

	return WORD_OF(style, words, state);
}

const char *word_run_state(const struct render_style *style, Policycalc__V1__Run__State state)
{
	static const struct word_pair words[] = {
		{ "", "" },
		{ "进行中", "running" },
		{ "完成", "finished" },
		{ "已取消", "cancelled" },
		{ "失败", "failed" },
	};

	return WORD_OF(style, words, state);
}

static const char *word_silence(const struct render_style *style, const char *reason)
{
	static const struct word_pair words[] = {
		{ "试运行", "dry run" },
		{ "旧版目录", "an old revision" },
		{ "过去的日期", "a past day" },
		{ "将来的日期", "a day to come" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].en, reason) == 0)
			return word(style, words[i].zh, words[i].en);
	}
	return reason;
}

static void clean(struct buffer *out, const char *text)
{
	text_append_clean(out, slice_from(text));
}

/* --- runs ------------------------------------------------------------------------------------- */

static void scope_print(const struct render_style *style, const Policycalc__V1__Run *run,
		struct buffer *out)
{
	const char *comma = word(style, "，", ", ");

	buffer_append_text(out, word(style, "范围：", "scope: "));
	if (run->n_policies == 0)
		buffer_append_text(out, word(style, "全部政策", "all policies"));
	for (size_t i = 0; i < run->n_policies; i++) {
		buffer_append_text(out, i ? word(style, "、", ", ") : "");
		clean(out, run->policies[i]);
	}
	if (run->since_revision)
		buffer_format(out,
				word(style, "%s与第 %lld 版不同的",
						"%sthose that differ from revision %lld"),
				comma, (long long)run->since_revision);
	buffer_append_text(out, comma);
	buffer_append_text(out, run->changed_only ? word(style, "有变化的企业",
								    "enterprises that changed")
						  : word(style, "全部企业", "all enterprises"));
	buffer_append_char(out, '\n');
}

static void run_head_print(const struct render_style *style, const Policycalc__V1__Run *run,
		struct buffer *out)
{
	buffer_format(out,
			word(style, "第 %lld 次推送：%s　%s　目录第 %lld 版　快照 %lld\n",
					"run %lld: %s  %s  revision %lld  snapshot %lld\n"),
			(long long)run->id, word_run_state(style, run->state), run->as_of,
			(long long)run->revision, (long long)run->sequence);
	scope_print(style, run, out);
	if (*run->note) {
		buffer_append_text(out, word(style, "说明：", "note: "));
		clean(out, run->note);
		buffer_append_char(out, '\n');
	}
	if (run->silent)
		buffer_format(out,
				word(style, "只统计，不发送：%s\n",
						"counts only, tells nothing: %s\n"),
				word_silence(style, run->reason));
	else if (*run->reason) {
		clean(out, run->reason);
		buffer_append_char(out, '\n');
	}
	buffer_format(out,
			word(style, "企业 %lld / %lld　消息 %lld 份",
					"enterprises %lld of %lld  deliveries %lld"),
			(long long)run->done, (long long)run->total,
			(long long)run->deliveries);
	if (run->errors)
		buffer_format(out, word(style, "　无法计算 %lld 家", "  not computable %lld"),
				(long long)run->errors);
	buffer_append_char(out, '\n');
}

bool run_print(const struct render_style *style, const Policycalc__V1__Run *run,
		struct buffer *out)
{
	struct table table = { .columns = 4,
		.headings = { word(style, "政策系列", "series"), word(style, "内容", "news"),
				word(style, "企业数", "firms"),
				word(style, "金额（按上限）", "at most") },
		.right = { false, false, true, true },
		.whole = { true, true, true, true } };
	bool ok = true;

	run_head_print(style, run, out);
	for (size_t i = 0; i < run->n_counts; i++) {
		const Policycalc__V1__RunCount *count = run->counts[i];
		char number[32], sum[WORD_MONEY_SIZE] = "";
		const char *cells[] = { count->series, word_delta(style, count->kind), number,
			sum };

		(void)snprintf(number, sizeof(number), "%lld", (long long)count->count);
		if (count->amount_fen)
			word_sum(style, count->amount_fen, sum);
		table_add(&table, cells);
	}
	if (run->n_counts == 0) {
		if (run->state != POLICYCALC__V1__RUN__STATE__STATE_RUNNING)
			buffer_append_text(out, word(style, "没有新内容\n", "nothing new\n"));
	} else {
		buffer_append_char(out, '\n');
		ok = table_print(&table, style->width, style->colour, out);
	}
	table_fini(&table);
	return ok && !out->failed;
}

bool runs_print(const struct render_style *style, Policycalc__V1__Run *const *runs,
		size_t count, struct buffer *out)
{
	struct table table = { .columns = 7,
		.headings = { word(style, "编号", "run"), word(style, "日期", "day"),
				word(style, "状态", "state"), word(style, "目录", "rev."),
				word(style, "企业", "firms"), word(style, "消息", "deliveries"),
				word(style, "说明", "note") },
		.right = { true, false, false, true, true, true, false },
		.whole = { true, true, true, true, true, true, false } };
	bool ok;

	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Run *run = runs[i];
		char id[32], revision[32], done[32], deliveries[32];
		const char *cells[] = { id, run->as_of, word_run_state(style, run->state),
			revision, done, deliveries,
			run->silent && !*run->note ? word_silence(style, run->reason)
						   : run->note };

		(void)snprintf(id, sizeof(id), "%lld", (long long)run->id);
		(void)snprintf(revision, sizeof(revision), "%lld", (long long)run->revision);
		(void)snprintf(done, sizeof(done), "%lld", (long long)run->done);
		(void)snprintf(deliveries, sizeof(deliveries), "%lld",
				(long long)run->deliveries);
		table_add(&table, cells);
	}
	ok = table_print(&table, style->width, style->colour, out);
	table_fini(&table);
	return ok;
}

/* --- digests ---------------------------------------------------------------------------------- */

static const Policycalc__V1__AmountAnswer *entry_amount(const Policycalc__V1__DeltaEntry *entry)
{
	return entry->near ? entry->near->amount : entry->amount;
}

static void entry_print(const struct render_style *style,
		const Policycalc__V1__DeltaEntry *entry, struct buffer *out)
{
	struct buffer line = { 0 };

	buffer_format(&line, "  %s", word_delta(style, entry->kind));
	buffer_append_text(&line, word(style, "　", "  "));
	clean(&line, word_text(style, entry->title));
	if (entry_amount(entry)) {
		buffer_append_text(&line, word(style, "　", "  "));
		word_amount(style, entry_amount(entry), &line);
	}
	if (*entry->deadline)
		buffer_format(&line, word(style, "　截止 %s", "  until %s"), entry->deadline);
	if (line.failed)
		out->failed = true;
	else
		text_append_wrapped(
				out, (struct slice){ line.data, line.size }, style->width, 4);
	buffer_append_char(out, '\n');
	buffer_clear(&line);
	buffer_append_text(&line, "    ");
	clean(&line, word_text(style, entry->reason));
	if (line.failed)
		out->failed = true;
	else
		text_append_wrapped(
				out, (struct slice){ line.data, line.size }, style->width, 4);
	buffer_append_char(out, '\n');
	buffer_fini(&line);
}

void digest_print(const struct render_style *style, const Policycalc__V1__Digest *digest,
		struct buffer *out)
{
	clean(out, digest->uscc);
	if (*digest->name) {
		buffer_append_char(out, ' ');
		clean(out, digest->name);
	}
	buffer_append_char(out, '\n');
	for (size_t i = 0; i < digest->n_entries; i++)
		entry_print(style, digest->entries[i], out);
}

bool deliveries_print(const struct render_style *style,
		Policycalc__V1__Delivery *const *deliveries, size_t count, struct buffer *out)
{
	struct table table = { .columns = 6,
		.headings = { word(style, "凭证号", "key"), word(style, "企业", "enterprise"),
				word(style, "状态", "state"), word(style, "批次", "run"),
				word(style, "条数", "news"), word(style, "首条", "first") },
		.right = { false, false, false, true, true, false },
		.whole = { false, true, true, true, true, false } };
	bool ok;

	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Delivery *delivery = deliveries[i];
		const Policycalc__V1__Digest *digest = delivery->digest;
		char run[32], news[32];
		const char *cells[] = { delivery->key, digest ? digest->uscc : "",
			word_delivery_state(style, delivery->state), run, news, "" };

		(void)snprintf(run, sizeof(run), "%lld", digest ? (long long)digest->run : 0);
		(void)snprintf(news, sizeof(news), "%zu", digest ? digest->n_entries : 0);
		if (digest && digest->n_entries)
			cells[5] = word_text(style, digest->entries[0]->title);
		table_add(&table, cells);
	}
	ok = table_print(&table, style->width, style->colour, out);
	table_fini(&table);
	return ok;
}

/* --- CSV -------------------------------------------------------------------------------------- */

void digest_print_csv_heading(const struct render_style *style, struct buffer *out)
{
	struct csv csv = { .style = style, .out = out };

	csv_begin(&csv);
	CSV_HEADINGS(&csv, { "凭证号", "key" }, { "租约", "lease" },
			{ "统一社会信用代码", "uscc" }, { "企业名称", "name" },
			{ "注册地代码", "region_code" }, { "批次", "run" }, { "日期", "as_of" },
			{ "内容", "news" }, { "政策系列", "series" }, { "政策编号", "policy" },
			{ "政策名称", "title" }, { "金额下限（元）", "amount_least_yuan" },
			{ "金额上限（元）", "amount_most_yuan" }, { "截止日期", "deadline" },
			{ "理由", "reason" });
}

static void csv_row(struct csv *csv, const Policycalc__V1__PullDeliveriesResponse *delivery,
		const Policycalc__V1__Digest *digest, const Policycalc__V1__DeltaEntry *entry)
{
	csv_text(csv, delivery->key);
	csv_text(csv, delivery->lease);
	csv_text(csv, digest->uscc);
	csv_text(csv, digest->name);
	csv_text(csv, digest->region);
	csv_number(csv, digest->run);
	csv_figure(csv, digest->as_of);
	csv_text(csv, word_delta(csv->style, entry->kind));
	csv_text(csv, entry->series);
	csv_text(csv, entry->policy);
	csv_text(csv, word_text(csv->style, entry->title));
	csv_amount(csv, entry_amount(entry));
	csv_figure(csv, entry->deadline);
	csv_text(csv, word_text(csv->style, entry->reason));
	csv_row_end(csv);
}

void digest_print_csv(const struct render_style *style,
		const Policycalc__V1__PullDeliveriesResponse *delivery,
		const Policycalc__V1__Digest *digest, struct buffer *out)
{
	struct csv csv = { .style = style, .out = out };

	for (size_t i = 0; i < digest->n_entries; i++)
		csv_row(&csv, delivery, digest, digest->entries[i]);
}
