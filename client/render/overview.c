/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/overview.h"

#include "client/render/exclusion.h"

/* "2 eligible, 13 needs information, ..." of what is shown below. */
static void summary_print(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	static const Policycalc__V1__Verdict order[] = {
		POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW,
		POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN,
		POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE,
	};
	struct buffer text = { 0 };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		size_t count = 0;

		for (size_t j = 0; j < response->n_answers; j++)
			count += response->answers[j]->verdict == order[i];
		if (count)
			buffer_format(&text,
					canvas->style->english ? "%s%s: %zu" : "%s%s %zu 项",
					text.size ? word(canvas->style, "，", ", ") : "",
					word_verdict(canvas->style, order[i]), count);
	}
	if (text.size)
		canvas_line(canvas, 0, "", text.data);
	if (text.failed)
		canvas->out->failed = true;
	buffer_fini(&text);
}

void overview_print_head(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	struct buffer head = { 0 };

	buffer_format(&head,
			word(canvas->style, "按 %s 的政策目录（第 %lld 版）计算",
					"As of %s, catalog revision %lld"),
			response->as_of, (long long)response->revision);
	if (head.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 0, "", head.data);
	buffer_fini(&head);
	summary_print(canvas, response);
	exclusions_print_groups(canvas, response);
}

static bool window_not_stated(const Policycalc__V1__PolicyAnswer *answer)
{
	return answer->availability &&
	       answer->availability->state ==
			       POLICYCALC__V1__AVAILABILITY__STATE__STATE_WINDOW_NOT_STATED;
}

/* That the window is not stated holds for so many policies that it is said once, at the end. */
void overview_print_availability(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer)
{
	struct buffer text = { 0 };

	if (window_not_stated(answer))
		return;
	word_availability(canvas->style, answer->availability, &text);
	if (text.size)
		canvas_line(canvas, 4, "", text.data);
	if (text.failed)
		canvas->out->failed = true;
	buffer_fini(&text);
}

static void windows_print(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	size_t count = 0;
	struct buffer text = { 0 };

	for (size_t i = 0; i < response->n_answers; i++)
		count += window_not_stated(response->answers[i]) &&
			 response->answers[i]->verdict !=
					 POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
	if (count == 0)
		return;
	buffer_format(&text,
			word(canvas->style, "有 %zu 项政策的申请时间未载明，请向主管部门确认。",
					"%zu policies do not state when to apply; ask the "
					"department."),
			count);
	buffer_append_char(canvas->out, '\n');
	if (text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 0, "", text.data);
	buffer_fini(&text);
}

static void warnings_print(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	if (response->n_warnings)
		buffer_format(canvas->out, "\n%s\n", word(canvas->style, "提示", "Notes"));
	for (size_t i = 0; i < response->n_warnings; i++)
		canvas_line(canvas, 2, "! ", response->warnings[i]->message);
}

void overview_print_foot(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response)
{
	windows_print(canvas, response);
	warnings_print(canvas, response);
}

void overview_print_basis(const struct canvas *canvas, const char *as_of, int64_t revision)
{
	struct buffer text = { 0 };

	buffer_format(&text,
			word(canvas->style,
					"按 %s 的政策目录（第 %lld "
					"版）计算，以主管部门审核为准。",
					"As of %s, catalog revision %lld; an aid, not a "
					"decision: "
					"以主管部门审核为准."),
			as_of, (long long)revision);
	if (text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 0, "", text.data);
	buffer_fini(&text);
}

void overview_print_disclaimer(const struct canvas *canvas)
{
	canvas_line(canvas, 0, "",
			word(canvas->style, "以主管部门审核为准。",
					"An aid, not a decision: 以主管部门审核为准."));
}
