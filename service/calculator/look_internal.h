/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files about looks share. */
#pragma once

#include "base/map.h"
#include "calculator/look.h"
#include "calculator/sweep_internal.h"

struct look_outcome {
	uint64_t round; /* of the enterprise that it is about */
	bool amount;	/* it has its amount */
	struct outcome outcome;
};

struct look {
	const struct sweep *sweep;
	const struct ruleset *ruleset;
	struct arena own;   /* as long as it lives */
	struct arena arena; /* of one enterprise */
	struct clause_memo memo;
	uint64_t round;
	struct facts *facts;
	struct look_outcome *outcomes; /* by policy */

	/* Names of what is lacking. */
	uint32_t *slot_names
			[LIST_COUNT]; /* by slot: the number of its name + 1; 0: not asked yet */
	struct map name_numbers;      /* to the number + 1 */
	const char **names;
	uint32_t name_count, name_capacity;
	uint64_t *name_marks; /* by number: the answer that had it last */
	uint64_t mark;
	uint32_t *list;	      /* of the answer at hand */
	uint64_t *bits;	      /* a set of slots */
	uint64_t *aggregates; /* those made of items */
};

/** The outcome of a policy for the enterprise at hand; NULL when memory is short. */
const struct outcome *look_outcome(struct look *look, size_t policy, bool amount);
/** Room for names; false when memory is short. */
bool look_lacks_init(struct look *look);
void look_lacks_fini(struct look *look);
