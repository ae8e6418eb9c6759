/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries of one state on which people decide, named by key or all there are. Inner header. */
#pragma once

#include "push/ledger.h"

struct ledger_choice {
	Policycalc__V1__DeliveryState state;
	const char *why_not; /* of what is in another; NULL: never asked by key */
	/* Why this one may not be decided on by its key; *out_why stays NULL when it may. NULL: each may. */
	bool (*refuse)(void *context, const struct ledger_delivery *delivery,
			struct arena *arena, const char **out_why, struct error *err);
	bool (*decide)(void *context, struct ledger_delivery *delivery, struct arena *arena,
			struct error *err);
	void *context;
};

/**
 * Within the caller's transaction: decides on each of @keys. What is not in that state, or is refused,
 * goes to @out_others, which has room for all.
 */
bool ledger_choose_keys(struct ledger *ledger, const struct ledger_choice *choice,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err);
/**
 * Within the caller's transaction: decides on the newest 500 older than *before (0: of all), which is
 * then where to go on, or 0 when there are no more.
 */
bool ledger_choose_step(struct ledger *ledger, const struct ledger_choice *choice,
		int64_t *before, struct arena *arena, struct error *err);
