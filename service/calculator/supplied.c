/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/supplied.h"

#include "calculator/period.h"
#include "calculator/profile.h"
#include "proto/codec/value_text.h"

struct supplied {
	struct facts facts; /* only what reading a value looks at */
	struct findings findings;
	struct reading reading;
};

const struct entry *ruleset_find_entry(
		const struct ruleset *ruleset, const char *list, const char *name)
{
	enum item_list at = item_list_find(list);

	return at == LIST_COUNT ? NULL : map_find(&ruleset->entry_names[at], slice_from(name));
}

const Policycalc__V1__Attribute *entry_attribute(const struct entry *entry)
{
	return entry->attribute;
}

bool attribute_is_series(const Policycalc__V1__Attribute *attribute)
{
	return value_type_is_series(attribute->type);
}

const char *ruleset_suggest_attribute(
		const struct ruleset *ruleset, const char *list, const char *name)
{
	enum item_list at = item_list_find(list);

	return at == LIST_COUNT ? NULL
				: name_suggest(slice_from(name), ruleset->entry_name_list[at],
						  ruleset->entry_count[at]);
}

bool item_list_is_known(const char *list)
{
	enum item_list at = item_list_find(list);

	return at != LIST_COUNT && at != LIST_ENTERPRISE;
}

struct supplied *supplied_new(
		const struct ruleset *ruleset, struct date day, struct arena *arena)
{
	struct supplied *supplied = ARENA_NEW(arena, struct supplied);

	if (!supplied)
		return NULL;
	supplied->facts.as_of = day;
	supplied->facts.ruleset = ruleset;
	supplied->facts.arena = arena;
	supplied->findings.arena = arena;
	supplied->reading = (struct reading){
		.facts = &supplied->facts,
		.findings = &supplied->findings,
		.arena = arena,
		.ruleset = ruleset,
		.date = day,
		.item = -1,
		.list = LIST_ENTERPRISE,
	};
	return supplied;
}

static enum supplied_outcome check_period(const struct supplied *supplied,
		const struct entry *entry, const char *text, int64_t *out_period,
		const char **out_why)
{
	Policycalc__V1__Period period = entry->attribute->period;
	bool is_series = value_type_is_series(entry->attribute->type);
	int64_t now;

	*out_period = SUPPLIED_NO_PERIOD;
	if (!period_is_recurring(period) || is_series) {
		if (!*text)
			return SUPPLIED_OK;
		*out_why = is_series ? "a series carries its periods itself"
				     : "this attribute is a state and has no period";
		return SUPPLIED_WRONG_PERIOD;
	}
	now = period_of_date(period, supplied->reading.date);
	if (!*text) {
		*out_period = now - 1;
		return SUPPLIED_OK;
	}
	if (!period_parse(period, text, out_period)) {
		*out_why = arena_format(supplied->reading.arena, "is not in the form %s",
				period_form(period));
		return SUPPLIED_WRONG_PERIOD;
	}
	if (*out_period > now) {
		*out_why = "lies behind the day of the import";
		return SUPPLIED_FUTURE_PERIOD;
	}
	if (*out_period == now)
		*out_why = "was not over on the day of the import";
	return *out_period == now ? SUPPLIED_NOT_OVER : SUPPLIED_OK;
}

enum supplied_outcome supplied_check(struct supplied *supplied, const struct entry *entry,
		const Policycalc__V1__AttributeValue *from, int64_t *out_period,
		const char **out_why)
{
	const Policycalc__V1__Value *value = from->value;
	enum supplied_outcome outcome;
	struct value ignored;
	bool foreign;

	*out_why = NULL;
	outcome = check_period(supplied, entry, from->period, out_period, out_why);
	if (outcome != SUPPLIED_OK && outcome != SUPPLIED_NOT_OVER)
		return outcome;
	/* What the last value left may be gone with the caller's arena. */
	supplied->findings = (struct findings){ .arena = supplied->reading.arena };
	if (value_read(&supplied->reading, entry, value, &ignored, &foreign)) {
		if (!foreign)
			return outcome;
		*out_why = "not in the table of regions; taken to lie outside of them";
		return SUPPLIED_FOREIGN_REGION;
	}
	*out_why = supplied->findings.violations.count
				   ? supplied->findings.violations.list[0].description
				   : NULL;
	return value && value_fits_type(value, entry->attribute->type) ? SUPPLIED_WRONG_VALUE
								       : SUPPLIED_WRONG_TYPE;
}
