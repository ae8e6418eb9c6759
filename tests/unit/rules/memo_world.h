/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are made with a memo, and without, of the slots of block_world.h. */
#pragma once

#include "block_world.h"

struct memo_world {
	struct arena arena; /* of the rules, and what the memo knows */
	struct arena call;  /* of what they are asked */
	struct diagnostics diagnostics;
	struct scope *scope;
	struct region_table *regions;
	struct rule_memo *memo;
	struct value values[SLOTS]; /* parameters and the day; attributes are unknown */
	struct evaluation evaluation;
};

/** All of it is freed with memo_world_fini(). */
void memo_world_init(struct memo_world *world);
void memo_world_fini(struct memo_world *world);
/** The same on the heap, for it is large; ends the program when there is no memory. */
struct memo_world *memo_world_new(void);
void memo_world_free(struct memo_world *world);
/** The rule, of @memo (or NULL), in @arena; NULL when @text is none. */
const struct rule *memo_world_compile(struct memo_world *world, const char *text,
		struct rule_memo *memo, struct arena *arena);
