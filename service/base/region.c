/* SPDX-License-Identifier: Apache-2.0 */
#include "base/region.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"

#include <assert.h>

/* Some thousand regions of some hundred bytes each; far more than a province has. */
#define REGION_BUDGET ((size_t)64 << 20)

struct region_node {
	struct region region; /* first: what callers see */
	struct region_node *parent;
	struct region_node *next; /* in the order they were added */
};

struct region_table {
	struct arena arena;
	struct map nodes; /* by code and by alias */
	struct region_node *first;
	struct region_node **last;
	size_t count;
	bool finished;
};

struct region_table *region_table_new(void)
{
	struct region_table *table = memory_alloc_zero(1, sizeof(*table));

	if (!table)
		return NULL;
	arena_init(&table->arena, REGION_BUDGET);
	table->last = &table->first;
	return table;
}

void region_table_free(struct region_table *table)
{
	if (!table)
		return;
	map_fini(&table->nodes);
	arena_fini(&table->arena);
	memory_free(table);
}

static bool slice_copy(struct arena *arena, struct slice from, struct slice *out_copy)
{
	*out_copy = (struct slice){ arena_copy(arena, from.data, from.size), from.size };
	return out_copy->data != NULL;
}

/* A copy of a list of codes; NULL only when memory is short. */
static const struct slice *slices_copy(
		struct arena *arena, const struct slice *list, size_t count)
{
	struct slice *copy = ARENA_NEW_ARRAY(arena, struct slice, count);

	for (size_t i = 0; copy && i < count; i++) {
		if (!slice_copy(arena, list[i], &copy[i]))
			return NULL;
	}
	return copy;
}

static bool region_table_put(struct region_table *table, struct slice code,
		struct region_node *node, struct error *err)
{
	if (code.size == 0)
		return error_set(err, ERROR_INVALID, "a region code is empty");
	if (map_find(&table->nodes, code))
		return error_set(err, ERROR_INVALID, "region code %.*s is there twice",
				SLICE_PRINT(code));
	return map_put(&table->nodes, code, node) ||
	       error_set(err, ERROR_MEMORY, "out of memory while adding a region");
}

bool region_table_add(
		struct region_table *table, const struct region *region, struct error *err)
{
	struct arena *arena = &table->arena;
	struct region_node *node = ARENA_NEW(arena, struct region_node);
	struct region *copy;

	assert(!table->finished);
	if (!node)
		return arena_error(arena, err, "adding a region");
	copy = &node->region;
	copy->host_count = region->host_count;
	copy->alias_count = region->alias_count;
	if (!slice_copy(arena, region->code, &copy->code) ||
			!slice_copy(arena, region->parent, &copy->parent) ||
			!slice_copy(arena, region->kind, &copy->kind))
		return arena_error(arena, err, "adding a region");
	copy->hosts = slices_copy(arena, region->hosts, region->host_count);
	copy->aliases = slices_copy(arena, region->aliases, region->alias_count);
	if (!copy->hosts || !copy->aliases)
		return arena_error(arena, err, "adding a region");
	if (!region_table_put(table, copy->code, node, err))
		return false;
	for (size_t i = 0; i < copy->alias_count; i++) {
		if (!region_table_put(table, copy->aliases[i], node, err))
			return false;
	}
	*table->last = node;
	table->last = &node->next;
	table->count++;
	return true;
}

bool region_table_finish(struct region_table *table, struct error *err)
{
	for (struct region_node *node = table->first; node; node = node->next) {
		const struct region *region = &node->region;

		if (region->parent.size) {
			node->parent = map_find(&table->nodes, region->parent);
			if (!node->parent)
				return error_set(err, ERROR_INVALID,
						"region %.*s has parent %.*s, which is not in "
						"the table",
						SLICE_PRINT(region->code),
						SLICE_PRINT(region->parent));
		}
		for (size_t i = 0; i < region->host_count; i++) {
			if (!map_find(&table->nodes, region->hosts[i]))
				return error_set(err, ERROR_INVALID,
						"region %.*s has host %.*s, which is not in "
						"the table",
						SLICE_PRINT(region->code),
						SLICE_PRINT(region->hosts[i]));
		}
	}
	for (struct region_node *node = table->first; node; node = node->next) {
		size_t steps = 0;

		for (struct region_node *above = node->parent; above; above = above->parent) {
			if (++steps > table->count)
				return error_set(err, ERROR_INVALID,
						"region %.*s is above itself",
						SLICE_PRINT(node->region.code));
		}
	}
	table->finished = true;
	return true;
}

const struct region *region_table_find(const struct region_table *table, struct slice code)
{
	const struct region_node *node = map_find(&table->nodes, code);

	return node ? &node->region : NULL;
}

enum region_answer region_within(
		const struct region_table *table, struct slice code, struct slice ancestor)
{
	const struct region_node *node = map_find(&table->nodes, code);
	const struct region_node *above = map_find(&table->nodes, ancestor);

	assert(table->finished);
	if (!node || !above)
		return REGION_NOT_FOUND;
	for (; node; node = node->parent) {
		if (node == above)
			return REGION_YES;
	}
	return REGION_NO;
}

bool region_kind(const struct region_table *table, struct slice code, struct slice *out_kind)
{
	const struct region *region = region_table_find(table, code);

	if (region)
		*out_kind = region->kind;
	return region != NULL;
}
