/* SPDX-License-Identifier: Apache-2.0 */
/* The procedure as a graph in the languages of two drawing programs: Mermaid and Graphviz (DOT). */
#include "client/render/guide.h"
#include "client/render/markup.h"

#include <string.h>

typedef Policycalc__V1__GetGuideResponse guide_message;
typedef Policycalc__V1__GuideStep step_message;

struct dialect {
	void (*append)(struct buffer *out, struct slice text);
	const char *line_break;
	const char *number; /* in front of a step's title */
};

/* Many versions of Mermaid read a label as Markdown, and for one that begins as a list does ("1. ",
 * "1) ") draw "Unsupported markdown: list" in its place. */
static const struct dialect mermaid = { markup_append_mermaid, "<br/>", "(%zu) " };
static const struct dialect dot = { markup_append_dot, "\\n", "%zu. " };

/* A further line of a label. */
static void part_append(const struct dialect *dialect, struct buffer *part, struct buffer *out)
{
	if (part->size) {
		buffer_append_text(out, dialect->line_break);
		dialect->append(out, (struct slice){ part->data, part->size });
	}
	out->failed |= part->failed;
	buffer_clear(part);
}

static void label_append(const struct dialect *dialect, const struct render_style *style,
		const guide_message *guide, size_t index, struct buffer *out)
{
	const step_message *step = guide->steps[index];
	struct buffer part = { 0 };

	buffer_format(out, dialect->number, index + 1);
	dialect->append(out, slice_from(word_text(style, step->title)));
	buffer_append_text(&part, word_text(style, step->actor));
	part_append(dialect, &part, out);
	buffer_append_text(&part, word_text(style, step->channel));
	part_append(dialect, &part, out);
	guide_append_days(style, step, &part);
	part_append(dialect, &part, out);
	if (step->n_materials) {
		buffer_append_text(&part, word(style, "交：", "hand in: "));
		guide_append_papers(style, guide, step->materials, step->n_materials, &part);
		part_append(dialect, &part, out);
	}
	buffer_fini(&part);
}

/* The policy whose box a step stands in; SIZE_MAX: that of several. */
static size_t box_of(const guide_message *guide, const step_message *step)
{
	if (step->n_policies != 1 || step->policies[0] < 0 ||
			(size_t)step->policies[0] >= guide->n_policies)
		return SIZE_MAX;
	return (size_t)step->policies[0];
}

static bool box_is_empty(const guide_message *guide, size_t box)
{
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (box_of(guide, guide->steps[i]) == box)
			return false;
	}
	return true;
}

/* --- Mermaid ---------------------------------------------------------------------------------- */

static void mermaid_steps(const struct render_style *style, const guide_message *guide,
		size_t box, struct buffer *out)
{
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (box_of(guide, guide->steps[i]) != box)
			continue;
		buffer_format(out, "    s%zu[\"", i + 1);
		label_append(&mermaid, style, guide, i, out);
		buffer_append_text(out, "\"]\n");
	}
}

bool guide_print_mermaid(const guide_message *guide, const struct render_style *style,
		struct buffer *out)
{
	bool any = false;

	buffer_append_text(out, "flowchart TD\n");
	mermaid_steps(style, guide, SIZE_MAX, out);
	for (size_t i = 0; i < guide->n_policies; i++) {
		const Policycalc__V1__GuidePolicy *policy = guide->policies[i];
		const char *note = guide_note(style, policy);

		buffer_format(out, "  subgraph p%zu[\"", i + 1);
		markup_append_mermaid(out, slice_from(word_text(style, policy->title)));
		buffer_append_text(out, "\"]\n");
		mermaid_steps(style, guide, i, out);
		if (*note && box_is_empty(guide, i)) {
			buffer_format(out, "    n%zu([\"", i + 1);
			markup_append_mermaid(out, slice_from(note));
			buffer_append_text(out, "\"])\n");
		}
		buffer_append_text(out, "  end\n");
	}
	for (size_t i = 0; i < guide->n_steps; i++) {
		const step_message *step = guide->steps[i];

		for (size_t k = 0; k < step->n_after; k++) {
			if (step->after[k] >= 0 && (size_t)step->after[k] < guide->n_steps)
				buffer_format(out, "  s%d --> s%zu\n", step->after[k] + 1,
						i + 1);
		}
	}
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (!guide->steps[i]->critical)
			continue;
		buffer_format(out, "%ss%zu", any ? "," : "  class ", i + 1);
		any = true;
	}
	if (any)
		buffer_append_text(out, " critical\n  classDef critical stroke-width:3px\n");
	return !out->failed;
}

/* --- DOT -------------------------------------------------------------------------------------- */

static void dot_steps(const struct render_style *style, const guide_message *guide, size_t box,
		struct buffer *out)
{
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (box_of(guide, guide->steps[i]) != box)
			continue;
		buffer_format(out, "    s%zu [label=\"", i + 1);
		label_append(&dot, style, guide, i, out);
		buffer_format(out, "\"%s];\n", guide->steps[i]->critical ? ", penwidth=3" : "");
	}
}

bool guide_print_dot(const guide_message *guide, const struct render_style *style,
		struct buffer *out)
{
	buffer_append_text(out, "digraph guide {\n"
				"  rankdir=TB;\n"
				"  node [shape=box, fontname=\"Noto Sans CJK SC\"];\n"
				"  graph [fontname=\"Noto Sans CJK SC\"];\n");
	dot_steps(style, guide, SIZE_MAX, out);
	for (size_t i = 0; i < guide->n_policies; i++) {
		const Policycalc__V1__GuidePolicy *policy = guide->policies[i];
		const char *note = guide_note(style, policy);

		buffer_format(out, "  subgraph cluster_%zu {\n    label=\"", i + 1);
		markup_append_dot(out, slice_from(word_text(style, policy->title)));
		buffer_append_text(out, "\";\n");
		dot_steps(style, guide, i, out);
		if (box_is_empty(guide, i)) {
			buffer_format(out, "    n%zu [shape=note, label=\"", i + 1);
			markup_append_dot(out, slice_from(note));
			buffer_append_text(out, "\"];\n");
		}
		buffer_append_text(out, "  }\n");
	}
	for (size_t i = 0; i < guide->n_steps; i++) {
		const step_message *step = guide->steps[i];

		for (size_t k = 0; k < step->n_after; k++) {
			if (step->after[k] >= 0 && (size_t)step->after[k] < guide->n_steps)
				buffer_format(out, "  s%d -> s%zu;\n", step->after[k] + 1,
						i + 1);
		}
	}
	buffer_append_text(out, "}\n");
	return !out->failed;
}
