/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of a report, by verdict: what the firm gets, what is open, what it misses and why. */
#include "client/render/exclusion.h"
#include "client/render/html.h"

#include <string.h>

#define VERDICT(name) POLICYCALC__V1__VERDICT__VERDICT_##name
#define STATUS(name) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##name

typedef Policycalc__V1__PolicyAnswer policy_answer;
typedef Policycalc__V1__ConditionAnswer condition_answer;

static const char *status_mark(Policycalc__V1__ConditionStatus status)
{
	switch (status) {
	case STATUS(MET):
		return "✓";
	case STATUS(NOT_MET):
		return "✗";
	case STATUS(UNKNOWN):
		return "?";
	case STATUS(REVIEW):
	case STATUS(ERROR):
	case STATUS(UNSPECIFIED):
	case _POLICYCALC__V1__CONDITION_STATUS_IS_INT_SIZE:
	default:
		return "◇";
	}
}

/* The mark alone says nothing to a reader that speaks the page. */
static const char *status_word(
		const struct render_style *style, Policycalc__V1__ConditionStatus status)
{
	switch (status) {
	case STATUS(MET):
		return word(style, "符合", "met");
	case STATUS(NOT_MET):
		return word(style, "不符合", "not met");
	case STATUS(UNKNOWN):
		return word(style, "待补充", "unknown");
	case STATUS(REVIEW):
	case STATUS(ERROR):
	case STATUS(UNSPECIFIED):
	case _POLICYCALC__V1__CONDITION_STATUS_IS_INT_SIZE:
	default:
		return word(style, "待审核", "to be judged");
	}
}

static void condition_append(const struct page *page, const condition_answer *condition)
{
	const char *label = word_text(page->style, condition->label);
	const char *sentence = word_text(page->style, condition->sentence);

	page_raw(page, "<li><span aria-hidden=\"true\">");
	page_raw(page, status_mark(condition->status));
	page_raw(page, "</span> <span class=\"id\">");
	page_text(page, status_word(page->style, condition->status));
	page_raw(page, "</span> ");
	/* Many a sentence begins with the label. */
	if (!*sentence || strncmp(sentence, label, strlen(label)) != 0)
		page_text(page, *label ? label : condition->id);
	if (*sentence && *label && strncmp(sentence, label, strlen(label)) != 0)
		page_words(page, "：", ": ");
	page_text(page, sentence);
	page_raw(page, "</li>\n");
}

/* All conditions, or with @only those that stand so. */
static void conditions_append(const struct page *page, condition_answer *const *conditions,
		size_t count, Policycalc__V1__ConditionStatus only)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (only != STATUS(UNSPECIFIED) && conditions[i]->status != only)
			continue;
		page_raw(page, any ? "" : "<ul class=\"conditions\">\n");
		condition_append(page, conditions[i]);
		any = true;
	}
	page_raw(page, any ? "</ul>\n" : "");
}

static void items_append(const struct page *page, const policy_answer *answer,
		Policycalc__V1__ConditionStatus only)
{
	for (size_t i = 0; i < answer->n_items; i++) {
		const Policycalc__V1__ItemAnswer *item = answer->items[i];
		struct buffer part = { 0 };

		page_raw(page, "<p><strong>");
		page_text(page, word_list(page->style, item->list));
		page_raw(page, " ");
		page_text(page, item->id);
		page_raw(page, "</strong> ");
		page_text(page, word_verdict(page->style, item->verdict));
		word_amount(page->style, item->amount, &part);
		if (part.size)
			page_words(page, "，", ", ");
		page_flush(page, &part);
		page_raw(page, "</p>\n");
		conditions_append(page, item->conditions, item->n_conditions, only);
		buffer_fini(&part);
	}
}

static void names_append(const struct page *page, const char *zh, const char *en,
		char *const *names, size_t count)
{
	if (count == 0)
		return;
	page_raw(page, "<p class=\"soft\">");
	page_words(page, zh, en);
	for (size_t i = 0; i < count; i++) {
		if (i)
			page_words(page, "、", ", ");
		page_attribute_name(page, names[i]);
	}
	page_raw(page, "</p>\n");
}

static void amount_append(const struct page *page, const policy_answer *answer)
{
	const char *sentence =
			answer->amount ? word_text(page->style, answer->amount->sentence) : "";
	struct buffer part = { 0 };

	word_amount(page->style, answer->amount, &part);
	/* A sentence that only says the figure again says nothing. */
	if (part.size && strncmp(part.data, sentence, strlen(sentence)) == 0)
		sentence = "";
	if (part.size) {
		page_raw(page, "<p class=\"amount\">");
		page_words(page, "金额：", "Amount: ");
		page_flush(page, &part);
		page_raw(page, "</p>\n");
	}
	buffer_fini(&part);
	if (!answer->amount)
		return;
	page_element(page, "p", "soft", sentence);
	names_append(page, "补充后可算出金额：",
			"Would tell the amount: ", answer->amount->missing,
			answer->amount->n_missing);
}

static void marks_append(const struct page *page, const char *zh, const char *en,
		Policycalc__V1__Mark *const *marks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		page_raw(page, "<p class=\"soft\">");
		page_words(page, zh, en);
		page_text(page, word_text(page->style, marks[i]->text));
		page_raw(page, "</p>\n");
	}
}

static void head_append(const struct page *page, const policy_answer *answer, const char *class)
{
	struct buffer part = { 0 };

	page_raw(page, "<article class=\"policy ");
	page_raw(page, class);
	page_raw(page, "\">\n<h3>");
	page_text(page, word_text(page->style, answer->title));
	page_raw(page, "</h3>\n<p class=\"soft\">");
	page_text(page, word_level(page->style, answer->level));
	page_raw(page, " · ");
	page_text(page, word_kind(page->style, answer->kind));
	for (size_t i = 0; i < answer->n_departments; i++) {
		if (i)
			page_words(page, "、", ", ");
		else
			page_raw(page, " · ");
		page_text(page, answer->departments[i]);
	}
	word_availability(page->style, answer->availability, &part);
	if (part.size)
		page_raw(page, " · ");
	page_flush(page, &part);
	page_raw(page, " <span class=\"id\">");
	page_text(page, answer->policy_id);
	page_raw(page, "</span></p>\n");
	buffer_fini(&part);
}

static size_t conditions_count(
		const policy_answer *answer, Policycalc__V1__ConditionStatus status)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->n_conditions; i++)
		count += answer->conditions[i]->status == status;
	return count;
}

/* What is met already, folded away. */
static void met_append(const struct page *page, const policy_answer *answer)
{
	size_t count = conditions_count(answer, STATUS(MET));

	if (count == 0)
		return;
	page_raw(page, "<details><summary class=\"soft\">");
	page_words(page, "已符合的条件：", "Conditions that are met: ");
	buffer_format(page->out, "%zu", count);
	page_raw(page, "</summary>\n");
	conditions_append(page, answer->conditions, answer->n_conditions, STATUS(MET));
	page_raw(page, "</details>\n");
}

static void unchecked_append(const struct page *page, const policy_answer *answer)
{
	for (size_t i = 0; i < answer->n_exclusions; i++) {
		struct buffer part = { 0 };

		if (answer->exclusions[i]->n_outside == 0)
			continue;
		page_raw(page, "<p class=\"soft\">");
		exclusion_append_unchecked(page->style, answer->exclusions[i], &part);
		page_flush(page, &part);
		page_raw(page, "</p>\n");
		buffer_fini(&part);
	}
}

/* Of what the firm gets every condition; else what is open, with what is met folded away. */
static void whole_append(
		const struct page *page, const policy_answer *answer, const char *class)
{
	bool gets = answer->verdict == VERDICT(ELIGIBLE);

	head_append(page, answer, class);
	amount_append(page, answer);
	names_append(page, "补充后可定：", "Would settle it: ", answer->missing,
			answer->n_missing);
	for (size_t i = 0; i < answer->n_review_reasons; i++)
		page_element(page, "p", "soft",
				word_review_reason(page->style, answer->review_reasons[i]));
	if (gets) {
		conditions_append(page, answer->conditions, answer->n_conditions,
				STATUS(UNSPECIFIED));
	} else {
		conditions_append(
				page, answer->conditions, answer->n_conditions, STATUS(REVIEW));
		conditions_append(
				page, answer->conditions, answer->n_conditions, STATUS(ERROR));
		if (answer->verdict == VERDICT(NOT_OPEN))
			conditions_append(page, answer->conditions, answer->n_conditions,
					STATUS(UNKNOWN));
		met_append(page, answer);
	}
	items_append(page, answer, gets ? STATUS(UNSPECIFIED) : STATUS(REVIEW));
	unchecked_append(page, answer);
	marks_append(page, "未核实：", "Not verified: ", answer->unverified,
			answer->n_unverified);
	marks_append(page, "原文未明：", "Left open by the text: ", answer->ambiguous,
			answer->n_ambiguous);
	page_raw(page, "</article>\n");
}

/* Only what stands in the way. */
static void short_append(
		const struct page *page, const policy_answer *answer, const char *class)
{
	head_append(page, answer, class);
	conditions_append(page, answer->conditions, answer->n_conditions, STATUS(NOT_MET));
	items_append(page, answer, STATUS(NOT_MET));
	page_raw(page, "</article>\n");
}

/* Where something is missing: many, and of each only what would settle it. */
static void missing_row(const struct page *page, const policy_answer *answer)
{
	struct buffer part = { 0 };

	page_raw(page, "<tr><td>");
	page_text(page, word_text(page->style, answer->title));
	page_raw(page, " <span class=\"id\">");
	page_text(page, answer->policy_id);
	page_raw(page, "</span></td><td>");
	word_amount(page->style, answer->amount, &part);
	page_flush(page, &part);
	page_raw(page, "</td><td>");
	for (size_t i = 0; i < answer->n_missing; i++) {
		if (i)
			page_words(page, "、", ", ");
		page_attribute_name(page, answer->missing[i]);
	}
	page_raw(page, "</td></tr>\n");
	buffer_fini(&part);
}

static void missing_section(const struct page *page)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;
	bool any = false;

	for (size_t i = 0; i < match->n_answers; i++) {
		if (match->answers[i]->verdict != VERDICT(NEEDS_INFORMATION))
			continue;
		if (!any) {
			page_section(page, "missing", "还缺信息，补充后可定",
					"Something is missing");
			page_raw(page, "<table>\n<thead><tr><th scope=\"col\">");
			page_words(page, "政策", "Policy");
			page_raw(page, "</th><th scope=\"col\">");
			page_words(page, "金额", "Amount");
			page_raw(page, "</th><th scope=\"col\">");
			page_words(page, "补充后可定", "Would settle it");
			page_raw(page, "</th></tr></thead>\n<tbody>\n");
		}
		any = true;
		missing_row(page, match->answers[i]);
	}
	page_raw(page, any ? "</tbody></table>\n</section>\n" : "");
}

static void verdict_section(const struct page *page, Policycalc__V1__Verdict verdict,
		const char *id, const char *zh, const char *en, const char *class)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;
	bool any = false;

	for (size_t i = 0; i < match->n_answers; i++) {
		const policy_answer *answer = match->answers[i];

		if (answer->verdict != verdict)
			continue;
		if (!any)
			page_section(page, id, zh, en);
		any = true;
		if (verdict == VERDICT(INELIGIBLE))
			short_append(page, answer, class);
		else
			whole_append(page, answer, class);
	}
	page_raw(page, any ? "</section>\n" : "");
}

void page_policies(const struct page *page)
{
	verdict_section(page, VERDICT(ELIGIBLE), "gets", "能享受的政策", "What the firm gets",
			"good");
	verdict_section(page, VERDICT(NEEDS_REVIEW), "review", "条件基本符合，待主管部门审核",
			"For the department to judge", "open");
	missing_section(page);
	verdict_section(page, VERDICT(NOT_OPEN), "later", "未在申报期", "Not open", "open");
}

void page_misses(const struct page *page)
{
	verdict_section(page, VERDICT(INELIGIBLE), "misses", "不符合的政策及原因",
			"What it misses and why", "bad");
}
