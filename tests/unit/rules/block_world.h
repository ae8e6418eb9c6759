/* SPDX-License-Identifier: Apache-2.0 */
/* What rules made at random are asked about: their scope, regions, and values for every slot. */
#pragma once

#include "block_rules.h"

#include "base/region.h"
#include "rules/rule.h"

struct scope *block_scope_make(struct arena *arena);
struct region_table *block_regions_make(void);
/** Ends the test when @text is no rule. */
const struct rule *block_rule_compile(
		struct arena *arena, const struct scope *scope, const char *text);
/** Fills in parameters and the day; the others stay as they are. */
void block_bounds_make(struct value *values);
/** A value for a slot of an attribute; what it is made of lies in @arena. */
struct value block_value_make(struct arena *arena, int slot);
