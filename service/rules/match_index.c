/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

/* Texts of codes; and what is needed for a moment while an index is made. */
#define TEXTS_BUDGET ((size_t)256 << 20)
#define BUILD_BUDGET ((size_t)4 << 30)
/* Bytes of the rows, a policy: those of more are not where the lists were. */
#define ROWS_EXPECTED ((size_t)384)

/* One piece of memory to begin with, of which as much is taken as is needed. */
static bool room_begin(struct arena *arena, size_t size)
{
	arena_init(arena, BUILD_BUDGET);
	if (!arena_reserve(arena, size))
		return false;
	memory_join_pages(arena->next, (size_t)(arena->end - arena->next));
	return true;
}

struct list_size {
	struct match_list *list;
	size_t count, size;
};

/* Room for three times some lists, or @least bytes. */
static bool lists_begin(
		struct arena *arena, const struct list_size *lists, size_t count, size_t least)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += 3 * lists[i].count * lists[i].size;
	return room_begin(arena, size < least ? least : size);
}

static bool lists_take(struct arena *arena, const struct list_size *lists, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		lists[i].list->arena = arena;
		lists[i].list->data = arena_alloc(arena, lists[i].count * lists[i].size);
		lists[i].list->capacity = lists[i].count;
		if (!lists[i].list->data)
			return false;
	}
	return true;
}

/* All of them, as long as they most often come to be; and room to sort them. */
static bool lists_build(struct match_build *build)
{
	const struct atoms *atoms = build->atoms;
	size_t policies = build->options->policy_count;
	size_t sets = 2 * atoms->count + policies / 4;
	size_t formulas = atoms->formula_count + atoms->formula_count / 3;
	const struct list_size lists[] = {
		{ &build->sets, sets, sizeof(struct match_set) },
		{ &build->words, sets + sets / 4, sizeof(uint64_t) },
		{ &build->plans, formulas, sizeof(struct match_plan) },
		{ &build->ways, formulas, sizeof(struct match_way) },
		{ &build->positions, policies + policies / 8, sizeof(struct match_position) },
		{ &build->entries, atoms->literal_count + formulas, sizeof(uint32_t) },
	};
	const struct list_size kept[] = {
		{ &build->marks, 10 * sets, sizeof(uint32_t) },
		{ &build->uses, sets, sizeof(struct match_uses) },
	};

	if (build->options->room) {
		build->lists = *build->options->room;
		build->lists.budget = BUILD_BUDGET;
		arena_init(build->options->room, build->options->room->budget);
	} else if (!lists_begin(&build->lists, lists, sizeof(lists) / sizeof(*lists),
				   match_index_room(policies))) {
		return false;
	}
	return lists_begin(&build->kept, kept, sizeof(kept) / sizeof(*kept), 0) &&
	       lists_take(&build->lists, lists, sizeof(lists) / sizeof(*lists)) &&
	       lists_take(&build->kept, kept, sizeof(kept) / sizeof(*kept));
}

/* Most of what the arena takes. */
static size_t build_size(const struct match_build *build)
{
	const struct atoms *atoms = build->atoms;

	return 4 * atoms->count * sizeof(*build->mark_of) + 4 * build->options->policy_count;
}

static bool build_init(struct match_build *build)
{
	const struct atoms *atoms = build->atoms;
	const struct evaluation *bound = &atoms->bound;
	size_t slots = (size_t)build->options->slot_count;
	size_t known = bound->value_count < slots ? bound->value_count : slots;

	build->index->slots = memory_alloc_zero(slots + 1, sizeof(*build->index->slots));
	build->values = ARENA_NEW_ARRAY(&build->arena, struct value, slots + 1);
	build->text_codes = ARENA_NEW_ARRAY(&build->arena, uint32_t *, slots + 1);
	build->atom_parts = ARENA_NEW_ARRAY(&build->lists, uint32_t, atoms->count + 1);
	build->atom_codes = ARENA_NEW_ARRAY(&build->lists, uint32_t, atoms->count + 1);
	build->made = ARENA_NEW_ARRAY(
			&build->lists, struct match_made, 2 * atoms->formula_count + 1);
	if (!build->index->slots || !build->values || !build->text_codes ||
			!build->atom_parts || !build->atom_codes || !build->made)
		return false;
	if (known)
		memcpy(build->values, bound->values, known * sizeof(*build->values));
	build->evaluation = *bound;
	build->evaluation.values = build->values;
	build->evaluation.value_count = slots;
	build->evaluation.arena = &build->arena;
	return true;
}

static bool index_build(struct match_index *index, const struct atoms *atoms,
		const struct match_index_options *options)
{
	struct match_build build = { .index = index, .atoms = atoms, .options = options };
	bool ok;

	ok = room_begin(&build.arena, build_size(&build)) && lists_build(&build) &&
	     build_init(&build) && match_parts_build(&build) && match_positions_build(&build) &&
	     match_order_build(&build) && match_rows_build(&build);
	ok = ok && !build.failed && !build.arena.exhausted && !build.kept.exhausted;
	arena_fini(&build.lists);
	arena_fini(&build.kept);
	arena_fini(&build.arena);
	return ok;
}

size_t match_index_room(size_t policy_count)
{
	return policy_count * ROWS_EXPECTED;
}

struct match_index *match_index_new(
		const struct atoms *atoms, const struct match_index_options *options)
{
	struct match_index *index = memory_alloc_zero(1, sizeof(*index));

	assert(options->policy_count < MATCH_POLICIES_MOST);
	if (!index)
		return NULL;
	arena_init(&index->arena, TEXTS_BUDGET);
	index->policy_count = options->policy_count;
	index->slot_count = options->slot_count;
	index->simple = options->policy_count < MATCH_INDEX_LEAST;
	if (index->simple || index_build(index, atoms, options))
		return index;
	match_index_free(index);
	return NULL;
}

void match_index_free(struct match_index *index)
{
	if (!index)
		return;
	match_parts_fini(index);
	memory_free(index->streams);
	memory_free(index->readers);
	memory_free(index->numbers);
	memory_free(index->asked);
	memory_free(index->edges);
	memory_free(index->stream_rows);
	memory_free(index->policies);
	memory_free(index->several);
	memory_free(index->row_room);
	memory_free(index->any_streams);
	memory_free(index->any_starts);
	memory_free(index->summaries);
	memory_free(index->mentions);
	memory_free(index->open);
	memory_free(index->special);
	arena_fini(&index->arena);
	memory_free(index);
}

size_t match_index_size(const struct match_index *index)
{
	size_t words = match_row_words(index);
	size_t size = sizeof(*index) + index->arena.taken;

	size += (size_t)index->slot_count * sizeof(*index->slots);
	size += index->part_count * sizeof(*index->parts);
	size += index->stream_count * sizeof(*index->streams);
	size += words * 64 * sizeof(*index->policies);
	size += index->several_words * 64 * sizeof(*index->several);
	size += (index->row_count + 1 + index->mention_count) * match_row_step(index) *
		sizeof(uint64_t);
	size += 2 * words * sizeof(uint64_t); /* open, special */
	size += index->number_count * MATCH_EDGES * sizeof(*index->edges);
	size += index->row_count * index->summary_words * sizeof(uint64_t);
	size += index->border_count * sizeof(struct match_border);
	size += index->side_count * sizeof(uint32_t);
	for (uint32_t i = 0; i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];

		size += part->cell_count * (2 * sizeof(int64_t) + 2 * sizeof(uint32_t));
		if (part->thresholds)
			size += match_threshold_room(part) * sizeof(*part->thresholds);
		if (part->ranks)
			size += part->threshold_count * sizeof(*part->ranks) +
				MATCH_SIDES_STEP * sizeof(*part->sides);
		size += part->text_count * 2 * sizeof(uint32_t);
	}
	for (int i = 0; index->slots && i < index->slot_count; i++)
		size += index->slots[i].codes.capacity * sizeof(struct map_entry);
	return size;
}

bool match_index_reads(const struct match_index *index, int slot)
{
	return !index->simple && index->slots[slot].part_count > 0;
}

uint32_t match_index_code(const struct match_index *index, int slot, struct slice text)
{
	uintptr_t number = 0;

	if (!index->simple)
		number = (uintptr_t)map_find(&index->slots[slot].codes, text);
	return number ? (uint32_t)number - 1 : MATCH_CODE_NONE;
}

void match_index_dump(const struct match_index *index, FILE *out)
{
	static const char *const kinds[] = { "flag", "number", "code", "members" };

	(void)fprintf(out,
			"%zu policies, %u positions (%u with an or), %u blocks, %u rows of %u "
			"streams, %zu "
			"borders\n",
			index->policy_count, index->position_count,
			index->position_count - index->any_first, index->block_count,
			index->row_count, index->stream_count,
			index->border_count + index->side_count);
	for (uint32_t i = 0; i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];

		(void)fprintf(out, "slot %d: %s, %u cells, stream %u\n", part->slot,
				kinds[part->kind], part->cell_count, part->stream);
	}
}
