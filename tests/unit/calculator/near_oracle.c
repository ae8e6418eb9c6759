/* SPDX-License-Identifier: Apache-2.0 */
#include "near_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEPTH 3

const struct dictionary_entry dictionary_entries[NAMES] = {
	{ UP, 10 },
	{ BOTH, 30 },
	{ FIXED, 1 },
	{ DOWN, 20 },
	{ BOTH, 50 },
	{ UP, 60 },
	{ FIXED, 1 },
	{ DOWN, 7 },
	{ BOTH, 45 },
};

/* --- trees ------------------------------------------------------------------------------------ */

enum tree_kind {
	TREE_FLAG,
	TREE_COMPARE,	/* e.n1 >= 6 */
	TREE_PARAMETER, /* e.n1 >= p.stated, or p.not_there */
	TREE_NOT,
	TREE_AND,
	TREE_OR,
	TREE_CHOICE, /* e.f1 ? left : right */
};

static const char *const relations[] = { ">=", ">", "<=", "<", "==", "!=" };

struct tree {
	enum tree_kind kind;
	unsigned name;
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

static struct tree *tree_make(struct arena *arena, unsigned depth)
{
	struct tree *tree = ARENA_NEW(arena, struct tree);
	unsigned pick = random_below(depth ? 14 : 6);

	assert_non_null(tree);
	tree->name = random_below(FLAGS);
	tree->bound = 3 * (int)(1 + random_below(FIGURES / 3 - 1));
	/* Equality is seldom; comparisons are what policies are made of. */
	tree->relation = random_below(8) ? random_below(4) : 4 + random_below(2);
	tree->stated = random_below(6) > 0;
	if (pick < 2) {
		tree->kind = TREE_FLAG;
	} else if (pick < 6) {
		tree->kind = pick < 5 ? TREE_COMPARE : TREE_PARAMETER;
		tree->name = FLAGS + random_below(COUNTS);
		if (tree->kind == TREE_PARAMETER)
			tree->bound = PARAMETER_VALUE;
	} else {
		tree->kind = pick == 6	 ? TREE_NOT
			     : pick < 10 ? TREE_AND
			     : pick < 13 ? TREE_OR
					 : TREE_CHOICE;
		tree->left = tree_make(arena, depth - 1);
		if (tree->kind != TREE_NOT)
			tree->right = tree_make(arena, depth - 1);
	}
	return tree;
}

static const char *tree_text(const struct tree *tree, struct arena *arena)
{
	const char *left = tree->left ? tree_text(tree->left, arena) : "";
	const char *right = tree->right ? tree_text(tree->right, arena) : "";

	switch (tree->kind) {
	case TREE_FLAG:
		return arena_format(arena, "e.f%u", tree->name);
	case TREE_COMPARE:
		return arena_format(arena, "e.n%u %s %d", tree->name - FLAGS,
				relations[tree->relation], tree->bound);
	case TREE_PARAMETER:
		return arena_format(arena, "e.n%u %s p.%s", tree->name - FLAGS,
				relations[tree->relation],
				tree->stated ? "stated" : "not_there");
	case TREE_NOT:
		return arena_format(arena, "!(%s)", left);
	case TREE_CHOICE:
		return arena_format(arena, "(e.f%u ? (%s) : (%s))", tree->name, left, right);
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

static enum three compare_judge(const struct tree *tree, int value)
{
	switch (tree->relation) {
	case 0:
		return three_of(value >= tree->bound);
	case 1:
		return three_of(value > tree->bound);
	case 2:
		return three_of(value <= tree->bound);
	case 3:
		return three_of(value < tree->bound);
	case 4:
		return three_of(value == tree->bound);
	default:
		return three_of(value != tree->bound);
	}
}

static enum three tree_judge(const struct tree *tree, const int *values)
{
	enum three absorbing = tree->kind == TREE_AND ? THREE_NO : THREE_YES;
	enum three left, right;
	int value = values[tree->name];

	switch (tree->kind) {
	case TREE_FLAG:
		return value == UNKNOWN ? THREE_UNKNOWN : three_of(value);
	case TREE_PARAMETER:
		if (!tree->stated)
			return THREE_UNKNOWN;
		return value == UNKNOWN ? THREE_UNKNOWN : compare_judge(tree, value);
	case TREE_COMPARE:
		return value == UNKNOWN ? THREE_UNKNOWN : compare_judge(tree, value);
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

/* Gathers the thresholds that an attribute is compared with. */
static void tree_bounds(const struct tree *tree, unsigned name, bool *bounds)
{
	if ((tree->kind == TREE_COMPARE || tree->kind == TREE_PARAMETER) && tree->name == name)
		bounds[tree->bound] = true;
	if (tree->left)
		tree_bounds(tree->left, name, bounds);
	if (tree->right)
		tree_bounds(tree->right, name, bounds);
}

/* --- policies --------------------------------------------------------------------------------- */

enum status condition_judge(const struct condition *condition, const int *values)
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

/* Every condition that was not met is met, and none was lost. */
bool is_turned(const struct instance *instance, const int *before, const int *after)
{
	for (size_t i = 0; i < instance->count; i++) {
		const struct condition *condition = &instance->conditions[i];
		enum status now = condition_judge(condition, after);
		bool open_will_do = condition->role == REVIEW && !condition->tree;

		if (now == NOT_MET)
			return false;
		if (condition_judge(condition, before) == NOT_MET && now != MET &&
				!open_will_do)
			return false;
	}
	return true;
}

const char *lines_make(struct instance *instance)
{
	static const char *const directions[] = { "", " mutable UP", " mutable DOWN",
		" mutable BOTH" };
	struct arena *arena = &instance->arena;
	const char *lines = "parameter stated COUNT 15\nparameter not_there COUNT unknown\n";

	for (unsigned i = 0; i < NAMES; i++)
		lines = arena_format(arena, "%sattribute %c%u %s%s weight %d\n", lines,
				i < FLAGS ? 'f' : 'n', i < FLAGS ? i : i - FLAGS,
				i < FLAGS ? "FLAG" : "COUNT",
				directions[dictionary_entries[i].direction],
				dictionary_entries[i].weight);
	lines = arena_format(arena, "%spolicy x\nwindow always\n", lines);
	instance->count = 1 + random_below(CONDITIONS);
	for (size_t i = 0; i < instance->count; i++) {
		struct condition *condition = &instance->conditions[i];
		bool judged = random_below(5) == 0;

		condition->role = judged ? REVIEW : (enum role)(random_below(3) == 0);
		condition->tree = judged && random_below(2) ? NULL : tree_make(arena, DEPTH);
		condition->fails_if = tree_make(arena, 1);
		if (judged)
			lines = arena_format(arena, "%sreview %s%s fails_if %s\n", lines,
					condition->tree ? "met_if " : "",
					condition->tree ? tree_text(condition->tree, arena)
							: "",
					tree_text(condition->fails_if, arena));
		else
			lines = arena_format(arena, "%s%s %s\n", lines,
					condition->role == REQUIRE ? "require" : "exclude",
					tree_text(condition->tree, arena));
		for (unsigned name = FLAGS; name < NAMES; name++) {
			if (condition->tree)
				tree_bounds(condition->tree, name, instance->bounds[name]);
			if (judged)
				tree_bounds(condition->fails_if, name, instance->bounds[name]);
		}
	}
	return lines;
}

/* --- brute force ------------------------------------------------------------------------------ */

/* The cheapest change of one set of attributes; a single one is (name, NAMES). */
struct best {
	bool found;
	int64_t cost;
};

/* change_weight * |distance| / max(|threshold|, 1) in millionths, rounded down. */
int64_t cost_of(unsigned name, int from, int to)
{
	int64_t threshold = name < FLAGS ? 1 : (to + 1) / 3 * 3;

	if (from == to)
		return 0;
	return (int64_t)abs(to - from) * dictionary_entries[name].weight * 1000000 /
	       (threshold > 1 ? threshold : 1);
}

#define LATTICE (FIGURES + 4)

/* Where an attribute may go one way: where it stands, then the lattice, nearest first. */
static size_t lattice(const struct instance *instance, unsigned name, int from, int way,
		int *out_list)
{
	enum direction direction = dictionary_entries[name].direction;
	int end = name < FLAGS ? 1 : FIGURES + 1;
	size_t count = 1;

	out_list[0] = from;
	if (from == UNKNOWN || direction == FIXED ||
			direction == (way > 0 ? (enum direction)DOWN : (enum direction)UP))
		return count;
	for (int to = from + way; to >= (name < FLAGS ? 0 : -1) && to <= end; to += way) {
		bool on = name < FLAGS;

		for (int beside = -1; !on && beside <= 1; beside++)
			on = to + beside >= 0 && to + beside <= FIGURES &&
			     instance->bounds[name][to + beside];
		if (on)
			out_list[count++] = to;
	}
	return count;
}

/*
 * The cheapest change of both of those that go no further than needed: where one of them could stay
 * nearer, or stay, it must. @second NAMES: of the first alone.
 */
static void quadrant_try(const struct instance *instance, const int *values, unsigned first,
		unsigned second, int first_way, int second_way, struct best *best)
{
	bool turned[LATTICE][LATTICE]; /* here or nearer */
	int here[LATTICE], there[LATTICE];
	size_t here_count = lattice(instance, first, values[first], first_way, here);
	size_t there_count = second == NAMES ? 1
					     : lattice(instance, second, values[second],
							       second_way, there);
	int changed[NAMES];

	memcpy(changed, values, sizeof(changed));
	for (size_t i = 0; i < here_count; i++) {
		changed[first] = here[i];
		for (size_t k = 0; k < there_count; k++) {
			bool nearer = (i > 0 && turned[i - 1][k]) ||
				      (k > 0 && turned[i][k - 1]);
			int64_t cost = cost_of(first, values[first], here[i]);

			if (second < NAMES) {
				changed[second] = there[k];
				cost += cost_of(second, values[second], there[k]);
			}
			turned[i][k] = nearer || is_turned(instance, values, changed);
			if (nearer || !turned[i][k] || i == 0 || (second < NAMES && k == 0) ||
					(best->found && cost >= best->cost))
				continue;
			best->found = true;
			best->cost = cost;
		}
	}
}

static void pair_try(const struct instance *instance, const int *values, unsigned first,
		unsigned second, struct best *best)
{
	for (int ways = 0; ways < (second == NAMES ? 2 : 4); ways++)
		quadrant_try(instance, values, first, second, ways & 1 ? 1 : -1,
				ways & 2 ? 1 : -1, best);
}

static bool is_before(const struct expected *a, const struct expected *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost;
	if (a->first != b->first)
		return a->first < b->first;
	/* A single one goes before a pair that begins with it. */
	return (a->second == NAMES ? 0 : a->second + 1) <
	       (b->second == NAMES ? 0 : b->second + 1);
}

/* The sets of attributes that are no dearer way of a smaller set, cheapest first. */
size_t expected_make(
		const struct instance *instance, const int *values, struct expected *out_list)
{
	struct best single[NAMES];
	size_t count = 0;

	memset(single, 0, sizeof(single));
	for (unsigned i = 0; i < NAMES; i++) {
		pair_try(instance, values, i, NAMES, &single[i]);
		if (single[i].found)
			out_list[count++] = (struct expected){ i, NAMES, single[i].cost };
	}
	for (unsigned i = 0; i < NAMES; i++) {
		for (unsigned k = i + 1; k < NAMES; k++) {
			struct best both = { 0 };

			pair_try(instance, values, i, k, &both);
			if (both.found && (!single[i].found || single[i].cost > both.cost) &&
					(!single[k].found || single[k].cost > both.cost))
				out_list[count++] = (struct expected){ i, k, both.cost };
		}
	}
	for (size_t i = 1; i < count; i++) {
		for (size_t k = i; k > 0 && is_before(&out_list[k], &out_list[k - 1]); k--) {
			struct expected swap = out_list[k];

			out_list[k] = out_list[k - 1];
			out_list[k - 1] = swap;
		}
	}
	return count;
}

void instance_print(const struct instance *instance, const int *values)
{
	for (size_t i = 0; i < instance->count; i++) {
		const struct condition *condition = &instance->conditions[i];
		struct arena *arena = (struct arena *)&instance->arena;

		print_message("role %d: %s | %s\n", condition->role,
				condition->tree ? tree_text(condition->tree, arena) : "",
				condition->role == REVIEW
						? tree_text(condition->fails_if, arena)
						: "");
	}
	for (unsigned i = 0; i < NAMES; i++)
		print_message("%c%u=%d ", i < FLAGS ? 'f' : 'n', i < FLAGS ? i : i - FLAGS,
				values[i]);
	print_message("\n");
}
