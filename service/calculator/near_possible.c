/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which conditions no near miss can turn: those that read nothing a firm can change. Asked once a
 * policy, it spares the search for most of a registry.
 */
#include "calculator/score.h"

static bool slot_may_turn(const struct ruleset *ruleset, enum item_list list, int slot)
{
	const struct slot *at = ruleset_slot(ruleset, list, slot);

	if (at->role != SCOPE_ATTRIBUTE)
		return false;
	/* A figure made of items follows what is changed of them. */
	if (at->derived)
		return true;
	return at->back == 0 && at->attribute->mutable_;
}

static bool rule_may_turn(const struct ruleset *ruleset, enum item_list list,
		const struct rule *rule, uint64_t *room)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < ruleset->set_words; i++)
		room[i] = 0;
	for (size_t i = 0; i < count; i++) {
		if (ruleset_slot(ruleset, list, slots[i])->role == SCOPE_ATTRIBUTE)
			slot_bits_put_bases(ruleset, list, slots[i], room);
	}
	for (size_t slot = 0; slot < ruleset->set_words * 64; slot++) {
		if (slot_bits_has(room, (int)slot) && slot_may_turn(ruleset, list, (int)slot))
			return true;
	}
	return false;
}

bool ruleset_condition_may_turn(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, size_t index)
{
	const struct policy_rules *rules =
			map_find(&ruleset->policy_ids, slice_from(policy->id));
	const struct clause *clause;
	struct arena arena;
	uint64_t *room;
	bool may = true;

	if (!rules || index >= rules->clause_count)
		return true;
	clause = &rules->clauses[index];
	if (clause->kind == CLAUSE_REGION || clause->kind == CLAUSE_INDUSTRY)
		return slot_may_turn(ruleset, LIST_ENTERPRISE, clause->slot);
	if (clause->kind == CLAUSE_SCORE)
		return true;
	arena_init(&arena, (size_t)1 << 20);
	room = ARENA_NEW_ARRAY(&arena, uint64_t, ruleset->set_words);
	if (room)
		may = rule_may_turn(ruleset, rules->list, clause->rule, room) ||
		      rule_may_turn(ruleset, rules->list, clause->met_if, room) ||
		      rule_may_turn(ruleset, rules->list, clause->fails_if, room);
	arena_fini(&arena);
	return may;
}
