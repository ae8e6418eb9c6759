/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing: one transaction that adds a revision, or nothing.
 *
 * A killed process, a full disk or a failing write leaves the last committed revision as it
 * was: SQLite rolls the transaction back, at once or when the file is opened again.
 */
#include "store/catalog_schema.h"

#include "base/buffer.h"
#include "store/entry.h"

#include <string.h>

#define CONFLICT_NAMES 5 /* how many changes a conflict names */

/* The statements of one publish. */
struct publication {
	struct catalog_store *store;
	const struct publish_request *request;
	int64_t number;
	struct statement *find_content;
	struct statement *add_content;
	struct statement *add_entry;
	struct statement *add_file;
};

/* --- conflicts ---------------------------------------------------------------------------- */

/* What differs between revision ?1 and ?2: how (1 added, 2 changed, 3 removed), kind, name. */
static const char SELECT_CHANGES[] =
		"SELECT CASE WHEN old.content IS NULL THEN 1 ELSE 2 END AS how, new.kind AS "
		"kind, new.name AS name"
		" FROM revision_entry AS new LEFT JOIN revision_entry AS old"
		" ON old.revision = ?1 AND old.kind = new.kind AND old.name = new.name"
		" WHERE new.revision = ?2 AND old.content IS NOT new.content"
		" UNION ALL"
		" SELECT 3 AS how, old.kind, old.name"
		" FROM revision_entry AS old LEFT JOIN revision_entry AS new"
		" ON new.revision = ?2 AND new.kind = old.kind AND new.name = old.name"
		" WHERE old.revision = ?1 AND new.content IS NULL"
		" ORDER BY how, kind, name";

static bool publish_list_changes(struct catalog_store *store, int64_t base, int64_t current,
		struct buffer *text, struct error *err)
{
	static const char *const hows[] = { "", "added", "changed", "removed" };
	struct statement *rows = database_prepare(store->db, SELECT_CHANGES, err);
	size_t count = 0;
	bool more = true;
	bool ok = false;

	if (!rows || !statement_bind_int(rows, 1, base, err) ||
			!statement_bind_int(rows, 2, current, err))
		goto out;
	for (;;) {
		if (!statement_step(rows, &more, err))
			goto out;
		if (!more)
			break;
		if (count++ < CONFLICT_NAMES)
			buffer_format(text, "%s%s %s %.*s", count == 1 ? "" : ", ",
					hows[statement_int(rows, 0)],
					entry_kind_name((enum entry_kind)statement_int(
							rows, 1)),
					SLICE_PRINT(statement_bytes(rows, 2)));
	}
	if (count > CONFLICT_NAMES)
		buffer_format(text, ", and %zu more", count - CONFLICT_NAMES);
	if (count == 0)
		buffer_append_text(text, "nothing but the history");
	ok = true;
out:
	statement_finish(rows);
	return ok;
}

/* Fills @err with what changed since the base of the draft. */
static void publish_conflict(
		struct catalog_store *store, int64_t base, int64_t current, struct error *err)
{
	struct buffer changes = { 0 };

	if (base < 0 || base > current) {
		error_set(err, ERROR_CONFLICT,
				"the draft was made from revision %lld and the catalog is only "
				"at %lld",
				(long long)base, (long long)current);
		return;
	}
	if (publish_list_changes(store, base, current, &changes, err))
		error_set(err, ERROR_CONFLICT,
				"the catalog is at revision %lld and the draft was made from "
				"%lld;"
				" since then: %s",
				(long long)current, (long long)base,
				changes.failed ? "(no memory to say)" : changes.data);
	buffer_fini(&changes);
}

/* --- writing ------------------------------------------------------------------------------ */

static bool publish_revision(const struct publication *publication, struct error *err)
{
	const struct publish_request *request = publication->request;
	const struct catalog *catalog = request->catalog;
	struct statement *insert = database_prepare(publication->store->db,
			"INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);
	bool ok = insert && statement_bind_int(insert, 1, publication->number, err) &&
		  statement_bind_text(insert, 2, slice_from(request->content_hash), err) &&
		  statement_bind_text(insert, 3, slice_from(request->now), err) &&
		  statement_bind_text(insert, 4, slice_from(request->author), err) &&
		  statement_bind_text(insert, 5, slice_from(request->note), err) &&
		  statement_bind_int(insert, 6, (int64_t)catalog->policy_count, err) &&
		  statement_bind_int(insert, 7, (int64_t)catalog->attribute_count, err) &&
		  statement_bind_int(insert, 8, (int64_t)catalog->parameter_count, err) &&
		  statement_run(insert, err);

	statement_finish(insert);
	return ok;
}

/* The id of @bytes among the contents, added when they are new. */
static bool publish_content(const struct publication *publication, struct slice bytes,
		const unsigned char hash[ENTRY_HASH_SIZE], int64_t *out_id, struct error *err)
{
	struct statement *find = publication->find_content;
	struct statement *add = publication->add_content;
	struct slice key = { (const char *)hash, ENTRY_HASH_SIZE };
	bool more;

	if (!statement_bind_blob(find, 1, key, err) || !statement_step(find, &more, err))
		return false;
	if (more)
		*out_id = statement_int(find, 0);
	statement_reset(find);
	if (more)
		return true;
	if (!statement_bind_blob(add, 1, key, err) ||
			!statement_bind_blob(add, 2, bytes, err) || !statement_run(add, err))
		return false;
	*out_id = database_last_row(publication->store->db);
	return true;
}

static bool publish_sum(const struct publication *publication, uint64_t sum, struct error *err)
{
	struct statement *insert = database_prepare(
			publication->store->db, "INSERT INTO revision_sum VALUES (?, ?)", err);
	bool ok = insert && statement_bind_int(insert, 1, publication->number, err) &&
		  statement_bind_int(insert, 2, (int64_t)sum, err) &&
		  statement_run(insert, err);

	statement_finish(insert);
	return ok;
}

static bool publish_entries(
		const struct publication *publication, struct arena *arena, struct error *err)
{
	struct statement *add = publication->add_entry;
	struct entry *entries;
	uint64_t sum = 0;
	size_t count;
	int64_t content;

	if (!entry_list_from_catalog(
			    publication->request->catalog, arena, &entries, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!publish_content(publication, entries[i].bytes, entries[i].hash, &content,
				    err) ||
				!statement_bind_int(add, 1, publication->number, err) ||
				!statement_bind_int(add, 2, entries[i].kind, err) ||
				!statement_bind_text(
						add, 3, slice_from(entries[i].name), err) ||
				!statement_bind_int(add, 4, content, err) ||
				!statement_run(add, err))
			return false;
		sum = catalog_sum_add(sum, entries[i].kind, slice_from(entries[i].name),
				entries[i].bytes);
	}
	return publish_sum(publication, sum, err);
}

static bool publish_files(const struct publication *publication, struct error *err)
{
	struct statement *add = publication->add_file;
	unsigned char hash[ENTRY_HASH_SIZE];
	int64_t content;

	for (size_t i = 0; i < publication->request->file_count; i++) {
		const struct draft_file *file = &publication->request->files[i];

		if (!entry_hash(file->content, hash, err) ||
				!publish_content(publication, file->content, hash, &content,
						err) ||
				!statement_bind_int(add, 1, publication->number, err) ||
				!statement_bind_text(add, 2, slice_from(file->path), err) ||
				!statement_bind_int(add, 3, content, err) ||
				!statement_run(add, err))
			return false;
	}
	return true;
}

static bool publish_prepare(struct publication *publication, struct error *err)
{
	struct database *db = publication->store->db;

	publication->find_content =
			database_prepare(db, "SELECT id FROM content WHERE hash = ?", err);
	if (!publication->find_content)
		return false;
	publication->add_content = database_prepare(
			db, "INSERT INTO content (hash, bytes) VALUES (?, ?)", err);
	if (!publication->add_content)
		return false;
	publication->add_entry = database_prepare(
			db, "INSERT INTO revision_entry VALUES (?, ?, ?, ?)", err);
	if (!publication->add_entry)
		return false;
	publication->add_file =
			database_prepare(db, "INSERT INTO revision_file VALUES (?, ?, ?)", err);
	return publication->add_file;
}

static bool publish_write(struct catalog_store *store, const struct publish_request *request,
		int64_t number, struct arena *arena, struct error *err)
{
	struct publication publication = {
		.store = store, .request = request, .number = number
	};
	bool ok = publish_prepare(&publication, err) && publish_revision(&publication, err) &&
		  publish_entries(&publication, arena, err) && publish_files(&publication, err);

	statement_finish(publication.find_content);
	statement_finish(publication.add_content);
	statement_finish(publication.add_entry);
	statement_finish(publication.add_file);
	return ok;
}

bool catalog_store_publish(struct catalog_store *store, const struct publish_request *request,
		struct arena *arena, Policycalc__V1__Revision **out_revision,
		bool *out_unchanged, struct error *err)
{
	Policycalc__V1__Revision *revision = NULL;
	bool unchanged = false;
	int64_t current;

	if (!database_begin(store->db, err))
		return error_prefix(err, "publishing");
	if (!catalog_store_current(store, &current, err))
		goto failed;
	if (current > 0) {
		revision = catalog_store_find_revision(store, current, arena, err);
		if (!revision)
			goto failed;
		unchanged = strcmp(revision->content_hash, request->content_hash) == 0;
	}
	/*
	 * Before the base is looked at: who repeats a publish whose answer got lost holds an
	 * old base, and what he wants is there already.
	 */
	if (!unchanged && request->base_revision != current) {
		publish_conflict(store, request->base_revision, current, err);
		goto failed;
	}
	if (!unchanged) {
		if (!database_check(store->db, err) ||
				!publish_write(store, request, current + 1, arena, err))
			goto failed;
		revision = catalog_store_find_revision(store, current + 1, arena, err);
		if (!revision)
			goto failed;
	}
	if (!database_commit(store->db, err))
		goto failed;
	*out_revision = revision;
	*out_unchanged = unchanged;
	return true;
failed:
	database_rollback(store->db);
	return error_prefix(err, "publishing");
}
