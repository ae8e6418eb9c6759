/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog database: revisions and their entries, in one SQLite file that one thread owns.
 *
 * A narrow interface: nothing above knows SQL. Entries are content-addressed, so a revision that
 * changes one policy stores one policy.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct catalog_store;
struct directory;

/**
 * Opens or creates DIR/catalog.db in the folder that @directory holds (borrowed): exclusive locking
 * mode, WAL, FULL sync, defensive settings; checks application id, schema version and integrity. Says
 * precisely what is wrong: not a database of ours (ERROR_PRECONDITION, and left as it is), newer than
 * we know (ERROR_PRECONDITION), read-only (ERROR_PERMISSION), locked by another process
 * (ERROR_UNAVAILABLE), disk full (ERROR_LIMIT), damaged (ERROR_IO).
 */
struct catalog_store *catalog_store_open(struct directory *directory, struct error *err);
void catalog_store_close(struct catalog_store *store);

/** Current revision, 0 when there is none yet. */
bool catalog_store_current(
		struct catalog_store *store, int64_t *out_revision, struct error *err);

/* Is told a policy when it was just read. */
typedef void (*catalog_policy_fn)(void *context, const Policycalc__V1__Policy *policy);

/**
 * Loads a revision (0: the current one) into @arena. ERROR_NOT_FOUND when there is none. @on_policy (or NULL) is told
 * each policy in the order in which they stand in the catalog, also of one that turns out to be damaged then.
 */
struct catalog *catalog_store_load(struct catalog_store *store, int64_t revision,
		catalog_policy_fn on_policy, void *context, struct arena *arena,
		struct error *err);
/** Newest first. @before: only older than this revision; 0: from the newest. */
bool catalog_store_list(struct catalog_store *store, int64_t before, size_t limit,
		struct arena *arena, Policycalc__V1__Revision ***out_revisions,
		size_t *out_count, struct error *err);

struct publish_request {
	const struct catalog *catalog;
	const char *content_hash;
	int64_t base_revision; /* must be the current one, else ERROR_CONFLICT naming what changed */
	const char *author;
	const char *note;
	const char *now; /* RFC 3339, UTC */
	/* The files as they came, for export. */
	const struct draft_file *files;
	size_t file_count;
};

/**
 * One transaction. *out_unchanged when the content equals that of the current revision: then nothing
 * is written and *out_revision is the current one, whatever the base (a publish may be repeated).
 */
bool catalog_store_publish(struct catalog_store *store, const struct publish_request *request,
		struct arena *arena, Policycalc__V1__Revision **out_revision,
		bool *out_unchanged, struct error *err);
/** The files of a revision, in path order. */
bool catalog_store_files(struct catalog_store *store, int64_t revision, struct arena *arena,
		struct draft_file **out_files, size_t *out_count, struct error *err);
