/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/atom_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The texts of atoms; a catalog of 100,000 policies has some ten MiB. */
#define ATOMS_BUDGET ((size_t)1 << 30)
/* Fewer literals are sorted by hand. */
#define SORTED_AT_ONCE 24

/* --- growing ----------------------------------------------------------------------------------- */

/* Room for one more of @size bytes each. */
static bool list_grow(void **list, size_t count, size_t *capacity, size_t size)
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

static uint32_t formula_add(struct atoms *atoms, const struct formula *formula)
{
	if (atoms->formula_count >= UINT32_MAX / 2 ||
			!list_grow((void **)&atoms->formulas, atoms->formula_count,
					&atoms->formula_capacity, sizeof(*formula))) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	atoms->formulas[atoms->formula_count] = *formula;
	return 2 * (uint32_t)atoms->formula_count++;
}

struct atoms *atoms_new(const struct evaluation *bound)
{
	static const enum formula_kind constants[] = { FORMULA_TRUE, FORMULA_ERROR,
		FORMULA_UNSTATED };
	struct atoms *atoms = memory_alloc_zero(1, sizeof(*atoms));

	if (!atoms)
		return NULL;
	arena_init(&atoms->arena, ATOMS_BUDGET);
	atoms->bound = *bound;
	atoms->bound.arena = &atoms->arena;
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		(void)formula_add(atoms, &(struct formula){ .kind = constants[i] });
	if (!atoms->failed)
		return atoms;
	atoms_free(atoms);
	return NULL;
}

void atoms_free(struct atoms *atoms)
{
	if (!atoms)
		return;
	map_fini(&atoms->known);
	map_fini(&atoms->joined);
	memory_free(atoms->list);
	memory_free(atoms->formulas);
	memory_free(atoms->literals);
	memory_free(atoms->stack);
	buffer_fini(&atoms->key);
	arena_fini(&atoms->arena);
	memory_free(atoms);
}

/* --- each thing once --------------------------------------------------------------------------- */

/* The literal known under @key, or UINT32_MAX. */
static uint32_t known_find(const struct map *known, struct slice key)
{
	uintptr_t number = (uintptr_t)map_find(known, key);

	return number ? 2 * (uint32_t)(number - 1) : UINT32_MAX;
}

static void known_put(
		struct atoms *atoms, struct map *known, struct slice key, uint32_t literal)
{
	char *copy = arena_copy(&atoms->arena, key.data, key.size);
	/* A number, not an address: it is never followed. */
	void *number = (void *)((uintptr_t)(literal / 2) + 1);

	if (!copy || !map_put(known, (struct slice){ copy, key.size }, number))
		atoms->failed = true;
}

/* What tells atoms apart beside the text. */
struct atom_key {
	enum atom_kind kind;
	int slot;
	int64_t bound;
	uintptr_t test;
	int above, unstated;
};

/* Into ->key. */
static bool key_make(struct atoms *atoms, const struct atom *atom)
{
	struct buffer *key = &atoms->key;
	struct atom_key fields;

	memset(&fields, 0, sizeof(fields)); /* also what lies between its fields */
	fields.kind = atom->kind;
	fields.slot = atom->slot;
	fields.bound = atom->bound;
	fields.test = (uintptr_t)atom->test;
	fields.above = atom->above;
	fields.unstated = atom->unstated;
	buffer_clear(key);
	buffer_append(key, &fields, sizeof(fields));
	if (atom->node)
		tree_append_key(atom->node, key);
	else
		buffer_append_slice(key, atom->code);
	return !key->failed;
}

static bool slots_store(struct atoms *atoms, struct atom *atom)
{
	int *slots = ARENA_NEW_ARRAY(&atoms->arena, int, atom->slot_count + 1);

	if (!slots)
		return false;
	for (size_t i = 0; i < atom->slot_count; i++)
		slots[i] = atom->slots[i];
	atom->slots = slots;
	return true;
}

uint32_t atoms_put(struct atoms *atoms, const struct atom *from)
{
	struct atom atom = *from;
	struct slice key;
	uint32_t literal;

	if (!key_make(atoms, from)) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	key = (struct slice){ atoms->key.data, atoms->key.size };
	literal = known_find(&atoms->known, key);
	if (literal != UINT32_MAX)
		return literal;
	if (!list_grow((void **)&atoms->list, atoms->count, &atoms->capacity, sizeof(atom)) ||
			!slots_store(atoms, &atom)) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	if (atom.code.size) {
		atom.code.data = arena_copy(&atoms->arena, from->code.data, from->code.size);
		atoms->failed |= !atom.code.data;
	}
	atoms->list[atoms->count] = atom;
	literal = formula_add(atoms, &(struct formula){ .kind = FORMULA_ATOM,
						     .at = (uint32_t)atoms->count,
						     .opaque = atom.kind == ATOM_OTHER });
	atoms->count++;
	known_put(atoms, &atoms->known, key, literal);
	return literal;
}

/* --- conjunctions ------------------------------------------------------------------------------ */

void atoms_push(struct atoms *atoms, uint32_t literal)
{
	if (!list_grow((void **)&atoms->stack, atoms->stack_count, &atoms->stack_capacity,
			    sizeof(*atoms->stack))) {
		atoms->failed = true;
		return;
	}
	atoms->stack[atoms->stack_count++] = literal;
}

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

/* Puts the parts of conjunctions among the literals in their place; all of them are behind. */
static void stack_flatten(struct atoms *atoms, size_t from)
{
	size_t end = atoms->stack_count;
	size_t kept = from;

	for (size_t i = from; i < end; i++) {
		uint32_t literal = atoms->stack[i];
		struct formula formula = *atoms_formula(atoms, literal);

		if (literal % 2 || formula.kind != FORMULA_ALL) {
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

/* Ascending, each once, without "true"; whether there is "false". */
static bool stack_tidy(struct atoms *atoms, size_t from)
{
	uint32_t *stack = atoms->stack;
	size_t kept = from;
	bool no = false;

	if (atoms->stack_count > from)
		literals_sort(stack + from, atoms->stack_count - from);
	for (size_t i = from; i < atoms->stack_count; i++) {
		no |= stack[i] == LITERAL_FALSE;
		if (stack[i] != LITERAL_TRUE && (kept == from || stack[kept - 1] != stack[i]))
			stack[kept++] = stack[i];
	}
	atoms->stack_count = kept;
	return no;
}

static uint32_t conjunction_add(struct atoms *atoms, const uint32_t *literals, size_t count)
{
	struct formula formula = { .kind = FORMULA_ALL,
		.at = (uint32_t)atoms->literal_count,
		.count = (uint32_t)count };

	for (size_t i = 0; i < count; i++) {
		struct formula *part = &atoms->formulas[literals[i] / 2];

		if (!list_grow((void **)&atoms->literals, atoms->literal_count,
				    &atoms->literal_capacity, sizeof(*literals))) {
			atoms->failed = true;
			return LITERAL_TRUE;
		}
		atoms->literals[atoms->literal_count++] = literals[i];
		part->uses++;
		if (part->kind == FORMULA_ATOM)
			atoms->list[part->at].uses++;
		formula.opaque |= part->opaque;
	}
	return formula_add(atoms, &formula);
}

uint32_t atoms_pop_all(struct atoms *atoms, size_t from)
{
	uint32_t literal;
	struct slice key;
	size_t count;

	assert(from <= atoms->stack_count);
	stack_flatten(atoms, from);
	if (stack_tidy(atoms, from)) {
		atoms->stack_count = from;
		return LITERAL_FALSE;
	}
	count = atoms->stack_count - from;
	atoms->stack_count = from;
	if (count < 2)
		return count ? atoms->stack[from] : LITERAL_TRUE;
	if (atoms->failed)
		return LITERAL_TRUE;
	key = (struct slice){ (const char *)&atoms->stack[from], count * sizeof(uint32_t) };
	literal = known_find(&atoms->joined, key);
	if (literal != UINT32_MAX)
		return literal;
	literal = conjunction_add(atoms, &atoms->stack[from], count);
	if (!atoms->failed)
		known_put(atoms, &atoms->joined, key, literal);
	return literal;
}

bool atoms_add_all(struct atoms *atoms, const uint32_t *literals, size_t count,
		uint32_t *out_literal)
{
	size_t from = atoms->stack_count;

	for (size_t i = 0; i < count; i++)
		atoms_push(atoms, literals[i]);
	*out_literal = atoms_pop_all(atoms, from);
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
	struct formula *formula = &atoms->formulas[literal / 2];

	formula->uses++;
	if (formula->kind == FORMULA_ATOM)
		atoms->list[formula->at].uses++;
	formula_ask(atoms, literal / 2);
}

/* --- for people -------------------------------------------------------------------------------- */

static void atom_dump(const struct atom *atom, FILE *out)
{
	static const char *const kinds[] = { "flag", "at least", "quotient", "code", "member",
		"held", "valid", "other" };

	(void)fprintf(out, "%s slot %d", kinds[atom->kind], atom->slot);
	if (atom->code.size)
		(void)fprintf(out, " \"%.*s\"", SLICE_PRINT(atom->code));
	if (atom->unstated)
		(void)fprintf(out, " unstated");
	else if (atom->kind == ATOM_AT_LEAST || atom->kind == ATOM_QUOTIENT ||
			atom->kind == ATOM_VALID)
		(void)fprintf(out, " %s %lld",
				atom->above ? ">" : ">=", (long long)atom->bound);
}

void atoms_dump(const struct atoms *atoms, uint32_t literal, FILE *out)
{
	const struct formula *formula = atoms_formula(atoms, literal);

	if (literal % 2)
		(void)fprintf(out, "!");
	switch (formula->kind) {
	case FORMULA_TRUE:
		(void)fprintf(out, "true");
		return;
	case FORMULA_ERROR:
		(void)fprintf(out, "error");
		return;
	case FORMULA_UNSTATED:
		(void)fprintf(out, "unstated");
		return;
	case FORMULA_ATOM:
		(void)fprintf(out, "{");
		atom_dump(&atoms->list[formula->at], out);
		(void)fprintf(out, "}");
		return;
	case FORMULA_ALL:
		break;
	}
	(void)fprintf(out, "(");
	for (uint32_t i = 0; i < formula->count; i++) {
		(void)fprintf(out, "%s", i ? " & " : "");
		atoms_dump(atoms, atoms->literals[formula->at + i], out);
	}
	(void)fprintf(out, ")");
}
