/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin face for SQLite: open with every defence on, prepare, bind, step, finish.
 *
 * One connection owns the file (exclusive locking mode, WAL, so no -shm file and everyone else
 * is told "busy" at once), and one thread uses the connection. A schema is one text, made in
 * one transaction together with application id and version: a file is either empty or whole.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database;
struct statement;

struct database_options {
	const char *path;	 /* absolute */
	const char *name;	 /* for people: "catalog database" */
	uint32_t application_id; /* in the file's header; not 0 */
	int schema_version;	 /* the newest we know, from 1 */
	const char *schema;	 /* makes an empty database one of @schema_version */
	/* Each 0: SQLite's own choice. */
	int page_size;	      /* bytes; of a file that is made now, others keep theirs */
	int cache_kib;	      /* pages kept in memory */
	int checkpoint_pages; /* how far the write-ahead log grows before it is copied back */
	/* A file of more bytes is not read whole at opening, which would take minutes: what is
	 * damaged in it is found when it is read. 0: every file is. */
	int64_t check_most;
};

/**
 * Opens or creates the file, checks that it is ours, of a version we know, and whole. A
 * database that is not ours is not written to. Failures say precisely what is wrong.
 */
struct database *database_open(const struct database_options *options, struct error *err);
void database_close(struct database *db);

/** Runs @sql, which returns no rows. */
bool database_run(struct database *db, const char *sql, struct error *err);
/** BEGIN IMMEDIATE. */
bool database_begin(struct database *db, struct error *err);
bool database_commit(struct database *db, struct error *err);
/**
 * Undoes what database_begin() began; does nothing when nothing was begun. Should that fail, for
 * lack of memory, it is tried again by every later call, which fails unless it succeeds.
 */
void database_rollback(struct database *db);
/** Gives back the pages that reading left in memory, for whoever does not read again soon. */
void database_shrink(struct database *db);
/** Fails unless SQLite finds the file whole and every reference kept. */
bool database_check(struct database *db, struct error *err);
/** Number of the row that the last INSERT made. */
int64_t database_last_row(const struct database *db);
/** How many rows the last INSERT, UPDATE or DELETE that ended has changed. */
int64_t database_changed_rows(const struct database *db);

/** To be given back with statement_finish(), before the database is closed. */
struct statement *database_prepare(struct database *db, const char *sql, struct error *err);
void statement_finish(struct statement *statement);
/** Parameters count from 1. Text and blobs are borrowed until the next reset. */
bool statement_bind_int(
		struct statement *statement, int index, int64_t value, struct error *err);
bool statement_bind_text(
		struct statement *statement, int index, struct slice text, struct error *err);
bool statement_bind_blob(
		struct statement *statement, int index, struct slice bytes, struct error *err);
/** *out_more: there is a row to read. */
bool statement_step(struct statement *statement, bool *out_more, struct error *err);
/** Steps a statement that returns no row, and resets it for the next one. */
bool statement_run(struct statement *statement, struct error *err);
void statement_reset(struct statement *statement);
/** Columns count from 0. Borrowed until the next step, reset or finish; empty for NULL. */
int64_t statement_int(const struct statement *statement, int column);
struct slice statement_bytes(const struct statement *statement, int column);
/** As statement_bytes(), which has nothing to say when memory is too short to put a long value together. */
bool statement_get_bytes(const struct statement *statement, int column, struct slice *out_bytes,
		struct error *err);
