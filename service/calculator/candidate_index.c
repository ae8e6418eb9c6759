/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/candidate_index.h"

#include "base/memory.h"
#include "calculator/scope_test.h"

#include <string.h>

#define INDEX_BUDGET ((size_t)1 << 30)
#define AHEAD 8 /* policies whose rules are asked for before their turn */

struct building {
	const struct ruleset *ruleset;
	struct arena arena;
	struct atoms *atoms;
	struct arena *room;		/* of ->atoms: what is there the index takes away */
	const struct atom_test **tests; /* by twin, of scopes */
	uint32_t *literals;		/* by policy */
	uint32_t *clauses;		/* those of the policy at hand */
	size_t clause_room;
	struct match_text *texts;
	size_t text_count;
	bool reads_day;
};

/* --- what a policy asks ------------------------------------------------------------------------ */

static void rule_note(struct building *building, const struct rule *rule)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		building->reads_day |= slots[i] == building->ruleset->as_of_slot;
}

/* Of twins one test, so that there is one atom. */
static bool scope_literal(struct building *building, const struct policy_rules *policy,
		const struct clause *clause, uint32_t *out_literal)
{
	const struct atom_test **test = &building->tests[clause->twin];

	if (!*test)
		*test = scope_test_new(building->ruleset, policy, clause, &building->arena);
	return *test && atoms_add_test(building->atoms, clause->slot, *test, out_literal);
}

/* A judgement is NOT_MET when met_if is false, or not there, and fails_if is true. */
static bool judgement_literal(
		struct building *building, const struct clause *clause, uint32_t *out_literal)
{
	uint32_t literals[2] = { LITERAL_TRUE, LITERAL_FALSE };

	rule_note(building, clause->met_if);
	rule_note(building, clause->fails_if);
	if (clause->met_if) {
		if (!atoms_add_rule(building->atoms, clause->met_if, &literals[0]))
			return false;
		literals[0] = atoms_negate(building->atoms, literals[0]);
	}
	if (clause->fails_if &&
			!atoms_add_rule(building->atoms, clause->fails_if, &literals[1]))
		return false;
	if (!atoms_add_all(building->atoms, literals, 2, out_literal))
		return false;
	*out_literal = atoms_negate(building->atoms, *out_literal);
	return true;
}

/* What is false when the condition is NOT_MET, and only then. */
static bool clause_literal(struct building *building, const struct policy_rules *policy,
		const struct clause *clause, uint32_t *out_literal)
{
	*out_literal = LITERAL_TRUE;
	if (clause->per_item || clause->kind == CLAUSE_SCORE)
		return true;
	if (clause->kind != CLAUSE_RULE)
		return scope_literal(building, policy, clause, out_literal);
	if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW)
		return judgement_literal(building, clause, out_literal);
	rule_note(building, clause->rule);
	if (!atoms_add_rule(building->atoms, clause->rule, out_literal))
		return false;
	if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE)
		*out_literal = atoms_negate(building->atoms, *out_literal);
	return true;
}

static void clause_fetch(const struct clause *clause)
{
	for (size_t at = 0; at < sizeof(*clause); at += 64)
		__builtin_prefetch((const char *)clause + at);
}

/*
 * The rules of the policies behind @index will be read soon. One leads to the next: a policy to its conditions, they
 * to the rules, these to their steps, and each is asked for before it is looked at.
 */
static void policies_fetch(const struct ruleset *ruleset, size_t index)
{
	size_t count = ruleset->catalog.policy_count;
	const struct policy_rules *policy;

	/* The policies themselves lie in a row, but few in a page. */
	if (index + 6 * AHEAD < count)
		__builtin_prefetch(&ruleset->policies[index + 6 * AHEAD].clauses);
	if (index + 3 * AHEAD < count) {
		policy = &ruleset->policies[index + 3 * AHEAD];
		for (size_t i = 0; i < policy->clause_count; i++)
			clause_fetch(&policy->clauses[i]);
	}
	if (index + 2 * AHEAD < count) {
		policy = &ruleset->policies[index + 2 * AHEAD];
		for (size_t i = 0; i < policy->clause_count; i++) {
			__builtin_prefetch(&policy->clauses[i].condition->role);
			if (policy->clauses[i].rule)
				atoms_fetch_rule(policy->clauses[i].rule);
		}
	}
	if (index + AHEAD < count) {
		policy = &ruleset->policies[index + AHEAD];
		for (size_t i = 0; i < policy->clause_count; i++) {
			if (policy->clauses[i].rule)
				atoms_fetch(policy->clauses[i].rule);
		}
	}
}

/* Where the literals of @count conditions are, until the next call; NULL when memory is short. */
static uint32_t *clauses_room(struct building *building, size_t count)
{
	if (!building->clauses || count > building->clause_room) {
		building->clause_room = 2 * count + 16;
		building->clauses = ARENA_NEW_ARRAY(
				&building->arena, uint32_t, building->clause_room);
	}
	return building->clauses;
}

static bool policies_build(struct building *building)
{
	const struct ruleset *ruleset = building->ruleset;
	size_t count = ruleset->catalog.policy_count;

	building->tests = (const struct atom_test **)arena_alloc_zero(
			building->room, ruleset->twin_count + 1, sizeof(*building->tests));
	building->literals = arena_alloc(building->room, (count + 1) * sizeof(uint32_t));
	if (!building->tests || !building->literals)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct policy_rules *policy = &ruleset->policies[i];
		uint32_t *literals = clauses_room(building, policy->clause_count);

		if (!literals)
			return false;
		policies_fetch(ruleset, i);
		for (size_t k = 0; k < policy->clause_count; k++) {
			if (!clause_literal(building, policy, &policy->clauses[k],
					    &literals[k]))
				return false;
		}
		if (!atoms_add_all(building->atoms, literals, policy->clause_count,
				    &building->literals[i]))
			return false;
	}
	return true;
}

/* --- texts that values may be ------------------------------------------------------------------ */

static size_t table_texts(
		struct building *building, int slot, const struct map *codes, bool write)
{
	size_t count = 0;

	for (size_t i = 0; i < codes->capacity; i++) {
		if (!codes->entries[i].value)
			continue;
		if (write)
			building->texts[building->text_count++] =
					(struct match_text){ slot, codes->entries[i].key };
		count++;
	}
	return count;
}

static size_t slot_texts(struct building *building, int slot, bool write)
{
	const struct ruleset *ruleset = building->ruleset;
	const Policycalc__V1__Attribute *attribute =
			ruleset_slot(ruleset, LIST_ENTERPRISE, slot)->attribute;

	if (!attribute || attribute->type != VALUE_TYPE(CODE))
		return 0;
	if (strcmp(attribute->choice_table, "regions") == 0)
		return table_texts(building, slot, &ruleset->region_codes, write);
	if (strcmp(attribute->choice_table, "industries") == 0)
		return table_texts(building, slot, &ruleset->industry_codes, write);
	for (size_t i = 0; write && i < attribute->n_choices; i++)
		building->texts[building->text_count++] = (struct match_text){ slot,
			slice_from(attribute->choices[i]->code) };
	return attribute->n_choices;
}

static bool texts_build(struct building *building)
{
	size_t count = 0;

	for (size_t i = 0; i < building->ruleset->base_count; i++)
		count += slot_texts(building, (int)i, false);
	building->texts = ARENA_NEW_ARRAY(&building->arena, struct match_text, count + 1);
	if (!building->texts)
		return false;
	for (size_t i = 0; i < building->ruleset->base_count; i++)
		(void)slot_texts(building, (int)i, true);
	return true;
}

/* --- the index --------------------------------------------------------------------------------- */

/* The values that do not depend on the enterprise. */
static bool atoms_build(struct building *building, const struct epoch *epoch, int64_t day)
{
	const struct ruleset *ruleset = building->ruleset;
	struct timestamp as_of = timestamp_from_date(date_from_days(day), DATE_CHINA_OFFSET);
	struct value *bound = ARENA_NEW_ARRAY(
			&building->arena, struct value, ruleset->most_slots + 1);
	struct evaluation evaluation = {
		.values = bound, .value_count = ruleset->most_slots, .regions = ruleset->regions
	};

	if (!bound)
		return false;
	memcpy(bound, epoch->values, ruleset->most_slots * sizeof(*bound));
	bound[ruleset->as_of_slot] = (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { .seconds = as_of.seconds, .nanos = as_of.nanos } };
	building->atoms = atoms_new(&evaluation);
	if (!building->atoms)
		return false;
	building->room = &building->atoms->arena;
	return atoms_set_apart(building->atoms, ruleset->catalog.policy_count,
			match_index_room(ruleset->catalog.policy_count));
}

static bool index_build(struct candidate_index *index, struct building *building,
		const struct epoch *epoch, int64_t day)
{
	const struct ruleset *ruleset = building->ruleset;
	struct match_index_options options = { .policy_count = ruleset->catalog.policy_count,
		.slot_count = (int)ruleset->base_count };

	if (!atoms_build(building, epoch, day) || !policies_build(building) ||
			!texts_build(building))
		return false;
	options.literals = building->literals;
	options.room = building->room;
	options.texts = building->texts;
	options.text_count = building->text_count;
	index->index = match_index_new(building->atoms, &options);
	index->slots = memory_alloc((ruleset->base_count + 1) * sizeof(*index->slots));
	if (!index->index || !index->slots)
		return false;
	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (match_index_reads(index->index, (int)i))
			index->slots[index->slot_count++] = (int)i;
	}
	for (size_t i = 0; i < ruleset->catalog.policy_count; i++)
		index->shown_count += epoch->standings[i].state != STATE(SUPERSEDED) &&
				      epoch->standings[i].state != STATE(ENDED);
	index->first_day = index->last_day = day;
	if (!building->reads_day)
		epoch_span(ruleset, day, &index->first_day, &index->last_day);
	return true;
}

struct candidate_index *candidate_index_new(const struct ruleset *ruleset, int64_t day)
{
	struct candidate_index *index = memory_alloc_zero(1, sizeof(*index));
	const struct epoch *epoch = epoch_pin(ruleset, day);
	struct building building = { .ruleset = ruleset };
	bool ok = index && epoch;

	arena_init(&building.arena, INDEX_BUDGET);
	ok = ok && index_build(index, &building, epoch, day);
	atoms_free(building.atoms);
	arena_fini(&building.arena);
	epoch_unpin(ruleset, epoch);
	if (ok)
		return index;
	candidate_index_free(index);
	return NULL;
}

void candidate_index_free(struct candidate_index *index)
{
	if (!index)
		return;
	match_index_free(index->index);
	memory_free(index->slots);
	memory_free(index);
}

size_t candidate_index_size(const struct candidate_index *index)
{
	return sizeof(*index) + index->slot_count * sizeof(*index->slots) +
	       match_index_size(index->index);
}

/* --- facts ------------------------------------------------------------------------------------- */

static uint64_t codes_read(const struct match_index *index, int slot, const struct value *value)
{
	size_t each = value->kind == VALUE_MAP ? 2 : 1;
	uint64_t codes = 0;

	for (size_t i = 0; i < value->list.count; i++) {
		uint32_t code = match_index_code(index, slot, value->list.items[i * each].text);

		if (code != MATCH_CODE_NONE)
			codes |= UINT64_C(1) << code;
	}
	return codes;
}

static struct match_value value_read(
		const struct match_index *index, const struct facts *facts, int slot)
{
	const struct value *value = &facts->values[slot];
	struct match_value read = { .state = MATCH_KNOWN };

	switch ((int)value->kind) {
	case VALUE_BOOL:
		read.integer = value->boolean;
		break;
	case VALUE_INT:
		read.integer = value->integer;
		break;
	case VALUE_TIMESTAMP:
		read.integer = value->timestamp.seconds;
		if (value->timestamp.nanos)
			read.state = MATCH_ODD;
		break;
	case VALUE_STRING:
		read.code = match_index_code(index, slot, value->text);
		if (slot_bits_has(facts->foreign, slot))
			read.state = MATCH_ODD;
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		read.codes = codes_read(index, slot, value);
		break;
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
		read.state = MATCH_UNKNOWN;
		break;
	default:
		read.state = MATCH_ODD;
		break;
	}
	return read;
}

void candidate_index_read(const struct candidate_index *index, const struct facts *facts,
		struct match_value *out_values)
{
	for (size_t i = 0; i < index->slot_count; i++)
		out_values[index->slots[i]] = value_read(index->index, facts, index->slots[i]);
}
