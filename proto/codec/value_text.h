/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values as people write them, typed by the attribute dictionary: what the CLI's
 * name=value arguments, the examples of a policy and imports all use.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "policycalc/v1/catalog.pb-c.h"

/**
 * Parses @text as a value of @attribute into @arena: "3800万元", "4.5%", "120", "120人", "是",
 * "否", "true", "灵宝市" (a choice's label, alias or code), "a,b" (codes), "srdi:2027-12-31"
 * (titles), "2024:380万元,2025:400万元" (series), "2025-01-31". Range is checked. Errors say
 * what was expected, and suggest the nearest choice; they may quote what was written (the CLI
 * shows them to the writer; the service never parses these on behalf of a stranger).
 */
Policycalc__V1__Value *value_parse_text(struct slice text,
		const Policycalc__V1__Attribute *attribute, struct arena *arena,
		struct error *err);

/** For people: "3,800万元" is not used; "3800万元", "4.5%", "120人", "是", the choice's label.
 */
char *value_print_text(const Policycalc__V1__Value *value,
		const Policycalc__V1__Attribute *attribute, const char *language,
		struct arena *arena);

/** true when the oneof fits the dictionary's type. */
static inline bool value_fits_type(
		const Policycalc__V1__Value *value, Policycalc__V1__ValueType type)
{
	/* The members of the oneof are numbered as the types are. */
	return value && type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_UNSPECIFIED &&
	       (unsigned)value->kind_case == (unsigned)type;
}

/** The series of a value of any type of series; NULL when it holds none. */
const Policycalc__V1__Series *value_series(const Policycalc__V1__Value *value);

/** The nearest of @count names by edit distance, when near enough to suggest; or NULL. */
const char *name_suggest(struct slice written, const char *const *names, size_t count);
