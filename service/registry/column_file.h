/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a column cache: images of blocks one behind the other, the newest of a block counts.
 *
 *     head     what it is, which version and byte order
 *     records  each with a head of its own: NAMES (numbers of columns, or of codes, in order) or BLOCK
 *
 *   (1) Bytes once written never change: who holds a place reads the same until it lets go.
 *   (2) A number that an image uses stands in a NAMES record before it.
 *   (3) Opening reads the heads of the records. What is behind the first that makes no sense was not
 *       written whole, and is cut off. Bytes inside an image are checked when they are read.
 *   (4) Nothing is lost when the file is: its owner builds the blocks again.
 *
 * When more than half of it is outdated, what counts is copied to a new file that takes its place;
 * who reads the old one keeps it. Any thread may call anything here; one process has the file.
 */
#pragma once

#include "registry/column_names.h"

#include <stdbool.h>
#include <stdint.h>

struct column_file;
struct column_descriptor;

/* Where an image stands; holds the file open. */
struct column_place {
	struct column_descriptor *descriptor; /* NULL: nowhere */
	uint64_t offset;
	uint32_t size;
	int64_t sequence; /* the snapshot it was built of */
};

/* Whether a snapshot of this number and stamp is the registry's; *out_is may say no. */
typedef bool (*column_stamp_fn)(void *context, int64_t sequence, uint32_t stamp, bool *out_is,
		struct error *err);

/**
 * Opens or makes @path. A file of another version or machine is emptied. Fills @columns and @codes,
 * which are borrowed.
 */
struct column_file *column_file_open(const char *path, struct column_names *columns,
		struct column_names *codes, struct error *err);
/** Forgets the images of snapshots that are not the registry's. */
bool column_file_verify(struct column_file *file, column_stamp_fn is_ours, void *context,
		struct error *err);
void column_file_close(struct column_file *file);
/** The newest image of the block; false when there is none. To be released. */
bool column_file_find(struct column_file *file, int64_t block, struct column_place *out_place);
void column_place_release(struct column_place *place);
bool column_place_read(const struct column_place *place, uint64_t offset, size_t size, void *to,
		struct error *err);
/** Adds an image. When the disk is full the file is as it was before. */
bool column_file_put(struct column_file *file, int64_t block, int64_t sequence, uint32_t stamp,
		struct slice image, struct error *err);
/** The image is damaged: as if it were not there. */
void column_file_drop(
		struct column_file *file, int64_t block, const struct column_place *place);

struct column_file_state {
	uint64_t size; /* bytes */
	uint64_t live; /* of them, images that count */
	size_t blocks; /* that have one */
};
struct column_file_state column_file_state(struct column_file *file);
