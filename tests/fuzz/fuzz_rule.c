/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a rule. What compiles must print as itself, and be evaluated, explained and bounded
 * with nothing known, with all known, and with next to no memory, without harm.
 */
#include "rules/program.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 9 };

static const struct scope_ratio quotient = { 0, 1, true, 5 };

static const struct scope_name names[SLOTS] = {
	{ .name = { "e.i0", 4 },
			.type = &type_int,
			.slot = 0,
			.dimension = DIMENSION_MONEY,
			.has_least = true,
			.has_most = true,
			.least = -5,
			.most = INT64_MAX },
	{ .name = { "e.i1", 4 }, .type = &type_int, .slot = 1, .dimension = DIMENSION_FREE },
	{ .name = { "e.b", 3 }, .type = &type_bool, .slot = 2 },
	{ .name = { "e.s", 3 }, .type = &type_string, .slot = 3 },
	{ .name = { "e.t", 3 }, .type = &type_timestamp, .slot = 4 },
	{ .name = { "e.l", 3 },
			.type = &type_list_int,
			.slot = 5,
			.dimension = DIMENSION_FREE },
	{ .name = { "e.m", 3 }, .type = &type_map_string_timestamp, .slot = 6 },
	{ .name = { "e.q", 3 },
			.type = &type_int,
			.slot = 7,
			.dimension = DIMENSION_RATIO,
			.ratio = &quotient },
	{ .name = { "p.i", 3 }, .type = &type_int, .slot = 8, .role = SCOPE_PARAMETER },
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void use(const struct rule *rule, const struct scope *scope, const struct value *values,
		size_t count, size_t budget)
{
	struct arena arena;
	struct evaluation evaluation = { values, count, NULL, &arena };
	struct rule_atom *atoms;
	size_t atom_count;
	struct value result;

	arena_init(&arena, budget);
	result = rule_evaluate(rule, &evaluation);
	for (int turned = 0; turned < 2; turned++) {
		const struct rule_explain_options options = { .turned = turned,
			.result = turned ? &result : NULL };

		if (rule_explain(rule, &evaluation, &options, &atoms, &atom_count))
			require(atom_count > 0);
	}
	if (rule_type(rule)->kind == TYPE_INT) {
		struct interval bounds = rule_evaluate_interval(rule, scope, &evaluation);

		if (result.kind == VALUE_INT && !arena.exhausted)
			require(bounds.least == result.integer &&
					bounds.most == result.integer);
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct value list[] = { { .kind = VALUE_INT, .integer = 3 },
		{ .kind = VALUE_INT, .integer = -1 } };
	static const struct value map[] = { { .kind = VALUE_STRING, .text = { "k", 1 } },
		{ .kind = VALUE_TIMESTAMP, .timestamp = { 7, 0 } } };
	static const struct value values[SLOTS] = {
		{ .kind = VALUE_INT, .integer = 100000000 },
		{ .kind = VALUE_INT, .integer = 3 },
		{ .kind = VALUE_BOOL, .boolean = true },
		{ .kind = VALUE_STRING, .text = { "411282", 6 } },
		{ .kind = VALUE_TIMESTAMP, .timestamp = { 1709136000, 0 } },
		{ .kind = VALUE_LIST, .list = { list, 2 } },
		{ .kind = VALUE_MAP, .list = { map, 1 } },
		{ .kind = VALUE_UNKNOWN },
		{ .kind = VALUE_INT, .integer = 30 },
	};
	struct rule_options options = { .path = "fuzz",
		.cost_limit = 200000,
		.policy = size && data[size - 1] == '!',
		.warn_bare = true };
	struct scope *scope = scope_new();
	struct arena arena;
	struct diagnostics diagnostics;
	const struct rule *rule;

	for (size_t i = 0; scope && i < SLOTS; i++)
		require(scope_add(scope, &names[i]));
	arena_init(&arena, (size_t)32 << 20);
	diagnostics_init(&diagnostics, &arena);
	rule = rule_compile((struct slice){ (const char *)data, size }, scope, &options, &arena,
			&diagnostics);
	require((rule != NULL) == (diagnostics.error_count == 0));
	if (rule) {
		char *printed = rule_print(rule, &arena);
		const struct rule *again = rule_compile(
				slice_from(printed), scope, &options, &arena, &diagnostics);

		/* Printing may only make a text longer than the limit, never another rule. */
		require(again ? tree_equals(rule->root, again->root)
			      : strlen(printed) > 16384 || arena.exhausted);
		use(rule, scope, NULL, 0, (size_t)16 << 20);
		use(rule, scope, values, SLOTS, (size_t)16 << 20);
		use(rule, scope, values, SLOTS, 5000);
	}
	for (size_t i = 0; i < diagnostics.count; i++)
		(void)diagnostic_format_excerpt(&diagnostics.list[i], &arena);
	scope_free(scope);
	arena_fini(&arena);
	return 0;
}
