/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/exclusion.h"

#include <string.h>

#define BASIS(word) POLICYCALC__V1__EXCLUSION_BASIS__EXCLUSION_BASIS_##word
#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

typedef Policycalc__V1__Exclusion exclusion_message;
typedef Policycalc__V1__PolicyAnswer policy_answer;

void source_append(const struct render_style *style, const Policycalc__V1__Source *source,
		struct buffer *out)
{
	if (!source || !*source->doc)
		return;
	buffer_format(out, word(style, "《%s》", "%s"), source->doc);
	if (*source->number)
		buffer_format(out, word(style, "（%s）", " (%s)"), source->number);
	if (*source->clause)
		buffer_format(out, "%s%s", word(style, "", ", "), source->clause);
}

static const char *word_basis(
		const struct render_style *style, const exclusion_message *exclusion)
{
	static const struct word_pair words[] = {
		[BASIS(UNSPECIFIED)] = { "同一事项", "of the same matter" },
		[BASIS(ENTERPRISE_YEAR)] = { "同一企业同一年度",
				"for an enterprise in a year" },
		[BASIS(PROJECT)] = { "同一项目", "for the same project" },
		[BASIS(LOAN)] = { "同一笔贷款", "for the same loan" },
		[BASIS(PERSON)] = { "同一人员", "for the same person" },
		[BASIS(INCOME)] = { "同一所得", "for the same income" },
	};

	return WORD_OF(style, words, exclusion->basis);
}

static size_t at_most_of(const exclusion_message *exclusion)
{
	return exclusion->at_most > 0 ? (size_t)exclusion->at_most : 1;
}

void exclusion_append_rule(const struct render_style *style, const exclusion_message *exclusion,
		struct buffer *out)
{
	size_t most = at_most_of(exclusion);

	if (most > 1)
		buffer_format(out, word(style, "%s最多取 %zu 项", "%s at most %zu"),
				word_basis(style, exclusion), most);
	else
		buffer_format(out, word(style, "%s只能取其一", "%s only one"),
				word_basis(style, exclusion));
	if (exclusion->highest)
		buffer_append_text(out, word(style, "（就高）", " (the highest)"));
}

void exclusion_append_unchecked(const struct render_style *style,
		const exclusion_message *exclusion, struct buffer *out)
{
	if (exclusion->n_outside == 0)
		return;
	buffer_append_text(out,
			word(style, "未核对：", "not checked: cannot be had together with "));
	if (!style->english)
		buffer_format(out, "%s，不能与", word_basis(style, exclusion));
	for (size_t i = 0; i < exclusion->n_outside; i++)
		buffer_format(out, word(style, "%s“%s”", "%s\"%s\""),
				i ? word(style, "", ", ") : "",
				word_text(style, exclusion->outside[i]));
	if (style->english)
		buffer_format(out, " %s", word_basis(style, exclusion));
	else
		buffer_append_text(out, "兼得");
	if (exclusion->source && *exclusion->source->doc) {
		buffer_append_text(out, word(style, "（", " ("));
		source_append(style, exclusion->source, out);
		buffer_append_text(out, word(style, "）", ")"));
	}
}

/* Prints what @text holds, as a line, and frees it. */
static void line_finish(const struct canvas *canvas, size_t indent, struct buffer *text)
{
	if (text->failed)
		canvas->out->failed = true;
	else if (text->size)
		canvas_line(canvas, indent, "! ", text->data);
	buffer_fini(text);
}

void exclusions_print_unchecked(
		const struct canvas *canvas, exclusion_message *const *exclusions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buffer text = { 0 };

		exclusion_append_unchecked(canvas->style, exclusions[i], &text);
		line_finish(canvas, 4, &text);
	}
}

/* --- groups ----------------------------------------------------------------------------------- */

/* What a firm may come to have. What waits for facts may have to wait for others, too. */
static bool answer_competes(const policy_answer *answer)
{
	return answer->verdict == VERDICT(ELIGIBLE) || answer->verdict == VERDICT(NEEDS_REVIEW);
}

static bool answer_is_in(const policy_answer *answer, const char *group)
{
	for (size_t i = 0; answer_competes(answer) && i < answer->n_exclusions; i++)
		if (strcmp(answer->exclusions[i]->group, group) == 0)
			return true;
	return false;
}

/* The group as it stands in the answer at @first, unless one before it is in the group too. */
static void group_print(const struct canvas *canvas,
		const Policycalc__V1__MatchResponse *response, size_t first,
		const exclusion_message *exclusion)
{
	const struct render_style *style = canvas->style;
	struct buffer names = { 0 };
	struct buffer text = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < response->n_answers; i++) {
		const char *title = word_text(style, response->answers[i]->title);

		if (!answer_is_in(response->answers[i], exclusion->group))
			continue;
		if (i < first) {
			buffer_fini(&names);
			return;
		}
		buffer_format(&names, "%s%s", count++ ? word(style, "、", ", ") : "",
				*title ? title : response->answers[i]->policy_id);
	}
	if (count > at_most_of(exclusion)) {
		exclusion_append_rule(style, exclusion, &text);
		if (exclusion->source && *exclusion->source->doc) {
			buffer_append_text(&text, word(style, "（", " ("));
			source_append(style, exclusion->source, &text);
			buffer_append_text(&text, word(style, "）", ")"));
		}
		buffer_format(&text,
				word(style, "：%s。取哪些合计最多：policycalc combine",
						": %s. What comes to most: policycalc "
						"combine"),
				names.data ? names.data : "");
		text.failed |= names.failed;
		line_finish(canvas, 0, &text);
	}
	buffer_fini(&names);
}

void exclusions_print_groups(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	for (size_t i = 0; i < response->n_answers; i++) {
		const policy_answer *answer = response->answers[i];

		for (size_t k = 0; answer_competes(answer) && k < answer->n_exclusions; k++)
			group_print(canvas, response, i, answer->exclusions[k]);
	}
}
