/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules over random partial bindings, held against what must always be true:
 *
 *   (1) the machine gives what a naive second evaluator, written down here from the truth tables,
 *       gives: the same value, an error, or the same missing set;
 *   (2) learning what is missing never changes a value or an error;
 *   (3) parse(print(t)) == t, and print is a fixed point;
 *   (4) the interval of an int rule contains the value of every completion, and says so when one errs.
 *
 * The generator prints its shares of true, false, unknown and error; none may be below a tenth.
 */
#include "rules/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INT_SLOTS = 4, BOOL_SLOTS = 4, SLOTS = INT_SLOTS + BOOL_SLOTS, LEAST = -3, MOST = 3 };

static uint64_t seed = 20240229;

static unsigned random_below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % limit;
}

/* --- rules as the generator knows them --------------------------------------------------------- */

enum expr_kind {
	EXPR_NUMBER,
	EXPR_INT_SLOT,
	EXPR_ARITHMETIC, /* text[0] of + - * / % */
	EXPR_INT_CONDITIONAL,
	EXPR_GREATEST,
	EXPR_ELEMENT, /* of the innermost loop */
	EXPR_TRUTH,
	EXPR_BOOL_SLOT,
	EXPR_RELATION,
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT,
	EXPR_BOOL_CONDITIONAL,
	EXPR_ALL,
	EXPR_EXISTS,
	EXPR_EXISTS_ONE,
};

struct expr {
	enum expr_kind kind;
	const char *text; /* operator */
	int number;	  /* or slot */
	int count;
	struct expr *children[3];
};

static struct expr *expr_new(struct arena *arena, enum expr_kind kind)
{
	struct expr *expr = ARENA_NEW(arena, struct expr);

	assert_non_null(expr);
	expr->kind = kind;
	return expr;
}

static struct expr *make_bool(struct arena *arena, int depth, bool in_loop);

static struct expr *make_int(struct arena *arena, int depth, bool in_loop)
{
	static const char *const operators[] = { "+", "-", "*", "/", "/", "%", "%" };
	unsigned pick = depth <= 0 ? random_below(6) : 3 + random_below(9);
	struct expr *expr;

	if (in_loop && random_below(3) == 0)
		return expr_new(arena, EXPR_ELEMENT);
	if (pick < 2) {
		expr = expr_new(arena, EXPR_NUMBER);
		expr->number = (int)random_below(7) - 3;
		return expr;
	}
	if (pick < 6) {
		expr = expr_new(arena, EXPR_INT_SLOT);
		expr->number = (int)random_below(INT_SLOTS);
		return expr;
	}
	if (pick < 10) {
		expr = expr_new(arena, EXPR_ARITHMETIC);
		expr->text = operators[random_below(7)];
		expr->count = 2;
	} else if (pick < 11) {
		expr = expr_new(arena, EXPR_INT_CONDITIONAL);
		expr->children[0] = make_bool(arena, depth - 2, in_loop);
		expr->count = 3;
	} else {
		expr = expr_new(arena, EXPR_GREATEST);
		expr->count = 2;
	}
	for (int i = expr->kind == EXPR_INT_CONDITIONAL; i < expr->count; i++)
		expr->children[i] = make_int(arena, depth - 1, in_loop);
	return expr;
}

static struct expr *make_bool(struct arena *arena, int depth, bool in_loop)
{
	static const char *const relations[] = { "==", "!=", "<", "<=", ">", ">=" };
	unsigned pick = depth <= 0 ? random_below(4) : 2 + random_below(13);
	struct expr *expr;

	if (pick < 1) {
		expr = expr_new(arena, EXPR_TRUTH);
		expr->number = (int)random_below(2);
	} else if (pick < 3) {
		expr = expr_new(arena, EXPR_BOOL_SLOT);
		expr->number = INT_SLOTS + (int)random_below(BOOL_SLOTS);
	} else if (pick < 7) {
		expr = expr_new(arena, EXPR_RELATION);
		expr->text = relations[random_below(6)];
		expr->count = 2;
		expr->children[0] = make_int(arena, depth - 1, in_loop);
		expr->children[1] = make_int(arena, depth - 1, in_loop);
	} else if (pick < 11) {
		expr = expr_new(arena, pick < 9 ? EXPR_AND : EXPR_OR);
		expr->count = 2 + (int)random_below(2);
		for (int i = 0; i < expr->count; i++)
			expr->children[i] = make_bool(arena, depth - 1, in_loop);
	} else if (pick < 13) {
		expr = expr_new(arena, pick < 12 ? EXPR_NOT : EXPR_BOOL_CONDITIONAL);
		expr->count = expr->kind == EXPR_NOT ? 1 : 3;
		for (int i = 0; i < expr->count; i++)
			expr->children[i] = make_bool(arena, depth - 1, in_loop);
	} else {
		expr = expr_new(arena, (enum expr_kind)(EXPR_ALL + random_below(3)));
		expr->count = 3;
		expr->children[0] = make_int(arena, depth - 2, in_loop);
		expr->children[1] = make_int(arena, depth - 2, in_loop);
		expr->children[2] = make_bool(arena, depth - 2, true);
	}
	return expr;
}

static void write_expr(const struct expr *expr, FILE *out)
{
	static const char *const loops[] = { "all", "exists", "exists_one" };
	const char *joint = expr->kind == EXPR_AND  ? " && "
			    : expr->kind == EXPR_OR ? " || "
						    : expr->text;

	switch (expr->kind) {
	case EXPR_NUMBER:
		(void)fprintf(out, "%d", expr->number);
		break;
	case EXPR_INT_SLOT:
		(void)fprintf(out, "e.i%d", expr->number);
		break;
	case EXPR_BOOL_SLOT:
		(void)fprintf(out, "e.b%d", expr->number);
		break;
	case EXPR_TRUTH:
		(void)fputs(expr->number ? "true" : "false", out);
		break;
	case EXPR_ELEMENT:
		(void)fputs("x", out);
		break;
	case EXPR_NOT:
		(void)fputs("!(", out);
		write_expr(expr->children[0], out);
		(void)fputs(")", out);
		break;
	case EXPR_ARITHMETIC:
	case EXPR_RELATION:
	case EXPR_AND:
	case EXPR_OR:
		for (int i = 0; i < expr->count; i++) {
			(void)fputs(i ? joint : "", out);
			(void)fputs("(", out);
			write_expr(expr->children[i], out);
			(void)fputs(")", out);
		}
		break;
	case EXPR_INT_CONDITIONAL:
	case EXPR_BOOL_CONDITIONAL:
		(void)fputs("(", out);
		write_expr(expr->children[0], out);
		(void)fputs(") ? (", out);
		write_expr(expr->children[1], out);
		(void)fputs(") : ", out);
		write_expr(expr->children[2], out);
		break;
	case EXPR_GREATEST:
	case EXPR_ALL:
	case EXPR_EXISTS:
	case EXPR_EXISTS_ONE:
		(void)fputs(expr->kind == EXPR_GREATEST ? "math.greatest(" : "[", out);
		write_expr(expr->children[0], out);
		(void)fputs(", ", out);
		write_expr(expr->children[1], out);
		if (expr->kind == EXPR_GREATEST) {
			(void)fputs(")", out);
			break;
		}
		(void)fprintf(out, "].%s(x, ", loops[expr->kind - EXPR_ALL]);
		write_expr(expr->children[2], out);
		(void)fputs(")", out);
		break;
	}
}

/* --- the second evaluator ----------------------------------------------------------------------- */

enum outcome_kind { OUTCOME_VALUE, OUTCOME_UNKNOWN, OUTCOME_ERROR };

struct outcome {
	enum outcome_kind kind;
	int64_t value;	  /* 0 and 1 for bools */
	unsigned missing; /* bits */
};

static struct outcome known(int64_t value)
{
	return (struct outcome){ OUTCOME_VALUE, value, 0 };
}

static const struct outcome failure = { OUTCOME_ERROR, 0, 0 };

/* Rule 1: any error, else the union of the unknowns, else a value. */
static struct outcome strictly(struct outcome a, struct outcome b)
{
	if (a.kind == OUTCOME_ERROR || b.kind == OUTCOME_ERROR)
		return failure;
	if (a.kind == OUTCOME_UNKNOWN || b.kind == OUTCOME_UNKNOWN)
		return (struct outcome){ OUTCOME_UNKNOWN, 0, a.missing | b.missing };
	return known(0);
}

/* The table of && (absorbing 0) and, with T and F swapped, || (absorbing 1). */
static struct outcome logically(struct outcome a, struct outcome b, int64_t absorbing)
{
	if ((a.kind == OUTCOME_VALUE && a.value == absorbing) ||
			(b.kind == OUTCOME_VALUE && b.value == absorbing))
		return known(absorbing);
	if (a.kind == OUTCOME_UNKNOWN || b.kind == OUTCOME_UNKNOWN)
		return (struct outcome){ OUTCOME_UNKNOWN, 0, a.missing | b.missing };
	if (a.kind == OUTCOME_ERROR || b.kind == OUTCOME_ERROR)
		return failure;
	return known(!absorbing);
}

struct binding {
	bool known[SLOTS];
	int value[SLOTS];
};

static struct outcome naive(
		const struct expr *expr, const struct binding *binding, int64_t element);

static struct outcome naive_pair(const struct expr *expr, int64_t a, int64_t b)
{
	int64_t result = 0;
	bool bad = false;

	switch (expr->text[0]) {
	case '+':
		bad = __builtin_add_overflow(a, b, &result);
		break;
	case '-':
		bad = __builtin_sub_overflow(a, b, &result);
		break;
	case '*':
		bad = __builtin_mul_overflow(a, b, &result);
		break;
	case '/':
	case '%':
		if (b == 0)
			return failure;
		result = expr->text[0] == '/' ? a / b : a % b;
		break;
	case '=':
		return known(a == b);
	case '!':
		return known(a != b);
	case '<':
		return known(expr->text[1] ? a <= b : a < b);
	default:
		return known(expr->text[1] ? a >= b : a > b);
	}
	return bad ? failure : known(result);
}

static struct outcome naive_loop(
		const struct expr *expr, const struct binding *binding, int64_t element)
{
	struct outcome a = naive(expr->children[0], binding, element);
	struct outcome b = naive(expr->children[1], binding, element);
	struct outcome range = strictly(a, b);
	struct outcome first, second, both;

	if (range.kind != OUTCOME_VALUE)
		return range;
	first = naive(expr->children[2], binding, a.value);
	second = naive(expr->children[2], binding, b.value);
	if (expr->kind != EXPR_EXISTS_ONE)
		return logically(first, second, expr->kind == EXPR_EXISTS);
	both = strictly(first, second);
	return both.kind == OUTCOME_VALUE ? known(first.value + second.value == 1) : both;
}

static struct outcome naive(
		const struct expr *expr, const struct binding *binding, int64_t element)
{
	struct outcome a, b, both;

	switch (expr->kind) {
	case EXPR_NUMBER:
	case EXPR_TRUTH:
		return known(expr->number);
	case EXPR_ELEMENT:
		return known(element);
	case EXPR_INT_SLOT:
	case EXPR_BOOL_SLOT:
		if (binding->known[expr->number])
			return known(binding->value[expr->number]);
		return (struct outcome){ OUTCOME_UNKNOWN, 0, 1u << expr->number };
	case EXPR_NOT:
		a = naive(expr->children[0], binding, element);
		return a.kind == OUTCOME_VALUE ? known(!a.value) : a;
	case EXPR_AND:
	case EXPR_OR:
		a = naive(expr->children[0], binding, element);
		for (int i = 1; i < expr->count; i++)
			a = logically(a, naive(expr->children[i], binding, element),
					expr->kind == EXPR_OR);
		return a;
	case EXPR_INT_CONDITIONAL:
	case EXPR_BOOL_CONDITIONAL:
		a = naive(expr->children[0], binding, element);
		return a.kind != OUTCOME_VALUE ? a
					       : naive(expr->children[a.value ? 1 : 2], binding,
								 element);
	case EXPR_ALL:
	case EXPR_EXISTS:
	case EXPR_EXISTS_ONE:
		return naive_loop(expr, binding, element);
	case EXPR_ARITHMETIC:
	case EXPR_RELATION:
	case EXPR_GREATEST:
		break;
	}
	a = naive(expr->children[0], binding, element);
	b = naive(expr->children[1], binding, element);
	both = strictly(a, b);
	if (both.kind != OUTCOME_VALUE)
		return both;
	if (expr->kind == EXPR_GREATEST)
		return a.value > b.value ? a : b;
	return naive_pair(expr, a.value, b.value);
}

/* --- the properties ----------------------------------------------------------------------------- */

static struct scope *make_scope(void)
{
	static char texts[SLOTS][8];
	struct scope *scope = scope_new();

	assert_non_null(scope);
	for (int i = 0; i < SLOTS; i++) {
		struct scope_name name = { .slot = i,
			.type = i < INT_SLOTS ? &type_int : &type_bool,
			.dimension = DIMENSION_FREE,
			.has_least = true,
			.has_most = true,
			.least = LEAST,
			.most = MOST };

		(void)snprintf(texts[i], sizeof(texts[i]), "e.%c%d", i < INT_SLOTS ? 'i' : 'b',
				i);
		name.name = slice_from(texts[i]);
		assert_true(scope_add(scope, &name));
	}
	return scope;
}

static void bind_randomly(struct binding *binding, unsigned unknown_percent)
{
	for (int i = 0; i < SLOTS; i++) {
		binding->known[i] = random_below(100) >= unknown_percent;
		binding->value[i] = i < INT_SLOTS ? LEAST + (int)random_below(MOST - LEAST + 1)
						  : (int)random_below(2);
	}
}

static void complete(struct binding *binding)
{
	for (int i = 0; i < SLOTS; i++) {
		if (binding->known[i])
			continue;
		binding->known[i] = true;
		binding->value[i] = i < INT_SLOTS ? LEAST + (int)random_below(MOST - LEAST + 1)
						  : (int)random_below(2);
	}
}

static struct value values[SLOTS];

static void values_of(const struct binding *binding)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!binding->known[i])
			values[i] = (struct value){ 0 };
		else if (i < INT_SLOTS)
			values[i] = (struct value){ .kind = VALUE_INT,
				.integer = binding->value[i] };
		else
			values[i] = (struct value){ .kind = VALUE_BOOL,
				.boolean = binding->value[i] != 0 };
	}
}

static struct outcome evaluate(
		const struct rule *rule, const struct binding *binding, struct arena *arena)
{
	struct evaluation evaluation = { values, SLOTS, NULL, arena };
	struct outcome outcome = failure;
	struct value value;

	values_of(binding);
	value = rule_evaluate(rule, &evaluation);
	if (value.kind == VALUE_INT)
		return known(value.integer);
	if (value.kind == VALUE_BOOL)
		return known(value.boolean);
	if (value.kind == VALUE_UNKNOWN) {
		outcome.kind = OUTCOME_UNKNOWN;
		for (size_t i = 0; i < value.missing.count; i++)
			outcome.missing |= 1u << value.missing.slots[i];
	}
	return outcome;
}

static bool outcome_equals(struct outcome a, struct outcome b)
{
	return a.kind == b.kind && a.value == b.value && a.missing == b.missing;
}

static char *text_of(const struct expr *expr)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write_expr(expr, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static const struct rule *compile(
		const char *text, const struct scope *scope, struct arena *arena)
{
	struct diagnostics diagnostics;
	const struct rule *rule;

	diagnostics_init(&diagnostics, arena);
	rule = rule_compile(slice_from(text), scope, NULL, arena, &diagnostics);
	if (!rule)
		fail_msg("%s: %s", text, diagnostics.count ? diagnostics.list[0].message : "?");
	return rule;
}

static void check_printing(const struct rule *rule, const char *text, const struct scope *scope,
		struct arena *arena)
{
	char *printed = rule_print(rule, arena);
	const struct rule *again = compile(printed, scope, arena);

	if (!tree_equals(rule->root, again->root) ||
			strcmp(printed, rule_print(again, arena)) != 0)
		fail_msg("%s prints as %s, which is another tree", text, printed);
}

static void check_interval(const struct rule *rule, const char *text, const struct scope *scope,
		const struct binding *binding, const struct binding *completed,
		struct arena *arena)
{
	struct evaluation evaluation = { values, SLOTS, NULL, arena };
	struct outcome outcome = evaluate(rule, completed, arena);
	struct interval interval;

	values_of(binding);
	interval = rule_evaluate_interval(rule, scope, &evaluation);
	if (outcome.kind == OUTCOME_ERROR
					? !interval.error
					: (interval.least_known &&
							  outcome.value < interval.least) ||
							  (interval.most_known &&
									  outcome.value > interval.most))
		fail_msg("%s: a completion gives %lld (error %d), outside of [%lld, %lld]",
				text, (long long)outcome.value, outcome.kind == OUTCOME_ERROR,
				(long long)interval.least, (long long)interval.most);
}

/* One rule of depth up to 5 and three bindings of it; counts outcomes. */
static void check_one(const struct scope *scope, bool as_int, unsigned long counts[4])
{
	struct arena arena;
	struct expr *expr;
	const struct rule *rule;
	char *text;

	arena_init(&arena, (size_t)16 << 20);
	expr = as_int ? make_int(&arena, 4, false) : make_bool(&arena, 5, false);
	text = text_of(expr);
	rule = compile(text, scope, &arena);
	check_printing(rule, text, scope, &arena);
	for (int i = 0; i < 3; i++) {
		struct binding binding, completed;
		struct outcome expected, found, after;

		bind_randomly(&binding, i == 0 ? 10 : 30);
		expected = naive(expr, &binding, 0);
		found = evaluate(rule, &binding, &arena);
		if (!outcome_equals(expected, found))
			fail_msg("%s: expected %d %lld %x, found %d %lld %x", text,
					expected.kind, (long long)expected.value,
					expected.missing, found.kind, (long long)found.value,
					found.missing);
		counts[found.kind == OUTCOME_VALUE ? (found.value != 0)
						   : 1 + (int)found.kind]++;
		completed = binding;
		complete(&completed);
		after = evaluate(rule, &completed, &arena);
		assert_int_not_equal(after.kind, OUTCOME_UNKNOWN);
		if (found.kind != OUTCOME_UNKNOWN && !outcome_equals(found, after))
			fail_msg("%s: completing changes a result that was known", text);
		if (as_int)
			check_interval(rule, text, scope, &binding, &completed, &arena);
	}
	free(text);
	arena_fini(&arena);
}

static unsigned long rounds(void)
{
	return getenv("POLICYCALC_LONG") ? 300000 : 5000;
}

static void test_bool_rules(void **state)
{
	static const char *const words[] = { "false", "true", "unknown", "error" };
	struct scope *scope = make_scope();
	unsigned long counts[4] = { 0 };
	unsigned long total = 3 * rounds();

	for (unsigned long i = 0; i < rounds(); i++)
		check_one(scope, false, counts);
	for (int i = 0; i < 4; i++)
		print_message("%s: %lu of %lu (%lu%%)\n", words[i], counts[i], total,
				counts[i] * 100 / total);
	for (int i = 0; i < 4; i++)
		assert_true(counts[i] * 10 >= total);
	scope_free(scope);
}

static void test_int_rules(void **state)
{
	struct scope *scope = make_scope();
	unsigned long counts[4] = { 0 };

	for (unsigned long i = 0; i < rounds(); i++)
		check_one(scope, true, counts);
	print_message("values: %lu, unknown: %lu, error: %lu\n", counts[0] + counts[1],
			counts[2], counts[3]);
	assert_true((counts[0] + counts[1]) * 10 >= 3 * rounds());
	assert_true(counts[2] * 10 >= 3 * rounds());
	assert_true(counts[3] * 10 >= 3 * rounds());
	scope_free(scope);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bool_rules),
		cmocka_unit_test(test_int_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
