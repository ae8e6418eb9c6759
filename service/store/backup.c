/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backup.h"

#include "base/memory.h"
#include "store/catalog_schema.h"
#include "store/database_internal.h"
#include "store/registry_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct backup {
	struct database *db;
	sqlite3 *target;
	sqlite3_backup *raw;
	int file; /* reads the copy */
	int page_size;
	bool is_whole;
};

static int64_t ask_number(sqlite3 *raw, const char *pragma)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;

	if (sqlite3_prepare_v2(raw, pragma, -1, &statement, NULL) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return number;
}

/* Seen before it begins, rather than when the disk is full and nobody else can write any more. */
static bool has_room(const struct backup *backup, struct error *err)
{
	int64_t size = backup->page_size * ask_number(backup->db->raw, "PRAGMA page_count");
	struct statvfs disk;
	int64_t free_size;

	if (fstatvfs(backup->file, &disk) != 0)
		return true;
	free_size = (int64_t)(disk.f_bavail * disk.f_frsize);
	return free_size >= size + BACKUP_SPARE ||
	       error_set(err, ERROR_LIMIT,
			       "a copy of %s takes %lld MiB, and the disk has %lld MiB free, "
			       "of "
			       "which %lld stay free",
			       backup->db->options.path, (long long)(size >> 20) + 1,
			       (long long)(free_size >> 20), (long long)(BACKUP_SPARE >> 20));
}

/* Nothing is gained by a journal: a copy that is not whole is thrown away. */
static bool target_open(struct backup *backup, const char *path, struct error *err)
{
	static const char pragmas[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = "
				      "OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = "
				      "-2048;";
	int code = sqlite3_open_v2(path, &backup->target,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
					SQLITE_OPEN_EXRESCODE,
			NULL);
	int number;

	if (code == SQLITE_OK)
		code = sqlite3_exec(backup->target, pragmas, NULL, NULL, NULL);
	if (code == SQLITE_OK) {
		backup->raw = sqlite3_backup_init(
				backup->target, "main", backup->db->raw, "main");
		code = backup->raw ? SQLITE_OK : sqlite3_errcode(backup->target);
	}
	if (code == SQLITE_OK)
		return true;
	number = (code & 0xff) == SQLITE_CANTOPEN ? sqlite3_system_errno(backup->target) : 0;
	if (number != 0)
		return error_set(err, error_code_of_system(number), "copying %s: %s",
				backup->db->options.path, strerror(number));
	return error_set(err, code == SQLITE_NOMEM ? ERROR_MEMORY : ERROR_IO, "copying %s: %s",
			backup->db->options.path, sqlite3_errstr(code));
}

struct backup *backup_open(struct database *db, struct error *err)
{
	struct backup *backup = memory_alloc_zero(1, sizeof(*backup));
	char path[PATH_MAX];
	bool ok;

	if (!backup) {
		error_set(err, ERROR_MEMORY, "no memory to copy %s", db->options.path);
		return NULL;
	}
	backup->db = db;
	backup->page_size = (int)ask_number(db->raw, "PRAGMA page_size");
	(void)snprintf(path, sizeof(path), "%s.backup", db->options.path);
	/* Of a process that died between these lines. */
	(void)unlink(path);
	backup->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (backup->file < 0) {
		error_set(err, error_code_of_system(errno), "cannot make %s: %s", path,
				strerror(errno));
		memory_free(backup);
		return NULL;
	}
	ok = has_room(backup, err) && target_open(backup, path, err);
	(void)unlink(path);
	if (ok)
		return backup;
	(void)backup_finish(backup, NULL, NULL);
	return NULL;
}

struct backup *backup_open_catalog(struct catalog_store *store, struct error *err)
{
	return backup_open(store->db, err);
}

struct backup *backup_open_registry(struct registry_store *store, struct error *err)
{
	return backup_open(store->db, err);
}

bool backup_step(struct backup *backup, size_t size, bool *out_done, struct error *err)
{
	int pages = backup->page_size > 0 ? (int)(size / (size_t)backup->page_size) : 0;
	int code = sqlite3_backup_step(backup->raw, pages > 0 ? pages : 1);

	*out_done = code == SQLITE_DONE;
	backup->is_whole = *out_done;
	/* Somebody else's lock cannot be: the file is ours alone, and no transaction outlives a job. */
	if (code == SQLITE_OK || code == SQLITE_DONE)
		return true;
	return error_set(err,
			code == SQLITE_FULL		? ERROR_LIMIT
			: (code & 0xff) == SQLITE_NOMEM ? ERROR_MEMORY
							: ERROR_IO,
			"copying %s: %s", backup->db->options.path, sqlite3_errstr(code));
}

void backup_look(const struct backup *backup, int64_t *out_done, int64_t *out_total)
{
	int64_t pages = sqlite3_backup_pagecount(backup->raw);

	*out_total = pages * backup->page_size;
	*out_done = *out_total -
		    (int64_t)sqlite3_backup_remaining(backup->raw) * backup->page_size;
}

bool backup_finish(struct backup *backup, int *out_file, struct error *err)
{
	bool is_whole;
	int code;

	if (!backup)
		return true;
	code = sqlite3_backup_finish(backup->raw);
	is_whole = backup->is_whole && code == SQLITE_OK;
	/* Writes what is left. */
	code = sqlite3_close(backup->target);
	is_whole = is_whole && code == SQLITE_OK;
	if (out_file)
		*out_file = is_whole ? backup->file : -1;
	if (!is_whole || !out_file)
		(void)close(backup->file);
	memory_free(backup);
	return is_whole || error_set(err, ERROR_IO, "the copy of the database is not whole");
}
