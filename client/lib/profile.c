/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile is the message itself, grown in an arena: what pcalc_match() sends needs no copy.
 *
 * A replaced value stays in the arena until the profile is freed; profiles are small and
 * short-lived.
 */
#include "client/lib/client_internal.h"

#include "base/memory.h"

#include <string.h>

#define PROFILE_BUDGET ((size_t)16 << 20)

struct pcalc_facts {
	struct arena *arena;
	Policycalc__V1__AttributeValue ***list; /* the message's own fields */
	size_t *count;
	size_t capacity;
	struct pcalc_facts *next;   /* of the next item */
	Policycalc__V1__Item *item; /* NULL: of the enterprise */
};

struct pcalc_profile {
	struct arena arena;
	Policycalc__V1__Profile message;
	struct pcalc_facts facts;
	size_t item_capacity;
};

/* Refuses what the wire cannot carry: overlong forms, surrogates, cut characters. */
static bool text_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned char lead = *at++;
		unsigned least = 0x80;
		unsigned point = lead;
		int more = 0;

		if (lead >= 0x80) {
			if (lead < 0xc2 || lead > 0xf4)
				return false;
			more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
			least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
			point = lead & (0x3fU >> more);
		}
		for (int i = 0; i < more; i++, at++) {
			if ((*at & 0xc0) != 0x80)
				return false;
			point = point << 6 | (*at & 0x3fU);
		}
		if (more && (point < least || point > 0x10ffff ||
					    (point >= 0xd800 && point <= 0xdfff)))
			return false;
	}
	return true;
}

static bool name_is_usable(const char *name)
{
	return name && *name && text_is_utf8(name);
}

/* A list of pointers that grows by doubling; the old one stays in the arena. */
static bool list_grow(struct arena *arena, void *list_pointer, size_t count, size_t *capacity)
{
	void **old;
	void **grown;
	size_t wanted = *capacity ? *capacity * 2 : 16;

	if (count < *capacity)
		return true;
	/* One failure must not spoil the profile for good. */
	arena->exhausted = false;
	grown = ARENA_NEW_ARRAY(arena, void *, wanted);
	if (!grown)
		return false;
	memcpy(&old, list_pointer, sizeof(old));
	if (count)
		memcpy(grown, old, count * sizeof(*grown));
	memcpy(list_pointer, &grown, sizeof(grown));
	*capacity = wanted;
	return true;
}

static char *text_keep(struct arena *arena, const char *text)
{
	arena->exhausted = false;
	return arena_copy_text(arena, text);
}

pcalc_profile *pcalc_profile_new(void)
{
	pcalc_profile *profile = memory_alloc_zero(1, sizeof(*profile));

	if (!profile)
		return NULL;
	arena_init(&profile->arena, PROFILE_BUDGET);
	policycalc__v1__profile__init(&profile->message);
	profile->facts = (struct pcalc_facts){ .arena = &profile->arena,
		.list = &profile->message.attributes,
		.count = &profile->message.n_attributes };
	return profile;
}

void pcalc_profile_free(pcalc_profile *profile)
{
	if (!profile)
		return;
	arena_fini(&profile->arena);
	memory_free(profile);
}

const Policycalc__V1__Profile *profile_message(const pcalc_profile *profile)
{
	return &profile->message;
}

static enum pcalc_code profile_set_text(pcalc_profile *profile, char **field, const char *text)
{
	char *copy;

	if (!text || !text_is_utf8(text))
		return PCALC_INVALID_ARGUMENT;
	copy = text_keep(&profile->arena, text);
	if (!copy)
		return PCALC_OUT_OF_MEMORY;
	*field = copy;
	return PCALC_OK;
}

enum pcalc_code pcalc_profile_set_uscc(pcalc_profile *profile, const char *uscc)
{
	return profile_set_text(profile, &profile->message.uscc, uscc);
}

enum pcalc_code pcalc_profile_set_date(pcalc_profile *profile, const char *date)
{
	return profile_set_text(profile, &profile->message.date, date);
}

pcalc_facts *pcalc_profile_facts(pcalc_profile *profile)
{
	return &profile->facts;
}

pcalc_facts *pcalc_profile_add_item(pcalc_profile *profile, const char *list, const char *id)
{
	struct arena *arena = &profile->arena;
	struct pcalc_facts *last = &profile->facts;
	struct pcalc_facts *facts;
	Policycalc__V1__Item *item;

	if (!name_is_usable(list) || !name_is_usable(id))
		return NULL;
	for (; last->next; last = last->next) {
		item = last->next->item;
		if (strcmp(item->list, list) == 0 && strcmp(item->id, id) == 0)
			return last->next;
	}
	if (!list_grow(arena, &profile->message.items, profile->message.n_items,
			    &profile->item_capacity))
		return NULL;
	arena->exhausted = false;
	facts = ARENA_NEW(arena, struct pcalc_facts);
	item = ARENA_NEW(arena, Policycalc__V1__Item);
	if (!facts || !item)
		return NULL;
	policycalc__v1__item__init(item);
	item->list = text_keep(arena, list);
	item->id = item->list ? text_keep(arena, id) : NULL;
	if (!item->list || !item->id)
		return NULL;
	*facts = (struct pcalc_facts){ .arena = arena,
		.list = &item->attributes,
		.count = &item->n_attributes,
		.item = item };
	last->next = facts;
	profile->message.items[profile->message.n_items++] = item;
	return facts;
}

enum pcalc_code pcalc_profile_complete_list(pcalc_profile *profile, const char *list)
{
	Policycalc__V1__Profile *message = &profile->message;
	size_t capacity = message->n_complete_lists;
	char *copy;

	if (!name_is_usable(list))
		return PCALC_INVALID_ARGUMENT;
	for (size_t i = 0; i < message->n_complete_lists; i++)
		if (strcmp(message->complete_lists[i], list) == 0)
			return PCALC_OK;
	copy = text_keep(&profile->arena, list);
	if (!copy || !list_grow(&profile->arena, &message->complete_lists,
				     message->n_complete_lists, &capacity))
		return PCALC_OUT_OF_MEMORY;
	message->complete_lists[message->n_complete_lists++] = copy;
	return PCALC_OK;
}

/* Takes @value into the profile's arena: all that it points to must live there already. */
static enum pcalc_code facts_set(pcalc_facts *facts, const char *name, const char *period,
		const Policycalc__V1__Value *value)
{
	Policycalc__V1__AttributeValue *fact = NULL;
	Policycalc__V1__Value *kept;

	if (!name_is_usable(name) || (period && !text_is_utf8(period)))
		return PCALC_INVALID_ARGUMENT;
	if (!period)
		period = "";
	facts->arena->exhausted = false;
	kept = ARENA_NEW(facts->arena, Policycalc__V1__Value);
	if (!kept)
		return PCALC_OUT_OF_MEMORY;
	*kept = *value;
	for (size_t i = 0; i < *facts->count; i++) {
		fact = (*facts->list)[i];
		if (strcmp(fact->name, name) == 0 && strcmp(fact->period, period) == 0) {
			fact->value = kept;
			return PCALC_OK;
		}
	}
	if (!list_grow(facts->arena, facts->list, *facts->count, &facts->capacity))
		return PCALC_OUT_OF_MEMORY;
	facts->arena->exhausted = false;
	fact = ARENA_NEW(facts->arena, Policycalc__V1__AttributeValue);
	if (!fact)
		return PCALC_OUT_OF_MEMORY;
	policycalc__v1__attribute_value__init(fact);
	fact->name = text_keep(facts->arena, name);
	fact->period = fact->name ? text_keep(facts->arena, period) : NULL;
	if (!fact->period)
		return PCALC_OUT_OF_MEMORY;
	fact->value = kept;
	(*facts->list)[(*facts->count)++] = fact;
	return PCALC_OK;
}

enum pcalc_code pcalc_set_money_fen(
		pcalc_facts *facts, const char *name, const char *period, int64_t fen)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	value.money_fen = fen;
	return facts_set(facts, name, period, &value);
}

enum pcalc_code pcalc_set_ratio_ppm(
		pcalc_facts *facts, const char *name, const char *period, int64_t ppm)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
	value.ratio_ppm = ppm;
	return facts_set(facts, name, period, &value);
}

enum pcalc_code pcalc_set_count(
		pcalc_facts *facts, const char *name, const char *period, int64_t count)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	value.count = count;
	return facts_set(facts, name, period, &value);
}

enum pcalc_code pcalc_set_flag(pcalc_facts *facts, const char *name, bool flag)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	value.flag = flag;
	return facts_set(facts, name, NULL, &value);
}

/* The three kinds whose value is one text; @field is that of @value. */
static enum pcalc_code facts_set_text(pcalc_facts *facts, const char *name,
		Policycalc__V1__Value *value, char **field, const char *text)
{
	if (!text || !text_is_utf8(text))
		return PCALC_INVALID_ARGUMENT;
	*field = text_keep(facts->arena, text);
	return *field ? facts_set(facts, name, NULL, value) : PCALC_OUT_OF_MEMORY;
}

enum pcalc_code pcalc_set_code(pcalc_facts *facts, const char *name, const char *code)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
	return facts_set_text(facts, name, &value, &value.code, code);
}

enum pcalc_code pcalc_set_date(pcalc_facts *facts, const char *name, const char *date)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
	return facts_set_text(facts, name, &value, &value.date, date);
}

enum pcalc_code pcalc_set_text(pcalc_facts *facts, const char *name, const char *text)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	value.kind_case = POLICYCALC__V1__VALUE__KIND_TEXT;
	return facts_set_text(facts, name, &value, &value.text, text);
}

enum pcalc_code pcalc_set_codes(
		pcalc_facts *facts, const char *name, const char *const *codes, size_t count)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__CodeList *list;

	facts->arena->exhausted = false;
	list = ARENA_NEW(facts->arena, Policycalc__V1__CodeList);
	if (!list)
		return PCALC_OUT_OF_MEMORY;
	policycalc__v1__code_list__init(list);
	list->codes = ARENA_NEW_ARRAY(facts->arena, char *, count);
	if (!list->codes)
		return PCALC_OUT_OF_MEMORY;
	for (; list->n_codes < count; list->n_codes++) {
		if (!codes[list->n_codes] || !text_is_utf8(codes[list->n_codes]))
			return PCALC_INVALID_ARGUMENT;
		list->codes[list->n_codes] = text_keep(facts->arena, codes[list->n_codes]);
		if (!list->codes[list->n_codes])
			return PCALC_OUT_OF_MEMORY;
	}
	value.kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
	value.codes = list;
	return facts_set(facts, name, NULL, &value);
}

enum pcalc_code pcalc_set_titles(pcalc_facts *facts, const char *name,
		const struct pcalc_title *titles, size_t count)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__TitleList *list;
	Policycalc__V1__TitleList__Title *kept;

	facts->arena->exhausted = false;
	list = ARENA_NEW(facts->arena, Policycalc__V1__TitleList);
	kept = ARENA_NEW_ARRAY(facts->arena, Policycalc__V1__TitleList__Title, count);
	if (!list || !kept)
		return PCALC_OUT_OF_MEMORY;
	policycalc__v1__title_list__init(list);
	list->titles = ARENA_NEW_ARRAY(facts->arena, Policycalc__V1__TitleList__Title *, count);
	if (!list->titles)
		return PCALC_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++, kept++) {
		if (!name_is_usable(titles[i].code) || !titles[i].valid_until ||
				!text_is_utf8(titles[i].valid_until))
			return PCALC_INVALID_ARGUMENT;
		policycalc__v1__title_list__title__init(kept);
		kept->code = text_keep(facts->arena, titles[i].code);
		kept->valid_until = kept->code ? text_keep(facts->arena, titles[i].valid_until)
					       : NULL;
		if (!kept->valid_until)
			return PCALC_OUT_OF_MEMORY;
		list->titles[list->n_titles++] = kept;
	}
	value.kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
	value.titles = list;
	return facts_set(facts, name, NULL, &value);
}

enum pcalc_code pcalc_set_money_series(pcalc_facts *facts, const char *name,
		const struct pcalc_point *points, size_t count)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__Series *series;
	Policycalc__V1__Series__Point *kept;

	facts->arena->exhausted = false;
	series = ARENA_NEW(facts->arena, Policycalc__V1__Series);
	kept = ARENA_NEW_ARRAY(facts->arena, Policycalc__V1__Series__Point, count);
	if (!series || !kept)
		return PCALC_OUT_OF_MEMORY;
	policycalc__v1__series__init(series);
	series->points = ARENA_NEW_ARRAY(facts->arena, Policycalc__V1__Series__Point *, count);
	if (!series->points)
		return PCALC_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++, kept++) {
		if (!name_is_usable(points[i].period))
			return PCALC_INVALID_ARGUMENT;
		policycalc__v1__series__point__init(kept);
		kept->value = points[i].value;
		kept->period = text_keep(facts->arena, points[i].period);
		if (!kept->period)
			return PCALC_OUT_OF_MEMORY;
		series->points[series->n_points++] = kept;
	}
	value.kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_SERIES;
	value.money_series = series;
	return facts_set(facts, name, NULL, &value);
}

void pcalc_unset(pcalc_facts *facts, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; name && i < *facts->count; i++)
		if (strcmp((*facts->list)[i]->name, name) != 0)
			(*facts->list)[kept++] = (*facts->list)[i];
	if (name)
		*facts->count = kept;
}
