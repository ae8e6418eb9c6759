/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/near.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The sentence, and what it would come to. */
static void miss_print(const struct canvas *canvas, const Policycalc__V1__NearMiss *miss)
{
	struct buffer amount = { 0 };
	struct buffer text = { 0 };

	word_amount(canvas->style, miss->amount, &amount);
	buffer_append_text(&text, word_text(canvas->style, miss->sentence));
	if (amount.size)
		buffer_format(&text, "%s%s", word(canvas->style, "；金额 ", "; amount "),
				amount.data);
	if (text.failed || amount.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 4, "→ ", text.data);
	buffer_fini(&amount);
	buffer_fini(&text);
	canvas_print_missing(canvas, word(canvas->style, "仍须补充：", "still needed: "),
			miss->stays_unknown, miss->n_stays_unknown);
}

void near_print_answer(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	for (size_t i = 0; i < answer->n_near; i++)
		miss_print(canvas, answer->near[i]);
	for (size_t i = 0; i < answer->n_cliffs; i++)
		canvas_line(canvas, 4, "! ",
				word_text(canvas->style, answer->cliffs[i]->sentence));
}

/* --- behind the table ------------------------------------------------------------------------- */

/* The cheapest change first; qsort() is not stable, so that the id decides between equals. */
static int miss_compare(const void *a, const void *b)
{
	const Policycalc__V1__PolicyAnswer *left = *(Policycalc__V1__PolicyAnswer *const *)a;
	const Policycalc__V1__PolicyAnswer *right = *(Policycalc__V1__PolicyAnswer *const *)b;

	if (left->near[0]->cost_ppm != right->near[0]->cost_ppm)
		return left->near[0]->cost_ppm < right->near[0]->cost_ppm ? -1 : 1;
	return strcmp(left->policy_id, right->policy_id);
}

static void answer_print(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	const char *title = word_text(canvas->style, answer->title);

	canvas_line(canvas, 2, "● ", *title ? title : answer->policy_id);
	near_print_answer(canvas, answer);
}

static void section_print(const struct canvas *canvas,
		Policycalc__V1__PolicyAnswer *const *answers, size_t count, const char *title)
{
	if (count == 0)
		return;
	buffer_append_char(canvas->out, '\n');
	canvas_colour(canvas, CANVAS_BOLD);
	buffer_format(canvas->out, canvas->style->english ? "%s (%zu)" : "%s（%zu 项）", title,
			count);
	canvas_colour(canvas, CANVAS_PLAIN);
	buffer_append_char(canvas->out, '\n');
	for (size_t i = 0; i < count; i++)
		answer_print(canvas, answers[i]);
}

bool match_print_near(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out)
{
	struct canvas canvas = { style, dictionary, out };
	Policycalc__V1__PolicyAnswer **chosen =
			memory_alloc_zero(response->n_answers + 1, sizeof(*chosen));
	size_t count = 0;

	if (!chosen)
		return false;
	for (size_t i = 0; i < response->n_answers; i++) {
		if (response->answers[i]->n_near)
			chosen[count++] = response->answers[i];
	}
	if (count)
		qsort(chosen, count, sizeof(*chosen), miss_compare);
	section_print(&canvas, chosen, count, word(style, "差一点就符合", "Nearly eligible"));
	count = 0;
	for (size_t i = 0; i < response->n_answers; i++) {
		if (response->answers[i]->n_cliffs)
			chosen[count++] = response->answers[i];
	}
	section_print(&canvas, chosen, count,
			word(style, "离门槛不远，须留意",
					"Close to a threshold that would lose it"));
	memory_free(chosen);
	return !out->failed;
}
