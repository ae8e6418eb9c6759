/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/canvas.h"

#include "client/render/text.h"

#include <string.h>

void canvas_colour(const struct canvas *canvas, const char *code)
{
	if (canvas->style->colour)
		buffer_append_text(canvas->out, code);
}

void canvas_line(const struct canvas *canvas, size_t indent, const char *mark, const char *text)
{
	size_t used = indent + text_width(slice_from(mark));
	size_t left = canvas->style->width > used + 10 ? canvas->style->width - used : 10;

	text_append_spaces(canvas->out, indent);
	buffer_append_text(canvas->out, mark);
	text_append_wrapped(canvas->out, slice_from(text), left, used);
	buffer_append_char(canvas->out, '\n');
}

void canvas_pair(const struct canvas *canvas, const char *mark, const char *first,
		const char *second)
{
	struct buffer text = { 0 };

	buffer_format(&text, "%s%s", first, second);
	if (text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 4, mark, text.data);
	buffer_fini(&text);
}

void canvas_append_label(const struct canvas *canvas, const char *path, struct buffer *out)
{
	struct attribute_name name;

	attribute_name_parse(canvas->style, canvas->dictionary, path, &name);
	if (*name.label)
		buffer_append_text(out, name.label);
	else
		buffer_append_text(out, name.bare.data); /* with its item */
	if (*name.periods)
		buffer_format(out, word(canvas->style, "（%s）", " (%s)"), name.periods);
}

void canvas_append_attribute(const struct canvas *canvas, const char *path, struct buffer *out)
{
	struct attribute_name name;

	attribute_name_parse(canvas->style, canvas->dictionary, path, &name);
	canvas_append_label(canvas, path, out);
	if (!*name.label)
		return;
	buffer_append_text(out, word(canvas->style, "（", " ("));
	if (name.list.size) {
		/* As one writes it for the command line; a list without items gets its first. */
		buffer_append_slice(out, name.list);
		buffer_append_char(out, '.');
		buffer_append_slice(out, name.item.size ? name.item : slice_from("1"));
		buffer_append_char(out, '.');
	}
	buffer_append_slice(out, name.bare);
	buffer_append_text(out, word(canvas->style, "）", ")"));
}

void canvas_print_missing(const struct canvas *canvas, const char *lead, char *const *missing,
		size_t count)
{
	struct buffer text = { 0 };

	if (count == 0)
		return;
	buffer_append_text(&text, lead);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_append_text(&text, word(canvas->style, "、", ", "));
		canvas_append_attribute(canvas, missing[i], &text);
	}
	if (text.failed)
		canvas->out->failed = true;
	else
		canvas_line(canvas, 4, "? ", text.data);
	buffer_fini(&text);
}
