/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the registry database and reading from it; registry_write.c writes. */
#include "store/registry_schema.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/directory.h"

#include <limits.h>
#include <stdio.h>

static const char REGISTRY_SCHEMA[] =
		REGISTRY_SCHEMA_ENTERPRISES REGISTRY_SCHEMA_LEDGER COUNTER_SCHEMA;

static const char *const registry_statements[REGISTRY_STATEMENT_COUNT] = {
	[REGISTRY_FIND_KEY] = "SELECT id FROM enterprise_key WHERE uscc = ?",
	[REGISTRY_ADD_KEY] = "INSERT INTO enterprise_key (uscc, id) VALUES (?, ?)",
	[REGISTRY_LOAD] = "SELECT id, uscc, sequence, record FROM enterprise WHERE id = ?",
	[REGISTRY_SCAN] = "SELECT id, uscc, sequence, record FROM enterprise"
			  " WHERE id >= ? AND id < ? ORDER BY id",
	[REGISTRY_PAST] = "SELECT sequence, record FROM enterprise_past"
			  " WHERE id = ? AND sequence <= ? ORDER BY sequence DESC",
	[REGISTRY_ADD] = "INSERT INTO enterprise (id, uscc, sequence, record)"
			 " VALUES (?, ?, ?, ?)",
	[REGISTRY_CHANGE] = "UPDATE enterprise SET sequence = ?, record = ? WHERE id = ?",
	[REGISTRY_KEEP] = "INSERT INTO enterprise_past (id, sequence, record) VALUES (?, ?, ?)",
	[REGISTRY_TOUCH] = "INSERT INTO block (number, sequence) VALUES (?, ?)"
			   " ON CONFLICT (number) DO UPDATE SET sequence = excluded.sequence",
	[REGISTRY_BLOCK] = "SELECT sequence FROM block WHERE number = ?",
	[REGISTRY_CHANGED] = "SELECT id FROM enterprise WHERE " REGISTRY_SQL_BLOCK " = ?"
			     " AND sequence > ? AND id >= ? AND id < ? ORDER BY id",
};

/* All enterprises are read for it, once: whoever waits for the start reads why. */
static bool index_make(struct database *db, struct error *err)
{
	struct statement *rows = database_prepare(db,
			"SELECT (SELECT count(*) FROM sqlite_schema"
			"  WHERE name = '" REGISTRY_INDEX_CHANGED "'),"
			" (SELECT coalesce(max(id), 0) FROM enterprise)",
			err);
	int64_t has, last_id;
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	has = ok && more ? statement_int(rows, 0) : 0;
	last_id = ok && more ? statement_int(rows, 1) : 0;
	statement_finish(rows);
	if (!ok || has)
		return ok;
	if (last_id)
		log_event(LOG_LEVEL_INFO, "registry_index_making",
				LOG_TEXT("index", REGISTRY_INDEX_CHANGED),
				LOG_NUMBER("enterprises", last_id));
	return database_run(db, REGISTRY_SCHEMA_CHANGED, err) ||
	       error_prefix(err, "making the index " REGISTRY_INDEX_CHANGED);
}

struct registry_store *registry_store_open(struct directory *directory, struct error *err)
{
	struct registry_store *store = memory_alloc_zero(1, sizeof(*store));
	struct database_options options = {
		.name = "registry database",
		.application_id = REGISTRY_APPLICATION_ID,
		.schema_version = REGISTRY_SCHEMA_VERSION,
		.schema = REGISTRY_SCHEMA,
		.cache_kib = 96 << 10,
		.checkpoint_pages = 16384,
		.check_most = (int64_t)64 << 20,
	};
	char path[PATH_MAX + 16];

	if (!store) {
		error_set(err, ERROR_MEMORY, "no memory to open the registry in %s",
				directory_path(directory));
		return NULL;
	}
	(void)snprintf(path, sizeof(path), "%s/registry.db", directory_path(directory));
	options.path = path;
	store->db = database_open(&options, err);
	if (!store->db || !index_make(store->db, err))
		goto failed;
	for (size_t i = 0; i < REGISTRY_STATEMENT_COUNT; i++) {
		store->statements[i] = database_prepare(store->db, registry_statements[i], err);
		if (!store->statements[i])
			goto failed;
	}
	return store;
failed:
	registry_store_close(store);
	return NULL;
}

void registry_store_close(struct registry_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < REGISTRY_STATEMENT_COUNT; i++)
		statement_finish(store->statements[i]);
	database_close(store->db);
	memory_free(store);
}

bool registry_store_check(struct registry_store *store, struct error *err)
{
	return database_check(store->db, err);
}

/* --- single figures -------------------------------------------------------------------------- */

/* The first @count columns of the one row that @rows answers; zeros when there is none. */
static bool read_figures(struct statement *rows, int64_t *out, int count, struct error *err)
{
	bool more;

	if (!statement_step(rows, &more, err))
		return false;
	for (int i = 0; i < count; i++)
		out[i] = more ? statement_int(rows, i) : 0;
	return true;
}

bool registry_store_state(struct registry_store *store, struct registry_state *out_state,
		struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT (SELECT coalesce(max(sequence), 0) FROM batch),"
			" (SELECT coalesce(max(id), 0) FROM enterprise),"
			" (SELECT coalesce(max(id), 0) FROM import),"
			" (SELECT coalesce(max(id), 0) FROM name)",
			err);
	int64_t figures[4];
	bool ok = rows && read_figures(rows, figures, 4, err);

	if (ok)
		*out_state = (struct registry_state){ figures[0], figures[1], figures[2],
			figures[3] };
	statement_finish(rows);
	return ok || error_prefix(err, "reading the state of the registry");
}

bool registry_store_sequence_at(struct registry_store *store, int64_t time,
		int64_t *out_sequence, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT sequence FROM batch WHERE committed_at <= ?"
			" ORDER BY sequence DESC LIMIT 1",
			err);
	bool ok = rows && statement_bind_int(rows, 1, time, err) &&
		  read_figures(rows, out_sequence, 1, err);

	statement_finish(rows);
	return ok || error_prefix(err, "looking for a past snapshot");
}

bool registry_store_committed_at(struct registry_store *store, int64_t sequence,
		int64_t *out_time, struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT committed_at FROM batch WHERE sequence = ?", err);
	bool ok = rows && statement_bind_int(rows, 1, sequence, err) &&
		  read_figures(rows, out_time, 1, err);

	statement_finish(rows);
	return ok || error_prefix(err, "reading when a snapshot was made");
}

bool registry_store_block_sequence(struct registry_store *store, int64_t block,
		int64_t *out_sequence, struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_BLOCK];
	bool ok = statement_bind_int(rows, 1, block, err) &&
		  read_figures(rows, out_sequence, 1, err);

	statement_reset(rows);
	return ok || error_prefix(err, "reading the state of a block");
}

/* --- what is small --------------------------------------------------------------------------- */

bool registry_store_each_name(struct registry_store *store,
		bool (*row)(void *context, const struct registry_name_row *name,
				struct error *err),
		void *context, struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT id, list, name, period FROM name ORDER BY id", err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	while (ok && more) {
		struct registry_name_row name = {
			.id = statement_int(rows, 0),
			.list = statement_bytes(rows, 1),
			.name = statement_bytes(rows, 2),
			.period = (int)statement_int(rows, 3),
		};

		ok = row(context, &name, err) && statement_step(rows, &more, err);
	}
	statement_finish(rows);
	return ok || error_prefix(err, "reading the names of the registry");
}

bool registry_store_each_import(struct registry_store *store,
		bool (*row)(void *context, const struct registry_import_row *import,
				struct error *err),
		void *context, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT id, supplier, day, started_at, finished_at, complete, sample,"
			" rows, changed, rejected, sequence FROM import ORDER BY id DESC",
			err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	while (ok && more) {
		struct registry_import_row import = {
			.id = statement_int(rows, 0),
			.supplier = statement_bytes(rows, 1),
			.day = statement_bytes(rows, 2),
			.started_at = statement_bytes(rows, 3),
			.finished_at = statement_bytes(rows, 4),
			.complete = statement_bytes(rows, 5),
			.sample = statement_int(rows, 6) != 0,
			.rows = statement_int(rows, 7),
			.changed = statement_int(rows, 8),
			.rejected = statement_int(rows, 9),
			.sequence = statement_int(rows, 10),
		};

		ok = row(context, &import, err) && statement_step(rows, &more, err);
	}
	statement_finish(rows);
	return ok || error_prefix(err, "reading the imports of the registry");
}

bool registry_store_each_list(struct registry_store *store,
		bool (*row)(void *context, const struct registry_list_row *list,
				struct error *err),
		void *context, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT name, import, sequence FROM list ORDER BY sequence, name", err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err);

	while (ok && more) {
		struct registry_list_row list = {
			.name = statement_int(rows, 0),
			.import = statement_int(rows, 1),
			.sequence = statement_int(rows, 2),
		};

		ok = row(context, &list, err) && statement_step(rows, &more, err);
	}
	statement_finish(rows);
	return ok || error_prefix(err, "reading the complete lists of the registry");
}

/* --- enterprises ----------------------------------------------------------------------------- */

static struct enterprise_row read_enterprise(const struct statement *rows)
{
	return (struct enterprise_row){
		.id = statement_int(rows, 0),
		.uscc = statement_bytes(rows, 1),
		.sequence = statement_int(rows, 2),
		.record = statement_bytes(rows, 3),
	};
}

/* Tells @row of the record that @present had at @sequence, if it had any. */
static bool tell_past(struct registry_store *store, const struct enterprise_row *present,
		int64_t sequence, enterprise_row_fn row, void *context, struct error *err)
{
	struct statement *past = store->statements[REGISTRY_PAST];
	struct enterprise_row found = *present;
	bool more = false;
	bool ok = statement_bind_int(past, 1, present->id, err) &&
		  statement_bind_int(past, 2, sequence, err) &&
		  statement_step(past, &more, err);

	if (ok && more) {
		found.sequence = statement_int(past, 0);
		found.record = statement_bytes(past, 1);
		ok = row(context, &found, err);
	}
	statement_reset(past);
	return ok;
}

bool registry_store_scan(struct registry_store *store, int64_t sequence, int64_t first_id,
		int64_t count, enterprise_row_fn row, void *context, struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_SCAN];
	bool more = false;
	bool ok = statement_bind_int(rows, 1, first_id, err) &&
		  statement_bind_int(rows, 2, first_id + count, err) &&
		  statement_step(rows, &more, err);

	while (ok && more) {
		struct enterprise_row present = read_enterprise(rows);

		ok = present.sequence <= sequence
				     ? row(context, &present, err)
				     : tell_past(store, &present, sequence, row, context, err);
		ok = ok && statement_step(rows, &more, err);
	}
	statement_reset(rows);
	return ok || error_prefix(err, "reading enterprises");
}

bool registry_store_each_changed(struct registry_store *store, int64_t sequence,
		int64_t first_id, int64_t count,
		bool (*changed)(void *context, int64_t id, struct error *err), void *context,
		struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_CHANGED];
	int64_t end = first_id + count;
	bool ok = true;

	for (int64_t id = first_id; ok && id < end;) {
		int64_t block = registry_block_of(id);
		bool more = false;

		ok = statement_bind_int(rows, 1, block, err) &&
		     statement_bind_int(rows, 2, sequence, err) &&
		     statement_bind_int(rows, 3, id, err) &&
		     statement_bind_int(rows, 4, end, err);
		while (ok && (ok = statement_step(rows, &more, err)) && more)
			ok = changed(context, statement_int(rows, 0), err);
		statement_reset(rows);
		id = (block + 1) * REGISTRY_BLOCK_SIZE + 1;
	}
	return ok || error_prefix(err, "reading enterprises");
}

bool registry_store_load(struct registry_store *store, const int64_t *ids, size_t count,
		enterprise_row_fn row, void *context, struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_LOAD];
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		bool more = false;

		ok = statement_bind_int(rows, 1, ids[i], err) &&
		     statement_step(rows, &more, err);
		if (ok && !more)
			ok = error_set(err, ERROR_IO,
					"the registry database is damaged: an enterprise has a"
					" code and no record");
		if (ok) {
			struct enterprise_row present = read_enterprise(rows);

			ok = row(context, &present, err);
		}
		statement_reset(rows);
	}
	return ok || error_prefix(err, "reading enterprises");
}

bool registry_store_each_version(struct registry_store *store, int64_t id,
		enterprise_row_fn row, void *context, struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_LOAD];
	struct statement *past = store->statements[REGISTRY_PAST];
	bool more = false;
	bool ok = statement_bind_int(rows, 1, id, err) && statement_step(rows, &more, err);

	if (ok && more) {
		struct enterprise_row version = read_enterprise(rows);

		ok = row(context, &version, err) && statement_bind_int(past, 1, id, err) &&
		     statement_bind_int(past, 2, INT64_MAX, err) &&
		     statement_step(past, &more, err);
		while (ok && more) {
			version.sequence = statement_int(past, 0);
			version.record = statement_bytes(past, 1);
			ok = row(context, &version, err) && statement_step(past, &more, err);
		}
	}
	statement_reset(past);
	statement_reset(rows);
	return ok || error_prefix(err, "reading an enterprise");
}

bool registry_store_find_keys(struct registry_store *store, struct enterprise_key *keys,
		size_t count, struct error *err)
{
	struct statement *rows = store->statements[REGISTRY_FIND_KEY];
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		ok = statement_bind_text(rows, 1, keys[i].uscc, err) &&
		     read_figures(rows, &keys[i].id, 1, err);
		statement_reset(rows);
	}
	return ok || error_prefix(err, "looking for enterprises");
}

bool registry_store_each_subscription(struct registry_store *store, int64_t first_id,
		int64_t count,
		bool (*row)(void *context, int64_t id, struct slice bytes, struct error *err),
		void *context, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT id, bytes FROM subscription WHERE id >= ? AND id < ?"
			" ORDER BY id",
			err);
	bool more = false;
	bool ok = rows && statement_bind_int(rows, 1, first_id, err) &&
		  statement_bind_int(rows, 2, first_id + count, err) &&
		  statement_step(rows, &more, err);

	while (ok && more)
		ok = row(context, statement_int(rows, 0), statement_bytes(rows, 1), err) &&
		     statement_step(rows, &more, err);
	statement_finish(rows);
	return ok || error_prefix(err, "reading subscriptions");
}
