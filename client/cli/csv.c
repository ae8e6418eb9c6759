/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row is looked at as a whole: row_scan() walks from its first byte and says where it ends, what
 * is wrong with it, or that more bytes are needed; then it begins anew. Reading in large steps keeps
 * that rare. The sentinel behind the last byte is a line end, so that the walk over plain bytes needs
 * one test a byte.
 *
 * That going back to the line behind a flawed row stays linear: a quote that runs to the limit unclosed
 * has no other quote behind it for as long, and one that is closed wrongly ends there.
 */
#include "client/cli/csv.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define READ_SIZE ((size_t)256 * 1024)
#define PEEK_SIZE ((size_t)64 * 1024)
#define EXCERPT_SIZE 256

/* A walk over one row. */
struct scan {
	size_t at;
	size_t next; /* behind the line end */
	size_t field_count;
	int64_t lines; /* line ends passed */
	bool doubled;  /* some field holds doubled quotes */
	bool starved;  /* the row goes on behind what was read */
	bool ended;
	enum csv_flaw flaw;
};

void csv_reader_set_delimiter(struct csv_reader *reader, char delimiter)
{
	reader->special[(unsigned char)reader->delimiter] = false;
	reader->delimiter = delimiter;
	reader->special[(unsigned char)delimiter] = true;
	reader->special['\n'] = true;
	reader->special['\r'] = true;
	reader->special['\0'] = true;
}

void csv_reader_set_lines(struct csv_reader *reader)
{
	reader->special[(unsigned char)reader->delimiter] = false;
	reader->lines = true;
}

void csv_reader_init(struct csv_reader *reader, csv_read_fn read, void *context, char delimiter)
{
	assert(delimiter > 0 && delimiter != '"' && delimiter != '\r' && delimiter != '\n');
	*reader = (struct csv_reader){ .read = read, .context = context, .line = 1 };
	csv_reader_set_delimiter(reader, delimiter);
}

void csv_reader_fini(struct csv_reader *reader)
{
	memory_free(reader->data);
	memory_free(reader->fields);
	buffer_fini(&reader->unquoted);
	buffer_fini(&reader->excerpt);
	*reader = (struct csv_reader){ 0 };
}

/* Reads once; what is needed still moves to the front. */
static bool reader_fill(struct csv_reader *reader, struct error *err)
{
	size_t kept = reader->end - reader->start;
	ssize_t size;

	if (reader->start) {
		memmove(reader->data, reader->data + reader->start, kept);
		reader->start = 0;
		reader->end = kept;
	}
	if (reader->capacity - kept < READ_SIZE + 1) {
		size_t wanted = kept + 2 * READ_SIZE + 1;
		char *data = memory_resize(reader->data, wanted);

		if (!data)
			return error_set(err, ERROR_MEMORY, "out of memory while reading");
		reader->data = data;
		reader->capacity = wanted;
	}
	do {
		size = reader->read(reader->context, reader->data + kept, READ_SIZE);
	} while (size < 0 && errno == EINTR);
	if (size < 0) {
		reader->failure = errno;
		return error_set(err, ERROR_IO, "%s", strerrordesc_np(errno));
	}
	reader->at_end = size == 0;
	reader->end += (size_t)size;
	reader->data[reader->end] = '\n';
	return true;
}

bool csv_reader_peek(struct csv_reader *reader, struct slice *out_bytes, struct error *err)
{
	while (!reader->at_end && reader->end - reader->start < PEEK_SIZE)
		if (!reader_fill(reader, err))
			return false;
	*out_bytes = (struct slice){ reader->data + reader->start,
		reader->end - reader->start < PEEK_SIZE ? reader->end - reader->start
							: PEEK_SIZE };
	return true;
}

void csv_reader_skip(struct csv_reader *reader, size_t size)
{
	assert(size <= reader->end - reader->start);
	reader->start += size;
	reader->size += size;
}

/* Room for one field more; false when memory is short. */
static bool fields_reserve(struct csv_reader *reader, size_t count)
{
	size_t wanted = reader->field_capacity ? reader->field_capacity * 2 : 64;
	struct slice *grown;

	if (count < reader->field_capacity)
		return true;
	grown = memory_resize(reader->fields, wanted * sizeof(*grown));
	if (!grown)
		return false;
	reader->fields = grown;
	reader->field_capacity = wanted;
	return true;
}

/* Behind the line end at @at, which is CR LF, LF or CR. */
static size_t line_end_skip(const struct csv_reader *reader, size_t at)
{
	if (reader->data[at] == '\r' && at + 1 < reader->end && reader->data[at + 1] == '\n')
		return at + 2;
	return at + 1;
}

/* The field in quotes that begins at scan->at; leaves it behind the closing quote. */
static bool scan_quoted(struct csv_reader *reader, struct scan *scan, struct slice *out_field)
{
	const char *data = reader->data;
	size_t begin = scan->at + 1;
	size_t at = begin;

	for (;;) {
		const char *quote = at < reader->end ? memchr(data + at, '"', reader->end - at)
						     : NULL;

		if (!quote) {
			scan->starved = !reader->at_end;
			scan->flaw = CSV_QUOTE_OPEN;
			return false;
		}
		at = (size_t)(quote - data);
		/* Whether it is doubled is in the next byte. */
		if (at + 1 == reader->end && !reader->at_end) {
			scan->starved = true;
			return false;
		}
		if (at + 1 == reader->end || data[at + 1] != '"')
			break;
		scan->doubled = true;
		at += 2;
	}
	*out_field = (struct slice){ data + begin, at - begin };
	for (const char *c = data + begin; (c = memchr(c, '\n', (size_t)(data + at - c))); c++)
		scan->lines++;
	if (memchr(data + begin, '\0', at - begin)) {
		scan->flaw = CSV_NUL;
		return false;
	}
	scan->at = at + 1;
	if (scan->at < reader->end && data[scan->at] != reader->delimiter &&
			data[scan->at] != '\n' && data[scan->at] != '\r') {
		scan->flaw = CSV_QUOTE_TRAILED;
		return false;
	}
	return true;
}

/* Walks over the row at ->start. false only when memory is short. */
static bool row_scan(struct csv_reader *reader, struct scan *scan)
{
	*scan = (struct scan){ .at = reader->start };
	for (;;) {
		const char *data = reader->data;
		struct slice field = { data + scan->at, 0 };
		size_t at = scan->at;

		if (!fields_reserve(reader, scan->field_count))
			return false;
		if (at < reader->end && data[at] == '"' && !reader->lines) {
			if (!scan_quoted(reader, scan, &field))
				return true;
			at = scan->at;
		} else {
			while (!reader->special[(unsigned char)data[at]])
				at++;
			field.size = at - scan->at;
		}
		reader->fields[scan->field_count++] = field;
		scan->at = at;
		if (at == reader->end) {
			scan->starved = !reader->at_end;
			scan->next = at;
			return true;
		}
		if (data[at] == '\0') {
			scan->flaw = CSV_NUL;
			return true;
		}
		if (data[at] == '\n' || data[at] == '\r')
			break;
		if (scan->field_count == CSV_FIELD_LIMIT) {
			scan->flaw = CSV_TOO_MANY_FIELDS;
			return true;
		}
		scan->at++;
	}
	/* Whether CR is all of the line end is in the next byte. */
	scan->starved = reader->data[scan->at] == '\r' && scan->at + 1 == reader->end &&
			!reader->at_end;
	scan->next = line_end_skip(reader, scan->at);
	scan->ended = true;
	scan->lines++;
	return true;
}

/* Doubled quotes become one: in a copy, which is never longer than the row. */
static bool row_unquote(struct csv_reader *reader, const struct scan *scan)
{
	struct buffer *out = &reader->unquoted;

	buffer_clear(out);
	if (!buffer_reserve(out, scan->at - reader->start))
		return false;
	for (size_t i = 0; i < scan->field_count; i++) {
		struct slice *field = &reader->fields[i];
		const char *begin = out->data + out->size;
		size_t size = 0;

		if (field->data == reader->data + reader->start || field->data[-1] != '"' ||
				!memchr(field->data, '"', field->size))
			continue;
		for (size_t k = 0; k < field->size; k++) {
			out->data[out->size + size++] = field->data[k];
			k += field->data[k] == '"';
		}
		out->size += size;
		*field = (struct slice){ begin, size };
	}
	return true;
}

static void row_take(struct csv_reader *reader, const struct scan *scan, struct csv_row *row)
{
	*row = (struct csv_row){ .fields = reader->fields,
		.field_count = scan->field_count,
		.raw = { reader->data + reader->start, scan->at - reader->start },
		.line = reader->line,
		.ended = scan->ended };
	reader->line += scan->lines;
	reader->size += scan->next - reader->start;
	reader->start = scan->next;
}

/*
 * The line of a row with a flaw: reading goes on behind it. A line longer than a row may be is passed over
 * as it comes, and only its beginning kept.
 */
static bool row_take_flawed(struct csv_reader *reader, enum csv_flaw flaw, struct csv_row *row,
		struct error *err)
{
	bool cut = false;
	size_t at = 0;

	*row = (struct csv_row){ .line = reader->line, .flaw = flaw };
	for (;;) {
		const char *data = reader->data + reader->start;
		size_t size = reader->end - reader->start;

		while (at < size && data[at] != '\n' && data[at] != '\r')
			at++;
		if (at < size && !(data[at] == '\r' && at + 1 == size && !reader->at_end)) {
			row->ended = true;
			break;
		}
		if (reader->at_end)
			break;
		if (at >= CSV_ROW_LIMIT) {
			if (!cut)
				buffer_append(&reader->excerpt, data, EXCERPT_SIZE);
			cut = true;
			reader->size += at;
			reader->start += at;
			at = 0;
		}
		if (!reader_fill(reader, err))
			return false;
	}
	row->raw = cut ? (struct slice){ reader->excerpt.data, reader->excerpt.size }
		       : (struct slice){ reader->data + reader->start, at };
	if (reader->excerpt.failed)
		return error_set(err, ERROR_MEMORY, "out of memory while reading");
	if (row->ended)
		at = line_end_skip(reader, reader->start + at) - reader->start;
	reader->line += row->ended;
	reader->size += at;
	reader->start += at;
	return true;
}

bool csv_reader_next(struct csv_reader *reader, struct csv_row *out_row, bool *out_more,
		struct error *err)
{
	struct scan scan = { 0 };

	*out_more = false;
	buffer_clear(&reader->excerpt);
	for (;;) {
		if (reader->start == reader->end && reader->at_end)
			return true;
		if (reader->data && !row_scan(reader, &scan))
			return error_set(err, ERROR_MEMORY, "out of memory while reading");
		if (reader->data && scan.starved &&
				reader->end - reader->start > CSV_ROW_LIMIT) {
			if (scan.flaw != CSV_QUOTE_OPEN)
				scan.flaw = CSV_TOO_LONG;
			break;
		}
		if (reader->data && !scan.starved)
			break;
		if (!reader_fill(reader, err))
			return false;
	}
	if (!scan.flaw && scan.at - reader->start > CSV_ROW_LIMIT)
		scan.flaw = CSV_TOO_LONG;
	*out_more = true;
	if (scan.flaw)
		return row_take_flawed(reader, scan.flaw, out_row, err);
	if (scan.doubled && !row_unquote(reader, &scan))
		return error_set(err, ERROR_MEMORY, "out of memory while reading");
	row_take(reader, &scan, out_row);
	return true;
}

void csv_append_field(struct buffer *out, struct slice field)
{
	bool plain = true;

	for (size_t i = 0; i < field.size && plain; i++)
		plain = !memchr(",\"\r\n;\t", field.data[i], 6);
	if (plain) {
		buffer_append_slice(out, field);
		return;
	}
	buffer_append_char(out, '"');
	for (size_t i = 0; i < field.size; i++) {
		if (field.data[i] == '"')
			buffer_append_char(out, '"');
		buffer_append_char(out, field.data[i]);
	}
	buffer_append_char(out, '"');
}
