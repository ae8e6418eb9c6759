/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes of a column file mean: its head, and records that have one of their own. See column_file.h. */
#pragma once

#include "base/buffer.h"
#include "registry/column_names.h"

enum column_record_type {
	COLUMN_RECORD_COLUMNS = 1,
	COLUMN_RECORD_CODES,
	COLUMN_RECORD_BLOCK,
};

struct column_file_head {
	char magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t spare;
	uint32_t checksum; /* of all before it */
};

struct column_record {
	uint32_t magic;
	uint32_t type;
	int64_t block;	   /* of names the first number */
	int64_t sequence;  /* of names how many */
	uint64_t size;	   /* of what follows */
	uint32_t checksum; /* of what follows; of BLOCK the stamp: an image has its own */
	uint32_t own;	   /* of all before it */
};

struct column_file_head column_file_head_make(void);
/** Whole, of this version and of this machine's byte order. */
bool column_file_head_is_ours(const struct column_file_head *head);

struct column_record column_record_make(enum column_record_type type, int64_t block,
		int64_t sequence, uint64_t size, uint32_t checksum);
/** As it was made; what follows it may be damaged. */
bool column_record_is_whole(const struct column_record *record);

/**
 * Appends the names that the file does not have yet, all but the first @written, as one record; nothing when it has
 * them all. *out_count: how many it has then.
 */
void column_record_append_names(struct buffer *out, enum column_record_type type,
		struct column_names *names, size_t written, size_t *out_count);
/**
 * Adds the names of @record, which @body follows, to those of the file: *written more. *out_whole is false, and there
 * are none more, when they are not as they were written, do not follow those that are there, or are too many. Only
 * short memory is a failure.
 */
bool column_record_take_names(const struct column_record *record, struct slice body,
		struct column_names *names, size_t *written, bool *out_whole,
		struct error *err);
