/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/score.h"

#include "client/render/table.h"
#include "client/render/text.h"

#include <string.h>

#define COLUMNS 5

typedef Policycalc__V1__ScoreRowAnswer row_answer;
typedef Policycalc__V1__ScoreMetricAnswer metric_answer;

static void points_append(struct buffer *out, int64_t least, int64_t most)
{
	if (least == most)
		buffer_format(out, "%lld", (long long)least);
	else
		buffer_format(out, "%lld～%lld", (long long)least, (long long)most);
}

/* The alternative that is shown: the one that counts, or the first that something is known of. */
static const metric_answer *metric_shown(const row_answer *row)
{
	for (size_t i = 0; i < row->n_alternatives; i++)
		if (row->alternatives[i]->counted)
			return row->alternatives[i];
	for (size_t i = 0; i < row->n_alternatives; i++)
		if (row->alternatives[i]->observed)
			return row->alternatives[i];
	return NULL;
}

/* What the firm has; of several alternatives also which of them it is. */
static void observed_append(
		const struct render_style *style, const row_answer *row, struct buffer *out)
{
	const metric_answer *metric = metric_shown(row);

	if (metric && metric->observed && row->n_alternatives > 1)
		buffer_format(out, "%s ", word_text(style, metric->label));
	if (metric && metric->observed)
		buffer_append_text(out, word_text(style, metric->observed));
	else if (row->state == POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_KNOWN)
		buffer_append_text(out, metric ? word_text(style, metric->label) : "");
	else
		buffer_append_text(out, word(style, "未知", "unknown"));
}

/* The nearest step with the most to gain for a known row; of others why they are open. */
static void step_append(
		const struct render_style *style, const row_answer *row, struct buffer *out)
{
	const metric_answer *metric = metric_shown(row);
	const Policycalc__V1__ScoreStepAnswer *next = metric ? metric->next : NULL;

	switch ((int)row->state) {
	case POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_OPEN:
		buffer_append_text(out, word(style, "待补充", "to be told"));
		break;
	case POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_NEEDLESS:
		buffer_append_text(out, word(style, "不影响结果", "irrelevant"));
		break;
	case POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_JUDGED:
		buffer_append_text(out, word(style, "须人工评定", "people judge"));
		break;
	case POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_NOT_IN_SOURCES:
		buffer_append_text(out, word(style, "来源未载明", "not in sources"));
		break;
	case POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_ERROR:
		buffer_append_text(out, word(style, "规则出错", "a rule failed"));
		break;
	default:
		if (next)
			buffer_format(out, word(style, "%s 加 %lld 分", "%s: +%lld"),
					word_text(style, next->required),
					(long long)next->more);
	}
}

static const char *status_word(
		const struct render_style *style, Policycalc__V1__ConditionStatus status)
{
	switch ((int)status) {
	case POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_MET:
		return word(style, "符合", "met");
	case POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET:
		return word(style, "不符合", "not met");
	case POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN:
		return word(style, "待补充", "to be told");
	default:
		return word(style, "须人工核实", "people judge");
	}
}

static void cells_add(struct table *table, const char *label, struct buffer *cells)
{
	const char *texts[COLUMNS] = { label };

	for (size_t i = 1; i < COLUMNS; i++) {
		texts[i] = cells[i].size ? cells[i].data : "";
		table->cells.failed = table->cells.failed || cells[i].failed;
	}
	table_add(table, texts);
	for (size_t i = 1; i < COLUMNS; i++)
		buffer_fini(&cells[i]);
}

/* A sum and its threshold. */
static void sum_add(struct table *table, const struct render_style *style, const char *label,
		const int64_t *limit, int64_t least, int64_t most, int64_t full,
		const char *standing)
{
	struct buffer cells[COLUMNS] = { 0 };

	if (limit)
		buffer_format(&cells[1], word(style, "不低于 %lld 分", "at least %lld"),
				(long long)*limit);
	points_append(&cells[2], least, most);
	buffer_format(&cells[3], "%lld", (long long)full);
	buffer_append_text(&cells[4], standing);
	cells_add(table, label, cells);
}

static void groups_add(struct table *table, const struct render_style *style,
		const Policycalc__V1__ScoreAnswer *score)
{
	for (size_t i = 0; i < score->n_groups; i++) {
		const Policycalc__V1__ScoreGroupAnswer *group = score->groups[i];
		bool has_floor = group->_floor_case ==
				 POLICYCALC__V1__SCORE_GROUP_ANSWER___FLOOR_FLOOR;
		struct buffer label = { 0 };

		buffer_format(&label, word(style, "小计 %s", "of %s"),
				word_text(style, group->label));
		sum_add(table, style, label.failed ? "" : label.data,
				has_floor ? &group->floor : NULL, group->least, group->most,
				group->full, status_word(style, group->status));
		table->cells.failed = table->cells.failed || label.failed;
		buffer_fini(&label);
	}
}

/* The table's lines, each behind @indent spaces. */
static void lines_append(const struct buffer *lines, size_t indent, struct buffer *out)
{
	const char *at = lines->data;

	while (at && *at) {
		size_t size = strcspn(at, "\n");

		text_append_spaces(out, indent);
		buffer_append(out, at, size);
		buffer_append_char(out, '\n');
		at += size + (at[size] == '\n');
	}
}

static void vetoes_append(const Policycalc__V1__ScoreAnswer *score,
		const struct render_style *style, size_t indent, struct buffer *out)
{
	for (size_t i = 0; i < score->n_vetoes; i++) {
		size_t width = style->width > indent + 20 ? style->width - indent - 2 : 20;
		struct buffer text = { 0 };

		buffer_format(&text, "%s%s%s", word_text(style, score->vetoes[i]->label),
				word(style, "：", ": "),
				status_word(style, score->vetoes[i]->status));
		text_append_spaces(out, indent);
		text_append_wrapped(
				out, slice_from(text.failed ? "" : text.data), width, indent);
		buffer_append_char(out, '\n');
		out->failed = out->failed || text.failed;
		buffer_fini(&text);
	}
}

bool score_print(const Policycalc__V1__ScoreAnswer *score, const struct render_style *style,
		size_t indent, struct buffer *out)
{
	bool has_pass = score->_pass_case == POLICYCALC__V1__SCORE_ANSWER___PASS_PASS;
	struct table table = { .columns = COLUMNS,
		.headings = { word(style, "指标", "row"), word(style, "现状", "the firm has"),
				word(style, "得分", "points"), word(style, "满分", "full"),
				word(style, "下一档", "next step") },
		.right = { false, false, true, true, false },
		.whole = { false, false, true, true, false } };
	struct buffer lines = { 0 };

	for (size_t i = 0; i < score->n_rows; i++) {
		const row_answer *row = score->rows[i];
		struct buffer cells[COLUMNS] = { 0 };

		observed_append(style, row, &cells[1]);
		points_append(&cells[2], row->least, row->most);
		buffer_format(&cells[3], "%lld", (long long)row->full);
		step_append(style, row, &cells[4]);
		cells_add(&table, word_text(style, row->label), cells);
	}
	groups_add(&table, style, score);
	sum_add(&table, style, word(style, "合计", "total"), has_pass ? &score->pass : NULL,
			score->least, score->most, score->full,
			status_word(style, score->status));
	if (!table_print(&table, style->width > indent + 20 ? style->width - indent : 20,
			    style->colour, &lines) ||
			lines.failed)
		out->failed = true;
	else
		lines_append(&lines, indent, out);
	buffer_fini(&lines);
	table_fini(&table);
	vetoes_append(score, style, indent, out);
	return !out->failed;
}
