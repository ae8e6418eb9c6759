/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the terms of a rule to literals. A catalog has few terms beside its rules: each is taken apart when the first
 * rule has it, and from then on it is a number for another.
 */
#include "rules/atom_internal.h"
#include "rules/memo.h"

#include "base/memory.h"

#include <assert.h>

#define AHEAD 3 /* terms that are asked for before their turn */

/* Where the literal of a term is noted; NULL when it is of another memo, or memory is short. */
static uint32_t *term_place(struct atoms *atoms, const struct rule_memo *memo, uint32_t number)
{
	if (!atoms->memo) {
		size_t count = memo_term_count(memo);

		atoms->memo = memo;
		atoms->terms = memory_alloc_zero(count, sizeof(*atoms->terms));
		atoms->term_count = atoms->terms ? count : 0;
	}
	return atoms->memo == memo && number < atoms->term_count ? &atoms->terms[number] : NULL;
}

/* The program of a term, as it always has one; NULL behind the last. */
static const struct program *program_ahead(
		const struct atoms *atoms, const struct rule_memo *memo, uint32_t number)
{
	return number < atoms->term_count ? rule_program_made(memo_term(memo, number)) : NULL;
}

/* The list of what is compared with one; NULL of others. */
static const struct value *list_ahead(
		const struct atoms *atoms, const struct rule_memo *memo, uint32_t number)
{
	const struct program *program = program_ahead(atoms, memo, number);

	return program && program->constant_count == 1 &&
					       program->constants[0].kind == VALUE_LIST
			       ? program->constants
			       : NULL;
}

/*
 * Terms are numbered as rules have them, so that those behind @number are taken apart next. One leads to the next: a
 * term to its steps, and these to what is compared, and each is asked for before it is looked at.
 */
static void terms_fetch(
		const struct atoms *atoms, const struct rule_memo *memo, uint32_t number)
{
	const struct program *program;
	const struct value *list;

	if (number + 5 * AHEAD < atoms->term_count)
		atoms_fetch_rule(memo_term(memo, number + 5 * AHEAD));
	program = program_ahead(atoms, memo, number + 4 * AHEAD);
	if (program)
		__builtin_prefetch(program);
	program = program_ahead(atoms, memo, number + 3 * AHEAD);
	if (program) {
		__builtin_prefetch(program->code);
		__builtin_prefetch(program->constants);
	}
	list = list_ahead(atoms, memo, number + 2 * AHEAD);
	for (size_t i = 0; list && i < list->list.count; i += 2)
		__builtin_prefetch(&list->list.items[i]);
	list = list_ahead(atoms, memo, number + AHEAD);
	for (size_t i = 0; list && i < list->list.count; i += 4) {
		if (list->list.items[i].kind == VALUE_STRING)
			__builtin_prefetch(list->list.items[i].text.data);
	}
}

static uint32_t term_take(struct atoms *atoms, const struct rule_memo *memo, uint32_t number)
{
	struct taking taking = { .atoms = atoms, .term = true };
	uint32_t *place = term_place(atoms, memo, number);
	uint32_t literal;

	if (place && *place)
		return *place - 1;
	if (place)
		terms_fetch(atoms, memo, number);
	taking.rule = memo_term(memo, number);
	literal = atom_take_rule(&taking);
	if (place)
		*place = literal + 1;
	return literal;
}

/* Whether what is joined by the words before @at is joined next by an "and". */
static bool is_within_and(const struct rule *rule, uint32_t at)
{
	size_t behind = 0; /* of what is there then, what is not ours */

	for (; at < rule->form_count; at++) {
		uint32_t word = rule->form[at];

		if (!(word & FORM_JOINT))
			behind++;
		else if (form_count(word) > behind)
			return form_kind(word) == FORM_AND;
		else
			behind -= form_count(word) - 1;
	}
	return false;
}

/* The literals of the stack from @from on are joined; @last: nothing is behind it. */
static uint32_t literals_join(
		struct atoms *atoms, enum form_joint joint, size_t from, bool last)
{
	uint32_t literal;

	if (joint == FORM_AND)
		return last ? atoms_pop_rule(atoms, from) : atoms_pop_all(atoms, from);
	for (size_t i = from; i < atoms->stack_count; i++)
		atoms->stack[i] = atoms_negate(atoms, atoms->stack[i]);
	if (joint == FORM_NOT) {
		atoms->stack_count = from;
		return atoms->stack[from];
	}
	literal = atoms_pop_all(atoms, from);
	return atoms_negate(atoms, literal);
}

/*
 * What is joined has a run of literals on the stack: one, but of an "and" within another, whose literals are
 * as well the other's.
 */
uint32_t atom_take_form(struct taking *taking)
{
	struct atoms *atoms = taking->atoms;
	const struct rule *rule = taking->rule;
	size_t runs[FORM_WORDS_MOST]; /* where they begin */
	size_t run_count = 0;
	uint32_t literal = LITERAL_TRUE;

	assert(rule->form_count <= FORM_WORDS_MOST);
	for (uint32_t i = 0; i < rule->form_count && !atoms->failed; i++) {
		uint32_t word = rule->form[i];
		bool last = i + 1 == rule->form_count;

		if (word & FORM_JOINT) {
			run_count -= form_count(word);
			if (form_kind(word) == FORM_AND && !last &&
					is_within_and(rule, i + 1)) {
				run_count++;
				continue;
			}
			literal = literals_join(atoms, form_kind(word), runs[run_count], last);
		} else {
			literal = term_take(atoms, rule->memo, word);
		}
		if (last)
			break;
		/* Who joins it looks at it. */
		__builtin_prefetch(atoms_formula(atoms, literal), 1);
		runs[run_count++] = atoms->stack_count;
		atoms_push(atoms, literal);
	}
	return literal;
}
