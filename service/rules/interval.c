/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds of an int result while something is unknown.
 *
 * What is known is evaluated exactly, by running its stretch of the code. What is not is bounded from
 * below upward: a slot by its declared range, sums and products by their corners, an unknown ?: by
 * the hull of both arms. What this file knows nothing about has no bounds, which is always right.
 * The one promise: the interval contains the value of every completion.
 */
#include "rules/program.h"

#include "base/wide.h"

struct bounder {
	const struct rule *rule;
	const struct scope *scope;
	const struct evaluation *evaluation;
};

static struct interval bound(const struct bounder *bounder, const struct node *node);

static struct interval interval_exact(int64_t number)
{
	return (struct interval){ false, true, true, number, number };
}

static struct interval interval_any(bool error)
{
	return (struct interval){ .error = error };
}

static struct interval interval_between(int64_t least, int64_t most)
{
	return (struct interval){ false, true, true, least, most };
}

static bool is_bounded(const struct interval *interval)
{
	return interval->least_known && interval->most_known;
}

/* Ends in 128 bits, cut to int64: what lies beyond is an overflow, which is an error of some
 * completion and no value. */
static struct interval interval_cut(wide_int least, wide_int most, bool error)
{
	struct interval cut = { error, true, true, 0, 0 };

	cut.error = error || least < INT64_MIN || most > INT64_MAX;
	if (least > INT64_MAX || most < INT64_MIN)
		return interval_any(
				true); /* every completion errs: no value, any bound is right */
	cut.least = least < INT64_MIN ? INT64_MIN : (int64_t)least;
	cut.most = most > INT64_MAX ? INT64_MAX : (int64_t)most;
	return cut;
}

static struct interval hull(struct interval a, struct interval b)
{
	struct interval both = {
		.error = a.error || b.error,
		.least_known = a.least_known && b.least_known,
		.most_known = a.most_known && b.most_known,
	};

	if (both.least_known)
		both.least = a.least < b.least ? a.least : b.least;
	if (both.most_known)
		both.most = a.most > b.most ? a.most : b.most;
	return both;
}

static struct interval interval_negated(struct interval a)
{
	struct interval negated = {
		.error = a.error || !a.least_known || a.least == INT64_MIN,
		.least_known = a.most_known,
		.most_known = a.least_known,
	};

	if (a.most_known)
		negated.least = -(a.most == INT64_MIN ? INT64_MIN + 1 : a.most);
	if (a.least_known)
		negated.most = a.least == INT64_MIN ? INT64_MAX : -a.least;
	return negated;
}

/* Half-open sums keep the end that both have. */
static struct interval interval_sum(struct interval a, struct interval b)
{
	bool error = a.error || b.error || !is_bounded(&a) || !is_bounded(&b);
	struct interval sum = { .error = error };
	wide_int least = (wide_int)a.least + b.least;
	wide_int most = (wide_int)a.most + b.most;

	if (is_bounded(&a) && is_bounded(&b))
		return interval_cut(least, most, error);
	if (a.least_known && b.least_known && least >= INT64_MIN && least <= INT64_MAX) {
		sum.least_known = true;
		sum.least = (int64_t)least;
	}
	if (a.most_known && b.most_known && most >= INT64_MIN && most <= INT64_MAX) {
		sum.most_known = true;
		sum.most = (int64_t)most;
	}
	return sum;
}

static struct interval interval_product(struct interval a, struct interval b)
{
	wide_int corners[4], least, most;

	if (!is_bounded(&a) || !is_bounded(&b))
		return interval_any(true);
	corners[0] = (wide_int)a.least * b.least;
	corners[1] = (wide_int)a.least * b.most;
	corners[2] = (wide_int)a.most * b.least;
	corners[3] = (wide_int)a.most * b.most;
	least = most = corners[0];
	for (int i = 1; i < 4; i++) {
		least = corners[i] < least ? corners[i] : least;
		most = corners[i] > most ? corners[i] : most;
	}
	return interval_cut(least, most, a.error || b.error);
}

/* Toward zero; by the part of the divisor below zero and the part above. */
static struct interval interval_quotient(struct interval a, struct interval b)
{
	int64_t ends[4];
	int count = 0;
	wide_int least = 0, most = 0;
	bool error;

	if (!is_bounded(&a) || !is_bounded(&b))
		return interval_any(true);
	error = a.error || b.error || (b.least <= 0 && b.most >= 0);
	if (b.least < 0) {
		ends[count++] = b.least;
		ends[count++] = b.most < -1 ? b.most : -1;
	}
	if (b.most > 0) {
		ends[count++] = b.least > 1 ? b.least : 1;
		ends[count++] = b.most;
	}
	if (count == 0)
		return interval_any(true);
	for (int i = 0; i < count; i++) {
		wide_int low = (wide_int)a.least / ends[i];
		wide_int high = (wide_int)a.most / ends[i];

		if (low > high) {
			wide_int swap = low;

			low = high;
			high = swap;
		}
		least = i == 0 || low < least ? low : least;
		most = i == 0 || high > most ? high : most;
	}
	return interval_cut(least, most, error);
}

/* The rest takes the sign of the dividend and is smaller than the divisor. */
static struct interval interval_rest(struct interval a, struct interval b)
{
	wide_int greatest;
	bool error;

	if (!is_bounded(&a) || !is_bounded(&b))
		return interval_any(true);
	/* By nothing, and the least integer by -1. */
	error = a.error || b.error || (b.least <= 0 && b.most >= 0) ||
		(a.least == INT64_MIN && b.least <= -1 && b.most >= -1);
	greatest = -(wide_int)b.least > b.most ? -(wide_int)b.least : (wide_int)b.most;
	greatest = greatest > 0 ? greatest - 1 : 0;
	return interval_cut(a.least >= 0 ? 0 : -greatest, a.most <= 0 ? 0 : greatest, error);
}

static struct interval bound_operator(const struct bounder *bounder, const struct node *node)
{
	struct interval a = bound(bounder, node->children[0]);
	struct interval b = bound(bounder, node->children[1]);

	switch ((int)node->operation) {
	case OPERATOR_ADD:
		return interval_sum(a, b);
	case OPERATOR_SUBTRACT:
		return interval_sum(a, interval_negated(b));
	case OPERATOR_MULTIPLY:
		return interval_product(a, b);
	case OPERATOR_DIVIDE:
		return interval_quotient(a, b);
	case OPERATOR_REMAINDER:
		return interval_rest(a, b);
	default:
		return interval_any(true);
	}
}

/* a * b / c is monotone in each while the others stay, so the ends lie at corners. */
static struct interval bound_mul_div(const struct bounder *bounder, const struct node *node)
{
	struct interval product = interval_any(true);
	struct interval a = bound(bounder, node->children[1]);
	struct interval b = bound(bounder, node->children[2]);
	struct interval c = bound(bounder, node->children[3]);
	bool first = true;
	enum rounding rounding;

	if (!is_bounded(&a) || !is_bounded(&b) || !is_bounded(&c) || c.most <= 0 ||
			!rounding_parse(node->children[4]->literal.text, &rounding))
		return interval_any(true);
	product.error = a.error || b.error || c.error || c.least <= 0;
	if (c.least <= 0)
		c.least = 1;
	for (int i = 0; i < 8; i++) {
		int64_t corner;

		if (!mul_div(i & 1 ? a.most : a.least, i & 2 ? b.most : b.least,
				    i & 4 ? c.most : c.least, rounding, &corner))
			return interval_any(true);
		if (first || corner < product.least)
			product.least = corner;
		if (first || corner > product.most)
			product.most = corner;
		first = false;
	}
	product.least_known = product.most_known = true;
	return product;
}

/*
 * The greatest (or least) of several: its ends are the greatest (least) of theirs. A greatest is at
 * least what any of them is at least, and bounded above only when all are; the least the other way.
 */
static struct interval bound_extreme(
		const struct bounder *bounder, const struct node *node, bool greatest)
{
	struct interval result = bound(bounder, node->children[1]);

	for (uint32_t i = 2; i < node->count; i++) {
		struct interval a = result;
		struct interval b = bound(bounder, node->children[i]);

		result.error = a.error || b.error;
		result.least_known = greatest ? a.least_known || b.least_known
					      : a.least_known && b.least_known;
		result.most_known = greatest ? a.most_known && b.most_known
					     : a.most_known || b.most_known;
		if (b.least_known && (!a.least_known || (b.least > a.least) == greatest))
			result.least = b.least;
		if (b.most_known && (!a.most_known || (b.most > a.most) == greatest))
			result.most = b.most;
	}
	return result;
}

static struct interval bound_call(const struct bounder *bounder, const struct node *node)
{
	static const struct {
		function_fn apply;
		int64_t least, most;
	} ranges[] = {
		{ apply_full_year, 0, 10000 },
		{ apply_month, 0, 11 },
		{ apply_date, 1, 31 },
		{ apply_day_of_month, 0, 30 },
		{ apply_day_of_week, 0, 6 },
		{ apply_day_of_year, 0, 365 },
		{ apply_hours, 0, 23 },
		{ apply_minutes, 0, 59 },
		{ apply_seconds, 0, 59 },
		{ apply_milliseconds, 0, 999 },
		{ apply_full_years, -9999, 9999 },
		{ apply_size_list, 0, INT64_MAX },
		{ apply_size_string, 0, INT64_MAX },
	};
	function_fn apply = node_function(node)->apply;

	if (apply == apply_yuan || apply == apply_wan || apply == apply_yi)
		return interval_product(bound(bounder, node->children[0]),
				interval_exact(apply == apply_yuan   ? 100
						: apply == apply_wan ? 1000000
								     : 10000000000));
	if (apply == apply_mul_div)
		return bound_mul_div(bounder, node);
	if (apply == apply_greatest || apply == apply_least)
		return bound_extreme(bounder, node, apply == apply_greatest);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (ranges[i].apply == apply) {
			struct interval range =
					interval_between(ranges[i].least, ranges[i].most);

			range.error = true; /* an argument may err */
			return range;
		}
	}
	return interval_any(true);
}

static struct interval bound_slot(const struct bounder *bounder, const struct node *node)
{
	const struct scope_name *name = NULL;

	if (node->variable->ratio)
		return interval_any(true);
	if (bounder->scope)
		name = scope_name_of_slot(bounder->scope, node->variable->slot);
	if (!name)
		name = node->variable;
	return (struct interval){ false, name->has_least, name->has_most, name->least,
		name->most };
}

/* Whether a condition may err once it is known: not when it only compares what cannot err. */
static bool may_err(const struct node *node)
{
	bool plain = node->kind == NODE_LITERAL || node->kind == NODE_NOT ||
		     node->kind == NODE_AND || node->kind == NODE_OR ||
		     node->kind == NODE_CONDITIONAL || node->kind == NODE_LIST ||
		     (node->kind == NODE_OPERATOR && node->operation >= OPERATOR_EQUAL);

	if (node->variable)
		return false;
	for (uint32_t i = 0; plain && i < node->count; i++)
		plain = !may_err(node->children[i]);
	return !plain;
}

static struct interval bound(const struct bounder *bounder, const struct node *node)
{
	struct value value = { 0 };
	struct interval result;

	if (node->type->kind != TYPE_INT)
		return interval_any(true);
	if (node->code_begin < 0) {
		/* Inside of a folded part only literals are asked for. */
		return node->kind == NODE_LITERAL ? interval_exact(node->literal.integer)
						  : interval_any(true);
	}
	value = rule_run(bounder->rule, node->code_begin, node->code_end, bounder->evaluation);
	if (value.kind == VALUE_INT)
		return interval_exact(value.integer);
	if (value.kind == VALUE_ERROR)
		return interval_any(true);
	if (node->variable)
		return bound_slot(bounder, node);
	switch ((int)node->kind) {
	case NODE_NEGATE:
		return interval_negated(bound(bounder, node->children[0]));
	case NODE_OPERATOR:
		return bound_operator(bounder, node);
	case NODE_CALL:
		return bound_call(bounder, node);
	case NODE_CONDITIONAL:
		value = rule_run(bounder->rule, node->children[0]->code_begin,
				node->children[0]->code_end, bounder->evaluation);
		if (value.kind == VALUE_BOOL)
			return bound(bounder, node->children[value.boolean ? 1 : 2]);
		result = hull(bound(bounder, node->children[1]),
				bound(bounder, node->children[2]));
		result.error = result.error || may_err(node->children[0]);
		return result;
	default:
		return interval_any(true);
	}
}

struct interval rule_evaluate_interval(const struct rule *rule, const struct scope *scope,
		const struct evaluation *evaluation)
{
	struct bounder bounder = { rule, scope, evaluation };
	const struct node *root = rule_root(rule, evaluation->arena);

	return root ? bound(&bounder, root) : interval_any(true);
}
