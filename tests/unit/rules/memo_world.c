/* SPDX-License-Identifier: Apache-2.0 */
#include "memo_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

void memo_world_init(struct memo_world *world)
{
	*world = (struct memo_world){ 0 };
	arena_init(&world->arena, (size_t)1 << 30);
	arena_init(&world->call, (size_t)256 << 20);
	diagnostics_init(&world->diagnostics, &world->arena);
	world->scope = block_scope_make(&world->arena);
	world->regions = block_regions_make();
	world->memo = rule_memo_new();
	assert_non_null(world->memo);
	block_bounds_make(world->values);
	world->evaluation = (struct evaluation){ .values = world->values,
		.value_count = SLOTS,
		.regions = world->regions,
		.arena = &world->call };
}

void memo_world_fini(struct memo_world *world)
{
	rule_memo_free(world->memo);
	scope_free(world->scope);
	region_table_free(world->regions);
	arena_fini(&world->arena);
	arena_fini(&world->call);
}

struct memo_world *memo_world_new(void)
{
	struct memo_world *world = calloc(1, sizeof(*world));

	if (!world)
		abort();
	memo_world_init(world);
	return world;
}

void memo_world_free(struct memo_world *world)
{
	memo_world_fini(world);
	free(world);
}

const struct rule *memo_world_compile(struct memo_world *world, const char *text,
		struct rule_memo *memo, struct arena *arena)
{
	struct rule_options options = { .path = "memo",
		.cost_limit = UINT64_MAX,
		.lasting = true,
		.memo = memo,
		.regions = world->regions };

	return rule_compile(
			slice_from(text), world->scope, &options, arena, &world->diagnostics);
}
