/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the audit log: the chain of its lines, room for what is to come, one file after another.
 *
 *     audit.log                 what is written to
 *     audit.log.000000000001    what was written to before, by the number of its first line
 *     audit.log.torn-42         bytes of lines that a power cut tore, told of by line 42
 *
 * Every line tells with "synced" up to which line all was on the disk when it was made: what stands there may
 * never be taken for torn.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

#define AUDIT_LINE_MOST 2048
/* Lines that one write brings at most. */
#define AUDIT_BATCH_MOST 128
#define AUDIT_HEX_SIZE 65
#define AUDIT_PATH_MOST 4096

/* How a line begins and ends. */
#define AUDIT_SEQ "{\"seq\":"
#define AUDIT_SYNCED ",\"synced\":"
#define AUDIT_PREV ",\"prev\":\""
/* In the first line of all files but the first. */
#define AUDIT_CONTINUE "\"event\":\"continue\""

struct audit_file {
	int descriptor;
	char path[AUDIT_PATH_MOST];
	off_t size;		   /* whole lines, on the disk */
	off_t reserved;		   /* up to where there is room for sure */
	uint64_t first;		   /* number of its first line, or of the one that will be */
	uint64_t seq;		   /* of the last line */
	char head[AUDIT_HEX_SIZE]; /* its SHA-256 */
	bool is_ragged;		   /* bytes behind ->size could not be taken off */
	bool is_unsynced;	   /* that it has its name is not on the disk yet */
};

/* Lines on their way to the disk. */
struct audit_batch {
	struct buffer bytes;
	uint64_t seq, synced;
	char head[AUDIT_HEX_SIZE];
};

/* What was set aside when a file was opened. */
struct audit_torn {
	char name[AUDIT_PATH_MOST]; /* in the log's folder */
	uint64_t size;
	char hash[AUDIT_HEX_SIZE];
};

/**
 * Opens @path, made when missing, and goes on behind its last whole line. What a power cut left behind it is set
 * aside, never anything that was on the disk: then, when the end is no line of ours, and when it is a symbolic
 * link, ERROR_INVALID.
 */
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
/** Goes on in a new file of the same name, with @room set aside; false: it goes on in the old one. */
bool audit_file_turn(struct audit_file *file, size_t room, struct error *err);
/** "text" as JSON. */
void audit_put_text(struct buffer *out, const char *text);

/* For the files of the log. */

/** 64 digits; false: memory is short. */
bool audit_hash_bytes(const char *bytes, size_t size, char out[AUDIT_HEX_SIZE]);
/** That a name in the folder of @path is on the disk. */
bool audit_sync_folder(const char *path, struct error *err);
/** "PATH.000000000007"; false: it is too long. */
bool audit_file_name(const char *path, uint64_t first, char out[AUDIT_PATH_MOST]);
/** Reads what @file ends with. */
bool audit_tail_read(struct audit_file *file, struct error *err);
/** What was set aside, and is to be told of by line @seq; false: nothing. Loses @err when there is nothing. */
bool audit_tail_find_torn(const struct audit_file *file, uint64_t seq, struct audit_torn *out,
		struct error *err);
