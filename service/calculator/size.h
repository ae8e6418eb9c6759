/* SPDX-License-Identifier: Apache-2.0 */
/* Large, medium, small, micro: as the catalog's size table (中小企业划型标准) makes it of the facts. */
#pragma once

#include "calculator/calculator.h"

enum firm_size {
	FIRM_SIZE_UNKNOWN, /* a fact is missing, or the catalog has no size table */
	FIRM_SIZE_MICRO,
	FIRM_SIZE_SMALL,
	FIRM_SIZE_MEDIUM,
	FIRM_SIZE_LARGE,
	FIRM_SIZE_NONE, /* its industry is not in the table */
	FIRM_SIZE_COUNT,
};

/** The size of an enterprise on @day ("YYYY-MM-DD"). false when memory is short. */
bool ruleset_firm_size(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, enum firm_size *out_size,
		struct error *err);

struct facts;
/** The same of facts that were read. */
enum firm_size facts_size(const struct facts *facts);

/** The code that @profile tells of @name, as it was told; "" when it tells none. */
const char *firm_code(const Policycalc__V1__Profile *profile, const char *name);
