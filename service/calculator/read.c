/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile says, by name: for reports, which count firms and ask no rule. */
#include "calculator/facts.h"

#include <stdio.h>
#include <string.h>

bool facts_read_value(
		const struct value *value, struct arena *arena, struct profile_reading *out)
{
	*out = (struct profile_reading){ .known = true, .text = "" };
	switch ((int)value->kind) {
	case VALUE_BOOL:
		out->flag = value->boolean;
		return true;
	case VALUE_INT:
		out->integer = value->integer;
		return true;
	case VALUE_STRING:
		out->text = arena_copy(arena, value->text.data, value->text.size);
		return out->text != NULL;
	case VALUE_LIST:
	case VALUE_MAP:
		out->count = value->list.count;
		return true;
	default:
		out->known = false;
		return true;
	}
}

int facts_find_attribute(const struct ruleset *ruleset, const char *name)
{
	char full[256];
	int size = snprintf(full, sizeof(full), "e.%s", name);
	const struct scope_name *found = NULL;

	if (size > 0 && (size_t)size < sizeof(full))
		found = scope_find(ruleset->scopes[LIST_ENTERPRISE],
				(struct slice){ full, (size_t)size });
	return found ? (int)found->slot : -1;
}

static bool readings_fill(const struct facts *facts, const char *const *names, size_t count,
		struct profile_reading *out_readings, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		int at = facts_find_attribute(facts->ruleset, names[i]);

		out_readings[i] = (struct profile_reading){ .text = "" };
		if (at >= 0 && !facts_read_value(&facts->values[at], facts->arena,
					       &out_readings[i]))
			return arena_error(facts->arena, err, "reading a profile");
	}
	return true;
}

bool ruleset_read_values(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, const char *const *names, size_t count, struct arena *arena,
		struct profile_reading *out_readings, struct error *err)
{
	struct findings findings = { .arena = arena };
	const struct epoch *epoch;
	struct facts *facts;
	struct date as_of;
	bool ok;

	if (!date_parse(slice_from(day), &as_of))
		return error_set(err, ERROR_INTERNAL, "the day is not a day");
	epoch = epoch_pin(ruleset, date_to_days(as_of));
	if (!epoch)
		return error_set(err, ERROR_MEMORY, "no memory for the epoch of the day");
	facts = facts_read(ruleset, epoch, profile, as_of, false, arena, &findings);
	if (!facts || arena->exhausted)
		ok = arena_error(arena, err, "reading a profile");
	else
		ok = readings_fill(facts, names, count, out_readings, err);
	epoch_unpin(ruleset, epoch);
	return ok;
}
