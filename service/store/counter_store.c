/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counter_store.h"

#include "store/registry_schema.h"

bool counter_store_put(struct registry_store *store, const struct counter_row *row,
		int64_t sequence, struct error *err)
{
	struct statement *put = database_prepare(store->db,
			"INSERT OR REPLACE INTO counter (region, name, day, sequence, value, "
			"source)"
			" VALUES (?, ?, ?, ?, ?, ?)",
			err);
	bool ok = put && statement_bind_text(put, 1, row->region, err) &&
		  statement_bind_text(put, 2, row->name, err) &&
		  statement_bind_text(put, 3, row->day, err) &&
		  statement_bind_int(put, 4, sequence, err) &&
		  statement_bind_int(put, 5, row->value, err) &&
		  statement_bind_text(put, 6, row->source, err) && statement_run(put, err);

	statement_finish(put);
	return ok || error_prefix(err, "keeping a counter");
}

bool counter_store_each(struct registry_store *store, const char *region, int64_t sequence,
		bool (*row)(void *context, const struct counter_row *row, struct error *err),
		void *context, struct error *err)
{
	struct statement *rows = database_prepare(store->db,
			"SELECT name, day, value, source, MAX(sequence) FROM counter"
			" WHERE region = ? AND sequence <= ? GROUP BY name, day"
			" ORDER BY name, day",
			err);
	bool more = false;
	bool ok = rows && statement_bind_text(rows, 1, slice_from(region), err) &&
		  statement_bind_int(rows, 2, sequence, err) &&
		  statement_step(rows, &more, err);

	while (ok && more) {
		struct counter_row counter = {
			.region = slice_from(region),
			.name = statement_bytes(rows, 0),
			.day = statement_bytes(rows, 1),
			.value = statement_int(rows, 2),
			.source = statement_bytes(rows, 3),
		};

		ok = row(context, &counter, err) && statement_step(rows, &more, err);
	}
	statement_finish(rows);
	return ok || error_prefix(err, "reading counters");
}
