/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/memo_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#define PARTS_MOST ((size_t)1 << 15) /* rules with others are read */
#define MEMO_BUDGET ((size_t)256 << 20)

struct rule_memo *rule_memo_new(void)
{
	struct rule_memo *memo = memory_alloc_zero(1, sizeof(*memo));

	if (memo)
		arena_init(&memo->arena, MEMO_BUDGET);
	return memo;
}

void rule_memo_free(struct rule_memo *memo)
{
	if (!memo)
		return;
	map_fini(&memo->parts);
	map_fini(&memo->exact);
	map_fini(&memo->lists);
	map_fini(&memo->strings);
	arena_fini(&memo->arena);
	memory_free(memo);
}

/* Room for the slots of a rule, of which there are as many as @scope has. */
static bool slots_reserve(struct rule_memo *memo, const struct scope *scope)
{
	size_t count = (size_t)scope_slot_count(scope);

	if (memo->slots)
		return true;
	memo->slot_words = count / 64 + 1;
	memo->slot_at = ARENA_NEW_ARRAY(&memo->arena, uint16_t, count);
	memo->slot_kinds = ARENA_NEW_ARRAY(&memo->arena, uint8_t, count);
	if (memo->slot_at && memo->slot_kinds && count <= UINT16_MAX)
		memo->slots = ARENA_NEW_ARRAY(&memo->arena, uint64_t, memo->slot_words);
	return memo->slots;
}

/* What is known under @key in @map, or what is made for it; @unit has no more pieces than the part is to have. */
static struct part *part_get(struct rule_memo *memo, struct map *map, struct slice key,
		const struct unit *unit, const struct source *source, const struct scope *scope,
		struct arena *arena)
{
	struct part *part = map_find(map, key);

	if (part || memo->parts.count + memo->exact.count >= PARTS_MOST)
		return part;
	part = part_make(source, unit, &memo->reading.pieces[unit->piece], scope, arena,
			&memo->arena);
	key.data = arena_copy(&memo->arena, key.data, key.size);
	/* Not remembered, it is only made again. */
	if (part && key.data)
		(void)map_put(map, key, part);
	return part;
}

/* The part that @unit is; NULL: there is none, or memory is short. */
static const struct part *unit_part(struct rule_memo *memo, struct unit *unit,
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	struct slice key = { memo->reading.key + unit->begin, unit->key_size };
	const struct part *part = part_get(memo, &memo->parts, key, unit, source, scope, arena);

	if (part && part->exact) {
		unit->pieces = 0;
		key = (struct slice){ source->text.data + unit->begin,
			(size_t)unit->end - unit->begin };
		part = part_get(memo, &memo->exact, key, unit, source, scope, arena);
	}
	return part && part->usable ? part : NULL;
}

/* Finds the part of each unit, and the list in it. */
static bool units_find(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	struct reading *reading = &memo->reading;

	for (unsigned i = 0; i < reading->unit_count; i++) {
		struct unit *unit = &reading->units[i];

		if (unit->kind != UNIT_PART)
			continue;
		unit->part = unit_part(memo, unit, source, scope, arena);
		if (!unit->part)
			return false;
		/* What joins only constants is one. */
		if (reading->unit_count > 1 && (!unit->part->is_bool || unit->part->constant))
			return false;
		for (unsigned k = 0; unit->part->list_size && k < unit->pieces; k++) {
			const struct piece *piece = &reading->pieces[unit->piece + k];

			if (piece->kind != PIECE_LIST)
				continue;
			unit->list = memo_list(memo, piece, arena);
			if (!unit->list)
				return false;
		}
	}
	return true;
}

const struct rule *memo_make(
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	struct rule_memo *memo = source->options->memo;
	uint16_t root = memo_read(&memo->reading, source->text);

	if (root == UNIT_NONE ||
			(memo->reading.wide >= 128 &&
					utf8_valid_size(source->text) < source->text.size) ||
			!slots_reserve(memo, scope) || !units_find(memo, source, scope, arena))
		return NULL;
	return memo_join(memo, root, source, arena);
}
