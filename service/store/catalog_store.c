/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the catalog database and reading from it; catalog_publish.c writes.
 *
 * A revision is a row, and a set of (kind, name) → content. Content is kept once, under its
 * SHA-256, whatever revision or file refers to it. What is read is compared with its hash, or, when a
 * whole revision is read, with a sum of all its entries; when that is another the hashes say which
 * entry is damaged.
 */
#include "store/catalog_schema.h"

#include "base/checksum.h"
#include "base/memory.h"
#include "proto/codec/codec.h"
#include "store/directory.h"
#include "store/entry.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/*
 * An entry has a KiB or several, and a load reads one behind the other: of pages of 4 KiB, which are SQLite's choice, a
 * fifth would be empty, and there would be sixteen times as many to be fetched.
 */
#define PAGE_SIZE (64 << 10)
#define CHECKPOINT_PAGES 64 /* 4 MiB, as SQLite's 1000 pages of 4 KiB */

static const char CATALOG_SCHEMA[] = "CREATE TABLE revision ("
				     " number INTEGER PRIMARY KEY CHECK (number > 0),"
				     " content_hash TEXT NOT NULL,"
				     " published_at TEXT NOT NULL,"
				     " author TEXT NOT NULL,"
				     " note TEXT NOT NULL,"
				     " policy_count INTEGER NOT NULL,"
				     " attribute_count INTEGER NOT NULL,"
				     " parameter_count INTEGER NOT NULL"
				     ") STRICT;"
				     "CREATE TABLE content ("
				     " id INTEGER PRIMARY KEY,"
				     " hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
				     " bytes BLOB NOT NULL"
				     ") STRICT;"
				     "CREATE TABLE revision_entry ("
				     " revision INTEGER NOT NULL REFERENCES revision,"
				     " kind INTEGER NOT NULL,"
				     " name TEXT NOT NULL,"
				     " content INTEGER NOT NULL REFERENCES content,"
				     " PRIMARY KEY (revision, kind, name)"
				     ") STRICT, WITHOUT ROWID;"
				     "CREATE TABLE revision_file ("
				     " revision INTEGER NOT NULL REFERENCES revision,"
				     " path TEXT NOT NULL,"
				     " content INTEGER NOT NULL REFERENCES content,"
				     " PRIMARY KEY (revision, path)"
				     ") STRICT, WITHOUT ROWID;";

/* Behind the schema, since databases of before are without it: their revisions have no sums. */
static const char SUM_SCHEMA[] = "CREATE TABLE IF NOT EXISTS revision_sum ("
				 " revision INTEGER PRIMARY KEY REFERENCES revision,"
				 " sum INTEGER NOT NULL"
				 ") STRICT";

struct catalog_store *catalog_store_open(struct directory *directory, struct error *err)
{
	struct catalog_store *store = memory_alloc_zero(1, sizeof(*store));
	struct database_options options = {
		.name = "catalog database",
		.application_id = CATALOG_APPLICATION_ID,
		.schema_version = CATALOG_SCHEMA_VERSION,
		.schema = CATALOG_SCHEMA,
		.page_size = PAGE_SIZE,
		.checkpoint_pages = CHECKPOINT_PAGES,
	};
	char path[PATH_MAX + 16];

	if (!store) {
		error_set(err, ERROR_MEMORY, "no memory to open the catalog in %s",
				directory_path(directory));
		return NULL;
	}
	(void)snprintf(path, sizeof(path), "%s/catalog.db", directory_path(directory));
	options.path = path;
	store->db = database_open(&options, err);
	if (!store->db || !database_run(store->db, SUM_SCHEMA, err))
		goto failed;
	return store;
failed:
	catalog_store_close(store);
	return NULL;
}

void catalog_store_close(struct catalog_store *store)
{
	if (!store)
		return;
	database_close(store->db);
	memory_free(store);
}

bool catalog_store_current(
		struct catalog_store *store, int64_t *out_revision, struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT coalesce(max(number), 0) FROM revision", err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	if (ok)
		*out_revision = more ? statement_int(rows, 0) : 0;
	statement_finish(rows);
	return ok || error_prefix(err, "reading the current revision");
}

/* --- revisions ---------------------------------------------------------------------------- */

#define REVISION_COLUMNS                                                                       \
	"number, content_hash, published_at, author, note,"                                    \
	" policy_count, attribute_count, parameter_count"

static char *catalog_copy(struct slice bytes, struct arena *arena)
{
	return arena_copy(arena, bytes.data, bytes.size);
}

static Policycalc__V1__Revision *catalog_read_revision(
		const struct statement *rows, struct arena *arena, struct error *err)
{
	Policycalc__V1__Revision *revision = ARENA_NEW(arena, Policycalc__V1__Revision);

	if (!revision)
		goto failed;
	policycalc__v1__revision__init(revision);
	revision->number = statement_int(rows, 0);
	revision->content_hash = catalog_copy(statement_bytes(rows, 1), arena);
	revision->published_at = catalog_copy(statement_bytes(rows, 2), arena);
	revision->author = catalog_copy(statement_bytes(rows, 3), arena);
	revision->note = catalog_copy(statement_bytes(rows, 4), arena);
	revision->policy_count = (int32_t)statement_int(rows, 5);
	revision->attribute_count = (int32_t)statement_int(rows, 6);
	revision->parameter_count = (int32_t)statement_int(rows, 7);
	if (revision->content_hash && revision->published_at && revision->author &&
			revision->note)
		return revision;
failed:
	arena_error(arena, err, "reading a revision");
	return NULL;
}

Policycalc__V1__Revision *catalog_store_find_revision(struct catalog_store *store,
		int64_t number, struct arena *arena, struct error *err)
{
	Policycalc__V1__Revision *revision = NULL;
	struct statement *rows = database_prepare(store->db,
			"SELECT " REVISION_COLUMNS " FROM revision WHERE number = ?", err);
	bool more;

	if (!rows || !statement_bind_int(rows, 1, number, err) ||
			!statement_step(rows, &more, err))
		goto out;
	if (more)
		revision = catalog_read_revision(rows, arena, err);
	else
		error_set(err, ERROR_NOT_FOUND, "the catalog has no revision %lld",
				(long long)number);
out:
	statement_finish(rows);
	return revision;
}

bool catalog_store_list(struct catalog_store *store, int64_t before, size_t limit,
		struct arena *arena, Policycalc__V1__Revision ***out_revisions,
		size_t *out_count, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT " REVISION_COLUMNS
			" FROM revision WHERE number < ? ORDER BY number DESC LIMIT ?",
			err);
	Policycalc__V1__Revision **list = NULL;
	size_t capacity = 0;
	size_t count = 0;
	bool more = false;
	bool ok = false;

	if (!rows || !statement_bind_int(rows, 1, before > 0 ? before : INT64_MAX, err) ||
			!statement_bind_int(rows, 2,
					limit > INT32_MAX ? INT32_MAX : (int64_t)limit, err))
		goto out;
	while (statement_step(rows, &more, err)) {
		if (!more) {
			*out_revisions = list;
			*out_count = count;
			ok = true;
			break;
		}
		if (count == capacity) {
			Policycalc__V1__Revision **grown;

			capacity = capacity ? capacity * 2 : 16;
			grown = ARENA_NEW_ARRAY(arena, Policycalc__V1__Revision *, capacity);
			if (!grown) {
				arena_error(arena, err, "reading a revision");
				break;
			}
			if (count)
				memcpy(grown, list, count * sizeof(*list));
			list = grown;
		}
		list[count] = catalog_read_revision(rows, arena, err);
		if (!list[count++])
			break;
	}
out:
	statement_finish(rows);
	return ok || error_prefix(err, "listing revisions");
}

/* --- content ------------------------------------------------------------------------------ */

/* The bytes in columns @column (hash) and @column + 1, when they are what was written. */
static bool catalog_read_content(const struct statement *rows, int column,
		struct slice *out_bytes, struct error *err)
{
	struct slice hash = statement_bytes(rows, column);
	unsigned char found[ENTRY_HASH_SIZE];
	struct slice bytes;

	if (!statement_get_bytes(rows, column + 1, &bytes, err) ||
			!entry_hash(bytes, found, err))
		return false;
	if (!slice_equals(hash, (struct slice){ (const char *)found, sizeof(found) }))
		return error_set(err, ERROR_IO,
				"the catalog database is damaged: an entry differs from its "
				"hash");
	*out_bytes = bytes;
	return true;
}

uint64_t catalog_sum_add(uint64_t sum, int64_t kind, struct slice name, struct slice bytes)
{
	return checksum_add(checksum_add(sum ^ (uint64_t)kind, name), bytes);
}

/* Texts of entries, one behind the other in pieces of the arena. */
struct texts {
	char *next;
	size_t left;
};

#define TEXTS_PIECE ((size_t)64 << 10)

/* Of what we wrote ourselves after a check, or of what is damaged and found to be soon. */
static ProtobufCMessage *catalog_unpack(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct unpack_memo *memo,
		struct texts *texts, struct arena *arena, struct error *err)
{
	ProtobufCMessage *message;
	size_t kept;

	if (!texts->next || texts->left < bytes.size) {
		texts->left = bytes.size > TEXTS_PIECE ? bytes.size : TEXTS_PIECE;
		texts->next = arena_alloc(arena, texts->left);
	}
	if (!texts->next) {
		arena_error(arena, err, "loading the catalog");
		return NULL;
	}
	message = message_unpack_into(texts->next, bytes, descriptor, memo, arena, &kept, err);
	if (message) {
		texts->next += kept;
		texts->left -= kept;
	}
	return message;
}

/* What a list has room for doubles from here: counting the entries first would read all of them twice. */
#define LIST_LEAST ((size_t)64)

static bool catalog_put(struct catalog *catalog, enum entry_kind kind,
		ProtobufCMessage *message, struct arena *arena)
{
	ProtobufCMessage ***list = entry_kind_list(catalog, kind);
	size_t *count = entry_kind_count(catalog, kind);

	/* A list is full at each power of two. */
	if (*count == 0 || (*count >= LIST_LEAST && (*count & (*count - 1)) == 0)) {
		ProtobufCMessage **grown = ARENA_NEW_ARRAY(
				arena, ProtobufCMessage *, *count ? *count * 2 : LIST_LEAST);

		if (!grown)
			return false;
		if (*count)
			memcpy(grown, *list, *count * sizeof(*grown));
		*list = grown;
	}
	(*list)[(*count)++] = message;
	return true;
}

/* Compares each entry of revision @number with its hash. */
static bool catalog_check_entries(
		struct catalog_store *store, int64_t number, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT kind, name, hash, bytes FROM revision_entry"
			" JOIN content ON content.id = revision_entry.content"
			" WHERE revision = ? ORDER BY kind, name",
			err);
	struct slice bytes;
	bool more = false;
	bool ok = rows && statement_bind_int(rows, 1, number, err) &&
		  statement_step(rows, &more, err);

	while (ok && more) {
		ok = catalog_read_content(rows, 2, &bytes, err) ||
		     error_prefix(err, "%s %.*s",
				     entry_kind_name((enum entry_kind)statement_int(rows, 0)),
				     SLICE_PRINT(statement_bytes(rows, 1)));
		ok = ok && statement_step(rows, &more, err);
	}
	statement_finish(rows);
	return ok;
}

/* *out_has: revisions of before have none. */
static bool catalog_find_sum(struct catalog_store *store, int64_t number, bool *out_has,
		uint64_t *out_sum, struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT sum FROM revision_sum WHERE revision = ?", err);
	bool ok = rows && statement_bind_int(rows, 1, number, err) &&
		  statement_step(rows, out_has, err);

	if (ok && *out_has)
		*out_sum = (uint64_t)statement_int(rows, 0);
	statement_finish(rows);
	return ok;
}

static bool catalog_read_entries(struct catalog_store *store, int64_t number,
		struct catalog *catalog, catalog_policy_fn on_policy, void *context,
		uint64_t *out_sum, struct arena *arena, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT kind, name, bytes FROM revision_entry"
			" JOIN content ON content.id = revision_entry.content"
			" WHERE revision = ? ORDER BY kind, name",
			err);
	/* Without it (memory is short) each message has parts of its own. */
	struct unpack_memo *memo = unpack_memo_new();
	struct texts texts = { 0 };
	uint64_t sum = 0;
	bool more = false;
	bool ok = false;

	if (!rows || !statement_bind_int(rows, 1, number, err))
		goto out;
	while (statement_step(rows, &more, err)) {
		int64_t number_of_kind = more ? statement_int(rows, 0) : 0;
		enum entry_kind kind = (enum entry_kind)number_of_kind;
		ProtobufCMessage *message;
		struct slice bytes;

		if (!more) {
			*out_sum = sum;
			ok = true;
			break;
		}
		if (number_of_kind < 1 || number_of_kind >= ENTRY_KIND_END) {
			error_set(err, ERROR_IO,
					"the catalog database is damaged: an entry of an "
					"unknown "
					"kind");
			break;
		}
		if (!statement_get_bytes(rows, 2, &bytes, err))
			break;
		sum = catalog_sum_add(sum, kind, statement_bytes(rows, 1), bytes);
		message = catalog_unpack(
				bytes, entry_kind_descriptor(kind), memo, &texts, arena, err);
		if (!message) {
			error_prefix(err, "%s %.*s", entry_kind_name(kind),
					SLICE_PRINT(statement_bytes(rows, 1)));
			break;
		}
		if (!catalog_put(catalog, kind, message, arena)) {
			arena_error(arena, err, "loading the catalog");
			break;
		}
		if (kind == ENTRY_POLICY && on_policy)
			on_policy(context, (const Policycalc__V1__Policy *)message);
	}
out:
	statement_finish(rows);
	unpack_memo_free(memo);
	return ok;
}

/* All entries of @number, and none of them other than it was written. */
static bool catalog_read_whole(struct catalog_store *store, int64_t number,
		struct catalog *catalog, catalog_policy_fn on_policy, void *context,
		struct arena *arena, struct error *err)
{
	bool has_sum = false;
	uint64_t written = 0;
	uint64_t sum = 0;

	if (!catalog_find_sum(store, number, &has_sum, &written, err) ||
			(!has_sum && !catalog_check_entries(store, number, err)))
		return false;
	if (!catalog_read_entries(
			    store, number, catalog, on_policy, context, &sum, arena, err)) {
		/* What cannot be read may be what is damaged; then that is said instead. */
		if (has_sum && err && err->code == ERROR_INVALID)
			(void)catalog_check_entries(store, number, err);
		return false;
	}
	if (!has_sum || sum == written)
		return true;
	return catalog_check_entries(store, number, err) &&
	       error_set(err, ERROR_IO,
			       "the catalog database is damaged: the entries are not those "
			       "that "
			       "were written");
}

/* What a policy takes in memory, about; a short one. */
#define POLICY_SIZE ((size_t)1 << 10)

struct catalog *catalog_store_load(struct catalog_store *store, int64_t revision,
		catalog_policy_fn on_policy, void *context, struct arena *arena,
		struct error *err)
{
	struct catalog *catalog = ARENA_NEW(arena, struct catalog);
	const Policycalc__V1__Revision *row;
	bool ok;

	if (!catalog) {
		arena_error(arena, err, "loading the catalog");
		return NULL;
	}
	if (revision == 0) {
		if (!catalog_store_current(store, &revision, err))
			return NULL;
		if (revision == 0) {
			error_set(err, ERROR_NOT_FOUND,
					"the catalog is empty: no revision was"
					" published yet");
			return NULL;
		}
	}
	row = catalog_store_find_revision(store, revision, arena, err);
	if (!row)
		return NULL;
	catalog->revision = revision;
	catalog->content_hash = row->content_hash;
	if (row->policy_count > 0)
		arena_expect(arena, (size_t)row->policy_count * POLICY_SIZE);
	ok = catalog_read_whole(store, revision, catalog, on_policy, context, arena, err);
	/* A revision is read once, and whole: the pages would lie there until the next one is. */
	database_shrink(store->db);
	if (!ok) {
		error_prefix(err, "loading revision %lld", (long long)revision);
		return NULL;
	}
	return catalog;
}

bool catalog_store_files(struct catalog_store *store, int64_t revision, struct arena *arena,
		struct draft_file **out_files, size_t *out_count, struct error *err)
{
	struct statement *rows = NULL;
	struct draft_file *files = NULL;
	size_t capacity = 0;
	size_t count = 0;
	bool more = false;
	bool ok = false;

	if (revision == 0 && !catalog_store_current(store, &revision, err))
		goto out;
	if (!catalog_store_find_revision(store, revision, arena, err))
		goto out;
	rows = database_prepare(store->db,
			"SELECT path, hash, bytes FROM revision_file"
			" JOIN content ON content.id = revision_file.content"
			" WHERE revision = ? ORDER BY path",
			err);
	if (!rows || !statement_bind_int(rows, 1, revision, err))
		goto out;
	while (statement_step(rows, &more, err)) {
		struct slice bytes = { "", 0 };

		if (!more) {
			*out_files = files;
			*out_count = count;
			ok = true;
			break;
		}
		if (!catalog_read_content(rows, 1, &bytes, err))
			break;
		if (count == capacity) {
			struct draft_file *grown;

			capacity = capacity ? capacity * 2 : 64;
			grown = ARENA_NEW_ARRAY(arena, struct draft_file, capacity);
			if (grown && count)
				memcpy(grown, files, count * sizeof(*files));
			files = grown;
		}
		if (files) {
			files[count].path = catalog_copy(statement_bytes(rows, 0), arena);
			files[count].content.data = catalog_copy(bytes, arena);
			files[count].content.size = bytes.size;
		}
		if (arena->exhausted) {
			arena_error(arena, err, "reading the files of a revision");
			break;
		}
		count++;
	}
out:
	statement_finish(rows);
	return ok;
}
