/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/source.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <stdarg.h>

/* Columns before a rule: one that stands further behind is not quoted. */
#define INDENT_MAX 400

void source_report(const struct source *source, enum diagnostic_severity severity,
		uint32_t begin, uint32_t end, const char *format, ...)
{
	const struct rule_options *options = source->options;
	struct slice text = source->text;
	size_t line_begin = 0;
	size_t line_end;
	int line = options->line > 0 ? options->line : 1;
	int indent = options->column > 1 ? options->column - 1 : 0;
	int column, width;
	struct buffer excerpt = { 0 };
	char message[1024];
	va_list args;

	/* What will only be counted needs no place. */
	if (source->diagnostics->count >= source->diagnostics->limit) {
		diagnostics_add(source->diagnostics, severity, options->path, line, 0, 1,
				(struct slice){ "", 0 }, "%s", "");
		return;
	}
	if (begin > text.size)
		begin = (uint32_t)text.size;
	if (end > text.size)
		end = (uint32_t)text.size;
	for (size_t i = 0; i < begin; i++) {
		if (text.data[i] == '\n') {
			line++;
			line_begin = i + 1;
			indent = 0;
		}
	}
	for (line_end = line_begin; line_end < text.size && text.data[line_end] != '\n';)
		line_end++;
	if (end > line_end)
		end = (uint32_t)line_end;
	column = indent + 1 +
		 (int)utf8_count((struct slice){ text.data + line_begin, begin - line_begin });
	width = end > begin ? (int)utf8_count((struct slice){ text.data + begin, end - begin })
			    : 1;
	for (int i = 0; i < indent && indent <= INDENT_MAX; i++)
		buffer_append_char(&excerpt, ' ');
	if (indent <= INDENT_MAX)
		buffer_append(&excerpt, text.data + line_begin, line_end - line_begin);
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	diagnostics_add(source->diagnostics, severity, options->path, line, column, width,
			excerpt.failed ? (struct slice){ "", 0 }
				       : (struct slice){ excerpt.data ? excerpt.data : "",
							 excerpt.size },
			"%s", message);
	buffer_fini(&excerpt);
}
