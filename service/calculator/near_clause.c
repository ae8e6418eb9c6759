/* SPDX-License-Identifier: Apache-2.0 */
/* The steps toward one condition: flips of its rules, of what its scopes cover, of its score table. */
#include "calculator/near.h"
#include "calculator/score.h"

bool near_goal_is_reached(enum near_goal goal, Policycalc__V1__ConditionStatus status)
{
	switch (goal) {
	case NEAR_NOT_LOST:
		return status != STATUS(NOT_MET);
	case NEAR_MET:
		return status == STATUS(MET);
	case NEAR_LOST:
		return status == STATUS(NOT_MET);
	case NEAR_NONE:
	default:
		return true;
	}
}

/* A judgement: settled for the firm, against it, or open again, which it also is while it is not known
 * to be settled for the firm. */
static size_t judgement_flips(const struct near_asking *asking, const struct clause *clause,
		enum near_goal goal, struct flip *out_flips)
{
	struct flip more[FLIPS_MOST];
	size_t count = 0;
	size_t found = 0;

	if (clause->met_if)
		count = rule_flips(clause->met_if, goal != NEAR_LOST, goal != NEAR_NOT_LOST,
				asking->world, out_flips);
	if (clause->fails_if && goal != NEAR_MET)
		found = rule_flips(clause->fails_if, goal == NEAR_LOST, goal == NEAR_LOST,
				asking->world, more);
	for (size_t i = 0; i < found && count < FLIPS_MOST; i++)
		out_flips[count++] = more[i];
	return count;
}

/* A scope of region or industry: the codes it covers. */
static size_t scope_flips(const struct near_asking *asking, const struct clause *clause,
		struct flip *out_flips)
{
	const Policycalc__V1__Policy *policy = asking->policy->policy;
	bool region = clause->kind == CLAUSE_REGION;
	char **codes = region ? policy->region->covers : policy->industry->include;
	size_t code_count = region ? policy->region->n_covers : policy->industry->n_include;
	struct flip_reach reach = { 0 };
	struct value before = asking->work->values[clause->slot];
	size_t count = 0;

	if (!asking->world->reach(asking->world->context, clause->slot, &reach))
		return 0;
	for (size_t i = 0; i < code_count && count < FLIPS_MOST; i++) {
		struct flip flip = { .slot = clause->slot,
			.target = { .kind = VALUE_STRING, .text = slice_from(codes[i]) },
			.threshold = 1,
			.parameter_slot = -1 };

		asking->world->set(asking->world->context, clause->slot, flip.target);
		if (clause_ask(asking->work, asking->policy, clause).status == STATUS(MET))
			out_flips[count++] = flip;
		asking->world->set(asking->world->context, clause->slot, before);
	}
	return count;
}

/* --- score tables ----------------------------------------------------------------------------- */

/* Flips of several rules, one after the other. */
struct gathering {
	const struct near_asking *asking;
	struct flip *flips;
	size_t count;
};

static void gather(struct gathering *gathering, const struct rule *rule, bool want, bool firm)
{
	struct flip found[FLIPS_MOST];
	size_t count = rule ? rule_flips(rule, want, firm, gathering->asking->world, found) : 0;

	for (size_t i = 0; i < count && gathering->count < NEAR_FLIPS_MOST; i++)
		gathering->flips[gathering->count++] = found[i];
}

static const struct scope_ratio *ratio_behind(const struct near_asking *asking, int slot)
{
	const struct ruleset *ruleset = asking->work->ruleset;
	enum item_list list = (size_t)slot < ruleset->base_count ? LIST_ENTERPRISE
								 : asking->policy->list;

	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		if (ruleset->derivations[list][i].slot == slot)
			return ruleset->derivations[list][i].ratio;
	}
	return NULL;
}

/*
 * A quotient of which one part is unknown counts by the range that part may have: the other part turns
 * a step for every such figure when it does at either end. So both ends are put in its place.
 */
static void half_known_gather(
		struct gathering *gathering, const struct score_metric_rules *metric, bool want)
{
	const struct near_asking *asking = gathering->asking;
	const struct value *values = asking->work->values;
	const struct scope_ratio *ratio =
			metric->slot >= 0 && values[metric->slot].kind == VALUE_UNKNOWN
					? ratio_behind(asking, metric->slot)
					: NULL;
	const struct slot *place;
	int unknown;
	size_t kept = gathering->count;

	if (!ratio || (values[ratio->num_slot].kind == VALUE_UNKNOWN) ==
					(values[ratio->den_slot].kind == VALUE_UNKNOWN))
		return;
	unknown = values[ratio->num_slot].kind == VALUE_UNKNOWN ? ratio->num_slot
								: ratio->den_slot;
	place = ruleset_slot(asking->work->ruleset, asking->policy->list, unknown);
	for (int most = 0; most < 2 && !place->derived; most++) {
		const Policycalc__V1__Attribute *attribute = place->attribute;

		if (most ? !attribute->_maximum_case : !attribute->_minimum_case)
			continue;
		asking->world->set(asking->world->context, unknown,
				(struct value){ .kind = VALUE_INT,
						.integer = most ? attribute->maximum
								: attribute->minimum });
		for (size_t step = 0; step < metric->step_count; step++)
			gather(gathering, metric->steps[step].holds, want, true);
		asking->world->set(asking->world->context, unknown,
				(struct value){ .kind = VALUE_UNKNOWN });
	}
	/* What is unknown is not changed. */
	for (size_t i = kept; i < gathering->count; i++) {
		if (gathering->flips[i].slot != unknown)
			gathering->flips[kept++] = gathering->flips[i];
	}
	gathering->count = kept;
}

/*
 * Points come from steps: whoever raises the score reaches a step that is not reached now, and whoever
 * loses it falls below one that is. Vetoes that are rules are undone or brought about likewise. How
 * many points that makes is for the table to tell.
 */
static void table_gather(
		struct gathering *gathering, const struct score_rules *table, bool lost)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct score_row_rules *row = &table->rows[i];

		for (size_t k = 0; k < row->metric_count; k++) {
			const struct score_metric_rules *metric = &row->metrics[k];

			for (size_t step = 0; step < metric->step_count; step++)
				gather(gathering, metric->steps[step].holds, !lost, true);
			half_known_gather(gathering, metric, !lost);
		}
	}
	for (size_t i = 0; i < table->veto_count; i++)
		gather(gathering, table->vetoes[i].rule, lost, lost);
}

static size_t score_flips(const struct near_asking *asking, const struct clause *clause,
		enum near_goal goal, struct flip *out_flips)
{
	struct gathering gathering = { .asking = asking, .flips = out_flips };
	bool lost = goal == NEAR_LOST;

	gather(&gathering, clause->direct_pass, !lost, goal != NEAR_NOT_LOST);
	table_gather(&gathering, clause->score, lost);
	return gathering.count;
}

/* --- any ------------------------------------------------------------------------------------- */

size_t near_clause_flips(const struct near_asking *asking, const struct clause *clause,
		enum near_goal goal, struct flip *out_flips)
{
	bool exclude = clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE;

	if (clause->kind == CLAUSE_SCORE)
		return score_flips(asking, clause, goal, out_flips);
	if (clause->kind != CLAUSE_RULE)
		return goal == NEAR_LOST ? 0 : scope_flips(asking, clause, out_flips);
	if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW)
		return judgement_flips(asking, clause, goal, out_flips);
	return rule_flips(clause->rule, exclude == (goal == NEAR_LOST), goal != NEAR_NOT_LOST,
			asking->world, out_flips);
}
