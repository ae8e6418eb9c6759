/* SPDX-License-Identifier: Apache-2.0 */
/* What the three files about flips share. */
#pragma once

#include "rules/flip.h"
#include "rules/program.h"

#define FLIP_DAY 86400

struct flipper {
	const struct flip_world *world;
	struct flip *flips;
	size_t count;
};

/* A comparison or test that has to come out as @want. */
struct flip_atom {
	const struct rule *rule;
	const struct node *node;
	bool want;
};

/** The value of a part of a rule; unknown inside of a folded part. */
struct value flip_value(const struct flipper *flipper, const struct rule *rule,
		const struct node *node);
/** Whether the atom comes out as wanted with @slot at @value; leaves all as it was. */
bool flip_try(struct flipper *flipper, const struct flip_atom *atom, int slot,
		struct value value);
/** Notes a flip; past the limit it is dropped. */
void flip_add(struct flipper *flipper, const struct flip_atom *atom, struct flip flip);

/*
 * What is behind a name: the rule it is derived by, or its quotient when that counts; both NULL when
 * the name stands for itself.
 */
const struct rule *flip_behind(const struct flipper *flipper, const struct node *name,
		const struct scope_ratio **out_ratio);
/** The same of a slot that no name of this rule stands for: a part of a quotient. */
const struct rule *flip_behind_slot(const struct flipper *flipper, int slot);
/** The tree of a rule; one that says nothing when memory is short, and then the arena of the evaluation is exhausted. */
const struct node *flip_root(const struct flipper *flipper, const struct rule *rule);
/** Whether the value of a part rests on @slot, through everything derived. */
bool flip_reads(const struct flipper *flipper, const struct node *node, int slot);

/* flip_number.c: the nearest figures and days; flip_code.c: codes, lists and maps of them. */
void flip_number(struct flipper *flipper, const struct flip_atom *atom, int slot,
		const struct flip_reach *reach);
void flip_code(struct flipper *flipper, const struct flip_atom *atom, int slot,
		const struct flip_reach *reach);
