/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a rule. What compiles must print as itself, and be evaluated, explained and bounded
 * with nothing known, with all known, and with next to no memory, without harm. Made of parts, which are known
 * from texts with other figures, it must be the same rule, and what is none must be none.
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

/* The code, constants and names that are read; that the trees are alike is asked elsewhere. */
static bool program_equals(const struct program *a, const struct program *b)
{
	bool equals = a->code_count == b->code_count &&
		      a->constant_count == b->constant_count &&
		      a->slot_count == b->slot_count && a->ratio_count == b->ratio_count &&
		      a->loop_depth == b->loop_depth && a->stack_size >= b->stack_size;

	for (int i = 0; equals && i < a->code_count; i++)
		equals = a->code[i].opcode == b->code[i].opcode &&
			 a->code[i].a == b->code[i].a && a->code[i].b == b->code[i].b &&
			 a->code[i].c == b->code[i].c;
	for (int i = 0; equals && i < a->constant_count; i++)
		equals = a->constants[i].kind == b->constants[i].kind;
	for (int i = 0; equals && i < a->slot_count; i++)
		equals = a->slots[i] == b->slots[i] && a->slot_kinds[i] == b->slot_kinds[i];
	for (int i = 0; equals && i < a->ratio_count; i++)
		equals = a->ratios[i].own == b->ratios[i].own &&
			 a->ratios[i].num == b->ratios[i].num &&
			 a->ratios[i].den == b->ratios[i].den;
	return equals;
}

/* Of what has code; the rest is of use to a printer only. */
static bool places_equal(const struct node *a, const struct node *b)
{
	if (a->code_begin != b->code_begin || a->code_end != b->code_end ||
			a->count != b->count || a->depth != b->depth ||
			a->constant != b->constant)
		return false;
	if (a->code_begin >= 0 &&
			(a->begin != b->begin || a->end != b->end || a->mark != b->mark ||
					a->mark_end != b->mark_end))
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!places_equal(a->children[i], b->children[i]))
			return false;
	}
	return true;
}

/*
 * A rule of a text, and the one that is made of parts of it that are known from other figures: of no rule (NULL) there is
 * none either.
 */
static void known_compare(const struct rule *rule, struct slice text, const struct scope *scope,
		const struct rule_options *options, struct arena *arena)
{
	struct rule_options loading = *options;
	char *other = arena_copy(arena, text.data, text.size);
	struct arena findings;
	struct diagnostics ignored;

	arena_init(&findings, (size_t)32 << 20);
	diagnostics_init(&ignored, &findings);
	loading.lasting = true;
	loading.memo = rule_memo_new();
	require(loading.memo);
	for (size_t i = 0; other && i < text.size; i++) {
		if (other[i] >= '1' && other[i] <= '9')
			other[i] = other[i] == '9' ? '1' : (char)(other[i] + 1);
	}
	if (other)
		(void)rule_compile((struct slice){ other, text.size }, scope, &loading, arena,
				&ignored);
	for (int i = 0; i < 2; i++) {
		const struct rule *known = rule_compile(text, scope, &loading, arena, &ignored);
		const struct node *root = known ? rule_root(known, arena) : NULL;
		const struct program *program = known ? rule_program(known, arena) : NULL;

		if (arena->exhausted)
			break;
		require((rule != NULL) == (known != NULL));
		if (!rule)
			continue;
		require(root && tree_equals(rule->root, root) &&
				places_equal(rule->root, root) &&
				rule_cost(rule) == rule_cost(known) && program &&
				program_equals(rule->program, program));
	}
	rule_memo_free(loading.memo);
	arena_fini(&findings);
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
	if (!arena.exhausted)
		known_compare(rule, (struct slice){ (const char *)data, size }, scope, &options,
				&arena);
	for (size_t i = 0; i < diagnostics.count; i++)
		(void)diagnostic_format_excerpt(&diagnostics.list[i], &arena);
	scope_free(scope);
	arena_fini(&arena);
	return 0;
}
