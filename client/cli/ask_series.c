/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures by period in one line: "1月 120，2月 130 …", "2025-01:120,…", or the bare figures in the order
 * of the periods asked for.
 *
 * What was told before stays: the new figures are laid over it.
 */
#include "client/cli/ask.h"
#include "client/cli/value_form.h"
#include "proto/codec/value_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIGURES_MOST 1000

/* One part of the line: its period as it was written, and its figure. */
struct figure {
	struct slice period; /* empty: none is written */
	struct slice text;
};

struct line {
	const Policycalc__V1__QuestionAttribute *asked;
	struct figure *figures;
	size_t count;
	const char **periods; /* by figure, as "2025-01" */
};

/* --- cutting ---------------------------------------------------------------------------------- */

static const char *const separators[] = { ",", "，", "、", ";", "；", "\t" };

static size_t separator_size(struct slice rest)
{
	for (size_t i = 0; i < sizeof(separators) / sizeof(*separators); i++) {
		if (slice_starts_with(rest, slice_from(separators[i])))
			return strlen(separators[i]);
	}
	return 0;
}

static struct slice trimmed(struct slice text)
{
	while (text.size && isspace((unsigned char)*text.data))
		text = (struct slice){ text.data + 1, text.size - 1 };
	while (text.size && isspace((unsigned char)text.data[text.size - 1]))
		text.size--;
	return text;
}

/* The number at the front, taken off @rest; -1: there is none. */
static long number_read(struct slice *rest)
{
	long number = -1;

	while (rest->size && isdigit((unsigned char)*rest->data) && number < 100000) {
		number = (number < 0 ? 0 : number) * 10 + (*rest->data - '0');
		*rest = (struct slice){ rest->data + 1, rest->size - 1 };
	}
	return number;
}

static bool word_take(struct slice *rest, const char *word)
{
	if (!slice_starts_with(*rest, slice_from(word)))
		return false;
	*rest = (struct slice){ rest->data + strlen(word), rest->size - strlen(word) };
	return true;
}

/*
 * How long the period at the front of @part is, and with what sets it off from the figure: "3月",
 * "2025年3月", "2025-03:", "2025Q1=", "2024 ". 0: there is none.
 */
static size_t period_size(struct slice part, size_t *out_whole)
{
	struct slice rest = part;
	bool is_year, is_worded, is_set_off;
	size_t size;

	if (number_read(&rest) < 0)
		return 0;
	is_year = rest.data - part.data == 4;
	is_worded = word_take(&rest, "月") || word_take(&rest, "季度");
	if (is_year && !is_worded) {
		is_worded = word_take(&rest, "年");
		if (is_worded || word_take(&rest, "-") || word_take(&rest, "Q") ||
				word_take(&rest, "."))
			(void)number_read(&rest);
		is_worded |= word_take(&rest, "月") || word_take(&rest, "季度");
	}
	size = (size_t)(rest.data - part.data);
	is_set_off = word_take(&rest, ":") || word_take(&rest, "：") || word_take(&rest, "=");
	if (!is_set_off && is_year && word_take(&rest, " "))
		is_set_off = rest.size &&
			     (isdigit((unsigned char)*rest.data) || *rest.data == '-');
	*out_whole = (size_t)(rest.data - part.data);
	return is_set_off || is_worded ? size : 0;
}

static void part_add(struct line *line, struct slice part)
{
	struct figure *figure = &line->figures[line->count];
	size_t whole = 0;
	size_t size;

	part = trimmed(part);
	if (part.size == 0 || line->count == FIGURES_MOST)
		return;
	size = period_size(part, &whole);
	figure->period = (struct slice){ part.data, size };
	figure->text = part;
	if (size)
		figure->text = trimmed((struct slice){ part.data + whole, part.size - whole });
	line->count++;
}

/* At commas; where there are none, at blanks between bare figures. */
static void line_cut(struct line *line, struct slice text)
{
	bool at_blanks = true;
	size_t begin = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (separator_size((struct slice){ text.data + i, text.size - i }))
			at_blanks = false;
	}
	for (size_t i = 0; i < text.size && at_blanks; i++)
		at_blanks = isdigit((unsigned char)text.data[i]) || text.data[i] == '.' ||
			    text.data[i] == '-' || isspace((unsigned char)text.data[i]);
	for (size_t i = 0; i <= text.size;) {
		struct slice rest = { text.data + i, text.size - i };
		size_t size = rest.size == 0 ? 1 : separator_size(rest);

		if (rest.size && at_blanks && isspace((unsigned char)*rest.data))
			size = 1;
		if (size) {
			part_add(line, (struct slice){ text.data + begin, i - begin });
			begin = i + size;
		}
		i += size ? size : 1;
	}
}

/* --- periods ---------------------------------------------------------------------------------- */

/* Whether @written means @period: "2025-01", "2025年1月", "1月", "2025Q1", "一季度" is not taken. */
static bool period_is(struct slice written, const char *period)
{
	struct slice rest = written;
	long year, part = 0, wanted_part = 0;
	bool quarter = period[4] == 'Q';

	if (slice_equals_text(written, period))
		return true;
	if (period[4])
		wanted_part = strtol(period + 5, NULL, 10);
	year = number_read(&rest);
	if (word_take(&rest, quarter ? "季度" : "月"))
		return rest.size == 0 && year == wanted_part;
	if (year != strtol(period, NULL, 10))
		return false;
	(void)(word_take(&rest, "年") || word_take(&rest, "-") || word_take(&rest, "Q") ||
			word_take(&rest, "."));
	if (rest.size == 0)
		return !period[4];
	part = number_read(&rest);
	(void)word_take(&rest, quarter ? "季度" : "月");
	return rest.size == 0 && part == wanted_part;
}

/* The period asked for that the @index-th part means; those without a year follow the one before. */
static const char *period_find(const struct line *line, size_t index)
{
	const Policycalc__V1__QuestionAttribute *asked = line->asked;
	size_t from = 0;

	for (size_t i = 0; index > 0 && i < asked->n_periods; i++) {
		if (strcmp(asked->periods[i], line->periods[index - 1]) == 0)
			from = i + 1;
	}
	for (size_t k = 0; k < asked->n_periods; k++) {
		size_t i = (from + k) % asked->n_periods;

		if (period_is(line->figures[index].period, asked->periods[i]))
			return asked->periods[i];
	}
	return NULL;
}

static bool periods_find(struct ask *ask, struct line *line, struct buffer *problem)
{
	const Policycalc__V1__QuestionAttribute *asked = line->asked;
	size_t named = 0;

	for (size_t i = 0; i < line->count; i++)
		named += line->figures[i].period.size > 0;
	if (named == 0 && line->count != asked->n_periods) {
		buffer_format(problem,
				cli_word(ask->cli, "要 %zu 个数（%s 至 %s），给出的是 %zu 个",
						"%zu figures are wanted (%s to %s), %zu are "
						"given"),
				asked->n_periods, asked->periods[0],
				asked->periods[asked->n_periods - 1], line->count);
		return false;
	}
	for (size_t i = 0; i < line->count; i++) {
		line->periods[i] = named ? period_find(line, i) : asked->periods[i];
		if (line->periods[i])
			continue;
		buffer_format(problem,
				cli_word(ask->cli, "“%.*s”不是 %s 至 %s 之间的一期",
						"\"%.*s\" is no period from %s to %s"),
				SLICE_PRINT(line->figures[i].period.size
								? line->figures[i].period
								: line->figures[i].text),
				asked->periods[0], asked->periods[asked->n_periods - 1]);
		return false;
	}
	return true;
}

/* --- together --------------------------------------------------------------------------------- */

/* What the profile of the last question holds of the attribute, or NULL. */
static const Policycalc__V1__Value *told_value(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked)
{
	const Policycalc__V1__Profile *profile = ask->profile;
	Policycalc__V1__AttributeValue **list = profile->attributes;
	size_t count = profile->n_attributes;

	for (size_t i = 0; *asked->item_id && i < profile->n_items; i++) {
		if (strcmp(profile->items[i]->list, asked->item_list) != 0 ||
				strcmp(profile->items[i]->id, asked->item_id) != 0)
			continue;
		list = profile->items[i]->attributes;
		count = profile->items[i]->n_attributes;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i]->name, asked->name) == 0)
			return list[i]->value;
	}
	return NULL;
}

/* The figure that was told before of a period, or NULL. */
static const char *told_figure(const struct ask *ask, const Policycalc__V1__Value *told,
		const Policycalc__V1__Attribute *attribute, const char *period)
{
	const Policycalc__V1__Series *series = told ? value_series(told) : NULL;

	for (size_t i = 0; series && i < series->n_points; i++) {
		Policycalc__V1__Series one = *series;
		Policycalc__V1__Value value = *told;
		const char *text;

		if (strcmp(series->points[i]->period, period) != 0)
			continue;
		one.points = &series->points[i];
		one.n_points = 1;
		value.money_series = &one; /* whatever the kind: it is one pointer */
		text = value_print_text(&value, attribute, "zh", &ask->cli->arena);
		return text ? text + strlen(period) + 1 : NULL;
	}
	return NULL;
}

/* Says which figure cannot be read, and how one is written. */
static bool figures_check(struct ask *ask, const struct line *line,
		const Policycalc__V1__Attribute *attribute, struct buffer *problem)
{
	bool money = attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES;
	bool ratio = attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES;

	for (size_t i = 0; i < line->count; i++) {
		const char *text = arena_format(&ask->cli->arena, "%s:%.*s", line->periods[i],
				SLICE_PRINT(line->figures[i].text));
		struct error err = { 0 };
		const char *more;
		struct slice shown;

		if (text && value_parse_text(slice_from(text), attribute, &ask->cli->arena,
					    &err))
			continue;
		shown = ask_quote(line->figures[i].text, &more);
		buffer_format(problem,
				cli_word(ask->cli, "%s 的“%.*s%s”不合要求：",
						"%s: \"%.*s%s\" will not do: "),
				line->periods[i], SLICE_PRINT(shown), more);
		buffer_append_text(problem,
				value_form(ask->cli->style.english,
						money ? POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY
						: ratio ? POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO
							: POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT,
						false));
		return false;
	}
	return true;
}

/* The figures asked for, in order: as written, or as told before; NULL with what lacks in @problem. */
static const char *figures_join(struct ask *ask, const struct line *line,
		const Policycalc__V1__Attribute *attribute, struct buffer *problem)
{
	const Policycalc__V1__QuestionAttribute *asked = line->asked;
	const Policycalc__V1__Value *told = told_value(ask, asked);
	struct arena *arena = &ask->cli->arena;
	const char *text = "";
	size_t lacking = 0;

	for (size_t i = 0; text && i < asked->n_periods; i++) {
		const char *figure = NULL;

		for (size_t k = 0; k < line->count; k++) {
			if (strcmp(line->periods[k], asked->periods[i]) == 0)
				figure = arena_format(arena, "%.*s",
						SLICE_PRINT(line->figures[k].text));
		}
		if (!figure)
			figure = told_figure(ask, told, attribute, asked->periods[i]);
		if (figure) {
			text = arena_format(arena, "%s%s%s:%s", text, *text ? "," : "",
					asked->periods[i], figure);
			continue;
		}
		if (lacking++ < 6)
			buffer_format(problem, "%s%s",
					lacking > 1 ? cli_word(ask->cli, "、", ", ")
						    : cli_word(ask->cli, "还缺 ", "missing: "),
					asked->periods[i]);
	}
	if (!lacking)
		return text;
	if (lacking > 6)
		buffer_format(problem, cli_word(ask->cli, " 等 %zu 期", " … (%zu periods)"),
				lacking);
	buffer_append_text(problem,
			cli_word(ask->cli, "；不清楚请答“不知道”", "; skip if you don't know"));
	return NULL;
}

const char *ask_series_text(struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		const Policycalc__V1__Attribute *attribute, struct slice written,
		struct buffer *problem)
{
	struct line line = { .asked = asked };

	line.figures = ARENA_NEW_ARRAY(&ask->cli->arena, struct figure, FIGURES_MOST);
	line.periods = ARENA_NEW_ARRAY(&ask->cli->arena, const char *, FIGURES_MOST);
	if (!line.figures || !line.periods)
		return NULL;
	line_cut(&line, written);
	if (!periods_find(ask, &line, problem) ||
			!figures_check(ask, &line, attribute, problem))
		return NULL;
	return figures_join(ask, &line, attribute, problem);
}

const char *ask_series_form(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked)
{
	static const char *const figures[][2] = { { "125000", "13万" },
		{ "12.5万元", "13万元" }, { "12%", "13%" } };
	int type = asked->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES	? 1
		   : asked->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES ? 2
											: 0;
	const char *first = asked->periods[0];
	const char *last = asked->periods[asked->n_periods - 1];

	if (ask->cli->style.english)
		return arena_format(&ask->cli->arena,
				"the %zu figures from %s to %s in one line with commas "
				"between: "
				"%s,%s,…; or with their periods: %s:%s,…",
				asked->n_periods, first, last, figures[type][0],
				figures[type][1], first, figures[type][0]);
	return arena_format(&ask->cli->arena,
			"%s 至 %s 共 %zu "
			"个数，一行写完，用逗号分开：%s,%s,…；也可写明期数：%s:%s,…",
			first, last, asked->n_periods, figures[type][0], figures[type][1],
			first, figures[type][0]);
}
