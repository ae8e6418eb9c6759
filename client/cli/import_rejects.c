/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_rejects.h"

#include "base/utf8.h"
#include "client/cli/csv.h"
#include "client/cli/import_column.h"

#include <errno.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool rejects_fail(const struct import_rejects *rejects, struct error *err)
{
	if (rejects->line.failed)
		return error_set(err, ERROR_MEMORY, "%s: out of memory", rejects->path);
	return error_set(err, ERROR_IO, "%s: %s", rejects->path,
			strerrordesc_np(errno ? errno : EIO));
}

static bool line_write(struct import_rejects *rejects, struct error *err)
{
	struct buffer *line = &rejects->line;

	buffer_append_text(line, "\r\n");
	if (line->failed || fwrite(line->data, 1, line->size, rejects->file) != line->size)
		return rejects_fail(rejects, err);
	buffer_clear(line);
	return true;
}

/* What is no text must not make the file one that is none. */
static void text_append(struct buffer *line, struct slice field)
{
	struct buffer clean = { 0 };

	if (utf8_is_valid(field)) {
		csv_append_field(line, field);
		return;
	}
	while (field.size) {
		size_t good = utf8_valid_size(field);

		buffer_append(&clean, field.data, good);
		if (good < field.size) {
			buffer_append_text(&clean, "\xef\xbf\xbd");
			good++;
		}
		field = (struct slice){ field.data + good, field.size - good };
	}
	csv_append_field(line, (struct slice){ clean.data, clean.size });
	line->failed |= clean.failed;
	buffer_fini(&clean);
}

static bool is_reject_heading(struct slice heading)
{
	return slice_starts_with(heading, SLICE_LITERAL(REJECT_HEADING_ZH)) ||
	       slice_starts_with(heading, SLICE_LITERAL(REJECT_HEADING_EN));
}

static bool rejects_open(struct import_rejects *rejects, struct error *err)
{
	static const char *const zh[] = { "行", "列", "表头", "原因", "说明" };
	static const char *const en[] = { "line", "column", "heading", "reason", "message" };
	struct buffer *line = &rejects->line;

	errno = 0;
	rejects->file = fopen(rejects->path, "wb");
	if (!rejects->file)
		return rejects_fail(rejects, err);
	buffer_append_text(line, BYTE_ORDER_MARK);
	for (size_t i = 0; i < sizeof(zh) / sizeof(zh[0]); i++)
		buffer_format(line, "%s%s%s", i ? "," : "",
				rejects->english ? REJECT_HEADING_EN : REJECT_HEADING_ZH,
				rejects->english ? en[i] : zh[i]);
	for (size_t i = 0; i < rejects->heading_count; i++) {
		/* Of a rejects file that is imported again only what it had from the first. */
		if (is_reject_heading(rejects->headings[i]))
			continue;
		buffer_append_char(line, ',');
		text_append(line, rejects->headings[i]);
	}
	if (!rejects->heading_count)
		buffer_append_text(line, ",json");
	return line_write(rejects, err);
}

static void tally_add(struct import_rejects *rejects, const char *reason)
{
	size_t i = 0;

	while (i < rejects->tally_count && strcmp(rejects->tallies[i].reason, reason) != 0)
		i++;
	if (i == REJECT_REASONS)
		i--;
	if (i == rejects->tally_count) {
		rejects->tally_count++;
		(void)snprintf(rejects->tallies[i].reason, sizeof(rejects->tallies[i].reason),
				"%s", reason);
	}
	rejects->tallies[i].count++;
}

bool import_rejects_add(
		struct import_rejects *rejects, const struct reject *reject, struct error *err)
{
	struct buffer *line = &rejects->line;

	if (!rejects->file && !rejects_open(rejects, err))
		return false;
	buffer_format(line, "%lld,", (long long)reject->line);
	if (reject->column)
		buffer_format(line, "%zu", reject->column);
	buffer_append_char(line, ',');
	text_append(line, reject->heading);
	buffer_format(line, ",%s,", reject->reason);
	text_append(line, reject->message);
	for (size_t i = 0; i < reject->field_count; i++) {
		if (i < rejects->heading_count && is_reject_heading(rejects->headings[i]))
			continue;
		buffer_append_char(line, ',');
		text_append(line, reject->fields[i]);
	}
	rejects->count++;
	tally_add(rejects, reject->reason);
	errno = 0;
	return line_write(rejects, err);
}

bool import_rejects_close(struct import_rejects *rejects, struct error *err)
{
	bool ok = true;

	errno = 0;
	if (rejects->file && fclose(rejects->file) != 0)
		ok = rejects_fail(rejects, err);
	rejects->file = NULL;
	buffer_fini(&rejects->line);
	return ok;
}
