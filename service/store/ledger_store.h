/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of push runs: runs and their checkpoints, what enterprises have been told, deliveries.
 *
 * It stands in the registry's file, on its connection and its thread, so that a step of a run is one
 * transaction. A narrow interface of whole operations on plain structs: nothing above knows SQL, and
 * what a told blob, an entry list or a digest says is push/'s business; here they are bytes. Which
 * state may follow which is push/ledger.c's.
 *
 * What is changed is changed between begin and commit. Slices that are returned live in the arena
 * that was handed in.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry_store;
struct ledger_store;

#define LEDGER_KEY_SIZE 32

/** On the connection of @registry, which outlives it. */
struct ledger_store *ledger_store_open(struct registry_store *registry, struct error *err);
void ledger_store_close(struct ledger_store *store);

bool ledger_store_begin(struct ledger_store *store, struct error *err);
bool ledger_store_commit(struct ledger_store *store, struct error *err);
/** Does nothing when nothing was begun. */
void ledger_store_rollback(struct ledger_store *store);

/* --- names ----------------------------------------------------------------------------------- */

struct ledger_version {
	int64_t id;
	int64_t series_id;
	struct slice series;
	struct slice policy;
	struct slice card; /* what people call it */
};
/** The numbers of a version and its series, new ones when they are; keeps the newest card. */
bool ledger_store_put_version(
		struct ledger_store *store, struct ledger_version *version, struct error *err);
/** The name of a series by its number; *out_name is NULL when there is none. */
bool ledger_store_name_series(struct ledger_store *store, int64_t series, struct arena *arena,
		const char **out_name, struct error *err);
/** Every version, in the order of the numbers. */
bool ledger_store_list_versions(struct ledger_store *store, struct arena *arena,
		struct ledger_version **out_list, size_t *out_count, struct error *err);

/* --- runs ------------------------------------------------------------------------------------ */

struct ledger_run {
	int64_t id;
	int state;	    /* Run.State */
	int64_t next_block; /* the checkpoint */
	int64_t since; /* enterprises that have not changed since are not looked at; -1: all are */
	struct slice run; /* the Run message */
};
/** Under the number that ledger_store_next_run() has given, one more than the last. */
bool ledger_store_add_run(
		struct ledger_store *store, struct ledger_run *run, struct error *err);
bool ledger_store_next_run(struct ledger_store *store, int64_t *out_id, struct error *err);
bool ledger_store_change_run(
		struct ledger_store *store, const struct ledger_run *run, struct error *err);
/** Newest first, with a number below @before (0: all), at most @limit. */
bool ledger_store_list_runs(struct ledger_store *store, int64_t before, size_t limit,
		struct arena *arena, struct ledger_run **out_list, size_t *out_count,
		struct error *err);

/** How many runs are in each state below @count; others are counted nowhere. */
bool ledger_store_count_runs(struct ledger_store *store, int64_t *out_counts, size_t count,
		struct error *err);

/* --- what was told --------------------------------------------------------------------------- */

struct ledger_told {
	int64_t block;
	int64_t changes;    /* counts them: who read an older one does not write it */
	int64_t suppressed; /* entries aside since somebody does not want them */
	struct slice blob;
};
/** A block that was never told anything has no changes and an empty blob. */
bool ledger_store_find_told(struct ledger_store *store, int64_t block, struct arena *arena,
		struct ledger_told *out_told, struct error *err);
/** The same without the blob. */
bool ledger_store_find_told_marks(struct ledger_store *store, int64_t block,
		struct ledger_told *out_told, struct error *err);
/** Counts one change more. ERROR_CONFLICT when there was another since ->changes was read. */
bool ledger_store_put_told(
		struct ledger_store *store, const struct ledger_told *told, struct error *err);

/* --- deliveries ------------------------------------------------------------------------------ */

struct ledger_delivery {
	int64_t id;
	unsigned char key[LEDGER_KEY_SIZE];
	int64_t run;
	int64_t enterprise;
	int state; /* DeliveryState */
	int attempts;
	int32_t day;	    /* of its run, days since 1970 */
	int32_t not_before; /* days since 1970; 0: at once */
	uint32_t kinds;	    /* bit n: news of a policy of kind n */
	struct slice region;
	int64_t created_ms; /* since 1970, UTC */
	int64_t changed_ms;
	struct slice lease; /* of the last time it was handed out */
	int64_t leased_ms;
	int64_t lease_length_ms;
	struct slice who;
	struct slice note;
	struct slice entries; /* which series, and what was told of them before */
	struct slice digest;  /* empty when it was not asked for */
};
/** Gives it its id. The digest is stored, too. */
bool ledger_store_add_delivery(struct ledger_store *store, struct ledger_delivery *delivery,
		struct error *err);
/** What changes with the state: state, attempts, changed, lease, who, note. */
bool ledger_store_change_delivery(struct ledger_store *store,
		const struct ledger_delivery *delivery, struct error *err);
/** To another state, if the delivery is still as it was read; *out_moved: it was. */
bool ledger_store_move_delivery(struct ledger_store *store, const struct ledger_delivery *read,
		int state, int64_t changed_ms, bool *out_moved, struct error *err);
/** NULL in *out_delivery: there is none. */
bool ledger_store_find_delivery(struct ledger_store *store,
		const unsigned char key[LEDGER_KEY_SIZE], bool with_digest, struct arena *arena,
		struct ledger_delivery **out_delivery, struct error *err);

typedef bool (*ledger_enterprise_fn)(void *context, int64_t enterprise, struct error *err);
/** Enterprises of [first, first + count) with a delivery that waits and nobody has pulled. */
bool ledger_store_each_waiting(struct ledger_store *store, int64_t first, int64_t count,
		ledger_enterprise_fn found, void *context, struct error *err);
/** Those deliveries of one enterprise, oldest first, with digest. */
bool ledger_store_list_waiting(struct ledger_store *store, int64_t enterprise,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err);
/**
 * The last day on which something was told to the enterprise, that of deliveries nobody has pulled
 * aside; 0: none.
 */
bool ledger_store_last_day(struct ledger_store *store, int64_t enterprise, int32_t *out_day,
		struct error *err);

/* Whether the service itself has tried to bring a delivery to its receiver. */
enum ledger_tried {
	LEDGER_TRIED_OR_NOT,
	LEDGER_UNTRIED,
	LEDGER_DUE, /* tried, and to be tried again by now; those that are so longest come first */
};
struct ledger_filter {
	int64_t after; /* only larger ids */
	enum ledger_tried tried;
	int64_t now_ms;		     /* LEDGER_DUE */
	int32_t today;		     /* not those that have to wait longer */
	uint32_t kinds;		     /* any of these bits; 0: all */
	const struct slice *regions; /* sorted bytewise; with a count of 0: all */
	size_t region_count;
};
/** Released deliveries, oldest first, at most @limit, with digest. */
bool ledger_store_list_released(struct ledger_store *store, const struct ledger_filter *filter,
		size_t limit, struct arena *arena, struct ledger_delivery **out_list,
		size_t *out_count, struct error *err);
/**
 * Leased deliveries whose time is over at @now_ms, or that were leased later than that (the clock has
 * gone back), at most @limit.
 */
bool ledger_store_list_expired(struct ledger_store *store, int64_t now_ms, size_t limit,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err);

struct ledger_listing {
	int64_t before;	    /* only smaller ids; 0: all */
	int64_t enterprise; /* 0: all */
	int64_t run;	    /* 0: all */
	int state;	    /* 0: all */
};
/** Newest first, at most @limit. */
bool ledger_store_list_deliveries(struct ledger_store *store,
		const struct ledger_listing *listing, size_t limit, bool with_digest,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err);
/** How many deliveries are in @state. */
bool ledger_store_count_deliveries(
		struct ledger_store *store, int state, int64_t *out_count, struct error *err);

/* --- tries ----------------------------------------------------------------------------------- */

/* What the service remembers of its own tries to bring a delivery to its receiver. */
struct ledger_try {
	int64_t id;	     /* of the delivery */
	int tries;	     /* that were begun */
	int64_t next_ms;     /* not before, since 1970, UTC */
	struct slice lease;  /* of the try that is under way; empty: none is */
	struct slice reason; /* why the last that ended has failed */
};
/* No try is put off for longer: one that is comes from a clock that has gone back, and is due. */
#define LEDGER_TRY_LONGEST_MS ((int64_t)25 * 3600 * 1000)
/** In place of what was remembered. */
bool ledger_store_put_try(
		struct ledger_store *store, const struct ledger_try *try, struct error *err);
/** Zeroed, but for the id, when there was none. */
bool ledger_store_find_try(struct ledger_store *store, int64_t id, struct arena *arena,
		struct ledger_try *out_try, struct error *err);
bool ledger_store_drop_try(struct ledger_store *store, int64_t id, struct error *err);
/** Leased deliveries whose try is under way, with numbers above @after, at most @limit. */
bool ledger_store_list_under_way(struct ledger_store *store, int64_t after, size_t limit,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		struct error *err);
/** How many released deliveries wait for another try. */
bool ledger_store_count_tries(
		struct ledger_store *store, int64_t *out_count, struct error *err);
/** When the next try later than @now_ms is due; 0: none is. */
bool ledger_store_next_try(struct ledger_store *store, int64_t now_ms, int64_t *out_next_ms,
		struct error *err);
