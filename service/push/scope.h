/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run asks about: of each series in question the version that counts on the day.
 *
 * A series is in scope when it is asked for, or all are; one in scope without a version that counts
 * is gone. Made from a ruleset, then numbered by the ledger; immutable from then on, and read by
 * every thread.
 */
#pragma once

#include "base/map.h"
#include "calculator/calculator.h"
#include "store/ledger_store.h"

struct push_target {
	const Policycalc__V1__Policy *policy; /* the ruleset's */
	uint32_t series;
	uint32_t version;
	/* The last day on which one may apply, days since 1970; 0: not stated, always, or the next
	 * version goes on from there. */
	int32_t window_end;
	bool may_fit; /* anyone: people do not decide in the end */
	/* Ids of conditions that a change of figures can turn, with a parameter behind them. */
	const char **near_conditions;
	size_t near_count;
};

struct push_card {
	uint32_t series;    /* 0: no such version */
	struct slice bytes; /* of a DeltaEntry */
};

struct push_scope_changes;

struct push_scope {
	const struct ruleset *ruleset; /* borrowed */
	bool all;
	const struct push_scope_changes *changes; /* NULL: it is not asked what has changed */
	struct push_target *targets;		  /* in the order of their series' numbers */
	size_t target_count;
	struct map by_policy; /* id to target */
	/* By number of the series: whether it is in scope. */
	bool *series;
	uint32_t series_end;
	struct push_card *cards; /* by number of the version */
	uint32_t card_end;
	/* Names in scope, unless ->all. */
	const char **names;
	size_t name_count;
};

/**
 * What @request asks about on @day ("YYYY-MM-DD"), not yet numbered. @since: the catalog of
 * ->since_revision, or NULL. Lives in @arena (its map is freed with push_scope_fini()). ERROR_NOT_FOUND
 * names a policy that there is not.
 */
bool push_scope_init(struct push_scope *scope, const struct ruleset *ruleset,
		const struct catalog *since, char *const *policies, size_t policy_count,
		const char *day, struct arena *arena, struct error *err);
void push_scope_fini(struct push_scope *scope);
/** Numbers it, in a transaction of the ledger that is open. */
bool push_scope_number(struct push_scope *scope, struct ledger_store *store,
		struct arena *arena, struct error *err);
/** Whether news of the series is in question. */
bool push_scope_has(const struct push_scope *scope, uint32_t series);
/** NULL when the policy is none of the run's. */
const struct push_target *push_scope_find(const struct push_scope *scope, const char *policy);

/* What of the day a policy reads; each also what stands before it. */
enum push_day {
	PUSH_DAY_NONE,
	PUSH_DAY_TITLES, /* whether titles of the enterprise are still valid on it, and nothing else */
	PUSH_DAY_ANY,
};

/** What conditions, and what the amount, of a policy read of the day. */
bool push_scope_reads_day(const struct push_scope *scope, const struct push_target *target,
		enum push_day *out_reads, enum push_day *out_amount_reads, struct error *err);
/** Whether the days on which titles that this attribute holds run out matter to PUSH_DAY_TITLES. */
bool push_scope_is_titles(const Policycalc__V1__Attribute *attribute);
/** Whether two days (@to not before @from) have the same parameters, last full periods, versions and
 * open windows. */
bool push_scope_days_alike(const struct ruleset *ruleset, int32_t from, int32_t to);

/**
 * Whether a policy's answer may differ between two catalogs: its text differs, or that of anything
 * it names, through as many steps as it takes. May say yes too often, never no.
 */
struct push_scope_changes *push_scope_changes_find(const struct catalog *from,
		const struct catalog *to, struct arena *arena, struct error *err);
bool push_scope_changes_touch(const struct push_scope_changes *changes, const char *policy);
/**
 * Whether what comes of the policy may differ though the enterprise and the day are the same, and it can
 * have it under both.
 */
bool push_scope_changes_touch_amount(const struct push_scope_changes *changes,
		const Policycalc__V1__Policy *policy, bool *out_touch);
/** The @index-th series that @from had and @to has no more; NULL behind the last. */
const char *push_scope_changes_gone(const struct push_scope_changes *changes, size_t index);
