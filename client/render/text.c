/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/text.h"

#include <utf8proc.h>

#define ELLIPSIS "…"
#define REPLACEMENT "\xef\xbf\xbd"

/* One character as it is printed. */
struct glyph {
	utf8proc_int32_t point;
	size_t size; /* bytes in the source */
	size_t width;
	bool replaced;
};

static bool point_is_control(utf8proc_int32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return true;
	/* Bidirectional controls, line and paragraph separators, the byte order mark. */
	return point == 0x061c || point == 0x200e || point == 0x200f ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff;
}

/* The character at the front of @text, which is not empty. */
static struct glyph glyph_first(struct slice text)
{
	struct glyph glyph = { .replaced = true, .size = 1, .width = 1 };
	utf8proc_int32_t point;
	utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.data,
			(utf8proc_ssize_t)text.size, &point);
	int width;

	if (size <= 0)
		return glyph;
	glyph.size = (size_t)size;
	glyph.point = point;
	if (point == '\n' || point == '\t' || point == '\r') {
		glyph.point = ' ';
		glyph.replaced = false;
	} else if (!point_is_control(point)) {
		width = utf8proc_charwidth(point);
		glyph.width = width > 0 ? (size_t)width : 0;
		glyph.replaced = false;
	}
	return glyph;
}

static struct slice slice_after(struct slice text, size_t size)
{
	return (struct slice){ text.data + size, text.size - size };
}

static void glyph_append(struct buffer *out, const struct glyph *glyph, struct slice source)
{
	if (glyph->replaced)
		buffer_append_text(out, REPLACEMENT);
	else if (glyph->point == ' ')
		buffer_append_char(out, ' ');
	else
		buffer_append(out, source.data, glyph->size);
}

void text_append_clean(struct buffer *out, struct slice text)
{
	while (text.size) {
		struct glyph glyph = glyph_first(text);

		glyph_append(out, &glyph, text);
		text = slice_after(text, glyph.size);
	}
}

size_t text_width(struct slice text)
{
	size_t width = 0;

	while (text.size) {
		struct glyph glyph = glyph_first(text);

		width += glyph.width;
		text = slice_after(text, glyph.size);
	}
	return width;
}

size_t text_append_cut(struct buffer *out, struct slice text, size_t width)
{
	size_t used = 0;

	if (text_width(text) <= width) {
		text_append_clean(out, text);
		return text_width(text);
	}
	if (width == 0)
		return 0;
	while (text.size) {
		struct glyph glyph = glyph_first(text);

		if (used + glyph.width > width - 1)
			break;
		glyph_append(out, &glyph, text);
		used += glyph.width;
		text = slice_after(text, glyph.size);
	}
	buffer_append_text(out, ELLIPSIS);
	return used + 1;
}

/* What must not begin a line: 、。，；：）》！？」』% and their like. */
static bool point_closes(utf8proc_int32_t point)
{
	switch (point) {
	case 0x3001:
	case 0x3002:
	case 0xff0c:
	case 0xff1b:
	case 0xff1a:
	case 0xff09:
	case 0x300b:
	case 0x3015:
	case 0x300d:
	case 0x300f:
	case 0xff01:
	case 0xff1f:
	case 0x201d:
	case ',':
	case '.':
	case ';':
	case ':':
	case ')':
	case '%':
		return true;
	default:
		return false;
	}
}

/* What must not end a line: （《「『“ and their like. */
static bool point_opens(utf8proc_int32_t point)
{
	return point == 0xff08 || point == 0x300a || point == 0x3014 || point == 0x300c ||
	       point == 0x300e || point == 0x201c || point == '(';
}

struct slice text_take_line(struct slice *rest, size_t width)
{
	struct slice text = *rest;
	struct slice at = text;
	size_t used = 0;
	size_t fit = 0;	   /* bytes that fit */
	size_t chance = 0; /* bytes up to the last place where a line may end */
	bool before_wide = false;
	bool before_opens = false;

	while (at.size) {
		struct glyph glyph = glyph_first(at);
		size_t offset = text.size - at.size;
		bool wide = glyph.width == 2;

		if (offset && (wide || before_wide) && !before_opens &&
				!point_closes(glyph.point))
			chance = offset;
		if (used + glyph.width > width && offset) {
			if (glyph.point == ' ' && !glyph.replaced)
				chance = offset;
			break;
		}
		used += glyph.width;
		fit = offset + glyph.size;
		if (!glyph.replaced && glyph.point == ' ')
			chance = fit;
		before_wide = wide;
		before_opens = point_opens(glyph.point);
		at = slice_after(at, glyph.size);
	}
	if (at.size && chance && chance < fit)
		fit = chance;
	*rest = slice_after(text, fit);
	while (rest->size && *rest->data == ' ')
		*rest = slice_after(*rest, 1);
	text.size = fit;
	while (text.size && rest->size && text.data[text.size - 1] == ' ')
		text.size--;
	return text;
}

void text_append_spaces(struct buffer *out, size_t count)
{
	while (count--)
		buffer_append_char(out, ' ');
}

void text_append_wrapped(struct buffer *out, struct slice text, size_t width, size_t indent)
{
	bool first = true;

	while (text.size) {
		struct slice line = text_take_line(&text, width);

		if (!first) {
			buffer_append_char(out, '\n');
			text_append_spaces(out, indent);
		}
		text_append_clean(out, line);
		first = false;
	}
}
