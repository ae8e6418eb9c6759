/* SPDX-License-Identifier: Apache-2.0 */
/* The workload in words: names of codes, and policies as rules. */
#include "generator.h"

bool made_is_money(int attribute)
{
	return attribute == MADE_REVENUE || attribute == MADE_RD_EXPENSE ||
	       attribute == MADE_TAX || attribute == MADE_ASSETS ||
	       attribute == MADE_INVESTMENT || attribute == MADE_EQUIPMENT ||
	       attribute == MADE_EXPORT || attribute == MADE_CAPITAL;
}

bool made_is_ratio(int attribute)
{
	return attribute == MADE_RD_INTENSITY || attribute == MADE_RD_STAFF ||
	       attribute == MADE_COLLEGE || attribute == MADE_DEBT ||
	       attribute == MADE_GROWTH || attribute == MADE_MAIN_SHARE;
}

int64_t made_unit(int attribute)
{
	return made_is_money(attribute) ? 1000000 : made_is_ratio(attribute) ? 1000 : 1;
}

static const char *const sectors[] = { "C", "I", "M", "F", "G", "E", "L", "J" };
static const char *const sizes[] = { "micro", "small", "medium", "large" };
static const char *const credits[] = { "A", "B", "M", "C", "D" };
static const char *const owners[] = { "private", "state", "foreign", "joint", "collective" };
static const char *const boards[] = { "none", "neeq", "bse", "chinext", "star", "main" };
static const char *const honours[] = { "hightech", "techsme", "innosme", "srdi", "giant",
	"champion", "gazelle", "unicorn", "greenfactory", "smartfactory", "eng_center",
	"tech_center", "key_lab", "brand", "quality_award", "aaa_credit", "pioneer",
	"export_star", "iso_ip", "data_maturity" };

const char *made_code(int attribute, int value, char buffer[16])
{
	switch (attribute) {
	case MADE_COUNTY:
		if (value >= 10)
			(void)snprintf(buffer, 16, "41%02d00", (value - 10) % 80 + 13);
		else
			(void)snprintf(buffer, 16, "4112%02d", value % 90 + 2);
		return buffer;
	case MADE_CITY:
		(void)snprintf(buffer, 16, "41%02d", value % 80 + 12);
		return buffer;
	case MADE_INDUSTRY:
		(void)snprintf(buffer, 16, "%s%02d%02d", sectors[(value / 4) * 8 / 25],
				(13 + value / 4) % 100, 10 * (1 + value % 4));
		return buffer;
	case MADE_DIVISION:
		(void)snprintf(buffer, 16, "%s%02d", sectors[value * 8 / 25],
				(13 + value) % 100);
		return buffer;
	case MADE_SECTOR:
		return sectors[value];
	case MADE_SIZE:
		return sizes[value];
	case MADE_CREDIT:
		return credits[value];
	case MADE_OWNER:
		return owners[value];
	case MADE_BOARD:
		return boards[value];
	case MADE_PARK:
		if (value == 0)
			return "none";
		(void)snprintf(buffer, 16, "park%02d", value % 100);
		return buffer;
	case MADE_HONOURS:
		return honours[value];
	case MADE_CHAINS:
		(void)snprintf(buffer, 16, "chain%02d", (value + 1) % 100);
		return buffer;
	default:
		return "?";
	}
}

/* Ratios are floored to parts per million: at most b permille is below (b + 1) * 1000. */
static void bound_print(FILE *out, const struct made_atom *atom, bool least)
{
	int a = atom->attribute;
	const char *name = made_name(a);
	long long unit = made_unit(a);
	long long bound = least ? atom->least : atom->most;

	if (!least && made_is_ratio(a))
		(void)fprintf(out, "e.%s < %lld", name, (bound + 1) * unit - atom->aside);
	else if (!made_is_money(a))
		(void)fprintf(out, "e.%s %s %lld", name, least ? ">=" : "<=",
				bound * unit + (least ? -atom->aside : atom->aside));
	else if (!atom->aside)
		(void)fprintf(out, "e.%s %s wan(%lld)", name, least ? ">=" : "<=", bound);
	else
		(void)fprintf(out, "e.%s %s yuan(%lld)", name, least ? ">=" : "<=",
				bound * 10000 + (least ? -atom->aside : atom->aside) / 100);
}

void made_codes_print(const struct made_atom *atom, FILE *out)
{
	const char *joint = "[";
	char text[16];

	for (int value = 0; value < made_code_count(atom->attribute); value++) {
		if (!((atom->set[value >> 6] >> (value & 63)) & 1))
			continue;
		(void)fprintf(out, "%s\"%s\"", joint, made_code(atom->attribute, value, text));
		joint = ", ";
	}
	(void)fprintf(out, "]");
}

static void all_tags_print(FILE *out, const struct made_atom *atom)
{
	bool several = __builtin_popcountll(atom->set[0]) > 1;
	const char *joint = several ? "(" : "";
	char text[16];

	for (int value = 0; value < made_code_count(atom->attribute); value++) {
		if (!((atom->set[0] >> value) & 1))
			continue;
		(void)fprintf(out, "%s\"%s\" in e.%s", joint,
				made_code(atom->attribute, value, text),
				made_name(atom->attribute));
		joint = " && ";
	}
	if (several)
		(void)fprintf(out, ")");
}

void made_atom_print(const struct made_atom *atom, FILE *out)
{
	const char *name = made_name(atom->attribute);

	switch (atom->test) {
	case TEST_LEAST:
		bound_print(out, atom, true);
		break;
	case TEST_MOST:
		bound_print(out, atom, false);
		break;
	case TEST_BETWEEN:
		(void)fprintf(out, "(");
		bound_print(out, atom, true);
		(void)fprintf(out, " && ");
		bound_print(out, atom, false);
		(void)fprintf(out, ")");
		break;
	case TEST_FLAG:
		(void)fprintf(out, "%se.%s", atom->least ? "" : "!", name);
		break;
	case TEST_IN:
		(void)fprintf(out, "e.%s in ", name);
		made_codes_print(atom, out);
		break;
	case TEST_ANY_TAG:
		made_codes_print(atom, out);
		(void)fprintf(out, ".exists(t, t in e.%s)", name);
		break;
	default:
		all_tags_print(out, atom);
		break;
	}
}

void made_policy_print(const struct made_policy *policy, FILE *out)
{
	for (int c = 0; c < policy->count; c++) {
		const struct made_clause *clause = &policy->clauses[c];
		bool negated = clause->join == JOIN_NOT || clause->join == JOIN_NOT_ALL;
		bool enclosed = negated || clause->count > 1;

		(void)fprintf(out, "%s%s%s", c ? " && " : "", negated ? "!" : "",
				enclosed ? "(" : "");
		for (int i = 0; i < clause->count; i++) {
			if (i)
				(void)fprintf(out, clause->join == JOIN_ANY ? " || " : " && ");
			made_atom_print(&clause->atoms[i], out);
		}
		(void)fprintf(out, "%s", enclosed ? ")" : "");
	}
	for (int i = 0; policy->wide && i < MADE_WIDE; i++) {
		(void)fprintf(out, "%s", i ? " || " : " && (");
		made_atom_print(&policy->wide[i], out);
		(void)fprintf(out, "%s", i == MADE_WIDE - 1 ? ")" : "");
	}
}

bool made_policy_holds(
		const struct made_policy *policy, const struct made_enterprise *enterprise)
{
	bool any = !policy->wide;

	for (int c = 0; c < policy->count; c++) {
		if (!made_clause_holds(&policy->clauses[c], enterprise))
			return false;
	}
	for (int i = 0; !any && i < MADE_WIDE; i++)
		any = made_atom_holds(&policy->wide[i], enterprise);
	return any;
}
