/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From news to deliveries: for an enterprise up to one of each part, and of what is held one a series.
 *
 * What nobody has pulled yet merges with what is new. The reader knows nothing of a digest that was
 * not pulled, so that its news is found anew from what he was told before it: he can then have a
 * policy that was about to be announced with another amount, and is told once; or he lost it again,
 * and is told nothing. What this run does not ask about, or cannot decide, goes on as it was.
 */
#include "push/block_row.h"

#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <string.h>

/* One delivery in the making. */
struct parcel {
	struct row_work *work;
	enum digest_part part;
	Policycalc__V1__DeltaEntry **messages;
	struct ledger_entry *about;
	size_t count;
	size_t capacity;
	char **replaces;
	size_t replace_count;
};

/* All that are made of a row. */
struct parcels {
	struct parcel released, suppressed;
	struct parcel **held; /* by cell; NULL: nothing is held of it */
};

/* --- whether it merges ----------------------------------------------------------------------- */

static bool is_released_news(const struct cell *cell)
{
	return (cell->is_fresh && cell->part == PART_RELEASED) || cell->is_silent;
}

static bool is_held_news(const struct cell *cell)
{
	return (cell->is_fresh && cell->part == PART_HELD) ||
	       (cell->is_stale && cell->entry.aside == ASIDE_HELD);
}

static bool row_has(const struct row_work *work, bool (*is_news)(const struct cell *))
{
	for (size_t i = 0; i < work->cell_count; i++) {
		if (is_news(&work->cells[i]))
			return true;
	}
	return false;
}

bool row_news_needs_waiting(const struct row_work *work)
{
	/* News of the third part stands for itself. */
	return row_has(work, is_released_news) || row_has(work, is_held_news);
}

/* --- parcels --------------------------------------------------------------------------------- */

static bool parcel_init(struct parcel *parcel, struct row_work *work, enum digest_part part,
		struct error *err)
{
	size_t waiting = 0;

	*parcel = (struct parcel){ .work = work, .part = part };
	/* What waits may name a series more than once. */
	for (size_t i = 0; i < work->row->waiting_count; i++)
		waiting += work->row->waiting[i].entries.size;
	parcel->capacity = work->cell_count + waiting;
	parcel->messages = ARENA_NEW_ARRAY(
			work->scratch, Policycalc__V1__DeltaEntry *, parcel->capacity + 1);
	parcel->about = ARENA_NEW_ARRAY(
			work->scratch, struct ledger_entry, parcel->capacity + 1);
	parcel->replaces = ARENA_NEW_ARRAY(work->scratch, char *, work->row->waiting_count + 1);
	return (parcel->messages && parcel->about && parcel->replaces) ||
	       arena_error(work->scratch, err, "making a delivery");
}

static bool parcel_add(struct parcel *parcel, Policycalc__V1__DeltaEntry *message,
		const struct ledger_entry *about, struct error *err)
{
	if (!message)
		return arena_error(parcel->work->scratch, err, "making a delivery");
	parcel->messages[parcel->count] = message;
	parcel->about[parcel->count++] = *about;
	return true;
}

/* The news of a cell, from @before on. */
static bool parcel_add_news(struct parcel *parcel, struct cell *cell,
		const struct told_state *before, const struct delta *delta, struct error *err)
{
	struct row_work *work = parcel->work;
	struct ledger_entry about = {
		.series = cell->entry.series,
		.before = *before,
		.next = delta->next,
	};
	struct digest_news news = {
		.delta = *delta,
		.before = before,
		.card = cell->card,
		.window_end = cell->now.window_end,
		.today = work->block->plan->today,
	};

	if (cell->target != NO_TARGET) {
		if (!ask_words(&work->ask, cell->target, err))
			return false;
		news.answer = work->ask.answers[cell->target].message;
	}
	if (!parcel_add(parcel, digest_entry(&news, work->scratch), &about, err))
		return false;
	cell->is_made = true;
	if (parcel->part == PART_RELEASED) {
		cell->entry.told = delta->next;
		cell->entry.aside = ASIDE_NONE;
		cell->entry.raised = (struct told_state){ 0 };
		return true;
	}
	cell->entry.told = *before;
	cell->entry.aside = parcel->part == PART_HELD ? ASIDE_HELD : ASIDE_SUPPRESSED;
	cell->entry.raised = delta->next;
	return true;
}

static struct parcel *held_parcel(
		struct parcels *parcels, const struct cell *cell, struct error *err)
{
	struct row_work *work = parcels->released.work;
	struct parcel **parcel = &parcels->held[cell - work->cells];

	if (*parcel)
		return *parcel;
	*parcel = ARENA_NEW(work->scratch, struct parcel);
	if (*parcel && parcel_init(*parcel, work, PART_HELD, err))
		return *parcel;
	arena_error(work->scratch, err, "making a delivery");
	return NULL;
}

static bool parcel_send(struct parcel *parcel, struct error *err)
{
	struct row_work *work = parcel->work;

	if (parcel->count == 0)
		return true;
	return push_block_make(work->block, work->row, parcel->part, work->profile->uscc,
			work->name, work->region, parcel->messages, parcel->about,
			parcel->count, parcel->replaces, parcel->replace_count, work->scratch,
			err);
}

/* --- what waits ------------------------------------------------------------------------------ */

static Policycalc__V1__DeltaEntry *entry_of(
		const Policycalc__V1__Digest *digest, const char *series, size_t nth)
{
	for (size_t i = 0; i < digest->n_entries; i++) {
		if (strcmp(digest->entries[i]->series, series) == 0 && nth-- == 0)
			return digest->entries[i];
	}
	return NULL;
}

/* The name of a series, as its entries have it. */
static const char *series_name(
		struct row_work *work, const struct ledger_entry *about, struct error *err)
{
	const struct push_scope *scope = work->ask.scope;
	uint32_t version = about->next.version ? about->next.version : about->before.version;
	const Policycalc__V1__DeltaEntry *card = NULL;

	if (version < scope->card_end && scope->cards[version].series == about->series)
		card = (const Policycalc__V1__DeltaEntry *)message_unpack(
				scope->cards[version].bytes,
				&policycalc__v1__delta_entry__descriptor,
				&message_limits_default, work->scratch, err);
	else
		error_set(err, ERROR_IO, "the ledger does not know a version that was told");
	return card ? card->series : NULL;
}

/* It goes on as it was. */
static bool parcel_carry(struct parcel *parcel, const Policycalc__V1__Digest *digest,
		const struct ledger_entry *about, size_t nth, struct error *err)
{
	const char *series = series_name(parcel->work, about, err);
	Policycalc__V1__DeltaEntry *message = series ? entry_of(digest, series, nth) : NULL;

	if (!series)
		return false;
	if (!message)
		return error_set(err, ERROR_IO, "a delivery does not hold what it is about");
	return parcel_add(parcel, message, about, err);
}

/* What the reader knew before the first delivery that waits; NULL when it has no such series. */
static bool is_first(const struct ledger_entry *about, size_t index, size_t *out_nth)
{
	*out_nth = 0;
	for (size_t i = 0; i < index; i++)
		*out_nth += about[i].series == about[index].series;
	return *out_nth == 0;
}

/*
 * An entry of a released delivery. The cell's news is found anew, unless this run does not decide it,
 * or a department has confirmed it: then what is new beside it goes its own way.
 */
static bool released_merge(struct parcel *parcel, struct parcel *suppressed,
		const Policycalc__V1__Digest *digest, const struct ledger_entry *about,
		size_t index, struct error *err)
{
	struct row_work *work = parcel->work;
	struct cell *cell = row_work_find(work, about[index].series);
	struct told_state before = about[index].before;
	struct delta delta;
	size_t nth;
	bool first = is_first(about, index, &nth);

	if (cell && cell->is_made)
		return true;
	if (!cell || !cell->is_known || cell->now.kind == NOW_UNDECIDED || cell->confirm ||
			!first)
		return parcel_carry(parcel, digest, &about[index], nth, err);
	delta = delta_find(&before, &cell->now, work->block->plan->today);
	if (delta.kind == DELTA_KIND(UNSPECIFIED)) {
		/* He never heard of it, and need not. */
		cell->entry.told = delta.next;
		cell->is_made = true;
		return true;
	}
	if (!quiet_wants(work->row->wish, delta.kind, cell->policy_kind))
		parcel = suppressed;
	return parcel_add_news(parcel, cell, &before, &delta, err);
}

/* An entry of a held delivery: what is no longer so is left out. */
static bool held_merge(struct parcels *parcels, const Policycalc__V1__Digest *digest,
		const struct ledger_entry *about, size_t index, struct error *err)
{
	struct cell *cell = row_work_find(parcels->released.work, about[index].series);
	struct parcel *parcel;
	struct told_state before;
	size_t nth;

	if (!cell || cell->is_made || cell->entry.aside != ASIDE_HELD)
		return true;
	parcel = held_parcel(parcels, cell, err);
	if (!parcel)
		return false;
	/* Several entries of a delivery may go the same way; it is replaced once. */
	if (parcel->replace_count == 0 ||
			parcel->replaces[parcel->replace_count - 1] != digest->key)
		parcel->replaces[parcel->replace_count++] = digest->key;
	if (!cell->is_known || cell->now.kind == NOW_UNDECIDED) {
		(void)is_first(about, index, &nth);
		return parcel_carry(parcel, digest, &about[index], nth, err);
	}
	if (cell->delta.kind == DELTA_KIND(UNSPECIFIED) ||
			(cell->is_fresh && cell->part != PART_HELD))
		return true;
	before = cell->entry.told;
	return parcel_add_news(parcel, cell, &before, &cell->delta, err);
}

/* A held delivery stays when nothing is new of what it is about. */
static bool held_merges(
		const struct parcels *parcels, const struct ledger_entry *about, size_t count)
{
	bool merges = false;

	for (size_t i = 0; i < count; i++) {
		const struct cell *cell =
				row_work_find(parcels->released.work, about[i].series);

		merges |= cell && is_held_news(cell);
	}
	return merges;
}

static bool waiting_merge(
		struct parcels *parcels, struct ledger_delivery *waiting, struct error *err)
{
	struct row_work *work = parcels->released.work;
	bool is_held = waiting->state == (int)DELIVERY(HELD);
	const Policycalc__V1__Digest *digest;
	struct ledger_entry *about;
	size_t count;

	digest = (const Policycalc__V1__Digest *)message_unpack(waiting->digest,
			&policycalc__v1__digest__descriptor, &message_limits_default,
			work->scratch, err);
	if (!digest || !ledger_entries_decode(
				       waiting->entries, work->scratch, &about, &count, err))
		return false;
	if (is_held && !held_merges(parcels, about, count))
		return true;
	for (size_t i = 0; i < count; i++) {
		bool ok = is_held ? held_merge(parcels, digest, about, i, err)
				  : released_merge(&parcels->released, &parcels->suppressed,
						    digest, about, i, err);

		if (!ok)
			return false;
	}
	if (!is_held)
		parcels->released.replaces[parcels->released.replace_count++] = digest->key;
	return push_block_supersede(work->block, waiting) ||
	       arena_error(&work->block->arena, err, "making a delivery");
}

static bool waiting_merge_all(
		struct parcels *parcels, Policycalc__V1__DeliveryState state, struct error *err)
{
	struct block_row *row = parcels->released.work->row;

	for (size_t i = 0; i < row->waiting_count; i++) {
		if (row->waiting[i].state == (int)state &&
				!waiting_merge(parcels, &row->waiting[i], err))
			return false;
	}
	return true;
}

/* --- all parts ------------------------------------------------------------------------------- */

static bool fresh_add(struct parcels *parcels, enum digest_part part, struct error *err)
{
	struct row_work *work = parcels->released.work;

	for (size_t i = 0; i < work->cell_count; i++) {
		struct cell *cell = &work->cells[i];
		struct told_state before = cell->entry.told;
		struct parcel *parcel;

		if (!cell->is_fresh || cell->is_made || cell->part != part)
			continue;
		parcel = part == PART_HELD	 ? held_parcel(parcels, cell, err)
			 : part == PART_RELEASED ? &parcels->released
						 : &parcels->suppressed;
		if (!parcel || !parcel_add_news(parcel, cell, &before, &cell->delta, err))
			return false;
	}
	return true;
}

/* What was told or aside and changes without news. */
static void silent_apply(struct row_work *work)
{
	for (size_t i = 0; i < work->cell_count; i++) {
		struct cell *cell = &work->cells[i];

		if (cell->is_made)
			continue;
		if (cell->is_silent)
			cell->entry.told = cell->delta.next;
		if (cell->is_stale && !cell->is_fresh) {
			cell->entry.aside = ASIDE_NONE;
			cell->entry.raised = (struct told_state){ 0 };
		}
	}
}

static bool parcels_init(struct parcels *parcels, struct row_work *work, struct error *err)
{
	parcels->held = ARENA_NEW_ARRAY(work->scratch, struct parcel *, work->cell_count + 1);
	if (!parcels->held)
		return arena_error(work->scratch, err, "making a delivery");
	return parcel_init(&parcels->released, work, PART_RELEASED, err) &&
	       parcel_init(&parcels->suppressed, work, PART_SUPPRESSED, err);
}

static bool parcels_send(struct parcels *parcels, struct error *err)
{
	if (!parcel_send(&parcels->released, err))
		return false;
	for (size_t i = 0; i < parcels->released.work->cell_count; i++) {
		if (parcels->held[i] && !parcel_send(parcels->held[i], err))
			return false;
	}
	return parcel_send(&parcels->suppressed, err);
}

bool row_news_make(struct row_work *work, struct error *err)
{
	struct parcels parcels;

	if (!parcels_init(&parcels, work, err))
		return false;
	if (row_has(work, is_held_news) && !waiting_merge_all(&parcels, DELIVERY(HELD), err))
		return false;
	if (row_has(work, is_released_news) &&
			!waiting_merge_all(&parcels, DELIVERY(RELEASED), err))
		return false;
	if (!fresh_add(&parcels, PART_HELD, err) || !fresh_add(&parcels, PART_RELEASED, err) ||
			!fresh_add(&parcels, PART_SUPPRESSED, err))
		return false;
	silent_apply(work);
	return parcels_send(&parcels, err);
}
