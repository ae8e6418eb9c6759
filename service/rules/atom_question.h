/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a slot was asked lately, and the literal that came of it: the rules of a catalog ask the same of the same
 * slots, and to find an atom takes making it. Inner header of atom_step.c.
 */
#pragma once

#include "rules/atom_internal.h"

enum question_kind {
	QUESTION_NONE, /* of a place that is free */
	QUESTION_FLAG,
	QUESTION_SIDE,	 /* the slot beside a value */
	QUESTION_MEMBER, /* the value in the slot's list or map */
};

/* A question of a slot without a value. */
static inline struct atom_question question_of(
		enum question_kind kind, int slot, enum operator_kind operation)
{
	return (struct atom_question){ .what = (uint64_t)kind | (uint64_t)operation << 8 |
					       (uint64_t)(unsigned)slot << 32 };
}

/*
 * Puts @value in. false: another may be written alike, or it is too long. A list is known by where it is: it is a
 * constant of a rule, and what makes rules lets them share it; both live as long as the atoms do.
 */
static inline bool question_ask(struct atom_question *question, const struct value *value)
{
	question->what |= (uint64_t)value->kind << 16;
	switch ((int)value->kind) {
	case VALUE_INT:
		question->of[0] = (uint64_t)value->integer;
		return true;
	case VALUE_STRING:
		if (value->text.size > sizeof(question->of))
			return false;
		question->what |= (uint64_t)value->text.size << 24;
		memcpy(question->of, value->text.data, value->text.size);
		return true;
	case VALUE_LIST:
		question->of[0] = (uintptr_t)value->list.items;
		question->of[1] = value->list.count;
		return value->list.count > 0;
	default:
		return false;
	}
}

static inline struct atom_question *question_place(
		const struct atoms *atoms, const struct atom_question *question)
{
	uint64_t hash = hash_mix_pair(question->what, question->of[0], question->of[1]);

	return &atoms->questions[(hash ^ hash >> 32) % ATOM_QUESTIONS];
}

/* The literal, or UINT32_MAX: it was not asked lately. */
static inline uint32_t question_find(
		const struct atoms *atoms, const struct atom_question *question)
{
	const struct atom_question *known = question_place(atoms, question);

	return known->what == question->what && known->of[0] == question->of[0] &&
					       known->of[1] == question->of[1]
			       ? known->literal
			       : UINT32_MAX;
}

static inline void question_keep(
		struct atoms *atoms, struct atom_question *question, uint32_t literal)
{
	question->literal = literal;
	*question_place(atoms, question) = *question;
}
