/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a registry file to encoded profiles: of a table by its columns, of NDJSON by the form that
 * `match -f` reads. No I/O. All that is wrong with a row is told at once, so that it is mended once.
 */
#pragma once

#include "base/buffer.h"
#include "client/cli/csv.h"
#include "client/cli/import_column.h"
#include "client/cli/import_text.h"

#include <stdbool.h>

enum row_outcome {
	ROW_PROFILE,
	ROW_EMPTY,  /* an empty line */
	ROW_REJECT, /* see the problem */
	ROW_NO_MEMORY,
};

/* Why a row is rejected. */
struct row_problem {
	size_t column;	       /* where the first mistake is, from 1; 0: the row as a whole */
	const char *reason;    /* of the first mistake; static */
	struct buffer message; /* of all, one behind the other */
};

/* What rows are read with. */
struct row_reader {
	struct import_columns columns;
	const struct dictionary *dictionary;
	struct text_decoder *decoder;
	const char *day; /* of the import */
	bool english;
	struct arena *keep;    /* as long as the import */
	struct arena *scratch; /* a row */
	struct slice *fields;  /* of the row that was read last, in UTF-8 */
	size_t field_count;
	size_t field_capacity;
};

void row_problem_clear(struct row_problem *problem);
/** Adds a mistake; the first also sets column and reason. */
void row_problem_add(struct row_problem *problem, size_t column, const char *reason,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Copies the fields of @row and makes UTF-8 of them. false when memory is short. */
bool row_take_fields(struct row_reader *reader, const struct csv_row *row,
		enum text_outcome *out_outcome, size_t *out_field);
/** Appends the encoded Profile of @row to @out, which is left as it was for all other outcomes. */
enum row_outcome row_read_table(struct row_reader *reader, const struct csv_row *row,
		struct buffer *out, struct row_problem *problem);
/** The same of one line of NDJSON. */
enum row_outcome row_read_json(struct row_reader *reader, const struct csv_row *row,
		struct buffer *out, struct row_problem *problem);
