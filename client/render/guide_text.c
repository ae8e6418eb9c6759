/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/exclusion.h"
#include "client/render/guide.h"
#include "client/render/text.h"

#include <stdio.h>
#include <string.h>

typedef Policycalc__V1__GetGuideResponse guide_message;
typedef Policycalc__V1__GuideStep step_message;

static bool step_has_days(const step_message *step)
{
	return step->_working_days_case ==
	       POLICYCALC__V1__GUIDE_STEP___WORKING_DAYS_WORKING_DAYS;
}

void guide_append_days(
		const struct render_style *style, const step_message *step, struct buffer *out)
{
	if (step_has_days(step))
		buffer_format(out, word(style, "%d 个工作日", "%d working days"),
				step->working_days);
	else
		buffer_append_text(out, word(style, "时限未载明", "days not stated"));
}

void guide_append_total(const struct render_style *style, const guide_message *guide,
		struct buffer *out)
{
	size_t unstated = 0;

	for (size_t i = 0; i < guide->n_steps; i++)
		unstated += !step_has_days(guide->steps[i]);
	if (guide->days_complete) {
		buffer_format(out, word(style, "共需 %d 个工作日", "%d working days in all"),
				guide->working_days);
	} else if (guide->working_days) {
		buffer_format(out, word(style, "至少 %d 个工作日", "at least %d working days"),
				guide->working_days);
		if (unstated)
			buffer_format(out,
					word(style, "（%zu 个步骤的时限未载明）",
							" (%zu steps do not state theirs)"),
					unstated);
	} else {
		buffer_append_text(out, word(style, "办理时限未载明",
							"the time it takes is not stated"));
	}
}

void guide_append_numbers(const struct render_style *style, const guide_message *guide,
		const int32_t *steps, size_t count, struct buffer *out)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		if (steps[i] < 0 || (size_t)steps[i] >= guide->n_steps)
			continue;
		buffer_format(out, "%s%d", first ? "" : word(style, "、", ", "), steps[i] + 1);
		first = false;
	}
}

void guide_append_papers(const struct render_style *style, const guide_message *guide,
		const int32_t *papers, size_t count, struct buffer *out)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__GuideMaterial *paper;
		const char *name;

		if (papers[i] < 0 || (size_t)papers[i] >= guide->n_materials)
			continue;
		paper = guide->materials[papers[i]];
		name = word_text(style, paper->name);
		if (!first)
			buffer_append_text(out, word(style, "、", ", "));
		buffer_append_text(out, *name ? name : paper->code);
		first = false;
	}
}

const char *guide_note(
		const struct render_style *style, const Policycalc__V1__GuidePolicy *policy)
{
	if (policy->not_stated)
		return word(style, "现有资料未载明办理步骤，请向主管部门询问",
				"our sources do not tell the steps: ask the department");
	if (policy->automatic)
		return word(style, "免申即享：无需提交申请",
				"automatic: there is nothing to apply for");
	return "";
}

/* --- lines ------------------------------------------------------------------------------------ */

/* @label, then @text wrapped beside it; nothing when the text is empty. */
static void line_append(const struct render_style *style, const char *label, const char *text,
		struct buffer *out)
{
	size_t indent = text_width(slice_from(label));

	if (!*text)
		return;
	buffer_append_text(out, label);
	text_append_wrapped(out, slice_from(text),
			style->width > indent + 20 ? style->width - indent : 20, indent);
	buffer_append_char(out, '\n');
}

/* Prints what @line holds and empties it. */
static void line_flush(const struct render_style *style, const char *label, struct buffer *line,
		struct buffer *out)
{
	out->failed |= line->failed;
	line_append(style, label, line->data ? line->data : "", out);
	buffer_clear(line);
}

static void policies_append(const struct render_style *style, const guide_message *guide,
		struct buffer *out)
{
	struct buffer line = { 0 };

	for (size_t i = 0; i < guide->n_policies; i++) {
		const Policycalc__V1__GuidePolicy *policy = guide->policies[i];

		buffer_format(&line, "%s [%s]", word_text(style, policy->title), policy->id);
		line_flush(style, "  · ", &line, out);
		for (size_t k = 0; k < policy->n_departments; k++)
			buffer_format(&line, "%s%s", k ? word(style, "、", ", ") : "",
					policy->departments[k]);
		line_flush(style, word(style, "    部门：", "    department: "), &line, out);
		word_availability(style, policy->availability, &line);
		line_flush(style, "    ", &line, out);
		line_append(style, "    ", guide_note(style, policy), out);
		for (size_t k = 0; k < policy->n_exclusions; k++) {
			exclusion_append_unchecked(style, policy->exclusions[k], &line);
			line_flush(style, "    ", &line, out);
		}
		if (policy->source) {
			buffer_format(&line, "%s%s%s%s%s", policy->source->doc,
					*policy->source->number ? word(style, "，", ", ") : "",
					policy->source->number,
					*policy->source->date ? word(style, "，", ", ") : "",
					policy->source->date);
			line_flush(style, word(style, "    依据：", "    source: "), &line,
					out);
		}
	}
	buffer_fini(&line);
}

/* The other steps that run beside this one. */
static void beside_append(const struct render_style *style, const guide_message *guide,
		size_t index, struct buffer *line)
{
	bool first = true;

	for (size_t i = 0; i < guide->n_steps; i++) {
		if (i == index || guide->steps[i]->depth != guide->steps[index]->depth)
			continue;
		if (first)
			buffer_append_text(line, word(style, "可与第 ", "beside step "));
		buffer_format(line, "%s%zu", first ? "" : word(style, "、", ", "), i + 1);
		first = false;
	}
	if (!first)
		buffer_append_text(line, word(style, " 步同时办理", ""));
}

static void step_append(const struct render_style *style, const guide_message *guide,
		size_t index, struct buffer *out)
{
	const step_message *step = guide->steps[index];
	struct buffer line = { 0 };
	char label[32];

	(void)snprintf(label, sizeof(label), "%3zu. ", index + 1);
	line_append(style, label, word_text(style, step->title), out);
	if (*word_text(style, step->actor))
		buffer_format(&line, "%s · ", word_text(style, step->actor));
	if (*word_text(style, step->channel))
		buffer_format(&line, "%s · ", word_text(style, step->channel));
	guide_append_days(style, step, &line);
	if (step->critical)
		buffer_append_text(&line, word(style, " · 关键步骤", " · critical"));
	line_flush(style, "     ", &line, out);
	if (step->n_after) {
		guide_append_numbers(style, guide, step->after, step->n_after, &line);
		line_flush(style, word(style, "     须先完成：", "     after: "), &line, out);
	}
	if (guide->n_policies > 1) {
		beside_append(style, guide, index, &line);
		line_flush(style, "     ", &line, out);
		for (size_t i = 0; i < step->n_policies; i++) {
			if (step->policies[i] >= 0 &&
					(size_t)step->policies[i] < guide->n_policies)
				buffer_format(&line, "%s%s",
						line.size ? word(style, "；", "; ") : "",
						word_text(style,
								guide->policies[step->policies[i]]
										->title));
		}
		line_flush(style, word(style, "     用于：", "     for: "), &line, out);
	}
	guide_append_papers(style, guide, step->materials, step->n_materials, &line);
	line_flush(style, word(style, "     交材料：", "     hand in: "), &line, out);
	guide_append_papers(
			style, guide, step->reused_materials, step->n_reused_materials, &line);
	line_flush(style, word(style, "     沿用已交：", "     handed in already: "), &line,
			out);
	buffer_fini(&line);
}

static void papers_append(const struct render_style *style, const guide_message *guide,
		struct buffer *out)
{
	struct buffer line = { 0 };

	buffer_format(out, "\n%s\n",
			word(style, "材料（每样只交一次）", "Papers (each handed in once)"));
	for (size_t i = 0; i < guide->n_materials; i++) {
		const Policycalc__V1__GuideMaterial *paper = guide->materials[i];
		const char *form = word_text(style, paper->form);

		buffer_append_text(&line, *word_text(style, paper->name)
							  ? word_text(style, paper->name)
							  : paper->code);
		if (*form)
			buffer_format(&line, word(style, "（%s）", " (%s)"), form);
		if (paper->n_policies > 1)
			buffer_format(&line,
					word(style, " · %zu 项政策共用",
							" · shared by %zu policies"),
					paper->n_policies);
		line_flush(style, "  · ", &line, out);
	}
	buffer_fini(&line);
}

static void critical_append(const struct render_style *style, const guide_message *guide,
		struct buffer *out)
{
	struct buffer line = { 0 };

	guide_append_total(style, guide, &line);
	if (guide->papers_saved > 0)
		buffer_format(&line,
				word(style, "；合并办理少交材料 %d 份",
						"; %d papers fewer than one by one"),
				guide->papers_saved);
	buffer_append_char(out, '\n');
	line_flush(style, word(style, "合计：", "In all: "), &line, out);
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (guide->steps[i]->critical)
			buffer_format(&line, "%s%zu", line.size ? " → " : "", i + 1);
	}
	line_flush(style, word(style, "关键步骤：", "critical: "), &line, out);
	buffer_fini(&line);
}

bool guide_print_text(const guide_message *guide, const struct render_style *style,
		struct buffer *out)
{
	buffer_format(out,
			word(style, "办事流程（按 %s，目录第 %lld 版）\n",
					"Procedure (as of %s, catalog revision %lld)\n"),
			guide->as_of, (long long)guide->revision);
	policies_append(style, guide, out);
	if (guide->n_steps) {
		buffer_format(out, "\n%s\n", word(style, "步骤", "Steps"));
		for (size_t i = 0; i < guide->n_steps; i++)
			step_append(style, guide, i, out);
	}
	if (guide->n_materials)
		papers_append(style, guide, out);
	if (guide->n_steps)
		critical_append(style, guide, out);
	buffer_format(out, "\n%s\n",
			word(style, "以主管部门审核为准。",
					"An aid, not a decision: the department decides."));
	return !out->failed;
}
