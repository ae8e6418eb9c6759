/* SPDX-License-Identifier: Apache-2.0 */
#include "near_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEPTH 3
#define STEP_PPM 50000 /* of what quotients are compared with */

/* Of a quotient at most one part is mutable, but in loose shapes. */
static const struct near_name dictionary_names[NAMES] = {
	{ "a0", false, BOTH, 40, 0, FIGURES },
	{ "a1", false, FIXED, 20, 1, FIGURES },
	{ "b0", false, FIXED, 10, 1, FIGURES },
	{ "b1", false, BOTH, 25, 1, FIGURES },
	{ "f0", true, UP, 10, 0, 1 },
	{ "f1", true, BOTH, 30, 0, 1 },
	{ "f2", true, FIXED, 1, 0, 1 },
	{ "f3", true, DOWN, 20, 0, 1 },
	{ "n0", false, BOTH, 50, -1, FIGURES + 1 },
	{ "n1", false, UP, 60, -1, FIGURES + 1 },
	{ "n2", false, FIXED, 1, -1, FIGURES + 1 },
	{ "n3", false, DOWN, 7, -1, FIGURES + 1 },
	{ "n4", false, BOTH, 45, -1, FIGURES + 1 },
	{ "g0", true, UP, 12, 0, 1 },
	{ "g1", true, FIXED, 1, 0, 1 },
	{ "k0", false, BOTH, 35, -1, FIGURES + 1 },
	{ "k1", false, DOWN, 15, -1, FIGURES + 1 },
	{ "u0", false, UP, 28, 0, FIGURES },
	{ "v0", false, FIXED, 9, 1, FIGURES },
};

/* Quotients under names of their own. */
static const struct quotient {
	const char *name;
	enum near_oracle_name num, den;
} quotients[] = {
	{ "q0", NAME_A0, NAME_B0 },
	{ "q1", NAME_A1, NAME_B1 },
	{ "q2", NAME_A0, NAME_A1 },
	{ "r0", NAME_U0, NAME_V0 },
};

#define QUOTIENTS_SHARED 3
#define QUOTIENTS 4

static bool is_of_quotients(unsigned name)
{
	return name <= NAME_B1 || name >= NAME_U0;
}

/* --- trees ------------------------------------------------------------------------------------ */

enum tree_kind {
	TREE_FLAG,
	TREE_COMPARE,	/* e.n1 >= 6 */
	TREE_PARAMETER, /* e.n1 >= p.stated, or p.not_there */
	TREE_QUOTIENT,	/* e.q1 >= 250000 */
	TREE_NOT,
	TREE_AND,
	TREE_OR,
	TREE_CHOICE, /* e.f1 ? left : right */
};

static const char *const relations[] = { ">=", ">", "<=", "<", "==", "!=" };

struct tree {
	enum tree_kind kind;
	unsigned name; /* or the number of the quotient */
	unsigned relation;
	int bound;
	bool stated;
	struct tree *left, *right;
};

enum three {
	THREE_NO,
	THREE_YES,
	THREE_UNKNOWN,
};

#define PARAMETER_VALUE 15

static unsigned flag_pick(const struct shape *shape)
{
	return shape->items && random_below(2) ? NAME_G0 + random_below(2)
					       : NAME_F0 + random_below(4);
}

static unsigned count_pick(const struct shape *shape)
{
	return shape->items && random_below(2) ? NAME_K0 + random_below(2)
					       : NAME_N0 + random_below(5);
}

static void comparison_make(const struct shape *shape, struct tree *tree, bool parameter)
{
	tree->kind = parameter ? TREE_PARAMETER : TREE_COMPARE;
	tree->name = count_pick(shape);
	/* Equality is seldom; comparisons are what policies are made of. */
	tree->relation = random_below(8) ? random_below(4) : 4 + random_below(2);
	tree->bound = parameter ? PARAMETER_VALUE
				: 3 * (int)(1 + random_below(FIGURES / 3 - 1));
	tree->stated = random_below(6) > 0;
}

static void quotient_make(const struct shape *shape, struct tree *tree)
{
	tree->kind = TREE_QUOTIENT;
	tree->name = shape->items && random_below(2) ? QUOTIENTS_SHARED
						     : random_below(QUOTIENTS_SHARED);
	tree->relation = random_below(4);
	tree->bound = STEP_PPM * (int)(1 + random_below(40));
}

static struct tree *tree_make(struct instance *instance, unsigned depth)
{
	const struct shape *shape = &instance->shape;
	struct tree *tree = ARENA_NEW(&instance->arena, struct tree);
	unsigned pick = random_below(depth ? 14 : 6);

	assert_non_null(tree);
	tree->name = flag_pick(shape);
	if (pick < 2) {
		tree->kind = TREE_FLAG;
	} else if (pick < 6) {
		if (shape->quotients && random_below(2))
			quotient_make(shape, tree);
		else
			comparison_make(shape, tree, pick == 5);
	} else {
		tree->kind = pick == 6	 ? TREE_NOT
			     : pick < 10 ? TREE_AND
			     : pick < 13 ? TREE_OR
					 : TREE_CHOICE;
		tree->left = tree_make(instance, depth - 1);
		if (tree->kind != TREE_NOT)
			tree->right = tree_make(instance, depth - 1);
	}
	return tree;
}

static bool tree_reads_item(const struct tree *tree)
{
	bool own = false;

	if (!tree)
		return false;
	switch (tree->kind) {
	case TREE_QUOTIENT:
		own = tree->name >= QUOTIENTS_SHARED;
		break;
	case TREE_FLAG:
	case TREE_COMPARE:
	case TREE_PARAMETER:
	case TREE_CHOICE:
		own = tree->name >= NAMES_SHARED;
		break;
	case TREE_NOT:
	case TREE_AND:
	case TREE_OR:
	default:
		break;
	}
	return own || tree_reads_item(tree->left) || tree_reads_item(tree->right);
}

/* "e.n1", "i.k0" */
static const char *name_text(unsigned name, struct arena *arena)
{
	return arena_format(arena, "%c.%s", name < NAMES_SHARED ? 'e' : 'i',
			dictionary_names[name].name);
}

static const char *tree_text(const struct tree *tree, struct arena *arena)
{
	const char *left = tree->left ? tree_text(tree->left, arena) : "";
	const char *right = tree->right ? tree_text(tree->right, arena) : "";

	switch (tree->kind) {
	case TREE_FLAG:
		return name_text(tree->name, arena);
	case TREE_COMPARE:
		return arena_format(arena, "%s %s %d", name_text(tree->name, arena),
				relations[tree->relation], tree->bound);
	case TREE_PARAMETER:
		return arena_format(arena, "%s %s p.%s", name_text(tree->name, arena),
				relations[tree->relation],
				tree->stated ? "stated" : "not_there");
	case TREE_QUOTIENT:
		return arena_format(arena, "%c.%s %s %d",
				tree->name < QUOTIENTS_SHARED ? 'e' : 'i',
				quotients[tree->name].name, relations[tree->relation],
				tree->bound);
	case TREE_NOT:
		return arena_format(arena, "!(%s)", left);
	case TREE_CHOICE:
		return arena_format(arena, "(%s ? (%s) : (%s))", name_text(tree->name, arena),
				left, right);
	case TREE_AND:
	case TREE_OR:
	default:
		return arena_format(arena, "((%s) %s (%s))", left,
				tree->kind == TREE_AND ? "&&" : "||", right);
	}
}

static enum three three_of(bool yes)
{
	return yes ? THREE_YES : THREE_NO;
}

static enum three compare_judge(const struct tree *tree, int64_t value, int64_t bound)
{
	switch (tree->relation) {
	case 0:
		return three_of(value >= bound);
	case 1:
		return three_of(value > bound);
	case 2:
		return three_of(value <= bound);
	case 3:
		return three_of(value < bound);
	case 4:
		return three_of(value == bound);
	default:
		return three_of(value != bound);
	}
}

static enum three quotient_judge(const struct tree *tree, const int *values)
{
	int num = values[quotients[tree->name].num];
	int den = values[quotients[tree->name].den];

	if (num == UNKNOWN || den == UNKNOWN)
		return THREE_UNKNOWN;
	return compare_judge(tree, num * INT64_C(1000000), (int64_t)tree->bound * den);
}

static enum three tree_judge(const struct tree *tree, const int *values)
{
	enum three absorbing = tree->kind == TREE_AND ? THREE_NO : THREE_YES;
	enum three left, right;
	int value = tree->kind == TREE_QUOTIENT ? 0 : values[tree->name];

	switch (tree->kind) {
	case TREE_FLAG:
		return value == UNKNOWN ? THREE_UNKNOWN : three_of(value);
	case TREE_PARAMETER:
		if (!tree->stated)
			return THREE_UNKNOWN;
		return value == UNKNOWN ? THREE_UNKNOWN
					: compare_judge(tree, value, tree->bound);
	case TREE_COMPARE:
		return value == UNKNOWN ? THREE_UNKNOWN
					: compare_judge(tree, value, tree->bound);
	case TREE_QUOTIENT:
		return quotient_judge(tree, values);
	case TREE_NOT:
		left = tree_judge(tree->left, values);
		return left == THREE_UNKNOWN ? left : three_of(left == THREE_NO);
	case TREE_CHOICE:
		if (value == UNKNOWN)
			return THREE_UNKNOWN;
		return tree_judge(value ? tree->left : tree->right, values);
	case TREE_AND:
	case TREE_OR:
	default:
		left = tree_judge(tree->left, values);
		right = tree_judge(tree->right, values);
		if (left == absorbing || right == absorbing)
			return absorbing;
		return left == THREE_UNKNOWN ? left : right;
	}
}

/* Gathers the thresholds that attributes are compared with, and what quotients read. */
static void tree_bounds(const struct tree *tree, struct instance *instance)
{
	if (tree->kind == TREE_COMPARE || tree->kind == TREE_PARAMETER)
		instance->bounds[tree->name][tree->bound] = true;
	if (tree->kind == TREE_QUOTIENT) {
		instance->of_quotients[quotients[tree->name].num] = true;
		instance->of_quotients[quotients[tree->name].den] = true;
	}
	if (tree->left)
		tree_bounds(tree->left, instance);
	if (tree->right)
		tree_bounds(tree->right, instance);
}

/* --- policies --------------------------------------------------------------------------------- */

static enum status condition_judge(const struct condition *condition, const int *values)
{
	enum three three = condition->tree ? tree_judge(condition->tree, values) : THREE_NO;

	if (three == THREE_UNKNOWN)
		return OPEN;
	if (condition->role != REVIEW)
		return (three == THREE_YES) == (condition->role == REQUIRE) ? MET : NOT_MET;
	if (three == THREE_YES)
		return MET;
	return tree_judge(condition->fails_if, values) == THREE_YES ? NOT_MET : OPEN;
}

bool is_turned(const struct instance *instance, bool item, const int *before, const int *after)
{
	for (size_t i = 0; i < instance->count; i++) {
		const struct condition *condition = &instance->conditions[i];
		enum status now;
		bool open_will_do = condition->role == REVIEW && !condition->tree;

		if (condition->per_item && !item)
			continue;
		now = condition_judge(condition, after);
		if (now == NOT_MET)
			return false;
		if (condition_judge(condition, before) == NOT_MET && now != MET &&
				!open_will_do)
			return false;
	}
	return true;
}

static bool conditions_fail(const struct instance *instance, bool per_item, const int *values)
{
	for (size_t i = 0; i < instance->count; i++) {
		if (instance->conditions[i].per_item == per_item &&
				condition_judge(&instance->conditions[i], values) == NOT_MET)
			return true;
	}
	return false;
}

bool world_is_ineligible(const struct instance *instance, const struct world *world)
{
	bool left = false;

	if (conditions_fail(instance, false, world->values))
		return true;
	if (!instance->shape.items || (world->item_count == 0 && !world->complete))
		return false;
	for (unsigned i = 0; i < world->item_count; i++) {
		int values[NAMES];

		world_compose(world, i, values);
		left |= !conditions_fail(instance, true, values);
	}
	return !left;
}

static const char *dictionary_lines(struct instance *instance)
{
	static const char *const directions[] = { "", " mutable UP", " mutable DOWN",
		" mutable BOTH" };
	struct arena *arena = &instance->arena;
	const char *lines = "parameter stated COUNT 15\nparameter not_there COUNT unknown\n";

	for (unsigned i = 0; i < NAMES; i++) {
		struct near_name *name = &instance->names[i];

		*name = dictionary_names[i];
		if (instance->shape.loose && is_of_quotients(i))
			name->direction = BOTH;
		lines = arena_format(arena, "%sattribute %s %s%s%s%s weight %d\n", lines,
				name->name, name->is_flag ? "FLAG" : "COUNT",
				i < NAMES_SHARED ? "" : " of projects",
				is_of_quotients(i) ? arena_format(arena, " from %d to %d",
								     name->least, name->most)
						   : "",
				directions[name->direction], name->weight);
	}
	for (unsigned i = 0; i < QUOTIENTS; i++)
		lines = arena_format(arena, "%sattribute %s RATIO%s ratio %s / %s\n", lines,
				quotients[i].name, i < QUOTIENTS_SHARED ? "" : " of projects",
				dictionary_names[quotients[i].num].name,
				dictionary_names[quotients[i].den].name);
	return lines;
}

static const char *condition_lines(
		const struct condition *condition, const char *lines, struct arena *arena)
{
	if (condition->role == REVIEW)
		return arena_format(arena, "%sreview %s%s fails_if %s\n", lines,
				condition->tree ? "met_if " : "",
				condition->tree ? tree_text(condition->tree, arena) : "",
				tree_text(condition->fails_if, arena));
	return arena_format(arena, "%s%s %s\n", lines,
			condition->role == REQUIRE ? "require" : "exclude",
			tree_text(condition->tree, arena));
}

const char *lines_make(struct instance *instance)
{
	const char *lines = arena_format(&instance->arena, "%spolicy x\n%swindow always\n",
			dictionary_lines(instance),
			instance->shape.items ? "subject PROJECT\n" : "");

	instance->count = 1 + random_below(CONDITIONS);
	for (size_t i = 0; i < instance->count; i++) {
		struct condition *condition = &instance->conditions[i];
		bool judged = random_below(5) == 0;

		condition->role = judged ? REVIEW : (enum role)(random_below(3) == 0);
		condition->fails_if = tree_make(instance, 1);
		/* The first one is of the item, so that there is something to ask of it. */
		do
			condition->tree = judged && i > 0 && random_below(2)
							  ? NULL
							  : tree_make(instance, DEPTH);
		while (instance->shape.items && i == 0 && !tree_reads_item(condition->tree));
		condition->per_item = tree_reads_item(condition->tree) ||
				      (judged && tree_reads_item(condition->fails_if));
		lines = condition_lines(condition, lines, &instance->arena);
		if (condition->tree)
			tree_bounds(condition->tree, instance);
		if (judged)
			tree_bounds(condition->fails_if, instance);
	}
	return lines;
}

/* --- worlds ----------------------------------------------------------------------------------- */

static int value_make(const struct instance *instance, unsigned name)
{
	const struct near_name *of = &instance->names[name];

	if (random_below(10) == 0)
		return UNKNOWN;
	if (of->is_flag)
		return (int)random_below(2);
	return of->least > 0 ? of->least + (int)random_below(FIGURES)
			     : (int)random_below(FIGURES + 1);
}

void world_make(const struct instance *instance, struct world *world)
{
	world->item_count = instance->shape.items ? random_below(ITEMS + 1) : 0;
	world->complete = instance->shape.items && random_below(2);
	for (unsigned i = 0; i < NAMES; i++) {
		world->values[i] = i < NAMES_SHARED ? value_make(instance, i) : UNKNOWN;
		for (unsigned k = 0; k < world->item_count; k++)
			world->items[k][i] =
					i < NAMES_SHARED ? UNKNOWN : value_make(instance, i);
	}
}

void world_compose(const struct world *world, unsigned item, int *out_values)
{
	memcpy(out_values, world->values, sizeof(world->values));
	if (item >= world->item_count)
		return;
	for (unsigned i = NAMES_SHARED; i < NAMES; i++)
		out_values[i] = world->items[item][i];
}

/* --- brute force ------------------------------------------------------------------------------ */

bool figure_is_mark(const struct instance *instance, unsigned name, int to, int *out_threshold)
{
	/* Thresholds are multiples of three, so that every figure beside one has one only. */
	int threshold = (to + 1) / 3 * 3;

	if (is_of_quotients(name)) {
		*out_threshold = to;
		return instance->of_quotients[name];
	}
	*out_threshold = threshold;
	return threshold >= 0 && threshold <= FIGURES && instance->bounds[name][threshold];
}

/* An item with the enterprise. */
struct trying {
	const struct instance *instance;
	bool item;
	int values[NAMES];
};

static bool trying_is_turned(const void *context, const int *after)
{
	const struct trying *trying = context;

	return is_turned(trying->instance, trying->item, trying->values, after);
}

static bool trying_is_mark(const void *context, unsigned name, int to, int *out_threshold)
{
	const struct trying *trying = context;

	return figure_is_mark(trying->instance, name, to, out_threshold);
}

void expected_make(const struct instance *instance, const struct world *world,
		struct expected_list *out_list)
{
	bool unknown = instance->shape.items && world->item_count == 0 && !world->complete;
	unsigned count = !instance->shape.items || unknown ? 1 : world->item_count;

	out_list->count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct trying trying = { instance, instance->shape.items && !unknown, { 0 } };
		struct near_world near = {
			.names = instance->names,
			.count = NAMES,
			.shared = NAMES_SHARED,
			.item = i,
			.values = trying.values,
			.context = &trying,
			.is_turned = trying_is_turned,
			.is_mark = trying_is_mark,
		};

		world_compose(world, i, trying.values);
		brute_add(&near, out_list);
	}
	brute_finish(out_list);
}

static void values_print(const struct instance *instance, const int *values)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (values[i] != UNKNOWN)
			print_message("%s=%d ", instance->names[i].name, values[i]);
	}
	print_message("\n");
}

void instance_print(const struct instance *instance, const struct world *world)
{
	for (size_t i = 0; i < instance->count; i++)
		print_message("%s", condition_lines(&instance->conditions[i], "",
						    (struct arena *)&instance->arena));
	values_print(instance, world->values);
	for (unsigned i = 0; i < world->item_count; i++)
		values_print(instance, world->items[i]);
	print_message(world->complete ? "complete\n" : "");
}
