/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of conditions as tables: what a part comes to for every value of one attribute that a question may try
 * out, while nothing is known of what else it reads.
 *
 * Only parts that read attributes alone have them: neither a parameter, nor the day, nor what is derived. Each
 * result is what the part itself says of such a value.
 */
#include "calculator/clause_parts.h"

#include <stdlib.h>
#include <string.h>

#define POINTS_MOST 256
#define ATTRIBUTES_MOST 8
#define NO_CODE "~" /* what no rule names */

struct tabulating {
	const struct ruleset *ruleset;
	const struct clause_part *part;
	struct evaluation evaluation;
	struct value *value; /* of the attribute at hand */
	struct part_table *table;
	struct probe_point *points;
	size_t point_capacity;
	bool searched; /* the place of a change would have to be searched for */
	bool failed;
};

/* --- where it changes --------------------------------------------------------------------------- */

static void on_found(void *context, const struct probe_point *point)
{
	struct tabulating *tabulating = context;
	struct part_table *table = tabulating->table;

	if (table->point_count == tabulating->point_capacity) {
		size_t capacity =
				tabulating->point_capacity ? tabulating->point_capacity * 2 : 2;
		struct probe_point *points = arena_alloc(
				tabulating->evaluation.arena, capacity * sizeof(*points));

		if (!points)
			return;
		if (table->point_count)
			memcpy(points, tabulating->points,
					table->point_count * sizeof(*points));
		table->points = tabulating->points = points;
		tabulating->point_capacity = capacity;
	}
	tabulating->points[table->point_count++] = *point;
}

static void on_put(void *context, int64_t value)
{
	(void)value;
	((struct tabulating *)context)->searched = true;
}

static void on_take_back(void *context)
{
	(void)context;
}

/* False: it cannot be read off alone. */
static bool points_read(struct tabulating *tabulating)
{
	struct probe probe = {
		.slot = tabulating->table->slot,
		.unit = 1,
		.put = on_put,
		.take_back = on_take_back,
		.found = on_found,
		.context = tabulating,
	};

	rule_part_probe(tabulating->part->clause->rule, tabulating->part->node, &probe,
			&tabulating->evaluation);
	return !tabulating->searched;
}

/* --- what it comes to --------------------------------------------------------------------------- */

static struct value part_value(const struct tabulating *tabulating)
{
	return rule_part_evaluate(tabulating->part->clause->rule, tabulating->part->node,
			&tabulating->evaluation);
}

static const uint64_t *missing_of(struct tabulating *tabulating, const struct value *value)
{
	uint64_t *bits = ARENA_NEW_ARRAY(
			tabulating->evaluation.arena, uint64_t, tabulating->ruleset->set_words);

	for (size_t i = 0; bits && i < value->missing.count; i++)
		slot_bits_put(bits, value->missing.slots[i]);
	return bits;
}

static struct part_result result_with(struct tabulating *tabulating, struct value value)
{
	struct part_result result = { 0 };
	struct value comes_to;

	*tabulating->value = value;
	comes_to = part_value(tabulating);
	if (comes_to.kind == VALUE_BOOL)
		result.fails = comes_to.boolean == tabulating->part->excludes;
	else if (comes_to.kind == VALUE_UNKNOWN)
		result.lacks = missing_of(tabulating, &comes_to);
	else
		tabulating->failed = true;
	return result;
}

/* --- figures ------------------------------------------------------------------------------------ */

static int bound_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Sorted, each once; false when memory is short, or there is none, or one that is none of a figure. */
static bool bounds_fill(struct part_table *table, struct arena *arena)
{
	int64_t *bounds = arena_alloc(arena, (table->point_count + 1) * sizeof(*bounds));
	uint32_t kept = 0;

	if (!bounds || table->point_count == 0)
		return false;
	for (uint32_t i = 0; i < table->point_count; i++) {
		if (table->points[i].kind != PROBE_FROM || table->points[i].from == INT64_MIN)
			return false;
		bounds[i] = table->points[i].from;
	}
	qsort(bounds, table->point_count, sizeof(*bounds), bound_compare);
	for (uint32_t i = 0; i < table->point_count; i++) {
		if (kept == 0 || bounds[kept - 1] != bounds[i])
			bounds[kept++] = bounds[i];
	}
	table->bounds = bounds;
	table->bound_count = kept;
	return true;
}

static bool figures_tabulate(struct tabulating *tabulating, struct part_result *results)
{
	struct part_table *table = tabulating->table;

	if (!bounds_fill(table, tabulating->evaluation.arena))
		return false;
	for (uint32_t i = 0; i <= table->bound_count; i++)
		results[i] = result_with(tabulating,
				(struct value){ .kind = VALUE_INT,
						.integer = i ? table->bounds[i - 1]
							     : table->bounds[0] - 1 });
	return true;
}

/* --- codes -------------------------------------------------------------------------------------- */

/* Whether it only looks for codes, for each of them once: then of a value that has one code one holds at most. */
static bool points_are_codes(const struct part_table *table)
{
	for (uint32_t i = 0; i < table->point_count; i++) {
		if (table->points[i].kind != PROBE_EQUAL)
			return false;
		for (uint32_t k = 0; k < i; k++) {
			if (slice_equals(table->points[i].code, table->points[k].code))
				return false;
		}
	}
	return true;
}

static bool codes_tabulate(
		struct tabulating *tabulating, bool several, struct part_result *results)
{
	const struct part_table *table = tabulating->table;

	if (!points_are_codes(table))
		return false;
	for (uint32_t i = 0; i <= table->point_count; i++) {
		bool none = i == table->point_count;
		struct value code = { .kind = VALUE_STRING,
			.text = none ? SLICE_LITERAL(NO_CODE) : table->points[i].code };
		struct value list = { .kind = VALUE_LIST, .list = { &code, !none } };

		results[i] = result_with(tabulating, several ? list : code);
	}
	return true;
}

/* --- all ---------------------------------------------------------------------------------------- */

/* Whether it changes at its points alone. Of a list of codes they are all that questions know, too. */
static bool part_is_tabular(const struct clause_part *part, const struct part_table *table,
		const Policycalc__V1__Attribute *attribute)
{
	if (table->point_count > POINTS_MOST)
		return false;
	return attribute->type == VALUE_TYPE(CODES) ||
	       rule_part_is_plain(part->node, table->slot);
}

static bool results_fill(struct tabulating *tabulating,
		const Policycalc__V1__Attribute *attribute, struct part_result *results)
{
	switch ((int)attribute->type) {
	case VALUE_TYPE(FLAG):
		for (int i = 0; i < 2; i++)
			results[i] = result_with(tabulating,
					(struct value){ .kind = VALUE_BOOL, .boolean = i });
		return true;
	case VALUE_TYPE(MONEY):
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(COUNT):
		return figures_tabulate(tabulating, results);
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(CODES):
		return codes_tabulate(
				tabulating, attribute->type == VALUE_TYPE(CODES), results);
	default:
		return false;
	}
}

/* False: where the part changes with this attribute is not known beforehand. */
static bool table_fill(struct tabulating *tabulating)
{
	struct part_table *table = tabulating->table;
	const Policycalc__V1__Attribute *attribute =
			tabulating->ruleset->slots[LIST_ENTERPRISE][table->slot].attribute;
	struct part_result *results;

	/* Days have a step of their own. */
	if (attribute->type == VALUE_TYPE(DATE) || !points_read(tabulating))
		return false;
	if (!part_is_tabular(tabulating->part, table, attribute))
		return true;
	results = ARENA_NEW_ARRAY(tabulating->evaluation.arena, struct part_result,
			table->point_count + 2);
	if (results && results_fill(tabulating, attribute, results) && !tabulating->failed)
		table->results = results;
	*tabulating->value = (struct value){ .kind = VALUE_UNKNOWN };
	return true;
}

/* Whether @part reads nothing but attributes as they are told. */
static bool part_is_of_attributes(const struct ruleset *ruleset, const struct clause_part *part)
{
	for (uint32_t i = 0; i < part->slot_count; i++) {
		const struct slot *place = &ruleset->slots[LIST_ENTERPRISE][part->slots[i]];

		if (place->role != SCOPE_ATTRIBUTE || place->derived)
			return false;
	}
	return part->slot_count > 0 && part->slot_count <= ATTRIBUTES_MOST;
}

void clause_part_tabulate(const struct ruleset *ruleset, struct value *values,
		struct arena *arena, struct clause_part *part)
{
	struct tabulating tabulating = { .ruleset = ruleset,
		.part = part,
		.evaluation = { values, ruleset->most_slots, ruleset->regions, arena } };
	struct part_table *tables;
	struct value value;

	if (!part_is_of_attributes(ruleset, part))
		return;
	value = part_value(&tabulating);
	tables = ARENA_NEW_ARRAY(arena, struct part_table, part->slot_count);
	if (value.kind != VALUE_UNKNOWN || !tables)
		return;
	for (uint32_t i = 0; i < part->slot_count; i++) {
		struct part_table *table = &tables[part->table_count];

		*table = (struct part_table){ .slot = part->slots[i] };
		tabulating.table = table;
		tabulating.value = &values[table->slot];
		tabulating.points = NULL;
		tabulating.point_capacity = 0;
		tabulating.searched = tabulating.failed = false;
		part->table_count += table_fill(&tabulating);
	}
	part->tables = tables;
	part->missing = missing_of(&tabulating, &value);
}
