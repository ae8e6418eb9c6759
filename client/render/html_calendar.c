/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of a report: when windows open and close, as a list and as sheets of a calendar. Only policies that
 * the firm may have, and only the year after the day of the report.
 */
#include "client/render/html.h"

#include "base/date.h"

#include <stdlib.h>
#include <string.h>

#define STATE(name) POLICYCALC__V1__AVAILABILITY__STATE__STATE_##name
#define DAYS_AHEAD 366

struct entry {
	struct date date;
	const Policycalc__V1__PolicyAnswer *answer;
	bool opens; /* otherwise it is the last day */
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	int order = date_compare(left->date, right->date);

	return order ? order : strcmp(left->answer->policy_id, right->answer->policy_id);
}

static size_t entries_gather(const struct page *page, struct date today, struct entry *entries)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;
	int64_t first = date_to_days(today);
	size_t count = 0;

	for (size_t i = 0; i < match->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = match->answers[i];
		const Policycalc__V1__Availability *availability = answer->availability;
		struct date date;

		if (answer->conditions_verdict == POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE ||
				!availability ||
				!date_parse(slice_from(availability->date), &date) ||
				date_to_days(date) < first ||
				date_to_days(date) > first + DAYS_AHEAD)
			continue;
		if (availability->state != STATE(OPEN) &&
				availability->state != STATE(NOT_YET) &&
				availability->state != STATE(WINDOW_NOT_STATED))
			continue;
		entries[count++] = (struct entry){ .date = date,
			.answer = answer,
			.opens = availability->state == STATE(NOT_YET) };
	}
	if (count)
		qsort(entries, count, sizeof(*entries), entry_compare);
	return count;
}

static void list_append(const struct page *page, const struct entry *entries, size_t count)
{
	page_raw(page, "<table>\n<tbody>\n");
	for (size_t i = 0; i < count; i++) {
		char day[11];

		date_print(entries[i].date, day);
		page_raw(page, "<tr><th scope=\"row\" class=\"figure\">");
		page_text(page, day);
		page_raw(page, "</th><td>");
		page_words(page, entries[i].opens ? "开始：" : "截止：",
				entries[i].opens ? "opens: " : "last day: ");
		page_text(page, word_text(page->style, entries[i].answer->title));
		page_raw(page, "</td></tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
}

static const struct entry *entry_of_day(
		const struct entry *entries, size_t count, struct date date)
{
	for (size_t i = 0; i < count; i++) {
		if (date_compare(entries[i].date, date) == 0)
			return &entries[i];
	}
	return NULL;
}

static void month_append(const struct page *page, const struct entry *entries, size_t count,
		int year, int month)
{
	static const char *const zh[] = { "一", "二", "三", "四", "五", "六", "日" };
	static const char *const en[] = { "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su" };
	struct date date = { year, month, 1 };
	/* Weeks begin on Monday. */
	int column = (date_weekday(date_to_days(date)) + 6) % 7;

	buffer_format(page->out,
			"<table class=\"month\"><caption>%04d-%02d</caption><thead><tr>", year,
			month);
	for (size_t i = 0; i < 7; i++) {
		page_raw(page, "<th scope=\"col\">");
		page_words(page, zh[i], en[i]);
		page_raw(page, "</th>");
	}
	page_raw(page, "</tr></thead><tbody><tr>");
	for (int i = 0; i < column; i++)
		page_raw(page, "<td></td>");
	for (; date.day <= date_days_in_month(year, month); date.day++) {
		const struct entry *entry = entry_of_day(entries, count, date);

		if (column == 7)
			page_raw(page, "</tr><tr>");
		column = column % 7 + 1;
		buffer_format(page->out, "<td%s>%d</td>",
				!entry	       ? ""
				: entry->opens ? " class=\"start\""
					       : " class=\"due\"",
				date.day);
	}
	page_raw(page, "</tr></tbody></table>\n");
}

void page_calendar(const struct page *page)
{
	struct entry *entries = ARENA_NEW_ARRAY(
			page->arena, struct entry, page->report->match->n_answers + 1);
	struct date today;
	size_t count;

	if (!entries || !date_parse(slice_from(page->report->match->as_of), &today))
		return;
	count = entries_gather(page, today, entries);
	if (count == 0)
		return;
	page_section(page, "dates", "日程", "Dates");
	list_append(page, entries, count);
	page_raw(page, "<div class=\"months\">\n");
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || entries[i].date.year != entries[i - 1].date.year ||
				entries[i].date.month != entries[i - 1].date.month)
			month_append(page, entries, count, entries[i].date.year,
					entries[i].date.month);
	}
	page_raw(page, "</div>\n</section>\n");
}
