/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about atoms share:
 *
 *     atom_form.c    the terms of a rule -> literals; each term is taken apart once
 *     atom_step.c    the steps of a term, or of a rule without terms -> literals
 *     atom_rule.c    its tree -> literals; what has no plain steps
 *     atom_ask.c     what one slot is asked -> atoms
 *     atom.c         atoms, each once
 *     atom_join.c    conjunctions, each once
 */
#pragma once

#include "base/hash.h"
#include "rules/atom.h"
#include "rules/program.h"

#include <string.h>

#define LITERAL_ERROR 2u
#define LITERAL_UNSTATED 4u
#define LITERALS_CONSTANT 6u /* those below are constants */
#define ATOM_QUESTIONS 16384

/* --- the table --------------------------------------------------------------------------------- */

/* Where what has this hash may be; from there on, up to the first free place. */
static inline size_t atom_table_begin(const struct atom_table *table, uint32_t hash)
{
	return hash & (table->capacity - 1);
}

static inline size_t atom_table_next(const struct atom_table *table, size_t at)
{
	return (at + 1) & (table->capacity - 1);
}

/*
 * Behind the places are bits, so many for each: that of a hash is set once anything with it was put. Most of what is
 * looked for is new, and the bits, which are few and near, say so; nobody waits for the place then.
 */
#define ATOM_TABLE_BITS ((size_t)4)

static inline uint64_t *atom_table_word(const struct atom_table *table, uint32_t hash)
{
	uint64_t *words = (uint64_t *)(void *)(table->places + table->capacity);

	return &words[hash / 64 & (table->capacity * ATOM_TABLE_BITS / 64 - 1)];
}

/** Puts what waits. */
void atom_table_settle(struct atom_table *table);

/* Whether anything with this hash may be there, where it is looked for then. If not, it may be put soon. */
static inline bool atom_table_may_have(struct atom_table *table, uint32_t hash)
{
	if (!table->capacity)
		return false;
	if (!((*atom_table_word(table, hash) >> (hash % 64)) & 1)) {
		__builtin_prefetch(&table->places[atom_table_begin(table, hash)], 1);
		return false;
	}
	if (table->late_count)
		atom_table_settle(table);
	return true;
}

/** Room for @count to begin with; false when memory is short. */
bool atom_table_reserve(struct atoms *atoms, struct atom_table *table, size_t count);
/** What is not there yet. */
void atom_table_put(
		struct atoms *atoms, struct atom_table *table, uint32_t hash, uint32_t number);
/** Room for one more of @size bytes each. */
bool atom_list_grow(void **list, size_t count, size_t *capacity, size_t size);
/** Likewise of a list that lies in the arena with ->apart. */
bool atoms_list_grow(
		struct atoms *atoms, void **list, size_t count, size_t *capacity, size_t size);
uint32_t atoms_add_formula(struct atoms *atoms, const struct formula *formula);

/** The literal of an atom, which may be there already. Any literal when memory is short. */
uint32_t atoms_put(struct atoms *atoms, const struct atom *atom);
/** Likewise in two steps: UINT32_MAX when it is not there, and it may be added. */
uint32_t atoms_find(struct atoms *atoms, const struct atom *atom, uint32_t *out_hash);
uint32_t atoms_add(struct atoms *atoms, const struct atom *from, uint32_t hash);
/** The numbers of @count strings, until the next call; NULL when memory is short. */
const uint32_t *atoms_texts(struct atoms *atoms, const struct value *values, size_t count);
/** Where the name of a slot is noted; NULL when memory is short. */
const struct scope_name **atoms_name_room(struct atoms *atoms, int slot);

static inline const struct scope_name **atoms_name(struct atoms *atoms, int slot)
{
	return (size_t)slot < atoms->name_count ? &atoms->names[slot]
						: atoms_name_room(atoms, slot);
}

/** The conjunction of the literals on the stack from @from on, which it takes away. */
uint32_t atoms_pop_all(struct atoms *atoms, size_t from);
/** Likewise of all that a rule is; with ->apart it is one of the wholes. */
uint32_t atoms_pop_rule(struct atoms *atoms, size_t from);

static inline void atoms_push(struct atoms *atoms, uint32_t literal)
{
	if (atoms->stack_count == atoms->stack_capacity &&
			!atom_list_grow((void **)&atoms->stack, atoms->stack_count,
					&atoms->stack_capacity, sizeof(*atoms->stack))) {
		atoms->failed = true;
		return;
	}
	atoms->stack[atoms->stack_count++] = literal;
}

/* --- taking a rule apart ----------------------------------------------------------------------- */

struct taking {
	struct atoms *atoms;
	const struct rule *rule;
	bool term; /* taken apart once: what it asks is not asked by the next one */
};

/** By the terms. */
uint32_t atom_take_form(struct taking *taking);
/** The literal of all of the rule, by what of it tells most easily. */
uint32_t atom_take_rule(struct taking *taking);
/** By the tree. @node is a bool that stands in no loop. */
uint32_t atom_take_node(struct taking *taking, const struct node *node);
/** By the steps; false when some of them are not plain. */
bool atom_take_steps(struct taking *taking, uint32_t *out_literal);

/** A bool that reads no attribute. */
uint32_t atom_take_constant(const struct value *value);
/** Both; or, with @any, one of the two. */
uint32_t atom_take_both(struct taking *taking, uint32_t a, uint32_t b, bool any);
/** A slot of whole numbers or days compared with one, or with what is unknown. */
uint32_t atom_take_number(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *bound);
uint32_t atom_take_quotient(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *bound);
/** The day that a map has under a code compared with another. */
uint32_t atom_take_valid(struct taking *taking, const struct atom *entry,
		enum operator_kind operation, const struct value *bound);
/** A number among constants. */
uint32_t atom_take_among(struct taking *taking, const struct scope_name *name,
		const struct value *range);
/** Whether a list or map has a code. */
uint32_t atom_take_member(
		struct taking *taking, const struct scope_name *name, struct slice code);
/**
 * A text that is (EQUAL), is not (NOT_EQUAL), or is one of (IN) @texts, which the code of the rule from @begin to
 * @end says. UINT32_MAX when @texts are none.
 */
uint32_t atom_take_texts(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *texts, int begin, int end);
/** Whether a list holds texts, or a map has them for keys. */
bool atom_is_codes(const struct type *type);

/** The node whose code this is; NULL when memory is short, and then @arena is exhausted. */
const struct node *atom_node_of(
		const struct rule *rule, int begin, int end, struct arena *arena);
