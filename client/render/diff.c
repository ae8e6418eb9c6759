/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/diff.h"

#include "client/render/text.h"

#include <string.h>

#define CHANGE(word) POLICYCALC__V1__CHANGE_KIND__CHANGE_KIND_##word

static const char *word_entry(const struct render_style *style, Policycalc__V1__EntryKind entry)
{
	static const char *const zh[] = { "", "政策", "参数", "属性", "地区", "行业",
		"共用上限" };
	static const char *const en[] = { "", "policy", "parameter", "attribute", "region",
		"industry", "shared cap" };
	size_t at = (size_t)entry < sizeof(zh) / sizeof(zh[0]) ? (size_t)entry : 0;

	return word(style, zh[at], en[at]);
}

/* @label, then @text beside it, wrapped under itself. */
static void line_append(const struct render_style *style, const char *label,
		struct buffer *text, struct buffer *out)
{
	size_t indent = text_width(slice_from(label));
	size_t width = style->width > indent + 20 ? style->width - indent : 20;

	buffer_append_text(out, label);
	text_append_wrapped(out, (struct slice){ text->data ? text->data : "", text->size },
			width, indent);
	buffer_append_char(out, '\n');
	out->failed |= text->failed;
	buffer_clear(text);
}

static void field_append(const struct render_style *style,
		const Policycalc__V1__FieldChange *field, struct buffer *line,
		struct buffer *out)
{
	const char *label = word_text(style, field->label);
	const char *before = word(style, field->before,
			*field->before_en ? field->before_en : field->before);
	const char *after = word(
			style, field->after, *field->after_en ? field->after_en : field->after);

	buffer_format(line, "%s%s", *label ? label : field->path, word(style, "：", ": "));
	if (field->kind == CHANGE(CHANGED))
		buffer_format(line, word(style, "由 %s 改为 %s", "from %s to %s"), before,
				after);
	else if (field->kind == CHANGE(ADDED))
		buffer_format(line, word(style, "新增 %s", "added %s"), after);
	else
		buffer_format(line, word(style, "删除 %s", "removed %s"), before);
	line_append(style, "    · ", line, out);
}

bool diff_print(const Policycalc__V1__DiffRevisionsResponse *diff,
		const struct render_style *style, struct buffer *out)
{
	struct buffer line = { 0 };

	for (size_t i = 0; i < diff->n_changes; i++) {
		const Policycalc__V1__CatalogChange *change = diff->changes[i];
		const char *title = word_text(style, change->title);

		buffer_format(&line, "%s%s%s%s%s", word_entry(style, change->entry),
				*title ? word(style, "“", " \"") : " ",
				*title ? title : change->id,
				*title ? word(style, "”", "\"") : "", *title ? " [" : "");
		if (*title)
			buffer_format(&line, "%s]", change->id);
		line_append(style,
				change->kind == CHANGE(ADDED)	  ? "+ "
				: change->kind == CHANGE(REMOVED) ? "- "
								  : "~ ",
				&line, out);
		for (size_t k = 0; k < change->n_fields; k++)
			field_append(style, change->fields[k], &line, out);
		for (size_t k = 0; k < change->n_affects; k++)
			buffer_format(&line, "%s%s",
					k ? word(style, "、", ", ")
					  : word(style, "影响：", "affects: "),
					change->affects[k]);
		if (change->n_affects)
			line_append(style, "    ", &line, out);
	}
	buffer_fini(&line);
	buffer_format(out, word(style, "共 %zu 处不同\n", "%zu entries differ\n"),
			diff->n_changes);
	return !out->failed;
}
