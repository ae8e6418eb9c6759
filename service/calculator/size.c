/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/size.h"

#include "calculator/facts.h"

#include <string.h>

/* The flags of the dictionary that make up the table. */
#define COVERED "size_covered"
#define AT_LEAST_SMALL "at_least_small"
#define AT_LEAST_MEDIUM "at_least_medium"
#define AT_LEAST_LARGE "at_least_large"

/* 1: yes, 0: no, -1: not known. */
static int flag_of(const struct facts *facts, const char *name)
{
	const struct entry *entry = map_find(
			&facts->ruleset->entry_names[LIST_ENTERPRISE], slice_from(name));
	struct value value;

	if (!entry)
		return -1;
	value = facts->values[entry->variants[0].slot];
	return value.kind == VALUE_BOOL ? value.boolean : -1;
}

enum firm_size facts_size(const struct facts *facts)
{
	if (flag_of(facts, COVERED) == 0)
		return FIRM_SIZE_NONE;
	if (flag_of(facts, COVERED) < 0)
		return FIRM_SIZE_UNKNOWN;
	if (flag_of(facts, AT_LEAST_SMALL) == 0)
		return FIRM_SIZE_MICRO;
	if (flag_of(facts, AT_LEAST_LARGE) == 1)
		return FIRM_SIZE_LARGE;
	if (flag_of(facts, AT_LEAST_MEDIUM) == 1 && flag_of(facts, AT_LEAST_LARGE) == 0)
		return FIRM_SIZE_MEDIUM;
	if (flag_of(facts, AT_LEAST_SMALL) == 1 && flag_of(facts, AT_LEAST_MEDIUM) == 0)
		return FIRM_SIZE_SMALL;
	return FIRM_SIZE_UNKNOWN;
}

bool ruleset_firm_size(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, enum firm_size *out_size,
		struct error *err)
{
	struct findings findings = { .arena = arena };
	const struct epoch *epoch;
	const struct facts *facts;
	struct date date;

	if (!date_parse(slice_from(day), &date))
		return error_set(err, ERROR_INTERNAL, "the day of a size is no day");
	epoch = epoch_pin(ruleset, date_to_days(date));
	if (!epoch)
		return error_set(err, ERROR_MEMORY, "no memory for the epoch of the day");
	facts = facts_read(ruleset, epoch, profile, date, false, arena, &findings);
	if (facts)
		*out_size = facts_size(facts);
	epoch_unpin(ruleset, epoch);
	return facts != NULL || arena_error(arena, err, "reading the size of an enterprise");
}

const char *firm_code(const Policycalc__V1__Profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *attribute = profile->attributes[i];

		if (strcmp(attribute->name, name) == 0 && attribute->value &&
				attribute->value->kind_case == POLICYCALC__V1__VALUE__KIND_CODE)
			return attribute->value->code;
	}
	return "";
}
