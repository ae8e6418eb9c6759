/* SPDX-License-Identifier: Apache-2.0 */
/* Which enterprises a policy is not near to, whatever else: told by columns alone. */
#pragma once

#include "calculator/sweep.h"
#include "push/scope.h"

/* A condition that compares one figure with one parameter: "e.staff >= p.least". */
struct sift_figure {
	size_t condition; /* as the sweep counts them */
	size_t want;	  /* the sweep's */
	int64_t threshold;
	uint64_t reach; /* how far away one may be */
};

struct sift_near {
	size_t policy;	/* the sweep's */
	bool *may_turn; /* by condition */
	size_t condition_count;
	struct sift_figure *figures;
	size_t figure_count;
};

/** In @arena. @target: the run's of the sweep's @policy. @today: days since 1970. */
bool sift_near_init(struct sift_near *near, const struct push_scope *scope,
		const struct push_target *target, const struct sweep *sweep, size_t policy,
		int32_t today, struct arena *arena, struct error *err);
/** Takes from @rows (which fail the policy) those that cannot be near to it. */
bool sift_near_narrow(const struct sift_near *near, const struct sweep_work *work,
		const struct sweep_source *source, uint64_t *rows, struct error *err);
