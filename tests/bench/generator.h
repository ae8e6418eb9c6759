/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workload that every figure is measured with: policies and enterprises made of a seed.
 *
 * Policy i and enterprise j depend on the seed and their number only, so each may be made where it is
 * needed. A policy is an AND of 3 to 8 clauses, a quarter of them with one OR, a seventh with one NOT;
 * enterprises are correlated and log-normal, four fifths of them in one city, and match about 1.3% of the
 * policies. Numbers are in the attribute's own unit (generator_unit): wan yuan, permille, one.
 *
 * test_generator.c holds it to counts and hashes that another program worked out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum made_type {
	MADE_NUMBER,
	MADE_CODE, /* a value is the number of the code */
	MADE_FLAG,
	MADE_TAGS, /* a value is a set of bits */
};

enum made_attribute {
	MADE_REVENUE,
	MADE_RD_EXPENSE,
	MADE_RD_INTENSITY,
	MADE_EMPLOYEES,
	MADE_RD_STAFF,
	MADE_COLLEGE,
	MADE_AGE,
	MADE_INVENTIONS,
	MADE_UTILITIES,
	MADE_SOFTWARE,
	MADE_STANDARDS,
	MADE_TAX,
	MADE_ASSETS,
	MADE_DEBT,
	MADE_INVESTMENT,
	MADE_EQUIPMENT,
	MADE_EXPORT,
	MADE_ENERGY,
	MADE_GROWTH,
	MADE_MAIN_SHARE,
	MADE_CAPITAL,
	MADE_HIRES,
	MADE_COUNTY,
	MADE_CITY,
	MADE_INDUSTRY,
	MADE_DIVISION,
	MADE_SECTOR,
	MADE_SIZE,
	MADE_CREDIT,
	MADE_OWNER,
	MADE_BOARD,
	MADE_PARK,
	MADE_ABOVE,
	MADE_LISTED,
	MADE_DISHONEST,
	MADE_ARREARS,
	MADE_PENALTY,
	MADE_ACCIDENT,
	MADE_LEGAL,
	MADE_HONOURS,
	MADE_CHAINS,
	MADE_COUNT,
	MADE_NUMBERS = MADE_COUNTY, /* how many of them are numbers */
};

struct made_enterprise {
	int64_t values[MADE_COUNT];
};

enum made_test {
	TEST_LEAST,
	TEST_MOST,
	TEST_BETWEEN,
	TEST_FLAG,
	TEST_IN,
	TEST_ANY_TAG,
	TEST_ALL_TAGS,
};

struct made_atom {
	uint8_t test, attribute;
	int32_t least, most;
	int32_t aside; /* what the text's bounds lie beside, less than a unit: nobody is in between */
	uint64_t set[2]; /* of codes or tags */
};

enum made_join {
	JOIN_ATOM,
	JOIN_ANY,
	JOIN_NOT,
	JOIN_NOT_ALL,
};

struct made_clause {
	uint8_t join, count;
	struct made_atom atoms[3];
};

#define MADE_WIDE 16

struct made_policy {
	uint8_t count;
	struct made_clause clauses[8];
	struct made_atom *wide; /* NULL, or one clause more: any of MADE_WIDE */
};

/* How a policy may differ from the ordinary, so that nothing is tuned to that. */
struct made_shape {
	bool distinct;	/* every threshold a figure of its own */
	bool no_region; /* nobody asks for county or city */
	bool wide;	/* one in a hundred has an OR of sixteen */
};

struct generator {
	uint64_t seed;
	struct made_shape shape;
	int32_t *quantiles[MADE_NUMBERS];
	unsigned weights;
};

/** Ends the program when memory is short, as all of this does. */
void generator_init(struct generator *generator, uint64_t seed, const struct made_shape *shape);
void generator_fini(struct generator *generator);

void generator_enterprise(const struct generator *generator, uint64_t number,
		struct made_enterprise *out);
/** To be given back with made_policy_fini(). */
void generator_policy(
		const struct generator *generator, uint64_t number, struct made_policy *out);
void made_policy_fini(struct made_policy *policy);
/** A number below @below that depends on @state alone, which goes on. */
uint32_t generator_random(uint64_t *state, uint32_t below);

const char *made_name(int attribute);
enum made_type made_type(int attribute);
bool made_is_money(int attribute);
bool made_is_ratio(int attribute);
/** Fen, parts per million or ones in one unit of the generator. */
int64_t made_unit(int attribute);
/** How many codes or tags it has. */
int made_code_count(int attribute);
/** The text of a code or tag, in @buffer or static. */
const char *made_code(int attribute, int value, char buffer[16]);
/** Lower end of what an enterprise's number may be, in its unit. */
int made_least(int attribute);

/** The codes of the atom's set as a list of texts. */
void made_codes_print(const struct made_atom *atom, FILE *out);
/** The policy, or a part of it, as a rule. */
void made_atom_print(const struct made_atom *atom, FILE *out);
void made_policy_print(const struct made_policy *policy, FILE *out);

/** The policies as they stand, clause by clause. */
bool made_policy_holds(
		const struct made_policy *policy, const struct made_enterprise *enterprise);

static inline bool made_atom_holds(
		const struct made_atom *atom, const struct made_enterprise *enterprise)
{
	int64_t value = enterprise->values[atom->attribute];

	switch (atom->test) {
	case TEST_LEAST:
	case TEST_MOST:
	case TEST_BETWEEN:
	case TEST_FLAG:
		return value >= atom->least && value <= atom->most;
	case TEST_IN:
		return (atom->set[value >> 6] >> (value & 63)) & 1;
	case TEST_ANY_TAG:
		return ((uint64_t)value & atom->set[0]) != 0;
	default:
		return ((uint64_t)value & atom->set[0]) == atom->set[0];
	}
}

static inline bool made_clause_holds(
		const struct made_clause *clause, const struct made_enterprise *enterprise)
{
	bool holds = made_atom_holds(&clause->atoms[0], enterprise);

	switch (clause->join) {
	case JOIN_ANY:
		for (int i = 1; i < clause->count && !holds; i++)
			holds = made_atom_holds(&clause->atoms[i], enterprise);
		return holds;
	case JOIN_NOT:
		return !holds;
	case JOIN_NOT_ALL:
		return !(holds && made_atom_holds(&clause->atoms[1], enterprise));
	default:
		return holds;
	}
}
