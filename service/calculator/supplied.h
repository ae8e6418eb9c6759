/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values that somebody supplies (to the registry, say), judged by the dictionary exactly as
 * the values of a profile are in a question.
 */
#pragma once

#include "base/date.h"
#include "calculator/calculator.h"

#define SUPPLIED_NO_PERIOD 0

/* An attribute of the dictionary, ready to judge values. Borrowed from the ruleset. */
struct entry;

enum supplied_outcome {
	SUPPLIED_OK,
	SUPPLIED_FOREIGN_REGION, /* taken, but outside the table of regions */
	SUPPLIED_NOT_OVER,	 /* taken, but of a period that is not over yet */
	SUPPLIED_WRONG_PERIOD,
	SUPPLIED_FUTURE_PERIOD, /* begins after the day */
	SUPPLIED_WRONG_TYPE,	/* also: no value */
	SUPPLIED_WRONG_VALUE,	/* out of range, no such code, no such day, ... */
};

/** NULL: no such attribute. @list "" is the enterprise. */
const struct entry *ruleset_find_entry(
		const struct ruleset *ruleset, const char *list, const char *name);
const Policycalc__V1__Attribute *entry_attribute(const struct entry *entry);
/** Whether its values carry their periods themselves. */
bool attribute_is_series(const Policycalc__V1__Attribute *attribute);
/** An attribute of nearly this name, or NULL. */
const char *ruleset_suggest_attribute(
		const struct ruleset *ruleset, const char *list, const char *name);
/** Whether items may stand in a list of this name. */
bool item_list_is_known(const char *list);

/* What is needed to judge; in the caller's arena. */
struct supplied;
/** Values hold for @day; a bare value of a periodic attribute belongs to the last full period. */
struct supplied *supplied_new(
		const struct ruleset *ruleset, struct date day, struct arena *arena);
/**
 * Judges @from, and tells its period as a number of calculator/period.h, or SUPPLIED_NO_PERIOD.
 * *out_why says what is wrong or odd, without quoting the value; in the arena, or NULL.
 */
enum supplied_outcome supplied_check(struct supplied *supplied, const struct entry *entry,
		const Policycalc__V1__AttributeValue *from, int64_t *out_period,
		const char **out_why);
