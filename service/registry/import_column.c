/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of a row: looked up, judged, encoded, put in order.
 */
#include "registry/import_internal.h"

#include "calculator/period.h"

#include <string.h>

#define VALUE_SIZE_MOST ((size_t)64 << 10)

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

/* What makes judging the usual values of the column quick; all of it follows from the entry. */
static void fill_column(const struct import *import, struct column *column)
{
	const Policycalc__V1__Attribute *attribute = entry_attribute(column->entry);

	column->name_size = strlen(column->name->name);
	column->kind = 0;
	column->default_period = 0;
	column->period_size = 0;
	memset(column->codes, 0, sizeof(column->codes));
	if (attribute->deprecated)
		return;
	if (period_is_recurring(attribute->period) && !attribute_is_series(attribute))
		column->default_period = period_of_date(attribute->period, import->day) - 1;
	column->least = attribute->_minimum_case ? attribute->minimum : INT64_MIN;
	column->most = attribute->_maximum_case ? attribute->maximum : INT64_MAX;
	switch ((int)attribute->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		column->kind = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		column->kind = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		column->kind = POLICYCALC__V1__VALUE__KIND_COUNT;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG:
		column->kind = POLICYCALC__V1__VALUE__KIND_FLAG;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE:
		column->kind = POLICYCALC__V1__VALUE__KIND_CODE;
		break;
	default:
		break;
	}
}

bool import_find_column(struct import *import, const char *list,
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
	fill_column(import, column);
	return true;
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

void import_stage_attribute(struct import *import, const struct column *column,
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

bool import_settle_facts(struct import *import, const struct draft *drafts, size_t count,
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
