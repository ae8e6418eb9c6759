/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/facts.h"

#include <string.h>

#define VIOLATIONS_MOST 100

/* --- findings --------------------------------------------------------------------------------- */

/* Room for one more of @size bytes each; false when there is none. */
static bool list_grow(
		struct arena *arena, void **list, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 8;
	void *grown;

	if (count < *capacity)
		return true;
	grown = arena_alloc_zero(arena, more, size);
	if (!grown)
		return false;
	if (count)
		memcpy(grown, *list, count * size);
	*list = grown;
	*capacity = more;
	return true;
}

void findings_violate(struct findings *findings, const char *field, const char *description)
{
	struct violations *violations = &findings->violations;

	if (!field || !description || violations->count == VIOLATIONS_MOST)
		return;
	if (!list_grow(findings->arena, (void **)&violations->list, violations->count,
			    &findings->violation_capacity, sizeof(*violations->list)))
		return;
	violations->list[violations->count++] = (struct violation){ field, description };
}

void findings_warn(struct findings *findings, const char *reason, const char *field,
		const char *message)
{
	Policycalc__V1__Warning *warning = ARENA_NEW(findings->arena, Policycalc__V1__Warning);

	if (!warning || !field || !message)
		return;
	if (!list_grow(findings->arena, (void **)&findings->warnings, findings->warning_count,
			    &findings->warning_capacity, sizeof(*findings->warnings)))
		return;
	policycalc__v1__warning__init(warning);
	warning->reason = (char *)reason;
	warning->field = (char *)field;
	warning->message = (char *)message;
	findings->warnings[findings->warning_count++] = warning;
}

/* --- values ----------------------------------------------------------------------------------- */

struct value value_from_date(const char *text)
{
	struct value value = { .kind = VALUE_UNKNOWN };
	struct timestamp timestamp;
	struct date date;

	if (!date_parse(slice_from(text), &date))
		return value;
	timestamp = timestamp_from_date(date, DATE_CHINA_OFFSET);
	value.kind = VALUE_TIMESTAMP;
	value.timestamp.seconds = timestamp.seconds;
	value.timestamp.nanos = timestamp.nanos;
	return value;
}

struct value value_from_codes(const Policycalc__V1__CodeList *codes, struct arena *arena)
{
	struct value value = { .kind = VALUE_UNKNOWN };
	struct value *items = ARENA_NEW_ARRAY(arena, struct value, codes->n_codes + 1);

	if (!items)
		return value;
	for (size_t i = 0; i < codes->n_codes; i++) {
		items[i].kind = VALUE_STRING;
		items[i].text = slice_from(codes->codes[i]);
	}
	value.kind = VALUE_LIST;
	value.list.items = items;
	value.list.count = codes->n_codes;
	return value;
}

/* --- sets ------------------------------------------------------------------------------------- */

uint64_t *facts_new_set(const struct facts *facts)
{
	return ARENA_NEW_ARRAY(facts->arena, uint64_t, facts->ruleset->set_words);
}

void facts_put_missing(const struct facts *facts, struct slot_set missing, uint64_t *bits)
{
	for (size_t i = 0; i < missing.count; i++) {
		int slot = missing.slots[i];
		const uint64_t *gap = facts->gaps[slot];

		if (!gap) {
			slot_bits_put(bits, slot);
			continue;
		}
		for (size_t k = 0; k < facts->ruleset->set_words; k++)
			bits[k] |= gap[k];
	}
}

bool facts_set_has_attributes(const struct facts *facts, const uint64_t *bits)
{
	for (size_t i = 0; i < facts->ruleset->set_words; i++) {
		if (bits[i] & ~facts->ruleset->parameter_mask[i])
			return true;
	}
	return false;
}

bool facts_set_has_parameters(const struct facts *facts, const uint64_t *bits)
{
	for (size_t i = 0; i < facts->ruleset->set_words; i++) {
		if (bits[i] & facts->ruleset->parameter_mask[i])
			return true;
	}
	return false;
}

/* --- derived attributes and items ------------------------------------------------------------- */

static bool values_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
		return a->integer == b->integer;
	case VALUE_STRING:
		return slice_equals(a->text, b->text);
	case VALUE_TIMESTAMP:
		return a->timestamp.seconds == b->timestamp.seconds;
	case VALUE_LIST:
		for (size_t i = 0; a->list.count == b->list.count && i < a->list.count; i++) {
			if (!values_equal(&a->list.items[i], &b->list.items[i]))
				return false;
		}
		return a->list.count == b->list.count;
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_UINT:
	case VALUE_DOUBLE:
	case VALUE_BYTES:
	case VALUE_MAP:
	case VALUE_DURATION:
	case VALUE_TYPE:
	default:
		return true;
	}
}

/* The quotient in ppm, rounded down, for display and comparison with a supplied one. */
static struct value ratio_value(const struct facts *facts, const struct scope_ratio *ratio)
{
	const struct value *num = &facts->values[ratio->num_slot];
	const struct value *den = &facts->values[ratio->den_slot];
	struct value value = { .kind = VALUE_UNKNOWN };
	__extension__ __int128 quotient;

	if (num->kind != VALUE_INT || den->kind != VALUE_INT)
		return value;
	value.kind = VALUE_INT;
	if (den->integer == 0) {
		value.kind = ratio->when_den_zero_known ? VALUE_INT : VALUE_UNKNOWN;
		value.integer = ratio->when_den_zero_known ? ratio->when_den_zero_ppm : 0;
		if (value.kind == VALUE_UNKNOWN)
			value = (struct value){ .kind = VALUE_UNKNOWN };
		return value;
	}
	quotient = num->integer;
	quotient = quotient * 1000000 / den->integer;
	if (quotient > INT64_MAX || quotient < INT64_MIN)
		return (struct value){ .kind = VALUE_UNKNOWN };
	value.integer = (int64_t)quotient;
	return value;
}

/* The base attributes that a quotient lacks: its unknown parts, or all when it has no value. */
static void ratio_gap(const struct facts *facts, enum item_list list,
		const struct scope_ratio *ratio, uint64_t *gap)
{
	int slots[2] = { ratio->num_slot, ratio->den_slot };

	for (int i = 0; i < 2; i++) {
		if (facts->values[slots[i]].kind == VALUE_UNKNOWN)
			facts_put_missing(facts, (struct slot_set){ &slots[i], 1 }, gap);
	}
	if (facts_set_has_attributes(facts, gap))
		return;
	for (int i = 0; i < 2; i++)
		slot_bits_put_bases(facts->ruleset, list, slots[i], gap);
}

/* Where the gap of a slot goes: in copies to a place of its own, so that trying costs no memory. */
static uint64_t *gap_new(const struct facts *facts, int slot)
{
	uint64_t *gap;

	if (!facts->gap_room || !facts->gap_room[slot])
		return facts_new_set(facts);
	gap = facts->gap_room[slot];
	memset(gap, 0, facts->ruleset->set_words * sizeof(*gap));
	return gap;
}

void facts_derive_one(
		struct facts *facts, enum item_list list, const struct derivation *derivation)
{
	struct value *own = &facts->values[derivation->slot];
	struct value made;
	uint64_t *gap;

	if (own->kind != VALUE_UNKNOWN)
		return;
	if (derivation->ratio) {
		/* Comparisons are exact in the rules, from both parts; no value goes here. */
		if (ratio_value(facts, derivation->ratio).kind == VALUE_INT)
			return;
		gap = gap_new(facts, derivation->slot);
		if (gap)
			ratio_gap(facts, list, derivation->ratio, gap);
		facts->gaps[derivation->slot] = gap;
		return;
	}
	if (derivation->aggregate) {
		gap = gap_new(facts, derivation->slot);
		made = aggregate_ask(facts, derivation, gap);
		facts->gaps[derivation->slot] = made.kind == VALUE_UNKNOWN ? gap : NULL;
		*own = made;
		return;
	}
	made = rule_evaluate(derivation->rule, &facts->evaluation);
	if (made.kind == VALUE_UNKNOWN) {
		gap = gap_new(facts, derivation->slot);
		if (gap)
			facts_put_missing(facts, made.missing, gap);
		facts->gaps[derivation->slot] = gap;
		return;
	}
	*own = made;
}

void facts_derive(struct facts *facts, enum item_list list)
{
	const struct ruleset *ruleset = facts->ruleset;

	for (size_t i = 0; i < ruleset->derivation_count[list]; i++)
		facts_derive_one(facts, list, &ruleset->derivations[list][i]);
}

bool facts_derived_differs(const struct facts *facts, const struct derivation *derivation)
{
	const struct value *own = &facts->values[derivation->slot];
	struct value made;

	if (derivation->aggregate)
		made = aggregate_ask((struct facts *)facts, derivation, NULL);
	else if (derivation->ratio)
		made = ratio_value(facts, derivation->ratio);
	else
		made = rule_evaluate(derivation->rule, &facts->evaluation);
	return own->kind != VALUE_UNKNOWN && made.kind != VALUE_UNKNOWN &&
	       made.kind != VALUE_ERROR && !values_equal(own, &made);
}

struct value facts_observed(const struct facts *facts, enum item_list list, int slot)
{
	const struct scope_name *name = scope_name_of_slot(facts->ruleset->scopes[list], slot);

	if (facts->values[slot].kind == VALUE_UNKNOWN && name && name->ratio)
		return ratio_value(facts, name->ratio);
	return facts->values[slot];
}

void facts_enter_item(struct facts *facts, enum item_list list, const struct item_facts *item)
{
	const struct ruleset *ruleset = facts->ruleset;
	size_t count = ruleset->slot_count[list];

	memcpy(facts->values + ruleset->base_count, item->values,
			count * sizeof(*item->values));
	memcpy(facts->gaps + ruleset->base_count, item->gaps, count * sizeof(*item->gaps));
}
