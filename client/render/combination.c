/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/combination.h"

#include "client/render/exclusion.h"

#include "client/render/canvas.h"
#include "client/render/text.h"
#include "proto/codec/codec.h"

#include <string.h>

typedef Policycalc__V1__CombinationChoice choice_message;
typedef Policycalc__V1__CombinationUnit unit_message;
typedef Policycalc__V1__CombinationReason reason_message;

/* A line of its own, wrapped; what follows begins under the text. */
static void canvas_text(const struct canvas *canvas, size_t indent, const char *mark,
		const struct buffer *text)
{
	if (text->failed)
		canvas->out->failed = true;
	else if (text->data)
		canvas_line(canvas, indent, mark, text->data);
}

static void heading_print(const struct canvas *canvas, const char *zh, const char *en)
{
	if (canvas->out->size)
		buffer_append_char(canvas->out, '\n');
	canvas_colour(canvas, CANVAS_BOLD);
	canvas_line(canvas, 0, "", word(canvas->style, zh, en));
	canvas_colour(canvas, CANVAS_PLAIN);
}

static void money_append(const struct canvas *canvas, int64_t fen, struct buffer *out)
{
	char text[WORD_MONEY_SIZE];

	word_money(canvas->style, fen, text);
	buffer_append_text(out, text);
}

/* What a service left out is empty, not a crash. */
static const Policycalc__V1__CombinationUnit *unit_or_empty(
		const Policycalc__V1__CombinationUnit *unit)
{
	static const Policycalc__V1__CombinationUnit empty =
			POLICYCALC__V1__COMBINATION_UNIT__INIT;

	return unit ? unit : &empty;
}

static const choice_message *choice_or_empty(const choice_message *choice)
{
	static const choice_message empty = POLICYCALC__V1__COMBINATION_CHOICE__INIT;

	return choice ? choice : &empty;
}

/* "中小微企业贷款贴息（a）": the title, and the item behind it. */
static void unit_append(
		const struct canvas *canvas, const unit_message *unit, struct buffer *out)
{
	const char *title = word_text(canvas->style, unit->title);

	buffer_append_text(out, *title ? title : unit->policy_id);
	if (*unit->item_id)
		buffer_format(out, "%s%s%s", word(canvas->style, "（", " ("), unit->item_id,
				word(canvas->style, "）", ")"));
}

/* --- one choice ------------------------------------------------------------------------------- */

/* "  186万元  title（item）", and below it the id, with what it is worth in all when that is more. */
static void chosen_line(const struct canvas *canvas,
		const Policycalc__V1__CombinationChosen *chosen, size_t width)
{
	const Policycalc__V1__CombinationUnit *unit = unit_or_empty(chosen->unit);
	struct buffer mark = { 0 }, text = { 0 };
	char year[WORD_MONEY_SIZE];

	word_money(canvas->style, chosen->counted_fen, year);
	text_append_spaces(&mark, width - text_width(slice_from(year)));
	buffer_format(&mark, "%s  ", year);
	unit_append(canvas, unit, &text);
	if (mark.failed || text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 2, mark.data, text.data);
	buffer_clear(&text);
	buffer_append_text(&text, unit->policy_id);
	if (chosen->whole_term_fen != chosen->counted_fen) {
		buffer_append_text(&text, word(canvas->style, "　全期 ", "  whole term "));
		money_append(canvas, chosen->whole_term_fen, &text);
	}
	canvas_text(canvas, width + 4, "", &text);
	buffer_fini(&text);
	buffer_fini(&mark);
}

static void chosen_print(const struct canvas *canvas, const choice_message *choice)
{
	char year[WORD_MONEY_SIZE];
	size_t width = 0;

	for (size_t i = 0; i < choice->n_chosen; i++) {
		word_money(canvas->style, choice->chosen[i]->counted_fen, year);
		if (text_width(slice_from(year)) > width)
			width = text_width(slice_from(year));
	}
	for (size_t i = 0; i < choice->n_chosen; i++)
		chosen_line(canvas, choice->chosen[i], width);
}

static void truncated_print(const struct canvas *canvas, const choice_message *choice)
{
	for (size_t i = 0; i < choice->n_chosen; i++) {
		const Policycalc__V1__CombinationChosen *chosen = choice->chosen[i];
		struct buffer text = { 0 };

		if (!chosen->truncated_by)
			continue;
		unit_append(canvas, unit_or_empty(chosen->unit), &text);
		buffer_append_text(&text, word(canvas->style, "：本为 ", ": by itself "));
		money_append(canvas, chosen->amount_fen, &text);
		buffer_append_text(&text, word(canvas->style, "，", "; "));
		buffer_append_text(&text,
				word_text(canvas->style, chosen->truncated_by->sentence));
		canvas_text(canvas, 2, "· ", &text);
		buffer_fini(&text);
	}
}

static void clause_append(const struct canvas *canvas, const Policycalc__V1__Source *source,
		struct buffer *out)
{
	if (!source || !*source->doc)
		return;
	buffer_format(out, "%s%s%s%s", word(canvas->style, "（", " ("), source->doc,
			source->clause, word(canvas->style, "）", ")"));
}

static void left_out_print(const struct canvas *canvas, const choice_message *choice)
{
	for (size_t i = 0; i < choice->n_left_out; i++) {
		const Policycalc__V1__CombinationLeftOut *one = choice->left_out[i];
		struct buffer text = { 0 };

		unit_append(canvas, unit_or_empty(one->unit), &text);
		if (one->amount_fen) {
			buffer_append_char(&text, ' ');
			money_append(canvas, one->amount_fen, &text);
		}
		for (size_t k = 0; k < one->n_reasons; k++) {
			const reason_message *reason = one->reasons[k];

			buffer_append_text(&text, k ? word(canvas->style, "；", "; ")
						    : word(canvas->style, "：", ": "));
			buffer_append_text(&text, word_text(canvas->style, reason->sentence));
			clause_append(canvas, reason->source, &text);
		}
		canvas_text(canvas, 2, "- ", &text);
		buffer_fini(&text);
	}
}

static void total_print(const struct canvas *canvas, const choice_message *choice)
{
	struct buffer text = { 0 };

	buffer_append_text(&text, word(canvas->style, "合计：一年内 ", "total in a year: "));
	money_append(canvas, choice->total_fen, &text);
	if (choice->whole_term_fen != choice->total_fen) {
		buffer_append_text(&text,
				word(canvas->style, "，全期 ", "; over the whole term: "));
		money_append(canvas, choice->whole_term_fen, &text);
	}
	if (!choice->proved)
		buffer_append_text(&text,
				word(canvas->style, "（组合过多，未能证明为最优）",
						" (the search was cut short: not proved the "
						"best)"));
	if (choice->open_ended)
		buffer_append_text(&text,
				word(canvas->style, "（部分政策金额未载明，可能更多）",
						" (some amounts are not stated: it may be "
						"more)"));
	canvas_text(canvas, 0, "", &text);
	buffer_fini(&text);
}

static void choice_print(const struct canvas *canvas, const choice_message *choice)
{
	chosen_print(canvas, choice);
	total_print(canvas, choice);
	truncated_print(canvas, choice);
	if (!choice->n_left_out)
		return;
	buffer_append_text(canvas->out, word(canvas->style, "未计入：\n", "not in it:\n"));
	left_out_print(canvas, choice);
}

static bool choices_differ(const choice_message *a, const choice_message *b)
{
	if (a->total_fen != b->total_fen || a->n_chosen != b->n_chosen || b->open_ended)
		return true;
	for (size_t i = 0; i < a->n_chosen; i++) {
		const Policycalc__V1__CombinationUnit *left = unit_or_empty(a->chosen[i]->unit);
		const Policycalc__V1__CombinationUnit *right =
				unit_or_empty(b->chosen[i]->unit);

		if (strcmp(left->policy_id, right->policy_id) != 0 ||
				strcmp(left->item_id, right->item_id) != 0)
			return true;
	}
	return false;
}

/* --- beside it -------------------------------------------------------------------------------- */

static void answers_print(
		const struct canvas *canvas, const Policycalc__V1__Combination *combination)
{
	for (size_t i = 0; i < combination->n_answers; i++) {
		const Policycalc__V1__CombinationAnswer *answer = combination->answers[i];
		struct buffer text = { 0 };

		canvas_append_attribute(canvas, answer->name, &text);
		buffer_append_text(&text, word(canvas->style, "：", ": "));
		for (size_t k = 0; k < answer->n_units; k++) {
			if (k)
				buffer_append_text(&text, word(canvas->style, "、", ", "));
			unit_append(canvas, answer->units[k], &text);
		}
		canvas_text(canvas, 2, "? ", &text);
		buffer_fini(&text);
	}
}

const char *combination_other_word(
		const struct render_style *style, const Policycalc__V1__CombinationOther *other)
{
	if (other->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_BANK)
		return word(style, "给银行的补偿", "to the lending bank");
	if (other->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_PERSON)
		return word(style, "给个人的", "to persons");
	switch ((int)other->nature) {
	case POLICYCALC__V1__NATURE__NATURE_CREDIT:
		return word(style, "贷款额度（需偿还）", "credit (to be paid back)");
	case POLICYCALC__V1__NATURE__NATURE_EQUITY:
		return word(style, "股权投资", "equity");
	case POLICYCALC__V1__NATURE__NATURE_NONE:
		return word(style, "认定与服务", "titles and services");
	default:
		return word(style, "其他", "other");
	}
}

static void others_print(
		const struct canvas *canvas, const Policycalc__V1__Combination *combination)
{
	for (size_t i = 0; i < combination->n_others; i++) {
		const Policycalc__V1__CombinationOther *other = combination->others[i];
		struct buffer text = { 0 };

		buffer_append_text(&text, combination_other_word(canvas->style, other));
		if (other->possible_fen) {
			buffer_append_text(&text, word(canvas->style, "，最高 ", ", up to "));
			money_append(canvas, other->possible_fen, &text);
		}
		buffer_append_text(&text, word(canvas->style, "：", ": "));
		for (size_t k = 0; k < other->n_units; k++) {
			if (k)
				buffer_append_text(&text, word(canvas->style, "、", ", "));
			unit_append(canvas, other->units[k], &text);
		}
		canvas_text(canvas, 2, "· ", &text);
		buffer_fini(&text);
	}
}

static void later_print(
		const struct canvas *canvas, const Policycalc__V1__Combination *combination)
{
	for (size_t i = 0; i < combination->n_opening_later; i++) {
		const Policycalc__V1__CombinationLater *later = combination->opening_later[i];
		struct buffer text = { 0 };

		buffer_format(&text, "%s ", later->date);
		unit_append(canvas, unit_or_empty(later->unit), &text);
		if (later->amount_fen) {
			buffer_append_char(&text, ' ');
			money_append(canvas, later->amount_fen, &text);
		}
		canvas_text(canvas, 2, "· ", &text);
		buffer_fini(&text);
	}
}

static void unchecked_print(
		const struct canvas *canvas, const Policycalc__V1__Combination *combination)
{
	for (size_t i = 0; i < combination->n_unchecked; i++) {
		const Policycalc__V1__CombinationUnchecked *one = combination->unchecked[i];
		struct buffer text = { 0 };

		unit_append(canvas, unit_or_empty(one->unit), &text);
		buffer_append_text(&text, word(canvas->style, "：", ": "));
		if (one->exclusion)
			exclusion_append_unchecked(canvas->style, one->exclusion, &text);
		canvas_text(canvas, 2, "! ", &text);
		buffer_fini(&text);
	}
}

bool combination_print(const Policycalc__V1__Combination *combination,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out)
{
	struct canvas canvas = { style, dictionary, out };
	const choice_message *sure;
	const choice_message *possible;

	if (!combination)
		return !out->failed;
	sure = choice_or_empty(combination->sure);
	possible = choice_or_empty(combination->possible);
	heading_print(&canvas, "最佳组合（已可确定的）",
			"The best combination (what is certain)");
	choice_print(&canvas, sure);
	if (choices_differ(sure, possible)) {
		heading_print(&canvas, "可能的组合（待确认的都成立时）",
				"What is possible (if all that is open turns out well)");
		choice_print(&canvas, possible);
	}
	if (combination->n_answers) {
		heading_print(&canvas, "补充这些信息会改变组合",
				"Answers that would change the combination");
		answers_print(&canvas, combination);
	}
	if (combination->n_others) {
		heading_print(&canvas, "不与资金合计的", "Beside it, not added to money");
		others_print(&canvas, combination);
	}
	if (combination->n_opening_later) {
		heading_print(&canvas, "以后开放的", "Opening later");
		later_print(&canvas, combination);
	}
	if (combination->n_unchecked) {
		heading_print(&canvas, "目录以外的互斥（未核对，请自行确认）",
				"Exclusions beyond the catalog (not checked: ask the firm)");
		unchecked_print(&canvas, combination);
	}
	return !out->failed;
}
