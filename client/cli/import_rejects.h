/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rejects file: a CSV with where and why, and behind it the row as it was, so that it can be mended
 * and imported again (the importer knows its columns). Made with the first reject; UTF-8 with a byte
 * order mark, which spreadsheets want.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REJECT_REASONS 32

/* How many rows had a reason. */
struct reject_tally {
	char reason[48];
	int64_t count;
};

struct import_rejects {
	const char *path;
	bool english;
	const struct slice *headings; /* of the file; of NDJSON none */
	size_t heading_count;
	FILE *file; /* NULL: not made yet */
	struct buffer line;
	int64_t count;
	struct reject_tally tallies[REJECT_REASONS];
	size_t tally_count;
};

struct reject {
	int64_t line;
	size_t column; /* from 1; 0: the row */
	struct slice heading;
	const char *reason;
	struct slice message;
	const struct slice *fields;
	size_t field_count;
};

/** false with @err: the file cannot be written. */
bool import_rejects_add(
		struct import_rejects *rejects, const struct reject *reject, struct error *err);
/** Closes the file; false with @err when something was not written. */
bool import_rejects_close(struct import_rejects *rejects, struct error *err);
