/* SPDX-License-Identifier: Apache-2.0 */
/* Of a report: how little is missing, and what is close to be lost. */
#include "client/render/html.h"

#include <string.h>

/* The figure of a value that has one. */
static bool value_figure(const Policycalc__V1__Value *value, int64_t *out_figure)
{
	if (!value)
		return false;
	switch (value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		*out_figure = value->money_fen;
		return true;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		*out_figure = value->ratio_ppm;
		return true;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		*out_figure = value->count;
		return true;
	case POLICYCALC__V1__VALUE__KIND_FLAG:
	case POLICYCALC__V1__VALUE__KIND_CODE:
	case POLICYCALC__V1__VALUE__KIND_CODES:
	case POLICYCALC__V1__VALUE__KIND_DATE:
	case POLICYCALC__V1__VALUE__KIND_TEXT:
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
	case POLICYCALC__V1__VALUE__KIND_TITLES:
	case POLICYCALC__V1__VALUE__KIND__NOT_SET:
	case _POLICYCALC__V1__VALUE__KIND__CASE_IS_INT_SIZE:
	default:
		return false;
	}
}

/* How far the firm has come: the smaller of the two figures in hundredths of the larger. */
static void bar_append(const struct page *page, const Policycalc__V1__Value *observed,
		const Policycalc__V1__Value *target)
{
	int64_t from, to, small, large;
	int share;

	if (!value_figure(observed, &from) || !value_figure(target, &to) || from < 0 || to < 0)
		return;
	small = from < to ? from : to;
	large = from < to ? to : from;
	share = large ? (int)((double)small * 100 / (double)large) : 100;
	buffer_format(page->out,
			"<div class=\"bar\" role=\"img\" aria-label=\"%d%%\"><span "
			"style=\"width:%d%%\"></span></div>\n",
			share, share);
}

static void near_append(const struct page *page, const Policycalc__V1__NearMiss *near)
{
	page_raw(page, "<p>");
	page_text(page, word_text(page->style, near->sentence));
	page_raw(page, "</p>\n");
	for (size_t i = 0; i < near->n_changes; i++) {
		const Policycalc__V1__NearChange *change = near->changes[i];

		page_raw(page, "<p class=\"soft\">");
		page_attribute_name(page, change->attribute);
		page_raw(page, "</p>\n");
		bar_append(page, change->observed, change->target);
	}
	if (near->amount) {
		struct buffer part = { 0 };

		word_amount(page->style, near->amount, &part);
		if (part.size) {
			page_raw(page, "<p class=\"amount\">");
			page_words(page, "做到后可得：", "It would bring: ");
			page_flush(page, &part);
			page_raw(page, "</p>\n");
		}
		buffer_fini(&part);
	}
}

static bool has_near(const Policycalc__V1__MatchResponse *match)
{
	for (size_t i = 0; i < match->n_answers; i++) {
		if (match->answers[i]->n_near || match->answers[i]->n_cliffs)
			return true;
	}
	return false;
}

void page_near(const struct page *page)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;

	if (!has_near(match))
		return;
	page_section(page, "near", "差一点就能享受的", "Near misses");
	for (size_t i = 0; i < match->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = match->answers[i];

		if (answer->n_near == 0 && answer->n_cliffs == 0)
			continue;
		page_raw(page, answer->n_near ? "<article class=\"policy open\">\n<h3>"
					      : "<article class=\"policy good\">\n<h3>");
		page_text(page, word_text(page->style, answer->title));
		page_raw(page, "</h3>\n");
		for (size_t k = 0; k < answer->n_near; k++) {
			if (k)
				page_element(page, "p", "soft",
						word(page->style, "或者", "or else"));
			near_append(page, answer->near[k]);
		}
		for (size_t k = 0; k < answer->n_cliffs; k++) {
			const Policycalc__V1__Cliff *cliff = answer->cliffs[k];

			page_element(page, "p", "", word_text(page->style, cliff->sentence));
			bar_append(page, cliff->observed, cliff->threshold);
		}
		page_raw(page, "</article>\n");
	}
	page_raw(page, "</section>\n");
}
