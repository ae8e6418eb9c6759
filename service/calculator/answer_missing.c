/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer misses: attributes by their names, sorted, each once. */
#include "calculator/answer_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------ */

static size_t bits_count(const uint64_t *bits, size_t words)
{
	size_t count = 0;

	for (size_t i = 0; bits && i < words; i++)
		count += bits[i] ? (size_t)__builtin_popcountll(bits[i]) : 0;
	return count;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool names_join(const struct facts *facts, char ***names, size_t *count, char **more,
		size_t more_count)
{
	char **all;
	size_t kept = 0;

	if (more_count == 0)
		return true;
	all = ARENA_NEW_ARRAY(facts->arena, char *, *count + more_count);
	if (!all)
		return false;
	if (*count)
		memcpy(all, *names, *count * sizeof(*all));
	memcpy(all + *count, more, more_count * sizeof(*all));
	qsort(all, *count + more_count, sizeof(*all), name_compare);
	for (size_t i = 0; i < *count + more_count; i++) {
		if (kept == 0 || strcmp(all[kept - 1], all[i]) != 0)
			all[kept++] = all[i];
	}
	*names = all;
	*count = kept;
	return true;
}

/*
 * Slots stand in name order, so that reading a set in slot order gives sorted names. For a figure
 * made of items the attributes of the items are named.
 */
bool names_print_role(const struct facts *facts, enum item_list list, const uint64_t *bits,
		enum scope_role role, const char *item_id, char ***out_names, size_t *out_count)
{
	const struct ruleset *ruleset = facts->ruleset;
	size_t most = bits_count(bits, ruleset->set_words);
	struct item_names behind = { 0 };
	char **names;
	size_t count = 0;

	*out_names = NULL;
	*out_count = 0;
	if (most == 0)
		return true;
	names = ARENA_NEW_ARRAY(facts->arena, char *, most);
	if (!names)
		return false;
	for (size_t word = 0; word < ruleset->set_words; word++) {
		for (uint64_t rest = bits[word]; rest; rest &= rest - 1) {
			int at = (int)(word * 64) + __builtin_ctzll(rest);
			const struct slot *slot = ruleset_slot(ruleset, list, at);
			struct item_names own;

			if (slot->role != role)
				continue;
			if (slot_is_aggregate(slot)) {
				if (!aggregate_names(facts, (size_t)at, &own) ||
						!names_join(facts, &behind.names, &behind.count,
								own.names, own.count))
					return false;
				continue;
			}
			names[count] = (char *)slot->name;
			if ((size_t)at >= ruleset->base_count && list != LIST_ENTERPRISE)
				names[count] = item_name_print(
						facts, list, slot->name, item_id);
			if (!names[count++])
				return false;
		}
	}
	*out_names = names;
	*out_count = count;
	return names_join(facts, out_names, out_count, behind.names, behind.count);
}

bool names_print(const struct facts *facts, enum item_list list, const uint64_t *bits,
		const char *item_id, char ***out_names, size_t *out_count)
{
	return names_print_role(
			facts, list, bits, SCOPE_ATTRIBUTE, item_id, out_names, out_count);
}

/* --- what is missing -------------------------------------------------------------------------- */

void missing_gather(const struct facts *facts, const struct policy_rules *policy, bool per_item,
		const struct clause_result *results, uint64_t *bits)
{
	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item ||
				results[i].status != STATUS(UNKNOWN) || !results[i].missing)
			continue;
		for (size_t k = 0; k < facts->ruleset->set_words; k++)
			bits[k] |= results[i].missing[k];
	}
}

/* What items would be asked for, when there are none: their own attributes, and unknown others. */
static void unknown_gather(const struct facts *facts, const uint64_t *reads, uint64_t *bits)
{
	for (size_t word = 0; word < facts->ruleset->set_words; word++) {
		for (uint64_t rest = reads[word]; rest; rest &= rest - 1) {
			size_t at = word * 64 + (unsigned)__builtin_ctzll(rest);

			if (at >= facts->ruleset->base_count ||
					facts->values[at].kind == VALUE_UNKNOWN)
				slot_bits_put(bits, (int)at);
		}
	}
}

bool missing_of_no_items(
		const struct facts *facts, const struct policy_rules *policy, uint64_t *bits)
{
	unknown_gather(facts, policy->item_reads, bits);
	return bits_count(policy->item_reads, facts->ruleset->set_words) > 0;
}

bool list_name_print(const struct facts *facts, enum item_list list, char ***out_names,
		size_t *out_count)
{
	char **names = ARENA_NEW_ARRAY(facts->arena, char *, 1);

	if (!names)
		return false;
	names[0] = item_name_print(facts, list, "i", NULL);
	*out_names = names;
	*out_count = names[0] != NULL;
	return names[0];
}

/* Only what could change the verdict is missing; of a policy that is settled nothing is. */
bool missing_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	const struct policy_rules *policy = outcome->policy;
	bool list_alone = false;
	uint64_t *bits;
	char **names;
	size_t count;

	if (outcome->conditions_verdict != VERDICT(NEEDS_INFORMATION))
		return true;
	bits = facts_new_set(facts);
	if (!bits)
		return false;
	missing_gather(facts, policy, false, outcome->results, bits);
	if (outcome->list_unknown)
		list_alone = !missing_of_no_items(facts, policy, bits);
	if (!names_print(facts, policy->list, bits, NULL, &answer->missing, &answer->n_missing))
		return false;
	for (size_t i = 0; i < outcome->item_count; i++) {
		const struct item_outcome *item = &outcome->items[i];

		if (item->verdict != VERDICT(NEEDS_INFORMATION))
			continue;
		memset(bits, 0, facts->ruleset->set_words * sizeof(*bits));
		missing_gather(facts, policy, true, item->results, bits);
		if (!names_print(facts, policy->list, bits, item->item->id, &names, &count) ||
				!names_join(facts, &answer->missing, &answer->n_missing, names,
						count))
			return false;
	}
	if (list_alone) {
		return list_name_print(facts, policy->list, &names, &count) &&
		       names_join(facts, &answer->missing, &answer->n_missing, names, count);
	}
	return true;
}

bool outcome_missing(const struct facts *facts, const struct outcome *outcome,
		const struct item_outcome *item, char ***out_names, size_t *out_count)
{
	const struct policy_rules *policy = outcome->policy;
	const struct amount *amount = item ? &item->amount : &outcome->amount;
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;
	const char *id = item ? item->item->id : NULL;
	char **names;
	size_t count;

	*out_names = NULL;
	*out_count = 0;
	if (!item) {
		if (!missing_answer(facts, outcome, &answer))
			return false;
		*out_names = answer.missing;
		*out_count = answer.n_missing;
	} else if (item->verdict == VERDICT(NEEDS_INFORMATION)) {
		uint64_t *bits = facts_new_set(facts);

		if (!bits)
			return false;
		missing_gather(facts, policy, false, outcome->results, bits);
		missing_gather(facts, policy, true, item->results, bits);
		if (!names_print(facts, policy->list, bits, id, out_names, out_count))
			return false;
	}
	if (amount->missing &&
			(!names_print(facts, policy->list, amount->missing, id, &names,
					 &count) ||
					!names_join(facts, out_names, out_count, names, count)))
		return false;
	/* Who it is decides whether it is granted beside the others. */
	if (item && policy->once_per && outcome->item_count > 1 &&
			item->item->values[policy->once_per_at].kind == VALUE_UNKNOWN) {
		uint64_t *bits = facts_new_set(facts);

		if (!bits)
			return false;
		slot_bits_put(bits, (int)(facts->ruleset->base_count + policy->once_per_at));
		return names_print(facts, policy->list, bits, id, &names, &count) &&
		       names_join(facts, out_names, out_count, names, count);
	}
	return true;
}

/* What would make the sum exact: of the enterprise, and by item. */
bool total_missing_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__AmountAnswer *answer)
{
	const struct policy_rules *policy = outcome->policy;
	int key = (int)(facts->ruleset->base_count + policy->once_per_at);
	bool keys = policy->once_per && outcome->amount.missing &&
		    slot_bits_has(outcome->amount.missing, key);
	uint64_t *bits = facts_new_set(facts);
	char **names;
	size_t count;

	if (outcome->item_count == 0)
		return true;
	answer->n_missing = 0;
	if (!outcome->amount.missing)
		return true;
	if (!bits)
		return false;
	for (size_t i = 0; i < facts->ruleset->base_count; i++) {
		if (slot_bits_has(outcome->amount.missing, (int)i))
			slot_bits_put(bits, (int)i);
	}
	if (!names_print(facts, policy->list, bits, NULL, &answer->missing, &answer->n_missing))
		return false;
	for (size_t i = 0; i < outcome->item_count; i++) {
		const struct item_outcome *item = &outcome->items[i];

		if (item->verdict == VERDICT(INELIGIBLE))
			continue;
		memset(bits, 0, facts->ruleset->set_words * sizeof(*bits));
		for (size_t k = 0; item->amount.missing && k < facts->ruleset->set_words; k++)
			bits[k] = item->amount.missing[k];
		if (keys && item->item->values[policy->once_per_at].kind == VALUE_UNKNOWN)
			slot_bits_put(bits, key);
		if (!names_print(facts, policy->list, bits, item->item->id, &names, &count) ||
				!names_join(facts, &answer->missing, &answer->n_missing, names,
						count))
			return false;
	}
	return true;
}
