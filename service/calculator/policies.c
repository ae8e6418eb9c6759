/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies made ready to be asked: every rule compiled, scopes of region and industry turned into
 * conditions, the versions of each series gathered, and what each policy reads written down.
 */
#include "base/memory.h"
#include "calculator/answer_parts.h"
#include "calculator/policy_build.h"
#include "calculator/score.h"

#include <string.h>

bool policy_note_slots(struct policy_build *work, const struct rule *rule, uint64_t *reads)
{
	const struct ruleset *ruleset = work->build->ruleset;
	const uint64_t *all = work->build->slot_reads[work->rules->list];
	size_t words = ruleset->set_words;
	bool per_item = false;
	size_t count = 0;
	const int *slots = rule_slots(rule, &count);

	for (size_t i = 0; i < count; i++) {
		const uint64_t *own = all + words * (size_t)slots[i];

		per_item |= (size_t)slots[i] >= ruleset->base_count;
		for (size_t k = 0; k < words; k++)
			reads[k] |= own[k];
	}
	return per_item;
}

/* What a rule of a policy reads with each slot; false when memory is short. */
static bool slot_reads_make(struct ruleset_build *build)
{
	const struct ruleset *ruleset = build->ruleset;

	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		size_t count = ruleset->base_count;
		uint64_t *reads;

		if (list != LIST_ENTERPRISE)
			count += ruleset->slot_count[list];
		reads = ARENA_NEW_ARRAY(&build->keys, uint64_t, count * ruleset->set_words);
		if (!reads)
			return false;
		build->slot_reads[list] = reads;
		for (size_t i = 0; i < count; i++, reads += ruleset->set_words) {
			if (ruleset_slot(ruleset, list, (int)i)->role == SCOPE_ATTRIBUTE)
				slot_bits_put_bases(ruleset, list, (int)i, reads);
		}
	}
	return true;
}

const struct rule *policy_build_rule(struct policy_build *work, enum item_list list,
		const char *text, const struct type *type, enum dimension dimension,
		const ProtobufCMessage *origin, const char *field, const char *part)
{
	const char *where = work->policy->id;

	/* Where a rule stands is asked of new ones only, and most fields that may have one have none. */
	if (!*text)
		return NULL;
	if (!work->build->is_owner)
		where = arena_format(&work->build->ruleset->arena, "policies.%s.%s",
				work->policy->id, part);
	if (!where)
		return NULL;
	return ruleset_build_rule(
			work->build, list, text, type, dimension, true, origin, field, where);
}

/* --- conditions ------------------------------------------------------------------------------- */

/* A condition made from a scope: id, label of the attribute it looks at, source of the scope. */
static bool scope_clause(struct policy_build *work, struct clause *clause,
		enum clause_kind kind, const char *id, const char *attribute_name,
		Policycalc__V1__Source *source)
{
	struct ruleset *ruleset = work->build->ruleset;
	const struct entry *entry = map_find(
			&ruleset->entry_names[LIST_ENTERPRISE], slice_from(attribute_name));
	Policycalc__V1__Condition *condition =
			ARENA_NEW(&ruleset->arena, Policycalc__V1__Condition);

	if (!condition)
		return false;
	policycalc__v1__condition__init(condition);
	condition->id = (char *)id;
	condition->role = POLICYCALC__V1__ROLE__ROLE_REQUIRE;
	condition->source = source;
	clause->kind = kind;
	clause->condition = condition;
	clause->slot = -1;
	if (!entry || entry->attribute->type != VALUE_TYPE(CODE)) {
		ruleset_build_mistake(work->build, &work->origin->base, id, work->policy->id,
				"policy %s has a scope of %s, so the dictionary needs an "
				"attribute "
				"%s of type CODE",
				work->policy->id, id, attribute_name);
		return true;
	}
	condition->label = entry->attribute->label;
	clause->slot = entry->variants[0].slot;
	ruleset_note_asked(ruleset, LIST_ENTERPRISE, clause->slot);
	slot_bits_put_bases(ruleset, LIST_ENTERPRISE, clause->slot, work->reads);
	return true;
}

/* The table that a condition names, and what the policy reads of it. */
static bool score_clause_build(struct policy_build *work, size_t index, struct clause *clause)
{
	const Policycalc__V1__Condition *condition = work->policy->conditions[index];
	const ProtobufCMessage *origin = &work->origin->conditions[index]->base;
	struct score_rules *score = NULL;

	clause->kind = CLAUSE_SCORE;
	clause->direct_pass = policy_build_rule(work, work->rules->list, condition->direct_pass,
			&type_bool, DIMENSION_FREE, origin, "direct_pass", "direct_pass");
	for (size_t i = 0; i < work->policy->n_score_tables; i++) {
		if (strcmp(work->policy->score_tables[i]->id, condition->score_table) != 0)
			continue;
		score = score_build(
				work->build, work->policy, work->origin, i, work->rules->list);
		if (!score)
			return false;
		break;
	}
	if (!score)
		ruleset_build_mistake(work->build, origin, "score_table", work->policy->id,
				"policy %s has no score table \"%s\"", work->policy->id,
				condition->score_table);
	clause->score = score;
	for (int pass = 0; pass < 1 + clause->per_item; pass++) {
		uint64_t *reads = pass ? work->item_reads : work->reads;

		clause->per_item |= policy_note_rule(work, clause->direct_pass, reads);
		for (size_t i = 0; score && i < score->rule_count; i++)
			clause->per_item |= policy_note_rule(work, score->rules[i], reads);
	}
	return true;
}

static bool clause_build(struct policy_build *work, size_t index, struct clause *clause)
{
	const Policycalc__V1__Condition *condition = work->policy->conditions[index];
	const ProtobufCMessage *origin = &work->origin->conditions[index]->base;
	enum item_list list = work->rules->list;
	char part[256];

	part[0] = '\0';
	clause->kind = CLAUSE_RULE;
	clause->condition = condition;
	clause->slot = -1;
	if (*condition->score_table && condition->role == POLICYCALC__V1__ROLE__ROLE_REQUIRE &&
			!*condition->rule && !*condition->met_if && !*condition->fails_if)
		return score_clause_build(work, index, clause);
	/* A name for a place that policy_build_rule() asks of one who can be wrong. */
	if (!work->build->is_owner)
		snprintf(part, sizeof(part), "conditions.%s", condition->id);
	clause->rule = policy_build_rule(work, list, condition->rule, &type_bool,
			DIMENSION_FREE, origin, "rule", part);
	clause->met_if = policy_build_rule(work, list, condition->met_if, &type_bool,
			DIMENSION_FREE, origin, "met_if", part);
	clause->fails_if = policy_build_rule(work, list, condition->fails_if, &type_bool,
			DIMENSION_FREE, origin, "fails_if", part);
	if (condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW) {
		if (*condition->rule)
			ruleset_build_mistake(work->build, origin, "rule", work->policy->id,
					"condition %s of policy %s: a judgement has met_if and "
					"fails_if, not a rule",
					condition->id, work->policy->id);
	} else if (!*condition->rule || *condition->met_if || *condition->fails_if ||
			condition->role == POLICYCALC__V1__ROLE__ROLE_UNSPECIFIED) {
		ruleset_build_mistake(work->build, origin, "rule", work->policy->id,
				"condition %s of policy %s needs a role; REQUIRE and EXCLUDE "
				"have a "
				"rule (REQUIRE may name a score table instead), and only "
				"REVIEW has met_if and fails_if",
				condition->id, work->policy->id);
	}
	clause->per_item = policy_note_rule(work, clause->rule, work->reads);
	clause->per_item |= policy_note_rule(work, clause->met_if, work->reads);
	clause->per_item |= policy_note_rule(work, clause->fails_if, work->reads);
	if (clause->per_item) {
		policy_note_rule(work, clause->rule, work->item_reads);
		policy_note_rule(work, clause->met_if, work->item_reads);
		policy_note_rule(work, clause->fails_if, work->item_reads);
	}
	return true;
}

static void region_codes_check(struct policy_build *work)
{
	const Policycalc__V1__RegionScope *scope = work->policy->region;

	for (size_t i = 0; i < scope->n_covers; i++) {
		if (!map_find(&work->build->ruleset->region_codes,
				    slice_from(scope->covers[i])))
			ruleset_build_mistake(work->build, &work->origin->region->base,
					"covers", work->policy->id,
					"policy %s covers %s, which is no region",
					work->policy->id, scope->covers[i]);
	}
}

/* The rule that is compiled behind the condition at @condition of the policy at @index is brought into the caches. */
static void next_rule_ask_for(struct policy_build *work, size_t index, size_t condition)
{
	const struct catalog *catalog = &work->build->ruleset->catalog;
	const Policycalc__V1__Policy *policy = work->policy;

	if (!work->build->is_owner)
		return;
	if (++condition >= policy->n_conditions) {
		if (index + 1 >= catalog->policy_count)
			return;
		policy = catalog->policies[index + 1];
		condition = 0;
	}
	if (condition < policy->n_conditions)
		ruleset_build_ask_for_rule(work->build, subject_item_list(policy->subject),
				policy->conditions[condition]->rule);
}

static bool clauses_build(struct policy_build *work, size_t index)
{
	struct ruleset *ruleset = work->build->ruleset;
	const Policycalc__V1__Policy *policy = work->policy;
	bool has_region = policy->region && policy->region->n_covers;
	bool has_industry = policy->industry &&
			    (policy->industry->n_include || policy->industry->n_exclude);
	struct clause *clauses = ARENA_NEW_ARRAY(&ruleset->arena, struct clause,
			policy->n_conditions + has_region + has_industry);
	size_t count = 0;

	if (!clauses)
		return false;
	if (has_region) {
		bool statistical = policy->region->by ==
				   POLICYCALC__V1__REGION_SCOPE__BY__BY_STATISTICAL;

		region_codes_check(work);
		if (!scope_clause(work, &clauses[count++], CLAUSE_REGION, "region",
				    statistical ? "statistical_region" : "region",
				    policy->region->source))
			return false;
	}
	if (has_industry) {
		if (!scope_clause(work, &clauses[count++], CLAUSE_INDUSTRY, "industry",
				    "industry", policy->industry->source))
			return false;
	}
	for (size_t i = 0; i < policy->n_conditions; i++) {
		next_rule_ask_for(work, index, i);
		if (!clause_build(work, i, &clauses[count++]))
			return false;
	}
	work->rules->clauses = clauses;
	work->rules->clause_count = count;
	return true;
}

/* --- items ------------------------------------------------------------------------------------ */

/* The attribute that tells which person or loan an item is. */
static void once_per_build(struct policy_build *work)
{
	struct ruleset *ruleset = work->build->ruleset;
	enum item_list list = work->rules->list;
	const char *name = work->policy->once_per;
	const struct entry *entry = NULL;

	if (!*name)
		return;
	if (list != LIST_ENTERPRISE)
		entry = map_find(&ruleset->entry_names[list], slice_from(name));
	if (!entry || (entry->attribute->type != VALUE_TYPE(TEXT) &&
				      entry->attribute->type != VALUE_TYPE(CODE))) {
		ruleset_build_mistake(work->build, &work->origin->base, "once_per",
				work->policy->id,
				"policy %s: once_per names a TEXT or CODE attribute of the "
				"items the policy is granted for",
				work->policy->id);
		return;
	}
	work->rules->once_per = true;
	work->rules->once_per_at = (size_t)entry->variants[0].slot - ruleset->base_count;
	ruleset_note_asked(ruleset, list, entry->variants[0].slot);
	slot_bits_put_bases(ruleset, list, entry->variants[0].slot, work->reads);
}

/* --- all -------------------------------------------------------------------------------------- */

/* @id: the hash of its id. */
static bool policy_build(struct ruleset_build *build, size_t index, uint32_t id)
{
	struct ruleset *ruleset = build->ruleset;
	struct policy_build work = {
		.build = build,
		.policy = ruleset->catalog.policies[index],
		.origin = build->policy_origins[index],
		.rules = &ruleset->policies[index],
		.reads = ARENA_NEW_ARRAY(&ruleset->arena, uint64_t, 2 * ruleset->set_words),
	};

	if (!work.reads)
		return false;
	work.item_reads = work.reads + ruleset->set_words;
	/* Its place is zeroed here, where it is written: all of them together would be out of the caches again. */
	*work.rules = (struct policy_rules){ .policy = work.policy,
		.list = subject_item_list(work.policy->subject),
		.reads = work.reads,
		.item_reads = work.item_reads };
	if (index > 0 && strcmp(work.policy->id, ruleset->catalog.policies[index - 1]->id) == 0)
		ruleset_build_mistake(build, &work.origin->base, "id", work.policy->id,
				"policy %s stands there twice", work.policy->id);
	else if (!number_table_put(&ruleset->policy_ids, id, index))
		return false;
	build->exclusion_count += work.policy->n_exclusions;
	build->capped_count += *work.policy->shared_cap != 0;
	once_per_build(&work);
	if (!clauses_build(&work, index) || !policy_build_amount(&work) ||
			!ruleset_build_budget(build, index))
		return false;
	work.rules->constant = work.amount_is_constant && clauses_are_constant(work.rules);
	return true;
}

/* Where the names of the policy at @index will be put, which is built next, if there is one. */
static void policy_names_ask_for(struct ruleset_build *build, size_t index)
{
	const struct ruleset *ruleset = build->ruleset;
	const Policycalc__V1__Policy *policy;

	if (index >= ruleset->catalog.policy_count)
		return;
	policy = ruleset->catalog.policies[index];
	build->next_id = map_hash(slice_from(policy->id));
	number_table_ask_for(&ruleset->policy_ids, build->next_id);
	if (strcmp(policy->series, policy->id) != 0)
		map_ask_for(&ruleset->series_names, slice_from(policy->series));
}

static bool policies_build(struct ruleset_build *build, struct error *err)
{
	const struct catalog *catalog = &build->ruleset->catalog;

	policy_names_ask_for(build, 0);
	for (size_t i = 0; i < catalog->policy_count; i++) {
		uint32_t id = build->next_id;

		/* Each of these looks at what the one above asked for, a policy before. */
		policy_ask_for_all(catalog, i + 4);
		policy_texts_ask_for(catalog, i + 3);
		policy_names_ask_for(build, i + 1);
		/* Whatever is made of a policy is made while it is at hand. */
		if (!policy_build(build, i, id) || !ruleset_build_versions(build, i) ||
				!ruleset_build_twins(build, i))
			return error_set(err, ERROR_MEMORY, "out of memory while compiling %s",
					catalog->policies[i]->id);
	}
	return true;
}

bool ruleset_build_policies(struct ruleset_build *build, struct error *err)
{
	struct ruleset *ruleset = build->ruleset;
	size_t count = ruleset->catalog.policy_count;
	bool ok;

	ruleset->policies =
			arena_alloc(&ruleset->arena, (count + 1) * sizeof(*ruleset->policies));
	ruleset->told = arena_alloc_zero(&ruleset->arena, 1,
			sizeof(*ruleset->told) + count * sizeof(ruleset->told->list[0]));
	if (!ruleset->policies || !ruleset->told)
		return arena_error(&ruleset->arena, err, "compiling policies");
	/* About as many as there will be: what is put again each time a map grows is out of the caches. */
	if (!number_table_reserve(&ruleset->policy_ids, count) ||
			(build->is_owner && !ruleset_build_reserve_rules(build, count)))
		return error_set(err, ERROR_MEMORY, "out of memory while compiling policies");
	ruleset_build_begin_twins(build);
	if (build->is_owner)
		policy_amounts_begin(build);
	ok = (slot_reads_make(build) && ruleset_build_begin_versions(build)) ||
	     error_set(err, ERROR_MEMORY, "out of memory while compiling policies");
	ok = ok && policies_build(build, err);
	policy_amounts_end(build);
	ruleset_build_end_twins(build);
	if (ok && !ruleset_build_order_versions(build))
		ok = error_set(err, ERROR_MEMORY, "out of memory while ordering versions");
	ruleset_build_end_versions(build);
	return ok;
}
