/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/ask.h"
#include "client/cli/value_form.h"
#include "client/render/text.h"
#include "proto/codec/value_text.h"

#include <ctype.h>
#include <string.h>

#define LISTED_MOST 20
#define QUOTE_MOST 60 /* columns of an answer that will not do */
#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word

/* --- words ------------------------------------------------------------------------------------ */

static bool is_one_of(struct slice line, const char *const *words)
{
	for (; *words; words++) {
		if (strlen(*words) == line.size &&
				strncasecmp(line.data, *words, line.size) == 0)
			return true;
	}
	return false;
}

enum ask_word ask_word_of(struct slice line)
{
	static const char *const skips[] = { "不知道", "跳过", "不清楚", "skip", "don't know",
		"dont know", "unknown", NULL };
	static const char *const backs[] = { "返回", "上一题", "back", NULL };
	static const char *const saves[] = { "保存", "save", NULL };
	static const char *const quits[] = { "退出", "quit", "exit", NULL };
	static const char *const enoughs[] = { "够了", "enough", NULL };
	static const char *const helps[] = { "帮助", "?", "？", "help", NULL };
	static const struct {
		const char *const *words;
		enum ask_word word;
	} table[] = { { skips, ASK_SKIP }, { backs, ASK_BACK }, { saves, ASK_SAVE },
		{ quits, ASK_QUIT }, { enoughs, ASK_ENOUGH }, { helps, ASK_HELP } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (is_one_of(line, table[i].words))
			return table[i].word;
	}
	return ASK_VALUE;
}

/* --- values ----------------------------------------------------------------------------------- */

const Policycalc__V1__Attribute *ask_attribute(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked)
{
	for (size_t i = 0; *asked->name && i < ask->dictionary.count; i++) {
		const Policycalc__V1__Attribute *attribute = ask->dictionary.attributes[i];

		if (strcmp(attribute->name, asked->name) == 0 &&
				strcmp(attribute->item_list, asked->item_list) == 0)
			return attribute;
	}
	return NULL;
}

/* "revenue@2025", "projects.p1.invested": the name a profile's argument has. */
static const char *fact_name(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked)
{
	struct arena *arena = &ask->cli->arena;
	const char *item = *asked->item_id ? arena_format(arena, "%s.%s.", asked->item_list,
							     asked->item_id)
					   : "";

	return item ? arena_format(arena, "%s%s%s%s", item, asked->name,
				      *asked->period ? "@" : "", asked->period)
		    : NULL;
}

static bool step_add_fact(const struct ask *ask, struct ask_step *step, const char *name,
		const char *text)
{
	const char *fact = arena_format(&ask->cli->arena, "%s=%s", name, text);

	if (!fact)
		return false;
	step->facts[step->fact_count++] = fact;
	return true;
}

/* 0 to most - 1 for "1" to "most"; -1 when it is no number of the list. */
static long number_in(struct slice text, size_t most)
{
	long number = 0;

	if (text.size == 0 || text.size > 4)
		return -1;
	for (size_t i = 0; i < text.size; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return -1;
		number = number * 10 + (text.data[i] - '0');
	}
	return number >= 1 && (size_t)number <= most ? number - 1 : -1;
}

/* 1 yes, 0 no, -1 neither. */
static int flag_of(struct slice text)
{
	static const char *const yes[] = { "是", "有", "对", "y", "yes", "true", "1", NULL };
	static const char *const no[] = { "否", "不是", "没有", "无", "n", "no", "false", "2",
		NULL };

	if (is_one_of(text, yes))
		return 1;
	return is_one_of(text, no) ? 0 : -1;
}

/* The value in the words of a profile file: codes as they are, all else as people write it. */
static const char *value_words(const struct ask *ask, const Policycalc__V1__Value *value,
		const Policycalc__V1__Attribute *attribute)
{
	struct arena *arena = &ask->cli->arena;

	if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODE)
		return value->code;
	if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODES) {
		const char *text = "";

		for (size_t i = 0; text && i < value->codes->n_codes; i++)
			text = arena_format(arena, "%s%s%s", text, i ? "," : "",
					value->codes->codes[i]);
		return text && *text ? text : "[]";
	}
	return value_print_text(value, attribute, "zh", arena);
}

static bool choice_holds(const Policycalc__V1__Choice *choice, struct slice text)
{
	const char *names[3] = { choice->code, choice->label ? choice->label->zh : "",
		choice->label ? choice->label->en : "" };

	for (int i = 0; i < 3; i++) {
		if (memmem(names[i], strlen(names[i]), text.data, text.size))
			return true;
	}
	for (size_t i = 0; i < choice->n_aliases; i++) {
		if (memmem(choice->aliases[i], strlen(choice->aliases[i]), text.data,
				    text.size))
			return true;
	}
	return false;
}

/* Lists the choices that hold what was written; how many there are. */
static size_t choices_search(
		struct ask *ask, const Policycalc__V1__Attribute *attribute, struct slice text)
{
	const Policycalc__V1__Choice **list = ARENA_NEW_ARRAY(
			&ask->cli->arena, const Policycalc__V1__Choice *, LISTED_MOST);
	size_t count = 0;

	for (size_t i = 0; list && text.size && i < attribute->n_choices; i++) {
		if (choice_holds(attribute->choices[i], text) && count++ < LISTED_MOST)
			list[count - 1] = attribute->choices[i];
	}
	if (count) {
		ask->listed_anew = true;
		ask->listed = list;
		ask->listed_count = count < LISTED_MOST ? count : LISTED_MOST;
	}
	return count;
}

/* Several codes: by number or name, with any of the usual commas between. */
static const char *codes_normal(struct ask *ask, struct slice line)
{
	static const char *const none[] = { "无", "没有", "none", "0", NULL };
	struct buffer text = { 0 };
	const char *copy;
	size_t at = 0;

	if (is_one_of(line, none))
		return "";
	while (at < line.size) {
		size_t end = at;
		struct slice part;
		size_t digits;
		long number;

		while (end < line.size && line.data[end] != ',' &&
				strncmp(line.data + end, "，", 3) != 0 &&
				strncmp(line.data + end, "、", 3) != 0)
			end++;
		part = (struct slice){ line.data + at, end - at };
		while (part.size && part.data[0] == ' ')
			part = (struct slice){ part.data + 1, part.size - 1 };
		/* Of titles the number stands before a colon: "4:2027-12-31". */
		digits = 0;
		while (digits < part.size && isdigit((unsigned char)part.data[digits]))
			digits++;
		number = digits == part.size || part.data[digits] == ':'
					 ? number_in((struct slice){ part.data, digits },
							   ask->listed_count)
					 : -1;
		buffer_append_text(&text, text.size ? "," : "");
		if (number >= 0) {
			buffer_append_text(&text, ask->listed[number]->code);
			part = (struct slice){ part.data + digits, part.size - digits };
		}
		buffer_append_slice(&text, part);
		at = end < line.size ? end + (line.data[end] == ',' ? 1 : 3) : end;
	}
	copy = arena_copy(&ask->cli->arena, text.data ? text.data : "", text.size);
	buffer_fini(&text);
	return copy;
}

static bool problem_say(struct buffer *problem, const char *text)
{
	buffer_append_text(problem, text);
	return false;
}

static bool read_flag(struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		struct slice line, struct ask_step *step, struct buffer *problem)
{
	int flag = flag_of(line);

	if (flag < 0)
		return problem_say(problem,
				cli_word(ask->cli, "请答“是”或“否”，不清楚请答“不知道”",
						"answer yes or no, or \"don't know\""));
	step->answer = flag ? cli_word(ask->cli, "是", "yes") : cli_word(ask->cli, "否", "no");
	return step_add_fact(ask, step, fact_name(ask, asked), flag ? "是" : "否");
}

static bool read_list_size(struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		struct slice line, struct ask_step *step, struct buffer *problem)
{
	static const char *const none[] = { "无", "没有", "none", NULL };
	size_t digits = 0;
	long count = 0;

	while (digits < line.size && digits < 5 && isdigit((unsigned char)line.data[digits]))
		count = count * 10 + (line.data[digits++] - '0');
	if (is_one_of(line, none))
		digits = 1;
	if (digits == 0 || count > 1000)
		return problem_say(problem,
				cli_word(ask->cli, "请答 0 到 1000 之间的个数，没有请答 0",
						"answer a number from 0 to 1000; 0 for none"));
	step->answer = arena_format(&ask->cli->arena, "%ld", count);
	step->facts[step->fact_count++] =
			arena_format(&ask->cli->arena, "%s#%ld", asked->item_list, count);
	return true;
}

struct slice ask_quote(struct slice answer, const char **out_more)
{
	struct slice shown = text_take_line(&answer, QUOTE_MOST);

	*out_more = answer.size ? "…" : "";
	return shown;
}

/* "“3800”不合要求：金额带单位，如 3800万元；不小于 0元" */
static void problem_describe(const struct ask *ask,
		const Policycalc__V1__QuestionAttribute *asked,
		const Policycalc__V1__Attribute *attribute, struct slice line,
		struct buffer *problem)
{
	const char *more;
	struct slice shown = ask_quote(line, &more);

	buffer_format(problem,
			cli_word(ask->cli, "“%.*s%s”不合要求：", "\"%.*s%s\" will not do: "),
			SLICE_PRINT(shown), more);
	buffer_append_text(problem, ask_form(ask, asked, attribute));
	value_form_append_range(ask->cli->style.english, attribute, &ask->cli->arena, problem);
}

static bool read_value(struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		struct slice line, struct ask_step *step, struct buffer *problem)
{
	const Policycalc__V1__Attribute *attribute = ask_attribute(ask, asked);
	struct arena *arena = &ask->cli->arena;
	struct error err = { 0 };
	const Policycalc__V1__Value *value;
	const char *words;
	long number = number_in(line, ask->listed_count);
	size_t fitting;

	if (!attribute)
		return problem_say(problem, "no such attribute");
	if (attribute->type == TYPE(CODE) && number >= 0)
		line = slice_from(ask->listed[number]->code);
	if (attribute->type == TYPE(CODES) || attribute->type == TYPE(TITLES)) {
		words = codes_normal(ask, line);
		if (words && !*words) {
			step->answer = cli_word(ask->cli, "无", "none");
			return step_add_fact(ask, step, fact_name(ask, asked), "[]");
		}
		line = slice_from(words ? words : "");
	}
	if (asked->n_periods) {
		words = ask_series_text(ask, asked, attribute, line, problem);
		if (!words)
			return problem_say(problem, problem->size ? "" : "out of memory");
		line = slice_from(words);
	}
	value = value_parse_text(line, attribute, arena, &err);
	if (!value) {
		fitting = attribute->type == TYPE(CODE) ? choices_search(ask, attribute, line)
							: 0;
		if (fitting == 1) {
			line = slice_from(ask->listed[0]->code);
			value = value_parse_text(line, attribute, arena, &err);
		} else if (fitting > 1) {
			buffer_format(problem,
					cli_word(ask->cli, "有 %zu 项含“%.*s”，请选择编号：",
							"%zu choices hold \"%.*s\"; choose a "
							"number:"),
					fitting, SLICE_PRINT(line));
			return false;
		}
	}
	if (!value) {
		problem_describe(ask, asked, attribute, line, problem);
		return false;
	}
	words = value_words(ask, value, attribute);
	step->answer = value_print_text(
			value, attribute, ask->cli->style.english ? "en" : "zh", arena);
	return words && step_add_fact(ask, step, fact_name(ask, asked), words);
}

/* "0" or "none of these"; else the numbers of those that apply: the others do not. */
static bool read_group(struct ask *ask, struct slice line, struct ask_step *step,
		struct buffer *problem)
{
	static const char *const none[] = { "0", "以上都没有", "都没有", "没有", "无", "none",
		"none of these", NULL };
	const Policycalc__V1__Question *question = ask->response->question;
	bool *chosen = ARENA_NEW_ARRAY(&ask->cli->arena, bool, question->n_attributes + 1);
	const char *answer = NULL;
	size_t at = 0;

	while (chosen && !is_one_of(line, none) && at < line.size) {
		size_t end = at;
		long number;

		while (end < line.size && isdigit((unsigned char)line.data[end]))
			end++;
		number = number_in((struct slice){ line.data + at, end - at },
				question->n_attributes);
		if (number < 0) {
			buffer_format(problem,
					cli_word(ask->cli,
							"请答编号 1 到 "
							"%zu（可多个，如“1,3”），都没有"
							"请答 0",
							"answer numbers from 1 to %zu, such as "
							"\"1,3\", or 0 for none of these"),
					question->n_attributes);
			return false;
		}
		chosen[number] = true;
		for (at = end; at < line.size && !isdigit((unsigned char)line.data[at]);)
			at++;
	}
	for (size_t i = 0; chosen && i < question->n_attributes; i++) {
		const Policycalc__V1__QuestionAttribute *asked = question->attributes[i];

		if (!step_add_fact(ask, step, fact_name(ask, asked), chosen[i] ? "是" : "否"))
			return false;
		if (chosen[i])
			answer = arena_format(&ask->cli->arena, "%s%s%s", answer ? answer : "",
					answer ? cli_word(ask->cli, "；", "; ") : "",
					word_text(&ask->cli->style, asked->label));
	}
	step->answer = answer ? answer : cli_word(ask->cli, "以上都没有", "none of these");
	return !ask->cli->arena.exhausted;
}

bool ask_read_answer(struct ask *ask, struct slice line, struct ask_step *out_step,
		struct buffer *problem)
{
	const Policycalc__V1__Question *question = ask->response->question;
	const Policycalc__V1__QuestionAttribute *asked = question->attributes[0];

	out_step->facts =
			ARENA_NEW_ARRAY(&ask->cli->arena, const char *, question->n_attributes);
	if (!out_step->facts)
		return problem_say(problem, "out of memory");
	if (question->n_attributes > 1)
		return read_group(ask, line, out_step, problem);
	if (!*asked->name)
		return read_list_size(ask, asked, line, out_step, problem);
	if (asked->type == TYPE(FLAG))
		return read_flag(ask, asked, line, out_step, problem);
	return read_value(ask, asked, line, out_step, problem);
}
