/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads CSV (RFC 4180) row by row from a stream, in bounded memory, and loses no good row to a bad one.
 *
 * Bytes in, slices out: it knows no encoding. Delimiters, quotes and line ends are found by their
 * bytes, which is right for UTF-8 and, as long as the delimiter is none of GB18030's second bytes
 * (anything from '@' up), for GB18030. CR LF, LF and CR end a line. Beyond the RFC, a quote inside a
 * field that does not begin with one is taken as it stands.
 *
 * A row that cannot be read is given as one line with a flaw, and reading goes on with the line behind
 * it: a quote that is never closed costs its own line, not the rest of the file.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CSV_ROW_LIMIT ((size_t)1 << 20) /* bytes of one row */
#define CSV_FIELD_LIMIT 2000		/* fields of one row */

/** As read(): bytes, 0 at the end, -1 with errno. */
typedef ssize_t (*csv_read_fn)(void *context, void *data, size_t size);

enum csv_flaw {
	CSV_WHOLE,
	CSV_TOO_LONG,	     /* more than CSV_ROW_LIMIT bytes */
	CSV_TOO_MANY_FIELDS, /* more than CSV_FIELD_LIMIT */
	CSV_QUOTE_OPEN,	     /* a quote is never closed, or not within CSV_ROW_LIMIT bytes */
	CSV_QUOTE_TRAILED,   /* something else than a delimiter stands behind a closing quote */
	CSV_NUL,	     /* a NUL byte */
};

/* A row, borrowed until the next call. */
struct csv_row {
	const struct slice *fields; /* without quotes; none with a flaw */
	size_t field_count;
	struct slice raw; /* as it stands in the file, without line end; of a line that is too long
			     its beginning */
	int64_t line;	  /* of its first byte, from 1 */
	bool ended;	  /* by a line end, not by the end of the file */
	enum csv_flaw flaw;
};

struct csv_reader {
	csv_read_fn read;
	void *context;
	char delimiter;
	bool lines;	   /* a row is a line with one field, whatever stands in it */
	bool special[256]; /* ends a run of plain bytes */
	char *data; /* what was read and is still needed, ->start to ->end, and a sentinel */
	size_t start, end, capacity;
	bool at_end;
	int failure;   /* errno of a failed read */
	int64_t line;  /* of ->start */
	uint64_t size; /* bytes taken as rows */
	struct slice *fields;
	size_t field_capacity;
	struct buffer unquoted;
	struct buffer excerpt;
};

/** @delimiter is an ASCII character other than quote and line ends. Frees nothing of @context. */
void csv_reader_init(
		struct csv_reader *reader, csv_read_fn read, void *context, char delimiter);
void csv_reader_fini(struct csv_reader *reader);
/** Another delimiter for the rows to come. */
void csv_reader_set_delimiter(struct csv_reader *reader, char delimiter);
/** From now on each line is a row with one field: quotes and delimiters mean nothing. */
void csv_reader_set_lines(struct csv_reader *reader);
/**
 * The first bytes of the stream, or fewer when it is shorter, without taking them; only before the
 * first row. false with @err filled as below.
 */
bool csv_reader_peek(struct csv_reader *reader, struct slice *out_bytes, struct error *err);
/** Takes @size bytes that csv_reader_peek() has shown, such as a byte order mark. */
void csv_reader_skip(struct csv_reader *reader, size_t size);
/**
 * The next row; *out_more is false behind the last. Empty lines are rows with one empty field. false
 * with @err filled: ERROR_IO when reading failed, ERROR_MEMORY.
 */
bool csv_reader_next(struct csv_reader *reader, struct csv_row *out_row, bool *out_more,
		struct error *err);

/** Appends @field, in quotes where it needs them. */
void csv_append_field(struct buffer *out, struct slice field);
