/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry database: what is known of enterprises, now and in every past snapshot, in one file
 * that one thread owns.
 *
 * A narrow interface of whole operations on plain structs: nothing above knows SQL. What a record
 * says is registry/record.c's business; here it is bytes.
 *
 *   (1) Ids are dense from 1, and never given twice. A block is 4096 consecutive ids.
 *   (2) A change of enterprises happens between begin and commit and has a sequence, one more than
 *       the last. A snapshot is a sequence: all that was committed until then.
 *   (3) The record of an enterprise at sequence S is its newest one not above S.
 *
 * Slices given to callbacks are borrowed until the callback returns. A callback answers false (and
 * sets the error) to stop, and calls nothing of this store.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;
struct registry_store;

#define REGISTRY_BLOCK_SIZE 4096

static inline int64_t registry_block_of(int64_t id)
{
	return (id - 1) / REGISTRY_BLOCK_SIZE;
}

/**
 * Opens or creates DIR/registry.db in the folder that @directory holds (borrowed); as
 * catalog_store_open(). A large file is not read whole at opening.
 */
struct registry_store *registry_store_open(struct directory *directory, struct error *err);
void registry_store_close(struct registry_store *store);
/** Fails unless the file is whole; reads all of it. */
bool registry_store_check(struct registry_store *store, struct error *err);

/* --- reading --------------------------------------------------------------------------------- */

struct registry_state {
	int64_t sequence; /* newest; 0: nothing yet */
	int64_t last_id;
	int64_t last_import;
	int64_t last_name;
};
bool registry_store_state(struct registry_store *store, struct registry_state *out_state,
		struct error *err);
/** The newest snapshot that was there at @time (seconds since 1970); 0 when there was none. */
bool registry_store_sequence_at(struct registry_store *store, int64_t time,
		int64_t *out_sequence, struct error *err);
/** When the snapshot was committed, seconds since 1970; 0: there is none of this number. */
bool registry_store_committed_at(struct registry_store *store, int64_t sequence,
		int64_t *out_time, struct error *err);
/** Highest sequence that touched the block; 0: none. */
bool registry_store_block_sequence(struct registry_store *store, int64_t block,
		int64_t *out_sequence, struct error *err);

struct registry_name_row {
	int64_t id;
	struct slice list; /* "projects"; empty: of the enterprise */
	struct slice name;
	int period; /* Policycalc__V1__Period */
};
/** In id order. */
bool registry_store_each_name(struct registry_store *store,
		bool (*row)(void *context, const struct registry_name_row *name,
				struct error *err),
		void *context, struct error *err);

struct registry_import_row {
	int64_t id;
	struct slice supplier, day, started_at;
	struct slice finished_at; /* empty: it broke off, or is under way */
	struct slice complete;	  /* names of flags, parted by spaces */
	bool sample;
	int64_t rows, changed, rejected;
	int64_t sequence; /* after it, or so far */
};
/** Newest first. */
bool registry_store_each_import(struct registry_store *store,
		bool (*row)(void *context, const struct registry_import_row *import,
				struct error *err),
		void *context, struct error *err);

/* The import is the whole list of enterprises of which a flag is true, from the sequence on. */
struct registry_list_row {
	int64_t name;
	int64_t import;
	int64_t sequence;
};
/** In sequence order. */
bool registry_store_each_list(struct registry_store *store,
		bool (*row)(void *context, const struct registry_list_row *list,
				struct error *err),
		void *context, struct error *err);

struct enterprise_row {
	int64_t id;
	int64_t sequence; /* of the record */
	struct slice uscc;
	struct slice record;
};
typedef bool (*enterprise_row_fn)(
		void *context, const struct enterprise_row *row, struct error *err);
/** Those of [first_id, first_id + count) that were there at @sequence, in id order. */
bool registry_store_scan(struct registry_store *store, int64_t sequence, int64_t first_id,
		int64_t count, enterprise_row_fn row, void *context, struct error *err);
/** Ids of [first_id, first_id + count) that were written after @sequence, in order. */
bool registry_store_each_changed(struct registry_store *store, int64_t sequence,
		int64_t first_id, int64_t count,
		bool (*changed)(void *context, int64_t id, struct error *err), void *context,
		struct error *err);
/** The present records of @ids, which all exist, in their order. */
bool registry_store_load(struct registry_store *store, const int64_t *ids, size_t count,
		enterprise_row_fn row, void *context, struct error *err);
/** All records of one enterprise, newest first. */
bool registry_store_each_version(struct registry_store *store, int64_t id,
		enterprise_row_fn row, void *context, struct error *err);

struct enterprise_key {
	struct slice uscc;
	int64_t id; /* 0: unknown */
};
/** Fills the ids. Quickest in the order of the codes. */
bool registry_store_find_keys(struct registry_store *store, struct enterprise_key *keys,
		size_t count, struct error *err);

/** What [first_id, first_id + count) said that they want, in id order; few say anything. */
bool registry_store_each_subscription(struct registry_store *store, int64_t first_id,
		int64_t count,
		bool (*row)(void *context, int64_t id, struct slice bytes, struct error *err),
		void *context, struct error *err);

/* --- changing; all between begin and commit -------------------------------------------------- */

bool registry_store_begin(struct registry_store *store, struct error *err);
bool registry_store_commit(struct registry_store *store, struct error *err);
/** Does nothing when nothing was begun. */
void registry_store_rollback(struct registry_store *store);

/** @sequence is one more than the newest. */
bool registry_store_add_batch(struct registry_store *store, int64_t sequence,
		int64_t committed_at, struct error *err);
bool registry_store_add_name(struct registry_store *store, const struct registry_name_row *name,
		struct error *err);
/** Adds, or replaces the one of the same id. */
bool registry_store_put_import(struct registry_store *store,
		const struct registry_import_row *import, struct error *err);
bool registry_store_add_list(struct registry_store *store, const struct registry_list_row *list,
		struct error *err);
/** New enterprises; quickest in the order of their codes. */
bool registry_store_add_keys(struct registry_store *store, const struct enterprise_key *keys,
		size_t count, struct error *err);

struct enterprise_change {
	int64_t id;
	struct slice uscc;
	struct slice record;
	/* Of an enterprise that was there: what was known until now. */
	int64_t old_sequence; /* 0: it is new */
	struct slice old_record;
};
/** In id order; also notes @sequence for the blocks. */
bool registry_store_write(struct registry_store *store, const struct enterprise_change *changes,
		size_t count, int64_t sequence, struct error *err);
bool registry_store_put_subscription(struct registry_store *store, int64_t id,
		struct slice bytes, struct error *err);
