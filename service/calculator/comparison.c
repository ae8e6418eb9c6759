/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/comparison.h"

#include <string.h>

static const struct relation relations[] = {
	{ ">=", "<", "≥ ", { "要求不低于 ", "at least " }, { "要求不早于 ", "on or after " },
			{ "还差 ", " short" }, { "要求至 ", "at most " }, " 不超过 " },
	{ ">", "<=", "> ", { "要求高于 ", "more than " }, { "要求晚于 ", "after " },
			{ "还差 ", " short" }, { "要求至 ", "less than " }, " 不满 " },
	{ "<=", ">", "≤ ", { "要求不超过 ", "at most " }, { "要求不晚于 ", "on or before " },
			{ "超出 ", " over" }, { "要求至 ", "at least " }, " 满 " },
	{ "<", ">=", "< ", { "要求低于 ", "less than " }, { "要求早于 ", "before " },
			{ "超出 ", " over" }, { "要求至 ", "more than " }, " 超过 " },
	{ "==", "!=", "= ", { "要求为 ", "must be " }, { "要求为 ", "must be " }, { "", "" },
			{ NULL, NULL }, NULL },
	{ "!=", "==", "≠ ", { "不得为 ", "must not be " }, { "不得为 ", "must not be " },
			{ "", "" }, { NULL, NULL }, NULL },
	{ "in", "not in", "∈ ", { "要求属于 ", "must be one of " }, { "", "" }, { "", "" },
			{ NULL, NULL }, NULL },
	{ "not in", "in", "∉ ", { "不得属于 ", "must be none of " }, { "", "" }, { "", "" },
			{ NULL, NULL }, NULL },
	{ "has", "not has", "∋ ", { "要求具有 ", "must include " }, { "", "" }, { "", "" },
			{ NULL, NULL }, NULL },
	{ "not has", "has", "∌ ", { "不得具有 ", "must not include " }, { "", "" }, { "", "" },
			{ NULL, NULL }, NULL },
	{ "within", "not within", "∈ ", { "要求位于 ", "must be within " }, { "", "" },
			{ "", "" }, { NULL, NULL }, NULL },
	{ "not within", "within", "∉ ", { "不得位于 ", "must not be within " }, { "", "" },
			{ "", "" }, { NULL, NULL }, NULL },
};

const struct relation *relation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(relations) / sizeof(*relations); i++) {
		/* Most differ in the first byte. */
		if (*relations[i].name == *name && strcmp(relations[i].name, name) == 0)
			return &relations[i];
	}
	return NULL;
}

/* Figures that are made of an attribute and count something else. */
static Policycalc__V1__Text years_unit = { PROTOBUF_C_MESSAGE_INIT(
							   &policycalc__v1__text__descriptor),
	(char *)"年", (char *)"years" };
static Policycalc__V1__Text items_unit = { PROTOBUF_C_MESSAGE_INIT(
							   &policycalc__v1__text__descriptor),
	(char *)"项", (char *)"items" };
static const Policycalc__V1__Attribute years = { .type = VALUE_TYPE(COUNT),
	.unit = &years_unit };
static const Policycalc__V1__Attribute items = { .type = VALUE_TYPE(COUNT),
	.unit = &items_unit };

static void comparison_measure(struct comparison *comparison)
{
	__extension__ __int128 distance;
	const char *name = comparison->relation ? comparison->relation->name : "";

	if (comparison->status != STATUS(NOT_MET) ||
			comparison->atom.observed.kind != VALUE_INT ||
			comparison->required.kind != VALUE_INT ||
			(*name != '<' && *name != '>'))
		return;
	distance = comparison->required.integer;
	distance -= comparison->atom.observed.integer;
	if (distance < 0)
		distance = -distance;
	/* Counts go in steps of one: more than 20 people is one more than 20. */
	if (name[1] == 0 && comparison->figures->type == VALUE_TYPE(COUNT))
		distance++;
	if (distance > INT64_MAX)
		return;
	comparison->has_distance = distance > 0;
	comparison->distance = (int64_t)distance;
}

/* UNKNOWN while an attribute would help, REVIEW when parameters are all that lacks. */
static Policycalc__V1__ConditionStatus comparison_status(const struct facts *facts,
		enum item_list list, const struct comparison *comparison)
{
	const struct rule_atom *atom = &comparison->atom;
	Policycalc__V1__ConditionStatus status = STATUS(UNKNOWN);

	if (atom->result.kind == VALUE_BOOL)
		return atom->result.boolean != atom->negated ? STATUS(MET) : STATUS(NOT_MET);
	if (atom->result.kind != VALUE_UNKNOWN)
		return STATUS(ERROR);
	for (size_t i = 0; i < comparison->read_count; i++) {
		int slot = comparison->reads[i];

		if (facts_observed(facts, list, slot).kind != VALUE_UNKNOWN)
			continue;
		if (ruleset_slot(facts->ruleset, list, slot)->role != SCOPE_PARAMETER &&
				(!facts->gaps[slot] || facts_set_has_attributes(facts,
								       facts->gaps[slot])))
			return STATUS(UNKNOWN);
		status = STATUS(REVIEW);
	}
	return status;
}

/* "srdi" in e.titles: the attribute is what something is looked for in. */
static bool is_searched(const struct comparison *comparison)
{
	const struct value *observed = &comparison->atom.observed;

	if (observed->kind == VALUE_MAP)
		return true;
	if (observed->kind == VALUE_LIST)
		return comparison->required.kind != VALUE_LIST;
	return comparison->attribute &&
	       (comparison->attribute->type == VALUE_TYPE(TITLES) ||
			       comparison->attribute->type == VALUE_TYPE(CODES));
}

static const struct relation *comparison_relation(struct comparison *comparison)
{
	const char *operation = comparison->atom.operation;
	const struct relation *relation;

	if (comparison->atom.measure == MEASURE_OTHER || !comparison->attribute ||
			comparison->atom.observed.kind == VALUE_ERROR)
		return NULL;
	if (strcmp(operation, "flag") == 0)
		operation = "==";
	else if (strcmp(operation, "starts") == 0)
		operation = "in";
	else if (strcmp(operation, "in") == 0 && is_searched(comparison))
		operation = "has";
	relation = relation_find(operation);
	if (relation && comparison->atom.negated)
		relation = relation_find(relation->turned);
	/* "Must not be yes" is "must be no". */
	if (relation && strcmp(relation->name, "!=") == 0 &&
			comparison->required.kind == VALUE_BOOL) {
		relation = relation_find("==");
		comparison->required.boolean = !comparison->required.boolean;
	}
	return relation;
}

static const Policycalc__V1__Attribute *comparison_figures(const struct comparison *comparison)
{
	switch (comparison->atom.measure) {
	case MEASURE_YEARS:
		return &years;
	case MEASURE_COUNT:
		return &items;
	case MEASURE_VALUE:
	case MEASURE_AFTER:
	case MEASURE_SUM:
	case MEASURE_ENTRY:
	case MEASURE_OTHER:
	default:
		return comparison->attribute;
	}
}

bool comparison_of_atom(const struct facts *facts, enum item_list list,
		const struct rule_atom *atom, Policycalc__V1__ConditionStatus given_status,
		struct comparison *out_comparison)
{
	const struct ruleset *ruleset = facts->ruleset;
	struct comparison *comparison = out_comparison;

	*comparison = (struct comparison){ .atom = *atom, .required = atom->required };
	comparison->reads = rule_atom_slots(atom, facts->arena, &comparison->read_count);
	if (!comparison->reads)
		return false;
	if (atom->attribute_slot >= 0) {
		comparison->slot = ruleset_slot(ruleset, list, atom->attribute_slot);
		comparison->attribute = comparison->slot->attribute;
	}
	if (atom->parameter_slot >= 0) {
		const struct slot *slot = ruleset_slot(ruleset, list, atom->parameter_slot);

		comparison->parameter = slot;
		comparison->value = facts->epoch->sources[slot->parameter];
	}
	comparison->figures = comparison_figures(comparison);
	comparison->relation = comparison_relation(comparison);
	comparison->status = comparison_status(facts, list, comparison);
	if (atom->given && atom->result.kind == VALUE_BOOL)
		comparison->status = given_status;
	else
		comparison_measure(comparison);
	return true;
}
