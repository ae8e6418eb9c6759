/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes, lists of codes, and maps from codes to days: the codes that the atom itself names are tried,
 * and those that the caller holds to be worth it.
 */
#include "rules/flip_internal.h"

#define CODES_MOST 64

struct codes {
	const struct value *list[CODES_MOST]; /* strings */
	size_t count;
};

static void codes_put(struct codes *codes, const struct value *code)
{
	if (code->kind != VALUE_STRING || codes->count == CODES_MOST)
		return;
	for (size_t i = 0; i < codes->count; i++) {
		if (slice_equals(codes->list[i]->text, code->text))
			return;
	}
	codes->list[codes->count++] = code;
}

/* A string, or the strings of a list; both stay where they are. */
static void codes_put_all(struct codes *codes, const struct value *value)
{
	codes_put(codes, value);
	for (size_t i = 0; value->kind == VALUE_LIST && i < value->list.count; i++)
		codes_put(codes, &value->list.items[i]);
}

/* Written codes and codes of parameters. */
static void codes_gather(
		const struct flipper *flipper, const struct node *node, struct codes *codes)
{
	const struct evaluation *evaluation = flipper->world->evaluation;
	const struct scope_ratio *ratio;
	const struct rule *rule;

	if (node->kind == NODE_LITERAL)
		codes_put(codes, &node->literal);
	if (node->variable) {
		rule = flip_behind(flipper, node, &ratio);
		if (rule)
			codes_gather(flipper, flip_root(flipper, rule), codes);
		else if (node->variable->role == SCOPE_PARAMETER)
			codes_put_all(codes, &evaluation->values[node->variable->slot]);
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		codes_gather(flipper, node->children[i], codes);
}

/* --- values with a code more or less ---------------------------------------------------------- */

static size_t code_find(const struct value *value, struct slice code)
{
	size_t width = value->kind == VALUE_MAP ? 2 : 1;
	size_t at = 0;

	while (at < value->list.count &&
			(value->list.items[at * width].kind != VALUE_STRING ||
					!slice_equals(value->list.items[at * width].text,
							code)))
		at++;
	return at;
}

struct value flip_apply(const struct flip *flip, const struct value *value, struct arena *arena)
{
	struct value changed = *value;
	size_t width = value->kind == VALUE_MAP ? 2 : 1;
	size_t kept = 0;
	struct value *items;

	if (value->kind != VALUE_LIST && value->kind != VALUE_MAP)
		return flip->target;
	items = ARENA_NEW_ARRAY(arena, struct value, (value->list.count + 1) * width);
	if (!items)
		return *value;
	for (size_t i = 0; i < value->list.count; i++) {
		if (i == code_find(value, flip->target.text))
			continue;
		for (size_t k = 0; k < width; k++)
			items[kept * width + k] = value->list.items[i * width + k];
		kept++;
	}
	if (!flip->removes) {
		items[kept * width] = flip->target;
		if (width == 2)
			items[kept * width + 1] = (struct value){ .kind = VALUE_TIMESTAMP,
				.timestamp = { .seconds = flip->until } };
		kept++;
	}
	changed.list.items = items;
	changed.list.count = kept;
	return changed;
}

/* --- trying ----------------------------------------------------------------------------------- */

static bool code_try(
		struct flipper *flipper, const struct flip_atom *atom, const struct flip *flip)
{
	const struct evaluation *evaluation = flipper->world->evaluation;
	struct arena_mark mark = arena_mark(evaluation->arena);
	struct value changed =
			flip_apply(flip, &evaluation->values[flip->slot], evaluation->arena);
	bool turns = !evaluation->arena->exhausted &&
		     flip_try(flipper, atom, flip->slot, changed);

	if (!flipper->world->keeps)
		arena_rewind(evaluation->arena, mark);
	return turns;
}

/* The days that an entry of a map is compared with: the other sides of the atom. */
static bool days_wanted(
		const struct flipper *flipper, const struct flip_atom *atom, int64_t *out_until)
{
	const struct node *node = atom->node;

	if (node->kind != NODE_OPERATOR || !operator_is_relation(node->operation))
		return false;
	for (int i = 0; i < 2; i++) {
		struct value side = flip_value(flipper, atom->rule, node->children[i]);

		if (side.kind == VALUE_TIMESTAMP && !node->children[i]->reads_attribute) {
			*out_until = side.timestamp.seconds;
			return true;
		}
	}
	return false;
}

static void map_flips(struct flipper *flipper, const struct flip_atom *atom,
		const struct flip_reach *reach, struct flip flip, bool there)
{
	int64_t days[3];
	size_t count = 0;

	if (reach->has_until && !there)
		days[count++] = reach->until;
	if (reach->up && days_wanted(flipper, atom, &days[count])) {
		days[count + 1] = days[count] + FLIP_DAY; /* for "later than" */
		count += 2;
	}
	for (size_t i = 0; i < count; i++) {
		flip.until = days[i];
		if (code_try(flipper, atom, &flip)) {
			flip_add(flipper, atom, flip);
			return;
		}
	}
}

static void code_flips(struct flipper *flipper, const struct flip_atom *atom,
		const struct flip_reach *reach, struct flip flip, const struct value *value)
{
	bool there = value->kind != VALUE_STRING &&
		     code_find(value, flip.target.text) < value->list.count;

	if (value->kind == VALUE_STRING) {
		if (!slice_equals(value->text, flip.target.text) &&
				code_try(flipper, atom, &flip))
			flip_add(flipper, atom, flip);
		return;
	}
	if (there && reach->down) {
		flip.removes = true;
		if (code_try(flipper, atom, &flip)) {
			flip_add(flipper, atom, flip);
			return;
		}
		flip.removes = false;
	}
	if (!reach->up)
		return;
	if (value->kind == VALUE_MAP)
		map_flips(flipper, atom, reach, flip, there);
	else if (!there && code_try(flipper, atom, &flip))
		flip_add(flipper, atom, flip);
}

void flip_code(struct flipper *flipper, const struct flip_atom *atom, int slot,
		const struct flip_reach *reach)
{
	const struct value value = flipper->world->evaluation->values[slot];
	struct codes codes = { .count = 0 };

	/* A series of figures is a list too. */
	if (value.kind == VALUE_LIST && value.list.count &&
			value.list.items[0].kind != VALUE_STRING)
		return;
	codes_gather(flipper, atom->node, &codes);
	for (size_t i = 0; i < reach->code_count; i++)
		codes_put(&codes, &reach->codes[i]);
	for (size_t i = 0; i < codes.count; i++)
		code_flips(flipper, atom, reach,
				(struct flip){ .slot = slot,
						.target = *codes.list[i],
						.threshold = 1 },
				&value);
}
