/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a database file, in an order that matters:
 *
 *   1. The header is read as plain bytes, before SQLite knows the file: a stranger's database
 * is refused untouched (SQLite would recover its journal).
 *   2. Defences: limits, DEFENSIVE, untrusted schema, exclusive locking mode.
 *   3. Application id, version and emptiness are read through SQLite, since after a crash the
 *      header of the file may lag behind its WAL.
 *   4. WAL and FULL, then BEGIN IMMEDIATE; COMMIT, which takes the exclusive lock now and not
 * at the first publish.
 *   5. Schema of an empty file, in one transaction; otherwise quick_check.
 */
#include "store/database_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 100
#define HEADER_APPLICATION_ID 68
#define HEAP_LIMIT ((sqlite3_int64)512 << 20)
#define BUSY_MS 500

static const char HEADER_MAGIC[16] = "SQLite format 3";

/* --- memory: SQLite takes its own through memory_alloc(), so that tests can fail it ---------
 */

static void *on_malloc(int size)
{
	return memory_alloc((size_t)size);
}

static void on_free(void *memory)
{
	memory_free(memory);
}

static void *on_realloc(void *memory, int size)
{
	return memory_resize(memory, (size_t)size);
}

static int on_size(void *memory)
{
	return (int)malloc_usable_size(memory);
}

static int on_roundup(int size)
{
	return (size + 7) & ~7;
}

static int on_init(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void on_shutdown(void *context)
{
	(void)context;
}

static void database_configure(void)
{
	static const sqlite3_mem_methods methods = {
		.xMalloc = on_malloc,
		.xFree = on_free,
		.xRealloc = on_realloc,
		.xSize = on_size,
		.xRoundup = on_roundup,
		.xInit = on_init,
		.xShutdown = on_shutdown,
	};

	/* Refused when somebody initialised SQLite before us: then it keeps its own allocator.
	 */
	(void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
	/* Twenty pages at once for every database, which stay for as long as one of them does. */
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	(void)sqlite3_config(SQLITE_CONFIG_URI, 0);
	if (sqlite3_initialize() == SQLITE_OK)
		(void)sqlite3_hard_heap_limit64(HEAP_LIMIT);
}

/* --- 1: the header
 * ---------------------------------------------------------------------------- */

static uint32_t read_big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool database_error_foreign(struct database *db, struct error *err, const char *why)
{
	return error_set(err, ERROR_PRECONDITION, "%s is not a policycalc %s: %s",
			db->options.path, db->options.name, why);
}

/*
 * For us alone, whatever the folder lets others do: SQLite, which would let everybody read it, makes none, and gives
 * the files beside it the rights that it has. When it cannot be made, SQLite cannot open it, either.
 */
static void database_make_file(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file >= 0)
		(void)close(file);
}

/* The file as it lies there, if it does. Nobody has it open: SQLite's locks are not taken yet.
 */
static bool database_check_header(struct database *db, struct error *err)
{
	const char *path = db->options.path;
	unsigned char header[HEADER_SIZE];
	struct stat status;
	ssize_t size;
	int file;

	if (lstat(path, &status) != 0) {
		if (errno != ENOENT)
			return error_set(err, ERROR_IO, "cannot look at %s: %s", path,
					strerror(errno));
		database_make_file(path);
		return true;
	}
	if (!S_ISREG(status.st_mode))
		return database_error_foreign(db, err, "not a regular file");
	if (access(path, R_OK | W_OK) != 0)
		return error_set(err, ERROR_PERMISSION, "the %s %s cannot be written: %s",
				db->options.name, path, strerror(errno));
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return error_set(err, ERROR_IO, "cannot open %s: %s", path, strerror(errno));
	size = pread(file, header, sizeof(header), 0);
	(void)close(file);
	if (size < 0)
		return error_set(err, ERROR_IO, "cannot read %s: %s", path, strerror(errno));
	if (size == 0)
		return true;
	if (size < HEADER_SIZE || memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0)
		return database_error_foreign(db, err, "not an SQLite database");
	if (read_big_endian(header + HEADER_APPLICATION_ID) != 0 &&
			read_big_endian(header + HEADER_APPLICATION_ID) !=
					db->options.application_id)
		return database_error_foreign(db, err, "another application made it");
	return true;
}

/* --- 2: defences
 * ------------------------------------------------------------------------------ */

static const struct {
	int limit;
	int value;
} database_limits[] = {
	{ SQLITE_LIMIT_LENGTH, 64 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 65536 },
	{ SQLITE_LIMIT_COLUMN, 64 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 32 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 8 },
	{ SQLITE_LIMIT_VDBE_OP, 25000 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 64 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
	int option;
	int value;
} database_configs[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
};

/*
 * Locking mode comes first: a pragma that looks at the schema (synchronous does) opens the WAL,
 * and then it must be known already that no -shm file is wanted.
 */
static const char DATABASE_PRAGMAS[] = "PRAGMA locking_mode = EXCLUSIVE;"
				       "PRAGMA cell_size_check = ON;"
				       "PRAGMA mmap_size = 0;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA secure_delete = OFF;"
				       "PRAGMA synchronous = FULL;";

static bool database_defend(struct database *db, struct error *err)
{
	int code;

	for (size_t i = 0; i < sizeof(database_limits) / sizeof(*database_limits); i++)
		(void)sqlite3_limit(
				db->raw, database_limits[i].limit, database_limits[i].value);
	for (size_t i = 0; i < sizeof(database_configs) / sizeof(*database_configs); i++) {
		code = sqlite3_db_config(db->raw, database_configs[i].option,
				database_configs[i].value, NULL);
		if (code != SQLITE_OK)
			return database_error(db, code, err);
	}
	(void)sqlite3_busy_timeout(db->raw, BUSY_MS);
	return database_run(db, DATABASE_PRAGMAS, err);
}

/* --- 3 to 5
 * ----------------------------------------------------------------------------------- */

/* The single value that @sql answers, into @out_number, and as text into @out (64 bytes). */
static bool database_ask(struct database *db, const char *sql, int64_t *out_number,
		char out[64], struct error *err)
{
	struct statement *rows = database_prepare(db, sql, err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	*out_number = 0;
	out[0] = '\0';
	if (ok && more) {
		*out_number = statement_int(rows, 0);
		(void)snprintf(out, 64, "%.*s", SLICE_PRINT(statement_bytes(rows, 0)));
	}
	statement_finish(rows);
	return ok;
}

/* *out_empty: nothing was ever made in it. */
static bool database_identify(struct database *db, bool *out_empty, struct error *err)
{
	int64_t id, version, tables;
	char text[64];

	if (!database_ask(db, "PRAGMA application_id", &id, text, err) ||
			!database_ask(db, "PRAGMA user_version", &version, text, err) ||
			!database_ask(db, "SELECT count(*) FROM sqlite_schema", &tables, text,
					err))
		return false;
	*out_empty = false;
	if (id == 0 && version == 0 && tables == 0) {
		*out_empty = true;
		return true;
	}
	if ((uint32_t)id != db->options.application_id)
		return database_error_foreign(db, err, "another application made it");
	if (version > db->options.schema_version)
		return error_set(err, ERROR_PRECONDITION,
				"the %s %s has schema version %lld and this version of "
				"policycalc"
				" knows up to %d: use the newer version that wrote it",
				db->options.name, db->options.path, (long long)version,
				db->options.schema_version);
	if (version < 1)
		return error_set(err, ERROR_IO,
				"the %s %s is damaged: it has no schema version",
				db->options.name, db->options.path);
	return true;
}

static bool database_tune(struct database *db, struct error *err)
{
	char pragmas[128];

	if (db->options.cache_kib) {
		(void)snprintf(pragmas, sizeof(pragmas), "PRAGMA cache_size = -%d",
				db->options.cache_kib);
		if (!database_run(db, pragmas, err))
			return false;
	}
	if (db->options.checkpoint_pages)
		(void)sqlite3_wal_autocheckpoint(db->raw, db->options.checkpoint_pages);
	return true;
}

/* Of an empty file, before anything is written to it. */
static bool database_lay_out(struct database *db, struct error *err)
{
	char pragma[64];

	if (!db->options.page_size)
		return true;
	(void)snprintf(pragma, sizeof(pragma), "PRAGMA page_size = %d", db->options.page_size);
	return database_run(db, pragma, err);
}

static bool database_take(struct database *db, struct error *err)
{
	int64_t number;
	char mode[64];

	if (!database_ask(db, "PRAGMA journal_mode = WAL", &number, mode, err))
		return false;
	if (strcmp(mode, "wal") != 0)
		return error_set(err, ERROR_IO,
				"the %s %s cannot use write-ahead logging: it"
				" stays in mode %s",
				db->options.name, db->options.path, mode);
	return database_begin(db, err) && database_commit(db, err);
}

static bool database_make_schema(struct database *db, struct error *err)
{
	char header[128];

	(void)snprintf(header, sizeof(header),
			"PRAGMA application_id = %ld; PRAGMA user_version = %d",
			(long)(int32_t)db->options.application_id, db->options.schema_version);
	if (database_begin(db, err) && database_run(db, header, err) &&
			database_run(db, db->options.schema, err) && database_commit(db, err))
		return true;
	database_rollback(db);
	return false;
}

static bool database_quick_check(struct database *db, struct error *err)
{
	int64_t number;
	int64_t pages;
	char answer[64];

	if (db->options.check_most > 0) {
		if (!database_ask(db, "PRAGMA page_size", &number, answer, err) ||
				!database_ask(db, "PRAGMA page_count", &pages, answer, err))
			return false;
		if (number * pages > db->options.check_most)
			return true;
	}
	return database_check_file(db, "PRAGMA quick_check(1)", err);
}

static bool database_copy_options(struct database *db, const struct database_options *options)
{
	size_t path_size = strlen(options->path) + 1;
	size_t name_size = strlen(options->name) + 1;

	db->options = *options;
	db->texts = memory_alloc(path_size + name_size);
	if (!db->texts)
		return false;
	db->options.path = memcpy(db->texts, options->path, path_size);
	db->options.name = memcpy(db->texts + path_size, options->name, name_size);
	return true;
}

struct database *database_open(const struct database_options *options, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct database *db = memory_alloc_zero(1, sizeof(*db));
	bool empty;
	int code;

	(void)pthread_once(&once, database_configure);
	if (!db || !database_copy_options(db, options)) {
		error_set(err, ERROR_MEMORY, "no memory to open %s", options->path);
		goto failed;
	}
	if (!database_check_header(db, err))
		goto failed;
	code = sqlite3_open_v2(db->options.path, &db->raw,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
					SQLITE_OPEN_NOFOLLOW,
			NULL);
	if (code != SQLITE_OK) {
		database_error(db, code, err);
		goto failed;
	}
	if (!database_defend(db, err) || !database_identify(db, &empty, err) ||
			(empty && !database_lay_out(db, err)) || !database_take(db, err) ||
			!database_tune(db, err))
		goto failed;
	if (empty ? !database_make_schema(db, err) : !database_quick_check(db, err))
		goto failed;
	database_shrink(db); /* of the pages that were looked at */
	/* Last, since settings and a new schema expire what was prepared before. */
	code = sqlite3_prepare_v2(db->raw, "ROLLBACK", -1, &db->rollback, NULL);
	if (code != SQLITE_OK) {
		database_error(db, code, err);
		goto failed;
	}
	return db;
failed:
	database_close(db);
	return NULL;
}

void database_close(struct database *db)
{
	if (!db)
		return;
	(void)sqlite3_finalize(db->rollback);
	(void)sqlite3_close(db->raw);
	memory_free(db->texts);
	memory_free(db);
}
