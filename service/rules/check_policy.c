/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the language has and rules of policies may not use: kinds of values that no attribute has,
 * has() on attributes, tests of the letters of region codes; and the warning about bare figures.
 */
#include "rules/check.h"

#include "base/region.h"
#include "rules/function.h"
#include "rules/type.h"

static bool is_policy(const struct checker *checker)
{
	return checker->source->options->policy;
}

/* Whether a value of @type is, or holds, one that policies do not use. */
static bool type_is_refused(const struct type *type)
{
	switch (type->kind) {
	case TYPE_UINT:
	case TYPE_BYTES:
	case TYPE_DOUBLE:
	case TYPE_NULL:
		return true;
	case TYPE_LIST:
	case TYPE_MAP:
		return (type->key && type_is_refused(type->key)) ||
		       (type->element && type_is_refused(type->element));
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_STRING:
	case TYPE_TIMESTAMP:
	case TYPE_DURATION:
	case TYPE_TYPE:
	case TYPE_DYN:
		break;
	}
	return false;
}

/* true when @node has a type that policies do not use, and was reported. */
static bool check_kind(struct checker *checker, const struct node *node)
{
	char text[TYPE_TEXT_SIZE];

	/* Below a name that was not found, and was reported, nothing was typed. */
	if (!node->type || type_is_bad(node->type) || !type_is_refused(node->type))
		return false;
	checker_report(checker, node, "rules of policies do not use %s",
			type_print(node->type, text));
	return true;
}

static bool names_region(const struct node *node)
{
	return node->variable && node->variable->is_region;
}

/* --- codes that an attribute cannot have ------------------------------------------------------ */

static void check_choice(struct checker *checker, const struct node *name,
		const struct node *place, struct slice code)
{
	const char *similar;

	if (scope_choices_have(name->variable->choices, code, &similar))
		return;
	if (similar)
		check_warning(checker, place,
				"\"%.*s\" is no choice of %.*s: did you mean \"%s\"?",
				SLICE_PRINT(code), SLICE_PRINT(name->variable->name), similar);
	else
		check_warning(checker, place,
				"\"%.*s\" is no choice of %.*s: see its choices in "
				"attributes.yaml",
				SLICE_PRINT(code), SLICE_PRINT(name->variable->name));
}

static bool has_choices(const struct node *node)
{
	return node->variable && node->variable->choices;
}

/* Of a text that is written out, or of each text of a list that is. */
static void check_choices(
		struct checker *checker, const struct node *name, const struct node *codes)
{
	if (!has_choices(name))
		return;
	if (codes->kind == NODE_LITERAL && codes->literal.kind == VALUE_STRING)
		check_choice(checker, name, codes, codes->literal.text);
	for (uint32_t i = 0; codes->kind == NODE_LIST && i < codes->count; i++)
		check_choices(checker, name, codes->children[i]);
}

/* e.kind == "a", e.kind in ["a", "b"], "a" in e.titles, e.titles["a"], e.titles.a */
static void check_codes(struct checker *checker, const struct node *node)
{
	bool compares = node->kind == NODE_OPERATOR &&
			(node->operation == OPERATOR_EQUAL ||
					node->operation == OPERATOR_NOT_EQUAL ||
					node->operation == OPERATOR_IN);

	if (compares || node->kind == NODE_INDEX)
		check_choices(checker, node->children[0], node->children[1]);
	if (compares)
		check_choices(checker, node->children[1], node->children[0]);
	if (node->kind == NODE_SELECT && !node->variable && has_choices(node->children[0]))
		check_choice(checker, node->children[0], node, node_name(node));
}

/* --- regions ---------------------------------------------------------------------------------- */

static void check_region_code(struct checker *checker, const struct node *code)
{
	const struct region_table *regions = checker->source->options->regions;

	if (regions && code->kind == NODE_LITERAL && code->literal.kind == VALUE_STRING &&
			!region_table_find(regions, code->literal.text))
		checker_report(checker, code, "%.*s is no code of the region table",
				SLICE_PRINT(code->literal.text));
}

static void check_region_call(struct checker *checker, const struct node *node)
{
	function_fn apply = node_function(node)->apply;

	if (apply == apply_region_within || apply == apply_region_kind) {
		for (uint32_t i = 1; i < node->count; i++)
			check_region_code(checker, node->children[i]);
	}
	if ((apply == apply_starts_with || apply == apply_ends_with ||
			    apply == apply_contains) &&
			names_region(node->children[0]))
		checker_report_mark(checker, node,
				"the letters of a region code say nothing for certain: "
				"use region.within(%.*s, \"...\")",
				SLICE_PRINT(node->children[0]->variable->name));
}

/* A figure in the text itself: 500, wan(500), -3; 0 and 1 are no figures. */
static bool is_bare_figure(const struct node *node)
{
	if (node->kind == NODE_LITERAL)
		return node->literal.kind == VALUE_INT && node->literal.integer != 0 &&
		       node->literal.integer != 1;
	if (!node->constant || node->type->kind != TYPE_INT)
		return false;
	for (uint32_t i = 0; i < node->count; i++) {
		if (is_bare_figure(node->children[i]))
			return true;
	}
	return false;
}

static void check_figures(struct checker *checker, const struct node *node)
{
	if (node->kind != NODE_OPERATOR || !operator_is_relation(node->operation))
		return;
	for (uint32_t i = 0; i < 2; i++) {
		if (is_bare_figure(node->children[i]) && node->children[1 - i]->reads_attribute)
			check_warning(checker, node->children[i],
					"a bare figure: name a parameter (p. ...) with its "
					"source");
	}
}

/* A sum or a rate that is written out: the whole rule, or an arm of its choice. */
static void check_result(struct checker *checker, const struct node *node)
{
	if (node->kind == NODE_CONDITIONAL) {
		check_result(checker, node->children[1]);
		check_result(checker, node->children[2]);
	} else if (node->type && is_bare_figure(node)) {
		check_warning(checker, node,
				"a bare figure: name a parameter (p. ...) with its source");
	}
}

void checker_result(struct checker *checker, const struct node *root)
{
	const struct rule_options *options = checker->source->options;

	if (options->warn_bare && options->expected && options->expected->kind == TYPE_INT &&
			(options->expected_dimension == DIMENSION_MONEY ||
					options->expected_dimension == DIMENSION_RATIO))
		check_result(checker, root);
}

void checker_policy(struct checker *checker, const struct node *node)
{
	if (checker->source->options->warn_bare)
		check_figures(checker, node);
	if (checker->source->options->warn_choices)
		check_codes(checker, node);
	if (is_policy(checker)) {
		if (!node->is_namespace && check_kind(checker, node))
			return;
		if (node->kind == NODE_HAS && node->children[0]->variable)
			checker_report(checker, node,
					"has() asks about entries of a map; an attribute that "
					"is not known "
					"is unknown of itself");
		if (node->function)
			check_region_call(checker, node);
	}
	for (uint32_t i = 0; !node->variable && i < node->count; i++)
		checker_policy(checker, node->children[i]);
}
