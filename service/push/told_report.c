/* SPDX-License-Identifier: Apache-2.0 */
#include "push/told_report.h"

#include "base/date.h"
#include "proto/codec/codec.h"
#include "push/digest.h"
#include "store/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 1000
#define PAGE_MEMORY ((size_t)64 << 20)
/* Deliveries that go into one link of the hash, and the room for what one says. */
#define LINK_DELIVERIES 512
#define LINK_TEXT 32

/* A series, or a county. */
struct told_line {
	Policycalc__V1__PushCount message;
	bool is_wanted;
};

/*
 * Who has been told, each once: a bit an enterprise and series, and the county, which is nearly always
 * one. Whoever has moved has its other counties in a table of its own.
 */
struct told_firms {
	size_t end;	   /* above every id */
	uint64_t **series; /* by number; NULL: nobody */
	uint32_t *places;  /* by id: its first county + 1 */
	uint64_t *moved;   /* place * end + id, hashed; 0: free */
	size_t moved_count, moved_capacity;
};

struct told_report {
	const struct area *area;
	struct arena *arena;
	int32_t day;
	char *const *wanted;
	size_t wanted_count;
	struct told_line *units;  /* by unit; the last one: no unit */
	struct told_line *series; /* by number; read with the first page */
	size_t series_count;
	struct told_firms firms; /* made with the first page */
	int64_t before;		 /* where the next page begins */
	bool has_names;
	int64_t run; /* the newest that is counted */
	/* Over all that is counted, whatever the pages: each link is that before and some deliveries. */
	unsigned char hash[ENTRY_HASH_SIZE];
	size_t linked; /* deliveries since the last link */
	char link[LINK_DELIVERIES * LINK_TEXT];
	size_t link_size;
};

static Policycalc__V1__Text nowhere_name = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"地区不明或在报告范围外",
	.en = (char *)"region unknown or elsewhere",
};

struct told_report *told_report_new(
		const struct area *area, const char *day, struct arena *arena)
{
	struct told_report *told = ARENA_NEW(arena, struct told_report);
	struct date date = { 1970, 1, 1 };

	if (!told)
		return NULL;
	(void)date_parse(slice_from(day), &date);
	told->day = (int32_t)date_to_days(date);
	told->area = area;
	told->arena = arena;
	told->units = ARENA_NEW_ARRAY(arena, struct told_line, area->unit_count + 1);
	if (!told->units)
		return NULL;
	for (size_t i = 0; i <= area->unit_count; i++) {
		struct told_line *line = &told->units[i];

		policycalc__v1__push_count__init(&line->message);
		line->is_wanted = true;
		line->message.name =
				i < area->unit_count ? area->units[i]->name : &nowhere_name;
		if (i < area->unit_count)
			line->message.code = area->units[i]->code;
	}
	return told;
}

void told_report_limit(struct told_report *told, char *const *series, size_t count)
{
	told->wanted = series;
	told->wanted_count = count;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool is_wanted(const struct told_report *told, struct slice series)
{
	for (size_t i = 0; i < told->wanted_count; i++)
		if (slice_equals_text(series, told->wanted[i]))
			return true;
	return told->wanted_count == 0;
}

static bool series_name(struct told_report *told, const struct ledger_version *version,
		struct error *err)
{
	struct told_line *line = &told->series[version->series_id];
	const Policycalc__V1__DeltaEntry *card;

	if (!line->message.base.descriptor) {
		policycalc__v1__push_count__init(&line->message);
		line->message.code = arena_copy(
				told->arena, version->series.data, version->series.size);
		line->is_wanted = is_wanted(told, version->series);
		if (!line->message.code)
			return arena_error(told->arena, err, "naming series");
	}
	/* The newest version names it. */
	card = (const Policycalc__V1__DeltaEntry *)message_unpack(version->card,
			&policycalc__v1__delta_entry__descriptor, &message_limits_default,
			told->arena, err);
	if (!card)
		return false;
	line->message.name = card->title;
	return true;
}

static bool names_read(struct told_report *told, struct ledger *ledger, struct error *err)
{
	struct ledger_version *versions;
	size_t count;

	if (!ledger_store_list_versions(ledger->store, told->arena, &versions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if ((size_t)versions[i].series_id >= told->series_count)
			told->series_count = (size_t)versions[i].series_id + 1;
	told->series = ARENA_NEW_ARRAY(told->arena, struct told_line, told->series_count + 1);
	if (!told->series)
		return arena_error(told->arena, err, "naming series");
	for (size_t i = 0; i < count; i++)
		if (!series_name(told, &versions[i], err))
			return false;
	told->has_names = true;
	return true;
}

/* --- counting --------------------------------------------------------------------------------- */

static bool firms_init(struct told_report *told, int64_t last_id)
{
	struct told_firms *firms = &told->firms;

	firms->end = (size_t)last_id + 1;
	firms->series = ARENA_NEW_ARRAY(told->arena, uint64_t *, told->series_count + 1);
	firms->places = ARENA_NEW_ARRAY(told->arena, uint32_t, firms->end);
	return firms->series && firms->places;
}

/* Whether an enterprise was not yet told of a series; *out_ok is false when memory is short. */
static bool series_tell(struct told_report *told, size_t series, size_t id, bool *out_ok)
{
	struct told_firms *firms = &told->firms;
	uint64_t bit = UINT64_C(1) << id % 64;

	if (!firms->series[series])
		firms->series[series] =
				ARENA_NEW_ARRAY(told->arena, uint64_t, firms->end / 64 + 1);
	*out_ok = firms->series[series] != NULL;
	if (!*out_ok || firms->series[series][id / 64] & bit)
		return false;
	firms->series[series][id / 64] |= bit;
	return true;
}

/* Where @key stands in the table, or would. */
static uint64_t *moved_find(uint64_t *table, size_t capacity, uint64_t key)
{
	size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (capacity - 1);

	while (table[at] && table[at] != key)
		at = (at + 1) & (capacity - 1);
	return &table[at];
}

static bool moved_grow(struct told_report *told)
{
	struct told_firms *firms = &told->firms;
	size_t capacity = firms->moved_capacity ? firms->moved_capacity * 2 : 64;
	uint64_t *table = ARENA_NEW_ARRAY(told->arena, uint64_t, capacity);

	if (!table)
		return false;
	for (size_t i = 0; i < firms->moved_capacity; i++) {
		if (firms->moved[i])
			*moved_find(table, capacity, firms->moved[i]) = firms->moved[i];
	}
	firms->moved = table;
	firms->moved_capacity = capacity;
	return true;
}

/* As series_tell(), in a county. */
static bool place_tell(struct told_report *told, size_t place, size_t id, bool *out_ok)
{
	struct told_firms *firms = &told->firms;
	uint64_t key = (uint64_t)place * firms->end + id;
	uint64_t *found;

	*out_ok = true;
	if (firms->places[id] == 0) {
		firms->places[id] = (uint32_t)place + 1;
		return true;
	}
	if (firms->places[id] == place + 1)
		return false;
	*out_ok = firms->moved_count * 2 < firms->moved_capacity || moved_grow(told);
	if (!*out_ok)
		return false;
	found = moved_find(firms->moved, firms->moved_capacity, key);
	if (*found)
		return false;
	*found = key;
	firms->moved_count++;
	return true;
}

typedef bool (*tell_fn)(struct told_report *told, size_t at, size_t id, bool *out_ok);

/* Adds @news pieces of news of one delivery to the @at-th series or county. */
static bool line_add(struct told_report *told, struct told_line *line, size_t at, tell_fn tell,
		const struct ledger_delivery *delivery, int64_t news)
{
	bool ok = true;

	switch (delivery->state) {
	case DELIVERY(ACKED):
		line->message.acknowledged += news;
		line->message.news += news;
		line->message.told += tell(told, at, (size_t)delivery->enterprise, &ok);
		break;
	case DELIVERY(RELEASED):
	case DELIVERY(LEASED):
		line->message.news += news;
		line->message.told += tell(told, at, (size_t)delivery->enterprise, &ok);
		break;
	case DELIVERY(HELD):
		line->message.held += news;
		break;
	case DELIVERY(SUPPRESSED):
		line->message.suppressed += news;
		break;
	default:
		/* Superseded ones stand in a later delivery; refused and dead ones told nobody. */
		break;
	}
	return ok;
}

static bool delivery_add(struct told_report *told, const struct ledger_delivery *delivery,
		struct arena *arena, struct error *err)
{
	struct ledger_entry *entries;
	const char *region = arena_copy(arena, delivery->region.data, delivery->region.size);
	size_t count, unit;
	int64_t news = 0;
	int place;

	if (!region)
		return arena_error(arena, err, "adding up deliveries");
	if (delivery->enterprise < 0 || (uint64_t)delivery->enterprise >= told->firms.end)
		return error_set(err, ERROR_IO, "a delivery is of an enterprise there is not");
	if (!ledger_entries_decode(delivery->entries, arena, &entries, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct told_line *line;

		/* A version that came while the report was being made. */
		if (entries[i].series >= told->series_count)
			continue;
		line = &told->series[entries[i].series];
		if (!line->is_wanted)
			continue;
		news++;
		if (!line_add(told, line, entries[i].series, series_tell, delivery, 1))
			return arena_error(told->arena, err, "adding up deliveries");
	}
	if (news == 0)
		return true;
	place = area_place(told->area, region);
	unit = place >= 0 ? (size_t)place : told->area->unit_count;
	if (!line_add(told, &told->units[unit], unit, place_tell, delivery, news))
		return arena_error(told->arena, err, "adding up deliveries");
	return true;
}

static bool hash_link(struct told_report *told, struct error *err)
{
	char text[sizeof(told->hash) + sizeof(told->link)];

	memcpy(text, told->hash, sizeof(told->hash));
	memcpy(text + sizeof(told->hash), told->link, told->link_size);
	if (!entry_hash((struct slice){ text, sizeof(told->hash) + told->link_size },
			    told->hash, err))
		return false;
	told->linked = 0;
	told->link_size = 0;
	return true;
}

static bool hash_add(struct told_report *told, const struct ledger_delivery *delivery,
		struct error *err)
{
	told->run = delivery->run > told->run ? delivery->run : told->run;
	told->link_size += (size_t)snprintf(told->link + told->link_size, LINK_TEXT,
			"%" PRId64 " %d\n", delivery->id, delivery->state);
	return ++told->linked < LINK_DELIVERIES || hash_link(told, err);
}

bool told_report_read(struct told_report *told, struct ledger *ledger, bool *out_more,
		struct error *err)
{
	const struct ledger_listing listing = { .before = told->before };
	struct ledger_delivery *list;
	struct arena arena;
	size_t count;
	bool ok;

	if (!told->has_names && !names_read(told, ledger, err))
		return false;
	if (!told->firms.places && !firms_init(told, registry_last_id(ledger->registry)))
		return arena_error(told->arena, err, "adding up deliveries");
	arena_init(&arena, PAGE_MEMORY);
	ok = ledger_store_list_deliveries(
			ledger->store, &listing, PAGE, false, &arena, &list, &count, err);
	for (size_t i = 0; ok && i < count; i++) {
		told->before = list[i].id;
		if (list[i].day <= told->day)
			ok = delivery_add(told, &list[i], &arena, err) &&
			     hash_add(told, &list[i], err);
	}
	*out_more = ok && count == PAGE;
	arena_fini(&arena);
	return ok;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b)
{
	const Policycalc__V1__PushCount *const *left = a, *const *right = b;

	return strcmp((*left)->code, (*right)->code);
}

bool told_report_fill(
		struct told_report *told, Policycalc__V1__PushReport *report, struct error *err)
{
	report->policies = ARENA_NEW_ARRAY(
			told->arena, Policycalc__V1__PushCount *, told->series_count + 1);
	report->units = ARENA_NEW_ARRAY(
			told->arena, Policycalc__V1__PushCount *, told->area->unit_count + 1);
	report->ledger_hash = arena_alloc(told->arena, 2 * DIGEST_KEY_SIZE + 1);
	if (!report->policies || !report->units || !report->ledger_hash)
		return arena_error(told->arena, err, "making the report");
	if (!hash_link(told, err))
		return false;
	digest_key_print(told->hash, report->ledger_hash);
	report->run = told->run;
	for (size_t i = 0; i < told->series_count; i++)
		if (told->series[i].message.base.descriptor && told->series[i].is_wanted)
			report->policies[report->n_policies++] = &told->series[i].message;
	if (report->n_policies)
		qsort(report->policies, report->n_policies, sizeof(*report->policies),
				compare_counts);
	for (size_t i = 0; i <= told->area->unit_count; i++)
		report->units[report->n_units++] = &told->units[i].message;
	return true;
}
