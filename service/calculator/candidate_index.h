/* SPDX-License-Identifier: Apache-2.0 */
/* The match index of one day of a ruleset, and the facts as it reads them. */
#pragma once

#include "calculator/facts.h"
#include "rules/match_index.h"

struct candidate_index {
	struct match_index *index;
	int64_t first_day, last_day; /* that it is good for */
	size_t shown_count;	     /* policies not superseded or ended */
	int *slots;		     /* that it reads */
	size_t slot_count;
};

/** NULL when memory is short. */
struct candidate_index *candidate_index_new(const struct ruleset *ruleset, int64_t day);
void candidate_index_free(struct candidate_index *index);
/** Bytes it takes. */
size_t candidate_index_size(const struct candidate_index *index);
/** Fills @out_values, by base slot; zeroed before. */
void candidate_index_read(const struct candidate_index *index, const struct facts *facts,
		struct match_value *out_values);
