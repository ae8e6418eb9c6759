/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts as messages. */
#include "calculator/amount.h"
#include "calculator/answer.h"
#include "calculator/epoch.h"
#include "calculator/words.h"

#include <string.h>

/* --- who pays --------------------------------------------------------------------------------- */

static bool funding_is_whole(const Policycalc__V1__Amount *rules)
{
	int64_t sum = 0;

	for (size_t i = 0; i < rules->n_funding; i++)
		sum += rules->funding[i]->share_ppm;
	return rules->n_funding > 0 && sum == AMOUNT_PPM;
}

static int64_t share_of(int64_t amount, int64_t share_ppm)
{
	return (int64_t)((wide_int)amount * share_ppm / AMOUNT_PPM);
}

/* Each part is rounded down; what is left of the whole is the first level's. */
static bool funding_answer(const struct facts *facts, const Policycalc__V1__Amount *rules,
		Policycalc__V1__AmountAnswer *answer)
{
	int64_t least = answer->least_fen;
	int64_t most = answer->most_fen;

	if (rules->n_funding == 0)
		return true;
	answer->funding = ARENA_NEW_ARRAY(
			facts->arena, Policycalc__V1__FundingPart *, rules->n_funding);
	if (!answer->funding)
		return false;
	for (size_t i = 0; i < rules->n_funding; i++) {
		Policycalc__V1__FundingPart *part =
				ARENA_NEW(facts->arena, Policycalc__V1__FundingPart);

		if (!part)
			return false;
		policycalc__v1__funding_part__init(part);
		part->level = rules->funding[i]->level;
		part->share_ppm = rules->funding[i]->share_ppm;
		part->least_fen = share_of(answer->least_fen, part->share_ppm);
		part->most_fen = share_of(answer->most_fen, part->share_ppm);
		least -= part->least_fen;
		most -= part->most_fen;
		answer->funding[answer->n_funding++] = part;
	}
	if (funding_is_whole(rules)) {
		answer->funding[0]->least_fen += least;
		answer->funding[0]->most_fen += most;
	}
	return true;
}

/* --- the cap ---------------------------------------------------------------------------------- */

/* The parameter that the cap's figure comes from: the only one it reads that has this value. */
static size_t cap_parameter(const struct facts *facts, const struct policy_rules *policy,
		const struct amount *amount, const struct slot **out_slot)
{
	size_t count = 0;
	const int *slots = rule_slots(amount->cap_by->limit, &count);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(facts->ruleset, policy->list, slots[i]);
		const struct value *value = &facts->values[slots[i]];

		if (slot->role != SCOPE_PARAMETER || value->kind != VALUE_INT ||
				value->integer != amount->cap)
			continue;
		*out_slot = slot;
		found++;
	}
	return found;
}

static Policycalc__V1__CapAnswer *cap_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount)
{
	Policycalc__V1__CapAnswer *answer = ARENA_NEW(facts->arena, Policycalc__V1__CapAnswer);
	const Policycalc__V1__Cap *cap = amount->cap_by->cap;
	const struct slot *slot = NULL;

	if (!answer)
		return NULL;
	policycalc__v1__cap_answer__init(answer);
	answer->limit_fen = amount->cap;
	answer->bound = amount->capped;
	answer->scope = cap->scope;
	answer->label = cap->label;
	answer->source = cap->source;
	if (cap_parameter(facts, policy, amount, &slot) == 1) {
		const Policycalc__V1__ParameterValue *value =
				facts->epoch->sources[slot->parameter];

		answer->parameter = facts->ruleset->catalog.parameters[slot->parameter]->name;
		if (value) {
			answer->parameter_from = value->from;
			answer->parameter_source = value->source;
		}
	}
	return answer;
}

/* --- how it was made -------------------------------------------------------------------------- */

static bool parts_answer(const struct facts *facts, const struct amount *amount,
		Policycalc__V1__AmountAnswer *answer)
{
	if (amount->part_count == 0)
		return true;
	answer->parts = ARENA_NEW_ARRAY(
			facts->arena, Policycalc__V1__AmountPart *, amount->part_count);
	if (!answer->parts)
		return false;
	for (size_t i = 0; i < amount->part_count; i++) {
		Policycalc__V1__AmountPart *part =
				ARENA_NEW(facts->arena, Policycalc__V1__AmountPart);

		if (!part)
			return false;
		policycalc__v1__amount_part__init(part);
		part->base_fen = amount->parts[i].base;
		part->rate_ppm = amount->parts[i].rate;
		part->amount_fen = share_of(part->base_fen, part->rate_ppm);
		answer->parts[answer->n_parts++] = part;
	}
	return true;
}

/* Figures were multiplied, so that there was something to round. */
static void rounding_answer(const Policycalc__V1__Amount *rules, const struct amount *amount,
		Policycalc__V1__AmountAnswer *answer)
{
	if (!*rules->base_rule && !*rules->quantity_rule && rules->rounding_unit_fen <= 1 &&
			!rules->rounding)
		return;
	answer->rounding = rules->rounding ? rules->rounding
					   : POLICYCALC__V1__ROUNDING__ROUNDING_DOWN;
	answer->rounding_unit_fen = rules->rounding_unit_fen > 0 ? rules->rounding_unit_fen : 1;
	answer->rounded = amount->rounded;
}

static void figures_answer(const struct amount *amount, Policycalc__V1__AmountAnswer *answer)
{
	if (amount->has_base) {
		answer->_base_fen_case = POLICYCALC__V1__AMOUNT_ANSWER___BASE_FEN_BASE_FEN;
		answer->base_fen = amount->base;
	}
	if (amount->has_rate) {
		answer->_rate_ppm_case = POLICYCALC__V1__AMOUNT_ANSWER___RATE_PPM_RATE_PPM;
		answer->rate_ppm = amount->rate;
	}
	if (amount->has_cap) {
		answer->_cap_fen_case = POLICYCALC__V1__AMOUNT_ANSWER___CAP_FEN_CAP_FEN;
		answer->cap_fen = amount->cap;
	}
	if (amount->has_before_cap) {
		answer->_before_cap_fen_case =
				POLICYCALC__V1__AMOUNT_ANSWER___BEFORE_CAP_FEN_BEFORE_CAP_FEN;
		answer->before_cap_fen = amount->before_cap;
	}
	if (amount->has_quantity) {
		answer->_quantity_case = POLICYCALC__V1__AMOUNT_ANSWER___QUANTITY_QUANTITY;
		answer->quantity = amount->quantity;
		answer->_unit_amount_fen_case =
				POLICYCALC__V1__AMOUNT_ANSWER___UNIT_AMOUNT_FEN_UNIT_AMOUNT_FEN;
		answer->unit_amount_fen = amount->unit_amount;
	}
	if (amount->tier)
		answer->tier = amount->tier->tier->label;
}

/* The ends that its exactness leaves standing. */
struct amount_figures amount_figures(const struct facts *facts, const struct amount *amount)
{
	struct amount_figures ends = { .exactness = amount_exactness(facts, amount) };
	bool has_least = ends.exactness == EXACTNESS(EXACT) ||
			 ends.exactness == EXACTNESS(RANGE) ||
			 ends.exactness == EXACTNESS(AT_LEAST);
	bool has_most = ends.exactness == EXACTNESS(EXACT) ||
			ends.exactness == EXACTNESS(RANGE) ||
			ends.exactness == EXACTNESS(UP_TO);

	if (has_least) {
		ends.least = amount->least;
		ends.year_least = amount->year.least;
	}
	if (has_most) {
		ends.most = amount->most;
		ends.year_most = amount->year.most;
	}
	return ends;
}

static void ends_answer(const struct facts *facts, const struct amount *amount,
		Policycalc__V1__AmountAnswer *answer)
{
	struct amount_figures ends = amount_figures(facts, amount);

	answer->exactness = ends.exactness;
	answer->least_fen = ends.least;
	answer->most_fen = ends.most;
	answer->first_year_least_fen = ends.year_least;
	answer->first_year_most_fen = ends.year_most;
	if (ends.exactness == EXACTNESS(EXACT) || ends.exactness == EXACTNESS(UP_TO))
		answer->binding = amount->binding;
}

/* --- before the first day ---------------------------------------------------------------------- */

/* Whether the rule reads a parameter that has no value today and has one on @opening. */
static bool rule_waits(const struct facts *facts, enum item_list list, const struct rule *rule,
		const char *opening)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(facts->ruleset, list, slots[i]);
		const Policycalc__V1__Parameter *parameter;

		if (slot->role != SCOPE_PARAMETER || facts->epoch->sources[slot->parameter])
			continue;
		parameter = facts->ruleset->catalog.parameters[slot->parameter];
		for (size_t k = 0; k < parameter->n_values; k++) {
			const Policycalc__V1__ParameterValue *value = parameter->values[k];

			/* Dates of this form are ordered as texts are. */
			if (value->kind_case != POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED &&
					*value->from >= '0' && *value->from <= '9' &&
					strcmp(value->from, opening) <= 0 &&
					(*value->until < '0' || *value->until > '9' ||
							strcmp(value->until, opening) >= 0))
				return true;
		}
	}
	return false;
}

/* Of a policy that is not open yet: whether the figures that lack today are there when it opens. */
static bool amount_waits(const struct facts *facts, const struct policy_rules *policy)
{
	const struct amount_rules *rules = policy->amount;
	const struct standing *standing =
			&facts->epoch->standings[policy - facts->ruleset->policies];
	const char *day = standing->date;
	enum item_list list = policy->list;

	if (!rules || rules->amount->not_stated ||
			standing->state != POLICYCALC__V1__AVAILABILITY__STATE__STATE_NOT_YET ||
			!day || !*day)
		return false;
	if (rule_waits(facts, list, rules->rule, day) ||
			rule_waits(facts, list, rules->base, day) ||
			rule_waits(facts, list, rules->rate, day) ||
			rule_waits(facts, list, rules->quantity, day) ||
			rule_waits(facts, list, rules->unit_amount, day))
		return true;
	for (size_t i = 0; i < rules->bracket_count; i++)
		if (rule_waits(facts, list, rules->brackets[i].up_to, day) ||
				rule_waits(facts, list, rules->brackets[i].rate, day))
			return true;
	for (size_t i = 0; i < rules->cap_count; i++)
		if (rule_waits(facts, list, rules->caps[i].limit, day))
			return true;
	for (size_t i = 0; i < rules->tier_count; i++)
		if (rule_waits(facts, list, rules->tiers[i].sum, day))
			return true;
	return false;
}

Policycalc__V1__AmountAnswer *amount_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const char *item_id)
{
	Policycalc__V1__AmountAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__AmountAnswer);
	const Policycalc__V1__Amount *rules = policy->amount ? policy->amount->amount : NULL;

	if (!answer)
		return NULL;
	policycalc__v1__amount_answer__init(answer);
	ends_answer(facts, amount, answer);
	figures_answer(amount, answer);
	if (rules) {
		answer->beneficiary = rules->beneficiary;
		answer->nature = rules->nature;
		answer->description = rules->description;
		answer->term_months = rules->term_months;
		rounding_answer(rules, amount, answer);
		if (!funding_answer(facts, rules, answer))
			return NULL;
	}
	if (amount->has_cap) {
		answer->cap = cap_answer(facts, policy, amount);
		if (!answer->cap)
			return NULL;
	}
	if (!parts_answer(facts, amount, answer))
		return NULL;
	if (amount->missing && !names_print(facts, policy->list, amount->missing, item_id,
					       &answer->missing, &answer->n_missing))
		return NULL;
	if (answer->exactness == EXACTNESS(NOT_STATED) && amount_waits(facts, policy)) {
		answer->exactness = EXACTNESS(NOT_COMPUTABLE);
		answer->sentence = words_text(facts->arena,
				"开放后计算：金额所依据的数字自开放时起才有规定",
				"Computed once it is open: the figures behind the amount begin "
				"then");
	} else {
		answer->sentence = amount_sentence(facts, policy, amount, answer);
	}
	return answer->sentence ? answer : NULL;
}
