/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which enterprises of a block may have news, and of which policies: found by a sweep over columns, so
 * that only these are asked one by one.
 *
 * May say yes too often, never no:
 *
 *   (1) Whoever has changed since the run that this one goes on from is asked about all it was told,
 *       all it can have, and all it may be near to.
 *   (2) Of the others nothing has changed but the day: they are asked where the verdict is no longer
 *       what was told, a window is about to close, or the rules read the day.
 *
 * Near means that every condition that fails may be turned, and that one which compares a figure with
 * a parameter does not miss it by more than a near miss may.
 */
#pragma once

#include "push/block.h"
#include "registry/column_cache.h"

struct push_sifter; /* of a run; immutable, for all threads */
struct push_sift;   /* one a thread */

struct push_sifter *push_sifter_new(
		const struct push_plan *plan, struct column_cache *columns, struct error *err);
void push_sifter_free(struct push_sifter *sifter);

struct push_sift *push_sift_new(struct push_sifter *sifter, struct error *err);
void push_sift_free(struct push_sift *sift);
/** Finds the rows of the block that may have news, and works on each. Not on the registry's thread. */
bool push_sift_block(struct push_sift *sift, struct push_block *block, struct push_hands *hands,
		struct error *err);
