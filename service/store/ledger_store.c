/* SPDX-License-Identifier: Apache-2.0 */
/* Names, runs and what was told; ledger_deliveries.c has the deliveries. */
#include "store/ledger_internal.h"

#include "base/memory.h"
#include "store/registry_schema.h"

#include <string.h>

#define DELIVERY_ROWS "SELECT " LEDGER_DELIVERY_COLUMNS " FROM delivery"

static const char *const ledger_statements[LEDGER_STATEMENT_COUNT] = {
	[LEDGER_FIND_SERIES] = "SELECT id FROM push_series WHERE name = ?",
	[LEDGER_ADD_SERIES] = "INSERT INTO push_series (name) VALUES (?)",
	[LEDGER_NAME_SERIES] = "SELECT name FROM push_series WHERE id = ?",
	[LEDGER_FIND_VERSION] = "SELECT id, card FROM push_version WHERE policy = ?",
	[LEDGER_ADD_VERSION] =
			"INSERT INTO push_version (series, policy, card) VALUES (?, ?, ?)",
	[LEDGER_CHANGE_VERSION] = "UPDATE push_version SET series = ?, card = ? WHERE id = ?",
	[LEDGER_ADD_RUN] = "INSERT INTO push_run (id, state, next_block, since, run)"
			   " VALUES (?, ?, ?, ?, ?)",
	[LEDGER_CHANGE_RUN] = "UPDATE push_run SET state = ?, next_block = ?, run = ?"
			      " WHERE id = ?",
	[LEDGER_FIND_TOLD] = "SELECT changes, suppressed, blob FROM told WHERE block = ?",
	[LEDGER_FIND_TOLD_MARKS] = "SELECT changes, suppressed FROM told WHERE block = ?",
	[LEDGER_PUT_TOLD] = "INSERT INTO told (block, changes, suppressed, blob)"
			    " VALUES (?, ?, ?, ?) ON CONFLICT (block) DO UPDATE SET"
			    " changes = excluded.changes, suppressed = excluded.suppressed,"
			    " blob = excluded.blob",
	[LEDGER_ADD_DELIVERY] =
			"INSERT INTO delivery (key, run, enterprise, state, attempts, day,"
			" not_before, kinds, region, created, changed, lease, leased,"
			" lease_length, who, note, entries)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[LEDGER_ADD_DIGEST] = "INSERT INTO delivery_digest (id, bytes) VALUES (?, ?)",
	[LEDGER_CHANGE_DELIVERY] =
			"UPDATE delivery SET state = ?, attempts = ?, changed = ?, lease = ?,"
			" leased = ?, lease_length = ?, who = ?, note = ? WHERE id = ?",
	[LEDGER_MOVE_DELIVERY] = "UPDATE delivery SET state = ?, changed = ? WHERE id = ?"
				 " AND state = ? AND attempts = ?",
	[LEDGER_FIND_KEY] = DELIVERY_ROWS " WHERE key = ?",
	[LEDGER_FIND_ID] = "SELECT bytes FROM delivery_digest WHERE id = ?",
	[LEDGER_WAITING] = DELIVERY_ROWS " WHERE enterprise = ? AND state IN (1, 2)"
					 " AND attempts = 0 ORDER BY id",
	[LEDGER_LAST_DAY] = "SELECT max(max(day, not_before, (leased + 28800000) / 86400000))"
			    " FROM delivery WHERE enterprise = ?"
			    " AND (state IN (3, 4, 8, 9) OR (state = 2 AND attempts > 0))",
	[LEDGER_RELEASED] = "SELECT id, kinds, region FROM delivery"
			    " WHERE state = 2 AND id > ? AND not_before <= ? ORDER BY id",
	[LEDGER_RELEASED_UNTRIED] = "SELECT id, kinds, region FROM delivery"
				    " WHERE state = 2 AND id > ? AND not_before <= ?"
				    " AND NOT EXISTS (SELECT 1 FROM push_try WHERE push_try.id "
				    "= delivery.id)"
				    " ORDER BY id",
	[LEDGER_RELEASED_DUE] = "SELECT delivery.id, kinds, region FROM push_try"
				" JOIN delivery ON delivery.id = push_try.id"
				" WHERE state = 2 AND delivery.id > ?1 AND not_before <= ?2"
				" AND (next <= ?3 OR next > ?4) ORDER BY next",
	[LEDGER_PUT_TRY] = "INSERT OR REPLACE INTO push_try (id, tries, next, lease, reason)"
			   " VALUES (?, ?, ?, ?, ?)",
	[LEDGER_FIND_TRY] = "SELECT tries, next, lease, reason FROM push_try WHERE id = ?",
	[LEDGER_DROP_TRY] = "DELETE FROM push_try WHERE id = ?",
	[LEDGER_UNDER_WAY] = DELIVERY_ROWS
	" WHERE state = 3 AND id > ? AND EXISTS (SELECT 1 FROM push_try"
	" WHERE push_try.id = delivery.id AND push_try.lease = delivery.lease)"
	" ORDER BY id LIMIT ?",
	[LEDGER_COUNT_TRIES] = "SELECT count(*) FROM push_try"
			       " JOIN delivery ON delivery.id = push_try.id WHERE state = 2",
	[LEDGER_NEXT_TRY] = "SELECT min(next) FROM push_try WHERE next > ?",
	[LEDGER_EXPIRED] = DELIVERY_ROWS
	" WHERE state = 3 AND (leased > ?1 OR leased + lease_length <= ?1)"
	" ORDER BY id LIMIT ?2",
};

struct ledger_store *ledger_store_open(struct registry_store *registry, struct error *err)
{
	struct ledger_store *store = memory_alloc_zero(1, sizeof(*store));

	if (!store) {
		error_set(err, ERROR_MEMORY, "no memory to open the ledger");
		return NULL;
	}
	store->db = registry->db;
	if (!database_run(store->db, LEDGER_SCHEMA_TRY, err)) {
		ledger_store_close(store);
		return NULL;
	}
	for (size_t i = 0; i < LEDGER_STATEMENT_COUNT; i++) {
		store->statements[i] = database_prepare(store->db, ledger_statements[i], err);
		if (!store->statements[i]) {
			ledger_store_close(store);
			return NULL;
		}
	}
	return store;
}

void ledger_store_close(struct ledger_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < LEDGER_STATEMENT_COUNT; i++)
		statement_finish(store->statements[i]);
	memory_free(store);
}

bool ledger_store_begin(struct ledger_store *store, struct error *err)
{
	return database_begin(store->db, err);
}

bool ledger_store_commit(struct ledger_store *store, struct error *err)
{
	return database_commit(store->db, err);
}

void ledger_store_rollback(struct ledger_store *store)
{
	database_rollback(store->db);
}

bool ledger_copy(struct slice bytes, struct arena *arena, struct slice *out, struct error *err)
{
	char *copy = arena_copy(arena, bytes.data, bytes.size);

	if (!copy)
		return arena_error(arena, err, "reading the ledger");
	*out = (struct slice){ copy, bytes.size };
	return true;
}

void *ledger_grow(void *list, size_t count, size_t size, struct arena *arena, struct error *err)
{
	char *grown;

	/* A power of two is full. */
	if (count & (count - 1))
		return list;
	grown = arena_alloc_zero(arena, count ? count * 2 : 1, size);
	if (!grown)
		arena_error(arena, err, "reading the ledger");
	else if (count)
		memcpy(grown, list, count * size);
	return grown;
}

/* --- names ----------------------------------------------------------------------------------- */

static bool series_put(struct ledger_store *store, struct slice name, int64_t *out_id,
		struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_SERIES];
	struct statement *add = store->statements[LEDGER_ADD_SERIES];
	bool more = false;
	bool ok = statement_bind_text(find, 1, name, err) && statement_step(find, &more, err);

	if (ok && more)
		*out_id = statement_int(find, 0);
	statement_reset(find);
	if (!ok || more)
		return ok;
	if (!statement_bind_text(add, 1, name, err) || !statement_run(add, err))
		return false;
	*out_id = database_last_row(store->db);
	return true;
}

static bool version_change(struct ledger_store *store, const struct ledger_version *version,
		struct error *err)
{
	struct statement *change = store->statements[LEDGER_CHANGE_VERSION];

	return statement_bind_int(change, 1, version->series_id, err) &&
	       statement_bind_blob(change, 2, version->card, err) &&
	       statement_bind_int(change, 3, version->id, err) && statement_run(change, err);
}

bool ledger_store_put_version(
		struct ledger_store *store, struct ledger_version *version, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_VERSION];
	struct statement *add = store->statements[LEDGER_ADD_VERSION];
	bool is_same = false;
	bool more = false;
	bool ok = series_put(store, version->series, &version->series_id, err) &&
		  statement_bind_text(find, 1, version->policy, err) &&
		  statement_step(find, &more, err);

	if (ok && more) {
		version->id = statement_int(find, 0);
		is_same = slice_equals(statement_bytes(find, 1), version->card);
	}
	statement_reset(find);
	if (!ok || is_same)
		return ok;
	if (more)
		return version_change(store, version, err);
	if (!statement_bind_int(add, 1, version->series_id, err) ||
			!statement_bind_text(add, 2, version->policy, err) ||
			!statement_bind_blob(add, 3, version->card, err) ||
			!statement_run(add, err))
		return false;
	version->id = database_last_row(store->db);
	return true;
}

bool ledger_store_name_series(struct ledger_store *store, int64_t series, struct arena *arena,
		const char **out_name, struct error *err)
{
	struct statement *find = store->statements[LEDGER_NAME_SERIES];
	struct slice name = { NULL, 0 };
	bool more = false;
	bool ok = statement_bind_int(find, 1, series, err) && statement_step(find, &more, err);

	if (ok && more)
		ok = ledger_copy(statement_bytes(find, 0), arena, &name, err);
	statement_reset(find);
	*out_name = name.data;
	return ok;
}

bool ledger_store_list_versions(struct ledger_store *store, struct arena *arena,
		struct ledger_version **out_list, size_t *out_count, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT v.id, v.series, s.name, v.policy, v.card FROM push_version AS v"
			" JOIN push_series AS s ON s.id = v.series ORDER BY v.id",
			err);
	struct ledger_version *list = NULL;
	size_t count = 0;
	bool more = false;
	bool ok = rows != NULL;

	while (ok && (ok = statement_step(rows, &more, err)) && more) {
		struct ledger_version *version;

		list = ledger_grow(list, count, sizeof(*list), arena, err);
		if (!list)
			break;
		version = &list[count++];
		version->id = statement_int(rows, 0);
		version->series_id = statement_int(rows, 1);
		ok = ledger_copy(statement_bytes(rows, 2), arena, &version->series, err) &&
		     ledger_copy(statement_bytes(rows, 3), arena, &version->policy, err) &&
		     ledger_copy(statement_bytes(rows, 4), arena, &version->card, err);
	}
	statement_finish(rows);
	*out_list = list;
	*out_count = count;
	return ok && !more;
}

/* --- runs ------------------------------------------------------------------------------------ */

bool ledger_store_next_run(struct ledger_store *store, int64_t *out_id, struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT coalesce(max(id), 0) + 1 FROM push_run", err);
	bool more = false;
	bool ok = rows && statement_step(rows, &more, err) && more;

	if (ok)
		*out_id = statement_int(rows, 0);
	statement_finish(rows);
	return ok;
}

bool ledger_store_add_run(struct ledger_store *store, struct ledger_run *run, struct error *err)
{
	struct statement *add = store->statements[LEDGER_ADD_RUN];

	return statement_bind_int(add, 1, run->id, err) &&
	       statement_bind_int(add, 2, run->state, err) &&
	       statement_bind_int(add, 3, run->next_block, err) &&
	       statement_bind_int(add, 4, run->since, err) &&
	       statement_bind_blob(add, 5, run->run, err) && statement_run(add, err);
}

bool ledger_store_change_run(
		struct ledger_store *store, const struct ledger_run *run, struct error *err)
{
	struct statement *change = store->statements[LEDGER_CHANGE_RUN];

	return statement_bind_int(change, 1, run->state, err) &&
	       statement_bind_int(change, 2, run->next_block, err) &&
	       statement_bind_blob(change, 3, run->run, err) &&
	       statement_bind_int(change, 4, run->id, err) && statement_run(change, err);
}

bool ledger_store_count_runs(struct ledger_store *store, int64_t *out_counts, size_t count,
		struct error *err)
{
	struct statement *rows = database_prepare(
			store->db, "SELECT state, count(*) FROM push_run GROUP BY state", err);
	bool more = rows != NULL;
	bool ok = more;

	memset(out_counts, 0, count * sizeof(*out_counts));
	while (ok && more) {
		ok = statement_step(rows, &more, err);
		if (ok && more && statement_int(rows, 0) >= 0 &&
				(size_t)statement_int(rows, 0) < count)
			out_counts[statement_int(rows, 0)] = statement_int(rows, 1);
	}
	statement_finish(rows);
	return ok;
}

bool ledger_store_list_runs(struct ledger_store *store, int64_t before, size_t limit,
		struct arena *arena, struct ledger_run **out_list, size_t *out_count,
		struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT id, state, next_block, since, run FROM push_run WHERE id < ?"
			" ORDER BY id DESC LIMIT ?",
			err);
	struct ledger_run *list = NULL;
	size_t count = 0;
	bool more = false;
	bool ok = rows && statement_bind_int(rows, 1, before > 0 ? before : INT64_MAX, err) &&
		  statement_bind_int(rows, 2, (int64_t)limit, err);

	while (ok && (ok = statement_step(rows, &more, err)) && more) {
		list = ledger_grow(list, count, sizeof(*list), arena, err);
		ok = list &&
		     ledger_copy(statement_bytes(rows, 4), arena, &list[count].run, err);
		if (!ok)
			break;
		list[count].id = statement_int(rows, 0);
		list[count].state = (int)statement_int(rows, 1);
		list[count].next_block = statement_int(rows, 2);
		list[count].since = statement_int(rows, 3);
		count++;
	}
	statement_finish(rows);
	*out_list = list;
	*out_count = count;
	return ok;
}

/* --- what was told --------------------------------------------------------------------------- */

bool ledger_store_find_told_marks(struct ledger_store *store, int64_t block,
		struct ledger_told *out_told, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_TOLD_MARKS];
	bool more = false;
	bool ok = statement_bind_int(find, 1, block, err) && statement_step(find, &more, err);

	*out_told = (struct ledger_told){ .block = block };
	if (ok && more) {
		out_told->changes = statement_int(find, 0);
		out_told->suppressed = statement_int(find, 1);
	}
	statement_reset(find);
	return ok;
}

bool ledger_store_find_told(struct ledger_store *store, int64_t block, struct arena *arena,
		struct ledger_told *out_told, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_TOLD];
	bool more = false;
	bool ok = statement_bind_int(find, 1, block, err) && statement_step(find, &more, err);

	*out_told = (struct ledger_told){ .block = block };
	if (ok && more) {
		out_told->changes = statement_int(find, 0);
		out_told->suppressed = statement_int(find, 1);
		ok = ledger_copy(statement_bytes(find, 2), arena, &out_told->blob, err);
	}
	statement_reset(find);
	return ok;
}

bool ledger_store_put_told(
		struct ledger_store *store, const struct ledger_told *told, struct error *err)
{
	struct statement *put = store->statements[LEDGER_PUT_TOLD];
	struct ledger_told now;

	if (!ledger_store_find_told_marks(store, told->block, &now, err))
		return false;
	if (now.changes != told->changes)
		return error_set(err, ERROR_CONFLICT,
				"what block %lld was told has changed meanwhile",
				(long long)told->block);
	return statement_bind_int(put, 1, told->block, err) &&
	       statement_bind_int(put, 2, told->changes + 1, err) &&
	       statement_bind_int(put, 3, told->suppressed, err) &&
	       statement_bind_blob(put, 4, told->blob, err) && statement_run(put, err);
}
