/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry as columns, for sweeps over all of it: DIR/columns.cache.
 *
 * Made of the registry, block by block, when somebody first asks for a block, and again when the
 * block has changed since; whoever asks never sees an old one:
 *
 *     B  the snapshot an image was built of     C  the last change of the block
 *     S  the snapshot of the question
 *
 *     C ≤ B and C ≤ S   nothing changed between the two: the image is the block at S
 *     B < C ≤ S         the image is old: it is built of S, and kept
 *     S < C             the question is about the past: it is built of S for this reader alone
 *
 * A change is what changes the profile of any row of the block, complete lists included. A question
 * costs the memory of its reader, a few megabytes, however large the registry is. A file that is
 * damaged, foreign or cannot be written costs time only: blocks are built in memory then.
 *
 * Many threads read, each with a reader of its own; a block that two of them miss may be built twice.
 */
#pragma once

#include "calculator/sweep.h"
#include "policycalc/v1/profile.pb-c.h"
#include "registry/column_file.h"

struct column_cache;
struct column_reader;

typedef bool (*column_row_fn)(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err);

/* Where blocks come from. Called on the thread of whoever reads; not by two threads at once. */
struct column_origin {
	void *context;
	/* The profiles of [first_id, first_id + count) as of @sequence, in id order; registry_scan(). */
	bool (*scan)(void *context, int64_t sequence, int64_t first_id, int64_t count,
			column_row_fn row, void *row_context, struct error *err);
	/* The last change of the block, of whatever kind; 0: none. */
	bool (*block_sequence)(
			void *context, int64_t block, int64_t *out_sequence, struct error *err);
	/* What tells this snapshot from one of the same number in another registry, or in this one
	 * after it was put back to an earlier state: the time of its commit. 0: there is no such
	 * snapshot. */
	bool (*stamp)(void *context, int64_t sequence, int64_t *out_stamp, struct error *err);
};

/**
 * Opens or makes the file; what is in it of another registry, or of another past, is forgotten. When
 * the file cannot be opened or made there is none: that is said in the log, and costs time.
 */
struct column_cache *column_cache_open(
		const char *path, const struct column_origin *origin, struct error *err);
/** When no reader is left. */
void column_cache_close(struct column_cache *cache);
struct column_file_state column_cache_state(struct column_cache *cache);
/** How often a block was built, and how often one could not be written since. */
void column_cache_counts(
		struct column_cache *cache, uint64_t *out_built, uint64_t *out_unwritten);

/**
 * Reads blocks as of @sequence, for a sweep whose wants these are (borrowed; none: profiles only).
 */
struct column_reader *column_reader_new(struct column_cache *cache, int64_t sequence,
		const struct sweep_want *wants, size_t want_count, struct error *err);
void column_reader_free(struct column_reader *reader);
/**
 * Enters a block: row i is the enterprise block * 4096 + i + 1. @out_source is good until the next
 * block; a block in which nobody was at the snapshot has no rows.
 */
bool column_reader_enter(struct column_reader *reader, int64_t block,
		struct sweep_source *out_source, struct error *err);
/**
 * As it, for who asks only about enterprises that have not changed after snapshot @floor: columns that
 * were built of it or of a later one will do. What they say of all others may be old.
 */
bool column_reader_enter_unchanged(struct column_reader *reader, int64_t block, int64_t floor,
		struct sweep_source *out_source, struct error *err);
/**
 * The enterprise of that row as the registry has it at the reader's snapshot, in @arena; NULL when there
 * was none.
 */
bool column_reader_ask(struct column_reader *reader, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err);
/** The snapshot that the newest columns of the block were built of; -1: there are none. */
int64_t column_cache_sequence(struct column_cache *cache, int64_t block);
/** The rows there are, COLUMN_WORDS words. */
const uint64_t *column_reader_present(const struct column_reader *reader);
