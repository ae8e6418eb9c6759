/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/ask.h"
#include "client/cli/value_form.h"
#include "client/render/text.h"

#include <string.h>

#define CHOICES_SHOWN 15
#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

static const char *zh_or_en(const struct ask *ask, const char *zh, const char *en)
{
	return cli_word(ask->cli, zh, en);
}

static void print_wrapped(
		const struct ask *ask, struct buffer *out, const char *text, size_t indent)
{
	size_t width = ask->cli->style.width;

	text_append_spaces(out, indent);
	text_append_wrapped(
			out, slice_from(text), width > indent ? width - indent : width, indent);
	buffer_append_char(out, '\n');
}

/* What @line holds. Without memory for it nothing is told: the rest would look like all. */
static void print_line(const struct ask *ask, struct buffer *out, const struct buffer *line,
		size_t indent)
{
	if (line->failed)
		out->failed = true;
	else
		print_wrapped(ask, out, line->data, indent);
}

static void print_money(const struct ask *ask, struct buffer *out, int64_t fen)
{
	char written[WORD_MONEY_SIZE];

	word_money(&ask->cli->style, fen, written);
	buffer_append_text(out, written);
}

/* --- the question ----------------------------------------------------------------------------- */

void ask_list_choices(struct ask *ask)
{
	const Policycalc__V1__Question *question = ask->response->question;
	const Policycalc__V1__Attribute *attribute =
			question && question->n_attributes == 1
					? ask_attribute(ask, question->attributes[0])
					: NULL;

	ask->listed = NULL;
	ask->listed_count = 0;
	ask->listed_anew = false;
	if (!attribute || attribute->n_choices == 0 || attribute->n_choices > CHOICES_SHOWN)
		return;
	ask->listed = (const Policycalc__V1__Choice **)attribute->choices;
	ask->listed_count = attribute->n_choices;
}

void ask_print_listed(const struct ask *ask, struct buffer *out)
{
	for (size_t i = 0; i < ask->listed_count; i++) {
		struct buffer line = { 0 };

		buffer_format(&line, "%zu) %s", i + 1,
				word_text(&ask->cli->style, ask->listed[i]->label));
		if (strcmp(ask->listed[i]->code,
				    word_text(&ask->cli->style, ask->listed[i]->label)) != 0)
			buffer_format(&line, zh_or_en(ask, "（%s）", " (%s)"),
					ask->listed[i]->code);
		buffer_append_char(&line, 0);
		print_line(ask, out, &line, 4);
		buffer_fini(&line);
	}
}

const char *ask_form(const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		const Policycalc__V1__Attribute *attribute)
{
	if (asked->type == TYPE(FLAG))
		return zh_or_en(ask, "1) 是  2) 否", "1) yes  2) no");
	if (asked->type == TYPE(CODE) && ask->listed_count)
		return zh_or_en(ask, "编号或名称", "a number or a name");
	if (asked->n_periods)
		return ask_series_form(ask, asked);
	return value_form(ask->cli->style.english, asked->type,
			attribute && attribute->n_choices);
}

static void print_members(const struct ask *ask, struct buffer *out)
{
	const Policycalc__V1__Question *question = ask->response->question;

	for (size_t i = 0; i < question->n_attributes; i++) {
		struct buffer line = { 0 };

		buffer_format(&line, "%zu) %s%c", i + 1,
				word_text(&ask->cli->style, question->attributes[i]->label), 0);
		print_line(ask, out, &line, 4);
		buffer_fini(&line);
	}
	print_wrapped(ask, out, zh_or_en(ask, "0) 以上都没有", "0) none of these"), 4);
	print_wrapped(ask, out,
			zh_or_en(ask, "可多选，如“1,3”；没有选的视为“否”",
					"several may be chosen, such as \"1,3\"; the others "
					"are "
					"taken as \"no\""),
			4);
}

void ask_print_question(struct ask *ask, struct buffer *out)
{
	const Policycalc__V1__Question *question = ask->response->question;
	const Policycalc__V1__QuestionAttribute *asked = question->attributes[0];
	const Policycalc__V1__Attribute *attribute = ask_attribute(ask, asked);
	struct buffer line = { 0 };

	buffer_format(&line, "%zu. %s", ask->step_count + 1,
			word_text(&ask->cli->style, question->text));
	if (question->n_attributes == 1 && *asked->period &&
			!strstr(word_text(&ask->cli->style, question->text), asked->period))
		buffer_format(&line, zh_or_en(ask, "（%s）", " (%s)"), asked->period);
	buffer_append_char(&line, 0);
	buffer_append_char(out, '\n');
	buffer_append_text(out, ask->cli->style.colour ? "\033[1m" : "");
	print_line(ask, out, &line, 0);
	buffer_append_text(out, ask->cli->style.colour ? "\033[0m" : "");
	buffer_fini(&line);
	if (question->n_attributes > 1) {
		print_members(ask, out);
		return;
	}
	ask_print_listed(ask, out);
	print_wrapped(ask, out, ask_form(ask, asked, attribute), 4);
}

void ask_print_help(struct ask *ask, struct buffer *out)
{
	const Policycalc__V1__Question *question = ask->response->question;
	const Policycalc__V1__QuestionAttribute *asked = question->attributes[0];
	const char *help = word_text(&ask->cli->style, asked->help);
	const char *supplier = word_text(&ask->cli->style, asked->supplier);

	if (*help)
		print_wrapped(ask, out, help, 4);
	print_wrapped(ask, out, word_text(&ask->cli->style, question->reason), 4);
	for (size_t i = 0; i < question->n_policies; i++) {
		struct buffer line = { 0 };

		buffer_format(&line, "· %s%c",
				word_text(&ask->cli->style, question->policies[i]->title), 0);
		print_line(ask, out, &line, 6);
		buffer_fini(&line);
	}
	if (*supplier) {
		struct buffer line = { 0 };

		buffer_format(&line, zh_or_en(ask, "可向%s查询%c", "Known to: %s%c"), supplier,
				0);
		print_line(ask, out, &line, 4);
		buffer_fini(&line);
	}
	print_wrapped(ask, out,
			zh_or_en(ask,
					"还可以答：不知道（跳过）、返回、保存、够了（看结果）、"
					"退出",
					"Also: skip (don't know), back, save, enough (see the "
					"result), quit"),
			4);
}

/* --- progress --------------------------------------------------------------------------------- */

static void progress_verdicts(const struct ask *ask, struct buffer *line)
{
	const Policycalc__V1__QuestionProgress *progress = ask->response->progress;

	buffer_format(line,
			zh_or_en(ask, "已定 %d/%d 项（符合 %d、待审核 %d、不符合 %d",
					"%d of %d settled (%d eligible, %d for review, %d not"),
			progress->settled_count, progress->policy_count,
			progress->eligible_count, progress->review_count,
			progress->ineligible_count);
	if (progress->not_open_count)
		buffer_format(line, zh_or_en(ask, "、未开放 %d", ", %d not open"),
				progress->not_open_count);
	buffer_append_text(line, zh_or_en(ask, "）", ")"));
}

/* What is not known yet is not "at most 0". */
static void possible_append(const struct ask *ask, struct buffer *line)
{
	const Policycalc__V1__QuestionProgress *progress = ask->response->progress;

	if (progress->possible_fen == 0 && progress->possible_open_count) {
		buffer_format(line,
				zh_or_en(ask, "，各项可能合计尚不能确定（%d 项金额未定）",
						"; possible, added up: not known yet (%d of "
						"unknown "
						"amount)"),
				progress->possible_open_count);
		return;
	}
	buffer_append_text(line,
			zh_or_en(ask, "，各项可能合计最高 ", "; possible, added up: at most "));
	print_money(ask, line, progress->possible_fen);
	if (progress->possible_open_count)
		buffer_format(line,
				zh_or_en(ask, "（另有 %d 项金额未定）",
						" (and %d of unknown amount)"),
				progress->possible_open_count);
}

void ask_print_progress(const struct ask *ask, struct buffer *out)
{
	const Policycalc__V1__QuestionProgress *progress = ask->response->progress;
	struct buffer line = { 0 };
	int64_t left = (progress->expected_questions_milli + 500) / 1000;

	progress_verdicts(ask, &line);
	if (ask->response->question)
		buffer_format(&line, zh_or_en(ask, "，约还需 %lld 问", ", about %lld to go"),
				(long long)(left > 0 ? left : 1));
	buffer_append_char(&line, 0);
	print_line(ask, out, &line, 2);
	buffer_clear(&line);
	buffer_append_text(&line, zh_or_en(ask, "已确定至少 ", "certain: at least "));
	print_money(ask, &line, progress->certain_fen);
	possible_append(ask, &line);
	buffer_append_char(&line, 0);
	print_line(ask, out, &line, 2);
	buffer_fini(&line);
}

const char *ask_done_word(const struct ask *ask)
{
	switch ((int)ask->response->done) {
	case DONE(SETTLED):
		return zh_or_en(ask, "全部政策都已有结论", "every policy is settled");
	case DONE(ENOUGH):
		return zh_or_en(ask, "已达到所要的程度", "as much is settled as was wanted");
	case DONE(SKIPPED):
		return zh_or_en(ask, "余下的政策只缺已跳过的信息",
				"what is left waits for questions that were skipped");
	default:
		return zh_or_en(ask, "到此为止，其余未问",
				"ended here; the rest was not asked");
	}
}
