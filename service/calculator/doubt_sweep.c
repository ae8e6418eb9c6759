/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attribute through all its values, while all others are unknown.
 *
 * Choices, flags and regions are tried one by one. Of figures, days and free codes one value is tried
 * for each stretch between two places where some condition changes; conditions that read the attribute
 * in a way whose changes are not all known (arithmetic, loops) are left out, never guessed at.
 */
#include "calculator/doubt.h"
#include "calculator/score.h"

#include <string.h>

#define VALUES_MOST 4096

struct tried {
	const struct doubting *doubting;
	struct arena *arena;
	int slot;
	int64_t unit; /* of figures and days */
	int64_t *points;
	size_t point_count, point_room;
	struct slice *codes;
	size_t code_count, code_room;
	struct value *values;
	size_t value_count, value_room;
};

/* --- gathering -------------------------------------------------------------------------------- */

static void *room_make(struct tried *tried, void *list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 32;
	void *grown;

	if (count < *room)
		return list;
	grown = arena_alloc_zero(tried->arena, more, size);
	if (!grown)
		return NULL;
	if (count)
		memcpy(grown, list, count * size);
	*room = more;
	return grown;
}

static void code_add(struct tried *tried, struct slice code)
{
	struct slice *codes = room_make(tried, tried->codes, tried->code_count,
			&tried->code_room, sizeof(*codes));

	if (!codes)
		return; /* the arena knows */
	tried->codes = codes;
	tried->codes[tried->code_count++] = code;
}

static void on_found(void *context, const struct probe_point *point)
{
	struct tried *tried = context;
	int64_t *points;

	if (point->kind != PROBE_FROM) {
		if (point->kind != PROBE_KIND)
			code_add(tried, point->code);
		return;
	}
	points = room_make(tried, tried->points, tried->point_count, &tried->point_room,
			sizeof(*points));
	if (!points)
		return;
	tried->points = points;
	tried->points[tried->point_count++] = point->from;
}

static void value_add(struct tried *tried, struct value value)
{
	struct value *values = room_make(tried, tried->values, tried->value_count,
			&tried->value_room, sizeof(*values));

	if (!values)
		return;
	tried->values = values;
	tried->values[tried->value_count++] = value;
}

static void code_value_add(struct tried *tried, struct slice code)
{
	for (size_t i = 0; i < tried->value_count; i++) {
		if (slice_equals(tried->values[i].text, code))
			return;
	}
	value_add(tried, (struct value){ .kind = VALUE_STRING, .text = code });
}

/* --- values ----------------------------------------------------------------------------------- */

static void number_add(struct tried *tried, int64_t number)
{
	value_add(tried, (struct value){ .kind = VALUE_INT, .integer = number });
}

/* One of each stretch: the least of all, and every point within the range. */
static void figures_fill(struct tried *tried, const Policycalc__V1__Attribute *attribute)
{
	bool base = !attribute->derived;
	int64_t least = base && attribute->_minimum_case ? attribute->minimum : INT64_MIN;
	int64_t most = base && attribute->_maximum_case ? attribute->maximum : INT64_MAX;

	number_add(tried, least);
	for (size_t i = 0; i < tried->point_count; i++) {
		if (tried->points[i] > least && tried->points[i] <= most)
			number_add(tried, tried->points[i]);
	}
}

static void days_fill(struct tried *tried)
{
	int64_t least = TIMESTAMP_LEAST_SECONDS + tried->unit;

	value_add(tried, (struct value){ .kind = VALUE_TIMESTAMP, .timestamp = { least, 0 } });
	for (size_t i = 0; i < tried->point_count; i++) {
		if (tried->points[i] > least && tried->points[i] <= TIMESTAMP_MOST_SECONDS)
			value_add(tried,
					(struct value){ .kind = VALUE_TIMESTAMP,
							.timestamp = { tried->points[i], 0 } });
	}
}

/* Each code, each broader one, and of each one that is finer and named nowhere; and any other. */
static void codes_fill(struct tried *tried)
{
	for (size_t i = 0; i < tried->code_count; i++) {
		struct slice code = tried->codes[i];

		for (size_t size = 0; size <= code.size; size++) {
			char *finer = arena_format(tried->arena, "%.*s_", (int)size, code.data);

			if (!finer)
				return;
			code_value_add(tried, slice_from(finer));
			if (size > 0 || code.size == 0)
				code_value_add(tried, (struct slice){ code.data, size });
		}
		if (tried->value_count > VALUES_MOST)
			return;
	}
}

static void choices_fill(struct tried *tried, const Policycalc__V1__Attribute *attribute)
{
	for (size_t i = 0; i < attribute->n_choices; i++)
		code_value_add(tried, slice_from(attribute->choices[i]->code));
}

static void regions_fill(struct tried *tried)
{
	const struct catalog *catalog = &tried->doubting->ruleset->catalog;

	/* And one that the table does not have, of which nothing is claimed. */
	value_add(tried, (struct value){ .kind = VALUE_STRING, .text = { "_", 1 } });
	for (size_t i = 0; i < catalog->region_count && i <= VALUES_MOST; i++)
		value_add(tried, (struct value){ .kind = VALUE_STRING,
						 .text = slice_from(
								 catalog->regions[i]->code) });
}

/* --- clauses ---------------------------------------------------------------------------------- */

static bool clause_reads(const struct doubting *doubting, size_t index, int slot)
{
	if (doubting->policy->clauses[index].slot == slot)
		return true;
	for (size_t i = 0; i < doubting->rule_counts[index]; i++) {
		size_t count = 0;
		const int *slots = rule_slots(doubting->rules[index][i], &count);

		for (size_t k = 0; k < count; k++) {
			if (slots[k] == slot)
				return true;
		}
	}
	return false;
}

static bool clause_is_plain(const struct doubting *doubting, size_t index, int slot)
{
	for (size_t i = 0; i < doubting->rule_counts[index]; i++) {
		if (!rule_is_plain(doubting->rules[index][i], slot,
				    doubting->facts.evaluation.arena))
			return false;
	}
	return true;
}

static void clause_probe(struct tried *tried, size_t index)
{
	const struct doubting *doubting = tried->doubting;
	const struct clause *clause = &doubting->policy->clauses[index];
	struct probe probe = {
		.slot = tried->slot,
		.unit = tried->unit,
		.found = on_found,
		.context = tried,
	};

	for (size_t i = 0; i < doubting->rule_counts[index]; i++)
		rule_probe(doubting->rules[index][i], &probe, &doubting->facts.evaluation);
	if (clause->kind == CLAUSE_INDUSTRY) {
		const Policycalc__V1__IndustryScope *scope = doubting->policy->policy->industry;

		for (size_t i = 0; i < scope->n_include; i++)
			code_add(tried, slice_from(scope->include[i]));
		for (size_t i = 0; i < scope->n_exclude; i++)
			code_add(tried, slice_from(scope->exclude[i]));
	}
}

/* A scope alone rules nothing out but zones where they are excluded. */
static bool is_worth_it(const struct doubting *doubting, uint64_t clauses)
{
	const struct clause *clause;

	if (!clauses)
		return false;
	if (clauses & (clauses - 1))
		return true;
	clause = &doubting->policy->clauses[__builtin_ctzll(clauses)];
	if (clause->kind == CLAUSE_REGION)
		return doubting->policy->policy->region->zones ==
		       POLICYCALC__V1__REGION_SCOPE__ZONES__ZONES_EXCLUDE;
	return clause->kind != CLAUSE_INDUSTRY ||
	       doubting->policy->policy->industry->n_exclude > 0;
}

/* --- the sweep -------------------------------------------------------------------------------- */

static void values_fill(struct tried *tried, const Policycalc__V1__Attribute *attribute,
		bool listed, uint64_t clauses)
{
	const struct type *type;
	enum dimension dimension;

	if (listed && *attribute->choice_table) {
		regions_fill(tried);
		return;
	}
	if (listed) {
		choices_fill(tried, attribute);
		return;
	}
	type = value_type_rule_type(attribute->type, &dimension);
	tried->unit = attribute->type == VALUE_TYPE(DATE) ? SECONDS_PER_DAY : 1;
	for (uint64_t rest = clauses; rest; rest &= rest - 1)
		clause_probe(tried, (size_t)__builtin_ctzll(rest));
	switch (type ? type->kind : TYPE_NULL) {
	case TYPE_BOOL:
		value_add(tried, (struct value){ .kind = VALUE_BOOL, .boolean = false });
		value_add(tried, (struct value){ .kind = VALUE_BOOL, .boolean = true });
		break;
	case TYPE_INT:
		figures_fill(tried, attribute);
		break;
	case TYPE_TIMESTAMP:
		days_fill(tried);
		break;
	case TYPE_STRING:
		codes_fill(tried);
		break;
	case TYPE_NULL:
	case TYPE_UINT:
	case TYPE_DOUBLE:
	case TYPE_BYTES:
	case TYPE_LIST:
	case TYPE_MAP:
	case TYPE_DURATION:
	case TYPE_TYPE:
	case TYPE_DYN:
	default:
		break; /* which series, codes or titles there may be is not known */
	}
}

static bool values_try(struct tried *tried, struct sweep *sweep)
{
	struct doubting *doubting = (struct doubting *)(uintptr_t)tried->doubting;
	struct facts *facts = &doubting->facts;

	sweep->value_count = tried->value_count;
	sweep->blocked = ARENA_NEW_ARRAY(tried->arena, uint64_t, tried->value_count + 1);
	sweep->open = ARENA_NEW_ARRAY(tried->arena, uint64_t, tried->value_count + 1);
	if (!sweep->blocked || !sweep->open)
		return false;
	for (size_t i = 0; i < tried->value_count; i++) {
		facts->values[tried->slot] = tried->values[i];
		for (uint64_t rest = sweep->clauses; rest; rest &= rest - 1) {
			uint64_t bit = rest & -rest;
			Policycalc__V1__ConditionStatus status = clause_ask(facts,
					doubting->policy,
					&doubting->policy->clauses[__builtin_ctzll(rest)])
										 .status;

			if (status == STATUS(NOT_MET))
				sweep->blocked[i] |= bit;
			else if (status != STATUS(MET))
				sweep->open[i] |= bit;
		}
	}
	facts->values[tried->slot] = (struct value){ .kind = VALUE_UNKNOWN };
	return !tried->arena->exhausted;
}

bool sweep_slot(struct doubting *doubting, int slot, struct sweep *out_sweep)
{
	const struct slot *place =
			ruleset_slot(doubting->ruleset, doubting->policy->list, slot);
	const Policycalc__V1__Attribute *attribute = place->attribute;
	bool code = attribute->type == VALUE_TYPE(CODE) && !attribute->derived;
	bool regions = strcmp(attribute->choice_table, "regions") == 0;
	/* What may stand there is listed in full: nothing has to be known of the rules. */
	bool listed = attribute->type == VALUE_TYPE(FLAG) ||
		      (code && (attribute->n_choices || regions));
	struct tried tried = { doubting, doubting->facts.arena, .slot = slot };

	*out_sweep = (struct sweep){ 0 };
	for (size_t i = 0; i < doubting->clause_count; i++) {
		if (clause_reads(doubting, i, slot) &&
				(listed || clause_is_plain(doubting, i, slot)))
			out_sweep->clauses |= UINT64_C(1) << i;
	}
	if (!is_worth_it(doubting, out_sweep->clauses))
		return true;
	values_fill(&tried, attribute, listed && attribute->type != VALUE_TYPE(FLAG),
			out_sweep->clauses);
	if (tried.arena->exhausted)
		return false;
	/* Doubts about where a firm is are for scopes, not for what every firm of a region meets. */
	out_sweep->complete = tried.value_count > 0 && tried.value_count <= VALUES_MOST;
	return !out_sweep->complete || values_try(&tried, out_sweep);
}
