/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries that the service brings to a receiver itself, each on a lease of its own like anybody's.
 *
 *     RELEASED ── a try begins ──► LEASED ── it ends ──► ACKED
 *                                               ├──────► RELEASED, not to be tried before its time
 *                                               └──────► DEAD, with why
 *
 *   (1) A try stands in the ledger before anything is sent: it counts, whatever becomes of the process.
 *   (2) What is leased to a puller is not tried, and what is tried is not pulled.
 *   (3) A try that was under way when the process died comes back when the service starts, at once: by
 *       its lease, which the ledger has kept, and no other.
 *
 * What waits for its next try may be pulled meanwhile. All belongs to the registry's thread.
 */
#pragma once

#include "push/ledger.h"

enum try_fate { TRY_DELIVERED, TRY_AGAIN, TRY_DEAD };

/* How a try has ended. */
struct try_end {
	unsigned char key[LEDGER_KEY_SIZE];
	const char *lease;
	enum try_fate fate;
	int64_t next_ms;    /* TRY_AGAIN: since 1970, UTC */
	const char *reason; /* TRY_AGAIN, TRY_DEAD: for people, without contents */
};

/* One that has begun. */
struct
try {
	struct ledger_delivery delivery; /* with its digest, leased */
	int number;			 /* from 1 */
};

/** Gives back what a process that died has left under way. */
bool tries_recover(
		struct ledger *ledger, int64_t now_ms, int64_t *out_count, struct error *err);

/**
 * One transaction: @ends are written, then at most ->limit tries begin: of those due again first, then of
 * new ones from ->filter.after on. *out_after: where the next call goes on; 0 when it came to the end.
 * An end whose lease is no more is left out.
 */
bool tries_step(struct ledger *ledger, const struct try_end *ends, size_t end_count,
		const struct ledger_lease_order *order, struct arena *arena,
		struct try **out_tries, size_t *out_count, int64_t *out_after,
		struct error *err);

/* --- dead letters ---------------------------------------------------------------------------- */

struct dead_decision {
	bool drop; /* put aside for good; otherwise released, as if never tried */
	const char *decided_by;
	const char *note;
	int64_t now_ms;
};
/** One transaction; @out_others, with room for all, are those that are not dead, and why. */
bool dead_decide_keys(struct ledger *ledger, const struct dead_decision *decision,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err);
/** One transaction: the newest 500 older than *before (0: of all). *before is 0 when there are no more. */
bool dead_decide_all(struct ledger *ledger, const struct dead_decision *decision,
		int64_t *before, struct arena *arena, int64_t *out_count, struct error *err);
