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

/* The name without its prefix, and where the item begins, if it is one's. */
static struct slice path_name(const char *path, const char **out_item)
{
	const char *name = strlen(path) > 2 && path[1] == '.' ? path + 2 : path;
	const char *item = strchr(name, '@');

	*out_item = item;
	return (struct slice){ name, item ? (size_t)(item - name) : strlen(name) };
}

const char *canvas_attribute_label(const struct canvas *canvas, const char *path)
{
	const char *item;
	struct slice bare = path_name(path, &item);

	for (size_t i = 0; canvas->dictionary && i < canvas->dictionary->count; i++) {
		const Policycalc__V1__Attribute *attribute = canvas->dictionary->attributes[i];
		bool of_item = *attribute->item_list != '\0';
		const char *label = word_text(canvas->style, attribute->label);

		if (*label && slice_equals_text(bare, attribute->name) &&
				of_item == (path[0] == 'i'))
			return label;
	}
	return bare.data;
}

void canvas_append_attribute(const struct canvas *canvas, const char *path, struct buffer *out)
{
	const char *item;
	struct slice bare = path_name(path, &item);
	const char *label = canvas_attribute_label(canvas, path);

	buffer_append_text(out, label);
	if (label == bare.data)
		return;
	buffer_append_text(out, word(canvas->style, "（", " ("));
	if (item) {
		/* As one writes it for the command line; a list without items gets its first. */
		const char *id = strchr(item, '/');

		buffer_append(out, item + 1, id ? (size_t)(id - item - 1) : strlen(item + 1));
		buffer_format(out, ".%s.", id ? id + 1 : "1");
	}
	buffer_append(out, bare.data, bare.size);
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
