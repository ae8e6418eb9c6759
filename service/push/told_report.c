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

/* Enterprises, each once. */
struct told_set {
	uint64_t *words;
	size_t count; /* words */
};

/* A series, or a county. */
struct told_line {
	Policycalc__V1__PushCount message;
	struct told_set told;
	bool is_wanted;
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
	int64_t before; /* where the next page begins */
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

/* Whether @id was not there; *out_ok is false when memory is short. */
static bool set_add(struct told_set *set, int64_t id, struct arena *arena, bool *out_ok)
{
	size_t word = (size_t)id / 64;
	uint64_t bit = UINT64_C(1) << (id % 64);

	if (word >= set->count) {
		size_t count = (word + 1) * 2;
		uint64_t *words = ARENA_NEW_ARRAY(arena, uint64_t, count);

		*out_ok = words != NULL;
		if (!words)
			return false;
		if (set->count)
			memcpy(words, set->words, set->count * sizeof(*words));
		set->words = words;
		set->count = count;
	}
	if (set->words[word] & bit)
		return false;
	set->words[word] |= bit;
	return true;
}

/* Adds @news pieces of news of one delivery to a series or a county. */
static bool line_add(struct told_report *told, struct told_line *line,
		const struct ledger_delivery *delivery, int64_t news)
{
	bool ok = true;

	switch (delivery->state) {
	case DELIVERY(ACKED):
		line->message.acknowledged += news;
		line->message.news += news;
		line->message.told +=
				set_add(&line->told, delivery->enterprise, told->arena, &ok);
		break;
	case DELIVERY(RELEASED):
	case DELIVERY(LEASED):
		line->message.news += news;
		line->message.told +=
				set_add(&line->told, delivery->enterprise, told->arena, &ok);
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
	size_t count;
	int64_t news = 0;
	int place;

	if (!region)
		return arena_error(arena, err, "adding up deliveries");
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
		if (!line_add(told, line, delivery, 1))
			return arena_error(told->arena, err, "adding up deliveries");
	}
	if (news == 0)
		return true;
	place = area_place(told->area, region);
	if (!line_add(told, &told->units[place >= 0 ? (size_t)place : told->area->unit_count],
			    delivery, news))
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
