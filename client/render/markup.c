/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/markup.h"

#include "client/render/text.h"

#include <string.h>

struct escape {
	char c;
	const char *text;
};

static void append_escaped(struct buffer *out, struct slice text, const struct escape *escapes,
		size_t count)
{
	struct buffer clean = { 0 };

	text_append_clean(&clean, text);
	for (size_t i = 0; i < clean.size; i++) {
		const char *escaped = NULL;

		for (size_t k = 0; !escaped && k < count; k++) {
			if (escapes[k].c == clean.data[i])
				escaped = escapes[k].text;
		}
		if (escaped)
			buffer_append_text(out, escaped);
		else
			buffer_append_char(out, clean.data[i]);
	}
	out->failed |= clean.failed;
	buffer_fini(&clean);
}

#define APPEND_ESCAPED(out, text, escapes)                                                     \
	append_escaped(out, text, escapes, sizeof(escapes) / sizeof((escapes)[0]))

void markup_append(struct buffer *out, struct slice text)
{
	static const struct escape escapes[] = {
		{ '&', "&amp;" },
		{ '<', "&lt;" },
		{ '>', "&gt;" },
		{ '"', "&quot;" },
		{ '\'', "&#39;" },
	};

	APPEND_ESCAPED(out, text, escapes);
}

void markup_append_mermaid(struct buffer *out, struct slice text)
{
	static const struct escape escapes[] = {
		{ '"', "#quot;" },
		{ '#', "#35;" },
		{ '&', "#amp;" },
		{ '<', "#lt;" },
		{ '>', "#gt;" },
		{ '`', "#96;" },
		{ ';', "#59;" },
		{ '\\', "#92;" },
		{ '*', "#42;" },
		{ '_', "#95;" },
	};

	APPEND_ESCAPED(out, text, escapes);
}

void markup_append_dot(struct buffer *out, struct slice text)
{
	static const struct escape escapes[] = {
		{ '"', "\\\"" },
		{ '&', "&amp;" }, /* Graphviz reads HTML's entities in a label */
		{ '\\', "\\\\" },
	};

	APPEND_ESCAPED(out, text, escapes);
}
