/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/html.h"

#include "client/render/guide.h"
#include "client/render/markup.h"
#include "proto/codec/value_text.h"

#include <string.h>

#define VERDICT(name) POLICYCALC__V1__VERDICT__VERDICT_##name

/* --- pieces ----------------------------------------------------------------------------------- */

void page_raw(const struct page *page, const char *markup)
{
	buffer_append_text(page->out, markup);
}

void page_text(const struct page *page, const char *text)
{
	markup_append(page->out, slice_from(text));
}

void page_words(const struct page *page, const char *zh, const char *en)
{
	page_text(page, word(page->style, zh, en));
}

void page_flush(const struct page *page, struct buffer *part)
{
	page->out->failed |= part->failed;
	markup_append(page->out, (struct slice){ part->data ? part->data : "", part->size });
	buffer_clear(part);
}

void page_element(const struct page *page, const char *tag, const char *class, const char *text)
{
	if (!*text)
		return;
	buffer_format(page->out, "<%s class=\"%s\">", tag, class);
	page_text(page, text);
	buffer_format(page->out, "</%s>\n", tag);
}

void page_money(const struct page *page, int64_t fen)
{
	char text[WORD_MONEY_SIZE];

	word_money(page->style, fen, text);
	page_text(page, text);
}

void page_section(const struct page *page, const char *id, const char *zh, const char *en)
{
	buffer_format(page->out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id, id);
	page_words(page, zh, en);
	page_raw(page, "</h2>\n");
}

const Policycalc__V1__Attribute *page_attribute(const struct page *page, const char *path)
{
	struct attribute_name name;

	attribute_name_parse(page->style, &page->report->dictionary, path, &name);
	return name.attribute;
}

void page_attribute_name(const struct page *page, const char *path)
{
	struct attribute_name name;

	attribute_name_parse(page->style, &page->report->dictionary, path, &name);
	if (*name.label)
		page_text(page, name.label);
	else
		markup_append(page->out, name.bare);
	if (!name.list.size && !*name.periods)
		return;
	page_words(page, "（", " (");
	page_text(page, name.periods);
	if (name.list.size && *name.periods)
		page_words(page, "，", ", ");
	if (name.list.size)
		page_text(page, word_list(page->style, arena_copy(page->arena, name.list.data,
								       name.list.size)));
	if (name.item.size) {
		page_raw(page, " ");
		markup_append(page->out, name.item);
	}
	page_words(page, "）", ")");
}

/* --- head ------------------------------------------------------------------------------------- */

static const char STYLE[] =
		"<style>\n"
		":root{--ink:#1c2733;--soft:#4a5866;--line:#c9d2da;--ground:#f4f7fa;--good:#"
		"17694a;"
		"--open:#8a5a00;--bad:#a3261e;--mark:#0b5394}\n"
		"*{box-sizing:border-box}\n"
		"body{margin:0 "
		"auto;padding:24px;max-width:900px;color:var(--ink);background:#fff;"
		"font:15px/1.65 \"Noto Sans CJK SC\",\"Source Han Sans SC\",\"PingFang SC\","
		"\"Microsoft YaHei\",SimSun,sans-serif}\n"
		"h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:32px 0 "
		"10px;padding-bottom:"
		"4px;border-bottom:2px solid var(--mark)}h3{font-size:16px;margin:0 0 4px}\n"
		"p{margin:4px 0}ul{margin:4px "
		"0;padding-left:22px}table{border-collapse:collapse;width:"
		"100%;margin:6px 0}th,td{border:1px solid var(--line);padding:4px "
		"8px;text-align:left;"
		"vertical-align:top}th{background:var(--ground);font-weight:600}caption{text-"
		"align:left;"
		"font-weight:600;padding:4px 0}.figure{text-align:right;white-space:nowrap}"
		".name{white-space:nowrap}\n"
		".soft{color:var(--soft);font-size:13.5px}.id{color:var(--soft);font-size:12."
		"5px}\n"
		".cards{display:flex;flex-wrap:wrap;gap:10px;margin:12px "
		"0;padding:0;list-style:none}"
		".cards li{flex:1 1 110px;border:1px solid "
		"var(--line);border-radius:8px;padding:8px "
		"12px;background:var(--ground)}.cards strong{display:block;font-size:22px}\n"
		".policy{border:1px solid var(--line);border-left:5px solid "
		"var(--line);border-radius:6px;"
		"padding:10px 14px;margin:10px "
		"0;break-inside:avoid}.good{border-left-color:var(--good)}"
		".open{border-left-color:var(--open)}.bad{border-left-color:var(--bad)}\n"
		".amount{font-weight:600}.conditions{list-style:none;padding-left:0}."
		"conditions li{"
		"padding-left:1.6em;text-indent:-1.6em}\n"
		".bar{height:12px;border:1px solid "
		"var(--line);border-radius:6px;background:#fff;"
		"overflow:hidden;margin:4px 0;max-width:420px}.bar "
		"span{display:block;height:100%;"
		"background:var(--mark)}\n"
		".months{display:flex;flex-wrap:wrap;gap:14px}.month{border:1px solid "
		"var(--line);"
		"width:auto;margin:0}.month th,.month td{border:0;padding:1px "
		"5px;text-align:center;"
		"font-size:12.5px}.month "
		".due{background:var(--bad);color:#fff;border-radius:4px;"
		"font-weight:700}.month "
		".start{background:var(--good);color:#fff;border-radius:4px;"
		"font-weight:700}\n"
		"svg{max-width:100%;height:auto}footer{margin-top:32px;border-top:1px solid "
		"var(--line);"
		"padding-top:8px}\n"
		"@page{size:A4;margin:14mm}@media "
		"print{body{padding:0;max-width:none;font-size:12px}"
		"h2{break-after:avoid}tr,.month{break-inside:avoid}}\n"
		"</style>\n";

void page_head(const struct page *page, const char *zh, const char *en)
{
	buffer_format(page->out,
			"<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta "
			"charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, "
			"initial-scale=1\">\n"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			"'none'; "
			"style-src 'unsafe-inline'\">\n"
			"<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
			word(page->style, "zh-CN", "en"));
	page_words(page, zh, en);
	page_raw(page, "</title>\n");
	page_raw(page, STYLE);
	page_raw(page, "</head>\n<body>\n<header>\n<h1>");
	page_words(page, zh, en);
	page_raw(page, "</h1>\n");
}

static void head_append(const struct page *page)
{
	page_head(page, "政策体检报告", "Policy check-up");
	page_raw(page, "<p class=\"soft\">");
	page_words(page, "按 ", "As of ");
	page_text(page, page->report->match->as_of);
	page_words(page, " 的政策计算 · 政策目录第 ", " · catalog revision ");
	buffer_format(page->out, "%lld", (long long)page->report->match->revision);
	page_words(page, " 版 · 引擎 ", " · engine ");
	page_text(page, page->report->match->engine_version);
	page_raw(page, "</p>\n</header>\n");
}

/* --- what it rests on ------------------------------------------------------------------------- */

static void fact_append(const struct page *page, const Policycalc__V1__AttributeValue *fact,
		const Policycalc__V1__Item *item)
{
	const char *name = item ? arena_format(page->arena, "i.%s@%s/%s", fact->name,
						  item->list, item->id)
				: arena_format(page->arena, "e.%s", fact->name);
	const Policycalc__V1__Attribute *attribute = name ? page_attribute(page, name) : NULL;
	char money[WORD_MONEY_SIZE];
	const char *value = NULL;

	if (!name)
		return;
	if (fact->value && fact->value->kind_case == POLICYCALC__V1__VALUE__KIND_MONEY_FEN) {
		word_money(page->style, fact->value->money_fen, money);
		value = money;
	} else if (attribute && fact->value) {
		value = value_print_text(fact->value, attribute, word(page->style, "zh", "en"),
				page->arena);
	}
	page_raw(page, "<tr><th scope=\"row\">");
	page_attribute_name(page, name);
	if (*fact->period) {
		page_words(page, "（", " (");
		page_text(page, fact->period);
		page_words(page, "）", ")");
	}
	page_raw(page, "</th><td>");
	page_text(page, value ? value : "");
	page_raw(page, "</td></tr>\n");
}

static void facts_append(const struct page *page)
{
	const Policycalc__V1__Profile *profile = page->report->profile;

	if (!profile || (profile->n_attributes == 0 && profile->n_items == 0))
		return;
	page_section(page, "facts", "所依据的企业情况", "What is known of the firm");
	page_raw(page, "<p class=\"soft\">");
	page_words(page, "没有填写的一律视为“不知道”，不当作零或“否”。",
			"What is not given is unknown: never zero, never \"no\".");
	page_raw(page, "</p>\n<table>\n");
	if (*profile->uscc) {
		page_raw(page, "<tr><th scope=\"row\">");
		page_words(page, "统一社会信用代码", "Unified social credit code");
		page_raw(page, "</th><td>");
		page_text(page, profile->uscc);
		page_raw(page, "</td></tr>\n");
	}
	for (size_t i = 0; i < profile->n_attributes; i++)
		fact_append(page, profile->attributes[i], NULL);
	for (size_t i = 0; i < profile->n_items; i++) {
		for (size_t k = 0; k < profile->items[i]->n_attributes; k++)
			fact_append(page, profile->items[i]->attributes[k], profile->items[i]);
	}
	page_raw(page, "</table>\n");
	for (size_t i = 0; i < page->report->match->n_warnings; i++)
		page_element(page, "p", "soft", page->report->match->warnings[i]->message);
	page_raw(page, "</section>\n");
}

/* --- the summary ------------------------------------------------------------------------------ */

static int verdict_count(const struct page *page, Policycalc__V1__Verdict verdict)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;

	for (size_t i = 0; i < match->n_counts; i++) {
		if (match->counts[i]->verdict == verdict)
			return match->counts[i]->count;
	}
	return 0;
}

static void summary_append(const struct page *page)
{
	static const Policycalc__V1__Verdict shown[] = { VERDICT(ELIGIBLE),
		VERDICT(NEEDS_REVIEW), VERDICT(NEEDS_INFORMATION), VERDICT(NOT_OPEN),
		VERDICT(INELIGIBLE) };
	const Policycalc__V1__Combination *combination = page->report->match->combination;

	page_raw(page, "<ul class=\"cards\">\n");
	if (combination && combination->sure) {
		page_raw(page, "<li>");
		page_words(page, "十二个月内确定可得", "Sure within twelve months");
		page_raw(page, "<strong>");
		page_money(page, combination->sure->total_fen);
		page_raw(page, "</strong></li>\n");
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		page_raw(page, "<li>");
		page_text(page, word_verdict(page->style, shown[i]));
		buffer_format(page->out, "<strong>%d", verdict_count(page, shown[i]));
		page_words(page, " 项", "");
		page_raw(page, "</strong></li>\n");
	}
	page_raw(page, "</ul>\n");
}

/* --- how to apply ----------------------------------------------------------------------------- */

static void guide_append(const struct page *page)
{
	const Policycalc__V1__GetGuideResponse *guide = page->report->guide;

	if (!guide || guide->n_policies == 0)
		return;
	if (guide->n_materials) {
		page_section(page, "papers", "要带的材料", "What to bring");
		page_raw(page, "<ul>\n");
		for (size_t i = 0; i < guide->n_materials; i++) {
			const Policycalc__V1__GuideMaterial *paper = guide->materials[i];
			const char *name = word_text(page->style, paper->name);
			const char *form = word_text(page->style, paper->form);

			page_raw(page, "<li>");
			page_text(page, *name ? name : paper->code);
			if (*form) {
				page_words(page, "（", " (");
				page_text(page, form);
				page_words(page, "）", ")");
			}
			if (paper->n_policies > 1) {
				buffer_format(page->out, " <span class=\"soft\">%zu ",
						paper->n_policies);
				page_words(page, "项政策共用，只交一次",
						"policies share it: once is enough");
				page_raw(page, "</span>");
			}
			page_raw(page, "</li>\n");
		}
		page_raw(page, "</ul>\n</section>\n");
	}
	page_section(page, "procedure", "怎么办理", "How to apply");
	page->out->failed |= !guide_print_svg(guide, page->style, false, page->out);
	page_raw(page, "</section>\n");
}

/* --- sources ---------------------------------------------------------------------------------- */

static bool source_was_listed(const Policycalc__V1__MatchResponse *match, size_t answer,
		size_t index, const Policycalc__V1__Source *source)
{
	for (size_t i = 0; i <= answer; i++) {
		for (size_t k = 0; k < match->answers[i]->n_sources; k++) {
			const Policycalc__V1__Source *other = match->answers[i]->sources[k];

			if (i == answer && k == index)
				return false;
			if (strcmp(other->doc, source->doc) == 0 &&
					strcmp(other->number, source->number) == 0)
				return true;
		}
	}
	return false;
}

static void sources_append(const struct page *page)
{
	const Policycalc__V1__MatchResponse *match = page->report->match;

	page_section(page, "sources", "依据", "Sources");
	page_raw(page, "<ul class=\"soft\">\n");
	for (size_t i = 0; i < match->n_answers; i++) {
		if (match->answers[i]->verdict == VERDICT(INELIGIBLE))
			continue;
		for (size_t k = 0; k < match->answers[i]->n_sources; k++) {
			const Policycalc__V1__Source *source = match->answers[i]->sources[k];

			if (source_was_listed(match, i, k, source))
				continue;
			page_raw(page, "<li>");
			page_text(page, source->doc);
			if (*source->number && !strstr(source->doc, source->number)) {
				page_raw(page, " ");
				page_text(page, source->number);
			}
			if (*source->date) {
				page_words(page, "，", ", ");
				page_text(page, source->date);
			}
			page_raw(page, "</li>\n");
		}
	}
	page_raw(page, "</ul>\n</section>\n");
}

bool report_print_html(const struct report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out)
{
	const struct page page = { report, style, arena, out };

	head_append(&page);
	page_raw(&page, "<main>\n");
	summary_append(&page);
	page_policies(&page);
	page_combination(&page);
	page_near(&page);
	page_calendar(&page);
	guide_append(&page);
	page_misses(&page);
	facts_append(&page);
	sources_append(&page);
	page_raw(&page, "</main>\n<footer><p><strong>");
	page_words(&page, "以主管部门审核为准。",
			"An aid, not a decision: the department decides.");
	page_raw(&page, "</strong></p>\n<p class=\"soft\">");
	page_words(&page,
			"本报告由政策计算器根据所填情况和公开资料生成；未载明、未核实之处已在各"
			"项政策中注明。",
			"Made by the policy calculator from what was entered and from public "
			"sources; "
			"what is not stated or not verified is marked.");
	page_raw(&page, "</p></footer>\n</body>\n</html>\n");
	return !out->failed && !arena->exhausted;
}
