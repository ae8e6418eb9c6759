/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Derived attributes: compiled, put in an order in which each stands behind those it reads, and
 * resolved to the base attributes behind them, which is all that answers ever name.
 */
#include "calculator/ruleset.h"

#include <string.h>

enum visit {
	VISIT_NOT_YET,
	VISIT_UNDER_WAY,
	VISIT_DONE,
};

struct derivations_build {
	struct ruleset_build *build;
	enum item_list list;
	struct derivation *found; /* by slot of the list; attribute NULL: not derived */
	enum visit *visits;	  /* likewise */
	struct error *err;
};

static const ProtobufCMessage *attribute_origin(
		const struct ruleset_build *build, const Policycalc__V1__Attribute *attribute)
{
	for (size_t i = 0; i < build->ruleset->catalog.attribute_count; i++) {
		if (build->ruleset->catalog.attributes[i] == attribute)
			return &build->attribute_origins[i]->base;
	}
	return NULL;
}

static void derivation_compile(struct derivations_build *work, size_t at, int slot)
{
	struct ruleset_build *build = work->build;
	const struct slot *place = ruleset_slot(build->ruleset, work->list, slot);
	const Policycalc__V1__Attribute *attribute = place->attribute;
	const Policycalc__V1__Attribute *origin =
			(const Policycalc__V1__Attribute *)attribute_origin(build, attribute);
	struct derivation *derivation = &work->found[at];
	const struct scope_name *name =
			scope_name_of_slot(build->ruleset->scopes[work->list], slot);
	enum dimension dimension;
	const struct type *type = value_type_rule_type(attribute->type, &dimension);

	derivation->slot = slot;
	derivation->attribute = attribute;
	if ((*attribute->derived->rule != 0) + (attribute->derived->ratio != NULL) +
					(attribute->derived->aggregate != NULL) !=
			1) {
		ruleset_build_mistake(build, &origin->base, "derived", attribute->name,
				"attribute %s: a derived attribute has a rule, a quotient or "
				"an aggregate",
				attribute->name);
		return;
	}
	if (place->window != WINDOW_NONE ||
			(attribute->derived->aggregate && place->back > 0)) {
		ruleset_build_mistake(build, &origin->base, "derived", place->name,
				"%s: only the last full period is derived", place->name);
		return;
	}
	if (attribute->derived->aggregate) {
		derivation->aggregate = ruleset_build_aggregate(build, attribute, origin);
		return;
	}
	if (attribute->derived->ratio) {
		derivation->ratio = name ? name->ratio : NULL;
		if (derivation->ratio) {
			ruleset_note_asked(build->ruleset, work->list,
					derivation->ratio->num_slot);
			ruleset_note_asked(build->ruleset, work->list,
					derivation->ratio->den_slot);
		}
		if (attribute->type != VALUE_TYPE(RATIO) || *attribute->derived->rule)
			ruleset_build_mistake(build, &origin->base, "derived", attribute->name,
					"attribute %s: a quotient is of type RATIO and has no "
					"rule",
					attribute->name);
		return;
	}
	if (place->back > 0) {
		ruleset_build_mistake(build, &origin->base, "derived", place->name,
				"%s: a rule derives only the last full period; use the base "
				"attributes of the earlier one",
				place->name);
		return;
	}
	if (!type || type->kind == TYPE_MAP) {
		ruleset_build_mistake(build, &origin->base, "derived", attribute->name,
				"attribute %s: titles are not derived", attribute->name);
		return;
	}
	derivation->rule = ruleset_build_rule(build, work->list, attribute->derived->rule, type,
			dimension, true, &origin->derived->base, "rule", attribute->name);
}

static const int *derivation_reads(
		const struct derivation *derivation, int pair[2], size_t *count)
{
	*count = 0;
	if (derivation->ratio) {
		pair[0] = derivation->ratio->num_slot;
		pair[1] = derivation->ratio->den_slot;
		*count = pair[0] >= 0 && pair[1] >= 0 ? 2 : 0;
		return pair;
	}
	if (derivation->aggregate)
		return derivation->aggregate->filter
				       ? rule_slots(derivation->aggregate->filter, count)
				       : NULL;
	return derivation->rule ? rule_slots(derivation->rule, count) : NULL;
}

/* Whether a slot that an aggregate reads is of its items, and not of the enterprise. */
static bool is_item(
		const struct derivation *derivation, size_t slot, const struct ruleset *ruleset)
{
	return derivation->aggregate && slot >= ruleset->base_count;
}

/* Depth first; a derivation that is under way when it is met again is part of a circle. */
static bool derivation_visit(struct derivations_build *work, size_t at)
{
	struct ruleset *ruleset = work->build->ruleset;
	size_t first = work->list == LIST_ENTERPRISE ? 0 : ruleset->base_count;
	struct derivation *derivation = &work->found[at];
	uint64_t *bases;
	int pair[2];
	size_t count;
	const int *reads;

	if (!derivation->attribute || work->visits[at] == VISIT_DONE)
		return true;
	if (work->visits[at] == VISIT_UNDER_WAY) {
		ruleset_build_mistake(work->build,
				attribute_origin(work->build, derivation->attribute), "derived",
				derivation->attribute->name,
				"attribute %s is derived from itself, by way of others",
				derivation->attribute->name);
		return true;
	}
	work->visits[at] = VISIT_UNDER_WAY;
	bases = ARENA_NEW_ARRAY(&ruleset->arena, uint64_t, ruleset->set_words);
	if (!bases)
		return arena_error(&ruleset->arena, work->err, "ordering derived attributes");
	reads = derivation_reads(derivation, pair, &count);
	for (size_t i = 0; i < count; i++) {
		size_t slot = (size_t)reads[i];

		if (is_item(derivation, slot, ruleset))
			continue;
		if (slot >= first && !derivation_visit(work, slot - first))
			return false;
	}
	/* An aggregate stands for what its items lack; answers name that instead of it. */
	if (derivation->aggregate)
		slot_bits_put(bases, derivation->slot);
	for (size_t i = 0; i < count; i++) {
		if (is_item(derivation, (size_t)reads[i], ruleset))
			continue;
		if (ruleset_slot(ruleset, work->list, reads[i])->role == SCOPE_ATTRIBUTE)
			slot_bits_put_bases(ruleset, work->list, reads[i], bases);
	}
	ruleset->bases[work->list][at] = bases;
	ruleset->derivations[work->list][ruleset->derivation_count[work->list]++] = *derivation;
	work->visits[at] = VISIT_DONE;
	return true;
}

static bool list_build(struct derivations_build *work)
{
	struct ruleset *ruleset = work->build->ruleset;
	size_t first = work->list == LIST_ENTERPRISE ? 0 : ruleset->base_count;
	size_t count = ruleset->slot_count[work->list];

	work->found = ARENA_NEW_ARRAY(&ruleset->arena, struct derivation, count + 1);
	work->visits = ARENA_NEW_ARRAY(&ruleset->arena, enum visit, count + 1);
	ruleset->bases[work->list] = ARENA_NEW_ARRAY(&ruleset->arena, uint64_t *, count + 1);
	ruleset->derivations[work->list] =
			ARENA_NEW_ARRAY(&ruleset->arena, struct derivation, count + 1);
	if (!work->found || !work->visits || !ruleset->bases[work->list] ||
			!ruleset->derivations[work->list])
		return arena_error(&ruleset->arena, work->err, "reading derived attributes");
	for (size_t i = 0; i < count; i++) {
		if (ruleset->slots[work->list][i].derived)
			derivation_compile(work, i, (int)(first + i));
	}
	for (size_t i = 0; i < count; i++) {
		if (!derivation_visit(work, i))
			return false;
	}
	return true;
}

bool ruleset_build_derivations(struct ruleset_build *build, struct error *err)
{
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		struct derivations_build work = { .build = build, .list = list, .err = err };

		if (!list_build(&work))
			return false;
	}
	return true;
}
