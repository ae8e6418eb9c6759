/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rulesets that are current no more, until nobody works with them: then a thread of their own frees them.
 *
 * Freeing one of 100,000 policies takes a tenth of a second, and the last to let go of it is often a loop.
 * So its owner does not let go but hands its reference over here, where it is kept for as long as
 * there are others; the loops' own is then never the last.
 */
#pragma once

#include "calculator/calculator.h"

struct retired;

/** NULL when memory is short. */
struct retired *retired_new(void);
/** Lets go of all that is left, whoever else has it. */
void retired_free(struct retired *retired);
/**
 * Takes over the caller's reference. Without room or a thread the caller's is simply given up: the last
 * one frees it. NULL is fine.
 */
void retired_add(struct retired *retired, struct ruleset *ruleset);
