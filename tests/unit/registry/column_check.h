/* SPDX-License-Identifier: Apache-2.0 */
/* Holds what the column cache gives against what its world has. */
#pragma once

#include "column_world.h"

/** Fails the test unless both say the same, whatever the order of their attributes. */
void world_assert_same(const Policycalc__V1__Profile *a, const Policycalc__V1__Profile *b);
/** Fails the test unless the columns of the block say what its profiles do. */
void world_check_block(const struct world *world, struct column_reader *reader, int64_t block,
		int64_t sequence);
