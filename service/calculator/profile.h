/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a profile: what its two files share. */
#pragma once

#include "calculator/facts.h"

/* The most attributes of a profile or an item, items of a profile, and figures of one value. */
#define ATTRIBUTES_MOST 1000
#define ITEMS_MOST 1000
#define LIST_VALUES_MOST 1000

/* A period of an attribute that was sent; newest item first. */
struct seen {
	int item;
	int64_t period;
	struct seen *next;
};

struct reading {
	struct facts *facts;
	struct findings *findings;
	struct arena *arena;
	const struct ruleset *ruleset;
	struct date date; /* of the profile */
	bool strict;
	struct seen **seen; /* by entry */
	struct seen *seen_room; /* for one of every attribute of the list at hand that is not read */
	int item;		/* index in the profile, or -1 */
	size_t attribute;	/* index in its list */
	enum item_list list;
	struct entry *before;  /* of the attribute before, in the list at hand; or NULL */
	struct value *values;  /* of base slots, or of the item's own */
	uint64_t *supplied;    /* derived attributes that were sent */
	const uint64_t *reads; /* base attributes behind all that will be asked; NULL: all */
};

/** Reports @description at @field of the attribute at hand; returns false. */
bool reading_violate(const struct reading *reading, const char *field, const char *description);
/** "profile.attributes[3].value", "profile.items[2].attributes[0].name". */
const char *reading_path(const struct reading *reading, const char *field);

/**
 * The value as rules read it. false when it is wrong (reported) or memory is short. @out_foreign:
 * a region outside the table, of which the value is one around it.
 */
bool value_read(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__Value *from, struct value *out_value, bool *out_foreign);
/**
 * A code of an attribute as rules know it; NULL when it is none that the attribute may take. May lie
 * in @arena. @out_foreign as above.
 */
const char *entry_normal_code(const struct ruleset *ruleset, const struct entry *entry,
		const char *code, struct arena *arena, bool *out_foreign);
/** The part of a series that @variant means; unknown when it lacks a period. */
struct value series_window(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__Value *from, const struct variant *variant);
