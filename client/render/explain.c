/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/explain.h"

#include "client/render/canvas.h"
#include "client/render/exclusion.h"
#include "client/render/near.h"
#include "client/render/overview.h"
#include "client/render/score.h"
#include "client/render/table.h"

#include <string.h>

bool match_print_table(const Policycalc__V1__MatchResponse *response,
		const struct render_style *style, struct buffer *out)
{
	struct table table = { .columns = 4,
		.headings = { word(style, "结论", "verdict"), word(style, "政策", "policy"),
				word(style, "金额", "amount"), word(style, "编号", "id") },
		.whole = { false, false, false, true } };
	bool ok;

	for (size_t i = 0; i < response->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = response->answers[i];
		struct buffer amount = { 0 };
		const char *cells[4];

		word_amount(style, answer->amount, &amount);
		cells[0] = word_verdict(style, answer->verdict);
		cells[1] = word_text(style, answer->title);
		cells[2] = amount.data;
		cells[3] = answer->policy_id;
		table_add(&table, cells);
		if (amount.failed)
			out->failed = true;
		buffer_fini(&amount);
	}
	ok = table_print(&table, style->width, style->colour, out);
	table_fini(&table);
	return ok && !out->failed;
}

/* One condition; a score table, which a sentence only sums up, with its rows. */
static void condition_print(const struct canvas *canvas, size_t indent,
		const Policycalc__V1__ConditionAnswer *condition, const char *mark)
{
	const char *sentence = word_text(canvas->style, condition->sentence);
	const char *label = word_text(canvas->style, condition->label);

	canvas_line(canvas, indent, mark,
			*sentence ? sentence
			: *label  ? label
				  : condition->id);
	if (condition->score &&
			condition->score->direct_pass !=
					POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_MET &&
			!score_print(condition->score, canvas->style, indent + 2, canvas->out))
		canvas->out->failed = true;
}

static void conditions_print(const struct canvas *canvas, size_t indent,
		Policycalc__V1__ConditionAnswer *const *conditions, size_t count,
		Policycalc__V1__ConditionStatus status, const char *mark)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i]->status == status)
			condition_print(canvas, indent, conditions[i], mark);
}

/* The statuses that explain a verdict, and their mark. */
static Policycalc__V1__ConditionStatus verdict_status(
		Policycalc__V1__Verdict verdict, const char **out_mark)
{
	switch ((int)verdict) {
	case POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE:
		*out_mark = "✗ ";
		return POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET;
	case POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION:
		*out_mark = "? ";
		return POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN;
	case POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW:
		*out_mark = "! ";
		return POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_REVIEW;
	default:
		*out_mark = "✓ ";
		return POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_MET;
	}
}

/*
 * An item's verdict includes the enterprise's conditions, which stand above the items and are not
 * repeated under each: where they alone are the reason, the item says so.
 */
static const char *item_reason(const struct canvas *canvas,
		const Policycalc__V1__ItemAnswer *item, Policycalc__V1__ConditionStatus status)
{
	for (size_t i = 0; i < item->n_conditions; i++)
		if (item->conditions[i]->status == status)
			return "";
	if (item->verdict == POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE)
		return word(canvas->style, "（企业自身条件不符合）",
				" (the enterprise's own conditions fail)");
	if (item->verdict == POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW)
		return word(canvas->style, "（企业自身条件待审核）",
				" (the enterprise's own conditions are judged)");
	return "";
}

/* The items, each with what explains its own verdict: one may fail where another one passes. */
static void items_print(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	for (size_t i = 0; i < answer->n_items; i++) {
		const Policycalc__V1__ItemAnswer *item = answer->items[i];
		const char *mark;
		Policycalc__V1__ConditionStatus status = verdict_status(item->verdict, &mark);
		struct buffer text = { 0 };
		struct buffer amount = { 0 };

		word_amount(canvas->style, item->amount, &amount);
		buffer_format(&text, "%s %s%s%s%s%s%s", word_list(canvas->style, item->list),
				item->id, word(canvas->style, "：", ": "),
				word_verdict(canvas->style, item->verdict),
				item_reason(canvas, item, status),
				amount.size ? word(canvas->style, "，", ", ") : "",
				amount.size ? amount.data : "");
		if (*item->same_as)
			buffer_format(&text,
					word(canvas->style, "（与 %s 相同，只计一次）",
							" (the same as %s, counted once)"),
					item->same_as);
		text.failed = text.failed || amount.failed;
		buffer_fini(&amount);
		if (text.failed)
			canvas->out->failed = true;
		else
			canvas_line(canvas, 4, "▸ ", text.data);
		buffer_fini(&text);
		conditions_print(canvas, 6, item->conditions, item->n_conditions, status, mark);
	}
}

static void heading_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	struct buffer amount = { 0 };
	const char *title = word_text(canvas->style, answer->title);

	word_amount(canvas->style, answer->amount, &amount);
	canvas_colour(canvas, CANVAS_BOLD);
	canvas_line(canvas, 2, "● ", *title ? title : answer->policy_id);
	canvas_colour(canvas, CANVAS_PLAIN);
	if (amount.size)
		canvas_pair(canvas, "", word(canvas->style, "金额：", "amount: "), amount.data);
	if (amount.failed)
		canvas->out->failed = true;
	buffer_fini(&amount);
	if (*answer->policy_id)
		canvas_pair(canvas, "", word(canvas->style, "编号：", "id: "),
				answer->policy_id);
}

/* Where the cap comes from: the document of its figure, or that of the clause. */
static void cap_print(const struct canvas *canvas, const Policycalc__V1__CapAnswer *cap)
{
	const Policycalc__V1__Source *source = NULL;
	struct buffer text = { 0 };

	if (cap)
		source = cap->parameter_source ? cap->parameter_source : cap->source;
	if (!source || !*source->doc)
		return;
	buffer_format(&text, word(canvas->style, "上限依据：《%s》%s", "cap: %s %s"),
			source->doc, source->clause);
	if (text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 4, "", text.data);
	buffer_fini(&text);
}

/* How the amount was computed, or what is needed to compute it. */
static void amount_print(
		const struct canvas *canvas, const Policycalc__V1__AmountAnswer *amount)
{
	bool open = amount &&
		    (amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE ||
				    (amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST &&
						    amount->least_fen == 0));

	if (!amount)
		return;
	if (!open && *word_text(canvas->style, amount->sentence))
		canvas_line(canvas, 4, "", word_text(canvas->style, amount->sentence));
	cap_print(canvas, amount->cap);
	canvas_print_missing(canvas,
			word(canvas->style, "补充后可算出金额：", "would tell the amount: "),
			amount->missing, amount->n_missing);
}

static void departments_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < answer->n_departments; i++)
		buffer_format(&text, "%s%s", i ? word(canvas->style, "、", ", ") : "",
				answer->departments[i]);
	if (text.size)
		canvas_pair(canvas, "", word(canvas->style, "办理部门：", "department: "),
				text.data);
	if (text.failed)
		canvas->out->failed = true;
	buffer_fini(&text);
}

/* A condition that has to be judged says so itself, and says what is to be judged. */
static bool review_is_told(const Policycalc__V1__PolicyAnswer *answer, const char *reason)
{
	for (size_t i = 0; i < answer->n_conditions; i++)
		if (answer->conditions[i]->status ==
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_REVIEW)
			return strcmp(reason, "JUDGEMENT") == 0;
	return false;
}

static void answer_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	const struct render_style *style = canvas->style;

	heading_print(canvas, answer);
	if (answer->verdict != POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE)
		exclusions_print_unchecked(canvas, answer->exclusions, answer->n_exclusions);
	switch (answer->verdict) {
	case POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE:
		amount_print(canvas, answer->amount);
		conditions_print(canvas, 4, answer->conditions, answer->n_conditions,
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_MET, "✓ ");
		items_print(canvas, answer);
		near_print_answer(canvas, answer);
		overview_print_availability(canvas, answer);
		departments_print(canvas, answer);
		break;
	case POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION:
		canvas_print_missing(canvas, word(style, "补充后可定：", "would settle it: "),
				answer->missing, answer->n_missing);
		for (size_t i = 0; i < answer->n_conditions; i++)
			if (answer->conditions[i]->score &&
					answer->conditions[i]->status ==
							POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN)
				condition_print(canvas, 4, answer->conditions[i], "? ");
		overview_print_availability(canvas, answer);
		break;
	case POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW:
		for (size_t i = 0; i < answer->n_review_reasons; i++)
			if (!review_is_told(answer, answer->review_reasons[i]))
				canvas_pair(canvas, "! ", word(style, "待审核：", "review: "),
						word_review_reason(style,
								answer->review_reasons[i]));
		conditions_print(canvas, 4, answer->conditions, answer->n_conditions,
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_REVIEW,
				"! ");
		items_print(canvas, answer);
		overview_print_availability(canvas, answer);
		departments_print(canvas, answer);
		break;
	case POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN:
		if (answer->amount &&
				answer->amount->exactness ==
						POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE)
			canvas_line(canvas, 4, "", word_text(style, answer->amount->sentence));
		overview_print_availability(canvas, answer);
		break;
	case POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE:
		conditions_print(canvas, 4, answer->conditions, answer->n_conditions,
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET,
				"✗ ");
		items_print(canvas, answer);
		near_print_answer(canvas, answer);
		break;
	case POLICYCALC__V1__VERDICT__VERDICT_UNSPECIFIED:
	case _POLICYCALC__V1__VERDICT_IS_INT_SIZE:
	default:
		break;
	}
}

static void section_print(const struct canvas *canvas,
		const Policycalc__V1__MatchResponse *response, Policycalc__V1__Verdict verdict,
		const char *title, const char *colour)
{
	size_t count = 0;

	for (size_t i = 0; i < response->n_answers; i++)
		count += response->answers[i]->verdict == verdict;
	if (count == 0)
		return;
	buffer_append_char(canvas->out, '\n');
	canvas_colour(canvas, colour);
	canvas_colour(canvas, CANVAS_BOLD);
	buffer_format(canvas->out, canvas->style->english ? "%s (%zu)" : "%s（%zu 项）", title,
			count);
	canvas_colour(canvas, CANVAS_PLAIN);
	buffer_append_char(canvas->out, '\n');
	for (size_t i = 0; i < response->n_answers; i++)
		if (response->answers[i]->verdict == verdict)
			answer_print(canvas, response->answers[i]);
}

bool match_print_explanation(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out)
{
	struct canvas canvas = { style, dictionary, out };

	overview_print_head(&canvas, response);
	section_print(&canvas, response, POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
			word(style, "能享受的政策", "Eligible"), CANVAS_GREEN);
	section_print(&canvas, response, POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION,
			word(style, "待确认：还缺信息", "Needs information"), CANVAS_YELLOW);
	section_print(&canvas, response, POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW,
			word(style, "待确认：需要评审或核实", "Needs review"), CANVAS_YELLOW);
	section_print(&canvas, response, POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN,
			word(style, "条件不妨碍，但未开放", "Not open"), CANVAS_DIM);
	section_print(&canvas, response, POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE,
			word(style, "不符合的政策及原因", "Not eligible, and why"), CANVAS_DIM);
	if (response->n_answers == 0)
		buffer_format(out, "\n%s\n",
				word(style, "没有匹配的政策。", "No policy answers."));
	overview_print_foot(&canvas, response);
	return !out->failed;
}
