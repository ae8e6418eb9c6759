/* SPDX-License-Identifier: Apache-2.0 */
/* The names with a period that rules have, as "e.revenue_y2": what may be one by its spelling alone. Inner header. */
#pragma once

#include "base/map.h"
#include "calculator/rule_texts.h"
#include "calculator/ruleset.h"

struct period_name {
	enum item_list list;
	struct slice whole; /* with what stands before its dot */
};

/* Zeroed: none. */
struct period_names {
	struct period_name *list; /* each once, as they were found */
	size_t count, capacity;
	struct map known[LIST_COUNT];
	bool failed; /* memory was short: some are missing */
};

void period_names_fini(struct period_names *names);
/** Looks for them in a rule over the items of @list. What is found is borrowed from @text. */
void period_names_scan(struct period_names *names, enum item_list list, const char *text);
/** Likewise in all rules of @policy. @told: of each list, for its items' names are its own; or NULL. */
void period_names_scan_policy(struct period_names *names, const Policycalc__V1__Policy *policy,
		struct rule_texts_told *told);
