/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policies wait for which question.
 *
 * By far most questions ask for one attribute of the enterprise. Of those all is found in one walk over the
 * policies; and when only one part of a policy's conditions reads the attribute, it is noted beside the pair,
 * with what the policy lacks when that part holds: then an answer is put to that part alone.
 */
#include "calculator/question.h"

#define NOBODY SIZE_MAX
#define SEVERAL (SIZE_MAX - 1)

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

/* What parts of the policy at hand have to do with a slot. */
struct note {
	size_t pending; /* the policy, from 1 on: what follows is of another when it is not that at hand */
	size_t owner;	/* the part that reads it, by number */
	size_t lackers; /* parts that wait for it */
};

struct pairs {
	struct questionnaire *questionnaire;
	struct question **questions; /* by slot; NULL: asked for otherwise, or not at all */
	uint64_t *asked;	     /* the slots of those that are there */
	struct note *notes;	     /* by slot */
	size_t *read;		     /* slots that are noted of the policy at hand */
	size_t read_count;
	struct part **parts; /* of the policy at hand, by number */
	size_t part_count;
	size_t *alone; /* likewise: units that may be asked and that no other lacks */
};

static bool pairs_begin(struct questionnaire *questionnaire, struct pairs *pairs)
{
	struct arena *arena = questionnaire->arena;
	size_t slots = questionnaire->ruleset->base_count;
	size_t parts = 0;

	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		const struct pending *pending = &questionnaire->pendings[i];
		size_t count = 0;

		for (size_t k = 0; k < pending->clause_count; k++)
			count += pending->clauses[k].part_count;
		parts = count > parts ? count : parts;
	}
	*pairs = (struct pairs){ .questionnaire = questionnaire };
	pairs->questions = ARENA_NEW_ARRAY(arena, struct question *, slots + 1);
	pairs->notes = ARENA_NEW_ARRAY(arena, struct note, slots + 1);
	pairs->read = ARENA_NEW_ARRAY(arena, size_t, slots + 1);
	pairs->alone = ARENA_NEW_ARRAY(arena, size_t, parts + 1);
	pairs->parts = ARENA_NEW_ARRAY(arena, struct part *, parts + 1);
	pairs->asked = facts_new_set(questionnaire->facts);
	if (arena->exhausted)
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

static struct note *note_of(struct pairs *pairs, size_t pending, size_t slot)
{
	struct note *note = &pairs->notes[slot];

	if (note->pending != pending + 1) {
		*note = (struct note){ .pending = pending + 1, .owner = NOBODY };
		pairs->read[pairs->read_count++] = slot;
	}
	return note;
}

/* @part, of a condition that lacks @missing. */
static void part_note(
		struct pairs *pairs, size_t pending, size_t number, const uint64_t *missing)
{
	const struct part *part = pairs->parts[number];

	for (uint32_t i = 0; i < part->slot_count; i++) {
		size_t slot = part->slots[i];
		struct note *note;

		if (!slot_bits_has(missing, (int)slot))
			continue;
		note = note_of(pairs, pending, slot);
		note->owner = note->owner == NOBODY ? number : SEVERAL;
		note->lackers += part->missing && slot_bits_has(part->missing, (int)slot);
	}
}

/* Which slots the parts of a policy read and wait for. */
static void parts_note(struct pairs *pairs, size_t index)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];

	pairs->part_count = 0;
	for (size_t i = 0; i < pending->clause_count; i++) {
		const struct pending_clause *clause = &pending->clauses[i];

		for (size_t k = 0; k < clause->part_count; k++) {
			pairs->parts[pairs->part_count] = clause->parts[k];
			part_note(pairs, index, pairs->part_count++, clause->missing);
		}
	}
}

static void alone_count(struct pairs *pairs)
{
	const uint64_t *open = pairs->questionnaire->open;

	for (size_t i = 0; i < pairs->part_count; i++) {
		const struct part *part = pairs->parts[i];

		pairs->alone[i] = 0;
		for (uint32_t s = 0; part->missing && s < part->slot_count; s++) {
			int slot = part->slots[s];

			pairs->alone[i] += slot_bits_has(part->missing, slot) &&
					   slot_bits_has(open, slot) &&
					   pairs->notes[slot].lackers == 1;
		}
	}
}

static void pair_put(struct pairs *pairs, size_t index, size_t slot, size_t owner)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];
	struct question *question = pairs->questions[slot];
	struct waiting *waiting = &question->waiting[question->pending_count];

	*waiting = (struct waiting){ .before = (uint32_t)pending->before,
		.weight = (uint16_t)pending->weight };
	if (owner < SEVERAL) {
		waiting->part = pairs->parts[owner];
		waiting->rest = waiting->before - (uint32_t)pairs->alone[owner];
		waiting->own = pairs->alone[owner] == waiting->part->open_count;
	}
	question_put(question, index, 1);
}

static void pending_pair(struct pairs *pairs, size_t index)
{
	pairs->read_count = 0;
	parts_note(pairs, index);
	alone_count(pairs);
	for (size_t i = 0; i < pairs->read_count; i++) {
		size_t slot = pairs->read[i];

		if (slot_bits_has(pairs->asked, (int)slot))
			pair_put(pairs, index, slot, pairs->notes[slot].owner);
	}
}

/* A policy for items is asked with all that it waits for. */
static void item_pending_pair(struct pairs *pairs, size_t index)
{
	const struct pending *pending = &pairs->questionnaire->pendings[index];

	for (size_t w = 0; w < pairs->questionnaire->ruleset->set_words; w++) {
		for (uint64_t bits = pending->lacks[w] & pairs->asked[w]; bits;
				bits &= bits - 1)
			pair_put(pairs, index, w * 64 + (size_t)__builtin_ctzll(bits), SEVERAL);
	}
}

void questions_find_pendings(struct questionnaire *questionnaire)
{
	struct pairs pairs;

	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		struct pending *pending = &questionnaire->pendings[i];

		if (!parts_find_slots(questionnaire, pending))
			return;
		if (pending->outcome->policy->list == LIST_ENTERPRISE)
			pending->before = bits_count_open(pending->lacks, questionnaire->open,
					questionnaire->ruleset->set_words);
	}
	if (!pairs_begin(questionnaire, &pairs) || !pairs_reserve(&pairs))
		return;
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		if (questionnaire->pendings[i].outcome->policy->list == LIST_ENTERPRISE)
			pending_pair(&pairs, i);
		else
			item_pending_pair(&pairs, i);
	}
	for (size_t i = 0; i < questionnaire->question_count; i++) {
		if (!questionnaire->questions[i].waiting)
			question_walk(questionnaire, &questionnaire->questions[i]);
	}
}
