/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/brief.h"

#include "base/memory.h"
#include "client/render/canvas.h"
#include "client/render/exclusion.h"
#include "client/render/near.h"
#include "client/render/overview.h"

#include <stdlib.h>
#include <string.h>

#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

/* How much of each is told before the rest is only counted. */
#define REASONS_MOST 3	 /* of a policy that one gets */
#define OPEN_MOST 6	 /* policies that wait for facts */
#define NAMES_MOST 3	 /* facts that one of them waits for */
#define QUESTIONS_MOST 6 /* facts that most of them wait for */
#define JUDGED_MOST 5
#define CLOSED_MOST 5
#define FAILED_MOST 8

static const char region_condition[] = "region";

/* Prints @text as a line and forgets it. */
static void line_finish(const struct canvas *canvas, size_t indent, const char *mark,
		struct buffer *text)
{
	if (text->failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, indent, mark, text->size ? text->data : "");
	buffer_fini(text);
}

/* "● 政策：最高500万元" */
static void policy_print(const struct canvas *canvas,
		const Policycalc__V1__PolicyAnswer *answer, bool amounts)
{
	const char *title = word_text(canvas->style, answer->title);
	struct buffer amount = { 0 };
	struct buffer text = { 0 };

	if (amounts)
		word_amount(canvas->style, answer->amount, &amount);
	buffer_append_text(&text, *title ? title : answer->policy_id);
	if (amount.size)
		buffer_format(&text, "%s%s", word(canvas->style, "：", ": "), amount.data);
	text.failed |= amount.failed;
	buffer_fini(&amount);
	line_finish(canvas, 2, "● ", &text);
}

static void more_print(const struct canvas *canvas, size_t indent, size_t count, const char *zh,
		const char *en)
{
	struct buffer text = { 0 };

	if (count == 0)
		return;
	buffer_format(&text, word(canvas->style, zh, en), count);
	line_finish(canvas, indent, "", &text);
}

/* --- what one gets ---------------------------------------------------------------------------- */

/* A figure that is compared with a stated threshold says more than a flag does. */
static bool has_figure(const Policycalc__V1__ConditionAnswer *condition)
{
	for (size_t i = 0; i < condition->n_reasons; i++)
		if (*condition->reasons[i]->parameter)
			return true;
	return condition->score != NULL;
}

/* The conditions that are met: those with figures first; counts what it told and what there is. */
static void met_print(const struct canvas *canvas,
		Policycalc__V1__ConditionAnswer *const *conditions, size_t count, size_t *told,
		size_t *all)
{
	for (size_t i = 0; i < count; i++)
		*all += conditions[i]->status == STATUS(MET);
	for (int figures = 1; figures >= 0; figures--) {
		for (size_t i = 0; i < count && *told < REASONS_MOST; i++) {
			if (conditions[i]->status != STATUS(MET) ||
					has_figure(conditions[i]) != figures)
				continue;
			canvas_line(canvas, 4, "✓ ",
					word_text(canvas->style, conditions[i]->sentence));
			(*told)++;
		}
	}
}

static void items_print(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer,
		size_t *told, size_t *all)
{
	for (size_t i = 0; i < answer->n_items; i++) {
		const Policycalc__V1__ItemAnswer *item = answer->items[i];
		struct buffer text = { 0 };

		buffer_format(&text, "%s %s%s%s", word_list(canvas->style, item->list),
				item->id, word(canvas->style, "：", ": "),
				word_verdict(canvas->style, item->verdict));
		line_finish(canvas, 4, "▸ ", &text);
		if (item->verdict == VERDICT(ELIGIBLE))
			met_print(canvas, item->conditions, item->n_conditions, told, all);
	}
}

static void eligible_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	size_t told = 0;
	size_t all = 0;
	struct buffer departments = { 0 };

	policy_print(canvas, answer, true);
	if (answer->amount && *word_text(canvas->style, answer->amount->sentence))
		canvas_line(canvas, 4, "", word_text(canvas->style, answer->amount->sentence));
	if (answer->amount)
		canvas_print_missing(canvas,
				word(canvas->style, "补充后可算出金额：",
						"would tell the amount: "),
				answer->amount->missing, answer->amount->n_missing);
	items_print(canvas, answer, &told, &all);
	met_print(canvas, answer->conditions, answer->n_conditions, &told, &all);
	more_print(canvas, 4, all - told, "另有 %zu 项条件也符合",
			"conditions met besides: %zu");
	near_print_answer(canvas, answer);
	exclusions_print_unchecked(canvas, answer->exclusions, answer->n_exclusions);
	overview_print_availability(canvas, answer);
	for (size_t i = 0; i < answer->n_departments; i++)
		buffer_format(&departments, "%s%s",
				i ? word(canvas->style, "、", ", ")
				  : word(canvas->style, "办理部门：", "department: "),
				answer->departments[i]);
	if (departments.size)
		line_finish(canvas, 4, "", &departments);
	else
		buffer_fini(&departments);
}

/* --- what is open ----------------------------------------------------------------------------- */

/* One fact that policies wait for. */
struct question {
	const char *name;
	size_t waiting; /* policies that wait for it */
	size_t alone;	/* those that wait for nothing else */
};

static int question_compare(const void *a, const void *b)
{
	const struct question *left = a;
	const struct question *right = b;

	if (left->alone != right->alone)
		return left->alone > right->alone ? -1 : 1;
	if (left->waiting != right->waiting)
		return left->waiting > right->waiting ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void questions_gather(const Policycalc__V1__MatchResponse *response,
		struct question *questions, size_t *count)
{
	for (size_t i = 0; i < response->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = response->answers[i];

		if (answer->verdict != VERDICT(NEEDS_INFORMATION))
			continue;
		for (size_t k = 0; k < answer->n_missing; k++) {
			size_t at = 0;

			while (at < *count && strcmp(questions[at].name, answer->missing[k]))
				at++;
			if (at == *count)
				questions[(*count)++] =
						(struct question){ answer->missing[k], 0, 0 };
			questions[at].waiting++;
			questions[at].alone += answer->n_missing == 1;
		}
	}
}

static void questions_print(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	size_t most = 0;
	size_t count = 0;
	struct question *questions;

	for (size_t i = 0; i < response->n_answers; i++)
		most += response->answers[i]->n_missing;
	questions = memory_alloc_zero(most + 1, sizeof(*questions));
	if (!questions) {
		canvas->out->failed = true;
		return;
	}
	questions_gather(response, questions, &count);
	if (count)
		qsort(questions, count, sizeof(*questions), question_compare);
	if (count)
		canvas_line(canvas, 2, "",
				word(canvas->style, "先补充这些，能确定的最多：",
						"Tell these first, they settle most:"));
	for (size_t i = 0; i < count && i < QUESTIONS_MOST; i++) {
		struct buffer text = { 0 };

		canvas_append_attribute(canvas, questions[i].name, &text);
		buffer_format(&text,
				word(canvas->style, "：%zu 项政策用到，%zu 项只缺它",
						": policies waiting %zu, for this alone %zu"),
				questions[i].waiting, questions[i].alone);
		line_finish(canvas, 2, "? ", &text);
	}
	more_print(canvas, 4, count > QUESTIONS_MOST ? count - QUESTIONS_MOST : 0,
			"另有 %zu 项信息", "other facts: %zu");
	memory_free(questions);
}

static void open_print(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	struct buffer text = { 0 };

	policy_print(canvas, answer, true);
	for (size_t i = 0; i < answer->n_missing && i < NAMES_MOST; i++) {
		buffer_append_text(&text, i ? word(canvas->style, "、", ", ")
					    : word(canvas->style, "缺：", "missing: "));
		canvas_append_label(canvas, answer->missing[i], &text);
	}
	if (answer->n_missing > NAMES_MOST)
		buffer_format(&text, word(canvas->style, " 等 %zu 项", " and more, %zu in all"),
				answer->n_missing);
	line_finish(canvas, 4, "? ", &text);
}

/* --- what is judged, not open, or fails ------------------------------------------------------- */

static void judged_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	policy_print(canvas, answer, true);
	exclusions_print_unchecked(canvas, answer->exclusions, answer->n_exclusions);
	for (size_t i = 0; i < answer->n_conditions; i++) {
		if (answer->conditions[i]->status == STATUS(REVIEW) ||
				answer->conditions[i]->status == STATUS(ERROR)) {
			canvas_line(canvas, 4, "! ",
					word_text(canvas->style,
							answer->conditions[i]->sentence));
			return;
		}
	}
	if (answer->n_review_reasons)
		canvas_line(canvas, 4, "! ",
				word_review_reason(canvas->style, answer->review_reasons[0]));
}

static void closed_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	policy_print(canvas, answer, false);
	overview_print_availability(canvas, answer);
}

static const Policycalc__V1__ConditionAnswer *failed_find(
		Policycalc__V1__ConditionAnswer *const *conditions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i]->status == STATUS(NOT_MET))
			return conditions[i];
	return NULL;
}

static const char *condition_words(
		const struct canvas *canvas, const Policycalc__V1__ConditionAnswer *condition)
{
	const char *sentence = word_text(canvas->style, condition->sentence);
	const char *label = word_text(canvas->style, condition->label);

	return *sentence ? sentence : *label ? label : condition->id;
}

/* The first reason that settles it; of items the first one's, when the enterprise itself fits. */
static void failed_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__ConditionAnswer *failed =
			failed_find(answer->conditions, answer->n_conditions);
	struct buffer text = { 0 };

	policy_print(canvas, answer, false);
	for (size_t i = 0; !failed && i < answer->n_items; i++) {
		failed = failed_find(
				answer->items[i]->conditions, answer->items[i]->n_conditions);
		if (failed)
			buffer_format(&text, "%s %s%s",
					word_list(canvas->style, answer->items[i]->list),
					answer->items[i]->id, word(canvas->style, "：", ": "));
	}
	buffer_append_text(&text, failed ? condition_words(canvas, failed)
					 : word_text(canvas->style, answer->settled_sentence));
	if (answer->n_settled_by > 1)
		buffer_format(&text,
				word(canvas->style, "（另有 %zu 项也不符合）",
						" (and %zu more not met)"),
				answer->n_settled_by - 1);
	line_finish(canvas, 4, "✗ ", &text);
	near_print_answer(canvas, answer);
}

/* --- sections --------------------------------------------------------------------------------- */

struct section {
	Policycalc__V1__Verdict verdict;
	const char *zh, *en, *colour;
	size_t most;
	void (*print)(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer);
};

static const struct section sections[] = {
	{ VERDICT(ELIGIBLE), "能享受的政策", "Eligible", CANVAS_GREEN, SIZE_MAX,
			eligible_print },
	{ VERDICT(NEEDS_INFORMATION), "还缺信息，尚不能确定", "Needs information",
			CANVAS_YELLOW, OPEN_MOST, open_print },
	{ VERDICT(NEEDS_REVIEW), "需要评审或核实", "Needs review", CANVAS_YELLOW, JUDGED_MOST,
			judged_print },
	{ VERDICT(NOT_OPEN), "条件不妨碍，但未开放", "Not open", CANVAS_DIM, CLOSED_MOST,
			closed_print },
	{ VERDICT(INELIGIBLE), "不符合的政策及原因", "Not eligible, and why", CANVAS_DIM,
			FAILED_MOST, failed_print },
};

/* Policies of other places are only counted: that they fail helps nobody. */
static bool is_elsewhere(const Policycalc__V1__PolicyAnswer *answer)
{
	return answer->verdict == VERDICT(INELIGIBLE) && answer->n_settled_by &&
	       strcmp(answer->settled_by[0], region_condition) == 0;
}

static void section_print(const struct canvas *canvas,
		const Policycalc__V1__MatchResponse *response, const struct section *section)
{
	size_t count = 0;
	size_t elsewhere = 0;
	size_t told = 0;

	for (size_t i = 0; i < response->n_answers; i++) {
		count += response->answers[i]->verdict == section->verdict;
		elsewhere += response->answers[i]->verdict == section->verdict &&
			     is_elsewhere(response->answers[i]);
	}
	if (count == 0)
		return;
	buffer_append_char(canvas->out, '\n');
	canvas_colour(canvas, section->colour);
	canvas_colour(canvas, CANVAS_BOLD);
	buffer_format(canvas->out, word(canvas->style, "%s（%zu 项）", "%s (%zu)"),
			word(canvas->style, section->zh, section->en), count);
	canvas_colour(canvas, CANVAS_PLAIN);
	buffer_append_char(canvas->out, '\n');
	if (section->verdict == VERDICT(NEEDS_INFORMATION))
		questions_print(canvas, response);
	for (size_t i = 0; i < response->n_answers && told < section->most; i++) {
		if (response->answers[i]->verdict != section->verdict ||
				is_elsewhere(response->answers[i]))
			continue;
		section->print(canvas, response->answers[i]);
		told++;
	}
	more_print(canvas, 2, count - told - elsewhere, "另有 %zu 项", "others: %zu");
	more_print(canvas, 2, elsewhere, "另有 %zu 项限其他地区",
			"for other regions only: %zu");
}

bool match_print_brief(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out)
{
	struct canvas canvas = { style, dictionary, out };

	overview_print_head(&canvas, response);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		section_print(&canvas, response, &sections[i]);
	if (response->n_answers == 0)
		canvas_line(&canvas, 0, "",
				word(style, "没有匹配的政策。", "No policy answers."));
	overview_print_foot(&canvas, response);
	canvas_line(&canvas, 0, "",
			word(style,
					"全部政策和逐项条件：加 --all；只看一项：加 --policy "
					"编号。",
					"Every policy and condition: --all; one of them: "
					"--policy ID."));
	return !out->failed;
}
