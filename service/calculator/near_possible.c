/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no near miss can bring about: conditions turned that read nothing a firm can change, and
 * policies had that people decide in the end. Asked once a policy, it spares the search for most of a
 * registry.
 */
#include "base/date.h"
#include "calculator/epoch.h"
#include "calculator/score.h"

#include <string.h>

/* --- conditions ------------------------------------------------------------------------------- */

static const char *name_take(const char *text, const char *prefix, struct slice *out_name)
{
	size_t size;

	if (strncmp(text, prefix, 2) != 0)
		return NULL;
	text += 2;
	size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
	*out_name = (struct slice){ text, size };
	return size ? text + size : NULL;
}

bool condition_read_figure(
		const Policycalc__V1__Condition *condition, struct condition_figure *out_figure)
{
	const char *rule = condition->rule;

	if (condition->role != POLICYCALC__V1__ROLE__ROLE_REQUIRE)
		return false;
	rule = name_take(rule + strspn(rule, " \n"), "e.", &out_figure->attribute);
	if (!rule)
		return false;
	rule += strspn(rule, " ");
	if (*rule != '<' && *rule != '>')
		return false;
	out_figure->least = *rule == '>';
	rule++;
	if (*rule == '=')
		rule++;
	rule = name_take(rule + strspn(rule, " "), "p.", &out_figure->parameter);
	return rule && rule[strspn(rule, " \n")] == '\0';
}

/* Whether the only figure that a comparison can be turned by must not go where it would have to. */
static bool figure_is_barred(
		const struct ruleset *ruleset, enum item_list list, const struct clause *clause)
{
	struct condition_figure figure;
	size_t count = 0;
	const int *slots;

	if (clause->kind != CLAUSE_RULE || !clause->rule ||
			!condition_read_figure(clause->condition, &figure))
		return false;
	slots = rule_slots(clause->rule, &count);
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(ruleset, list, slots[i]);

		if (slot->role == SCOPE_ATTRIBUTE && !slot->derived)
			return slot->attribute->direction ==
			       (figure.least ? POLICYCALC__V1__DIRECTION__DIRECTION_DOWN
					     : POLICYCALC__V1__DIRECTION__DIRECTION_UP);
	}
	return false;
}

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
	const struct policy_rules *rules = ruleset_find_rules(ruleset, slice_from(policy->id));
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
	if (figure_is_barred(ruleset, rules->list, clause))
		return false;
	arena_init(&arena, (size_t)1 << 20);
	room = ARENA_NEW_ARRAY(&arena, uint64_t, ruleset->set_words);
	if (room)
		may = rule_may_turn(ruleset, rules->list, clause->rule, room) ||
		      rule_may_turn(ruleset, rules->list, clause->met_if, room) ||
		      rule_may_turn(ruleset, rules->list, clause->fails_if, room);
	arena_fini(&arena);
	return may;
}

/* --- policies that people decide -------------------------------------------------------------- */

/*
 * Rows that experts judge, with nothing measured, have no points for certain: a table in which all
 * others together do not pass is never passed by facts alone.
 */
static bool table_may_pass(const struct ruleset *ruleset, const struct score_rules *table,
		const struct epoch *epoch, struct arena *arena)
{
	struct evaluation evaluation = {
		.values = epoch->values,
		.value_count = ruleset->most_slots,
		.regions = ruleset->regions,
		.arena = arena,
	};
	int64_t reached = 0;
	struct value pass;

	if (!table->pass)
		return true;
	pass = rule_evaluate(table->pass, &evaluation);
	for (size_t i = 0; i < table->row_count; i++) {
		if (!table->rows[i].row->judged || table->rows[i].metric_count)
			reached += table->rows[i].row->full;
	}
	return pass.kind != VALUE_INT || pass.integer <= reached;
}

static bool clause_may_be_met(const struct ruleset *ruleset, const struct clause *clause,
		const struct epoch *epoch, struct arena *arena)
{
	if (clause->kind == CLAUSE_SCORE)
		return clause->direct_pass ||
		       table_may_pass(ruleset, clause->score, epoch, arena);
	return clause->kind != CLAUSE_RULE || clause->met_if ||
	       clause->condition->role != POLICYCALC__V1__ROLE__ROLE_REVIEW;
}

bool ruleset_policy_may_fit(const struct ruleset *ruleset, const Policycalc__V1__Policy *policy,
		const char *day)
{
	const struct policy_rules *rules = ruleset_find_rules(ruleset, slice_from(policy->id));
	const struct epoch *epoch;
	struct date date;
	struct arena arena;
	bool may = true;

	if (!rules || !date_parse(slice_from(day), &date))
		return true;
	epoch = epoch_pin(ruleset, date_to_days(date));
	if (!epoch)
		return true;
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; may && i < rules->clause_count; i++)
		may = rules->clauses[i].per_item ||
		      clause_may_be_met(ruleset, &rules->clauses[i], epoch, &arena);
	arena_fini(&arena);
	epoch_unpin(ruleset, epoch);
	return may;
}
