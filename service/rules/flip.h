/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which changes of one slot turn a rule: the negation of what stands, down to the atoms.
 *
 * A flip takes one slot to the nearest value at which an atom of the rule comes out the other way.
 * It need not turn the whole rule: of "a && b", both false, a flip of a is one step of the way. What
 * is promised is this: whoever turns the rule by changing slots that can be reached has to take one
 * of the flips, or go further in its direction. So a search that takes flips one by one, and asks
 * again after each, misses nothing:
 *
 *     wanted true     &&: the child with the fewest flips     ||: those of all children
 *     wanted false    &&: those of all children               ||: the child with the fewest flips
 *
 * A figure is taken as far as needed and not one step further, whatever arithmetic stands between it
 * and the comparison (a quotient in 128 bits, a mulDiv with its rounding): the atom itself is asked.
 * Every flip was tried: with it, its atom comes out as wanted.
 *
 * Which slots may be changed, how far, and what follows from a change is the caller's to say.
 */
#pragma once

#include "rules/rule.h"

#define FLIPS_MOST 32 /* of one rule; what lies beyond is left out */

/* How far a slot can be taken from where it stands. All false: it stays. */
struct flip_reach {
	bool up;   /* to larger figures and later days; from no to yes; a code more in a list */
	bool down; /* the other way; of a single code either lets it change */
	int64_t least, most;	   /* of figures */
	const struct value *codes; /* codes worth trying beside those of the rule; strings */
	size_t code_count;	   /* likewise */
	int64_t until;		   /* a new entry of a map of days holds until then; seconds */
	bool has_until;		   /* it does */
};

/* The world in which changes are tried. */
struct flip_world {
	void *context;
	bool keeps; /* what a change leaves behind may stay in the arena: nothing is rewound */
	const struct evaluation *evaluation; /* how things stand */
	/* false: the slot stays as it is. */
	bool (*reach)(void *context, int slot, struct flip_reach *out_reach);
	/* The rule that a slot's value follows from; NULL: none, it stands for itself. */
	const struct rule *(*behind)(void *context, int slot);
	/* Changes a slot in ->evaluation, and all that follows from it. */
	void (*set)(void *context, int slot, struct value value);
};

struct flip {
	int slot;
	/* The new value; of lists and maps the code that comes or goes. */
	struct value target;
	bool removes;  /* of lists and maps: the code goes */
	int64_t until; /* of maps: the entry holds until then; seconds */
	int64_t threshold; /* at which the atom turns, in the slot's own unit; of days 365, else 1 */
	int parameter_slot; /* the one parameter that the atom names, or -1 */
};

/**
 * Fills @out_flips (room for FLIPS_MOST) with steps toward @rule being @want, and returns how many;
 * 0 also when it is so already. With @firm it must be known to be so, without it is enough that it is
 * not known to be otherwise. Targets point into rules and values, never into ->evaluation->arena.
 */
size_t rule_flips(const struct rule *rule, bool want, bool firm, const struct flip_world *world,
		struct flip *out_flips);

/** The value of a slot after @flip of @value; made in @arena when it is a list or a map. */
struct value flip_apply(
		const struct flip *flip, const struct value *value, struct arena *arena);
