/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policies wait for which question.
 *
 * By far most questions ask for one attribute of the enterprise. Of those all is found in one walk over the
 * policies; and when only one part of a policy's conditions reads the attribute, it is noted beside the pair,
 * with what the policy lacks when that part holds: then an answer is put to that part alone.
 */
#include "calculator/question.h"

/* --- questions for several attributes, for items and for lists --------------------------------- */

static bool clauses_lack(const struct pending_clause *clauses, size_t count, int slot)
{
	for (size_t i = 0; i < count; i++) {
		if (slot_bits_has(clauses[i].missing, slot))
			return true;
	}
	return false;
}

static bool pending_lacks(const struct pending *pending, const struct unit *unit)
{
	bool own = pending->outcome->policy->list == unit->list;

	if (!unit->place)
		return own && pending->list_unknown;
	if (unit->item < 0)
		return slot_bits_has(pending->lacks, unit->slot);
	for (size_t i = 0; own && !pending->rests_on_enterprise && i < pending->item_count;
			i++) {
		if (pending->items[i].item == (size_t)unit->item)
			return clauses_lack(pending->items[i].clauses,
					pending->items[i].clause_count, unit->slot);
	}
	return false;
}

/* Room for as many pendings; false when memory is short. */
static bool question_reserve(
		struct questionnaire *questionnaire, struct question *question, size_t count)
{
	struct arena *arena = questionnaire->arena;

	question->pendings = arena_alloc(arena, (count + 1) * sizeof(*question->pendings));
	question->answered = arena_alloc(arena, (count + 1) * sizeof(*question->answered));
	question->stay_ppm = ARENA_NEW_ARRAY(arena, uint32_t, count + 1);
	return question->pendings && question->answered && question->stay_ppm;
}

static void question_put(struct question *question, size_t pending, uint32_t answered)
{
	question->pendings[question->pending_count] = pending;
	question->answered[question->pending_count++] = answered;
}

static void question_walk(struct questionnaire *questionnaire, struct question *question)
{
	if (!question_reserve(questionnaire, question, questionnaire->pending_count))
		return;
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		const struct pending *pending = &questionnaire->pendings[i];
		uint32_t lacks = 0;

		for (size_t k = 0; k < question->unit_count; k++)
			lacks += pending_lacks(
					pending, &questionnaire->units[question->units[k]]);
		if (lacks)
			question_put(question, i, lacks);
	}
}

/* --- questions for one attribute of the enterprise ---------------------------------------------- */

/* Slots that one part has, and those that several have. */
struct shared_bits {
	uint64_t *any, *several;
};

struct pairs {
	struct questionnaire *questionnaire;
	struct question **questions; /* by slot; NULL: asked for otherwise, or not at all */
	uint64_t *asked;	     /* the slots of those that are there */
	struct shared_bits
			read; /* by the parts of the policy at hand, and lacked by its condition */
	struct shared_bits lacked; /* by those */
};

static bool shared_bits_make(const struct facts *facts, struct shared_bits *bits)
{
	*bits = (struct shared_bits){ facts_new_set(facts), facts_new_set(facts) };
	return bits->any && bits->several;
}

static void shared_bits_clear(struct shared_bits *bits, size_t words)
{
	for (size_t i = 0; i < words; i++)
		bits->any[i] = bits->several[i] = 0;
}

static bool pairs_begin(struct questionnaire *questionnaire, struct pairs *pairs)
{
	struct facts *facts = questionnaire->facts;
	struct arena *arena = questionnaire->arena;
	size_t slots = questionnaire->ruleset->base_count;

	*pairs = (struct pairs){ .questionnaire = questionnaire };
	pairs->questions = ARENA_NEW_ARRAY(arena, struct question *, slots + 1);
	pairs->asked = facts_new_set(facts);
	if (!shared_bits_make(facts, &pairs->read) ||
			!shared_bits_make(facts, &pairs->lacked) || arena->exhausted)
		return false;
	for (size_t i = 0; i < questionnaire->question_count; i++) {
		struct question *question = &questionnaire->questions[i];
		const struct unit *unit = &questionnaire->units[question->units[0]];

		if (question->unit_count != 1 || !unit->place || unit->item >= 0)
			continue;
		pairs->questions[unit->slot] = question;
		slot_bits_put(pairs->asked, unit->slot);
	}
	return true;
}

/* How many policies wait for each; false when memory is short. */
static bool pairs_reserve(struct pairs *pairs)
{
	struct questionnaire *questionnaire = pairs->questionnaire;
	size_t slots = questionnaire->ruleset->base_count;
	size_t words = questionnaire->ruleset->set_words;
	size_t *counts = ARENA_NEW_ARRAY(questionnaire->arena, size_t, slots + 1);

	for (size_t i = 0; counts && i < questionnaire->pending_count; i++) {
		for (size_t w = 0; w < words; w++) {
			uint64_t bits = questionnaire->pendings[i].lacks[w] & pairs->asked[w];

			for (; bits; bits &= bits - 1)
				counts[w * 64 + (size_t)__builtin_ctzll(bits)]++;
		}
	}
	for (size_t i = 0; counts && i < slots; i++) {
		struct question *question = pairs->questions[i];

		if (!question)
			continue;
		question->waiting = arena_alloc(questionnaire->arena,
				(counts[i] + 1) * sizeof(*question->waiting));
		if (!question->waiting || !question_reserve(questionnaire, question, counts[i]))
			return false;
	}
	return counts != NULL;
}

/* What the parts of a policy read and lack, once and more often. */
static void parts_note(struct pairs *pairs, const struct pending *pending)
{
	size_t words = pairs->questionnaire->ruleset->set_words;

	shared_bits_clear(&pairs->read, words);
	shared_bits_clear(&pairs->lacked, words);
	for (size_t i = 0; i < pending->clause_count; i++) {
		const struct pending_clause *clause = &pending->clauses[i];

		for (size_t k = 0; k < clause->part_count; k++) {
			const struct part *part = clause->parts[k];

			for (size_t w = 0; part->touched && w < words; w++) {
				uint64_t read = part->touched[w] & clause->missing[w];
				uint64_t lacked = part->missing ? part->missing[w] : 0;

				pairs->read.several[w] |= pairs->read.any[w] & read;
				pairs->read.any[w] |= read;
				pairs->lacked.several[w] |= pairs->lacked.any[w] & lacked;
				pairs->lacked.any[w] |= lacked;
			}
		}
	}
	for (size_t w = 0; w < words; w++)
		pending->once[w] = pairs->lacked.any[w] & ~pairs->lacked.several[w];
}

/* @part: the only one of the policy that reads the slot, beside which it lacks @rest; or NULL. */
static void pair_put(
		struct pairs *pairs, size_t index, size_t slot, struct part *part, size_t rest)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];
	struct question *question = pairs->questions[slot];

	question->waiting[question->pending_count] = (struct waiting){ .part = part,
		.rest = (uint32_t)rest,
		.before = (uint32_t)pending->before,
		.weight = (uint16_t)pending->weight };
	question_put(question, index, 1);
}

/* How many units may be asked that @part lacks and no other does. */
static size_t alone_count(const struct pairs *pairs, const struct pending *pending,
		const struct part *part)
{
	const uint64_t *open = pairs->questionnaire->open;
	size_t count = 0;

	for (size_t w = 0; w < pairs->questionnaire->ruleset->set_words; w++) {
		for (uint64_t bits = part->missing[w] & pending->once[w] & open[w]; bits;
				bits &= bits - 1)
			count++;
	}
	return count;
}

/* The questions for what only @part reads. */
static void part_pair(struct pairs *pairs, size_t index, const struct pending_clause *clause,
		struct part *part)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];
	size_t rest;

	if (!part->missing)
		return;
	rest = pending->before - alone_count(pairs, pending, part);
	for (size_t w = 0; w < pairs->questionnaire->ruleset->set_words; w++) {
		uint64_t bits = part->touched[w] & clause->missing[w] & pairs->asked[w] &
				~pairs->read.several[w];

		for (; bits; bits &= bits - 1)
			pair_put(pairs, index, w * 64 + (size_t)__builtin_ctzll(bits), part,
					rest);
	}
}

static void bits_pair(struct pairs *pairs, size_t index, const uint64_t *bits)
{
	for (size_t w = 0; w < pairs->questionnaire->ruleset->set_words; w++) {
		for (uint64_t left = bits[w] & pairs->asked[w]; left; left &= left - 1)
			pair_put(pairs, index, w * 64 + (size_t)__builtin_ctzll(left), NULL, 0);
	}
}

static void pending_pair(struct pairs *pairs, size_t index)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];

	parts_note(pairs, pending);
	for (size_t i = 0; i < pending->clause_count; i++) {
		const struct pending_clause *clause = &pending->clauses[i];

		for (size_t k = 0; k < clause->part_count; k++)
			part_pair(pairs, index, clause, clause->parts[k]);
	}
	bits_pair(pairs, index, pairs->read.several);
}

void questions_find_pendings(struct questionnaire *questionnaire)
{
	size_t words = questionnaire->ruleset->set_words;
	uint64_t *once = ARENA_NEW_ARRAY(questionnaire->arena, uint64_t,
			questionnaire->pending_count * words + 1);
	struct pairs pairs;

	for (size_t i = 0; once && i < questionnaire->pending_count; i++) {
		struct pending *pending = &questionnaire->pendings[i];

		pending->once = once + i * words;
		if (pending->outcome->policy->list == LIST_ENTERPRISE)
			pending->before = bits_count_open(
					pending->lacks, questionnaire->open, words);
	}
	if (!once || !pairs_begin(questionnaire, &pairs) || !pairs_reserve(&pairs))
		return;
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		/* A policy for items is asked with all that it waits for. */
		if (questionnaire->pendings[i].outcome->policy->list == LIST_ENTERPRISE)
			pending_pair(&pairs, i);
		else
			bits_pair(&pairs, i, questionnaire->pendings[i].lacks);
	}
	for (size_t i = 0; i < questionnaire->question_count; i++) {
		if (!questionnaire->questions[i].waiting)
			question_walk(questionnaire, &questionnaire->questions[i]);
	}
}
