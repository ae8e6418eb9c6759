/* SPDX-License-Identifier: Apache-2.0 */
/* The larger parts of a policy: how much it pays, and how one applies. */
#include "publish/check.h"

#include <string.h>

typedef Policycalc__V1__Amount amount_message;
typedef Policycalc__V1__Guide guide_message;

#define WHOLE_PPM 1000000

/* --- amount ---------------------------------------------------------------------------------
 */

static void check_cap(struct check *check, const Policycalc__V1__Cap *cap)
{
	int forms = (*cap->limit_rule != '\0') + (cap->none != 0) + (cap->not_stated != 0);

	if (forms != 1)
		check_error(check, cap, NULL, 0,
				"a cap is one of limit_rule, none (the source says so) and "
				"not_stated");
	if (cap->none && !cap->source)
		check_error(check, cap, "none", 0,
				"that there is no cap must be said by a source, which is "
				"missing");
	if (*cap->when_rule && !*cap->limit_rule)
		check_error(check, cap, "when_rule", 0, "when_rule belongs to a limit_rule");
}

static void check_forms(struct check *check, const amount_message *amount)
{
	bool by_rate = *amount->base_rule || *amount->rate_rule || amount->n_brackets;
	bool by_quantity = *amount->quantity_rule || *amount->unit_amount_rule;
	int forms = (*amount->rule != '\0') + by_rate + by_quantity + (amount->n_tiers > 0) +
		    (amount->not_stated != 0);
	bool is_nothing = amount->nature == POLICYCALC__V1__NATURE__NATURE_NONE;

	if (forms > 1)
		check_error(check, amount, NULL, 0,
				"an amount is one of rule, base_rule with rate_rule or "
				"brackets, tiers, quantity_rule with unit_amount_rule, and "
				"not_stated");
	else if (forms == 0 && !is_nothing)
		check_error(check, amount, NULL, 0,
				"the amount is missing: rule, base_rule with rate_rule or "
				"brackets, tiers, quantity_rule with unit_amount_rule, or "
				"not_stated");
	if (!*amount->quantity_rule != !*amount->unit_amount_rule)
		check_error(check, amount, "quantity_rule", 0,
				"quantity_rule goes with unit_amount_rule: how many, and what "
				"one is worth");
	if (!by_rate && !by_quantity)
		return;
	if (by_rate && !*amount->base_rule)
		check_error(check, amount, *amount->rate_rule ? "rate_rule" : "brackets", 0,
				"base_rule is missing: what is the rate applied to?");
	else if (by_rate && !*amount->rate_rule == !amount->n_brackets)
		check_error(check, amount, "base_rule", 0,
				"base_rule goes with either rate_rule or brackets");
	/* A tax is charged on all of its base; who pays out says where it ends. */
	if (amount->n_caps == 0 && amount->nature != POLICYCALC__V1__NATURE__NATURE_TAX)
		check_error(check, amount, "caps", 0,
				"caps is missing: a rate without end is never meant; say "
				"limit_rule,"
				" none with its clause, or not_stated");
}

static void check_brackets(struct check *check, const amount_message *amount)
{
	for (size_t i = 0; i < amount->n_brackets; i++) {
		const Policycalc__V1__Bracket *bracket = amount->brackets[i];

		(void)check_required(check, bracket, "rate_rule", bracket->rate_rule);
		if (!*bracket->up_to_rule && i + 1 < amount->n_brackets)
			check_error(check, bracket, NULL, 0,
					"only the last bracket has no up_to_rule");
	}
}

static void check_tiers(struct check *check, const amount_message *amount)
{
	for (size_t i = 0; i < amount->n_tiers; i++) {
		const Policycalc__V1__Tier *tier = amount->tiers[i];

		(void)check_required(check, tier, "amount_rule", tier->amount_rule);
		(void)check_text(check, tier, "label", tier->label);
	}
}

static void check_term(struct check *check, const amount_message *amount)
{
	if (amount->term_months < 0 || amount->term_months > 1200)
		check_error(check, amount, "term_months", 0, "expected 0 to 1200");
	if (amount->yearly && amount->term_months <= 12)
		check_error(check, amount, "yearly", 0,
				"yearly goes with a term_months of more than 12");
}

static void check_funding(struct check *check, const amount_message *amount)
{
	int64_t total = 0;

	for (size_t i = 0; i < amount->n_funding; i++) {
		const Policycalc__V1__FundingShare *share = amount->funding[i];

		if (share->level == POLICYCALC__V1__LEVEL__LEVEL_UNSPECIFIED)
			check_error(check, share, "level", 0, "level is missing");
		if (share->share_ppm < 0 || share->share_ppm > WHOLE_PPM)
			check_error(check, share, "share_ppm", 0, "expected 0%% to 100%%");
		else
			total += share->share_ppm;
	}
	if (total > WHOLE_PPM)
		check_error(check, amount, "funding", 0,
				"the shares add up to more than 100%%");
}

void check_policy_amount(struct check *check, const Policycalc__V1__Policy *policy)
{
	const amount_message *amount = policy->amount;

	if (!amount) {
		if (policy->kind == POLICYCALC__V1__KIND__KIND_SUBSIDY ||
				policy->kind == POLICYCALC__V1__KIND__KIND_AWARD ||
				policy->kind == POLICYCALC__V1__KIND__KIND_TAX_RELIEF ||
				policy->kind == POLICYCALC__V1__KIND__KIND_REFUND)
			check_error(check, policy, "amount", 0,
					"amount is missing: use not_stated when the sources do "
					"not"
					" say");
		return;
	}
	if (amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_UNSPECIFIED)
		check_error(check, amount, "beneficiary", 0,
				"beneficiary is missing: ENTERPRISE, BANK or PERSON");
	if (amount->nature == POLICYCALC__V1__NATURE__NATURE_UNSPECIFIED)
		check_error(check, amount, "nature", 0,
				"nature is missing: CASH, TAX, INTEREST, CREDIT, EQUITY, "
				"COMPENSATION"
				" or NONE");
	check_forms(check, amount);
	check_brackets(check, amount);
	for (size_t i = 0; i < amount->n_caps; i++)
		check_cap(check, amount->caps[i]);
	check_funding(check, amount);
	check_tiers(check, amount);
	check_term(check, amount);
	if (amount->rounding_unit_fen < 0)
		check_error(check, amount, "rounding_unit_fen", 0, "expected 0 or more");
	if (!amount->source && amount->nature != POLICYCALC__V1__NATURE__NATURE_NONE)
		check_warn(check, amount, "source", 0, "the amount has no source");
}

/* --- budget ---------------------------------------------------------------------------------
 */

void check_policy_budget(struct check *check, const Policycalc__V1__Policy *policy)
{
	const Policycalc__V1__Budget *budget = policy->budget;

	if (!budget)
		return;
	(void)check_required(check, budget, "limit_rule", budget->limit_rule);
	(void)check_text(check, budget, "label", budget->label);
	if (!budget->source)
		check_warn(check, budget, "source", 0, "the budget has no source");
}

/* --- guide ----------------------------------------------------------------------------------
 */

static void check_materials(struct check *check, const guide_message *guide, struct map *codes)
{
	for (size_t i = 0; i < guide->n_materials; i++) {
		const Policycalc__V1__Material *material = guide->materials[i];
		const Policycalc__V1__Material *other;

		(void)check_text(check, material, "name", material->name);
		if (!check_name(check, material, "code", material->code, NAME_CODE))
			continue;
		if (map_find(codes, slice_from(material->code)))
			check_error(check, material, "code", 0, "material \"%s\" comes twice",
					material->code);
		else if (!map_put(codes, slice_from(material->code),
					 (void *)(uintptr_t)material))
			check->out_of_memory = true;
		if (check_add_name(check, &check->materials, material->code, material))
			continue;
		other = (const Policycalc__V1__Material *)check_find(
				&check->materials, material->code)
					->message;
		if (material->name && other->name &&
				strcmp(material->name->zh, other->name->zh) != 0)
			check_warn(check, material, "name", 0,
					"material \"%s\" is called %s in %s: one paper, one "
					"name",
					material->code, other->name->zh,
					check_find(&check->materials, material->code)
							->file->path);
	}
}

/*
 * Steps that can be put in an order: as often as a step is found whose predecessors are all
 * done, it is done. What is left waits for itself. *done counts the steps, done[i] tells which.
 */
static size_t order_steps(const guide_message *guide, const struct map *steps, bool *done)
{
	size_t count = 0;
	bool progress = true;

	while (progress) {
		progress = false;
		for (size_t i = 0; i < guide->n_steps; i++) {
			const Policycalc__V1__Step *step = guide->steps[i];
			bool ready = !done[i];

			for (size_t j = 0; ready && j < step->n_after; j++) {
				const size_t *before =
						map_find(steps, slice_from(step->after[j]));

				ready = !before || done[*before];
			}
			if (ready) {
				done[i] = true;
				count++;
				progress = true;
			}
		}
	}
	return count;
}

static void check_steps(
		struct check *check, const guide_message *guide, const struct map *codes)
{
	size_t *numbers = ARENA_NEW_ARRAY(check->arena, size_t, guide->n_steps);
	bool *done = ARENA_NEW_ARRAY(check->arena, bool, guide->n_steps);
	struct map steps = { 0 };

	if (!numbers || !done) {
		check->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < guide->n_steps; i++) {
		const Policycalc__V1__Step *step = guide->steps[i];

		numbers[i] = i;
		(void)check_text(check, step, "title", step->title);
		if (!check_name(check, step, "id", step->id, NAME_CODE))
			continue;
		if (map_find(&steps, slice_from(step->id)))
			check_error(check, step, "id", 0, "step \"%s\" comes twice", step->id);
		else if (!map_put(&steps, slice_from(step->id), &numbers[i]))
			check->out_of_memory = true;
	}
	for (size_t i = 0; i < guide->n_steps; i++) {
		const Policycalc__V1__Step *step = guide->steps[i];

		if (step->_working_days_case && step->working_days < 0)
			check_error(check, step, "working_days", 0, "expected 0 or more");
		for (size_t j = 0; j < step->n_after; j++)
			if (!map_find(&steps, slice_from(step->after[j])))
				check_error(check, step, "after", j, "there is no step \"%s\"",
						step->after[j]);
		for (size_t j = 0; j < step->n_materials; j++)
			if (!map_find(codes, slice_from(step->materials[j])))
				check_error(check, step, "materials", j,
						"there is no material \"%s\" in this guide",
						step->materials[j]);
	}
	if (order_steps(guide, &steps, done) < guide->n_steps)
		for (size_t i = 0; i < guide->n_steps; i++)
			if (!done[i])
				check_error(check, guide->steps[i], "after", 0,
						"step \"%s\" waits for itself",
						guide->steps[i]->id);
	map_fini(&steps);
}

void check_policy_guide(struct check *check, const Policycalc__V1__Policy *policy)
{
	const guide_message *guide = policy->guide;
	struct map codes = { 0 };

	if (guide->n_steps > 200) {
		check_error(check, guide, "steps", 200, "more than 200 steps");
		return;
	}
	check_materials(check, guide, &codes);
	check_steps(check, guide, &codes);
	map_fini(&codes);
}
