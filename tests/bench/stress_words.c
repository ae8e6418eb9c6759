/* SPDX-License-Identifier: Apache-2.0 */
#include "stress_words.h"

/* --- parts ------------------------------------------------------------------------------------- */

/* What the attribute's figure is held against, so many times. */
static void bound_print(FILE *out, const struct made_atom *atom, bool least, int times)
{
	int a = atom->attribute;
	long long bound = least ? atom->least : atom->most;
	long long aside = least ? -atom->aside : atom->aside;

	if (made_is_money(a))
		(void)fprintf(out, "yuan(%lld)", (bound * 10000 + aside / 100) * times);
	else if (!least && made_is_ratio(a))
		/* Ratios are floored to parts per million: at most b permille is below (b + 1) * 1000. */
		(void)fprintf(out, "%lld", ((bound + 1) * made_unit(a) - 1 - aside) * times);
	else
		(void)fprintf(out, "%lld", (bound * made_unit(a) + aside) * times);
}

/* Another attribute that counts the same; @of itself has another, too. */
static const char *other_name(int of)
{
	if (made_is_money(of))
		return made_name(of == MADE_TAX ? MADE_ASSETS : MADE_TAX);
	if (made_is_ratio(of))
		return made_name(of == MADE_DEBT ? MADE_GROWTH : MADE_DEBT);
	return made_name(of == MADE_AGE ? MADE_EMPLOYEES : MADE_AGE);
}

static void threshold_print(FILE *out, const struct made_atom *atom, bool least)
{
	const char *name = made_name(atom->attribute);
	const char *relation = least ? ">=" : "<=";
	int times = 1;

	switch (((unsigned)atom->least + (unsigned)atom->most + atom->attribute) % 4) {
	case 0:
		(void)fprintf(out, "e.%s - ", name);
		bound_print(out, atom, least, times);
		(void)fprintf(out, " %s 0", relation);
		return;
	case 1:
		times = 3;
		(void)fprintf(out, "e.%s * 3 %s ", name, relation);
		break;
	case 2:
		(void)fprintf(out, "e.%s + e.%s %s e.%s + ", name, other_name(atom->attribute),
				relation, other_name(atom->attribute));
		break;
	default:
		(void)fprintf(out, "e.%s %s ", name, relation);
		break;
	}
	bound_print(out, atom, least, times);
}

static void number_print(FILE *out, const struct made_atom *atom)
{
	bool both = atom->test == TEST_BETWEEN;

	(void)fprintf(out, "%s", both ? "(" : "");
	if (atom->test != TEST_MOST)
		threshold_print(out, atom, true);
	(void)fprintf(out, "%s", both ? " && " : "");
	if (atom->test != TEST_LEAST)
		threshold_print(out, atom, false);
	(void)fprintf(out, "%s", both ? ")" : "");
}

/* Of which attribute the code is the beginning; itself, where there is none. */
static int longer_attribute(int a)
{
	if (a == MADE_CITY)
		return MADE_COUNTY;
	return a == MADE_DIVISION || a == MADE_SECTOR ? MADE_INDUSTRY : a;
}

static void prefix_print(FILE *out, const struct made_atom *atom)
{
	made_codes_print(atom, out);
	(void)fprintf(out, ".exists(c, e.%s.startsWith(c))",
			made_name(longer_attribute(atom->attribute)));
}

/* "a", or any of several, each by itself. */
static void each_code_print(FILE *out, const struct made_atom *atom)
{
	const char *joint = "(";
	char text[16];

	for (int value = 0; value < made_code_count(atom->attribute); value++) {
		if (!((atom->set[value >> 6] >> (value & 63)) & 1))
			continue;
		(void)fprintf(out, "%se.%s == \"%s\"", joint, made_name(atom->attribute),
				made_code(atom->attribute, value, text));
		joint = " || ";
	}
	(void)fprintf(out, ")");
}

static void loop_print(FILE *out, const struct made_atom *atom)
{
	const char *name = made_name(atom->attribute);

	if (atom->test == TEST_IN) {
		each_code_print(out, atom);
	} else if (atom->test == TEST_ANY_TAG) {
		(void)fprintf(out, "e.%s.exists(t, t in ", name);
		made_codes_print(atom, out);
		(void)fprintf(out, ")");
	} else if (atom->set[0] & 1) {
		made_codes_print(atom, out);
		(void)fprintf(out, ".all(t, e.%s.exists(u, u == t))", name);
	} else {
		(void)fprintf(out, "!");
		made_codes_print(atom, out);
		(void)fprintf(out, ".exists(t, !(t in e.%s))", name);
	}
}

/* --- atoms, clauses, policies ------------------------------------------------------------------ */

static void atom_print(FILE *out, const struct made_atom *atom, enum stress_words words)
{
	switch (atom->test) {
	case TEST_LEAST:
	case TEST_MOST:
	case TEST_BETWEEN:
		if (words == STRESS_ARITHMETIC)
			number_print(out, atom);
		else
			made_atom_print(atom, out);
		break;
	case TEST_FLAG:
		made_atom_print(atom, out);
		break;
	case TEST_IN:
		if (words == STRESS_PREFIXES)
			prefix_print(out, atom);
		else if (words == STRESS_LISTS)
			loop_print(out, atom);
		else
			made_atom_print(atom, out);
		break;
	default:
		if (words == STRESS_LISTS)
			loop_print(out, atom);
		else
			made_atom_print(atom, out);
		break;
	}
}

/* Each by itself, then the rest: a && b is !(!a || !b), and a || b is !(!a && !b), all the way down. */
static void joined_print(FILE *out, const struct made_atom *atoms, int count, bool any,
		enum stress_words words)
{
	if (words != STRESS_NOTS) {
		for (int i = 0; i < count; i++) {
			(void)fprintf(out, "%s", i == 0 ? "" : any ? " || " : " && ");
			atom_print(out, &atoms[i], words);
		}
		return;
	}
	if (count > 1)
		(void)fprintf(out, "!(");
	(void)fprintf(out, count > 1 ? "!(" : "!(!(");
	atom_print(out, &atoms[0], words);
	(void)fprintf(out, count > 1 ? ")" : "))");
	if (count == 1)
		return;
	(void)fprintf(out, " %s !(", any ? "&&" : "||");
	joined_print(out, atoms + 1, count - 1, any, words);
	(void)fprintf(out, "))");
}

static void clause_print(FILE *out, const struct made_clause *clause, enum stress_words words)
{
	(void)fprintf(out,
			clause->join == JOIN_NOT || clause->join == JOIN_NOT_ALL ? "!(" : "(");
	joined_print(out, clause->atoms, clause->count, clause->join == JOIN_ANY, words);
	(void)fprintf(out, ")");
}

static void clauses_print(
		FILE *out, const struct made_policy *policy, int from, enum stress_words words)
{
	bool nots = words == STRESS_NOTS;
	bool last = from + 1 == policy->count && !policy->wide;

	if (from == policy->count) {
		(void)fprintf(out, "(");
		joined_print(out, policy->wide, MADE_WIDE, true, words);
		(void)fprintf(out, ")");
		return;
	}
	(void)fprintf(out, nots && !last ? "!(!(" : "");
	clause_print(out, &policy->clauses[from], words);
	if (last)
		return;
	(void)fprintf(out, nots ? ") || !(" : " && ");
	clauses_print(out, policy, from + 1, words);
	(void)fprintf(out, nots ? "))" : "");
}

void stress_policy_print(const struct made_policy *policy, enum stress_words words, FILE *out)
{
	if (words == STRESS_AS_MADE)
		made_policy_print(policy, out);
	else
		clauses_print(out, policy, 0, words);
}
