/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the registry database, between registry_store_begin() and registry_store_commit(). */
#include "store/registry_schema.h"

bool registry_store_begin(struct registry_store *store, struct error *err)
{
	return database_begin(store->db, err) || error_prefix(err, "changing the registry");
}

bool registry_store_commit(struct registry_store *store, struct error *err)
{
	return database_commit(store->db, err) || error_prefix(err, "changing the registry");
}

void registry_store_rollback(struct registry_store *store)
{
	database_rollback(store->db);
}

/* Runs a prepared statement that is kept; it is ready again whatever happens. */
static bool run_kept(struct statement *statement, bool is_bound, struct error *err)
{
	bool more;
	bool ok = is_bound && statement_step(statement, &more, err);

	statement_reset(statement);
	return ok;
}

/* Runs a statement once. */
static bool run_once(struct statement *statement, bool is_bound, struct error *err)
{
	bool ok = is_bound && statement_run(statement, err);

	statement_finish(statement);
	return ok;
}

bool registry_store_add_batch(struct registry_store *store, int64_t sequence,
		int64_t committed_at, struct error *err)
{
	struct statement *add = database_prepare(store->db,
			"INSERT INTO batch (sequence, committed_at) VALUES (?, ?)", err);

	return run_once(add,
			       add && statement_bind_int(add, 1, sequence, err) &&
					       statement_bind_int(add, 2, committed_at, err),
			       err) ||
	       error_prefix(err, "adding a snapshot");
}

bool registry_store_add_name(struct registry_store *store, const struct registry_name_row *name,
		struct error *err)
{
	struct statement *add = database_prepare(store->db,
			"INSERT INTO name (id, list, name, period) VALUES (?, ?, ?, ?)", err);

	return run_once(add,
			       add && statement_bind_int(add, 1, name->id, err) &&
					       statement_bind_text(add, 2, name->list, err) &&
					       statement_bind_text(add, 3, name->name, err) &&
					       statement_bind_int(add, 4, name->period, err),
			       err) ||
	       error_prefix(err, "adding a name");
}

bool registry_store_put_import(struct registry_store *store,
		const struct registry_import_row *import, struct error *err)
{
	struct statement *put = database_prepare(store->db,
			"INSERT OR REPLACE INTO import (id, supplier, day, started_at, "
			"finished_at,"
			" complete, sample, rows, changed, rejected, sequence)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			err);

	return run_once(put,
			       put && statement_bind_int(put, 1, import->id, err) &&
					       statement_bind_text(
							       put, 2, import->supplier, err) &&
					       statement_bind_text(put, 3, import->day, err) &&
					       statement_bind_text(put, 4, import->started_at,
							       err) &&
					       statement_bind_text(put, 5, import->finished_at,
							       err) &&
					       statement_bind_text(
							       put, 6, import->complete, err) &&
					       statement_bind_int(
							       put, 7, import->sample, err) &&
					       statement_bind_int(put, 8, import->rows, err) &&
					       statement_bind_int(
							       put, 9, import->changed, err) &&
					       statement_bind_int(put, 10, import->rejected,
							       err) &&
					       statement_bind_int(
							       put, 11, import->sequence, err),
			       err) ||
	       error_prefix(err, "noting an import");
}

bool registry_store_add_list(struct registry_store *store, const struct registry_list_row *list,
		struct error *err)
{
	struct statement *add = database_prepare(store->db,
			"INSERT INTO list (name, import, sequence) VALUES (?, ?, ?)", err);

	return run_once(add,
			       add && statement_bind_int(add, 1, list->name, err) &&
					       statement_bind_int(add, 2, list->import, err) &&
					       statement_bind_int(add, 3, list->sequence, err),
			       err) ||
	       error_prefix(err, "adding a complete list");
}

bool registry_store_add_keys(struct registry_store *store, const struct enterprise_key *keys,
		size_t count, struct error *err)
{
	struct statement *add = store->statements[REGISTRY_ADD_KEY];
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++)
		ok = run_kept(add,
				statement_bind_text(add, 1, keys[i].uscc, err) &&
						statement_bind_int(add, 2, keys[i].id, err),
				err);
	return ok || error_prefix(err, "adding enterprises");
}

static bool write_new(struct registry_store *store, const struct enterprise_change *change,
		int64_t sequence, struct error *err)
{
	struct statement *add = store->statements[REGISTRY_ADD];

	return run_kept(add,
			statement_bind_int(add, 1, change->id, err) &&
					statement_bind_text(add, 2, change->uscc, err) &&
					statement_bind_int(add, 3, sequence, err) &&
					statement_bind_blob(add, 4, change->record, err),
			err);
}

/* What was known moves to the past. */
static bool write_old(struct registry_store *store, const struct enterprise_change *change,
		int64_t sequence, struct error *err)
{
	struct statement *keep = store->statements[REGISTRY_KEEP];
	struct statement *put = store->statements[REGISTRY_CHANGE];

	return run_kept(keep,
			       statement_bind_int(keep, 1, change->id, err) &&
					       statement_bind_int(keep, 2, change->old_sequence,
							       err) &&
					       statement_bind_blob(keep, 3, change->old_record,
							       err),
			       err) &&
	       run_kept(put,
			       statement_bind_int(put, 1, sequence, err) &&
					       statement_bind_blob(
							       put, 2, change->record, err) &&
					       statement_bind_int(put, 3, change->id, err),
			       err);
}

static bool touch_block(struct registry_store *store, int64_t block, int64_t sequence,
		struct error *err)
{
	struct statement *touch = store->statements[REGISTRY_TOUCH];

	return run_kept(touch,
			statement_bind_int(touch, 1, block, err) &&
					statement_bind_int(touch, 2, sequence, err),
			err);
}

bool registry_store_write(struct registry_store *store, const struct enterprise_change *changes,
		size_t count, int64_t sequence, struct error *err)
{
	int64_t block = -1;
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		const struct enterprise_change *change = &changes[i];

		ok = change->old_sequence ? write_old(store, change, sequence, err)
					  : write_new(store, change, sequence, err);
		if (ok && registry_block_of(change->id) != block) {
			block = registry_block_of(change->id);
			ok = touch_block(store, block, sequence, err);
		}
	}
	return ok || error_prefix(err, "writing enterprises");
}

bool registry_store_put_subscription(
		struct registry_store *store, int64_t id, struct slice bytes, struct error *err)
{
	struct statement *put = database_prepare(store->db,
			"INSERT OR REPLACE INTO subscription (id, bytes) VALUES (?, ?)", err);

	return run_once(put,
			       put && statement_bind_int(put, 1, id, err) &&
					       statement_bind_blob(put, 2, bytes, err),
			       err) ||
	       error_prefix(err, "keeping a subscription");
}
