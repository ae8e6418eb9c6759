/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_pairs.h"

#include "calculator/answer.h"

#include <stdio.h>
#include <stdlib.h>

struct pairs pairs_new(size_t policies, size_t blocks)
{
	size_t most = policies * blocks * SWEEP_ROWS;
	struct pairs pairs = { malloc(most * sizeof(uint32_t)),
		malloc((most + SWEEP_LIST_MOST) * sizeof(uint16_t)), 0 };

	if (!pairs.policies || !pairs.rows) {
		(void)fprintf(stderr, "no memory for the pairs that match\n");
		exit(1);
	}
	return pairs;
}

void pairs_fini(struct pairs *pairs)
{
	free(pairs->policies);
	free(pairs->rows);
	*pairs = (struct pairs){ 0 };
}

void pairs_add_block(struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, long block, struct pairs *pairs)
{
	struct sweep_source source;
	struct error err = { 0 };

	workload_source(workload, sweep, block, &source);
	if (!sweep_block(work, &source, NULL, &err)) {
		(void)fprintf(stderr, "a sweep: %s\n", err.message);
		exit(1);
	}
	for (size_t k = 0; k < sweep_policy_count(sweep); k++) {
		uint32_t *policies = pairs->policies + pairs->count;
		size_t found = sweep_verdict_rows(
				work, k, VERDICT(ELIGIBLE), pairs->rows + pairs->count);

		for (size_t i = 0; i < found; i++)
			policies[i] = (uint32_t)k;
		pairs->count += found;
	}
}

void pairs_of_block(struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, long block, struct pairs *pairs)
{
	pairs->count = 0;
	pairs_add_block(workload, sweep, work, block, pairs);
}

double million_ms(int64_t nanoseconds, double enterprises, double policies)
{
	return (double)nanoseconds / 1e6 / policies * (1e6 / enterprises);
}
