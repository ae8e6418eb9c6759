/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: what is known of every enterprise, now and in every past snapshot, over a store.
 *
 * Names, supplies and complete lists are in memory; enterprises are read from the store. All belongs
 * to the thread that owns the store. Profiles come with the period beside every periodic value, and
 * without a date: what date they are asked about is the caller's to say.
 */
#pragma once

#include "policycalc/v1/registry_service.pb-c.h"
#include "registry/supplies.h"
#include "store/registry_store.h"

struct registry;

/** Over @store (borrowed). */
struct registry *registry_open(struct registry_store *store, struct error *err);
void registry_close(struct registry *registry);
struct registry_store *registry_store(struct registry *registry);

/** The newest snapshot; 0: nothing was ever imported. */
bool registry_snapshot(struct registry *registry, int64_t *out_sequence, struct error *err);
/** The newest snapshot that was there at @time (seconds since 1970); 0: none. */
bool registry_sequence_at(struct registry *registry, int64_t time, int64_t *out_sequence,
		struct error *err);
/** Ids are 1 to this. */
int64_t registry_last_id(const struct registry *registry);

/*
 * One enterprise. @changed_sequence: when something about it changed last, be it a value or a
 * complete list that it is not on. @profile lives until the callback returns, which calls nothing of
 * this registry.
 */
typedef bool (*registry_row_fn)(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err);
/** Those of [first_id, first_id + count) that were there at @sequence, as of it, in id order. */
bool registry_scan(struct registry *registry, int64_t sequence, int64_t first_id, int64_t count,
		registry_row_fn row, void *context, struct error *err);
/**
 * One enterprise as of @sequence (0: the newest), in @arena. ERROR_NOT_FOUND when it was not there;
 * ERROR_INVALID when @uscc is none.
 */
bool registry_find(struct registry *registry, const char *uscc, int64_t sequence,
		struct arena *arena, int64_t *out_id, Policycalc__V1__Profile **out_profile,
		struct error *err);
/** One enterprise as of @sequence, in @arena; NULL when there was none of that id. */
bool registry_read(struct registry *registry, int64_t id, int64_t sequence, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err);
/**
 * Ids of [first_id, first_id + count) of which anything may have changed after @sequence, be it by a
 * complete list, in order.
 */
bool registry_each_changed(struct registry *registry, int64_t sequence, int64_t first_id,
		int64_t count, bool (*changed)(void *context, int64_t id, struct error *err),
		void *context, struct error *err);
/** Highest sequence at which anything about an enterprise of the block changed. */
bool registry_block_sequence(struct registry *registry, int64_t block, int64_t *out_sequence,
		struct error *err);

/** Who supplied a value; NULL when there is no such import. */
const struct supply *registry_supply(const struct registry *registry, uint32_t id);

/* --- answers --------------------------------------------------------------------------------- */

bool registry_describe(struct registry *registry,
		const Policycalc__V1__GetEnterpriseRequest *request, struct arena *arena,
		Policycalc__V1__GetEnterpriseResponse **out_response, struct error *err);
bool registry_summary(struct registry *registry, struct arena *arena,
		Policycalc__V1__GetRegistryResponse **out_response, struct error *err);

/* --- what enterprises want to be told -------------------------------------------------------- */

/** What it said; when it never said, everything daily. */
bool registry_subscription(struct registry *registry, const char *uscc, struct arena *arena,
		Policycalc__V1__Subscription **out_subscription, struct error *err);
/** From now on; one transaction. */
bool registry_set_subscription(struct registry *registry,
		const Policycalc__V1__Subscription *subscription, struct error *err);
typedef bool (*registry_subscription_fn)(void *context, int64_t id,
		const Policycalc__V1__Subscription *subscription, struct error *err);
/** Those of [first_id, first_id + count) that said anything, in id order; as registry_scan(). */
bool registry_each_subscription(struct registry *registry, int64_t first_id, int64_t count,
		registry_subscription_fn row, void *context, struct error *err);
