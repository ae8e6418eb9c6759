/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/flip_internal.h"

#include <string.h>

#define BASES_MOST 16 /* slots behind one atom; what lies beyond is not tried */

struct value flip_value(
		const struct flipper *flipper, const struct rule *rule, const struct node *node)
{
	if (node->code_begin < 0)
		return node->kind == NODE_LITERAL ? node->literal : (struct value){ 0 };
	return rule_run(rule, node->code_begin, node->code_end, flipper->world->evaluation);
}

void flip_add(struct flipper *flipper, const struct flip_atom *atom, struct flip flip)
{
	if (flipper->count == FLIPS_MOST)
		return;
	flip.parameter_slot = node_sole_slot(atom->node, SCOPE_PARAMETER);
	flipper->flips[flipper->count++] = flip;
}

bool flip_try(struct flipper *flipper, const struct flip_atom *atom, int slot,
		struct value value)
{
	const struct evaluation *evaluation = flipper->world->evaluation;
	struct arena_mark mark = arena_mark(evaluation->arena);
	struct value before = evaluation->values[slot];
	struct value result;

	flipper->world->set(flipper->world->context, slot, value);
	result = flip_value(flipper, atom->rule, atom->node);
	flipper->world->set(flipper->world->context, slot, before);
	if (!flipper->world->keeps)
		arena_rewind(evaluation->arena, mark);
	return result.kind == VALUE_BOOL && result.boolean == atom->want;
}

const struct node *flip_root(const struct flipper *flipper, const struct rule *rule)
{
	/* Nothing reads anything in it, and nothing turns it. */
	static const struct node nothing = { .kind = NODE_BAD,
		.constant = true,
		.local = -1,
		.code_begin = -1,
		.code_end = -1,
		.type = &type_bool };
	const struct node *root = rule_root(rule, flipper->world->evaluation->arena);

	return root ? root : &nothing;
}

/* --- what stands behind a name ---------------------------------------------------------------- */

const struct rule *flip_behind_slot(const struct flipper *flipper, int slot)
{
	return flipper->world->behind(flipper->world->context, slot);
}

const struct rule *flip_behind(const struct flipper *flipper, const struct node *name,
		const struct scope_ratio **out_ratio)
{
	int slot = name->variable->slot;

	*out_ratio = NULL;
	if (name->variable->role != SCOPE_ATTRIBUTE)
		return NULL;
	/* A quotient that was supplied goes before its parts. */
	if (name->variable->ratio &&
			flipper->world->evaluation->values[slot].kind == VALUE_UNKNOWN) {
		*out_ratio = name->variable->ratio;
		return NULL;
	}
	return flip_behind_slot(flipper, slot);
}

/* Calls itself through what is derived; derived attributes never go in a circle. */
static bool slot_rests_on(const struct flipper *flipper, int slot, int base)
{
	const struct rule *rule;

	if (slot == base)
		return true;
	rule = flip_behind_slot(flipper, slot);
	return rule && flip_reads(flipper, flip_root(flipper, rule), base);
}

bool flip_reads(const struct flipper *flipper, const struct node *node, int slot)
{
	const struct scope_ratio *ratio;
	const struct rule *rule;

	if (node->variable) {
		rule = flip_behind(flipper, node, &ratio);
		if (rule)
			return flip_reads(flipper, flip_root(flipper, rule), slot);
		if (ratio)
			return slot_rests_on(flipper, ratio->num_slot, slot) ||
			       slot_rests_on(flipper, ratio->den_slot, slot);
		return node->variable->slot == slot;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		if (flip_reads(flipper, node->children[i], slot))
			return true;
	}
	return false;
}

/* The slots that stand for themselves behind a part of a rule, ascending. */
struct bases {
	int slots[BASES_MOST];
	size_t count;
};

static void bases_put(struct bases *bases, int slot)
{
	size_t at = 0;

	while (at < bases->count && bases->slots[at] < slot)
		at++;
	if (bases->count == BASES_MOST || (at < bases->count && bases->slots[at] == slot))
		return;
	memmove(&bases->slots[at + 1], &bases->slots[at],
			(bases->count - at) * sizeof(*bases->slots));
	bases->slots[at] = slot;
	bases->count++;
}

static void bases_gather(
		const struct flipper *flipper, const struct node *node, struct bases *bases);

static void bases_gather_slot(const struct flipper *flipper, int slot, struct bases *bases)
{
	const struct rule *rule = flip_behind_slot(flipper, slot);

	if (rule)
		bases_gather(flipper, flip_root(flipper, rule), bases);
	else
		bases_put(bases, slot);
}

static void bases_gather(
		const struct flipper *flipper, const struct node *node, struct bases *bases)
{
	const struct scope_ratio *ratio;
	const struct rule *rule;

	if (node->variable) {
		if (node->variable->role != SCOPE_ATTRIBUTE)
			return;
		rule = flip_behind(flipper, node, &ratio);
		if (rule) {
			bases_gather(flipper, flip_root(flipper, rule), bases);
		} else if (ratio) {
			bases_gather_slot(flipper, ratio->num_slot, bases);
			bases_gather_slot(flipper, ratio->den_slot, bases);
		} else {
			bases_put(bases, node->variable->slot);
		}
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		bases_gather(flipper, node->children[i], bases);
}

/* --- atoms ------------------------------------------------------------------------------------ */

static void flip_flag(struct flipper *flipper, const struct flip_atom *atom, int slot,
		const struct flip_reach *reach)
{
	struct value target = flipper->world->evaluation->values[slot];

	if (target.boolean ? !reach->down : !reach->up)
		return;
	target.boolean = !target.boolean;
	if (flip_try(flipper, atom, slot, target))
		flip_add(flipper, atom,
				(struct flip){ .slot = slot,
						.target = target,
						.threshold = 1 });
}

/* Every slot behind the atom, by itself. What is unknown cannot be changed: it is not known from what. */
static void atom_flips(struct flipper *flipper, const struct flip_atom *atom)
{
	struct bases bases = { .count = 0 };

	bases_gather(flipper, atom->node, &bases);
	for (size_t i = 0; i < bases.count; i++) {
		const struct flip_world *world = flipper->world;
		int slot = bases.slots[i];
		struct flip_reach reach = { .least = INT64_MIN, .most = INT64_MAX };

		if ((size_t)slot >= world->evaluation->value_count ||
				world->evaluation->values[slot].kind == VALUE_UNKNOWN ||
				!world->reach(world->context, slot, &reach))
			continue;
		switch ((int)world->evaluation->values[slot].kind) {
		case VALUE_BOOL:
			flip_flag(flipper, atom, slot, &reach);
			break;
		case VALUE_INT:
		case VALUE_TIMESTAMP:
			flip_number(flipper, atom, slot, &reach);
			break;
		case VALUE_STRING:
		case VALUE_LIST:
		case VALUE_MAP:
			flip_code(flipper, atom, slot, &reach);
			break;
		default:
			break;
		}
	}
}

/* --- logic ------------------------------------------------------------------------------------ */

static bool is_satisfied(const struct value *value, bool want, bool firm)
{
	if (value->kind != VALUE_BOOL)
		return !firm;
	return value->boolean == want;
}

static void node_flips(struct flipper *flipper, const struct rule *rule,
		const struct node *node, bool want, bool firm);

/* Any child will do: the flips of all. */
static void flips_of_any(struct flipper *flipper, const struct rule *rule,
		const struct node *node, bool want, bool firm)
{
	for (uint32_t i = 0; i < node->count; i++)
		node_flips(flipper, rule, node->children[i], want, firm);
}

/* Every child is needed, so that any of those that lack will do to go on from: the one with the
 * fewest ways, and when it has none, there is none. */
static void flips_of_all(struct flipper *flipper, const struct rule *rule,
		const struct node *node, bool want, bool firm)
{
	size_t first = flipper->count;
	size_t fewest = SIZE_MAX;

	for (uint32_t i = 0; i < node->count; i++) {
		struct value value = flip_value(flipper, rule, node->children[i]);
		size_t before = fewest == SIZE_MAX ? first : first + fewest;
		size_t found;

		if (is_satisfied(&value, want, firm))
			continue;
		flipper->count = before;
		node_flips(flipper, rule, node->children[i], want, firm);
		found = flipper->count - before;
		if (found < fewest) {
			memmove(&flipper->flips[first], &flipper->flips[before],
					found * sizeof(*flipper->flips));
			fewest = found;
		}
		flipper->count = first + fewest;
	}
}

static void conditional_flips(struct flipper *flipper, const struct rule *rule,
		const struct node *node, bool want, bool firm)
{
	struct value condition = flip_value(flipper, rule, node->children[0]);

	if (condition.kind != VALUE_BOOL)
		return;
	node_flips(flipper, rule, node->children[condition.boolean ? 1 : 2], want, firm);
	node_flips(flipper, rule, node->children[0], !condition.boolean, true);
}

static void node_flips(struct flipper *flipper, const struct rule *rule,
		const struct node *node, bool want, bool firm)
{
	struct value value = flip_value(flipper, rule, node);
	const struct scope_ratio *ratio;
	const struct rule *behind;

	if (is_satisfied(&value, want, firm) || node->constant || node->code_begin < 0)
		return;
	if (node->variable) {
		behind = flip_behind(flipper, node, &ratio);
		if (behind) {
			node_flips(flipper, behind, flip_root(flipper, behind), want, firm);
			return;
		}
	}
	switch ((int)node->kind) {
	case NODE_AND:
	case NODE_OR:
		if ((node->kind == NODE_AND) == want)
			flips_of_all(flipper, rule, node, want, firm);
		else
			flips_of_any(flipper, rule, node, want, firm);
		break;
	case NODE_NOT:
		node_flips(flipper, rule, node->children[0], !want, firm);
		break;
	case NODE_CONDITIONAL:
		conditional_flips(flipper, rule, node, want, firm);
		break;
	default:
		if (value.kind != VALUE_UNKNOWN)
			atom_flips(flipper, &(struct flip_atom){ rule, node, want });
		break;
	}
}

size_t rule_flips(const struct rule *rule, bool want, bool firm, const struct flip_world *world,
		struct flip *out_flips)
{
	struct flipper flipper = { .world = world, .flips = out_flips };

	node_flips(&flipper, rule, flip_root(&flipper, rule), want, firm);
	return flipper.count;
}
