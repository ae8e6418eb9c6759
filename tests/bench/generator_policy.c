/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the workload. Here, too, order and number of the draws are the workload. */
#include "generator_internal.h"

#include <stdlib.h>
#include <string.h>

#define QUANTILE_LEAST 0.03
#define QUANTILE_MOST 0.28

/* A figure as offices write it: few digits. */
static int figure_round(int value)
{
	static const int steps[] = { 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100 };
	int unit = 1, best = steps[0];
	double left;

	if (value < 0)
		return -figure_round(-value);
	if (value <= 10)
		return value;
	if (value < 100)
		return (value + 2) / 5 * 5;
	while (value / unit >= 100)
		unit *= 10;
	left = (double)value / unit;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (fabs(steps[i] - left) < fabs(best - left))
			best = steps[i];
	}
	return best * unit;
}

static int figure_at(const struct generator *generator, int attribute, int at)
{
	int value = generator->quantiles[attribute][at];

	return generator->shape.distinct ? value : figure_round(value);
}

static void number_test(const struct generator *generator, uint64_t *state, int attribute,
		struct made_atom *out)
{
	const struct definition *of = &definitions[attribute];
	double part = QUANTILE_LEAST +
		      (QUANTILE_MOST - QUANTILE_LEAST) * random_fraction(state);
	double kind = random_fraction(state);
	bool down = attribute == MADE_DEBT || attribute == MADE_ENERGY ||
		    (attribute == MADE_AGE && random_is(state, .5));

	if (kind < .12) {
		double from = random_fraction(state) * (1 - part);

		out->test = TEST_BETWEEN;
		out->least = figure_at(generator, attribute, (int)(from * GENERATOR_SAMPLE));
		out->most = figure_at(generator, attribute,
				(int)((from + part) * (GENERATOR_SAMPLE - 1)));
		if (out->most <= out->least)
			out->most = out->least + 1;
	} else if (down ? kind < .80 : kind < .22) {
		out->test = TEST_MOST;
		out->least = of->least;
		out->most = figure_at(
				generator, attribute, (int)(part * (GENERATOR_SAMPLE - 1)));
	} else {
		out->test = TEST_LEAST;
		out->least = figure_at(generator, attribute,
				(int)((1 - part) * (GENERATOR_SAMPLE - 1)));
		if (out->least <= of->least)
			out->least = of->least + 1;
		out->most = INT32_MAX;
	}
	if (out->test != TEST_LEAST && out->most >= of->most)
		out->most = of->most - 1;
}

static void set_put(struct made_atom *atom, int value)
{
	atom->set[value >> 6] |= UINT64_C(1) << (value & 63);
}

/* One of a few sets that policies ask for. */
static void set_choose(uint64_t *state, const char *sets, uint32_t count, struct made_atom *out)
{
	out->set[0] = (uint64_t)(unsigned char)sets[random_below(state, count)];
}

static void region_test(uint64_t *state, int attribute, struct made_atom *out)
{
	int count;

	if (attribute == MADE_CITY) {
		out->set[0] = 1;
		if (random_is(state, .1))
			out->set[0] = UINT64_C(1) << (1 + random_below(state, 6));
		return;
	}
	count = random_is(state, .8) ? 1 : 2 + (int)random_below(state, 2);
	for (int i = 0; i < count; i++)
		set_put(out, random_is(state, .93) ? (int)random_below(state, 10)
						   : 10 + (int)random_below(state, 6));
}

static void code_test(uint64_t *state, int attribute, struct made_atom *out)
{
	int count;

	out->test = TEST_IN;
	switch (attribute) {
	case MADE_COUNTY:
	case MADE_CITY:
		region_test(state, attribute, out);
		break;
	case MADE_INDUSTRY:
		count = 2 + (int)random_below(state, 14);
		for (int i = 0; i < count; i++)
			set_put(out, random_skewed(state, 100, 1.4));
		break;
	case MADE_DIVISION:
		count = 1 + (int)random_below(state, 6);
		for (int i = 0; i < count; i++)
			set_put(out, random_skewed(state, 25, 1.4));
		break;
	case MADE_SECTOR:
		count = 1 + random_is(state, .3);
		for (int i = 0; i < count; i++)
			set_put(out, random_skewed(state, 8, 2.0));
		break;
	case MADE_SIZE:
		set_choose(state, "\x3\x7\x6\x2\x1\x8\xC\xE\x7\x3", 10, out);
		break;
	case MADE_CREDIT:
		set_choose(state, "\x1\x3\x3\x7\x3\xF", 6, out);
		break;
	case MADE_OWNER:
		set_choose(state, "\x1\x1\x2\xC\x5\x9", 6, out);
		break;
	case MADE_BOARD:
		set_choose(state, "\x1\x3E\x3C\x10\x1\x38", 6, out);
		break;
	default: /* MADE_PARK */
		count = 1 + (int)random_below(state, 5);
		for (int i = 0; i < count; i++)
			set_put(out, 1 + (int)random_below(state, 19));
		if (random_is(state, .2))
			out->set[0] |= 1;
		break;
	}
}

static void tag_test(uint64_t *state, int attribute, struct made_atom *out)
{
	double kind = random_fraction(state);
	int count = kind < .6 ? 1 : 2 + (int)random_below(state, 3);

	if (kind >= .9)
		count = 2;
	out->test = kind >= .6 && kind < .9 ? TEST_ANY_TAG : TEST_ALL_TAGS;
	while (__builtin_popcountll(out->set[0]) < count)
		set_put(out, random_skewed(state, definitions[attribute].codes, 1.6));
}

static void atom_make(const struct generator *generator, uint64_t *state, int attribute,
		struct made_atom *out)
{
	memset(out, 0, sizeof(*out));
	out->attribute = (uint8_t)attribute;
	switch (definitions[attribute].type) {
	case MADE_NUMBER:
		number_test(generator, state, attribute, out);
		break;
	case MADE_FLAG:
		out->test = TEST_FLAG;
		out->least = out->most = random_is(
				state, attribute == MADE_ABOVE || attribute == MADE_LISTED ||
								       attribute == MADE_LEGAL
						       ? .92
						       : .03);
		break;
	case MADE_CODE:
		code_test(state, attribute, out);
		break;
	case MADE_TAGS:
		tag_test(state, attribute, out);
		break;
	}
}

/* An attribute that the policy does not ask for yet; industry, division and sector are one. */
static int attribute_pick(const struct generator *generator, uint64_t *state, uint64_t *used)
{
	for (;;) {
		unsigned at = random_below(state, generator->weights);
		int a = 0;

		while (at >= definitions[a].weight)
			at -= definitions[a++].weight;
		if ((*used >> a) & 1)
			continue;
		*used |= UINT64_C(1) << a;
		if (a == MADE_INDUSTRY || a == MADE_DIVISION || a == MADE_SECTOR)
			*used |= UINT64_C(7) << MADE_INDUSTRY;
		return a;
	}
}

/* Turns one of the clauses into a NOT, or a NOT of two. */
static void clause_negate(const struct generator *generator, uint64_t *state, uint64_t *used,
		struct made_policy *policy, int first)
{
	uint32_t count = (uint32_t)(policy->count - first);
	struct made_clause *clause;

	do {
		clause = &policy->clauses[first + (int)random_below(state, count)];
	} while (clause->join != JOIN_ATOM && count > 1);
	if (clause->join != JOIN_ATOM)
		return;
	clause->join = JOIN_NOT;
	if (!random_is(state, .3))
		return;
	clause->join = JOIN_NOT_ALL;
	clause->count = 2;
	atom_make(generator, state, attribute_pick(generator, state, used), &clause->atoms[1]);
}

/* What makes this policy unlike the ordinary one of its number; with draws of its own. */
static void policy_shape(
		const struct generator *generator, uint64_t number, struct made_policy *policy)
{
	uint64_t state = ~generator->seed ^ (number * UINT64_C(0x9E3779B97F4A7C15));

	for (int c = 0; generator->shape.distinct && c < policy->count; c++) {
		for (int i = 0; i < policy->clauses[c].count; i++) {
			struct made_atom *atom = &policy->clauses[c].atoms[i];

			atom->aside = (int32_t)random_below(
					&state, (uint32_t)made_unit(atom->attribute));
		}
	}
	if (!generator->shape.wide || number % 100 != 0)
		return;
	policy->wide = calloc(MADE_WIDE, sizeof(*policy->wide));
	if (!policy->wide)
		abort();
	for (int i = 0; i < MADE_WIDE; i++) {
		uint64_t used = 0;

		atom_make(generator, &state, attribute_pick(generator, &state, &used),
				&policy->wide[i]);
	}
}

void generator_policy(
		const struct generator *generator, uint64_t number, struct made_policy *out)
{
	uint64_t state = (generator->seed * 0x9E3779B1) ^
			 ((number + 1) * UINT64_C(0xA24BAED4963EE407)) ^ 0x901C;
	uint64_t used = 0;
	int first = 0, count;
	bool any, negated;
	double kind;

	(void)random_next(&state);
	memset(out, 0, sizeof(*out));
	count = 3 + (int)random_below(&state, 6);
	kind = random_fraction(&state);
	if (kind < .75 && !generator->shape.no_region) {
		atom_make(generator, &state, kind < .45 ? MADE_COUNTY : MADE_CITY,
				&out->clauses[0].atoms[0]);
		out->clauses[0].count = 1;
		first = 1;
	}
	any = random_is(&state, .25);
	negated = random_is(&state, .15);
	for (int c = first; c < count; c++) {
		out->clauses[c].count = 1;
		atom_make(generator, &state, attribute_pick(generator, &state, &used),
				&out->clauses[c].atoms[0]);
	}
	out->count = (uint8_t)count;
	if (any) {
		struct made_clause *clause =
				&out->clauses[first +
						(int)random_below(&state,
								(uint32_t)(count - first))];

		clause->join = JOIN_ANY;
		clause->count = (uint8_t)(2 + random_below(&state, 2));
		for (int i = 1; i < clause->count; i++)
			atom_make(generator, &state, attribute_pick(generator, &state, &used),
					&clause->atoms[i]);
	}
	if (negated)
		clause_negate(generator, &state, &used, out, first);
	policy_shape(generator, number, out);
}

void made_policy_fini(struct made_policy *policy)
{
	free(policy->wide);
	policy->wide = NULL;
}
