/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile read into slots, and judged: every wrong value is reported with its path, and none of
 * them is repeated in a message. What is wrong stays unknown, so that reading can go on to the end.
 */
#include "calculator/profile.h"
#include "base/uscc.h"
#include "calculator/period.h"
#include "proto/codec/value_text.h"

#include <string.h>

/* "profile.attributes[3].value", "profile.items[2].attributes[0].name" */
const char *reading_path(const struct reading *reading, const char *field)
{
	if (reading->item < 0)
		return arena_format(reading->arena, "profile.attributes[%zu].%s",
				reading->attribute, field);
	return arena_format(reading->arena, "profile.items[%d].attributes[%zu].%s",
			reading->item, reading->attribute, field);
}

bool reading_violate(const struct reading *reading, const char *field, const char *description)
{
	findings_violate(reading->findings, reading_path(reading, field), description);
	return false;
}

/* --- attributes ------------------------------------------------------------------------------- */

/* How many periods before the last full one of the day the value is; false when it is wrong. */
static bool period_read(const struct reading *reading, const struct entry *entry,
		const char *text, int64_t *out_number, int64_t *out_back)
{
	Policycalc__V1__Period period;
	int64_t number = 0;

	*out_number = 0;
	*out_back = 0;
	if (!entry->is_dated) {
		if (*text)
			return reading_violate(reading, "period",
					value_type_is_series(entry->type)
							? "a series carries its periods itself"
							: "this attribute is a state and has "
							  "no period");
		return true;
	}
	period = entry->attribute->period;
	if (!*text)
		number = period_of_date(period, reading->date) - 1;
	else if (!period_parse(period, text, &number))
		return reading_violate(reading, "period",
				arena_format(reading->arena, "is not in the form %s",
						period_form(period)));
	*out_number = number;
	*out_back = period_of_date(period, reading->facts->as_of) - 1 - number;
	return true;
}

/* Whether this period of the attribute has not been sent before. */
static bool seen_add(struct reading *reading, const struct entry *entry, int64_t period)
{
	struct seen *seen;

	for (seen = reading->seen[entry->index]; seen && seen->item == reading->item;
			seen = seen->next) {
		if (seen->period == period)
			return reading_violate(reading, "name",
					"the attribute stands there twice for the same period");
	}
	seen = reading->seen_room++;
	seen->item = reading->item;
	seen->period = period;
	seen->next = reading->seen[entry->index];
	reading->seen[entry->index] = seen;
	return true;
}

static void unknown_name(struct reading *reading, const char *name)
{
	const char *near = name_suggest(slice_from(name),
			reading->ruleset->entry_name_list[reading->list],
			reading->ruleset->entry_count[reading->list]);
	const char *message =
			near ? arena_format(reading->arena,
					       "no such attribute; did you mean %s?", near)
			     : "no such attribute";

	if (reading->strict)
		reading_violate(reading, "name", message);
	else
		findings_warn(reading->findings, "UNKNOWN_ATTRIBUTE",
				reading_path(reading, "name"), message);
}

static void deprecated_name(struct reading *reading, const Policycalc__V1__Attribute *attribute)
{
	const char *message =
			*attribute->deprecated_note
					? arena_format(reading->arena, "no longer used: %s",
							  attribute->deprecated_note)
					: "no longer used";

	if (reading->strict)
		reading_violate(reading, "name", message);
	else
		findings_warn(reading->findings, "DEPRECATED_ATTRIBUTE",
				reading_path(reading, "name"), message);
}

/* Room for what is noted of the @count attributes of a list. */
static bool seen_reserve(struct reading *reading, size_t count)
{
	reading->seen_room = arena_alloc(reading->arena, count * sizeof(*reading->seen_room));
	return reading->seen_room;
}

/* A figure or a flag as it should be, which most are; of all else value_read() knows, and of what is wrong. */
static inline bool value_take(const struct entry *entry, const Policycalc__V1__Value *from,
		struct value *out_value)
{
	int64_t figure;

	if (!value_fits_type(from, entry->type))
		return false;
	switch ((int)from->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		figure = from->money_fen;
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		figure = from->ratio_ppm;
		break;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		figure = from->count;
		break;
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		*out_value = (struct value){ .kind = VALUE_BOOL, .boolean = from->flag };
		return true;
	default:
		return false;
	}
	*out_value = (struct value){ .kind = VALUE_INT, .integer = figure };
	return figure >= entry->minimum && figure <= entry->maximum;
}

/* The entry of a name: mostly the one that came behind the one before last time, too. */
static const struct entry *entry_find(struct reading *reading, const char *name)
{
	struct entry *before = reading->before;
	const struct entry *follower =
			before ? atomic_load_explicit(&before->follower, memory_order_relaxed)
			       : NULL;
	struct entry *found;

	if (follower && strcmp(follower->attribute->name, name) == 0) {
		reading->before = (struct entry *)(uintptr_t)follower;
		return follower;
	}
	found = map_find(&reading->ruleset->entry_names[reading->list], slice_from(name));
	if (before && found && !follower)
		atomic_store_explicit(&before->follower, found, memory_order_relaxed);
	reading->before = found;
	return found;
}

static void attribute_read(struct reading *reading, const Policycalc__V1__AttributeValue *from)
{
	const struct entry *entry = entry_find(reading, from->name);
	size_t first = reading->list == LIST_ENTERPRISE ? 0 : reading->ruleset->base_count;
	struct value value;
	int64_t period;
	int64_t back;
	bool foreign = false;

	if (!entry) {
		unknown_name(reading, from->name);
		return;
	}
	if (entry->is_deprecated)
		deprecated_name(reading, entry->attribute);
	if (!period_read(reading, entry, from->period, &period, &back) ||
			!seen_add(reading, entry, period) ||
			(!value_take(entry, from->value, &value) &&
					!value_read(reading, entry, from->value, &value,
							&foreign)))
		return;
	if (foreign)
		findings_warn(reading->findings, "UNKNOWN_REGION",
				reading_path(reading, "value.code"),
				"not in the table of regions; taken to lie outside of them");
	for (size_t i = 0; i < entry->variant_count; i++) {
		if (entry->variants[i].window != WINDOW_NONE) {
			reading->values[(size_t)entry->variants[i].slot - first] =
					series_window(reading, entry, from->value,
							&entry->variants[i]);
			continue;
		}
		if ((int64_t)entry->variants[i].back != back)
			continue;
		reading->values[(size_t)entry->variants[i].slot - first] = value;
		if (entry->is_derived)
			slot_bits_put(reading->supplied, entry->variants[i].slot);
		if (foreign && reading->item < 0)
			slot_bits_put(reading->facts->foreign, entry->variants[i].slot);
	}
}

/* --- items ------------------------------------------------------------------------------------ */

static bool items_count(struct reading *reading, const Policycalc__V1__Profile *profile)
{
	struct facts *facts = reading->facts;
	size_t counts[LIST_COUNT] = { 0 };

	for (size_t i = 0; i < profile->n_items; i++) {
		enum item_list list = item_list_find(profile->items[i]->list);

		if (list != LIST_COUNT)
			counts[list]++;
	}
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		facts->items[list] = ARENA_NEW_ARRAY(
				reading->arena, struct item_facts, counts[list] + 1);
		if (!facts->items[list])
			return false;
	}
	for (size_t i = 0; i < profile->n_complete_lists; i++) {
		enum item_list list = item_list_find(profile->complete_lists[i]);

		if (list == LIST_COUNT || list == LIST_ENTERPRISE)
			findings_violate(reading->findings,
					arena_format(reading->arena,
							"profile.complete_lists[%zu]", i),
					"a list is projects, loans or hires");
		else
			facts->complete[list] = true;
	}
	return true;
}

static bool item_read(struct reading *reading, const Policycalc__V1__Item *from, size_t index)
{
	struct facts *facts = reading->facts;
	enum item_list list = item_list_find(from->list);
	struct item_facts *item;
	size_t slots;

	if (list == LIST_COUNT || list == LIST_ENTERPRISE) {
		findings_violate(reading->findings,
				arena_format(reading->arena, "profile.items[%zu].list", index),
				"a list is projects, loans or hires");
		return true;
	}
	slots = reading->ruleset->slot_count[list];
	item = &facts->items[list][facts->item_count[list]++];
	item->values = ARENA_NEW_ARRAY(reading->arena, struct value, slots + 1);
	item->gaps = ARENA_NEW_ARRAY(reading->arena, uint64_t *, slots + 1);
	item->id = *from->id ? from->id
			     : arena_format(reading->arena, "%zu", facts->item_count[list]);
	if (!item->values || !item->gaps || !item->id)
		return false;
	if (reading->ruleset->derivation_count[list]) {
		item->supplied = facts_new_set(facts);
		if (!item->supplied)
			return false;
		reading->supplied = item->supplied;
	}
	for (size_t i = 0; i + 1 < facts->item_count[list]; i++) {
		if (strcmp(facts->items[list][i].id, item->id) == 0) {
			findings_violate(reading->findings,
					arena_format(reading->arena, "profile.items[%zu].id",
							index),
					"an item of this list has the same id");
			break;
		}
	}
	if (from->n_attributes > ATTRIBUTES_MOST) {
		findings_violate(reading->findings,
				arena_format(reading->arena, "profile.items[%zu].attributes",
						index),
				"holds more than 1000 attributes");
		return true;
	}
	if (!seen_reserve(reading, from->n_attributes))
		return false;
	reading->item = (int)index;
	reading->list = list;
	reading->before = NULL;
	reading->values = item->values;
	for (size_t i = 0; i < from->n_attributes; i++) {
		reading->attribute = i;
		attribute_read(reading, from->attributes[i]);
	}
	return true;
}

/* What an item derives may read what the enterprise does, and that may read the items as sent. */
static void items_derive(struct reading *reading)
{
	struct facts *facts = reading->facts;

	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		size_t slots = reading->ruleset->slot_count[list];

		for (size_t i = 0; i < facts->item_count[list]; i++) {
			struct item_facts *item = &facts->items[list][i];

			facts_enter_item(facts, list, item);
			facts_derive(facts, list);
			memcpy(item->values, facts->values + reading->ruleset->base_count,
					slots * sizeof(*item->values));
			memcpy(item->gaps, facts->gaps + reading->ruleset->base_count,
					slots * sizeof(*item->gaps));
		}
	}
}

/* --- all -------------------------------------------------------------------------------------- */

static void derived_compare(struct reading *reading, const Policycalc__V1__Profile *profile)
{
	const struct ruleset *ruleset = reading->ruleset;

	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];

		if (!slot_bits_has(reading->supplied, derivation->slot) ||
				!facts_derived_differs(reading->facts, derivation))
			continue;
		for (size_t k = 0; k < profile->n_attributes; k++) {
			if (strcmp(profile->attributes[k]->name, derivation->attribute->name) !=
					0)
				continue;
			reading->attribute = k;
			findings_warn(reading->findings, "DERIVED_DIFFERS",
					reading_path(reading, "value"),
					"differs from what follows from the other attributes; "
					"the "
					"value sent is used");
			break;
		}
	}
}

static bool set_holds(const uint64_t *set, const uint64_t *other, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if (other[i] & ~set[i])
			return false;
	}
	return true;
}

/*
 * What may be asked for: all of it is behind what will be read, or behind what was supplied though it is derived, which
 * is compared with what its rule makes of the others. false when memory is short.
 */
static bool enterprise_derive(struct reading *reading)
{
	const struct ruleset *ruleset = reading->ruleset;
	uint64_t **bases = ruleset->bases[LIST_ENTERPRISE];
	uint64_t *reads;

	if (!reading->reads) {
		facts_derive(reading->facts, LIST_ENTERPRISE);
		return true;
	}
	reads = facts_new_set(reading->facts);
	if (!reads)
		return false;
	memcpy(reads, reading->reads, ruleset->set_words * sizeof(*reads));
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		int slot = ruleset->derivations[LIST_ENTERPRISE][i].slot;

		for (size_t k = 0; slot_bits_has(reading->supplied, slot) &&
				   k < ruleset->set_words;
				k++)
			reads[k] |= bases[slot][k];
	}
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];

		if (set_holds(reads, bases[derivation->slot], ruleset->set_words))
			facts_derive_one(reading->facts, LIST_ENTERPRISE, derivation);
	}
	return true;
}

static bool profile_read(struct reading *reading, const Policycalc__V1__Profile *profile)
{
	if (*profile->uscc) {
		switch (uscc_check(slice_from(profile->uscc))) {
		case USCC_MALFORMED:
			findings_violate(reading->findings, "profile.uscc",
					"is not 18 characters of digits and capital letters "
					"(no I, "
					"O, S, V, Z) with six digits of a registering "
					"authority");
			break;
		case USCC_BAD_CHECK_DIGIT:
			findings_warn(reading->findings, "USCC_CHECK_DIGIT", "profile.uscc",
					"the check digit does not fit the other characters");
			break;
		case USCC_OK:
		default:
			break;
		}
	}
	if (*profile->date && !date_parse(slice_from(profile->date), &reading->date))
		findings_violate(reading->findings, "profile.date",
				"is not a day in the form YYYY-MM-DD");
	if (profile->n_attributes > ATTRIBUTES_MOST) {
		findings_violate(reading->findings, "profile.attributes",
				"holds more than 1000 attributes");
		return true;
	}
	if (profile->n_items > ITEMS_MOST) {
		findings_violate(reading->findings, "profile.items",
				"holds more than 1000 items");
		return true;
	}
	if (!seen_reserve(reading, profile->n_attributes))
		return false;
	for (size_t i = 0; i < profile->n_attributes; i++) {
		reading->attribute = i;
		attribute_read(reading, profile->attributes[i]);
	}
	if (!items_count(reading, profile))
		return false;
	for (size_t i = 0; i < profile->n_items; i++) {
		if (!item_read(reading, profile->items[i], i))
			return false;
	}
	reading->item = -1; /* the enterprise again */
	reading->supplied = reading->facts->supplied;
	if (!enterprise_derive(reading))
		return false;
	derived_compare(reading, profile);
	items_derive(reading);
	return true;
}

struct facts *facts_read_for(const struct ruleset *ruleset, const struct epoch *epoch,
		const Policycalc__V1__Profile *profile, struct date as_of, bool strict,
		const uint64_t *reads, struct arena *arena, struct findings *findings)
{
	struct facts *facts = ARENA_NEW(arena, struct facts);
	struct reading reading = {
		.facts = facts,
		.findings = findings,
		.arena = arena,
		.ruleset = ruleset,
		.date = as_of,
		.strict = strict,
		.reads = reads,
		.item = -1,
		.list = LIST_ENTERPRISE,
	};
	const Policycalc__V1__Profile nothing = POLICYCALC__V1__PROFILE__INIT;
	struct timestamp day = timestamp_from_date(as_of, DATE_CHINA_OFFSET);

	if (!facts)
		return NULL;
	facts->ruleset = ruleset;
	facts->epoch = epoch;
	facts->arena = arena;
	facts->as_of = as_of;
	facts->values = arena_alloc(arena, (ruleset->most_slots + 1) * sizeof(*facts->values));
	facts->gaps = ARENA_NEW_ARRAY(arena, uint64_t *, ruleset->most_slots + 1);
	facts->foreign = facts_new_set(facts);
	reading.seen = ARENA_NEW_ARRAY(arena, struct seen *, ruleset->entry_total + 1);
	reading.supplied = facts_new_set(facts);
	if (!facts->values || !facts->gaps || !facts->foreign || !reading.seen ||
			!reading.supplied)
		return NULL;
	memcpy(facts->values, epoch->values,
			(ruleset->most_slots + 1) * sizeof(*facts->values));
	facts->values[ruleset->as_of_slot] = (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { .seconds = day.seconds, .nanos = day.nanos } };
	facts->evaluation = (struct evaluation){
		.values = facts->values,
		.value_count = ruleset->most_slots,
		.regions = ruleset->regions,
		.arena = arena,
	};
	facts->supplied = reading.supplied;
	reading.values = facts->values;
	if (!profile)
		profile = &nothing;
	return profile_read(&reading, profile) ? facts : NULL;
}

struct facts *facts_read(const struct ruleset *ruleset, const struct epoch *epoch,
		const Policycalc__V1__Profile *profile, struct date as_of, bool strict,
		struct arena *arena, struct findings *findings)
{
	return facts_read_for(ruleset, epoch, profile, as_of, strict, NULL, arena, findings);
}
