/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the audit log: the chain of its lines, its torn end, room for what is to come. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

#define AUDIT_LINE_MOST 2048
#define AUDIT_HEX_SIZE 65

struct audit_file {
	int descriptor;
	off_t size;	/* whole lines, on the disk */
	off_t reserved; /* up to where there is room for sure */
	off_t cut;	/* bytes of a torn line that were taken off when it was opened */
	uint64_t seq;	/* of the last line */
	char head[AUDIT_HEX_SIZE]; /* its SHA-256 */
};

/* Lines on their way to the disk. */
struct audit_batch {
	struct buffer bytes;
	uint64_t seq;
	char head[AUDIT_HEX_SIZE];
};

bool audit_file_open(struct audit_file *file, const char *path, struct error *err);
void audit_file_close(struct audit_file *file);
/** Goes on behind the last line of @file. */
void audit_batch_begin(struct audit_batch *batch, const struct audit_file *file);
/** One line: @members, as JSON, between what all lines have; its seq. */
uint64_t audit_batch_add(struct audit_batch *batch, const struct buffer *members);
/** Sees that so many bytes more will find room; false when the disk has none. */
bool audit_file_reserve(struct audit_file *file, size_t size, struct error *err);
/** All of it, on the disk, or nothing. */
bool audit_file_write(
		struct audit_file *file, const struct audit_batch *batch, struct error *err);
/** "text" as JSON. */
void audit_put_text(struct buffer *out, const char *text);
