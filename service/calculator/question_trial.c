/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying out an answer: the values are put where the rules read them, what follows from them is
 * derived again, and only the conditions that wait for them are asked.
 */
#include "calculator/question.h"

#include <string.h>

/* A figure made of items is asked for itself, and then not made of them. */
static bool derivation_moves(const struct ruleset *ruleset, const struct derivation *derivation,
		const struct trial *trial)
{
	const uint64_t *bases = ruleset->bases[LIST_ENTERPRISE][derivation->slot];

	for (size_t i = 0; i < trial->count; i++) {
		if (trial->units[i]->item < 0 && trial->units[i]->slot == derivation->slot)
			return false;
	}
	for (size_t i = 0; bases && i < trial->count; i++) {
		if (trial->units[i]->place && trial->units[i]->item < 0 &&
				slot_bits_has(bases, trial->units[i]->slot))
			return true;
	}
	return false;
}

bool trial_begin(struct questionnaire *questionnaire, const size_t *units, size_t count,
		struct trial *trial)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	struct facts *facts = questionnaire->facts;
	size_t most = ruleset->derivation_count[LIST_ENTERPRISE];

	*trial = (struct trial){ .count = count };
	for (size_t i = 0; i < count; i++)
		trial->units[i] = &questionnaire->units[units[i]];
	trial->derivations = ARENA_NEW_ARRAY(
			&questionnaire->work, const struct derivation *, most + 1);
	trial->gaps = ARENA_NEW_ARRAY(&questionnaire->work, uint64_t *, most + 1);
	if (!trial->derivations || !trial->gaps)
		return false;
	for (size_t i = 0; i < most; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];

		if (facts->values[derivation->slot].kind != VALUE_UNKNOWN ||
				!derivation_moves(ruleset, derivation, trial))
			continue;
		trial->gaps[trial->derivation_count] = facts->gaps[derivation->slot];
		trial->derivations[trial->derivation_count++] = derivation;
	}
	return true;
}

bool trial_moves(const struct questionnaire *questionnaire, const struct trial *trial, int slot)
{
	(void)questionnaire;
	for (size_t i = 0; i < trial->derivation_count; i++) {
		if (trial->derivations[i]->slot == slot)
			return true;
	}
	return false;
}

static struct value *unit_value(struct questionnaire *questionnaire, const struct unit *unit)
{
	struct facts *facts = questionnaire->facts;

	if (unit->item < 0)
		return &facts->values[unit->slot];
	return &facts->items[unit->list][unit->item].values[(size_t)unit->slot -
							    questionnaire->ruleset->base_count];
}

/* An item with what follows from its attributes, and from those of the enterprise. */
static void item_enter(struct questionnaire *questionnaire, enum item_list list, size_t item)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	struct facts *facts = questionnaire->facts;

	facts_enter_item(facts, list, &facts->items[list][item]);
	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		const struct derivation *derivation = &ruleset->derivations[list][i];

		if (facts->values[derivation->slot].kind == VALUE_UNKNOWN)
			facts->gaps[derivation->slot] = NULL;
		facts_derive_one(facts, list, derivation);
	}
}

void trial_put(struct questionnaire *questionnaire, const struct trial *trial,
		const struct value *values)
{
	struct facts *facts = questionnaire->facts;

	clause_memo_advance(&questionnaire->memo);
	for (size_t i = 0; i < trial->count; i++) {
		if (trial->units[i]->place)
			*unit_value(questionnaire, trial->units[i]) = values[i];
	}
	for (size_t i = 0; i < trial->derivation_count; i++) {
		int slot = trial->derivations[i]->slot;

		facts->values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
		facts->gaps[slot] = NULL;
		facts_derive_one(facts, LIST_ENTERPRISE, trial->derivations[i]);
	}
	if (trial->count && trial->units[0]->item >= 0)
		item_enter(questionnaire, trial->units[0]->list, (size_t)trial->units[0]->item);
}

void trial_take_back(struct questionnaire *questionnaire, const struct trial *trial)
{
	struct facts *facts = questionnaire->facts;

	clause_memo_advance(&questionnaire->memo);
	for (size_t i = 0; i < trial->count; i++) {
		if (trial->units[i]->place)
			*unit_value(questionnaire, trial->units[i]) =
					(struct value){ .kind = VALUE_UNKNOWN };
	}
	for (size_t i = 0; i < trial->derivation_count; i++) {
		int slot = trial->derivations[i]->slot;

		facts->values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
		facts->gaps[slot] = trial->gaps[i];
	}
}

/* --- what is left ----------------------------------------------------------------------------- */

struct asking {
	struct questionnaire *questionnaire;
	const struct pending *pending;
	const struct trial *trial;
	size_t words;
	uint64_t *missing; /* what the enterprise lacks */
};

/* Whether the trial answers something of @missing. */
static bool set_waits(const struct asking *asking, const uint64_t *missing)
{
	for (size_t i = 0; i < asking->trial->count; i++) {
		if (asking->trial->units[i]->place &&
				slot_bits_has(missing, asking->trial->units[i]->slot))
			return true;
	}
	return false;
}

static bool clause_waits(const struct asking *asking, const struct pending_clause *clause)
{
	return set_waits(asking, clause->missing);
}

static void bits_add(uint64_t *bits, const uint64_t *more, size_t words)
{
	for (size_t i = 0; i < words; i++)
		bits[i] |= more[i];
}

/* A value that cannot be tried out: a condition that waits for nothing else is settled by it. */
static bool clause_try_opaque(const struct asking *asking, const struct pending_clause *clause,
		uint64_t *bits)
{
	const uint64_t *parameters = asking->questionnaire->ruleset->parameter_mask;
	uint64_t rest = 0;

	for (size_t i = 0; i < asking->words; i++) {
		uint64_t left = clause->missing[i];

		for (size_t k = 0; k < asking->trial->count; k++) {
			const struct unit *unit = asking->trial->units[k];

			if (unit->place && (size_t)unit->slot / 64 == i)
				left &= ~(UINT64_C(1) << ((unsigned)unit->slot % 64));
		}
		rest |= left & ~parameters[i];
		bits[i] |= left;
	}
	return rest || !asking->trial->fails;
}

/* Puts what the clause lacks into @bits; false when it stands in the way. */
static bool clause_try(const struct asking *asking, const struct pending_clause *clause,
		uint64_t *bits)
{
	struct clause_result result;

	if (asking->trial->count == 0 || !clause_waits(asking, clause)) {
		bits_add(bits, clause->missing, asking->words);
		return true;
	}
	if (asking->trial->opaque)
		return clause_try_opaque(asking, clause, bits);
	result = clause_ask_once(asking->questionnaire->facts, &asking->questionnaire->memo,
			asking->pending->outcome->policy, clause->clause);
	if (result.status == STATUS(UNKNOWN) && result.missing)
		bits_add(bits, result.missing, asking->words);
	return result.status != STATUS(NOT_MET);
}

/*
 * The same for all conditions of the enterprise at once, by far the most that is asked: what each
 * lacks is looked at where it lies, and only counted. false: one stands in the way.
 */
static bool clauses_count(const struct asking *asking, size_t *out_count)
{
	struct questionnaire *questionnaire = asking->questionnaire;
	const struct pending *pending = asking->pending;
	const uint64_t **lacking = questionnaire->lacking;
	size_t used = 0;
	size_t count = 0;

	for (size_t i = 0; i < pending->clause_count; i++) {
		const struct pending_clause *clause = &pending->clauses[i];

		for (size_t k = 0; k < clause->part_count; k++) {
			struct part *part = clause->parts[k];
			const uint64_t *lacks = part->missing;

			if (lacks && set_waits(asking, lacks)) {
				part_ask(questionnaire, part);
				if (part->fails)
					return false;
				lacks = part->lacks;
			}
			if (lacks)
				lacking[used++] = lacks;
		}
	}
	for (size_t i = 0; i < asking->words; i++) {
		uint64_t bits = 0;

		for (size_t k = 0; k < used; k++)
			bits |= lacking[k][i];
		bits &= questionnaire->open[i];
		if (bits)
			count += (size_t)__builtin_popcountll(bits);
	}
	*out_count = count;
	return true;
}

size_t bits_count_open(const uint64_t *bits, const uint64_t *open, size_t words)
{
	size_t count = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t both = bits[i] & open[i];

		if (both)
			count += (size_t)__builtin_popcountll(both);
	}
	return count;
}

/* Whether the item at hand may be touched by the trial at all. */
static bool item_waits(const struct asking *asking, const struct pending_item *item)
{
	const struct trial *trial = asking->trial;

	if (trial->count == 0 || trial->opaque)
		return false;
	if (trial->units[0]->item >= 0 &&
			(trial->units[0]->list != asking->pending->outcome->policy->list ||
					(size_t)trial->units[0]->item != item->item))
		return false;
	for (size_t i = 0; i < item->clause_count; i++) {
		if (clause_waits(asking, &item->clauses[i]))
			return true;
	}
	return false;
}

/*
 * What the items lack, each on its own; what they lack of the enterprise counts once, with its own.
 * *out_settled: one of them is beyond doubt. *out_alive: one of them is left.
 */
static size_t items_missing(const struct asking *asking, bool *out_settled, bool *out_alive)
{
	const struct pending *pending = asking->pending;
	enum item_list list = pending->outcome->policy->list;
	static const struct trial nothing;
	uint64_t *own = asking->questionnaire->sets[1];
	uint64_t *shared = asking->questionnaire->sets[2];
	size_t count = 0;

	memset(shared, 0, asking->words * sizeof(*shared));
	*out_settled = false;
	*out_alive = pending->judged_item;
	for (size_t i = 0; i < pending->item_count; i++) {
		const struct pending_item *item = &pending->items[i];
		bool waits = item_waits(asking, item);
		bool other = asking->trial->count && asking->trial->units[0]->item >= 0 &&
			     (asking->trial->units[0]->list != list ||
					     (size_t)asking->trial->units[0]->item !=
							     item->item);
		struct asking here = *asking;
		bool fits = true;
		uint64_t any = 0;

		memset(own, 0, asking->words * sizeof(*own));
		if (other)
			here.trial = &nothing;
		if (waits)
			item_enter(asking->questionnaire, list, item->item);
		for (size_t k = 0; fits && k < item->clause_count; k++)
			fits = clause_try(&here, &item->clauses[k], own);
		if (!fits)
			continue;
		*out_alive = true;
		for (size_t k = 0; k < asking->words; k++)
			any |= own[k] & ~asking->questionnaire->ruleset->parameter_mask[k];
		if (!any && !item->review) {
			*out_settled = true;
			return 0;
		}
		count += bits_count_open(own,
				asking->questionnaire->item_open[list][item->item],
				asking->words);
		bits_add(shared, own, asking->words);
	}
	bits_add(asking->missing, shared, asking->words);
	return count;
}

size_t pending_missing(struct questionnaire *questionnaire, const struct pending *pending,
		const struct trial *trial)
{
	struct asking asking = {
		.questionnaire = questionnaire,
		.pending = pending,
		.trial = trial,
		.words = questionnaire->ruleset->set_words,
		.missing = questionnaire->sets[0],
	};
	enum item_list list = pending->outcome->policy->list;
	static const struct trial nothing;
	bool of_item = trial->count && trial->units[0]->item >= 0;
	size_t count = 0;

	if (list == LIST_ENTERPRISE && !of_item && !trial->opaque)
		return clauses_count(&asking, &count) ? count : 0;
	memset(asking.missing, 0, asking.words * sizeof(*asking.missing));
	if (of_item) /* the enterprise's conditions read no item */
		asking.trial = &nothing;
	for (size_t i = 0; i < pending->clause_count; i++) {
		if (!clause_try(&asking, &pending->clauses[i], asking.missing))
			return 0;
	}
	asking.trial = trial;
	if (pending->list_unknown) {
		bool of_list = trial->count && !trial->units[0]->place &&
			       trial->units[0]->list == list;

		if (of_list && trial->fails)
			return 0;
		if (questionnaire->list_open[list])
			count += pending->list_reads + !of_list;
	} else if (list != LIST_ENTERPRISE && !pending->rests_on_enterprise) {
		bool settled, alive;

		count += items_missing(&asking, &settled, &alive);
		if (!settled && !alive)
			return 0;
	}
	return count + bits_count_open(asking.missing, questionnaire->open, asking.words);
}
