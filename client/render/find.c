/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/find.h"

#include "client/render/csv.h"
#include "client/render/near.h"
#include "client/render/text.h"

#include <stdio.h>
#include <string.h>

/* Columns: code, region, industry, verdict, and the rest for the amount. */
#define CODE_WIDTH 18
#define REGION_WIDTH 14
#define INDUSTRY_WIDTH 8
#define VERDICT_WIDTH 12
#define GAP 2

static const char *label(const struct canvas *canvas, const char *zh, const char *en)
{
	return word(canvas->style, zh, en);
}

static void cell(const struct canvas *canvas, const char *text, size_t width)
{
	size_t used = text_append_cut(canvas->out, slice_from(text), width);

	text_append_spaces(canvas->out, width - used + GAP);
}

static void line(const struct canvas *canvas, const char *code, const char *region,
		const char *industry, const char *verdict, const char *amount)
{
	size_t used = CODE_WIDTH + REGION_WIDTH + INDUSTRY_WIDTH + VERDICT_WIDTH + 4 * GAP;
	size_t width = canvas->style->width > used + 8 ? canvas->style->width - used : 8;

	cell(canvas, code, CODE_WIDTH);
	cell(canvas, region, REGION_WIDTH);
	cell(canvas, industry, INDUSTRY_WIDTH);
	cell(canvas, verdict, VERDICT_WIDTH);
	(void)text_append_cut(canvas->out, slice_from(amount), width);
	buffer_append_char(canvas->out, '\n');
}

void find_print_heading(const struct canvas *canvas)
{
	canvas_colour(canvas, CANVAS_BOLD);
	line(canvas, label(canvas, "统一社会信用代码", "credit code"),
			label(canvas, "注册地", "region"), label(canvas, "行业", "industry"),
			label(canvas, "结论", "verdict"), label(canvas, "金额", "amount"));
	canvas_colour(canvas, CANVAS_PLAIN);
}

void find_print_found(const struct canvas *canvas, const Policycalc__V1__FoundEnterprise *found)
{
	const Policycalc__V1__PolicyAnswer *answer = found->answer;
	struct buffer amount = { 0 };
	const char *region;

	if (!answer)
		return;
	region = word_text(canvas->style, found->region_label);
	word_amount(canvas->style, answer->amount, &amount);
	line(canvas, found->uscc, *region ? region : found->region, found->industry,
			answer->n_near ? label(canvas, "接近", "near")
				       : word_verdict(canvas->style, answer->verdict),
			amount.size ? amount.data : "");
	canvas->out->failed = canvas->out->failed || amount.failed;
	buffer_fini(&amount);
	near_print_answer(canvas, answer);
	if (answer->n_near == 0)
		canvas_print_missing(canvas, label(canvas, "缺少：", "lacks: "),
				answer->missing, answer->n_missing);
}

/* --- the summary ------------------------------------------------------------------------------ */

static void counts_print(
		const struct canvas *canvas, const Policycalc__V1__FindSummary *summary)
{
	for (size_t i = 0; i < summary->n_counts; i++) {
		const Policycalc__V1__EnterpriseCount *count = summary->counts[i];

		buffer_format(canvas->out,
				canvas->style->english ? "%s%s %lld" : "%s%s %lld 家",
				i ? label(canvas, "，", ", ") : "  ",
				word_verdict(canvas->style, count->verdict),
				(long long)count->count);
	}
	buffer_append_char(canvas->out, '\n');
}

static void lacks_print(const struct canvas *canvas, const Policycalc__V1__FindSummary *summary)
{
	if (summary->n_lacks == 0)
		return;
	buffer_format(canvas->out, "%s\n",
			label(canvas, "待定企业缺少的数据（其中只缺这一项的）",
					"What is lacking (of them nothing else)"));
	for (size_t i = 0; i < summary->n_lacks; i++) {
		const Policycalc__V1__LackCount *lack = summary->lacks[i];
		const char *name = word_text(canvas->style, lack->label);

		buffer_append_text(canvas->out, "  ");
		buffer_format(canvas->out,
				canvas->style->english ? "%8lld (%lld)  "
						       : "%8lld 家（%lld）  ",
				(long long)lack->count, (long long)lack->alone);
		text_append_clean(canvas->out, slice_from(*name ? name : lack->attribute));
		buffer_append_char(canvas->out, '\n');
	}
}

void find_print_summary(const struct canvas *canvas, const Policycalc__V1__FindSummary *summary)
{
	char money[WORD_MONEY_SIZE];
	const char *title = word_text(canvas->style, summary->title);

	buffer_append_char(canvas->out, '\n');
	canvas_colour(canvas, CANVAS_BOLD);
	text_append_wrapped(canvas->out, slice_from(*title ? title : summary->policy_id),
			canvas->style->width - 2, 2);
	canvas_colour(canvas, CANVAS_PLAIN);
	buffer_format(canvas->out,
			label(canvas, "\n  %s，第 %lld 版目录，登记库快照 %lld\n",
					"\n  %s, revision %lld, snapshot %lld\n"),
			summary->as_of, (long long)summary->revision,
			(long long)summary->sequence);
	counts_print(canvas, summary);
	if (summary->looked_at < summary->told + summary->left_out)
		buffer_format(canvas->out,
				label(canvas, "  以下只算了前 %lld 家（--limit）：\n",
						"  of the first %lld alone (--limit):\n"),
				(long long)summary->looked_at);
	if (summary->near)
		buffer_format(canvas->out,
				label(canvas, "  其中接近符合 %lld 家\n", "  near: %lld\n"),
				(long long)summary->near);
	if (summary->sure_fen) {
		word_sum(canvas->style, summary->sure_fen, money);
		buffer_format(canvas->out,
				label(canvas, "  符合的企业金额合计至少 %s\n",
						"  those eligible come to at least %s\n"),
				money);
	}
	buffer_format(canvas->out, label(canvas, "  列出 %lld 家", "  %lld listed"),
			(long long)summary->told);
	if (summary->left_out)
		buffer_format(canvas->out,
				label(canvas, "，另有 %lld 家未列出（--limit）",
						", %lld more left out (--limit)"),
				(long long)summary->left_out);
	buffer_append_char(canvas->out, '\n');
	if (summary->refused)
		buffer_format(canvas->out,
				label(canvas, "  %lld 家的数据不合目录要求，无法判断\n",
						"  the facts of %lld are refused by the "
						"catalog\n"),
				(long long)summary->refused);
	lacks_print(canvas, summary);
}

/* --- CSV -------------------------------------------------------------------------------------- */

void find_print_csv_heading(const struct render_style *style, struct buffer *out)
{
	struct csv csv = { .style = style, .out = out };

	csv_begin(&csv);
	CSV_HEADINGS(&csv, { "统一社会信用代码", "uscc" }, { "注册地代码", "region_code" },
			{ "注册地", "region" }, { "行业", "industry" }, { "结论", "verdict" },
			{ "金额下限（元）", "amount_least_yuan" },
			{ "金额上限（元）", "amount_most_yuan" }, { "差距", "near" },
			{ "缺少", "lacks" });
}

void find_print_csv(const struct render_style *style,
		const Policycalc__V1__FoundEnterprise *found, struct buffer *out)
{
	const Policycalc__V1__PolicyAnswer *answer = found->answer;
	struct csv csv = { .style = style, .out = out };
	struct buffer lacks = { 0 };

	if (!answer)
		return;
	csv_text(&csv, found->uscc);
	csv_text(&csv, found->region);
	csv_text(&csv, word_text(style, found->region_label));
	csv_text(&csv, found->industry);
	csv_text(&csv, word_verdict(style, answer->verdict));
	csv_amount(&csv, answer->amount);
	csv_text(&csv, answer->n_near ? word_text(style, answer->near[0]->sentence) : "");
	for (size_t i = 0; i < answer->n_missing; i++)
		buffer_format(&lacks, "%s%s", i ? " " : "", answer->missing[i]);
	csv_text(&csv, lacks.size ? lacks.data : "");
	csv_row_end(&csv);
	out->failed = out->failed || lacks.failed;
	buffer_fini(&lacks);
}
