/* SPDX-License-Identifier: Apache-2.0 */
/* A scope of a few names, values for them, and two regions: what tests of rules are asked about. */
#pragma once

#include "rules/rule.h"

#include "base/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum slot {
	STAFF,
	RD,
	REVENUE,
	REGION,
	HIGH_TECH,
	TITLES,
	SHARE,
	LIMIT,
	RATE,
	AS_OF,
	SLOT_COUNT,
};

struct fixture {
	struct arena arena;
	struct diagnostics diagnostics;
	struct scope *scope;
	struct value values[SLOT_COUNT];
	struct evaluation evaluation;
	struct region_table *regions;
};

extern const struct rule_options plain;

int fixture_init(void **state);
int fixture_fini(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_init, fixture_fini)

/** NULL with diagnostics when @text is no rule. */
const struct rule *compile(
		struct fixture *fixture, const char *text, const struct rule_options *options);
/** The value of a @text that must be a rule. */
struct value evaluate(struct fixture *fixture, const char *text);
struct value of_int(int64_t number);
struct value of_bool(bool boolean);
