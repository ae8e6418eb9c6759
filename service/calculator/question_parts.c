/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions, as much of them as is asked by itself.
 *
 * A rule that is a run of && is true when all its parts are, false when one is, and else lacks what those
 * lack that are unknown. So an answer that is tried out is put to the parts alone that read it, and to those
 * that are written alike in many policies only once.
 */
#include "calculator/question.h"

struct touching {
	const struct ruleset *ruleset;
	uint64_t *bits;
};

static void on_slot(void *context, int slot)
{
	const struct touching *touching = context;

	slot_bits_put(touching->bits, slot);
	slot_bits_put_bases(touching->ruleset, LIST_ENTERPRISE, slot, touching->bits);
}

/* Under the facts as they are before anything is tried. */
static void part_ready(struct questionnaire *questionnaire, struct part *part)
{
	size_t words = questionnaire->ruleset->set_words;
	uint64_t *touched;

	part_ask(questionnaire, part);
	part->missing = part->touched = part->lacks;
	if (!part->node)
		return;
	touched = facts_new_set(questionnaire->facts);
	if (!touched)
		return;
	rule_part_slots(part->node, on_slot,
			&(struct touching){ questionnaire->ruleset, touched });
	for (size_t i = 0; part->missing && i < words; i++)
		touched[i] |= part->missing[i];
	part->touched = touched;
}

static struct part *part_new(struct questionnaire *questionnaire,
		const struct policy_rules *policy, const struct clause *clause,
		const struct node *node)
{
	struct part *part = ARENA_NEW(questionnaire->arena, struct part);

	if (!part)
		return NULL;
	part->policy = policy;
	part->clause = clause;
	part->node = node;
	part_ready(questionnaire, part);
	return part;
}

/* NULL when memory is short. */
static struct part *part_of_text(struct questionnaire *questionnaire,
		const struct policy_rules *policy, const struct clause *clause,
		const struct node *node)
{
	struct slice text = rule_part_text(clause->rule, node);
	struct part *part = map_find(&questionnaire->part_texts, text);

	if (part)
		return part;
	part = part_new(questionnaire, policy, clause, node);
	if (part && !map_put(&questionnaire->part_texts, text, part)) {
		questionnaire->arena->exhausted = true;
		return NULL;
	}
	return part;
}

static size_t bits_count(const uint64_t *bits, size_t words)
{
	return bits_count_open(bits, bits, words);
}

static struct part *part_of_twin(struct questionnaire *questionnaire,
		const struct policy_rules *policy, const struct clause *clause)
{
	struct part **known = &questionnaire->whole_parts[clause->twin];

	if (!*known)
		*known = part_new(questionnaire, policy, clause, NULL);
	return *known;
}

void clause_find_parts(struct questionnaire *questionnaire, const struct policy_rules *policy,
		struct pending_clause *clause)
{
	const struct clause *whole = clause->clause;
	struct arena *arena = questionnaire->arena;
	const struct node *const *nodes = NULL;
	size_t count = 0;

	if (!questionnaire->whole_parts)
		questionnaire->whole_parts = ARENA_NEW_ARRAY(
				arena, struct part *, questionnaire->ruleset->twin_count + 1);
	if (policy->list == LIST_ENTERPRISE && whole->kind == CLAUSE_RULE &&
			whole->condition->role == POLICYCALC__V1__ROLE__ROLE_REQUIRE)
		nodes = rule_parts(whole->rule, arena, &count);
	clause->parts = ARENA_NEW_ARRAY(arena, struct part *, count + 1);
	if (!questionnaire->whole_parts || !clause->parts)
		return;
	for (size_t i = 0; i < count; i++) {
		clause->parts[i] = part_of_text(questionnaire, policy, whole, nodes[i]);
		if (!clause->parts[i])
			return;
	}
	if (count == 0)
		clause->parts[count++] = part_of_twin(questionnaire, policy, whole);
	if (clause->parts[0])
		clause->part_count = count;
}

bool parts_find_slots(struct questionnaire *questionnaire, const struct pending *pending)
{
	size_t words = questionnaire->ruleset->set_words;

	for (size_t i = 0; i < pending->clause_count; i++) {
		for (size_t k = 0; k < pending->clauses[i].part_count; k++) {
			struct part *part = pending->clauses[i].parts[k];
			uint16_t *slots;

			if (part->slots || !part->touched)
				continue;
			slots = arena_alloc(questionnaire->arena,
					(bits_count(part->touched, words) + 1) *
							sizeof(*slots));
			if (!slots)
				return false;
			for (size_t w = 0; w < words; w++) {
				for (uint64_t bits = part->touched[w]; bits; bits &= bits - 1)
					slots[part->slot_count++] =
							(uint16_t)(w * 64 +
									(size_t)__builtin_ctzll(
											bits));
			}
			part->slots = slots;
			if (part->missing)
				part->open_count = (uint32_t)bits_count_open(
						part->missing, questionnaire->open, words);
		}
	}
	return true;
}

/* What it lacks, beside what it lacked before anything was tried. */
static void lacks_look(struct questionnaire *questionnaire, struct part *part)
{
	size_t words = questionnaire->ruleset->set_words;

	part->left = 0;
	part->within = part->missing != NULL;
	for (size_t i = 0; part->within && i < words; i++) {
		part->within = !(part->lacks[i] & ~part->missing[i]);
		for (uint64_t bits = part->lacks[i] & questionnaire->open[i]; bits;
				bits &= bits - 1)
			part->left++;
	}
}

static void node_ask(struct questionnaire *questionnaire, struct part *part)
{
	struct facts *facts = questionnaire->facts;
	struct value value =
			rule_part_evaluate(part->clause->rule, part->node, &facts->evaluation);
	uint64_t *lacks;

	part->fails = value.kind == VALUE_BOOL && !value.boolean;
	part->lacks = NULL;
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

void part_ask(struct questionnaire *questionnaire, struct part *part)
{
	if (part->round == questionnaire->memo.round)
		return;
	part->round = questionnaire->memo.round;
	if (part->node)
		node_ask(questionnaire, part);
	else
		whole_ask(questionnaire, part);
	if (part->lacks)
		lacks_look(questionnaire, part);
}
