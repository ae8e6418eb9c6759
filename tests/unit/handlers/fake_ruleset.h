/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "calculator/calculator.h"

/** One reference; NULL when memory is short. */
struct ruleset *fake_ruleset_new(int64_t revision);
/** How many there are. */
int fake_ruleset_alive(void);
/** Makes it seem to take @size bytes. */
void fake_ruleset_grow(struct ruleset *ruleset, size_t size);
