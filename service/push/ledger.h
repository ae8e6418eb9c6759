/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the ledger: which state of a delivery may follow which, leases, confirmation.
 *
 *                 ┌────────────► SUPPRESSED   the enterprise does not want it
 *     (a run) ────┼─► HELD ────► REFUSED      the department said no
 *                 │     │ confirmed
 *                 └─► RELEASED ◄──────────┐
 *                       │ pulled          │ lease over, or not delivered
 *                       ▼                 │
 *                     LEASED ─────────────┴──► ACKED, DEAD
 *
 *     SUPERSEDED   from HELD or RELEASED, by a later run, as long as nobody has pulled it; from HELD also
 *                  by one a series, when it is of an older database and has several.
 *     DEAD         given up after many attempts, or refused for good by a receiver; staff may release it
 *                  again, or put it aside (DROPPED).
 *
 * A redelivery is the same row: the same key and the same bytes. A lease is counted from when it was
 * given, so that after the clock has gone back it lasts no longer than its length from when that is
 * noticed. All belongs to the registry's thread; the time is a parameter.
 */
#pragma once

#include "policycalc/v1/push_service.pb-c.h"
#include "push/told.h"
#include "registry/registry.h"
#include "store/ledger_store.h"

#define DELIVERY(word) POLICYCALC__V1__DELIVERY_STATE__DELIVERY_STATE_##word
#define DELIVERY_STATE_END 10

/* Attempts after which a delivery that fails is given up. */
#define LEDGER_ATTEMPTS_MOST 20

struct ledger {
	struct registry *registry;
	struct ledger_store *store;
};

/** Whether a delivery may go from one state to the other. */
bool ledger_may_move(Policycalc__V1__DeliveryState from, Policycalc__V1__DeliveryState to);
/** "RELEASED". */
const char *ledger_state_name(Policycalc__V1__DeliveryState state);
/** The day in China, days since 1970. */
int32_t ledger_day(int64_t now_ms);

/* --- what a delivery is about ---------------------------------------------------------------- */

/* One piece of its news: what was told of the series before, and what is when it is told. */
struct ledger_entry {
	uint32_t series;
	struct told_state before;
	struct told_state next;
};
void ledger_entries_encode(
		const struct ledger_entry *entries, size_t count, struct buffer *out);
/** ERROR_IO when @bytes are damaged. */
bool ledger_entries_decode(struct slice bytes, struct arena *arena,
		struct ledger_entry **out_entries, size_t *out_count, struct error *err);

/* --- leases ---------------------------------------------------------------------------------- */

struct ledger_lease_order {
	const char *consumer;
	int64_t length_ms;
	size_t limit;
	int64_t now_ms;
	struct ledger_filter filter; /* ->today is set here; ->after is where it goes on */
};
/**
 * One transaction: takes back leases whose time is over, then leases at most ->limit deliveries.
 * Enterprises that have opted out meanwhile are left out. *out_after: where the next call goes on.
 */
bool ledger_lease(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		int64_t *out_after, bool *out_more, struct error *err);
/**
 * One transaction. What was not acknowledged goes to @out_others, which has room for all, with its
 * state and why; an acknowledgement that is repeated is one.
 */
bool ledger_ack(struct ledger *ledger, const Policycalc__V1__AckDeliveriesRequest *request,
		int64_t now_ms, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err);
/**
 * Adds to @others, which has room, what was asked about by @key and left out, and why: @why, or that
 * there is no such @delivery (NULL).
 */
bool ledger_other_add(Policycalc__V1__DeliveryStatus **others, size_t *count, char *key,
		const struct ledger_delivery *delivery, const char *why, struct arena *arena,
		struct error *err);
/** As ledger_lease(), within a transaction that the caller began. */
bool ledger_lease_within(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		int64_t *out_after, bool *out_more, struct error *err);
/** Moves it along an arrow of the drawing, in memory. */
void ledger_delivery_enter(struct ledger_delivery *delivery,
		Policycalc__V1__DeliveryState state, int64_t now_ms);

/* --- confirmation ---------------------------------------------------------------------------- */

struct ledger_decision {
	bool refuse;
	const char *confirmed_by;
	const char *note;
	int64_t now_ms;
};
/**
 * One transaction; @out_others as in ledger_ack(): also what has news of several series, which each are
 * decided by themselves.
 */
bool ledger_confirm_keys(struct ledger *ledger, const struct ledger_decision *decision,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err);
/**
 * One transaction: of the newest 500 held ones older than *before (0: of all), decides those with news
 * of @series. One of an older database that has news of others, too, is split before. *before is then
 * where to go on; 0 when there are no more.
 */
bool ledger_confirm_series(struct ledger *ledger, const struct ledger_decision *decision,
		uint32_t series, int64_t *before, struct arena *arena, int64_t *out_count,
		struct error *err);
/** The number of a series that was ever run; 0: there is none. */
bool ledger_find_series(struct ledger *ledger, const char *series, struct arena *arena,
		uint32_t *out_series, struct error *err);
