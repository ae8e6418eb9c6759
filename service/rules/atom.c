/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/atom_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

/*
 * Atoms, formulas and lists of them, and where the rows of an index will lie: some 50 MiB of 100,000 policies, and more than a
 * GiB of a million of which each has figures of its own. As much as its build may take.
 */
#define ATOMS_BUDGET ((size_t)4 << 30)
/* Of a rule; a catalog of more takes more room. */
#define LITERALS_EXPECTED 7
#define FORMULAS_LEAST 64

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
	atoms->questions = memory_alloc_zero(ATOM_QUESTIONS, sizeof(*atoms->questions));
	atoms->failed |= !atoms->questions;
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		(void)atoms_add_formula(atoms, &(struct formula){ .kind = constants[i] });
	if (!atoms->failed)
		return atoms;
	atoms_free(atoms);
	return NULL;
}

/* Room for @count elements of @size bytes each. */
static void *list_reserve(struct atoms *atoms, size_t count, size_t *out_capacity, size_t size)
{
	*out_capacity = count;
	return arena_alloc(&atoms->arena, count * size);
}

bool atoms_set_apart(struct atoms *atoms, size_t count, size_t room)
{
	struct formula *constants = atoms->formulas;

	assert(!atoms->literals && !atoms->wholes && !atoms->list && !atoms->known.places);
	atoms->apart = true;
	if (room && !arena_reserve(&atoms->arena, room))
		atoms->failed = true;
	atoms->formulas = list_reserve(atoms, count / 4 * 3 + FORMULAS_LEAST,
			&atoms->formula_capacity, sizeof(*atoms->formulas));
	atoms->wholes = list_reserve(
			atoms, count + 1, &atoms->whole_capacity, sizeof(*atoms->wholes));
	atoms->literals = list_reserve(atoms, (count + 1) * LITERALS_EXPECTED,
			&atoms->literal_capacity, sizeof(*atoms->literals));
	atoms->list = list_reserve(atoms, count / 8 * 3 + FORMULAS_LEAST, &atoms->capacity,
			sizeof(*atoms->list));
	if (!atoms->formulas || !atoms->wholes || !atoms->literals || !atoms->list ||
			!atom_table_reserve(atoms, &atoms->known, count / 8 * 3) ||
			!atom_table_reserve(atoms, &atoms->joined, count / 8 * 3))
		atoms->failed = true;
	if (atoms->formulas)
		memcpy(atoms->formulas, constants, atoms->formula_count * sizeof(*constants));
	memory_free(constants);
	return !atoms->failed;
}

void atoms_free(struct atoms *atoms)
{
	if (!atoms)
		return;
	if (!atoms->apart) {
		memory_free(atoms->known.places);
		memory_free(atoms->joined.places);
		memory_free(atoms->told.places);
		memory_free(atoms->list);
		memory_free(atoms->formulas);
		memory_free(atoms->wholes);
		memory_free(atoms->literals);
	}
	memory_free(atoms->questions);
	memory_free(atoms->terms);
	memory_free(atoms->texts);
	memory_free(atoms->numbers);
	memory_free((void *)atoms->names);
	memory_free(atoms->stack);
	buffer_fini(&atoms->key);
	arena_fini(&atoms->arena);
	memory_free(atoms);
}

/* --- each thing once --------------------------------------------------------------------------- */

static uint64_t mix_text(uint64_t hash, struct slice text)
{
	size_t at = 0;
	uint32_t half[2];
	uint64_t word;

	hash = hash_mix_word(hash, text.size);
	if (text.size >= sizeof(half[0]) && text.size <= sizeof(word)) {
		memcpy(&half[0], text.data, sizeof(half[0]));
		memcpy(&half[1], text.data + text.size - sizeof(half[1]), sizeof(half[1]));
		return hash_mix_word(hash, half[0] | (uint64_t)half[1] << 32);
	}
	for (; at + sizeof(word) <= text.size; at += sizeof(word)) {
		memcpy(&word, text.data + at, sizeof(word));
		hash = hash_mix_word(hash, word);
	}
	for (word = 0; at < text.size; at++)
		word = word << 8 | (unsigned char)text.data[at];
	return hash_mix_word(hash, word);
}

static uint32_t atom_hash(struct atoms *atoms, const struct atom *atom)
{
	uint64_t hash = hash_mix_word((uint64_t)atom->kind | (uint64_t)atom->above << 8 |
						      (uint64_t)atom->unstated << 9 |
						      (uint64_t)atom->negated << 10 |
						      (uint64_t)(unsigned)atom->slot << 32,
			(uint64_t)atom->bound);

	if (atom->code.size)
		hash = mix_text(hash, atom->code);
	if (atom->test)
		hash = hash_mix_word(hash, (uintptr_t)atom->test);
	for (size_t i = 0; i + 1 < atom->text_count; i += 2)
		hash = hash_mix_word(hash, atom->texts[i] | (uint64_t)atom->texts[i + 1] << 32);
	if (atom->text_count % 2)
		hash = hash_mix_word(hash, atom->texts[atom->text_count - 1]);
	if (atom->node && !atom->texts) {
		buffer_clear(&atoms->key);
		tree_append_key(atom->node, &atoms->key);
		atoms->failed |= atoms->key.failed;
		hash = mix_text(hash, (struct slice){ atoms->key.data, atoms->key.size });
	}
	return (uint32_t)(hash ^ hash >> 32);
}

/* What both ask is the same. */
static bool atom_equals(const struct atom *a, const struct atom *b)
{
	if (a->kind != b->kind || a->slot != b->slot || a->bound != b->bound ||
			a->above != b->above || a->unstated != b->unstated ||
			a->negated != b->negated || a->test != b->test ||
			a->text_count != b->text_count || !a->texts != !b->texts ||
			!slice_equals(a->code, b->code))
		return false;
	for (size_t i = 0; i < a->text_count; i++) {
		if (a->texts[i] != b->texts[i])
			return false;
	}
	return a->texts || a->node == b->node ||
	       (a->node && b->node && tree_equals(a->node, b->node));
}

/* What of an atom was borrowed for a moment. */
static bool atom_store(struct atoms *atoms, struct atom *atom)
{
	size_t count = atom->slot_count + (atom->texts ? atom->text_count : 0);
	int *slots = arena_alloc(&atoms->arena, count * sizeof(*slots));
	uint32_t *texts = (uint32_t *)slots + atom->slot_count;

	if (!slots)
		return false;
	for (size_t i = 0; i < atom->slot_count; i++)
		slots[i] = atom->slots[i];
	for (size_t i = 0; atom->texts && i < atom->text_count; i++)
		texts[i] = atom->texts[i];
	if (atom->code.size)
		atom->code.data = arena_copy(&atoms->arena, atom->code.data, atom->code.size);
	atom->slots = slots;
	if (atom->texts)
		atom->texts = texts;
	return !atom->code.size || atom->code.data;
}

uint32_t atoms_find(struct atoms *atoms, const struct atom *atom, uint32_t *out_hash)
{
	uint32_t hash = *out_hash = atom_hash(atoms, atom);
	struct atom_table *table = &atoms->known;

	if (!atom_table_may_have(table, hash))
		return UINT32_MAX;
	for (size_t at = atom_table_begin(table, hash); table->places[at].number;
			at = atom_table_next(table, at)) {
		const struct atom *known = &atoms->list[table->places[at].number - 1];

		if (table->places[at].hash == hash && atom_equals(known, atom))
			return 2 * known->formula;
	}
	return UINT32_MAX;
}

uint32_t atoms_add(struct atoms *atoms, const struct atom *from, uint32_t hash)
{
	struct atom atom = *from;
	uint32_t literal;

	if (atoms->failed ||
			!atoms_list_grow(atoms, (void **)&atoms->list, atoms->count,
					&atoms->capacity, sizeof(atom)) ||
			!atom_store(atoms, &atom)) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	atoms->list[atoms->count] = atom;
	literal = atoms_add_formula(atoms, &(struct formula){ .kind = FORMULA_ATOM,
							   .at = (uint32_t)atoms->count,
							   .opaque = atom.kind == ATOM_OTHER });
	if (atoms->failed)
		return LITERAL_TRUE;
	atoms->list[atoms->count].formula = literal / 2;
	atom_table_put(atoms, &atoms->known, hash, (uint32_t)atoms->count++);
	return literal;
}

uint32_t atoms_put(struct atoms *atoms, const struct atom *atom)
{
	uint32_t hash;
	uint32_t literal = atoms_find(atoms, atom, &hash);

	return literal != UINT32_MAX ? literal : atoms_add(atoms, atom, hash);
}

/* Codes are short, and compared all the time. */
static bool text_is(struct slice known, struct slice text)
{
	uint32_t a[2], b[2];

	if (known.size != text.size || text.size < sizeof(*a) || text.size > sizeof(a))
		return slice_equals(known, text);
	memcpy(&a[0], known.data, sizeof(*a));
	memcpy(&b[0], text.data, sizeof(*b));
	memcpy(&a[1], known.data + known.size - sizeof(*a), sizeof(*a));
	memcpy(&b[1], text.data + text.size - sizeof(*b), sizeof(*b));
	return a[0] == b[0] && a[1] == b[1];
}

/* The number of a text; any when memory is short. */
static uint32_t text_put(struct atoms *atoms, struct slice text)
{
	uint64_t mixed = mix_text(0, text);
	uint32_t hash = (uint32_t)(mixed ^ mixed >> 32);
	struct atom_table *table = &atoms->told;
	bool maybe = atom_table_may_have(table, hash);
	char *copy;

	for (size_t at = maybe ? atom_table_begin(table, hash) : 0;
			maybe && table->places[at].number; at = atom_table_next(table, at)) {
		uint32_t number = table->places[at].number - 1;

		if (table->places[at].hash == hash && text_is(atoms->texts[number], text))
			return number;
	}
	copy = arena_copy(&atoms->arena, text.data, text.size);
	if (!copy || !atom_list_grow((void **)&atoms->texts, atoms->text_count,
				     &atoms->text_capacity, sizeof(text))) {
		atoms->failed = true;
		return 0;
	}
	atoms->texts[atoms->text_count] = (struct slice){ copy, text.size };
	atom_table_put(atoms, &atoms->told, hash, (uint32_t)atoms->text_count);
	return (uint32_t)atoms->text_count++;
}

const uint32_t *atoms_texts(struct atoms *atoms, const struct value *values, size_t count)
{
	while (atoms->number_capacity < count + 1) {
		if (!atom_list_grow((void **)&atoms->numbers, atoms->number_capacity,
				    &atoms->number_capacity, sizeof(*atoms->numbers))) {
			atoms->failed = true;
			return NULL;
		}
	}
	for (size_t i = 0; i < count; i++)
		atoms->numbers[i] = text_put(atoms, values[i].text);
	return atoms->numbers;
}

const struct scope_name **atoms_name_room(struct atoms *atoms, int slot)
{
	size_t count = (size_t)slot + 1;
	const struct scope_name **names =
			memory_resize((void *)atoms->names, 2 * count * sizeof(*names));

	if (!names) {
		atoms->failed = true;
		return NULL;
	}
	memset((void *)(names + atoms->name_count), 0,
			(2 * count - atoms->name_count) * sizeof(*names));
	atoms->names = names;
	atoms->name_count = 2 * count;
	return &names[slot];
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
	switch ((enum formula_kind)formula->kind) {
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
