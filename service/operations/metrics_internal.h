/* SPDX-License-Identifier: Apache-2.0 */
/* The sums, for the two who tell them. */
#pragma once

#include "operations/metrics.h"

/* All of one method. */
struct metrics_row {
	uint64_t started;
	uint64_t handled[METRICS_CODES];
	uint64_t buckets[METRICS_BUCKETS]; /* each by itself, not added up */
	uint64_t duration_us;
	uint64_t received, sent;
};

struct metrics_sums {
	size_t method_count; /* without "other", which is the row behind them */
	const struct metrics_method *methods;
	struct metrics_row *rows;
	uint64_t matches;
	uint64_t outcomes[METRICS_OUTCOMES];
};

/* Upper ends of the buckets but the last, in microseconds. */
extern const uint64_t metrics_bounds_us[METRICS_BUCKETS - 1];
extern const char *const metrics_outcome_names[METRICS_OUTCOMES];
extern const char *const metrics_run_names[METRICS_RUN_STATES];
extern const char *const metrics_delivery_names[METRICS_DELIVERY_STATES];

/** false when memory is short. */
bool metrics_sum(struct metrics *metrics, struct metrics_sums *out_sums);
void metrics_sums_fini(struct metrics_sums *sums);
