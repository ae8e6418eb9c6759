/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a question rests on: the values of one profile on one day, by slot, in a call's arena.
 *
 * What the profile lacks is VALUE_UNKNOWN. A derived attribute has its value, or a gap: the set of
 * base attributes (and parameters) that it lacks. One item at a time stands behind the base slots.
 */
#pragma once

#include "calculator/ruleset.h"

/* One item of a list: values and gaps of the list's own slots. */
struct item_facts {
	const char *id; /* the caller's, or its number when it has none */
	struct value *values;
	uint64_t **gaps;
	uint64_t *supplied; /* derived slots that were sent for it; NULL: the list has none */
};

/* What the items behind an unknown aggregate lack: "i.invested@projects/p1". */
struct item_names {
	char **names;
	size_t count;
};

struct facts {
	const struct ruleset *ruleset;
	const struct epoch *epoch;
	struct arena *arena;
	struct date as_of;
	struct value *values; /* base, then the item at hand */
	uint64_t **gaps;      /* by slot: of unknown derived attributes; NULL: none */
	uint64_t *supplied;   /* derived slots of the enterprise that were sent */
	uint64_t **gap_room;  /* of copies: by slot, where a gap goes; NULL: made anew */
	uint64_t *foreign; /* slots whose region is outside the table; their value is a region
				   of it that lies around */
	struct item_facts *items[LIST_COUNT];
	size_t item_count[LIST_COUNT];
	struct item_names
			*item_names; /* by base slot: of aggregates that are unknown; or NULL */
	bool complete[LIST_COUNT];   /* the list is known to hold no other item */
	struct evaluation evaluation;
};

/* Problems and oddities of a request, gathered. */
struct findings {
	struct arena *arena;
	struct violations violations;
	size_t violation_capacity;
	Policycalc__V1__Warning **warnings;
	size_t warning_count;
	size_t warning_capacity;
};

/** Past a hundred violations the rest is dropped; NULL @field is short of memory and ignored. */
void findings_violate(struct findings *findings, const char *field, const char *description);
void findings_warn(struct findings *findings, const char *reason, const char *field,
		const char *message);

/** "YYYY-MM-DD" as 00:00 of that day in China; unknown when it is no date. */
struct value value_from_date(const char *text);
struct value value_from_codes(const Policycalc__V1__CodeList *codes, struct arena *arena);

/**
 * Reads and judges @profile (NULL: nothing is known). Wrong values are violations and stay unknown.
 * NULL when memory is short.
 */
struct facts *facts_read(const struct ruleset *ruleset, const struct epoch *epoch,
		const Policycalc__V1__Profile *profile, struct date as_of, bool strict,
		struct arena *arena, struct findings *findings);
/**
 * The same for one who asks little: derived attributes of the enterprise may be left out, unless all that is behind
 * them is in @reads, a set of base attributes as policies have it. NULL: none is left out.
 */
struct facts *facts_read_for(const struct ruleset *ruleset, const struct epoch *epoch,
		const Policycalc__V1__Profile *profile, struct date as_of, bool strict,
		const uint64_t *reads, struct arena *arena, struct findings *findings);

/** Puts the item's values behind the base slots. */
void facts_enter_item(struct facts *facts, enum item_list list, const struct item_facts *item);

/** Evaluates derived attributes of @list; for the enterprise, or for the item at hand. */
void facts_derive(struct facts *facts, enum item_list list);
/** Evaluates one of them, unless it has a value. */
void facts_derive_one(
		struct facts *facts, enum item_list list, const struct derivation *derivation);

/**
 * A copy that can be changed: its values and those of the item of @list at hand, and with @with_items
 * those of all its items. What facts_change() derives anew leaves nothing in the arena but texts and
 * lists. NULL when memory is short.
 */
struct facts *facts_copy(const struct facts *facts, enum item_list list, bool with_items);
/**
 * Changes a base slot of a copy, and derives anew what rests on it, of the enterprise and of the item
 * at hand. What was supplied stays as it was supplied.
 */
void facts_change(struct facts *copy, enum item_list list, const struct item_facts *item,
		int slot, struct value value);
/** As facts_change(), for every item of @list; a slot of items is that of the one at @index. */
void facts_change_all(struct facts *copy, enum item_list list, size_t index, int slot,
		struct value value);

/** Whether a supplied derived attribute is not what its rule makes of the others. */
bool facts_derived_differs(const struct facts *facts, const struct derivation *derivation);

/** The value of a slot; of quotients the ppm, rounded down, which rules never see. */
struct value facts_observed(const struct facts *facts, enum item_list list, int slot);

/** The empty set; NULL when memory is short. */
uint64_t *facts_new_set(const struct facts *facts);
/** Puts what stands behind missing slots: base attributes and parameters. */
void facts_put_missing(const struct facts *facts, struct slot_set missing, uint64_t *bits);
bool facts_set_has_attributes(const struct facts *facts, const uint64_t *bits);
bool facts_set_has_parameters(const struct facts *facts, const uint64_t *bits);

/**
 * What an aggregate makes of the items as they were sent. When that is unknown, @gap (may be NULL)
 * gets the base attributes that its filter lacks, and the aggregate itself where items lack
 * something, whose names are kept for aggregate_names().
 */
struct value aggregate_ask(
		struct facts *facts, const struct derivation *derivation, uint64_t *gap);
/** The attributes of items that an aggregate lacks, or reads when it is known; false: no memory. */
bool aggregate_names(const struct facts *facts, size_t slot, struct item_names *out_names);
/** The name of an item's attribute: with the list, and the item's id unless it is NULL. */
char *item_name_print(const struct facts *facts, enum item_list list, const char *name,
		const char *item_id);

/** Where an attribute of the enterprise stands, of its last full period; -1: there is none. */
int facts_find_attribute(const struct ruleset *ruleset, const char *name);
/** What a value says; texts are copied to @arena. false when memory is short. */
bool facts_read_value(const struct value *value, struct arena *arena,
		struct profile_reading *out_reading);

/** How a profile's industry code is written in rules: "3130" becomes "C3130"; NULL: no such code. */
const char *industry_normal_code(
		const struct ruleset *ruleset, const char *code, struct arena *arena);
