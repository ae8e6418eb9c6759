/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as terms. In a catalog of 100,000 policies ten of eleven terms are among a thousand, each of which is read,
 * joined and (by who makes an index) taken apart once; a rule is some numbers of them.
 */
#include "rules/memo_internal.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdatomic.h>

#define TERMS_MOST ((size_t)1 << 16) /* rules with others have their programs at once */

size_t memo_term_count(const struct rule_memo *memo)
{
	return memo->terms.count;
}

const struct rule *memo_term(const struct rule_memo *memo, uint32_t number)
{
	return memo->terms.list[number]->rule;
}

/* --- the table ------------------------------------------------------------------------------------- */

static const char *term_text(const struct term *term)
{
	return (const char *)(term->slots + term->slot_count);
}

static inline uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint32_t text_hash(struct slice text)
{
	uint64_t hash = text.size;
	uint64_t rest = 0;
	size_t at = 0;

	for (; at + 16 <= text.size; at += 16)
		hash = hash_mix_pair(
				hash, word_at(text.data + at), word_at(text.data + at + 8));
	if (at + 8 <= text.size) {
		hash = hash_mix_word(hash, word_at(text.data + at));
		at += 8;
	}
	if (at < text.size && text.size >= 8)
		rest = word_at(text.data + text.size - 8);
	else
		memcpy(&rest, text.data + at, text.size - at);
	hash = hash_mix_word(hash, rest);
	return (uint32_t)(hash ^ hash >> 32);
}

const struct term *term_find(
		const struct term_table *table, struct slice text, uint32_t *out_hash)
{
	uint32_t hash = *out_hash = text_hash(text);
	size_t mask = table->capacity - 1;

	for (size_t at = hash & mask; table->capacity && table->places[at].number;
			at = (at + 1) & mask) {
		const struct term *term = table->list[table->places[at].number - 1];

		if (table->places[at].hash == hash && term->size == text.size &&
				memcmp(term_text(term), text.data, text.size) == 0)
			return term;
	}
	return NULL;
}

static void place_put(struct term_table *table, struct term_place place)
{
	size_t at = place.hash & (table->capacity - 1);

	while (table->places[at].number)
		at = (at + 1) & (table->capacity - 1);
	table->places[at] = place;
}

/* Room for one more: no more than half of the places are taken. */
static bool table_grow(struct term_table *table)
{
	struct term_table larger = *table;

	if (2 * table->count < table->capacity)
		return true;
	larger.capacity = table->capacity ? 2 * table->capacity : 512;
	larger.places = memory_alloc_zero(larger.capacity, sizeof(*larger.places));
	larger.list = memory_resize(
			(void *)table->list, larger.capacity / 2 * sizeof(struct term *));
	if (larger.list)
		table->list = larger.list;
	if (!larger.places || !larger.list) {
		memory_free(larger.places);
		return false;
	}
	for (size_t i = 0; i < table->capacity; i++) {
		if (table->places[i].number)
			place_put(&larger, table->places[i]);
	}
	memory_free(table->places);
	*table = larger;
	return true;
}

/* --- terms ----------------------------------------------------------------------------------------- */

static int rule_code_count(const struct rule *rule)
{
	return atomic_load_explicit(&rule->program, memory_order_relaxed)->code_count;
}

static struct term *term_make(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	unsigned depth;
	const struct rule *rule = memo_whole(memo, source, scope, arena, &depth);
	const struct reading *reading = &memo->reading;
	size_t slots_size = rule ? rule->slot_count * sizeof(*rule->slots) : 0;
	struct term *term;

	if (!rule || depth > TREE_DEPTH_LIMIT)
		return NULL;
	term = arena_alloc(&memo->arena, sizeof(*term) + slots_size + source->text.size);
	if (!term)
		return NULL;
	*term = (struct term){ .rule = rule,
		.cost = rule->cost,
		.number = (uint32_t)memo->terms.count,
		.size = (uint16_t)source->text.size,
		.slot_count = (uint16_t)rule->slot_count,
		.code_count = (uint16_t)rule_code_count(rule),
		.depth = (uint8_t)depth,
		.joins = rule->type->kind == TYPE_BOOL &&
			 !(reading->unit_count == 1 && reading->units->part->constant),
		.whole = reading->whole };
	memcpy(term->slots, rule->slots, slots_size);
	memcpy(term->slots + rule->slot_count, source->text.data, source->text.size);
	return term;
}

/* The term that @text is; NULL: it is none, or there are too many, or memory is short. */
static const struct term *term_get(struct rule_memo *memo, struct slice text,
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	uint32_t hash;
	const struct term *known = term_find(&memo->terms, text, &hash);
	struct source own = *source;
	struct term *term;

	if (known || memo->terms.count >= TERMS_MOST || !table_grow(&memo->terms))
		return known;
	own.text = text;
	term = term_make(memo, &own, scope, arena);
	if (!term)
		return NULL;
	memo->terms.list[term->number] = term;
	place_put(&memo->terms, (struct term_place){ hash, term->number + 1 });
	memo->terms.count++;
	return term;
}

/* --- forms ----------------------------------------------------------------------------------------- */

struct forming {
	const struct reading *split;
	uint32_t form[MEMO_UNITS_MOST];
	uint32_t count;
	uint64_t cost;
};

/* How deep the tree of the unit is. */
static unsigned unit_form(struct forming *forming, const struct unit *unit)
{
	uint16_t number = unit->first;
	unsigned depth = 0;

	if (unit->kind == UNIT_PART) {
		forming->form[forming->count++] = unit->term->number;
		forming->cost += unit->term->cost;
		return unit->term->depth;
	}
	for (uint32_t i = 0; i < unit->count; i++) {
		unsigned one = unit_form(forming, &forming->split->units[number]);

		if (one > depth)
			depth = one;
		number = forming->split->units[number].next;
	}
	forming->cost++;
	forming->form[forming->count++] = form_joint(unit->kind == UNIT_NOT   ? FORM_NOT
						     : unit->kind == UNIT_AND ? FORM_AND
									      : FORM_OR,
			unit->count);
	return depth + 1;
}

/* How many slots the terms have, which are noted in memo->slots. */
static size_t slots_note(struct rule_memo *memo)
{
	const struct reading *split = &memo->split;
	size_t count = 0;

	memset(memo->slots, 0, memo->slot_words * sizeof(*memo->slots));
	for (unsigned i = 0; i < split->unit_count; i++) {
		const struct term *term = split->units[i].term;

		for (uint32_t k = 0; term && k < term->slot_count; k++) {
			size_t slot = (size_t)term->slots[k];
			uint64_t bit = UINT64_C(1) << slot % 64;

			count += !(memo->slots[slot / 64] & bit);
			memo->slots[slot / 64] |= bit;
		}
	}
	return count;
}

static void slots_write(const struct rule_memo *memo, int *slots)
{
	for (size_t i = 0; i < memo->slot_words; i++) {
		for (uint64_t bits = memo->slots[i]; bits; bits &= bits - 1)
			*slots++ = (int)(64 * i + (size_t)__builtin_ctzll(bits));
	}
}

/* A rule with @count words behind it, to be filled in; NULL when memory is short. */
static struct rule *rule_begin(
		struct rule_memo *memo, struct slice text, size_t count, struct arena *arena)
{
	struct rule *rule = arena_alloc(arena, sizeof(*rule) + count * sizeof(uint32_t));

	if (!rule)
		return NULL;
	rule->text = text;
	rule->memo = memo;
	rule->form = (uint32_t *)(rule + 1);
	rule->attached = NULL;
	atomic_init(&rule->program, NULL);
	atomic_init(&rule->root, NULL);
	return rule;
}

/* A rule that is one term has all that the term has. */
static struct rule *term_copy(struct rule_memo *memo, const struct term *term,
		struct slice text, struct arena *arena)
{
	struct rule *rule = rule_begin(memo, text, 1, arena);

	if (!rule)
		return NULL;
	*(uint32_t *)(rule + 1) = term->number;
	rule->form_count = 1;
	rule->slots = term->rule->slots;
	rule->slot_count = term->slot_count;
	rule->cost = term->cost;
	rule->type = term->rule->type;
	rule->dimension = term->rule->dimension;
	atomic_init(&rule->program,
			atomic_load_explicit(&term->rule->program, memory_order_relaxed));
	return rule;
}

static struct rule *terms_join(struct rule_memo *memo, const struct forming *forming,
		struct slice text, struct arena *arena)
{
	size_t slots = slots_note(memo);
	struct rule *rule = rule_begin(memo, text, forming->count + slots, arena);
	uint32_t *form = (uint32_t *)(rule + 1);
	int *own_slots = (int *)form + forming->count;

	if (!rule)
		return NULL;
	memcpy(form, forming->form, forming->count * sizeof(*form));
	slots_write(memo, own_slots);
	rule->form_count = forming->count;
	rule->slots = own_slots;
	rule->slot_count = (uint32_t)slots;
	rule->cost = forming->cost;
	rule->type = &type_bool;
	rule->dimension = DIMENSION_FREE;
	return rule;
}

/* Finds the term of each part; false when one is none, or too much is joined. */
static bool terms_find(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	struct reading *split = &memo->split;
	int code = 0;

	for (unsigned i = 0; i < split->unit_count; i++) {
		struct unit *unit = &split->units[i];
		struct slice text = { source->text.data + unit->begin,
			(size_t)unit->end - unit->begin };

		code += unit->count;
		if (unit->kind != UNIT_PART)
			continue;
		if (!unit->term)
			unit->term = term_get(memo, text, source, scope, arena);
		if (!unit->term || (split->unit_count > 1 && !unit->term->joins))
			return false;
		code += unit->term->code_count;
	}
	return code <= TREE_CODE_LIMIT;
}

struct rule *memo_form(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	struct forming forming;
	uint16_t root = memo_read_terms(&memo->split, source->text, &memo->terms);

	if (root == UNIT_NONE || !terms_find(memo, source, scope, arena))
		return NULL;
	if (memo->split.units[root].kind == UNIT_PART)
		return term_copy(memo, memo->split.units[root].term, source->text, arena);
	/* Not all of it is zeroed: its room is filled in order. */
	forming.split = &memo->split;
	forming.count = 0;
	forming.cost = 0;
	if (unit_form(&forming, &memo->split.units[root]) > TREE_DEPTH_LIMIT)
		return NULL;
	return terms_join(memo, &forming, source->text, arena);
}
