/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of functions, loops over lists, and what rules of policies may not do. */
#include "rules/check.h"

#include "base/buffer.h"
#include "base/date.h"
#include "rules/function.h"
#include "rules/type.h"

/* "money.mulDiv" for a call money.mulDiv(...) whose "money" is no variable; else empty. */
static struct slice namespaced_name(
		const struct checker *checker, const struct node *node, char *out, size_t size)
{
	static const char *const namespaces[] = { "money", "date", "list", "region", "math" };
	const struct node *space = node->children[0];
	int length;

	if (space->kind != NODE_NAME || scope_find(checker->scope, node_name(space)))
		return (struct slice){ out, 0 };
	for (int i = 0; i < checker->local_count; i++) {
		if (slice_equals(checker->locals[i].name, node_name(space)))
			return (struct slice){ out, 0 };
	}
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		if (!slice_equals_text(node_name(space), namespaces[i]))
			continue;
		length = snprintf(out, size, "%.*s.%.*s", SLICE_PRINT(node_name(space)),
				SLICE_PRINT(node_name(node)));
		return (struct slice){ out,
			length > 0 && (size_t)length < size ? (size_t)length : 0 };
	}
	return (struct slice){ out, 0 };
}

static bool parameter_fits(const struct type *parameter, const struct type *argument)
{
	if (argument->kind == TYPE_DYN || parameter->kind == TYPE_DYN)
		return true;
	if (parameter->kind != argument->kind)
		return false;
	if (parameter->element && !parameter_fits(parameter->element, argument->element))
		return false;
	return !parameter->key || parameter_fits(parameter->key, argument->key);
}

static bool function_fits(
		const struct function *function, struct node *const *arguments, uint32_t count)
{
	if (function->repeats ? count < (uint32_t)function->count
			      : count != (uint32_t)function->count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i < (uint32_t)function->count ? i : (uint32_t)function->count - 1;

		if (!parameter_fits(function->parameters[at], arguments[i]->type))
			return false;
	}
	return true;
}

/* No overload fits: says what was given, and what a sole overload of that many arguments wants. */
static void report_misfit(struct checker *checker, const struct node *node, struct slice name,
		struct node *const *arguments, uint32_t count, bool receiver)
{
	struct buffer given = { 0 };
	char text[TYPE_TEXT_SIZE];
	const struct function *like = NULL;
	size_t likes = 0;

	for (size_t i = 0; i < function_count; i++) {
		if (slice_equals_text(name, functions[i].name) &&
				functions[i].receiver == receiver) {
			likes++;
			like = &functions[i];
		}
	}
	for (uint32_t i = 0; i < count; i++)
		buffer_format(&given, "%s%s", i ? ", " : "",
				type_print(arguments[i]->type, text));
	if (likes == 1 && (uint32_t)like->count != count)
		checker_report_mark(checker, node, "%.*s() takes %d argument%s, not %u",
				SLICE_PRINT(name), like->count - receiver,
				like->count - receiver == 1 ? "" : "s", count - receiver);
	else
		checker_report_mark(checker, node, "there is no %.*s() for (%s)",
				SLICE_PRINT(name),
				given.failed || !given.data ? "" : given.data);
	buffer_fini(&given);
}

static bool name_is_function(struct slice name)
{
	for (size_t i = 0; i < function_count; i++) {
		if (slice_equals_text(name, functions[i].name))
			return true;
	}
	return false;
}

static enum dimension same_dimension(
		struct checker *checker, struct node *const *arguments, uint32_t count)
{
	enum dimension dimension = arguments[0]->dimension;

	for (uint32_t i = 1; i < count; i++) {
		if (!dimension_fits(dimension, arguments[i]->dimension)) {
			char a[TYPE_TEXT_SIZE], b[TYPE_TEXT_SIZE];

			checker_report(checker, arguments[i], "expected %s, found %s",
					type_describe(&type_int, dimension, a),
					type_describe(&type_int, arguments[i]->dimension, b));
		}
		dimension = dimension_join(dimension, arguments[i]->dimension);
	}
	return dimension;
}

/* a * b / c: money above and below the line cancel out. */
static enum dimension quotient_dimension(
		struct checker *checker, const struct node *node, struct node *const *arguments)
{
	int money = (arguments[0]->dimension == DIMENSION_MONEY) +
		    (arguments[1]->dimension == DIMENSION_MONEY) -
		    (arguments[2]->dimension == DIMENSION_MONEY);
	bool free = false;

	for (int i = 0; i < 3; i++)
		free = free || (arguments[i]->dimension == DIMENSION_FREE &&
					       arguments[i]->kind != NODE_LITERAL);
	if (money == 1)
		return DIMENSION_MONEY;
	if (money != 0 && !free)
		checker_report(checker, node,
				money > 1 ? "multiplies money by money"
					  : "divides what is no money by money");
	return free || money ? DIMENSION_FREE : DIMENSION_ANY;
}

static void check_zone(struct checker *checker, const struct node *zone)
{
	int offset;

	if (zone->kind == NODE_LITERAL && !zone_parse(zone->literal.text, &offset))
		checker_report(checker, zone,
				"zones are fixed here, such as \"+08:00\" or \"UTC\"; names "
				"such as "
				"\"Asia/Shanghai\" are not supported");
}

static void check_result(struct checker *checker, struct node *node,
		struct node *const *arguments, uint32_t count)
{
	const struct function *function = node_function(node);
	enum rounding rounding;

	node->type = function->result;
	switch (function->dimension) {
	case RESULT_FREE:
		node->dimension = DIMENSION_FREE;
		break;
	case RESULT_MONEY:
		node->dimension = DIMENSION_MONEY;
		if (!dimension_fits(arguments[0]->dimension, DIMENSION_ANY))
			checker_report(checker, arguments[0],
					"%.*s() makes money of a bare number; "
					"this is money already",
					SLICE_PRINT(node_name(node)));
		break;
	case RESULT_COUNT:
		node->dimension = DIMENSION_COUNT;
		break;
	case RESULT_SAME:
		node->dimension = same_dimension(checker, arguments, count);
		break;
	case RESULT_QUOTIENT:
		node->dimension = quotient_dimension(checker, node, arguments);
		if (arguments[3]->kind != NODE_LITERAL ||
				!rounding_parse(arguments[3]->literal.text, &rounding))
			checker_report(checker, arguments[3],
					"expected \"down\", \"half_up\" or \"up\" as the mode");
		break;
	}
	if (function->receiver && function->parameters[0] == &type_timestamp && count == 2)
		check_zone(checker, arguments[1]);
}

static void check_unknown_function(
		struct checker *checker, const struct node *node, struct slice name)
{
	if (slice_equals_text(name, "matches"))
		checker_report_mark(checker, node,
				"matches() is not supported: use startsWith(), "
				"endsWith(), contains() or \"in\"");
	else if (slice_equals_text(name, "type") || slice_equals_text(name, "dyn"))
		checker_report_mark(checker, node,
				"%.*s() is not supported: types are known before a "
				"rule runs",
				SLICE_PRINT(name));
	else
		checker_report_mark(checker, node, "there is no function %.*s()",
				SLICE_PRINT(name));
}

void checker_call(struct checker *checker, struct node *node)
{
	char text[128];
	struct slice name = node_name(node);
	struct slice spaced = { text, 0 };
	struct node *const *arguments = node->children;
	uint32_t count = node->count;
	bool receiver = node->receiver;
	bool bad = false;

	if (receiver)
		spaced = namespaced_name(checker, node, text, sizeof(text));
	if (spaced.size) {
		node->children[0]->is_namespace = true;
		node->children[0]->type = &type_bad;
		name = spaced;
		receiver = false;
		arguments++;
		count--;
	}
	for (uint32_t i = 0; i < count; i++) {
		checker_node(checker, arguments[i]);
		bad = bad || type_is_bad(arguments[i]->type);
	}
	if (!name_is_function(name)) {
		check_unknown_function(checker, node, name);
		return;
	}
	if (bad)
		return;
	for (size_t i = 0; i < function_count; i++) {
		if (functions[i].receiver != receiver ||
				!slice_equals_text(name, functions[i].name) ||
				!function_fits(&functions[i], arguments, count))
			continue;
		node->function = (uint8_t)(i + 1);
		check_result(checker, node, arguments, count);
		return;
	}
	report_misfit(checker, node, name, arguments, count, receiver);
}

void checker_loop(struct checker *checker, struct node *node)
{
	struct node *range = node->children[0];
	struct node *body = node->children[node->count - 1];
	struct checker_local *local = &checker->locals[checker->local_count];
	char text[TYPE_TEXT_SIZE];

	checker_node(checker, range);
	*local = (struct checker_local){ node_name(node), &type_bad, range->dimension };
	if (range->type->kind == TYPE_LIST)
		local->type = range->type->element;
	else if (range->type->kind == TYPE_MAP)
		local->type = range->type->key;
	else if (!type_is_bad(range->type))
		checker_report(checker, range,
				"%s() goes over a list or the keys of a map, not %s",
				loop_text(node->loop),
				type_describe(range->type, range->dimension, text));
	if (range->type->kind == TYPE_MAP)
		local->dimension = DIMENSION_FREE;
	node->local = (int8_t)checker->local_count++;
	if (checker->local_count > checker->loop_depth)
		checker->loop_depth = checker->local_count;
	for (uint32_t i = 1; i < node->count; i++)
		checker_node(checker, node->children[i]);
	checker->local_count--;
	for (uint32_t i = 1; i < node->count; i++) {
		const struct node *child = node->children[i];
		bool predicate = node->loop != LOOP_MAP || i + 1 < node->count;

		if (predicate && child->type->kind != TYPE_BOOL &&
				child->type->kind != TYPE_DYN)
			checker_report(checker, child, "expected bool in %s(), found %s",
					loop_text(node->loop),
					type_describe(child->type, child->dimension, text));
	}
	node->type = &type_bool;
	if (node->loop == LOOP_FILTER) {
		node->type = range->type->kind == TYPE_MAP
					     ? type_list_of(range->type->key, checker->arena)
					     : range->type;
		node->dimension = local->dimension;
	} else if (node->loop == LOOP_MAP) {
		node->type = type_is_bad(body->type) ? &type_bad
						     : type_list_of(body->type, checker->arena);
		node->dimension = body->dimension;
	}
}
