/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row becomes a record: every value is judged by the dictionary and encoded with its period. What is
 * wrong is told with its field, and the row is not taken; the rest of it is judged nevertheless.
 *
 * Here a row is an unpacked message, of any shape; import_wire.c takes the usual ones off the wire.
 */
#include "registry/import_internal.h"

#include "base/memory.h"
#include "base/uscc.h"

#include <string.h>

#define ID_SIZE_MOST 200

static bool stage_attributes(struct import *import, Policycalc__V1__AttributeValue **list,
		size_t count, const Policycalc__V1__Item *item, struct fact_list *out)
{
	struct draft *drafts = arena_alloc(&import->scratch, count * sizeof(*drafts));
	size_t kept = 0;

	if (!drafts)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct column column = { 0 };

		if (import_find_column(import, item ? item->list : "", list[i], item, &column))
			import_stage_attribute(
					import, &column, list[i], item, &drafts[kept], &kept);
		if (import->scratch.exhausted)
			return false;
	}
	return !import->values.failed && import_settle_facts(import, drafts, kept, item, out);
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
	if (from->n_attributes > RECORD_FACTS_MOST) {
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

void import_check_uscc(struct import *import, struct slice uscc)
{
	switch (uscc_check(uscc)) {
	case USCC_MALFORMED:
		import_reject(import, "uscc", uscc.size ? "WRONG_USCC" : "NO_USCC",
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

bool import_enter_row(struct import *import, int64_t row)
{
	import->row = row;
	import->is_rejected = false;
	import->answer.rows++;
	return staged_add(import) != NULL;
}

void import_leave_row(struct import *import, struct slice uscc)
{
	struct staged *staged = &import->staged[import->staged_count];

	arena_rewind(&import->scratch, import->row_mark);
	if (import->is_rejected) {
		import->answer.rejected++;
		return;
	}
	memcpy(staged->uscc, uscc.data, USCC_SIZE);
	staged->row = import->row;
	staged->order = (uint32_t)import->staged_count++;
}

bool import_stage(struct import *import, const Policycalc__V1__Profile *profile,
		struct error *err)
{
	struct slice uscc = slice_from(profile->uscc);

	import_check_uscc(import, uscc);
	if (profile->n_attributes > RECORD_FACTS_MOST || profile->n_items > RECORD_ITEMS_MOST)
		import_reject(import, "", "TOO_MANY",
				"holds more than 1000 attributes, or more than 1000 items");
	else if (!stage_record(import, profile, &import->staged[import->staged_count]))
		return error_set(err, ERROR_LIMIT, "out of memory while reading rows");
	import_leave_row(import, uscc);
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
	(void)arena_reserve(&import->scratch, (size_t)64 << 10);
	import->judge = supplied_new(ruleset, import->day, &import->scratch);
	import->row_mark = arena_mark(&import->scratch);
	return import->judge || arena_error(&import->scratch, err, "beginning an import");
}
