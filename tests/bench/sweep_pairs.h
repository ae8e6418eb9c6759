/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a sweep of the workload: the pairs that match, ids out, as a run hands them on. */
#pragma once

#include "sweep_workload.h"

#include <stddef.h>

struct pairs {
	uint32_t *policies; /* by their place in the sweep */
	uint16_t *rows;	    /* of the block */
	size_t count;
};

/** Room for what @blocks of @policies may come to; ends the program when memory is short. */
struct pairs pairs_new(size_t policies, size_t blocks);
void pairs_fini(struct pairs *pairs);

/** Sweeps a block; what matched in it is added to @pairs. */
void pairs_add_block(struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, long block, struct pairs *pairs);
/** As above, of that block alone. */
void pairs_of_block(struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, long block, struct pairs *pairs);

/** Milliseconds a policy and million enterprises. */
double million_ms(int64_t nanoseconds, double enterprises, double policies);
