/* SPDX-License-Identifier: Apache-2.0 */
/* What one thread has added up, for the file that joins it. */
#pragma once

#include "reports/blocked.h"

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define BLOCKED_VERDICTS (VERDICT(ELIGIBLE) + 1)
/* Lists of items there are. */
#define BLOCKED_LISTS 3

struct blocked_condition {
	bool is_seen; /* some answer had it */
	int64_t alone, among, unknown, review;
	struct {
		bool alone, fails, unknown, review;
	} of_firm; /* at hand, which has items */
};

/* A data item, by its number in the look. */
struct blocked_lack {
	int64_t alone, among;
};

/* A list of items in the block at hand. */
struct blocked_list {
	const char *name; /* NULL: no policy is granted for it */
	uint64_t some[SWEEP_WORDS];
	uint64_t complete[SWEEP_WORDS];
};

struct blocked_policy {
	bool is_seen;
	int64_t verdicts[BLOCKED_VERDICTS];
	/* As the sweep has them; one more: that there is an item at all. */
	struct blocked_condition *conditions;
	size_t condition_count;
	struct blocked_list *list; /* NULL: of the enterprise */
	struct blocked_lack *lacks;
	uint32_t lack_capacity;
	uint64_t waiting[SWEEP_WORDS]; /* rows of the block at hand that need information */
};

struct blocked {
	const struct sweep *sweep;
	struct arena *arena;
	struct blocked_policy *policies; /* as the sweep has them */
	size_t policy_count;
	struct blocked_list lists[BLOCKED_LISTS];
	struct look *look; /* whose numbers the lacks have; NULL: no firm yet */
};
