/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy waits for, by numbers. As missing_answer() has it; but of an enterprise's own conditions
 * only those are asked of which the sweep says that they are open.
 */
#include "calculator/look_internal.h"

#include "base/memory.h"

#include <string.h>

/* Names of a parameter, which is nothing that anybody could supply. */
#define NUMBER_NONE (UINT32_MAX - 1)

bool look_lacks_init(struct look *look)
{
	const struct ruleset *ruleset = look->ruleset;

	look->bits = ARENA_NEW_ARRAY(&look->own, uint64_t, ruleset->set_words + 1);
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		look->slot_names[list] =
				ARENA_NEW_ARRAY(&look->own, uint32_t, ruleset->most_slots + 1);
		if (!look->slot_names[list])
			return false;
	}
	look->aggregates = ARENA_NEW_ARRAY(&look->own, uint64_t, ruleset->set_words + 1);
	for (size_t i = 0; look->aggregates && i < ruleset->base_count; i++) {
		if (slot_is_aggregate(&ruleset->slots[LIST_ENTERPRISE][i]))
			slot_bits_put(look->aggregates, (int)i);
	}
	return look->bits && look->aggregates;
}

void look_lacks_fini(struct look *look)
{
	map_fini(&look->name_numbers);
	memory_free(look->names);
	memory_free(look->name_marks);
	memory_free(look->list);
}

/* --- names ------------------------------------------------------------------------------------ */

static bool names_grow(struct look *look)
{
	uint32_t capacity = look->name_capacity ? look->name_capacity * 2 : 64;
	const char **names = memory_resize(look->names, capacity * sizeof(*names));
	uint64_t *marks;
	uint32_t *list;

	if (!names)
		return false;
	look->names = names;
	marks = memory_resize(look->name_marks, capacity * sizeof(*marks));
	if (!marks)
		return false;
	look->name_marks = marks;
	list = memory_resize(look->list, capacity * sizeof(*list));
	if (!list)
		return false;
	look->list = list;
	look->name_capacity = capacity;
	return true;
}

/* The number of a name, without the item behind it. */
static bool number_get(struct look *look, const char *name, uint32_t *out_number)
{
	const char *item = strchr(name, '/');
	struct slice bare = { name, item ? (size_t)(item - name) : strlen(name) };
	uintptr_t found = (uintptr_t)map_find(&look->name_numbers, bare);
	char *kept;

	if (found) {
		*out_number = (uint32_t)found - 1;
		return true;
	}
	if (look->name_count == look->name_capacity && !names_grow(look))
		return false;
	kept = arena_copy(&look->own, bare.data, bare.size);
	if (!kept || !map_put(&look->name_numbers, slice_from(kept),
				     (void *)(uintptr_t)(look->name_count + 1)))
		return false;
	look->names[look->name_count] = kept;
	look->name_marks[look->name_count] = 0;
	*out_number = look->name_count++;
	return true;
}

uint32_t look_name_count(const struct look *look)
{
	return look->name_count;
}

const char *look_name(const struct look *look, uint32_t number)
{
	return look->names[number];
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void number_add(struct look *look, uint32_t number, struct look_lacks *lacks)
{
	if (look->name_marks[number] == look->mark)
		return;
	look->name_marks[number] = look->mark;
	look->list[lacks->count++] = number;
}

/* The number of the name of @slot, once for all; NUMBER_NONE: it has none. */
static bool slot_number(struct look *look, enum item_list list, size_t at, uint32_t *out_number)
{
	const struct slot *slot = ruleset_slot(look->ruleset, list, (int)at);
	uint32_t *known = &look->slot_names[list][at];
	const char *name = slot->name;

	if (*known) {
		*out_number = *known - 1;
		return true;
	}
	*out_number = NUMBER_NONE;
	if (slot->role == SCOPE_ATTRIBUTE) {
		if (at >= look->ruleset->base_count && list != LIST_ENTERPRISE)
			name = item_name_print(look->facts, list, slot->name, NULL);
		if (!name || !number_get(look, name, out_number))
			return false;
	}
	*known = *out_number + 1;
	return true;
}

static bool bits_add(struct look *look, enum item_list list, const uint64_t *bits,
		struct look_lacks *lacks)
{
	for (size_t word = 0; word < look->ruleset->set_words; word++) {
		for (uint64_t rest = bits[word]; rest; rest &= rest - 1) {
			size_t at = word * 64 + (unsigned)__builtin_ctzll(rest);
			uint32_t number;

			if (!slot_number(look, list, at, &number))
				return false;
			if (number != NUMBER_NONE)
				number_add(look, number, lacks);
		}
	}
	return true;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* By names, as Match makes them: items have names of their own. */
static bool answer_add(struct look *look, size_t policy, struct look_lacks *lacks)
{
	const struct outcome *outcome = look_outcome(look, policy, false);
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;

	if (!outcome || !missing_answer(look->facts, outcome, &answer))
		return false;
	for (size_t i = 0; i < answer.n_missing; i++) {
		uint32_t number;

		if (!number_get(look, answer.missing[i], &number))
			return false;
		number_add(look, number, lacks);
	}
	lacks->missing_count = answer.n_missing;
	return true;
}

static bool is_unknown(const struct sweep_result *result, size_t clause, unsigned row)
{
	const uint64_t *plane = result->conditions[clause * SWEEP_STATUSES + STATUS(UNKNOWN)];

	return plane && plane[row / 64] >> row % 64 & 1;
}

/* Slots behind the open conditions of the enterprise itself. */
static void conditions_gather(
		struct look *look, const struct sweep_work *work, unsigned row, size_t policy)
{
	const struct policy_rules *rules = look->sweep->policies[policy].rules;

	for (size_t i = 0; i < rules->clause_count; i++) {
		struct clause_result result;

		if (!is_unknown(&work->results[policy], i, row))
			continue;
		result = clause_ask_once(look->facts, &look->memo, rules, &rules->clauses[i]);
		for (size_t k = 0; result.missing && k < look->ruleset->set_words; k++)
			look->bits[k] |= result.missing[k];
	}
}

/* Nothing is known of the items: what they would be asked for. */
static bool items_gather(
		struct look *look, const struct policy_rules *rules, struct look_lacks *lacks)
{
	const char *name;
	uint32_t number;

	if (missing_of_no_items(look->facts, rules, look->bits))
		return true;
	name = item_name_print(look->facts, rules->list, "i", NULL);
	if (!name || !number_get(look, name, &number))
		return false;
	number_add(look, number, lacks);
	return true;
}

static bool has_aggregates(const struct look *look)
{
	for (size_t i = 0; i < look->ruleset->set_words; i++) {
		if (look->bits[i] & look->aggregates[i])
			return true;
	}
	return false;
}

static bool lacks_find(struct look *look, const struct sweep_work *work, unsigned row,
		size_t policy, struct look_lacks *lacks)
{
	const struct policy_rules *rules = look->sweep->policies[policy].rules;

	/* Items have names of their own. */
	if (rules->list != LIST_ENTERPRISE && look->facts->item_count[rules->list])
		return answer_add(look, policy, lacks);
	memset(look->bits, 0, look->ruleset->set_words * sizeof(*look->bits));
	conditions_gather(look, work, row, policy);
	if (look->arena.exhausted)
		return false;
	if (has_aggregates(look))
		return answer_add(look, policy, lacks);
	if (rules->list != LIST_ENTERPRISE && !look->facts->complete[rules->list] &&
			!items_gather(look, rules, lacks))
		return false;
	if (!bits_add(look, rules->list, look->bits, lacks))
		return false;
	lacks->missing_count = lacks->count;
	return true;
}

bool look_lacks(struct look *look, const struct sweep_work *work, unsigned row, size_t policy,
		struct look_lacks *out_lacks, struct error *err)
{
	struct look_lacks lacks = { 0 };

	look->mark++;
	if (!lacks_find(look, work, row, policy, &lacks))
		return arena_error(&look->arena, err, "asking what is missing");
	lacks.numbers = look->list;
	*out_lacks = lacks;
	return true;
}
