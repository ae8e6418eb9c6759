/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ruleset that answers now, and a few older ones that were asked for.
 *
 * Reading takes no lock and writes no shared memory: every thread has a cell with a reference of
 * its own to the current ruleset and the generation it belongs to. A reader compares that with the
 * snapshot's generation, which changes only at a publish:
 *
 *     publish:  generation 7 → 8          reader:  cell generation 7 ≠ 8: take the lock once, swap
 *                                                  the reference, unref the old; 8 = 8: use it
 *
 *   (1) What snapshot_current() returns stays valid on that thread until it calls
 *       snapshot_current() or snapshot_refresh() again, since only the thread itself changes its
 *       cell. There is nothing to reclaim behind a reader's back, so no hazard.
 *   (2) The old ruleset is freed when the last thread has looked again, by a thread of its own and not
 *       by that one. After a publish the owner runs snapshot_refresh() on every loop, so that an
 *       idle loop does not keep it.
 */
#pragma once

#include "calculator/calculator.h"

struct snapshot;

struct snapshot *snapshot_new(struct error *err);
/** When no thread uses it any more. */
void snapshot_free(struct snapshot *snapshot);
/**
 * Borrowed, see (1); NULL when nothing is published (or memory is short at a thread's first look).
 */
struct ruleset *snapshot_current(struct snapshot *snapshot);
/** The calling thread gives an old ruleset back. */
void snapshot_refresh(struct snapshot *snapshot);
/** Any thread: from now on @ruleset is the current one. Takes over the caller's reference. */
void snapshot_set(struct snapshot *snapshot, struct ruleset *ruleset);

/** Any thread: what loading the current one took. */
void snapshot_set_load_us(struct snapshot *snapshot, uint64_t us);
uint64_t snapshot_load_us(const struct snapshot *snapshot);

/**
 * A reference to @revision (0: the current one) when it is the current one or among those kept; NULL
 * when it must be loaded, or none is current. Takes a lock for a moment, and needs no memory.
 */
struct ruleset *snapshot_find(struct snapshot *snapshot, int64_t revision);
/**
 * Keeps a reference to an older revision, and forgets the one not asked for longest. Large ones stay only
 * when they were asked for, and one of them: the memory of a catalog of 100,000 policies is to be had
 * again once it is replaced.
 */
void snapshot_keep(struct snapshot *snapshot, struct ruleset *ruleset, bool is_asked_for);
