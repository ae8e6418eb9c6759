/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries: rows that change with their state, and digests that never do. */
#include "store/ledger_internal.h"

#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool ledger_store_add_delivery(
		struct ledger_store *store, struct ledger_delivery *delivery, struct error *err)
{
	struct statement *add = store->statements[LEDGER_ADD_DELIVERY];
	struct statement *digest = store->statements[LEDGER_ADD_DIGEST];
	struct slice key = { (const char *)delivery->key, LEDGER_KEY_SIZE };

	if (!statement_bind_blob(add, 1, key, err) ||
			!statement_bind_int(add, 2, delivery->run, err) ||
			!statement_bind_int(add, 3, delivery->enterprise, err) ||
			!statement_bind_int(add, 4, delivery->state, err) ||
			!statement_bind_int(add, 5, delivery->attempts, err) ||
			!statement_bind_int(add, 6, delivery->day, err) ||
			!statement_bind_int(add, 7, delivery->not_before, err) ||
			!statement_bind_int(add, 8, delivery->kinds, err) ||
			!statement_bind_text(add, 9, delivery->region, err) ||
			!statement_bind_int(add, 10, delivery->created_ms, err) ||
			!statement_bind_int(add, 11, delivery->changed_ms, err) ||
			!statement_bind_text(add, 12, delivery->lease, err) ||
			!statement_bind_int(add, 13, delivery->leased_ms, err) ||
			!statement_bind_int(add, 14, delivery->lease_length_ms, err) ||
			!statement_bind_text(add, 15, delivery->who, err) ||
			!statement_bind_text(add, 16, delivery->note, err) ||
			!statement_bind_blob(add, 17, delivery->entries, err) ||
			!statement_run(add, err))
		return false;
	delivery->id = database_last_row(store->db);
	return statement_bind_int(digest, 1, delivery->id, err) &&
	       statement_bind_blob(digest, 2, delivery->digest, err) &&
	       statement_run(digest, err);
}

bool ledger_store_change_delivery(struct ledger_store *store,
		const struct ledger_delivery *delivery, struct error *err)
{
	struct statement *change = store->statements[LEDGER_CHANGE_DELIVERY];

	return statement_bind_int(change, 1, delivery->state, err) &&
	       statement_bind_int(change, 2, delivery->attempts, err) &&
	       statement_bind_int(change, 3, delivery->changed_ms, err) &&
	       statement_bind_text(change, 4, delivery->lease, err) &&
	       statement_bind_int(change, 5, delivery->leased_ms, err) &&
	       statement_bind_int(change, 6, delivery->lease_length_ms, err) &&
	       statement_bind_text(change, 7, delivery->who, err) &&
	       statement_bind_text(change, 8, delivery->note, err) &&
	       statement_bind_int(change, 9, delivery->id, err) && statement_run(change, err);
}

bool ledger_store_move_delivery(struct ledger_store *store, const struct ledger_delivery *read,
		int state, int64_t changed_ms, bool *out_moved, struct error *err)
{
	struct statement *move = store->statements[LEDGER_MOVE_DELIVERY];
	bool ok = statement_bind_int(move, 1, state, err) &&
		  statement_bind_int(move, 2, changed_ms, err) &&
		  statement_bind_int(move, 3, read->id, err) &&
		  statement_bind_int(move, 4, read->state, err) &&
		  statement_bind_int(move, 5, read->attempts, err) && statement_run(move, err);

	*out_moved = ok && database_changed_rows(store->db) > 0;
	return ok;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool delivery_read(struct statement *rows, struct arena *arena,
		struct ledger_delivery *out, struct error *err)
{
	struct slice key = statement_bytes(rows, 1);

	if (key.size != LEDGER_KEY_SIZE)
		return error_set(err, ERROR_IO, "a delivery in the ledger has a damaged key");
	*out = (struct ledger_delivery){
		.id = statement_int(rows, 0),
		.run = statement_int(rows, 2),
		.enterprise = statement_int(rows, 3),
		.state = (int)statement_int(rows, 4),
		.attempts = (int)statement_int(rows, 5),
		.day = (int32_t)statement_int(rows, 6),
		.not_before = (int32_t)statement_int(rows, 7),
		.kinds = (uint32_t)statement_int(rows, 8),
		.created_ms = statement_int(rows, 10),
		.changed_ms = statement_int(rows, 11),
		.leased_ms = statement_int(rows, 13),
		.lease_length_ms = statement_int(rows, 14),
	};
	memcpy(out->key, key.data, LEDGER_KEY_SIZE);
	return ledger_copy(statement_bytes(rows, 9), arena, &out->region, err) &&
	       ledger_copy(statement_bytes(rows, 12), arena, &out->lease, err) &&
	       ledger_copy(statement_bytes(rows, 15), arena, &out->who, err) &&
	       ledger_copy(statement_bytes(rows, 16), arena, &out->note, err) &&
	       ledger_copy(statement_bytes(rows, 17), arena, &out->entries, err);
}

static bool digest_read(struct ledger_store *store, struct arena *arena,
		struct ledger_delivery *delivery, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_ID];
	bool more = false;
	bool ok = statement_bind_int(find, 1, delivery->id, err) &&
		  statement_step(find, &more, err) &&
		  (more || error_set(err, ERROR_IO,
					   "a delivery in the ledger has no digest")) &&
		  ledger_copy(statement_bytes(find, 0), arena, &delivery->digest, err);

	statement_reset(find);
	return ok;
}

/* All rows of a statement whose parameters are bound; resets it. */
static bool deliveries_read(struct ledger_store *store, struct statement *rows,
		bool with_digest, struct arena *arena, struct ledger_delivery **out_list,
		size_t *out_count, struct error *err)
{
	struct ledger_delivery *list = NULL;
	size_t count = 0;
	bool more = false;
	bool ok;

	while ((ok = statement_step(rows, &more, err)) && more) {
		list = ledger_grow(list, count, sizeof(*list), arena, err);
		ok = list && delivery_read(rows, arena, &list[count], err);
		if (!ok)
			break;
		count++;
	}
	statement_reset(rows);
	for (size_t i = 0; ok && with_digest && i < count; i++)
		ok = digest_read(store, arena, &list[i], err);
	*out_list = list;
	*out_count = count;
	return ok;
}

bool ledger_store_find_delivery(struct ledger_store *store,
		const unsigned char key[LEDGER_KEY_SIZE], bool with_digest, struct arena *arena,
		struct ledger_delivery **out_delivery, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_KEY];
	struct slice bytes = { (const char *)key, LEDGER_KEY_SIZE };
	size_t count = 0;

	*out_delivery = NULL;
	return statement_bind_blob(find, 1, bytes, err) &&
	       deliveries_read(store, find, with_digest, arena, out_delivery, &count, err);
}

bool ledger_store_each_waiting(struct ledger_store *store, int64_t first, int64_t count,
		ledger_enterprise_fn found, void *context, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT DISTINCT enterprise FROM delivery"
			" WHERE state IN (1, 2) AND attempts = 0"
			" AND enterprise >= ?1 AND enterprise < ?1 + ?2 ORDER BY enterprise",
			err);
	bool more = false;
	bool ok = rows && statement_bind_int(rows, 1, first, err) &&
		  statement_bind_int(rows, 2, count, err);

	while (ok && (ok = statement_step(rows, &more, err)) && more)
		ok = found(context, statement_int(rows, 0), err);
	statement_finish(rows);
	return ok;
}

bool ledger_store_list_waiting(struct ledger_store *store, int64_t enterprise,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err)
{
	struct statement *rows = store->statements[LEDGER_WAITING];

	return statement_bind_int(rows, 1, enterprise, err) &&
	       deliveries_read(store, rows, true, arena, out_list, out_count, err);
}

bool ledger_store_last_day(struct ledger_store *store, int64_t enterprise, int32_t *out_day,
		struct error *err)
{
	struct statement *find = store->statements[LEDGER_LAST_DAY];
	bool more = false;
	bool ok = statement_bind_int(find, 1, enterprise, err) &&
		  statement_step(find, &more, err);

	*out_day = ok && more ? (int32_t)statement_int(find, 0) : 0;
	statement_reset(find);
	return ok;
}

/* --- handing out ----------------------------------------------------------------------------- */

static int region_compare(const void *key, const void *element)
{
	return slice_compare(*(const struct slice *)key, *(const struct slice *)element);
}

static bool is_wanted(const struct ledger_filter *filter, uint32_t kinds, struct slice region)
{
	if (filter->kinds && !(kinds & filter->kinds))
		return false;
	return filter->region_count == 0 ||
	       bsearch(&region, filter->regions, filter->region_count, sizeof(*filter->regions),
			       region_compare);
}

static bool delivery_find_id(struct ledger_store *store, int64_t id, struct statement *rows,
		struct arena *arena, struct ledger_delivery *out, struct error *err)
{
	struct ledger_delivery *list = NULL;
	size_t count = 0;

	if (!statement_bind_int(rows, 1, id, err) ||
			!deliveries_read(store, rows, true, arena, &list, &count, err))
		return false;
	assert(count == 1);
	*out = list[0];
	return true;
}

bool ledger_store_list_released(struct ledger_store *store, const struct ledger_filter *filter,
		size_t limit, struct arena *arena, struct ledger_delivery **out_list,
		size_t *out_count, struct error *err)
{
	static const enum ledger_statement scans[] = {
		[LEDGER_TRIED_OR_NOT] = LEDGER_RELEASED,
		[LEDGER_UNTRIED] = LEDGER_RELEASED_UNTRIED,
		[LEDGER_DUE] = LEDGER_RELEASED_DUE,
	};
	struct statement *scan = store->statements[scans[filter->tried]];
	struct statement *row = database_prepare(store->db,
			"SELECT " LEDGER_DELIVERY_COLUMNS " FROM delivery WHERE id = ?", err);
	struct ledger_delivery *list =
			ARENA_NEW_ARRAY(arena, struct ledger_delivery, limit + 1);
	size_t count = 0;
	bool more = false;
	bool ok = row && statement_bind_int(scan, 1, filter->after, err) &&
		  statement_bind_int(scan, 2, filter->today, err);

	if (ok && filter->tried == LEDGER_DUE)
		ok = statement_bind_int(scan, 3, filter->now_ms, err) &&
		     statement_bind_int(scan, 4, filter->now_ms + LEDGER_TRY_LONGEST_MS, err);
	if (ok && !list)
		ok = arena_error(arena, err, "reading the ledger");
	while (ok && count < limit && (ok = statement_step(scan, &more, err)) && more) {
		if (!is_wanted(filter, (uint32_t)statement_int(scan, 1),
				    statement_bytes(scan, 2)))
			continue;
		ok = delivery_find_id(
				store, statement_int(scan, 0), row, arena, &list[count], err);
		count++;
	}
	statement_reset(scan);
	statement_finish(row);
	*out_list = list;
	*out_count = count;
	return ok;
}

bool ledger_store_list_expired(struct ledger_store *store, int64_t now_ms, size_t limit,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err)
{
	struct statement *rows = store->statements[LEDGER_EXPIRED];

	return statement_bind_int(rows, 1, now_ms, err) &&
	       statement_bind_int(rows, 2, (int64_t)limit, err) &&
	       deliveries_read(store, rows, false, arena, out_list, out_count, err);
}

bool ledger_store_list_under_way(struct ledger_store *store, int64_t after, size_t limit,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err)
{
	struct statement *rows = store->statements[LEDGER_UNDER_WAY];

	return statement_bind_int(rows, 1, after, err) &&
	       statement_bind_int(rows, 2, (int64_t)limit, err) &&
	       deliveries_read(store, rows, false, arena, out_list, out_count, err);
}

/* --- looking --------------------------------------------------------------------------------- */

bool ledger_store_list_deliveries(struct ledger_store *store,
		const struct ledger_listing *listing, size_t limit, bool with_digest,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err)
{
	struct buffer sql = { 0 };
	struct statement *rows = NULL;
	bool ok;

	buffer_append_text(
			&sql, "SELECT " LEDGER_DELIVERY_COLUMNS " FROM delivery WHERE id < ?1");
	/* Only figures of ours are written into the text, so that a partial index is found. */
	if (listing->state)
		buffer_format(&sql, " AND state = %d", listing->state);
	if (listing->enterprise)
		buffer_format(&sql, " AND enterprise = %lld", (long long)listing->enterprise);
	if (listing->run)
		buffer_format(&sql, " AND run = %lld", (long long)listing->run);
	buffer_append_text(&sql, " ORDER BY id DESC LIMIT ?2");
	ok = !sql.failed ||
	     error_set(err, ERROR_MEMORY, "out of memory while reading the ledger");
	if (ok)
		rows = database_prepare(store->db, sql.data, err);
	buffer_fini(&sql);
	ok = rows &&
	     statement_bind_int(rows, 1, listing->before ? listing->before : INT64_MAX, err) &&
	     statement_bind_int(rows, 2, (int64_t)limit, err) &&
	     deliveries_read(store, rows, with_digest, arena, out_list, out_count, err);
	statement_finish(rows);
	return ok;
}

bool ledger_store_count_deliveries(
		struct ledger_store *store, int state, int64_t *out_count, struct error *err)
{
	struct buffer sql = { 0 };
	struct statement *rows = NULL;
	bool more = false;
	bool ok;

	buffer_format(&sql, "SELECT count(*) FROM delivery WHERE state = %d", state);
	if (!sql.failed)
		rows = database_prepare(store->db, sql.data, err);
	else
		error_set(err, ERROR_MEMORY, "out of memory while reading the ledger");
	buffer_fini(&sql);
	ok = rows && statement_step(rows, &more, err);
	if (ok)
		*out_count = statement_int(rows, 0);
	statement_finish(rows);
	return ok;
}
