/* SPDX-License-Identifier: Apache-2.0 */
/* Of a report: the best combination. */
#include "client/render/combination.h"
#include "client/render/exclusion.h"
#include "client/render/html.h"

#include <string.h>

static void unit_append(const struct page *page, const Policycalc__V1__CombinationUnit *unit)
{
	if (!unit)
		return;
	page_text(page, *word_text(page->style, unit->title)
					? word_text(page->style, unit->title)
					: unit->policy_id);
	if (*unit->item_id) {
		page_words(page, "（", " (");
		page_text(page, word_list(page->style, unit->list));
		page_raw(page, " ");
		page_text(page, unit->item_id);
		page_words(page, "）", ")");
	}
}

static void reason_append(
		const struct page *page, const Policycalc__V1__CombinationReason *reason)
{
	page_text(page, word_text(page->style, reason->sentence));
}

static void table_head(const struct page *page, const char *zh, const char *en,
		const char *const (*columns)[2], size_t count)
{
	page_raw(page, "<table>\n<caption>");
	page_words(page, zh, en);
	page_raw(page, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		page_raw(page, "<th scope=\"col\">");
		page_words(page, columns[i][0], columns[i][1]);
		page_raw(page, "</th>");
	}
	page_raw(page, "</tr></thead>\n<tbody>\n");
}

static void figure_append(const struct page *page, int64_t fen)
{
	page_raw(page, "<td class=\"figure\">");
	page_money(page, fen);
	page_raw(page, "</td>");
}

static void chosen_append(
		const struct page *page, const Policycalc__V1__CombinationChoice *choice)
{
	static const char *const columns[][2] = { { "选择", "Chosen" }, { "计入", "Counts" },
		{ "全部期限", "Whole term" }, { "说明", "Remark" } };

	if (choice->n_chosen == 0)
		return;
	table_head(page, "选择的政策", "What to take", columns, 4);
	for (size_t i = 0; i < choice->n_chosen; i++) {
		const Policycalc__V1__CombinationChosen *chosen = choice->chosen[i];

		page_raw(page, "<tr><td>");
		unit_append(page, chosen->unit);
		page_raw(page, "</td>");
		figure_append(page, chosen->counted_fen);
		figure_append(page, chosen->whole_term_fen);
		page_raw(page, "<td>");
		if (chosen->truncated_by)
			reason_append(page, chosen->truncated_by);
		page_raw(page, "</td></tr>\n");
	}
	page_raw(page, "</tbody></table>\n");
}

#define CAUSE(word) POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_##word

/* It has no amount that counts, whatever else is chosen. */
static bool is_nothing(const Policycalc__V1__CombinationLeftOut *left)
{
	for (size_t i = 0; i < left->n_reasons; i++) {
		Policycalc__V1__CombinationReason__Cause cause = left->reasons[i]->cause;

		if (cause != CAUSE(NOTHING) && cause != CAUSE(NOT_KNOWN) &&
				cause != CAUSE(NOT_STATED))
			return false;
	}
	return true;
}

/* With @contested only those that something else keeps out, not those that have no amount. */
static void left_out_append(const struct page *page,
		const Policycalc__V1__CombinationChoice *choice, bool contested)
{
	static const char *const columns[][2] = { { "未选", "Left out" },
		{ "本身金额", "By itself" }, { "因为", "Because" } };

	bool any = false;

	for (size_t i = 0; i < choice->n_left_out; i++) {
		const Policycalc__V1__CombinationLeftOut *left = choice->left_out[i];

		if (contested && is_nothing(left))
			continue;
		if (!any)
			table_head(page, "没有选择的", "What is left out", columns, 3);
		any = true;
		page_raw(page, "<tr><td>");
		unit_append(page, left->unit);
		page_raw(page, "</td>");
		figure_append(page, left->amount_fen);
		page_raw(page, "<td>");
		for (size_t k = 0; k < left->n_reasons; k++) {
			page_raw(page, k ? "<br>" : "");
			reason_append(page, left->reasons[k]);
		}
		page_raw(page, "</td></tr>\n");
	}
	page_raw(page, any ? "</tbody></table>\n" : "");
}

static void choice_append(const struct page *page, const char *zh, const char *en,
		const Policycalc__V1__CombinationChoice *choice, bool contested)
{
	if (!choice)
		return;
	page_raw(page, "<h3>");
	page_words(page, zh, en);
	page_raw(page, " ");
	page_money(page, choice->total_fen);
	if (choice->open_ended)
		page_words(page, "以上", " or more");
	page_raw(page, "</h3>\n");
	if (choice->whole_term_fen != choice->total_fen) {
		page_raw(page, "<p class=\"soft\">");
		page_words(page, "全部期限合计 ", "Over the whole terms ");
		page_money(page, choice->whole_term_fen);
		page_raw(page, "</p>\n");
	}
	if (!choice->proved) {
		page_raw(page, "<p class=\"soft\">");
		page_words(page, "组合太多，未能全部比较；这是找到的最好组合。",
				"Too many combinations to compare them all: the best one "
				"found.");
		page_raw(page, "</p>\n");
	}
	chosen_append(page, choice);
	left_out_append(page, choice, contested);
}

static void answers_append(
		const struct page *page, const Policycalc__V1__Combination *combination)
{
	if (combination->n_answers == 0)
		return;
	page_raw(page, "<p>");
	page_words(page, "补充以下信息可能改变组合：", "What would change the choice: ");
	for (size_t i = 0; i < combination->n_answers; i++) {
		if (i)
			page_words(page, "、", ", ");
		page_attribute_name(page, combination->answers[i]->name);
	}
	page_raw(page, "</p>\n");
}

/* What does not enter the total, each kind with its own sum. */
static void others_append(
		const struct page *page, const Policycalc__V1__Combination *combination)
{
	if (combination->n_others == 0)
		return;
	page_raw(page, "<h3>");
	page_words(page, "另外（不计入合计）", "Besides, not in the total");
	page_raw(page, "</h3>\n<ul>\n");
	for (size_t i = 0; i < combination->n_others; i++) {
		const Policycalc__V1__CombinationOther *other = combination->others[i];

		page_raw(page, "<li>");
		page_text(page, combination_other_word(page->style, other));
		if (other->possible_fen) {
			page_words(page, "，最多 ", ", at most ");
			page_money(page, other->possible_fen);
			if (other->open_ended)
				page_words(page, "以上", " or more");
		}
		page_words(page, "：", ": ");
		for (size_t k = 0; k < other->n_units; k++) {
			if (k)
				page_words(page, "、", ", ");
			unit_append(page, other->units[k]);
		}
		page_raw(page, "</li>\n");
	}
	page_raw(page, "</ul>\n");
}

static void unchecked_append(
		const struct page *page, const Policycalc__V1__Combination *combination)
{
	for (size_t i = 0; i < combination->n_unchecked; i++) {
		const Policycalc__V1__CombinationUnchecked *one = combination->unchecked[i];
		struct buffer part = { 0 };

		page_raw(page, "<p class=\"soft\">");
		unit_append(page, one->unit);
		page_words(page, "：", ": ");
		if (one->exclusion)
			exclusion_append_unchecked(page->style, one->exclusion, &part);
		page_flush(page, &part);
		page_raw(page, "</p>\n");
		buffer_fini(&part);
	}
}

void page_combination(const struct page *page)
{
	const Policycalc__V1__Combination *combination = page->report->match->combination;

	if (!combination)
		return;
	page_section(page, "best", "最佳组合", "The best combination");
	page_raw(page, "<p class=\"soft\">");
	page_words(page,
			"只计企业自己得到的现金、税收和贴息，按此后十二个月计算；贷款额度、股权"
			"和给银行的补偿不计入。",
			"Counts the cash, tax and interest that the firm itself gets in the "
			"next twelve "
			"months; credit lines, equity and what banks get are not in it.");
	page_raw(page, "</p>\n");
	choice_append(page, "确定可得", "For certain", combination->sure, false);
	if (combination->possible && combination->sure &&
			combination->possible->total_fen != combination->sure->total_fen)
		choice_append(page, "如果待定的都成立，最多",
				"At most, if all that is open comes true",
				combination->possible, true);
	answers_append(page, combination);
	others_append(page, combination);
	unchecked_append(page, combination);
	page_raw(page, "</section>\n");
}
