/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How conditions stand, and the parts of them that are asked by themselves.
 *
 * An answer that is tried out is put to the parts alone that read it, and to those that are written alike in
 * many policies only once. What a part is was read off the rule before: clause_parts.h.
 */
#include "calculator/question.h"

/* The part at @place; *out_made: it was not there, and is to be filled. NULL when memory is short. */
static struct part *part_at(
		struct questionnaire *questionnaire, struct part **place, bool *out_made)
{
	*out_made = !*place;
	if (!*place)
		*place = ARENA_NEW(questionnaire->arena, struct part);
	return *place;
}

/* Whether all of @bits is in @others. */
static bool bits_within(const uint64_t *bits, const uint64_t *others, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if (bits[i] & ~others[i])
			return false;
	}
	return true;
}

/* What a part reads, with what stands behind a figure of items that it lacks. NULL when memory is short. */
static const uint64_t *touched_with(
		struct questionnaire *questionnaire, const struct part *part)
{
	size_t words = questionnaire->ruleset->set_words;
	uint64_t *touched = facts_new_set(questionnaire->facts);

	for (size_t i = 0; touched && i < words; i++)
		touched[i] = part->known->touched[i] | part->missing[i];
	return touched;
}

/* Whether nothing is known of what @known reads, so that it lacks what it is known to. */
static bool nothing_is_known(const struct facts *facts, const struct clause_part *known)
{
	for (uint32_t i = 0; i < known->slot_count; i++) {
		if (facts->values[known->slots[i]].kind != VALUE_UNKNOWN)
			return false;
	}
	return known->missing;
}

/* The part under the facts as they are before anything is tried. NULL when memory is short. */
static struct part *part_of_known(
		struct questionnaire *questionnaire, const struct clause_part *known)
{
	bool made;
	struct part *part = part_at(
			questionnaire, &questionnaire->known_parts[known->number], &made);

	if (!made || !part)
		return part;
	part->known = known;
	part_ask(questionnaire, part);
	part->bare = nothing_is_known(questionnaire->facts, known);
	part->missing = part->lacks;
	part->touched = known->touched;
	if (part->missing && !bits_within(part->missing, known->touched,
					     questionnaire->ruleset->set_words))
		part->touched = touched_with(questionnaire, part);
	return part->touched ? part : NULL;
}

static struct part *part_of_twin(struct questionnaire *questionnaire,
		const struct policy_rules *policy, const struct clause *clause)
{
	bool made;
	struct part *part = part_at(
			questionnaire, &questionnaire->whole_parts[clause->twin], &made);

	if (!made || !part)
		return part;
	part->policy = policy;
	part->clause = clause;
	part_ask(questionnaire, part);
	part->missing = part->touched = part->lacks;
	return part;
}

/* The parts of @clause, of which there are *out_count; none when it is asked whole. */
static const struct clause_part *const *clause_known(const struct questionnaire *questionnaire,
		const struct policy_rules *policy, const struct clause *clause,
		size_t *out_count)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	const struct policy_parts *parts =
			policy_parts_get(ruleset, (size_t)(policy - ruleset->policies));
	size_t at = (size_t)(clause - policy->clauses);
	size_t first;

	*out_count = 0;
	if (!parts) {
		questionnaire->arena->exhausted = true;
		return NULL;
	}
	first = policy_parts_first(parts, at);
	*out_count = parts->ends[at] - first;
	return parts->list + first;
}

/* What a condition comes to by its parts; false: it has none, or one of them is an error. */
static bool on_ask(void *context, const struct policy_rules *policy,
		const struct clause *clause, struct clause_result *out_result)
{
	struct questionnaire *questionnaire = context;
	const struct facts *facts = questionnaire->facts;
	size_t words = questionnaire->ruleset->set_words;
	uint64_t *missing = NULL;
	size_t count;
	const struct clause_part *const *known =
			clause_known(questionnaire, policy, clause, &count);

	for (size_t i = 0; i < count; i++) {
		struct part *part = part_of_known(questionnaire, known[i]);

		if (!part)
			return false;
		part_ask(questionnaire, part);
		if (part->errs)
			return false;
		if (part->fails) {
			*out_result = (struct clause_result){ .status = STATUS(NOT_MET) };
			return true;
		}
		if (!part->lacks)
			continue;
		if (!missing)
			missing = facts_new_set(facts);
		for (size_t w = 0; missing && w < words; w++)
			missing[w] |= part->lacks[w];
	}
	*out_result = missing ? clause_lacks(facts, missing)
			      : (struct clause_result){ .status = STATUS(MET) };
	return count > 0 && !facts->arena->exhausted;
}

bool questionnaire_begin_parts(struct questionnaire *questionnaire)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	struct arena *arena = questionnaire->arena;
	size_t count = selections_count(&questionnaire->selections, ruleset);

	for (size_t i = 0; i < count; i++) {
		if (!policy_parts_get(ruleset,
				    selections_at(&questionnaire->selections, i).index)) {
			arena->exhausted = true;
			return false;
		}
	}
	questionnaire->known_parts = ARENA_NEW_ARRAY(
			arena, struct part *, clause_part_count(ruleset->clause_parts) + 1);
	questionnaire->whole_parts =
			ARENA_NEW_ARRAY(arena, struct part *, ruleset->twin_count + 1);
	questionnaire->memo.ask = on_ask;
	questionnaire->memo.context = questionnaire;
	return questionnaire->known_parts && questionnaire->whole_parts;
}

void clause_find_parts(struct questionnaire *questionnaire, const struct policy_rules *policy,
		struct pending_clause *clause)
{
	size_t count;
	const struct clause_part *const *known =
			clause_known(questionnaire, policy, clause->clause, &count);

	clause->parts = ARENA_NEW_ARRAY(questionnaire->arena, struct part *, count + 1);
	if (!clause->parts)
		return;
	for (size_t i = 0; i < count; i++) {
		clause->parts[i] = part_of_known(questionnaire, known[i]);
		if (!clause->parts[i])
			return;
	}
	if (count == 0)
		clause->parts[count++] = part_of_twin(questionnaire, policy, clause->clause);
	if (clause->parts[0])
		clause->part_count = count;
}

/* --- asking ------------------------------------------------------------------------------------- */

static void known_ask(struct questionnaire *questionnaire, struct part *part)
{
	const struct clause_part *known = part->known;
	struct facts *facts = questionnaire->facts;
	struct value value;
	uint64_t *lacks;

	part->fails = part->errs = false;
	part->lacks = NULL;
	if (nothing_is_known(facts, known)) {
		part->lacks = known->missing;
		return;
	}
	value = rule_part_evaluate(known->clause->rule, known->node, &facts->evaluation);
	part->fails = value.kind == VALUE_BOOL && value.boolean == known->excludes;
	part->errs = value.kind != VALUE_BOOL && value.kind != VALUE_UNKNOWN;
	if (value.kind != VALUE_UNKNOWN)
		return;
	lacks = facts_new_set(facts);
	if (lacks)
		facts_put_missing(facts, value.missing, lacks);
	part->lacks = lacks;
}

static void whole_ask(struct questionnaire *questionnaire, struct part *part)
{
	struct clause_result result = clause_ask_once(
			questionnaire->facts, &questionnaire->memo, part->policy, part->clause);

	part->fails = result.status == STATUS(NOT_MET);
	part->lacks = result.status == STATUS(UNKNOWN) ? result.missing : NULL;
}

void part_ask_anew(struct questionnaire *questionnaire, struct part *part)
{
	part->round = questionnaire->memo.round;
	if (part->known)
		known_ask(questionnaire, part);
	else
		whole_ask(questionnaire, part);
}
