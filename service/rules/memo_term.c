/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as terms. In a catalog of 100,000 policies ten of eleven terms are among a thousand, each of which is read,
 * joined and (by who makes an index) taken apart once; a rule is some numbers of them.
 */
#include "rules/memo_internal.h"

#include <stdatomic.h>

#define TERMS_MOST ((size_t)1 << 16) /* rules with others have their programs at once */
#define READ_LEAST ((size_t)500) /* rules; fewer tell little of how many terms all will have */

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
	term->depth = (uint8_t)depth;
	term->joins = rule->type->kind == TYPE_BOOL &&
		      !(reading->unit_count == 1 && reading->units->part->constant);
	term->whole = reading->whole;
	term->has_few = rule->slot_count == 1 || rule->slot_count == TERM_SLOTS;
	if (term->has_few) {
		term->slots[0] = rule->slots[0];
		term->slots[1] = rule->slots[rule->slot_count - 1];
	}
	if (size <= TERM_TEXT)
		memcpy(term->text, rule->text.data, size);
	else
		memcpy(term->text, &rule->text.data, sizeof(rule->text.data));
	return true;
}

/*
 * Makes the term of @source, which is none yet, and is to be a @part; NULL: it cannot be one, or there are too many, or
 * memory is short.
 */
static const struct term *term_make(struct rule_memo *memo, uint32_t hash,
		const struct source *source, const struct scope *scope, bool part,
		struct arena *arena)
{
	struct term term = { .hash = hash };
	const struct rule *rule;
	unsigned depth;

	if (memo->terms.count >= TERMS_MOST)
		return NULL;
	rule = memo_whole(memo, source, scope, part, arena, &depth);
	if (!rule || !term_note(&term, rule, depth, &memo->reading))
		return NULL;
	return term_table_put(&memo->terms, &term, rule);
}

/* --- forms ----------------------------------------------------------------------------------------- */

/* A rule that is being put together, whose slots are in memo->form_slots. */
struct forming {
	struct rule_memo *memo;
	const struct source *source;
	const struct scope *scope;
	struct arena *arena;
	uint32_t form[MEMO_UNITS_MOST];
	uint32_t count;
	uint32_t code; /* steps of all terms, and those that join them */
	uint64_t cost;
	const struct term *last;
};

/* Not all of it is zeroed: its room is filled in order. */
static void forming_begin(struct forming *forming)
{
	struct rule_memo *memo = forming->memo;

	for (size_t i = 0; i < memo->slot_words; i++)
		memo->form_slots[i] = 0;
	forming->count = forming->code = 0;
	forming->cost = 0;
}

static inline void slot_put(uint64_t *bits, int slot)
{
	bits[(unsigned)slot / 64] |= UINT64_C(1) << (unsigned)slot % 64;
}

static inline void term_put(struct forming *forming, const struct term *term)
{
	const struct rule_memo *memo = forming->memo;

	if (term->has_few) {
		slot_put(memo->form_slots, term->slots[0]);
		slot_put(memo->form_slots, term->slots[1]);
	} else {
		size_t count;
		const int *slots = rule_slots(memo->terms.rules[term->number - 1], &count);

		for (size_t i = 0; i < count; i++)
			slot_put(memo->form_slots, slots[i]);
	}
	forming->form[forming->count++] = term->number - 1;
	forming->cost += term->cost;
	forming->code += term->code_count;
	forming->last = term;
}

static uint32_t slots_count(const struct rule_memo *memo)
{
	uint32_t count = 0;

	for (size_t i = 0; i < memo->slot_words; i++)
		count += (uint32_t)__builtin_popcountll(memo->form_slots[i]);
	return count;
}

static void slots_write(const struct rule_memo *memo, int *slots)
{
	for (size_t i = 0; i < memo->slot_words; i++) {
		for (uint64_t bits = memo->form_slots[i]; bits; bits &= bits - 1)
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

static struct rule *terms_join(const struct forming *forming)
{
	struct rule_memo *memo = forming->memo;
	uint32_t slot_count = slots_count(memo);
	struct rule *rule = rule_begin(memo, forming->source->text,
			(size_t)forming->count + slot_count, forming->arena);
	uint32_t *form = (uint32_t *)(rule + 1);
	int *slots = (int *)form + forming->count;

	if (!rule)
		return NULL;
	memcpy(form, forming->form, forming->count * sizeof(*form));
	slots_write(memo, slots);
	rule->form_count = forming->count;
	rule->slots = slots;
	rule->slot_count = slot_count;
	rule->cost = forming->cost;
	rule->type = &type_bool;
	rule->dimension = DIMENSION_FREE;
	return rule;
}

/* What was put together, which is @depth deep; NULL: it is too large, or memory is short. */
static struct rule *forming_end(const struct forming *forming, unsigned depth)
{
	if (forming->code > TREE_CODE_LIMIT || depth > TREE_DEPTH_LIMIT)
		return NULL;
	return forming->count == 1 ? term_copy(forming->memo, forming->last,
						     forming->source->text, forming->arena)
				   : terms_join(forming);
}

/* --- by a split ------------------------------------------------------------------------------------ */

/* The term that @part is; NULL: none that could stand there. */
static const struct term *part_term(const struct forming *forming, const struct split *split,
		const struct split_part *part)
{
	size_t size = (size_t)part->end - part->begin;
	const struct term *term = term_find(&forming->memo->terms,
			(struct slice){ split->key + part->begin, size }, part->hash);
	struct source own;

	if (!term) {
		own = *forming->source;
		own.text = (struct slice){ own.text.data + part->begin, size };
		term = term_make(forming->memo, part->hash, &own, forming->scope, true,
				forming->arena);
	}
	/*
	 * What was read alone as one part, up to its end, is read alike before a joint, or the end of what is in
	 * parentheses, and so is all between such parts, of which nothing is left out.
	 */
	if (!term || term->whole || (split->form_count > 1 && !term->joins))
		return NULL;
	return term;
}

static struct rule *split_form(struct forming *forming, const struct split *split)
{
	unsigned depth = 0;

	forming_begin(forming);
	for (uint32_t i = 0; i < split->form_count; i++) {
		const struct term *term;

		if (split->form[i] & FORM_JOINT) {
			forming->form[forming->count++] = split->form[i];
			continue;
		}
		term = part_term(forming, split, &split->parts[split->form[i]]);
		if (!term)
			return NULL;
		if (term->depth > depth)
			depth = term->depth;
		term_put(forming, term);
	}
	forming->cost += split->joint_count;
	forming->code += split->joined;
	/* At most: of deeper ones it is counted. */
	return forming_end(forming, depth + 3 * (split->depth + 1));
}

/* What was made ahead of @text, or else is made now, in place of what is not the last to have been asked for. */
static struct split *split_get(struct rule_memo *memo, struct slice text)
{
	struct split *split = &memo->splits[memo->asked];

	/* Where it lies says which text it is: nobody writes to it meanwhile. */
	if (!split->is_made || split->text.data != text.data)
		split = &memo->splits[1 - memo->asked];
	if (!split->is_made || split->text.data != text.data || split->text.size != text.size)
		memo_split(split, text, &memo->terms);
	return split;
}

void rule_memo_expect(struct rule_memo *memo, size_t count)
{
	memo->expected = count;
}

/*
 * Room for what a rule may have more of. A table that grows while many rules are read is made as large at once as it
 * will likely be in the end: of three times as many rules there are about twice as many terms.
 */
static bool terms_reserve(struct rule_memo *memo)
{
	size_t expected = memo->terms.count;
	size_t read = memo->read;

	if (term_table_has_room(&memo->terms, MEMO_UNITS_MOST))
		return true;
	if (read < READ_LEAST)
		return term_table_reserve(&memo->terms, MEMO_UNITS_MOST);
	for (; memo->expected / 3 >= read; read *= 3)
		expected *= 2;
	if (memo->expected > read)
		expected += expected * (memo->expected - read) / read / 2;
	if (expected > TERMS_MOST / 4 * 3 - MEMO_UNITS_MOST)
		expected = TERMS_MOST / 4 * 3 - MEMO_UNITS_MOST;
	expected = expected > memo->terms.count ? expected - memo->terms.count : 0;
	return term_table_reserve(&memo->terms, expected + MEMO_UNITS_MOST);
}

/* The longer terms of what was split ahead: where they lie is in the caches by now. */
static void texts_ask_for(const struct rule_memo *memo)
{
	const struct split *split = &memo->splits[memo->asked];

	for (uint32_t i = 0; split->is_made && i < split->part_count; i++) {
		const struct split_part *part = &split->parts[i];

		if (part->end - part->begin > TERM_TEXT)
			term_text_ask_for(&memo->terms, part->hash);
	}
}

uint32_t rule_memo_ask_for(struct rule_memo *memo, struct slice text)
{
	struct split *split = &memo->splits[1 - memo->asked];

	if (!terms_reserve(memo))
		return map_hash(text);
	memo->asked = 1 - memo->asked;
	memo_split(split, text, &memo->terms);
	return split->hash;
}

uint32_t rule_memo_hash(struct rule_memo *memo, struct slice text)
{
	return terms_reserve(memo) ? split_get(memo, text)->hash : map_hash(text);
}

/* --- part by part ---------------------------------------------------------------------------------- */

/* The term that @unit is. */
static const struct term *unit_term(const struct forming *forming, const struct unit *unit)
{
	struct rule_memo *memo = forming->memo;
	size_t size = (size_t)unit->end - unit->begin;
	struct slice key = { memo->apart.key + unit->begin, size };
	struct source own = *forming->source;
	uint32_t hash = term_hash(key);
	const struct term *term = term_find(&memo->terms, key, hash);

	own.text = (struct slice){ own.text.data + unit->begin, size };
	return term ? term : term_make(memo, hash, &own, forming->scope, false, forming->arena);
}

/* Finds the term of each part; false when one is none, or cannot be joined. */
static bool terms_find(const struct forming *forming)
{
	struct reading *apart = &forming->memo->apart;

	for (unsigned i = 0; i < apart->unit_count; i++) {
		struct unit *unit = &apart->units[i];

		if (unit->kind != UNIT_PART)
			continue;
		unit->term = unit_term(forming, unit);
		if (!unit->term || (apart->unit_count > 1 && !unit->term->joins))
			return false;
	}
	return true;
}

/* How deep the tree of the unit is. */
static unsigned unit_form(struct forming *forming, const struct unit *unit)
{
	const struct unit *units = forming->memo->apart.units;
	uint16_t number = unit->first;
	unsigned depth = 0;

	if (unit->kind == UNIT_PART) {
		term_put(forming, unit->term);
		return unit->term->depth;
	}
	for (uint32_t i = 0; i < unit->count; i++) {
		unsigned one = unit_form(forming, &units[number]);

		if (one > depth)
			depth = one;
		number = units[number].next;
	}
	forming->cost++;
	forming->code += unit->count;
	forming->form[forming->count++] = form_joint(unit->kind == UNIT_NOT   ? FORM_NOT
						     : unit->kind == UNIT_AND ? FORM_AND
									      : FORM_OR,
			unit->count);
	return depth + 1;
}

static struct rule *parts_form(struct forming *forming)
{
	struct reading *apart = &forming->memo->apart;
	uint16_t root = memo_read_bare(apart, forming->source->text);

	if (root == UNIT_NONE || !terms_find(forming))
		return NULL;
	forming_begin(forming);
	return forming_end(forming, unit_form(forming, &apart->units[root]));
}

/* --- all ------------------------------------------------------------------------------------------- */

struct rule *memo_form(struct rule_memo *memo, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	struct forming forming;
	struct split *split;
	struct rule *rule;

	/* What a rule may have more of; then none is moved while it is read. */
	if (!memo_slots_reserve(memo, scope) || !terms_reserve(memo))
		return NULL;
	memo->read++;
	forming.memo = memo;
	forming.source = source;
	forming.scope = scope;
	forming.arena = arena;
	split = split_get(memo, source->text);
	rule = split->is_one ? split_form(&forming, split) : NULL;
	split->is_made = false;
	texts_ask_for(memo);
	return rule ? rule : parts_form(&forming);
}
