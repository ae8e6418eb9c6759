/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry in memory for tests of the column cache: random profiles, every version of which is
 * kept, so that any snapshot can be asked.
 */
#pragma once

#include "registry/column_cache.h"

struct world_version {
	int64_t sequence;
	const Policycalc__V1__Profile *profile;
	struct world_version *before;
};

struct world {
	struct arena arena;
	uint64_t random;
	int64_t sequence;
	int64_t last_id;
	struct world_version **rows; /* newest version, by id - 1 */
	int64_t *block_sequences;
	size_t scans;
	int64_t stamp; /* of every snapshot */
	bool fails;    /* the origin answers with an error */
};

/** Ids up to @most. */
void world_init(struct world *world, uint64_t seed, int64_t most);
void world_fini(struct world *world);
uint64_t world_random(struct world *world);
/** @count enterprises more, in one new snapshot. */
void world_add(struct world *world, int64_t count);
/** One enterprise has other facts, in a new snapshot. */
void world_change(struct world *world, int64_t id);
/** What was known of it; NULL: it was not there. */
const Policycalc__V1__Profile *world_profile(
		const struct world *world, int64_t id, int64_t sequence);
struct column_origin world_origin(struct world *world);

/* The facts that the profiles may have. */
extern const struct sweep_want *const world_want_list;
extern const size_t world_want_count;
