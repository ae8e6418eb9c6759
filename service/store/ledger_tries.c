/* SPDX-License-Identifier: Apache-2.0 */
/* Tries: rows that are there while a delivery is being brought. */
#include "store/ledger_internal.h"

bool ledger_store_put_try(
		struct ledger_store *store, const struct ledger_try *try, struct error *err)
{
	struct statement *put = store->statements[LEDGER_PUT_TRY];

	return statement_bind_int(put, 1, try->id, err) &&
	       statement_bind_int(put, 2, try->tries, err) &&
	       statement_bind_int(put, 3, try->next_ms, err) &&
	       statement_bind_text(put, 4, try->lease, err) &&
	       statement_bind_text(put, 5, try->reason, err) && statement_run(put, err);
}

bool ledger_store_find_try(struct ledger_store *store, int64_t id, struct arena *arena,
		struct ledger_try *out_try, struct error *err)
{
	struct statement *find = store->statements[LEDGER_FIND_TRY];
	bool more = false;
	bool ok = statement_bind_int(find, 1, id, err) && statement_step(find, &more, err);

	*out_try = (struct ledger_try){ .id = id };
	if (ok && more) {
		out_try->tries = (int)statement_int(find, 0);
		out_try->next_ms = statement_int(find, 1);
		ok = ledger_copy(statement_bytes(find, 2), arena, &out_try->lease, err) &&
		     ledger_copy(statement_bytes(find, 3), arena, &out_try->reason, err);
	}
	statement_reset(find);
	return ok;
}

bool ledger_store_drop_try(struct ledger_store *store, int64_t id, struct error *err)
{
	struct statement *drop = store->statements[LEDGER_DROP_TRY];

	return statement_bind_int(drop, 1, id, err) && statement_run(drop, err);
}

/* The one figure of a statement whose parameters are bound; resets it. */
static bool figure_read(struct statement *rows, int64_t *out_figure, struct error *err)
{
	bool more = false;
	bool ok = statement_step(rows, &more, err);

	if (ok)
		*out_figure = statement_int(rows, 0);
	statement_reset(rows);
	return ok;
}

bool ledger_store_count_tries(struct ledger_store *store, int64_t *out_count, struct error *err)
{
	return figure_read(store->statements[LEDGER_COUNT_TRIES], out_count, err);
}

bool ledger_store_next_try(struct ledger_store *store, int64_t now_ms, int64_t *out_next_ms,
		struct error *err)
{
	struct statement *rows = store->statements[LEDGER_NEXT_TRY];

	return statement_bind_int(rows, 1, now_ms, err) && figure_read(rows, out_next_ms, err);
}
