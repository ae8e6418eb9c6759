/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_row.h"

#include "base/uscc.h"
#include "client/cli/import_cell.h"
#include "client/cli/profile_file.h"
#include "client/lib/wire.h"
#include "proto/codec/codec.h"

#include <stdarg.h>
#include <string.h>

#define USCC_SIZE 18
#define PROFILE_USCC 1 /* fields of Profile */
#define PROFILE_ATTRIBUTES 3

#define COMPLAIN(reader, problem, column, reason, zh, en, ...)                                 \
	row_problem_add(problem, column, reason, (reader)->english ? en : zh, __VA_ARGS__)

void row_problem_clear(struct row_problem *problem)
{
	problem->column = 0;
	problem->reason = NULL;
	buffer_clear(&problem->message);
}

void row_problem_add(struct row_problem *problem, size_t column, const char *reason,
		const char *format, ...)
{
	char text[1200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!problem->reason) {
		problem->reason = reason;
		problem->column = column;
	} else {
		buffer_append_text(&problem->message, "; ");
	}
	buffer_append_text(&problem->message, text);
}

/* --- what tables and lines share -------------------------------------------------------------- */

static enum row_outcome row_reject_flaw(const struct row_reader *reader,
		const struct csv_row *row, struct row_problem *problem)
{
	switch (row->flaw) {
	case CSV_TOO_LONG:
		COMPLAIN(reader, problem, 0, "LINE_TOO_LONG", "这一行超过 %zu KiB",
				"the line is longer than %zu KiB", CSV_ROW_LIMIT >> 10);
		break;
	case CSV_TOO_MANY_FIELDS:
		COMPLAIN(reader, problem, 0, "FIELD_COUNT", "这一行超过 %d 列",
				"the line has more than %d fields", CSV_FIELD_LIMIT);
		break;
	case CSV_QUOTE_OPEN:
		COMPLAIN(reader, problem, 0, "QUOTE_OPEN", "%s", "%s",
				reader->english ? "a quote that begins in this line is never "
						  "closed"
						: "这一行里有引号没有闭合");
		break;
	case CSV_QUOTE_TRAILED:
		COMPLAIN(reader, problem, 0, "QUOTE_TRAILED", "%s", "%s",
				reader->english ? "something stands between a closing quote "
						  "and the next delimiter (quotes inside are "
						  "doubled)"
						: "闭合引号后面还有文字（引号内的引号要写两个"
						  "）");
		break;
	case CSV_NUL:
		COMPLAIN(reader, problem, 0, "NUL", "%s", "%s",
				reader->english ? "the line holds a NUL byte: it is no text"
						: "这一行含有 NUL 字节，不是文本");
		break;
	case CSV_WHOLE:
		break;
	}
	return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
}

bool row_take_fields(struct row_reader *reader, const struct csv_row *row,
		enum text_outcome *out_outcome, size_t *out_field)
{
	size_t wanted = row->flaw ? 1 : row->field_count;

	if (wanted > reader->field_capacity) {
		/* Few sizes, so little is left behind in the arena. */
		size_t capacity = wanted * 2 + 16;
		struct slice *fields = ARENA_NEW_ARRAY(reader->keep, struct slice, capacity);

		if (!fields)
			return false;
		reader->fields = fields;
		reader->field_capacity = capacity;
	}
	reader->field_count = wanted;
	if (row->flaw)
		reader->fields[0] = row->raw;
	else if (wanted)
		memcpy(reader->fields, row->fields, wanted * sizeof(*row->fields));
	*out_outcome = text_decode(reader->decoder, reader->fields, wanted, out_field);
	return *out_outcome != TEXT_NO_MEMORY;
}

static enum row_outcome row_reject_text(const struct row_reader *reader,
		enum text_outcome outcome, size_t field, struct row_problem *problem)
{
	bool file_is_utf8 = reader->decoder->encoding != ENCODING_GB18030;

	if (outcome == TEXT_OTHER)
		COMPLAIN(reader, problem, field + 1, "ENCODING",
				"第 %zu 列是 %s 编码，文件其余是 %s",
				"column %zu is encoded in %s, the rest of the file in %s",
				field + 1, file_is_utf8 ? "GB18030" : "UTF-8",
				file_is_utf8 ? "UTF-8" : "GB18030");
	else
		COMPLAIN(reader, problem, field + 1, "ENCODING",
				"第 %zu 列既不是 UTF-8 也不是 GB18030 文字",
				"column %zu is text neither in UTF-8 nor in GB18030",
				field + 1);
	return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
}

/* The code in capitals into @out; false when it is none. A wrong check digit is the service's to warn
 * of: such codes exist. */
static bool uscc_take(const struct row_reader *reader, struct slice text, size_t column,
		char out[USCC_SIZE], struct row_problem *problem)
{
	text = cell_trim(text);
	if (text.size == 0) {
		COMPLAIN(reader, problem, column, "NO_USCC", "%s", "%s",
				reader->english ? "the unified social credit code is missing"
						: "没有统一社会信用代码");
		return false;
	}
	if (text.size == USCC_SIZE) {
		for (size_t i = 0; i < USCC_SIZE; i++)
			out[i] = (char)(text.data[i] >= 'a' && text.data[i] <= 'z'
							? text.data[i] - 'a' + 'A'
							: text.data[i]);
		if (uscc_check((struct slice){ out, USCC_SIZE }) != USCC_MALFORMED)
			return true;
	}
	COMPLAIN(reader, problem, column, "BAD_USCC",
			"“%.*s”不是统一社会信用代码（18 位数字和大写字母，没有 I、O、S、V、Z）",
			"\"%.*s\" is no unified social credit code (18 digits and letters, "
			"without I, O, S, V, Z)",
			text.size > 60 ? 60 : (int)text.size, text.data);
	return false;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* More fields than headings are fine as long as they are empty: spreadsheets leave such. */
static bool field_count_fits(const struct row_reader *reader)
{
	if (reader->field_count < reader->columns.count)
		return false;
	for (size_t i = reader->columns.count; i < reader->field_count; i++)
		if (cell_trim(reader->fields[i]).size)
			return false;
	return true;
}

static bool row_is_empty(const struct row_reader *reader)
{
	for (size_t i = 0; i < reader->field_count; i++)
		if (cell_trim(reader->fields[i]).size)
			return false;
	return true;
}

static void row_reject_count(const struct row_reader *reader, const struct csv_row *row,
		struct row_problem *problem)
{
	bool cut = !row->ended && reader->field_count < reader->columns.count;

	COMPLAIN(reader, problem, 0, "FIELD_COUNT", "这一行有 %zu 列，表头有 %zu 列%s",
			"the line has %zu fields, the heading %zu%s", reader->field_count,
			reader->columns.count,
			!cut		  ? ""
			: reader->english ? "; the file ends here without a line end: it may "
					    "have been cut off"
					  : "；文件在这里结束且没有换行，可能不完整");
}

enum row_outcome row_read_table(struct row_reader *reader, const struct csv_row *row,
		struct buffer *out, struct row_problem *problem)
{
	size_t begin = out->size;
	enum text_outcome decoded;
	char uscc[USCC_SIZE];
	size_t field = 0;

	row_problem_clear(problem);
	if (!row_take_fields(reader, row, &decoded, &field))
		return ROW_NO_MEMORY;
	if (row->flaw)
		return row_reject_flaw(reader, row, problem);
	if (decoded != TEXT_GOOD)
		return row_reject_text(reader, decoded, field, problem);
	if (!field_count_fits(reader)) {
		if (row_is_empty(reader))
			return ROW_EMPTY;
		row_reject_count(reader, row, problem);
		return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
	}
	if (uscc_take(reader, reader->fields[reader->columns.uscc], reader->columns.uscc + 1,
			    uscc, problem))
		field_append(out, PROFILE_USCC, (struct slice){ uscc, USCC_SIZE });
	for (size_t i = 0; i < reader->columns.count; i++) {
		struct import_column *column = &reader->columns.list[i];
		struct cell_problem wrong;

		if (column->role != COLUMN_VALUE || reader->fields[i].size == 0)
			continue;
		switch (cell_append(column, PROFILE_ATTRIBUTES, reader->fields[i],
				reader->english, reader->keep, reader->scratch, out, &wrong)) {
		case CELL_VALUE:
		case CELL_NOTHING:
			break;
		case CELL_WRONG:
			row_problem_add(problem, i + 1, wrong.reason,
					reader->english ? "%.*s: %s" : "%.*s：%s",
					SLICE_PRINT(column->heading), wrong.message);
			break;
		case CELL_NO_MEMORY:
			return ROW_NO_MEMORY;
		}
	}
	if (out->failed || problem->message.failed)
		return ROW_NO_MEMORY;
	if (!problem->reason)
		return ROW_PROFILE;
	out->size = begin;
	return row_is_empty(reader) ? ROW_EMPTY : ROW_REJECT;
}

/* --- lines of JSON ---------------------------------------------------------------------------- */

static enum row_outcome json_reject(struct row_reader *reader,
		const struct diagnostics *diagnostics, struct row_problem *problem)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		row_problem_add(problem, 0, "BAD_PROFILE", "%s%s%s", diagnostics->list[i].path,
				*diagnostics->list[i].path ? ": " : "",
				diagnostics->list[i].message);
	return problem->message.failed || reader->scratch->exhausted ? ROW_NO_MEMORY
								     : ROW_REJECT;
}

enum row_outcome row_read_json(struct row_reader *reader, const struct csv_row *row,
		struct buffer *out, struct row_problem *problem)
{
	struct diagnostics diagnostics;
	struct profile_builder builder;
	enum text_outcome decoded;
	char uscc[USCC_SIZE + 1] = "";
	struct error err;
	size_t field = 0;
	json_t *tree;

	row_problem_clear(problem);
	if (!row_take_fields(reader, row, &decoded, &field))
		return ROW_NO_MEMORY;
	if (row->flaw)
		return row_reject_flaw(reader, row, problem);
	if (decoded != TEXT_GOOD)
		return row_reject_text(reader, decoded, field, problem);
	if (cell_trim(reader->fields[0]).size == 0)
		return ROW_EMPTY;
	if (cell_trim(reader->fields[0]).data[0] != '{') {
		COMPLAIN(reader, problem, 0, "BAD_JSON", "%s", "%s",
				reader->english ? "expected one JSON object a line"
						: "每行应是一个 JSON 对象");
		return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
	}
	tree = profile_tree_parse(reader->fields[0], &err);
	if (!tree && err.code == ERROR_MEMORY)
		return ROW_NO_MEMORY;
	if (!tree) {
		row_problem_add(problem, 0, "BAD_JSON", "%s", err.message);
		return ROW_REJECT;
	}
	diagnostics_init(&diagnostics, reader->scratch);
	if (!profile_builder_init(&builder, reader->scratch, reader->dictionary, &diagnostics,
			    reader->english)) {
		json_decref(tree);
		return ROW_NO_MEMORY;
	}
	profile_add_tree(&builder, tree, "");
	json_decref(tree);
	if (diagnostics.error_count || reader->scratch->exhausted)
		return json_reject(reader, &diagnostics, problem);
	if (!uscc_take(reader, slice_from(builder.profile->uscc), 0, uscc, problem))
		return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
	if (*builder.profile->date && strcmp(builder.profile->date, reader->day) != 0) {
		COMPLAIN(reader, problem, 0, "DATE",
				"date 与本次导入的日期（--as-of %s）不同；不同日期请分开导入",
				"date is not the day of this import (--as-of %s): import other "
				"days "
				"by themselves",
				reader->day);
		return problem->message.failed ? ROW_NO_MEMORY : ROW_REJECT;
	}
	builder.profile->uscc = uscc;
	return message_pack(&builder.profile->base, out) ? ROW_PROFILE : ROW_NO_MEMORY;
}
