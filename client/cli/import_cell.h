/* SPDX-License-Identifier: Apache-2.0 */
/* One cell of a registry file: its value, by the column's attribute, as bytes of the wire. */
#pragma once

#include "base/buffer.h"
#include "client/cli/import_column.h"

#include <stdbool.h>

/* What became of a cell. */
enum cell_outcome {
	CELL_VALUE,
	CELL_NOTHING, /* empty or "未知": nothing is said of it */
	CELL_WRONG,
	CELL_NO_MEMORY,
};

/* What is wrong with a cell; ->reason is static. */
struct cell_problem {
	const char *reason; /* WRONG_TYPE, UNIT_MISSING, TOO_FINE, OUT_OF_RANGE, UNKNOWN_CHOICE */
	char message[480]; /* may quote the cell */
};

/**
 * Appends field @tag (1 to 15) with the AttributeValue that @text stands for. Figures take the unit
 * behind them, else that of the heading; thousands may be grouped by commas. Lists are separated by
 * ";" or ",". @scratch is for work that is forgotten at once; @column->cache lives in @keep.
 */
enum cell_outcome cell_append(struct import_column *column, unsigned tag, struct slice text,
		bool english, struct arena *keep, struct arena *scratch, struct buffer *out,
		struct cell_problem *problem);

/** Cuts blanks, no-break and ideographic spaces off both ends. */
struct slice cell_trim(struct slice text);
/** Empty, "未知", "不详" or "unknown". */
bool cell_says_nothing(struct slice trimmed);
