/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report one hands over (政策体检报告): one self-contained HTML page. It asks nothing of the network
 * (and forbids itself to), runs no script, prints on A4, and every value in it is escaped.
 */
#pragma once

#include "base/arena.h"
#include "client/render/explain.h"
#include "policycalc/v1/guide.pb-c.h"

struct report {
	const Policycalc__V1__Profile *profile;	       /* what was asked with, or NULL */
	const Policycalc__V1__MatchResponse *match;    /* in the FULL view */
	const Policycalc__V1__GetGuideResponse *guide; /* of what it can have; or NULL */
	struct render_dictionary dictionary;
};

/** Uses @arena for what it puts together. false when memory is short. */
bool report_print_html(const struct report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out);

/* --- inner: the page is drawn by sections ----------------------------------------------------- */

struct page {
	const struct report *report;
	const struct render_style *style;
	struct arena *arena;
	struct buffer *out;
};

/** All up to the title of the page; the header is open. */
void page_head(const struct page *page, const char *zh, const char *en);
/** Markup of our own. */
void page_raw(const struct page *page, const char *markup);
/** @zh or @en, escaped. */
void page_words(const struct page *page, const char *zh, const char *en);
/** A text of others, escaped. */
void page_text(const struct page *page, const char *text);
/** What @part holds, escaped; empties it. */
void page_flush(const struct page *page, struct buffer *part);
/** <tag class="class">text</tag>; nothing when the text is empty. */
void page_element(
		const struct page *page, const char *tag, const char *class, const char *text);
/** "80万元". */
void page_money(const struct page *page, int64_t fen);
/** A section with its heading; closed by page_raw("</section>"). */
void page_section(const struct page *page, const char *id, const char *zh, const char *en);
/** The attribute called @name ("e.staff", "i.cost@projects/p1") in the dictionary, or NULL. */
const Policycalc__V1__Attribute *page_attribute(const struct page *page, const char *name);
/** What people call it, with the item: "完成投资（项目 p1）". */
void page_attribute_name(const struct page *page, const char *name);

/** What it gets, what is open, what is not open yet. */
void page_policies(const struct page *page);
/** What it misses, with the reasons. */
void page_misses(const struct page *page);
void page_combination(const struct page *page);
void page_near(const struct page *page);
void page_calendar(const struct page *page);
