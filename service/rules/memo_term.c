/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as terms. In a catalog of 100,000 policies ten of eleven terms are among a thousand, each of which is read,
 * joined and (by who makes an index) taken apart once; a rule is some numbers of them.
 */
#include "rules/memo_internal.h"

#include <stdatomic.h>

#define TERMS_MOST ((size_t)1 << 16) /* rules with others have their programs at once */

size_t memo_term_count(const struct rule_memo *memo)
{
	return memo->terms.count;
}

const struct rule *memo_term(const struct rule_memo *memo, uint32_t number)
{
	return memo->terms.rules[number];
}

/* --- terms ----------------------------------------------------------------------------------------- */

/* What is noted of the term that @rule is, whose tree is @depth high; false: it is too large for that. */
static bool term_note(struct term *term, const struct rule *rule, unsigned depth,
		const struct reading *reading)
{
	size_t size = rule->text.size;

	if (depth > TREE_DEPTH_LIMIT || rule->cost > UINT32_MAX)
		return false;
	term->cost = (uint32_t)rule->cost;
	term->size = (uint16_t)size;
	term->code_count = (uint16_t)rule_program_made(rule)->code_count;
	term->slot_count = TERM_SLOTS + 1;
	term->depth = (uint8_t)depth;
	term->joins = rule->type->kind == TYPE_BOOL &&
		      !(reading->unit_count == 1 && reading->units->part->constant);
	term->whole = reading->whole;
	if (rule->slot_count <= TERM_SLOTS) {
		term->slot_count = (uint8_t)rule->slot_count;
		memcpy(term->slots, rule->slots, rule->slot_count * sizeof(*rule->slots));
	}
	if (size <= TERM_TEXT)
		memcpy(term->text, rule->text.data, size);
	else
		memcpy(term->text, &rule->text.data, sizeof(rule->text.data));
	return true;
}

/* Makes the term of @source, which is none yet; NULL: it cannot be one, or there are too many, or memory is short. */
static const struct term *term_make(struct rule_memo *memo, uint32_t hash,
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	struct term term = { .hash = hash };
	const struct rule *rule;
	unsigned depth;

	if (memo->terms.count >= TERMS_MOST)
		return NULL;
	rule = memo_whole(memo, source, scope, arena, &depth);
	if (!rule || !term_note(&term, rule, depth, &memo->reading))
		return NULL;
	return term_table_put(&memo->terms, &term, rule);
}

/* The term that @unit is. */
static const struct term *unit_term(struct rule_memo *memo, const struct unit *unit,
		const struct source *source, const struct scope *scope, struct arena *arena)
{
	size_t size = (size_t)unit->end - unit->begin;
	struct slice key = { memo->split->key + unit->begin, size };
	struct source own = *source;
	const struct term *term;
	uint32_t hash;

	if (unit->term)
		return unit->term;
	hash = term_hash(key);
	term = term_find(&memo->terms, key, hash);
	own.text = (struct slice){ source->text.data + unit->begin, size };
	return term ? term : term_make(memo, hash, &own, scope, arena);
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
		forming->form[forming->count++] = unit->term->number - 1;
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

/* The slots of @term; as many as ->slot_count says unless it says too many. */
static const int *term_slots(
		const struct rule_memo *memo, const struct term *term, size_t *out_count)
{
	if (term->slot_count <= TERM_SLOTS) {
		*out_count = term->slot_count;
		return term->slots;
	}
	return rule_slots(memo->terms.rules[term->number - 1], out_count);
}

/* How many slots the terms have, which are noted in memo->slots. */
static size_t slots_note(struct rule_memo *memo)
{
	const struct reading *split = memo->split;
	size_t count = 0;

	memset(memo->slots, 0, memo->slot_words * sizeof(*memo->slots));
	for (unsigned i = 0; i < split->unit_count; i++) {
		const struct term *term = split->units[i].term;
		size_t slots = 0;
		const int *list = term ? term_slots(memo, term, &slots) : NULL;

		for (size_t k = 0; k < slots; k++) {
			size_t slot = (size_t)list[k];
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
	rule->attached = 0;
	atomic_init(&rule->program, NULL);
	atomic_init(&rule->root, NULL);
	return rule;
}

/* A rule that is one term has all that the term has. */
static struct rule *term_copy(struct rule_memo *memo, const struct term *term,
		struct slice text, struct arena *arena)
{
	const struct rule *own = memo->terms.rules[term->number - 1];
	struct rule *rule = rule_begin(memo, text, 1, arena);

	if (!rule)
		return NULL;
	*(uint32_t *)(rule + 1) = term->number - 1;
	rule->form_count = 1;
	rule->slots = own->slots;
	rule->slot_count = own->slot_count;
	rule->cost = own->cost;
	rule->type = own->type;
	rule->dimension = own->dimension;
	atomic_init(&rule->program, rule_program_made(own));
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
	struct reading *split = memo->split;
	int code = 0;

	for (unsigned i = 0; i < split->unit_count; i++) {
		struct unit *unit = &split->units[i];

		code += unit->count;
		if (unit->kind != UNIT_PART)
			continue;
		unit->term = unit_term(memo, unit, source, scope, arena);
		if (!unit->term || (split->unit_count > 1 && !unit->term->joins))
			return false;
		code += unit->term->code_count;
	}
	return code <= TREE_CODE_LIMIT;
}

/* What was begun ahead of @text, or else what is not the last to have been begun. */
static struct reading *split_of(struct rule_memo *memo, struct slice text)
{
	struct reading *last = &memo->splits[memo->asked];

	return last->ahead && last->text.data == text.data ? last
							   : &memo->splits[1 - memo->asked];
}

void rule_memo_ask_for(struct rule_memo *memo, struct slice text)
{
	if (!term_table_reserve(&memo->terms, MEMO_UNITS_MOST))
		return;
	memo->asked = 1 - memo->asked;
	memo_read_ahead(&memo->splits[memo->asked], text, &memo->terms);
}

struct rule *memo_form(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	struct forming forming;
	uint16_t root;

	/* What a rule may have more of; then none is moved while it is read. */
	if (!term_table_reserve(&memo->terms, MEMO_UNITS_MOST))
		return NULL;
	memo->split = split_of(memo, source->text);
	root = memo_read_terms(memo->split, source->text, &memo->terms);
	if (root == UNIT_NONE || !terms_find(memo, source, scope, arena))
		return NULL;
	if (memo->split->units[root].kind == UNIT_PART)
		return term_copy(memo, memo->split->units[root].term, source->text, arena);
	/* Not all of it is zeroed: its room is filled in order. */
	forming.split = memo->split;
	forming.count = 0;
	forming.cost = 0;
	if (unit_form(&forming, &memo->split->units[root]) > TREE_DEPTH_LIMIT)
		return NULL;
	return terms_join(memo, &forming, source->text, arena);
}
