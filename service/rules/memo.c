/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/memo_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdatomic.h>

#define PARTS_MOST ((size_t)1 << 15) /* rules with others are read */
#define MEMO_BUDGET ((size_t)256 << 20)
#define TREES_BUDGET ((size_t)4 << 30)

struct rule_memo *rule_memo_new(void)
{
	struct rule_memo *memo = memory_alloc_zero(1, sizeof(*memo));

	if (!memo)
		return NULL;
	pthread_mutex_init(&memo->lock, NULL);
	arena_init(&memo->arena, MEMO_BUDGET);
	arena_init(&memo->trees, TREES_BUDGET);
	return memo;
}

void rule_memo_free(struct rule_memo *memo)
{
	if (!memo)
		return;
	map_fini(&memo->parts);
	map_fini(&memo->exact);
	number_table_fini(&memo->lists.texts);
	map_fini(&memo->strings);
	term_table_fini(&memo->terms);
	arena_fini(&memo->trees);
	arena_fini(&memo->arena);
	pthread_mutex_destroy(&memo->lock);
	memory_free(memo);
}

size_t rule_memo_size(struct rule_memo *memo)
{
	size_t places, size;

	if (!memo)
		return 0;
	pthread_mutex_lock(&memo->lock);
	places = memo->parts.capacity + memo->exact.capacity + memo->strings.capacity;
	size = sizeof(*memo) + memo->arena.taken + memo->trees.taken +
	       places * sizeof(struct map_entry) + number_table_size(&memo->lists.texts) +
	       term_table_size(&memo->terms);
	pthread_mutex_unlock(&memo->lock);
	return size;
}

/* What each rule is compiled with; what is different of each is not asked for when one is made again. */
static void options_keep(struct rule_memo *memo, const struct rule_options *options)
{
	memo->options = *options;
	memo->options.path = NULL;
	memo->options.memo = NULL;
	memo->options.expected = NULL;
	memo->options.expected_dimension = DIMENSION_ANY;
	memo->options.warn_bare = memo->options.warn_choices = false;
	memo->options.cost_limit = UINT64_MAX;
}

bool memo_slots_reserve(struct rule_memo *memo, const struct scope *scope)
{
	size_t count = (size_t)scope_slot_count(scope);

	if (memo->slots)
		return true;
	memo->slot_words = count / 64 + 1;
	memo->slot_at = ARENA_NEW_ARRAY(&memo->arena, uint16_t, count);
	memo->slot_kinds = ARENA_NEW_ARRAY(&memo->arena, uint8_t, count);
	if (memo->slot_at && memo->slot_kinds && count <= UINT16_MAX)
		memo->slots = ARENA_NEW_ARRAY(&memo->arena, uint64_t, 2 * memo->slot_words);
	memo->form_slots = memo->slots ? memo->slots + memo->slot_words : NULL;
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

/* Finds the part of each unit, and the list in it; of a @part, which is a new term, there is one of either at most. */
static bool units_find(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, bool part, struct arena *arena)
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
			unit->list = part ? memo_list_of_term(memo, piece, arena)
					  : memo_list(memo, piece, arena);
			if (!unit->list)
				return false;
		}
	}
	return true;
}

/*
 * Takes @source apart and finds its parts; UNIT_NONE: it is not made of such, or memory is short, or it is to be a @part
 * that could stand among others, and is none.
 */
static uint16_t source_read(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, bool part, struct arena *arena)
{
	uint16_t root = memo_read(&memo->reading, source->text);

	if (root == UNIT_NONE ||
			(part && (memo->reading.whole || memo->reading.unit_count > 1)) ||
			(memo->reading.wide >= 128 &&
					utf8_valid_size(source->text) < source->text.size) ||
			!memo_slots_reserve(memo, scope) ||
			!units_find(memo, source, scope, part, arena))
		return UNIT_NONE;
	return root;
}

struct rule *memo_whole(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, bool part, struct arena *arena, unsigned *out_depth)
{
	uint16_t root = source_read(memo, source, scope, part, arena);
	const struct part *first;
	struct joined joined;
	struct rule *rule;

	if (root == UNIT_NONE || !memo_join(memo, root, source->text, arena, &joined))
		return NULL;
	rule = ARENA_NEW(arena, struct rule);
	if (!rule)
		return NULL;
	first = memo->reading.units[root].part;
	atomic_init(&rule->program, joined.program);
	rule->text = source->text;
	rule->memo = memo;
	rule->slots = joined.program->slots;
	rule->slot_count = (uint32_t)joined.program->slot_count;
	rule->cost = joined.cost;
	rule->type = first ? first->nodes->type : &type_bool;
	rule->dimension = first ? first->nodes->dimension : DIMENSION_FREE;
	*out_depth = joined.depth;
	return rule;
}

const struct rule *memo_make(
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	struct rule_memo *memo = source->options->memo;
	const struct rule *rule = memo_form(memo, source, scope, arena);
	unsigned depth;

	if (!rule)
		rule = memo_whole(memo, source, scope, false, arena, &depth);
	if (rule && !memo->scope) {
		memo->scope = scope;
		options_keep(memo, source->options);
	}
	return rule && rule->cost <= rule_cost_limit(source->options) ? rule : NULL;
}

/* --- on demand ---------------------------------------------------------------------------------- */

/* As if it had never been known: what was is not remembered when memory was short. */
static const struct rule *rule_again(struct rule_memo *memo, const struct rule *rule)
{
	const struct rule *again;
	struct diagnostics ignored;
	struct arena findings;

	arena_init(&findings, (size_t)1 << 20);
	diagnostics_init(&ignored, &findings);
	again = rule_compile(rule->text, memo->scope, &memo->options, &memo->trees, &ignored);
	arena_fini(&findings);
	return again;
}

/* The program of @rule, and with @grow its tree, unless they are there. */
static void rule_fill(struct rule_memo *memo, struct rule *rule, bool grow)
{
	struct rule_options options = memo->options;
	struct source source = { .text = rule->text, .options = &options };
	const struct program *program =
			atomic_load_explicit(&rule->program, memory_order_relaxed);
	struct node *tree = atomic_load_explicit(&rule->root, memory_order_relaxed);
	const struct rule *again;
	struct joined joined;
	uint16_t root;

	grow &= !tree;
	if (program && !grow)
		return;
	options.memo = memo;
	root = source_read(memo, &source, memo->scope, false, &memo->trees);
	if (root != UNIT_NONE && !program &&
			memo_join(memo, root, rule->text, &memo->trees, &joined))
		program = joined.program;
	if (root != UNIT_NONE && grow)
		tree = memo_grow(memo, root, rule->text);
	if (!program || (grow && !tree)) {
		again = rule_again(memo, rule);
		if (again && !program)
			program = atomic_load_explicit(&again->program, memory_order_relaxed);
		if (again && grow && !tree)
			tree = atomic_load_explicit(&again->root, memory_order_relaxed);
	}
	/* There may be memory for the next one again. */
	memo->arena.exhausted = memo->trees.exhausted = false;
	atomic_store_explicit(&rule->program, program, memory_order_release);
	atomic_store_explicit(&rule->root, tree, memory_order_release);
}

static void rule_ask(struct rule *rule, bool grow)
{
	struct rule_memo *memo = rule->memo;

	pthread_mutex_lock(&memo->lock);
	rule_fill(memo, rule, grow);
	pthread_mutex_unlock(&memo->lock);
}

const struct program *memo_program(struct rule *rule)
{
	rule_ask(rule, false);
	return atomic_load_explicit(&rule->program, memory_order_acquire);
}

const struct node *memo_tree(struct rule *rule)
{
	rule_ask(rule, true);
	return atomic_load_explicit(&rule->root, memory_order_acquire);
}
