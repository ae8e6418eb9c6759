/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of an answer is the same in every reply, as bytes.
 *
 * A PolicyAnswer is, in the order of its fields:
 *
 *     head | verdicts | availability | middle | amount, what is missing, conditions | marks | why | summary | ...
 *     id and series         of the epoch | title, level, kind, departments          | FULL view |
 *
 * Head, middle, marks and summary depend on the policy alone and are made when the first answer of it is told;
 * availability depends on the day too, and is made with the epoch. Whole answers that depend on nothing else
 * are kept once they were made, see ready_find().
 */
#pragma once

#include "calculator/answer.h"
#include "proto/codec/encode.h"

struct answer_parts {
	struct slice head, middle, marks, summary;
};

/* On a day all that fit get the same answer when there are no judgements, no scores, no items, and one amount: */
bool clauses_are_constant(const struct policy_rules *policy);
/** @amount, of policies of @list, may be NULL. */
bool amount_is_constant(const struct ruleset *ruleset, enum item_list list,
		const struct amount_rules *amount);

/**
 * The parts of the policy at @index, made at the first call and the ruleset's from then on; any thread. When
 * memory is short they are made in @arena, for this call; NULL when that is short, too.
 */
const struct answer_parts *answer_parts_get(
		const struct ruleset *ruleset, size_t index, struct arena *arena);
/** Of all policies; when nobody reads the ruleset any more. */
void answer_parts_free(struct ruleset *ruleset);

/** The field that says how a policy stands, with its number; in @arena. No data when memory is short. */
struct slice availability_encode(
		const struct standing *standing, struct encoder *encoder, struct arena *arena);
Policycalc__V1__Availability *availability_answer(
		const struct standing *standing, struct arena *arena);

/* --- whole answers ---------------------------------------------------------------------------- */

/* The BASIC view of a policy that fits, granted to the enterprise as such: nothing is missing, nobody has to
 * look, and the amount says the rest. */
struct ready {
	struct amount amount;
	int64_t order; /* as of the outcome */
	size_t size;
	uint8_t bytes[]; /* without the number of the field that it goes to */
};

struct ready_list;

/** Room for @count answers; NULL when memory is short. */
struct ready_list *ready_list_new(size_t count);
void ready_list_free(struct ready_list *list);
/** The answer of the policy at @index when it comes to @amount; NULL: none is kept. Any thread. */
const struct ready *ready_find(
		const struct ready_list *list, size_t index, const struct amount *amount);
/** The answer that is kept of the policy at @index, whatever it comes to, or NULL. Any thread. */
const struct ready *ready_any(const struct ready_list *list, size_t index);
/**
 * Keeps @bytes for the policy at @index unless something is kept already, or memory is short. Only amounts
 * of which nothing lies in a call's arena. Any thread.
 */
void ready_keep(struct ready_list *list, size_t index, const struct outcome *outcome,
		struct slice bytes);
/** Notes what the outcome of the policy at @index is ordered by, the same for all that fit. Any thread. */
void ready_note_order(struct ready_list *list, size_t index, int64_t order);
/** What was noted of it; false: nothing. Any thread. */
bool ready_find_order(const struct ready_list *list, size_t index, int64_t *out_order);
/** Whether nothing of @amount lies in a call's arena. */
bool ready_may_keep(const struct amount *amount);
