/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures made of the items of a list: how many there are, and the sum or an extreme of a field.
 *
 * They read items as they were sent, so that what is derived for an item may read them in turn. A
 * list that is absent leaves the figure unknown, and so does an item that lacks what the filter or
 * the field needs: whether it counts, and for how much, could change it.
 */
#include "calculator/facts.h"

#include <string.h>

#define FUNCTION(word) POLICYCALC__V1__DERIVATION__AGGREGATE__FUNCTION__FUNCTION_##word

/* --- building --------------------------------------------------------------------------------- */

static bool type_is_figure(Policycalc__V1__ValueType type)
{
	return type == VALUE_TYPE(MONEY) || type == VALUE_TYPE(RATIO) ||
	       type == VALUE_TYPE(COUNT);
}

/* What is wrong with the shape of an aggregate; NULL when nothing is. */
static const char *aggregate_mistake(const Policycalc__V1__Attribute *attribute,
		enum item_list list, const struct entry *field)
{
	const Policycalc__V1__Derivation__Aggregate *from = attribute->derived->aggregate;
	bool extreme = from->function == FUNCTION(MAX) || from->function == FUNCTION(MIN);

	if (*attribute->item_list)
		return "an aggregate is an attribute of the enterprise";
	if (list == LIST_COUNT || list == LIST_ENTERPRISE)
		return "an aggregate is of projects, loans or hires";
	if (from->function == FUNCTION(UNSPECIFIED))
		return "an aggregate has a function: COUNT, SUM, MAX or MIN";
	if (extreme != (from->_when_empty_case != 0))
		return "MAX and MIN, and only they, say what they are when_empty";
	if (from->function == FUNCTION(COUNT))
		return *from->field || attribute->type != VALUE_TYPE(COUNT)
				       ? "COUNT has no field and is of type COUNT"
				       : NULL;
	if (!field || field->attribute->derived || !type_is_figure(field->attribute->type))
		return "an aggregate has a field: a figure of the items that is sent, not "
		       "derived";
	if (field->attribute->type != attribute->type)
		return "an aggregate is of the type of its field";
	return NULL;
}

const struct aggregate *ruleset_build_aggregate(struct ruleset_build *build,
		const Policycalc__V1__Attribute *attribute,
		const Policycalc__V1__Attribute *origin)
{
	struct ruleset *ruleset = build->ruleset;
	const Policycalc__V1__Derivation__Aggregate *from = attribute->derived->aggregate;
	const ProtobufCMessage *place = &origin->derived->aggregate->base;
	enum item_list list = item_list_find(from->item_list);
	struct aggregate *aggregate = ARENA_NEW(&ruleset->arena, struct aggregate);
	const struct entry *field = NULL;
	const char *mistake;
	const int *slots;
	size_t count = 0;

	if (list != LIST_COUNT)
		field = map_find(&ruleset->entry_names[list], slice_from(from->field));
	mistake = aggregate_mistake(attribute, list, field);
	if (mistake) {
		ruleset_build_mistake(build, place, "function", attribute->name,
				"attribute %s: %s", attribute->name, mistake);
		return NULL;
	}
	if (!aggregate)
		return NULL;
	aggregate->from = from;
	aggregate->list = list;
	if (field) {
		aggregate->field_at = (size_t)field->variants[0].slot - ruleset->base_count;
		ruleset_note_asked(ruleset, list, field->variants[0].slot);
	}
	if (!*from->filter_rule)
		return aggregate;
	aggregate->filter = ruleset_build_rule(build, list, from->filter_rule, &type_bool,
			DIMENSION_FREE, true, place, "filter_rule", attribute->name);
	if (!aggregate->filter)
		return NULL;
	slots = rule_slots(aggregate->filter, &count);
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(ruleset, list, slots[i]);

		if ((size_t)slots[i] >= ruleset->base_count && slot->derived)
			ruleset_build_mistake(build, place, "filter_rule", attribute->name,
					"attribute %s: the filter reads %s, which is derived; "
					"it may read what is sent of the items",
					attribute->name, slot->name);
	}
	return aggregate;
}

/* --- names ------------------------------------------------------------------------------------ */

char *item_name_print(const struct facts *facts, enum item_list list, const char *name,
		const char *item_id)
{
	return item_id ? arena_format(facts->arena, "%s@%s/%s", name, item_list_name(list),
					 item_id)
		       : arena_format(facts->arena, "%s@%s", name, item_list_name(list));
}

/* Appends the item attributes of @bits; false when memory is short. */
static bool item_names_add(const struct facts *facts, enum item_list list, const uint64_t *bits,
		const char *item_id, struct item_names *names)
{
	const struct ruleset *ruleset = facts->ruleset;
	size_t base_count = ruleset->base_count;
	char **grown = ARENA_NEW_ARRAY(
			facts->arena, char *, names->count + ruleset->slot_count[list] + 1);

	if (!grown)
		return false;
	if (names->count)
		memcpy(grown, names->names, names->count * sizeof(*grown));
	names->names = grown;
	for (size_t i = 0; i < ruleset->slot_count[list]; i++) {
		if (!slot_bits_has(bits, (int)(base_count + i)))
			continue;
		grown[names->count] = item_name_print(
				facts, list, ruleset->slots[list][i].name, item_id);
		if (!grown[names->count++])
			return false;
	}
	return true;
}

/* The attributes of items that an aggregate reads; "i@hires" when it only counts them. */
static bool item_names_all(const struct facts *facts, const struct aggregate *aggregate,
		struct item_names *out_names)
{
	size_t base_count = facts->ruleset->base_count;
	uint64_t *bits = facts_new_set(facts);
	size_t count = 0;
	const int *slots = aggregate->filter ? rule_slots(aggregate->filter, &count) : NULL;

	if (!bits)
		return false;
	if (aggregate->from->function != FUNCTION(COUNT))
		slot_bits_put(bits, (int)(base_count + aggregate->field_at));
	for (size_t i = 0; i < count; i++) {
		if ((size_t)slots[i] >= base_count)
			slot_bits_put(bits, slots[i]);
	}
	if (!item_names_add(facts, aggregate->list, bits, NULL, out_names))
		return false;
	if (out_names->count == 0) {
		out_names->names[0] = item_name_print(facts, aggregate->list, "i", NULL);
		out_names->count = out_names->names[0] != NULL;
	}
	return out_names->count > 0;
}

bool aggregate_names(const struct facts *facts, size_t slot, struct item_names *out_names)
{
	const struct ruleset *ruleset = facts->ruleset;

	*out_names = (struct item_names){ 0 };
	if (facts->item_names && facts->item_names[slot].count) {
		*out_names = facts->item_names[slot];
		return true;
	}
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];

		if ((size_t)derivation->slot == slot && derivation->aggregate)
			return item_names_all(facts, derivation->aggregate, out_names);
	}
	return true;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct asking {
	struct facts *facts;
	const struct aggregate *aggregate;
	struct value made;
	uint64_t *lacks; /* what the item at hand lacks */
	uint64_t *gap;	 /* or NULL */
	struct item_names names;
	bool unknown;
	size_t counted;
};

/* Takes note of what is missing for an item: of itself, and of the enterprise. */
static void item_lacks(struct asking *asking, struct slot_set missing, const char *item_id)
{
	const struct ruleset *ruleset = asking->facts->ruleset;

	asking->unknown = true;
	if (!asking->gap)
		return;
	memset(asking->lacks, 0, ruleset->set_words * sizeof(*asking->lacks));
	facts_put_missing(asking->facts, missing, asking->lacks);
	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (slot_bits_has(asking->lacks, (int)i))
			slot_bits_put(asking->gap, (int)i);
	}
	(void)item_names_add(asking->facts, asking->aggregate->list, asking->lacks, item_id,
			&asking->names);
}

static bool figure_take(struct asking *asking, int64_t figure)
{
	int64_t *made = &asking->made.integer;

	switch ((int)asking->aggregate->from->function) {
	case FUNCTION(SUM):
		return !__builtin_add_overflow(*made, figure, made);
	case FUNCTION(MAX):
		*made = asking->counted == 1 || figure > *made ? figure : *made;
		return true;
	case FUNCTION(MIN):
		*made = asking->counted == 1 || figure < *made ? figure : *made;
		return true;
	default:
		return true;
	}
}

/* Counts one item in; false when the aggregate cannot be made at all. */
static bool item_take(struct asking *asking, const struct item_facts *item)
{
	const struct aggregate *aggregate = asking->aggregate;
	int field = (int)(asking->facts->ruleset->base_count + aggregate->field_at);
	struct value counts = { .kind = VALUE_BOOL, .boolean = true };

	facts_enter_item(asking->facts, aggregate->list, item);
	if (aggregate->filter)
		counts = rule_evaluate(aggregate->filter, &asking->facts->evaluation);
	if (counts.kind == VALUE_UNKNOWN)
		item_lacks(asking, counts.missing, item->id);
	else if (counts.kind != VALUE_BOOL)
		return false;
	if (counts.kind == VALUE_BOOL && !counts.boolean)
		return true;
	if (aggregate->from->function == FUNCTION(COUNT)) {
		asking->made.integer++;
		return true;
	}
	if (item->values[aggregate->field_at].kind == VALUE_UNKNOWN) {
		item_lacks(asking, (struct slot_set){ &field, 1 }, item->id);
		return true;
	}
	asking->counted++;
	return figure_take(asking, item->values[aggregate->field_at].integer);
}

static struct value items_ask(
		struct facts *facts, const struct derivation *derivation, uint64_t *gap)
{
	const struct aggregate *aggregate = derivation->aggregate;
	enum item_list list = aggregate->list;
	struct asking asking = { .facts = facts,
		.aggregate = aggregate,
		.made = { .kind = VALUE_INT },
		.lacks = facts_new_set(facts),
		.gap = gap };
	bool absent = facts->item_count[list] == 0 && !facts->complete[list];

	if (!asking.lacks)
		return (struct value){ .kind = VALUE_UNKNOWN };
	for (size_t i = 0; i < facts->item_count[list]; i++) {
		if (!item_take(&asking, &facts->items[list][i]))
			return (struct value){ .kind = VALUE_ERROR,
				.error = "a figure over the items has no value" };
	}
	if (asking.counted == 0 && aggregate->from->_when_empty_case)
		asking.made.integer = aggregate->from->when_empty;
	if (!absent && !asking.unknown)
		return asking.made;
	if (gap && (absent || asking.names.count)) {
		slot_bits_put(gap, derivation->slot);
		if (!facts->item_names)
			facts->item_names = ARENA_NEW_ARRAY(facts->arena, struct item_names,
					facts->ruleset->base_count);
		if (facts->item_names)
			facts->item_names[derivation->slot] = asking.names;
	}
	return (struct value){ .kind = VALUE_UNKNOWN };
}

/* The item at hand, of whatever list, is there again afterwards. */
struct value aggregate_ask(
		struct facts *facts, const struct derivation *derivation, uint64_t *gap)
{
	const struct ruleset *ruleset = facts->ruleset;
	size_t count = ruleset->most_slots - ruleset->base_count;
	struct value *values = ARENA_NEW_ARRAY(facts->arena, struct value, count + 1);
	uint64_t **gaps = ARENA_NEW_ARRAY(facts->arena, uint64_t *, count + 1);
	struct value made;

	if (!values || !gaps)
		return (struct value){ .kind = VALUE_UNKNOWN };
	memcpy(values, facts->values + ruleset->base_count, count * sizeof(*values));
	memcpy(gaps, facts->gaps + ruleset->base_count, count * sizeof(*gaps));
	made = items_ask(facts, derivation, gap);
	memcpy(facts->values + ruleset->base_count, values, count * sizeof(*values));
	memcpy(facts->gaps + ruleset->base_count, gaps, count * sizeof(*gaps));
	return made;
}
