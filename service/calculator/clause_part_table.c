/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of conditions as tables: what a part comes to for every value that a question may try out.
 *
 * Only parts that read one attribute and change at their points and nowhere else have one. Each entry is what the
 * part itself says of such a value; a part that does not say yes or no of all of them has no table.
 */
#include "calculator/clause_parts.h"

#include <stdlib.h>
#include <string.h>

#define POINTS_MOST 256
#define NO_CODE "~" /* what no rule names */

struct tabulating {
	const struct clause_part *part;
	struct evaluation evaluation;
	struct value *value; /* of the attribute */
	bool failed;
};

static bool holds_with(struct tabulating *tabulating, struct value value)
{
	const struct clause_part *part = tabulating->part;
	struct value result;

	*tabulating->value = value;
	result = rule_part_evaluate(part->clause->rule, part->node, &tabulating->evaluation);
	tabulating->failed |= result.kind != VALUE_BOOL;
	return result.kind == VALUE_BOOL && result.boolean != part->excludes;
}

/* --- figures ------------------------------------------------------------------------------------ */

static int bound_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Sorted, each once; false when memory is short, or a point is none of a figure. */
static bool bounds_fill(struct clause_part *part, struct arena *arena)
{
	int64_t *bounds = arena_alloc(arena, (part->point_count + 1) * sizeof(*bounds));
	uint32_t kept = 0;

	if (!bounds)
		return false;
	for (uint32_t i = 0; i < part->point_count; i++) {
		if (part->points[i].kind != PROBE_FROM || part->points[i].from == INT64_MIN)
			return false;
		bounds[i] = part->points[i].from;
	}
	qsort(bounds, part->point_count, sizeof(*bounds), bound_compare);
	for (uint32_t i = 0; i < part->point_count; i++) {
		if (kept == 0 || bounds[kept - 1] != bounds[i])
			bounds[kept++] = bounds[i];
	}
	part->bounds = bounds;
	part->bound_count = kept;
	return true;
}

static void figures_tabulate(
		struct tabulating *tabulating, struct clause_part *part, bool *holds)
{
	for (uint32_t i = 0; i <= part->bound_count; i++)
		holds[i] = holds_with(tabulating,
				(struct value){ .kind = VALUE_INT,
						.integer = i ? part->bounds[i - 1]
							     : part->bounds[0] - 1 });
}

/* --- codes -------------------------------------------------------------------------------------- */

/* Whether the part only looks for codes, for each of them once: then a value that has one code has one of them at most. */
static bool points_are_codes(const struct clause_part *part)
{
	for (uint32_t i = 0; i < part->point_count; i++) {
		if (part->points[i].kind != PROBE_EQUAL)
			return false;
		for (uint32_t k = 0; k < i; k++) {
			if (slice_equals(part->points[i].code, part->points[k].code))
				return false;
		}
	}
	return true;
}

static void codes_tabulate(struct tabulating *tabulating, const struct clause_part *part,
		bool several, bool *holds)
{
	for (uint32_t i = 0; i <= part->point_count; i++) {
		bool none = i == part->point_count;
		struct value code = { .kind = VALUE_STRING,
			.text = none ? SLICE_LITERAL(NO_CODE) : part->points[i].code };
		struct value list = { .kind = VALUE_LIST, .list = { &code, !none } };

		holds[i] = holds_with(tabulating, several ? list : code);
	}
}

/* --- all ---------------------------------------------------------------------------------------- */

/*
 * Whether it changes at its points alone. Of a list of codes they are all that questions know, too; but a
 * list of regions is tried as a region.
 */
static bool part_is_tabular(
		const struct clause_part *part, const Policycalc__V1__Attribute *attribute)
{
	if (part->point_count > POINTS_MOST)
		return false;
	if (attribute->type == VALUE_TYPE(CODES))
		return strcmp(attribute->choice_table, "regions") != 0;
	return rule_part_is_plain(part->node, part->slot);
}

void clause_part_tabulate(
		const struct ruleset *ruleset, struct clause_part *part, struct arena *arena)
{
	struct tabulating tabulating = { .part = part };
	const Policycalc__V1__Attribute *attribute;
	struct value *values;
	bool *holds;

	if (part->slot < 0)
		return;
	attribute = ruleset->slots[LIST_ENTERPRISE][part->slot].attribute;
	if (!part_is_tabular(part, attribute))
		return;
	values = ARENA_NEW_ARRAY(arena, struct value, ruleset->most_slots + 1);
	holds = ARENA_NEW_ARRAY(arena, bool, part->point_count + 2);
	if (!values || !holds)
		return;
	tabulating.evaluation = (struct evaluation){ values, ruleset->most_slots,
		ruleset->regions, arena };
	tabulating.value = &values[part->slot];
	switch ((int)attribute->type) {
	case VALUE_TYPE(FLAG):
		for (int i = 0; i < 2; i++)
			holds[i] = holds_with(&tabulating,
					(struct value){ .kind = VALUE_BOOL, .boolean = i });
		break;
	case VALUE_TYPE(MONEY):
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(COUNT):
		if (part->point_count == 0 || !bounds_fill(part, arena))
			return;
		figures_tabulate(&tabulating, part, holds);
		break;
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(CODES):
		if (!points_are_codes(part))
			return;
		codes_tabulate(&tabulating, part, attribute->type == VALUE_TYPE(CODES), holds);
		break;
	default:
		return;
	}
	if (!tabulating.failed)
		part->holds = holds;
}
