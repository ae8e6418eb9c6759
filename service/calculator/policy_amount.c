/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of what a policy pays. In a catalog that was loaded, policies whose amounts have the same bytes have one
 * message of it, and then one set of rules as well: a catalog of many policies has few amounts.
 */
#include "base/hash.h"
#include "base/memory.h"
#include "calculator/answer_parts.h"
#include "calculator/policy_build.h"

static bool rule_reads_attributes(
		const struct ruleset *ruleset, enum item_list list, const struct rule *rule)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (ruleset_slot(ruleset, list, slots[i])->role == SCOPE_ATTRIBUTE)
			return true;
	}
	return false;
}

static bool brackets_build(struct policy_build *work, struct amount_rules *rules)
{
	const Policycalc__V1__Amount *amount = work->policy->amount;
	struct bracket_rules *brackets;

	if (!amount->n_brackets)
		return true;
	brackets = ARENA_NEW_ARRAY(
			&work->build->ruleset->arena, struct bracket_rules, amount->n_brackets);
	if (!brackets)
		return false;
	for (size_t i = 0; i < amount->n_brackets; i++) {
		const ProtobufCMessage *origin = &work->origin->amount->brackets[i]->base;

		brackets[i].up_to = policy_build_rule(work, work->rules->list,
				amount->brackets[i]->up_to_rule, &type_int, DIMENSION_MONEY,
				origin, "up_to_rule", "amount.brackets");
		brackets[i].rate = policy_build_rule(work, work->rules->list,
				amount->brackets[i]->rate_rule, &type_int, DIMENSION_RATIO,
				origin, "rate_rule", "amount.brackets");
		if (!*amount->brackets[i]->up_to_rule && i + 1 < amount->n_brackets)
			ruleset_build_mistake(work->build, origin, "up_to_rule",
					work->policy->id,
					"policy %s: only the last bracket has no upper end",
					work->policy->id);
		if (!*amount->brackets[i]->rate_rule)
			ruleset_build_mistake(work->build, origin, "rate_rule",
					work->policy->id, "policy %s: a bracket needs a rate",
					work->policy->id);
	}
	rules->brackets = brackets;
	rules->bracket_count = amount->n_brackets;
	return true;
}

static bool caps_build(struct policy_build *work, struct amount_rules *rules)
{
	const Policycalc__V1__Amount *amount = work->policy->amount;
	struct cap_rules *caps;

	if (!amount->n_caps)
		return true;
	caps = ARENA_NEW_ARRAY(&work->build->ruleset->arena, struct cap_rules, amount->n_caps);
	if (!caps)
		return false;
	for (size_t i = 0; i < amount->n_caps; i++) {
		const Policycalc__V1__Cap *cap = amount->caps[i];
		const ProtobufCMessage *origin = &work->origin->amount->caps[i]->base;
		enum item_list list = work->rules->list;

		caps[i].cap = cap;
		caps[i].of_total =
				list != LIST_ENTERPRISE &&
				(cap->scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE ||
						cap->scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR);
		if (caps[i].of_total)
			list = LIST_ENTERPRISE;
		caps[i].limit = policy_build_rule(work, list, cap->limit_rule, &type_int,
				DIMENSION_MONEY, origin, "limit_rule", "amount.caps");
		caps[i].when = policy_build_rule(work, list, cap->when_rule, &type_bool,
				DIMENSION_FREE, origin, "when_rule", "amount.caps");
		if ((*cap->limit_rule != 0) + (cap->none != 0) + (cap->not_stated != 0) != 1)
			ruleset_build_mistake(work->build, origin, "limit_rule",
					work->policy->id,
					"policy %s: a cap has a limit_rule, or is none, or is "
					"not_stated",
					work->policy->id);
	}
	rules->caps = caps;
	rules->cap_count = amount->n_caps;
	return true;
}

static bool tiers_build(struct policy_build *work, struct amount_rules *rules)
{
	const Policycalc__V1__Amount *amount = work->policy->amount;
	struct tier_rules *tiers;

	if (!amount->n_tiers)
		return true;
	tiers = ARENA_NEW_ARRAY(
			&work->build->ruleset->arena, struct tier_rules, amount->n_tiers);
	if (!tiers)
		return false;
	for (size_t i = 0; i < amount->n_tiers; i++) {
		const ProtobufCMessage *origin = &work->origin->amount->tiers[i]->base;

		tiers[i].tier = amount->tiers[i];
		tiers[i].sum = policy_build_rule(work, work->rules->list,
				amount->tiers[i]->amount_rule, &type_int, DIMENSION_MONEY,
				origin, "amount_rule", "amount.tiers");
		tiers[i].when = policy_build_rule(work, work->rules->list,
				amount->tiers[i]->when_rule, &type_bool, DIMENSION_FREE, origin,
				"when_rule", "amount.tiers");
		if (!*amount->tiers[i]->amount_rule)
			ruleset_build_mistake(work->build, origin, "amount_rule",
					work->policy->id, "policy %s: a tier needs a sum",
					work->policy->id);
	}
	rules->tiers = tiers;
	rules->tier_count = amount->n_tiers;
	return true;
}

/* An amount is made in one way; which parts belong to it. */
static bool amount_is_wellformed(const Policycalc__V1__Amount *amount)
{
	bool rate = *amount->rate_rule != 0;
	bool brackets = amount->n_brackets != 0;
	bool quantity = *amount->quantity_rule != 0;

	if (quantity != (*amount->unit_amount_rule != 0))
		return false;
	if (*amount->base_rule ? rate == brackets : rate || brackets)
		return false;
	return (*amount->rule != 0) + (*amount->base_rule != 0) + (amount->n_tiers != 0) +
			       quantity <=
	       1;
}

/* NULL when memory is short. */
static const struct amount_rules *amount_build(struct policy_build *work)
{
	struct ruleset *ruleset = work->build->ruleset;
	const Policycalc__V1__Amount *amount = work->policy->amount;
	struct amount_rules *rules;
	const ProtobufCMessage *origin;
	enum item_list list = work->rules->list;

	rules = ARENA_NEW(&ruleset->arena, struct amount_rules);
	if (!rules)
		return NULL;
	origin = &work->origin->amount->base;
	rules->amount = amount;
	rules->rule = policy_build_rule(work, list, amount->rule, &type_int, DIMENSION_MONEY,
			origin, "rule", "amount.rule");
	rules->base = policy_build_rule(work, list, amount->base_rule, &type_int,
			DIMENSION_MONEY, origin, "base_rule", "amount.base_rule");
	rules->rate = policy_build_rule(work, list, amount->rate_rule, &type_int,
			DIMENSION_RATIO, origin, "rate_rule", "amount.rate_rule");
	rules->quantity = policy_build_rule(work, list, amount->quantity_rule, &type_int,
			DIMENSION_COUNT, origin, "quantity_rule", "amount.quantity_rule");
	rules->unit_amount = policy_build_rule(work, list, amount->unit_amount_rule, &type_int,
			DIMENSION_MONEY, origin, "unit_amount_rule", "amount.unit_amount_rule");
	if (!amount_is_wellformed(amount))
		ruleset_build_mistake(work->build, origin, "rule", work->policy->id,
				"policy %s: an amount has a rule, or a base_rule with either a "
				"rate_rule or brackets, or tiers, or a quantity_rule with a "
				"unit_amount_rule",
				work->policy->id);
	rules->fixed = rules->rule && !rule_reads_attributes(ruleset, list, rules->rule);
	return brackets_build(work, rules) && caps_build(work, rules) &&
					       tiers_build(work, rules)
			       ? rules
			       : NULL;
}

static void amount_note(
		struct policy_build *work, const struct amount_rules *rules, uint64_t *reads)
{
	const struct rule *const one[] = { rules->rule, rules->base, rules->rate,
		rules->quantity, rules->unit_amount };

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++)
		policy_note_rule(work, one[i], reads);
	for (size_t i = 0; i < rules->bracket_count; i++) {
		policy_note_rule(work, rules->brackets[i].up_to, reads);
		policy_note_rule(work, rules->brackets[i].rate, reads);
	}
	for (size_t i = 0; i < rules->cap_count; i++) {
		policy_note_rule(work, rules->caps[i].limit, reads);
		policy_note_rule(work, rules->caps[i].when, reads);
	}
	for (size_t i = 0; i < rules->tier_count; i++) {
		policy_note_rule(work, rules->tiers[i].sum, reads);
		policy_note_rule(work, rules->tiers[i].when, reads);
	}
}

/* --- those that are shared ---------------------------------------------------------------------- */

#define KNOWN_AMOUNTS ((size_t)1024)

/* An amount that was met, by its address: of two in one place the last one has it. All that is asked of it is here. */
struct known_amount {
	const Policycalc__V1__Amount *amount;
	const struct amount_rules *rules;
	enum item_list list; /* that it was compiled for */
	bool constant;	     /* see amount_is_constant() */
	uint64_t reads[];    /* base attributes behind its rules */
};

static size_t known_size(const struct ruleset_build *build)
{
	return sizeof(struct known_amount) + build->ruleset->set_words * sizeof(uint64_t);
}

void policy_amounts_begin(struct ruleset_build *build)
{
	/* Without them (memory is short) each policy has rules of its own. */
	build->amounts = memory_alloc_zero(KNOWN_AMOUNTS, known_size(build));
}

void policy_amounts_end(struct ruleset_build *build)
{
	memory_free(build->amounts);
	build->amounts = NULL;
}

/* The place where @amount is known, if it is; NULL: there is none. */
static struct known_amount *known_place(
		const struct ruleset_build *build, const Policycalc__V1__Amount *amount)
{
	size_t at = hash_mix((uintptr_t)amount) % KNOWN_AMOUNTS;

	return build->amounts ? (void *)((char *)build->amounts + at * known_size(build))
			      : NULL;
}

/* Its rules, and what they read, in @known if there is a place; false when memory is short. */
static bool amount_make(struct policy_build *work, struct known_amount *known)
{
	const struct ruleset *ruleset = work->build->ruleset;
	enum item_list list = work->rules->list;
	const struct amount_rules *rules = amount_build(work);

	if (!rules)
		return false;
	work->rules->amount = rules;
	work->amount_is_constant = amount_is_constant(ruleset, list, rules);
	if (!known) {
		amount_note(work, rules, work->reads);
		return true;
	}
	memset(known, 0, known_size(work->build));
	known->amount = work->policy->amount;
	known->rules = rules;
	known->list = list;
	known->constant = work->amount_is_constant;
	amount_note(work, rules, known->reads);
	return true;
}

bool policy_build_amount(struct policy_build *work)
{
	const Policycalc__V1__Amount *amount = work->policy->amount;
	struct known_amount *known;

	work->amount_is_constant = true;
	if (!amount)
		return true;
	known = known_place(work->build, amount);
	if ((!known || known->amount != amount || known->list != work->rules->list) &&
			!amount_make(work, known))
		return false;
	if (!known)
		return true;
	work->rules->amount = known->rules;
	work->amount_is_constant = known->constant;
	for (size_t i = 0; i < work->build->ruleset->set_words; i++)
		work->reads[i] |= known->reads[i];
	return true;
}
