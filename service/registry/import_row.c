/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row becomes a record: every value is judged by the dictionary and encoded with its period. What is
 * wrong is told with its field, and the row is not taken; the rest of it is judged nevertheless.
 *
 * Rows of one import look alike, so that an attribute is looked up once and then only compared with what
 * stood there before.
 */
#include "registry/import_internal.h"

#include "base/memory.h"
#include "base/uscc.h"
#include "calculator/period.h"

#include <string.h>

#define ATTRIBUTES_MOST 1000
#define COLUMN_REACH 64 /* how many columns a row may lack in a row */
#define ITEMS_MOST 1000
#define ID_SIZE_MOST 200
#define VALUE_SIZE_MOST ((size_t)64 << 10)

/* --- attributes ------------------------------------------------------------------------------ */

/* "staff", "revenue@2025", "invested@projects/p1", ... */
static const char *field_name(struct import *import,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item)
{
	const char *at = *attribute->period ? "@" : "";

	if (item)
		return arena_format(&import->scratch, "%.100s@%.20s/%.100s", attribute->name,
				item->list, item->id);
	return arena_format(&import->scratch, "%.100s%s%.20s", attribute->name, at,
			attribute->period);
}

static void reject_name(
		struct import *import, const char *field, const char *list, const char *name)
{
	const char *near = ruleset_suggest_attribute(import->ruleset, list, name);
	const char *message = "no such attribute";

	if (near)
		message = arena_format(
				&import->scratch, "no such attribute; did you mean %s?", near);
	import_reject(import, field, "UNKNOWN_ATTRIBUTE",
			message ? message : "no such attribute");
}

/* The attribute under its name, and its number. false: it is none, and told; or memory is short. */
static bool find_column(struct import *import, const char *list,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item, struct column *column)
{
	struct names *names = &import->registry->names;
	const Policycalc__V1__Attribute *known;

	column->entry = ruleset_find_entry(import->ruleset, list, attribute->name);
	if (!column->entry) {
		reject_name(import, field_name(import, attribute, item), list, attribute->name);
		return false;
	}
	known = entry_attribute(column->entry);
	column->name = names_find(names, list, attribute->name);
	if (!column->name)
		column->name = names_add(names, slice_from(list), slice_from(attribute->name),
				known->period);
	if (!column->name) {
		import->scratch.exhausted = true;
		column->entry = NULL;
		return false;
	}
	if (column->name->period != known->period) {
		import_reject(import, field_name(import, attribute, item), "WRONG_PERIOD",
				"the registry knows this attribute with other periods");
		column->entry = NULL;
		return false;
	}
	return true;
}

/*
 * The column of an attribute of the enterprise. Those of the rows so far are kept in their order, and a
 * row is walked along them from @cursor: it may lack some. One that is new gets its place there; when
 * there are too many of them it is looked up into @other each time.
 */
static struct column *enterprise_column(struct import *import, size_t *cursor,
		const Policycalc__V1__AttributeValue *attribute, struct column *other)
{
	struct column *list = import->columns;
	size_t at = *cursor;

	for (; at < import->column_count && at < *cursor + COLUMN_REACH; at++) {
		if (strcmp(list[at].name->name, attribute->name) != 0)
			continue;
		*cursor = at + 1;
		return &list[at];
	}
	if (!find_column(import, "", attribute, NULL, other))
		return NULL;
	if (import->column_count == COLUMNS_MOST)
		return other;
	at = *cursor;
	memmove(&list[at + 1], &list[at], (import->column_count - at) * sizeof(*list));
	list[at] = *other;
	import->column_count++;
	*cursor = at + 1;
	return &list[at];
}

static void tell_outcome(struct import *import, enum supplied_outcome outcome,
		const char *field, const char *why)
{
	if (!why)
		why = "not as the dictionary wants it";
	switch (outcome) {
	case SUPPLIED_OK:
		break;
	case SUPPLIED_FOREIGN_REGION:
		import_warn(import, import->row, field, "UNKNOWN_REGION", why);
		break;
	case SUPPLIED_NOT_OVER:
		import_warn(import, import->row, field, "PERIOD_NOT_OVER", why);
		break;
	case SUPPLIED_WRONG_PERIOD:
		import_reject(import, field, "WRONG_PERIOD", why);
		break;
	case SUPPLIED_FUTURE_PERIOD:
		import_reject(import, field, "FUTURE_PERIOD", why);
		break;
	case SUPPLIED_WRONG_TYPE:
		import_reject(import, field, "WRONG_TYPE", why);
		break;
	case SUPPLIED_WRONG_VALUE:
		import_reject(import, field, "WRONG_VALUE", why);
		break;
	}
}

static bool is_taken(enum supplied_outcome outcome)
{
	return outcome == SUPPLIED_OK || outcome == SUPPLIED_FOREIGN_REGION ||
	       outcome == SUPPLIED_NOT_OVER;
}

/* A fact whose value stands in import->values, at an offset: the buffer may still move. */
struct draft {
	struct fact fact;
	size_t at;
};

static void stage_attribute(struct import *import, const struct column *column,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item, struct draft *draft, size_t *count)
{
	const char *why;
	int64_t period;
	enum supplied_outcome outcome =
			supplied_check(import->judge, column->entry, attribute, &period, &why);

	if (outcome != SUPPLIED_OK)
		tell_outcome(import, outcome, field_name(import, attribute, item), why);
	if (entry_attribute(column->entry)->deprecated)
		import_warn(import, import->row, field_name(import, attribute, item),
				"DEPRECATED_ATTRIBUTE", "no longer used");
	if (!is_taken(outcome))
		return;
	draft->at = import->values.size;
	record_encode_value(attribute->value, column->name->period, &import->values);
	draft->fact = (struct fact){
		.attribute = column->name->id,
		.supply = import->supply.id,
		.period = period,
		.value.size = import->values.size - draft->at,
	};
	if (draft->fact.value.size > VALUE_SIZE_MOST)
		import_reject(import, field_name(import, attribute, item), "WRONG_VALUE",
				"is longer than 64 KiB");
	(*count)++;
}

static bool is_before(const struct fact *a, const struct fact *b)
{
	return a->attribute < b->attribute ||
	       (a->attribute == b->attribute && a->period < b->period);
}

/* Puts the facts in order; they mostly are. The same twice is told. */
static bool settle_facts(struct import *import, const struct draft *drafts, size_t count,
		const Policycalc__V1__Item *item, struct fact_list *out)
{
	out->list = arena_alloc(&import->scratch, count * sizeof(*out->list));
	out->count = 0;
	if (!out->list)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct fact fact = drafts[i].fact;
		size_t at = out->count++;

		fact.value.data = import->values.data + drafts[i].at;
		for (; at > 0 && is_before(&fact, &out->list[at - 1]); at--)
			out->list[at] = out->list[at - 1];
		out->list[at] = fact;
		if (at > 0 && !is_before(&out->list[at - 1], &fact)) {
			const struct name *name =
					names_get(&import->registry->names, fact.attribute);

			import_reject(import,
					item ? arena_format(&import->scratch, "%s@%.20s/%.100s",
							       name->name, item->list, item->id)
					     : name->name,
					"TWICE", "stands there twice for the same period");
		}
	}
	return true;
}

static bool stage_attributes(struct import *import, Policycalc__V1__AttributeValue **list,
		size_t count, const Policycalc__V1__Item *item, struct fact_list *out)
{
	struct draft *drafts = arena_alloc(&import->scratch, count * sizeof(*drafts));
	size_t cursor = 0;
	size_t kept = 0;

	if (!drafts)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct column other = { 0 };
		struct column *column = &other;

		if (!item)
			column = enterprise_column(import, &cursor, list[i], &other);
		else if (!find_column(import, item->list, list[i], item, &other))
			column = NULL;
		if (column)
			stage_attribute(import, column, list[i], item, &drafts[kept], &kept);
		if (import->scratch.exhausted)
			return false;
	}
	return !import->values.failed && settle_facts(import, drafts, kept, item, out);
}

/* --- items ----------------------------------------------------------------------------------- */

static int order_items(const struct record_item *a, const struct record_item *b)
{
	int order = slice_compare(a->list, b->list);

	return order ? order : slice_compare(a->id, b->id);
}

static bool stage_item(struct import *import, const Policycalc__V1__Profile *profile, size_t at,
		struct record *record)
{
	const Policycalc__V1__Item *from = profile->items[at];
	struct record_item item = { slice_from(from->list), slice_from(from->id), { 0 } };
	size_t place = record->item_count;

	if (!item_list_is_known(from->list)) {
		import_reject(import, arena_format(&import->scratch, "items[%zu].list", at),
				"UNKNOWN_LIST", "a list is projects, loans or hires");
		return true;
	}
	if (item.id.size == 0 || item.id.size > ID_SIZE_MOST) {
		import_reject(import, arena_format(&import->scratch, "items[%zu].id", at),
				"WRONG_ID",
				"1 to 200 bytes: the next import finds the item by it");
		return true;
	}
	if (from->n_attributes > ATTRIBUTES_MOST) {
		import_reject(import, arena_format(&import->scratch, "items[%zu]", at),
				"TOO_MANY", "holds more than 1000 attributes");
		return true;
	}
	if (!stage_attributes(import, from->attributes, from->n_attributes, from, &item.facts))
		return false;
	for (; place > 0 && order_items(&item, &record->items[place - 1]) < 0; place--)
		record->items[place] = record->items[place - 1];
	if (place > 0 && order_items(&item, &record->items[place - 1]) == 0)
		import_reject(import, arena_format(&import->scratch, "items[%zu].id", at),
				"TWICE", "an item of this list has the same id");
	record->items[place] = item;
	record->item_count++;
	return true;
}

static bool stage_items(struct import *import, const Policycalc__V1__Profile *profile,
		struct record *record)
{
	record->items = arena_alloc(
			&import->scratch, profile->n_items * sizeof(*record->items));
	record->complete = arena_alloc(&import->scratch,
			profile->n_complete_lists * sizeof(*record->complete));
	if (!record->items || !record->complete)
		return false;
	for (size_t i = 0; i < profile->n_complete_lists; i++) {
		struct slice list = slice_from(profile->complete_lists[i]);
		bool is_new = true;

		if (!item_list_is_known(list.data)) {
			import_reject(import,
					arena_format(&import->scratch, "complete_lists[%zu]",
							i),
					"UNKNOWN_LIST", "a list is projects, loans or hires");
			continue;
		}
		for (size_t k = 0; k < record->complete_count; k++)
			is_new &= !slice_equals(record->complete[k].list, list);
		if (is_new)
			record->complete[record->complete_count++] =
					(struct record_complete){ list, import->supply.id };
	}
	for (size_t i = 0; i < profile->n_items; i++) {
		if (!stage_item(import, profile, i, record))
			return false;
	}
	return true;
}

/* --- the row --------------------------------------------------------------------------------- */

static void check_uscc(struct import *import, const char *uscc)
{
	switch (uscc_check(slice_from(uscc))) {
	case USCC_MALFORMED:
		import_reject(import, "uscc", *uscc ? "WRONG_USCC" : "NO_USCC",
				"is not 18 characters of digits and capital letters (no I, O, "
				"S, V,"
				" Z) with six digits of a registering authority");
		break;
	case USCC_BAD_CHECK_DIGIT:
		import_warn(import, import->row, "uscc", "CHECK_DIGIT",
				"the check digit does not fit the other characters");
		break;
	case USCC_OK:
		break;
	}
}

static struct staged *staged_add(struct import *import)
{
	if (import->staged_count == import->staged_capacity) {
		size_t capacity = import->staged_capacity ? import->staged_capacity * 2 : 1024;
		struct staged *grown = memory_resize(import->staged, capacity * sizeof(*grown));

		if (!grown)
			return NULL;
		import->staged = grown;
		import->staged_capacity = capacity;
	}
	return &import->staged[import->staged_count];
}

/*
 * Facts borrow from import->values, which may not move while items are added to it: no value is twice
 * as long as on the wire.
 */
static size_t values_most(const Policycalc__V1__Profile *profile)
{
	return protobuf_c_message_get_packed_size(&profile->base) * 2 + 64;
}

static bool stage_record(struct import *import, const Policycalc__V1__Profile *profile,
		struct staged *staged)
{
	struct record record = { 0 };

	buffer_clear(&import->values);
	if (profile->n_items && !buffer_reserve(&import->values, values_most(profile)))
		return false;
	if (!stage_attributes(import, profile->attributes, profile->n_attributes, NULL,
			    &record.facts) ||
			!stage_items(import, profile, &record))
		return false;
	if (import->is_rejected)
		return true;
	staged->at = import->records.size;
	record_encode(&record, &import->records);
	staged->size = import->records.size - staged->at;
	return !import->records.failed;
}

bool import_stage(struct import *import, const Policycalc__V1__Profile *profile, int64_t row,
		struct error *err)
{
	struct staged *staged = staged_add(import);

	import->row = row;
	import->is_rejected = false;
	import->answer.rows++;
	if (!staged)
		return error_set(err, ERROR_MEMORY, "out of memory while reading rows");
	check_uscc(import, profile->uscc);
	if (profile->n_attributes > ATTRIBUTES_MOST || profile->n_items > ITEMS_MOST)
		import_reject(import, "", "TOO_MANY",
				"holds more than 1000 attributes, or more than 1000 items");
	else if (!stage_record(import, profile, staged))
		return error_set(err, ERROR_LIMIT, "out of memory while reading rows");
	arena_rewind(&import->scratch, import->row_mark);
	if (import->is_rejected) {
		import->answer.rejected++;
		return true;
	}
	memcpy(staged->uscc, profile->uscc, USCC_SIZE);
	staged->row = row;
	staged->order = (uint32_t)import->staged_count++;
	return true;
}

bool import_set_ruleset(struct import *import, struct ruleset *ruleset, struct error *err)
{
	if (import->ruleset == ruleset)
		return true;
	ruleset_unref(import->ruleset);
	import->ruleset = ruleset_ref(ruleset);
	import->column_count = 0;
	arena_fini(&import->scratch);
	/* One block for the judge and for most rows: rewinding to it frees nothing. */
	(void)arena_alloc(&import->scratch, (size_t)64 << 10);
	arena_reset(&import->scratch);
	import->judge = supplied_new(ruleset, import->day, &import->scratch);
	import->row_mark = arena_mark(&import->scratch);
	return import->judge || arena_error(&import->scratch, err, "beginning an import");
}
