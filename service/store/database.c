/* SPDX-License-Identifier: Apache-2.0 */
#include "store/database.h"

#include "store/database_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

struct statement {
	sqlite3_stmt *raw;
	struct database *db;
};

bool database_error(struct database *db, int code, struct error *err)
{
	const char *name = db->options.name;
	const char *path = db->options.path;
	const char *detail = db->raw ? sqlite3_errmsg(db->raw) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(err, ERROR_UNAVAILABLE,
				"the %s %s is locked by another process", name, path);
	case SQLITE_FULL:
		return error_set(err, ERROR_LIMIT,
				"no space left to write the %s %s; nothing was changed", name,
				path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return error_set(err, ERROR_PERMISSION, "the %s %s is read-only", name, path);
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return error_set(err, ERROR_PERMISSION, "the %s %s cannot be opened: %s", name,
				path, detail);
	case SQLITE_NOTADB:
		return error_set(err, ERROR_PRECONDITION, "%s is not a policycalc %s: %s", path,
				name, detail);
	case SQLITE_CORRUPT:
		return error_set(err, ERROR_IO, "the %s %s is damaged: %s", name, path, detail);
	case SQLITE_NOMEM:
		return error_set(err, ERROR_MEMORY, "no memory to use the %s %s", name, path);
	case SQLITE_TOOBIG:
		return error_set(err, ERROR_LIMIT, "a value is too large for the %s %s", name,
				path);
	case SQLITE_IOERR:
		return error_set(err, ERROR_IO, "the %s %s cannot be read or written: %s (%d)",
				name, path, detail, code);
	default:
		return error_set(err, ERROR_INTERNAL, "the %s %s: %s (%d)", name, path, detail,
				code);
	}
}

static bool database_error_doubt(struct database *db, struct error *err)
{
	return error_set(err, ERROR_IO,
			"the %s %s could not undo a failed change: it must be opened again",
			db->options.name, db->options.path);
}

/*
 * Whether nothing is left of a change that failed: else undoing it is tried again, since memory may have
 * been short for that, too. Until then nobody may read or change anything.
 */
static bool database_is_settled(struct database *db)
{
	if (db->in_doubt)
		database_rollback(db);
	return !db->in_doubt;
}

bool database_run(struct database *db, const char *sql, struct error *err)
{
	int code;

	if (!database_is_settled(db))
		return database_error_doubt(db, err);
	code = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);
	return code == SQLITE_OK || database_error(db, code, err);
}

bool database_begin(struct database *db, struct error *err)
{
	return database_run(db, "BEGIN IMMEDIATE", err);
}

bool database_commit(struct database *db, struct error *err)
{
	return database_run(db, "COMMIT", err);
}

void database_rollback(struct database *db)
{
	/* SQLite has already rolled back by itself after some failures. */
	if (!sqlite3_get_autocommit(db->raw)) {
		(void)sqlite3_step(db->rollback);
		(void)sqlite3_reset(db->rollback);
	}
	db->in_doubt = !sqlite3_get_autocommit(db->raw);
}

/*
 * A check of the file reports a page that there was no memory for as if it were damaged: "unable to get the page.
 * error code=7" (SQLITE_NOMEM), which the limit on SQLite's heap may be behind, but of a page that continues
 * another only "failed to get page".
 */
static bool is_memory_short(struct slice finding, unsigned long refusals)
{
	static const char words[] = "error code=7";

	return refusals != memory_refusals() ||
	       memmem(finding.data, finding.size, words, sizeof(words) - 1) != NULL;
}

bool database_check_file(struct database *db, const char *pragma, struct error *err)
{
	struct slice finding = { "", 0 };
	unsigned long refusals = memory_refusals();
	struct statement *rows = database_prepare(db, pragma, err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err) &&
		  (!more || statement_get_bytes(rows, 0, &finding, err));

	if (ok && !slice_equals_text(finding, "ok") && is_memory_short(finding, refusals))
		ok = database_error(db, SQLITE_NOMEM, err);
	else if (ok && !slice_equals_text(finding, "ok"))
		ok = error_set(err, ERROR_IO, "the %s %s is damaged: %.*s", db->options.name,
				db->options.path, SLICE_PRINT(finding));
	statement_finish(rows);
	return ok;
}

bool database_check(struct database *db, struct error *err)
{
	struct statement *rows;
	bool more = false;
	bool ok;

	if (!database_check_file(db, "PRAGMA integrity_check(1)", err))
		return false;
	rows = database_prepare(db, "PRAGMA foreign_key_check", err);
	ok = rows && statement_step(rows, &more, err);
	if (ok && more)
		ok = error_set(err, ERROR_IO,
				"the %s %s is damaged: table %.*s refers to a missing row",
				db->options.name, db->options.path,
				SLICE_PRINT(statement_bytes(rows, 0)));
	statement_finish(rows);
	return ok;
}

void database_shrink(struct database *db)
{
	(void)sqlite3_db_release_memory(db->raw);
}

int64_t database_last_row(const struct database *db)
{
	return sqlite3_last_insert_rowid(db->raw);
}

int64_t database_changed_rows(const struct database *db)
{
	return sqlite3_changes64(db->raw);
}

struct statement *database_prepare(struct database *db, const char *sql, struct error *err)
{
	struct statement *statement;
	int code;

	if (!database_is_settled(db)) {
		database_error_doubt(db, err);
		return NULL;
	}
	statement = memory_alloc_zero(1, sizeof(*statement));
	if (!statement) {
		database_error(db, SQLITE_NOMEM, err);
		return NULL;
	}
	statement->db = db;
	code = sqlite3_prepare_v2(db->raw, sql, -1, &statement->raw, NULL);
	if (code != SQLITE_OK) {
		database_error(db, code, err);
		memory_free(statement);
		return NULL;
	}
	return statement;
}

void statement_finish(struct statement *statement)
{
	if (!statement)
		return;
	(void)sqlite3_finalize(statement->raw);
	memory_free(statement);
}

static bool statement_check(struct statement *statement, int code, struct error *err)
{
	return code == SQLITE_OK || database_error(statement->db, code, err);
}

bool statement_bind_int(
		struct statement *statement, int index, int64_t value, struct error *err)
{
	return statement_check(
			statement, sqlite3_bind_int64(statement->raw, index, value), err);
}

bool statement_bind_text(
		struct statement *statement, int index, struct slice text, struct error *err)
{
	return statement_check(statement,
			sqlite3_bind_text64(statement->raw, index, text.data ? text.data : "",
					text.size, SQLITE_STATIC, SQLITE_UTF8),
			err);
}

bool statement_bind_blob(
		struct statement *statement, int index, struct slice bytes, struct error *err)
{
	/* A NULL pointer would bind NULL, not an empty blob. */
	return statement_check(statement,
			sqlite3_bind_blob64(statement->raw, index, bytes.data ? bytes.data : "",
					bytes.size, SQLITE_STATIC),
			err);
}

bool statement_step(struct statement *statement, bool *out_more, struct error *err)
{
	int code;

	if (!database_is_settled(statement->db))
		return database_error_doubt(statement->db, err);
	code = sqlite3_step(statement->raw);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		(void)database_error(statement->db, code, err);
		/* Else nothing could be bound to it again. */
		statement_reset(statement);
		return false;
	}
	*out_more = code == SQLITE_ROW;
	return true;
}

bool statement_run(struct statement *statement, struct error *err)
{
	bool more;

	if (!statement_step(statement, &more, err))
		return false;
	assert(!more);
	statement_reset(statement);
	return true;
}

void statement_reset(struct statement *statement)
{
	(void)sqlite3_reset(statement->raw);
}

int64_t statement_int(const struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->raw, column);
}

struct slice statement_bytes(const struct statement *statement, int column)
{
	const void *data = sqlite3_column_blob(statement->raw, column);
	int size = sqlite3_column_bytes(statement->raw, column);

	if (!data)
		return (struct slice){ "", 0 };
	return (struct slice){ data, (size_t)size };
}

bool statement_get_bytes(const struct statement *statement, int column, struct slice *out_bytes,
		struct error *err)
{
	*out_bytes = statement_bytes(statement, column);
	return out_bytes->size > 0 || sqlite3_errcode(statement->db->raw) != SQLITE_NOMEM ||
	       database_error(statement->db, SQLITE_NOMEM, err);
}
