/* SPDX-License-Identifier: Apache-2.0 */
/* Conjunctions of literals, each once; and what is known by its hash. */
#include "rules/atom_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Fewer literals are sorted by hand. */
#define SORTED_AT_ONCE 24
#define TABLE_LEAST ((size_t)1024) /* places */

/* --- growing ----------------------------------------------------------------------------------- */

/* Room for one more of @size bytes each. */
bool atom_list_grow(void **list, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 64;
	void *grown;

	if (count < *capacity)
		return true;
	grown = memory_resize(*list, more * size);
	if (!grown)
		return false;
	*list = grown;
	*capacity = more;
	return true;
}

bool atoms_list_grow(
		struct atoms *atoms, void **list, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 64;
	void *grown;

	if (count < *capacity)
		return true;
	if (!atoms->apart)
		return atom_list_grow(list, count, capacity, size);
	grown = arena_alloc(&atoms->arena, more * size);
	if (!grown)
		return false;
	if (count)
		memcpy(grown, *list, count * size);
	*list = grown;
	*capacity = more;
	return true;
}

uint32_t atoms_add_formula(struct atoms *atoms, const struct formula *formula)
{
	if (atoms->formula_count >= LITERAL_WHOLE / 2 ||
			!atoms_list_grow(atoms, (void **)&atoms->formulas, atoms->formula_count,
					&atoms->formula_capacity, sizeof(*formula))) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	atoms->formulas[atoms->formula_count] = *formula;
	return 2 * (uint32_t)atoms->formula_count++;
}

/* --- tables ------------------------------------------------------------------------------------ */

static void table_place(struct atom_table *table, struct atom_place place)
{
	size_t at = atom_table_begin(table, place.hash);

	while (table->places[at].number)
		at = atom_table_next(table, at);
	table->places[at] = place;
}

static void table_mark(struct atom_table *table, uint32_t hash)
{
	*atom_table_word(table, hash) |= UINT64_C(1) << (hash % 64);
}

void atom_table_settle(struct atom_table *table)
{
	for (size_t i = 0; i < ATOM_TABLE_LATE; i++) {
		if (table->late[i].number)
			table_place(table, table->late[i]);
		table->late[i].number = 0;
	}
	table->late_count = 0;
}

static bool table_grow(struct atoms *atoms, struct atom_table *table, size_t capacity)
{
	struct atom_table larger = { .count = table->count, .capacity = capacity };
	size_t places = capacity + capacity * ATOM_TABLE_BITS / 8 / sizeof(*larger.places);

	larger.places = atoms->apart ? ARENA_NEW_ARRAY(&atoms->arena, struct atom_place, places)
				     : memory_alloc_zero(places, sizeof(*larger.places));
	if (!larger.places)
		return false;
	atom_table_settle(table);
	for (size_t i = 0; i < table->capacity; i++) {
		if (!table->places[i].number)
			continue;
		table_place(&larger, table->places[i]);
		table_mark(&larger, table->places[i].hash);
	}
	if (!atoms->apart)
		memory_free(table->places);
	*table = larger;
	return true;
}

bool atom_table_reserve(struct atoms *atoms, struct atom_table *table, size_t count)
{
	size_t capacity = TABLE_LEAST;

	while (3 * capacity < 4 * count)
		capacity *= 2;
	return table_grow(atoms, table, capacity);
}

void atom_table_put(
		struct atoms *atoms, struct atom_table *table, uint32_t hash, uint32_t number)
{
	struct atom_place *late;

	if (4 * (table->count + 1) > 3 * table->capacity &&
			!table_grow(atoms, table,
					table->capacity ? 2 * table->capacity : TABLE_LEAST)) {
		atoms->failed = true;
		return;
	}
	late = &table->late[table->put_count++ % ATOM_TABLE_LATE];
	if (late->number)
		table_place(table, *late);
	else
		table->late_count++;
	*late = (struct atom_place){ hash, number + 1 };
	table_mark(table, hash);
	table->count++;
}

/* --- conjunctions ------------------------------------------------------------------------------ */

static int literal_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void literals_sort(uint32_t *literals, size_t count)
{
	if (count > SORTED_AT_ONCE) {
		qsort(literals, count, sizeof(*literals), literal_compare);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		uint32_t literal = literals[i];
		size_t at = i;

		for (; at > 0 && literals[at - 1] > literal; at--)
			literals[at] = literals[at - 1];
		literals[at] = literal;
	}
}

static struct formula *formula_at(struct atoms *atoms, uint32_t literal)
{
	return literal < LITERAL_WHOLE ? &atoms->formulas[literal / 2]
				       : &atoms->wholes[(literal - LITERAL_WHOLE) / 2];
}

static bool is_conjunction(const struct atoms *atoms, uint32_t literal)
{
	return literal % 2 == 0 && atoms_formula(atoms, literal)->kind == FORMULA_ALL;
}

/* Puts the parts of conjunctions among the literals in their place; all of them are behind. */
static void stack_flatten(struct atoms *atoms, size_t from)
{
	size_t end = atoms->stack_count;
	size_t kept = from;

	while (kept < end && !is_conjunction(atoms, atoms->stack[kept]))
		kept++;
	from = kept;
	for (size_t i = from; i < end; i++) {
		uint32_t literal = atoms->stack[i];
		struct formula formula = *atoms_formula(atoms, literal);

		if (!is_conjunction(atoms, literal)) {
			atoms_push(atoms, literal);
			continue;
		}
		for (uint32_t k = 0; k < formula.count; k++)
			atoms_push(atoms, atoms->literals[formula.at + k]);
	}
	for (size_t i = end; i < atoms->stack_count; i++)
		atoms->stack[kept++] = atoms->stack[i];
	atoms->stack_count = kept;
}

/* Ascending, each once, without "true", or an error that is nothing beside what is not stated; whether there
 * is "false". */
static bool stack_tidy(struct atoms *atoms, size_t from)
{
	uint32_t *stack = atoms->stack;
	size_t kept = from;
	bool no = false;

	if (atoms->stack_count > from)
		literals_sort(stack + from, atoms->stack_count - from);
	for (size_t i = from; i < atoms->stack_count; i++) {
		no |= stack[i] == LITERAL_FALSE;
		if (stack[i] == LITERAL_UNSTATED && kept > from &&
				stack[kept - 1] == LITERAL_ERROR)
			kept--;
		if (stack[i] != LITERAL_TRUE && (kept == from || stack[kept - 1] != stack[i]))
			stack[kept++] = stack[i];
	}
	atoms->stack_count = kept;
	return no;
}

/* Room for @count more literals of conjunctions; NULL when memory is short. */
static uint32_t *literals_room(struct atoms *atoms, size_t count)
{
	while (atoms->literal_capacity - atoms->literal_count < count) {
		if (!atoms_list_grow(atoms, (void **)&atoms->literals, atoms->literal_capacity,
				    &atoms->literal_capacity, sizeof(*atoms->literals))) {
			atoms->failed = true;
			return NULL;
		}
	}
	return atoms->literals + atoms->literal_count;
}

static uint32_t whole_add(struct atoms *atoms, const struct formula *formula)
{
	if (atoms->whole_count >= LITERAL_WHOLE / 2 ||
			!atoms_list_grow(atoms, (void **)&atoms->wholes, atoms->whole_count,
					&atoms->whole_capacity, sizeof(*formula))) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	atoms->wholes[atoms->whole_count] = *formula;
	return LITERAL_WHOLE + 2 * (uint32_t)atoms->whole_count++;
}

/* A conjunction of literals that are tidy; @whole: it is all of a rule. */
static uint32_t conjunction_add(
		struct atoms *atoms, const uint32_t *literals, size_t count, bool whole)
{
	struct formula formula = { .kind = FORMULA_ALL,
		.at = (uint32_t)atoms->literal_count,
		.count = count % FORMULA_LITERALS_MOST };
	uint32_t *room = literals_room(atoms, count);

	assert(count < FORMULA_LITERALS_MOST);
	if (!room)
		return LITERAL_TRUE;
	for (size_t i = 0; i < count; i++) {
		struct formula *part = formula_at(atoms, literals[i]);

		room[i] = literals[i];
		part->uses++;
		part->stands |= (uint32_t)whole << literals[i] % 2 & 3U;
		formula.opaque |= part->opaque;
	}
	atoms->literal_count += count;
	return whole ? whole_add(atoms, &formula) : atoms_add_formula(atoms, &formula);
}

static uint32_t conjunction_find(
		struct atoms *atoms, const uint32_t *literals, size_t count, uint32_t hash)
{
	struct atom_table *table = &atoms->joined;

	if (!atom_table_may_have(table, hash))
		return UINT32_MAX;
	for (size_t at = atom_table_begin(table, hash); table->places[at].number;
			at = atom_table_next(table, at)) {
		uint32_t number = table->places[at].number - 1;
		const struct formula *formula = &atoms->formulas[number];

		if (table->places[at].hash == hash && formula->count == count &&
				memcmp(&atoms->literals[formula->at], literals,
						count * sizeof(*literals)) == 0)
			return 2 * number;
	}
	return UINT32_MAX;
}

/* The literals from @from on go; those that are left of them lie there until something is pushed. */
static size_t stack_take(struct atoms *atoms, size_t from, uint32_t *out_literal)
{
	size_t count;

	assert(from <= atoms->stack_count);
	stack_flatten(atoms, from);
	*out_literal = stack_tidy(atoms, from) ? LITERAL_FALSE : LITERAL_TRUE;
	count = *out_literal == LITERAL_TRUE ? atoms->stack_count - from : 0;
	atoms->stack_count = from;
	if (count == 1)
		*out_literal = atoms->stack[from];
	return atoms->failed || count < 2 ? 0 : count;
}

uint32_t atoms_pop_all(struct atoms *atoms, size_t from)
{
	uint64_t mixed = 0;
	uint32_t literal, hash;
	size_t count = stack_take(atoms, from, &literal);
	const uint32_t *stack = &atoms->stack[from];

	if (!count)
		return literal;
	for (size_t i = 0; i < count; i++)
		mixed = hash_mix_word(mixed, stack[i]);
	hash = (uint32_t)(mixed ^ mixed >> 32);
	literal = conjunction_find(atoms, stack, count, hash);
	if (literal != UINT32_MAX)
		return literal;
	literal = conjunction_add(atoms, stack, count, false);
	if (!atoms->failed)
		atom_table_put(atoms, &atoms->joined, hash, literal / 2);
	return literal;
}

/* Whether nothing has to be taken out of the literals from @from on, which need no order, or put in its place. */
static bool stack_is_tidy(const struct atoms *atoms, size_t from)
{
	const uint32_t *stack = atoms->stack;
	size_t end = atoms->stack_count;

	if (end - from < 2 || end - from > SORTED_AT_ONCE)
		return false;
	for (size_t i = from; i < end; i++) {
		if (stack[i] < LITERALS_CONSTANT || is_conjunction(atoms, stack[i]))
			return false;
		for (size_t k = from; k < i; k++) {
			if (stack[k] == stack[i])
				return false;
		}
	}
	return true;
}

uint32_t atoms_pop_rule(struct atoms *atoms, size_t from)
{
	uint32_t literal = LITERAL_TRUE;
	size_t count = atoms->stack_count - from;

	if (!atoms->apart)
		return atoms_pop_all(atoms, from);
	if (stack_is_tidy(atoms, from))
		atoms->stack_count = from;
	else
		count = stack_take(atoms, from, &literal);
	return count ? conjunction_add(atoms, &atoms->stack[from], count, true) : literal;
}

bool atoms_add_all(struct atoms *atoms, const uint32_t *literals, size_t count,
		uint32_t *out_literal)
{
	size_t from = atoms->stack_count;

	for (size_t i = 0; count > 1 && i < count; i++)
		atoms_push(atoms, literals[i]);
	*out_literal = count == 1 ? *literals : atoms_pop_all(atoms, from);
	return !atoms->failed && !atoms->arena.exhausted;
}

bool atoms_add_test(struct atoms *atoms, int slot, const struct atom_test *test,
		uint32_t *out_literal)
{
	struct atom atom = {
		.kind = ATOM_CODE, .slot = slot, .test = test, .slots = &slot, .slot_count = 1
	};

	*out_literal = atoms_put(atoms, &atom);
	return !atoms->failed && !atoms->arena.exhausted;
}

/* As deep as rules are. */
static void formula_ask(struct atoms *atoms, uint32_t number)
{
	struct formula *formula = &atoms->formulas[number];

	formula->asked++;
	if (formula->kind == FORMULA_ATOM)
		atoms->list[formula->at].asked++;
	if (formula->kind != FORMULA_ALL || formula->asked > 1)
		return;
	for (uint32_t i = 0; i < formula->count; i++)
		formula_ask(atoms, atoms->literals[formula->at + i] / 2);
}

void atoms_use(struct atoms *atoms, uint32_t literal)
{
	struct formula *formula = formula_at(atoms, literal);

	/* Only who has not said ->apart asks. */
	assert(literal < LITERAL_WHOLE);
	formula->uses++;
	formula_ask(atoms, literal / 2);
}
