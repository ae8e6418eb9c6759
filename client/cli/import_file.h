/* SPDX-License-Identifier: Apache-2.0 */
/* A registry file being read: where it is, what form it has, what its headings say. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/import_row.h"

#include <stdbool.h>
#include <stdint.h>

enum import_form {
	IMPORT_TABLE,
	IMPORT_JSON, /* NDJSON */
};

struct import_file {
	const char *path; /* "-": standard input */
	int fd;
	uint64_t size; /* 0: not known */
	enum import_form form;
	struct csv_reader csv;
	struct text_decoder decoder;
	struct slice *headings; /* in UTF-8; of NDJSON none */
	size_t heading_count;
};

/**
 * Opens @path, finds out its form, encoding and delimiter (0: by its headings) and reads the
 * headings. CLI_OK, or the exit code after it was said what is wrong. Always to be closed.
 */
int import_file_open(struct import_file *file, struct cli *cli, const char *path,
		enum encoding encoding, char delimiter);
void import_file_close(struct import_file *file);
/** Opens the same file once more at its first row, to find rows again. false: it cannot be read twice. */
bool import_file_reopen(const struct import_file *file, struct import_file *out_file);
/** As csv_reader_next(). */
bool import_file_next(struct import_file *file, struct csv_row *out_row, bool *out_more,
		struct error *err);
