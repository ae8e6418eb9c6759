/* SPDX-License-Identifier: Apache-2.0 */
/* The workload as the folder of a catalog, which is published like any other (without --strict). */
#pragma once

#include "generator.h"

/** Creates @folder and in it the dictionary and @count policies; says on stderr what went wrong. */
bool workload_catalog_write(const struct generator *generator, long count, const char *folder);
/** Changes the summary of one policy, so that the folder is another catalog of the same rules. */
bool workload_catalog_edit(const char *folder, long number);

/* What an enterprise matches: how many, and a hash that does not depend on their order. */
struct made_answer {
	int64_t matches;
	uint64_t hash;
};

static inline void made_answer_put(struct made_answer *answer, uint64_t policy)
{
	uint64_t x = (policy + 1) * UINT64_C(0x9E3779B97F4A7C15);

	x ^= x >> 29;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	answer->hash += x ^ (x >> 32);
	answer->matches++;
}
