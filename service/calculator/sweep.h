/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts of many enterprises at once: a block of 4,096 under all policies of a day.
 *
 * The same answers as Match, bit for bit: what outcome_compute() makes of facts_read() of each
 * enterprise. Facts come as columns, one a fact asked for (an attribute of one period), and every
 * comparison is made once a block for all its rows. What no column answers (items, series, score
 * tables) is asked of the enterprise itself, but only where all that is cheaper leaves it open.
 *
 * A sweep is bound to a ruleset and a day; it is immutable and shared by threads. Each thread has a
 * sweep_work of its own, which holds the results of its last block and is used again for the next.
 */
#pragma once

#include "base/slice.h"
#include "calculator/calculator.h"

#define SWEEP_ROWS 4096
#define SWEEP_WORDS (SWEEP_ROWS / 64)

/* How the values of an attribute lie in a column; it follows from the attribute's type. */
enum sweep_form {
	SWEEP_INTEGER, /* MONEY, RATIO, COUNT; DATE as seconds since 1970 of 00:00 in China */
	SWEEP_FLAG,    /* FLAG */
	SWEEP_CODE,    /* CODE and TEXT */
	SWEEP_CODES,   /* CODES */
	SWEEP_TITLES,  /* TITLES */
	/* A series has no column: ->known is where the profile names the attribute at all. Asked only of
	 * a source that says that it ->tells_series. */
	SWEEP_SERIES,
};

/* One fact that the rules read: an attribute, of one period unless it is a state. */
struct sweep_want {
	const char *attribute; /* its name; borrowed from the ruleset, as is: */
	const Policycalc__V1__Attribute *definition; /* its type and its period */
	bool periodic;	/* false: a state; all that was sent with a period is no value of it */
	int64_t period; /* by its number, see calculator/period.h */
	enum sweep_form form;
};

/*
 * Values as they were sent, of profiles within the limits of a request. A row is known when its profile names the attribute for that period, the
 * value is of the attribute's type, and (lists and titles) no code stands there twice, every day is a
 * day and there are at most 1,000. Of several for one period the first counts: when that is none, the
 * row is not known. Ranges, tables of codes and choices are for the sweep to judge.
 *
 * Bits lie in SWEEP_WORDS words, row i in bit i % 64 of word i / 64; what is said of rows beyond
 * ->row_count or not known is ignored. Lists by row have room for SWEEP_ROWS.
 */
struct sweep_column {
	const uint64_t *known;	 /* NULL: no row */
	const uint64_t *flags;	 /* FLAG: "yes" */
	const int64_t *integers; /* INTEGER: by row. TITLES: by entry, the last day of validity */
	/* CODE: by row. CODES, TITLES: by entry; those of row i are ->starts[i] to ->starts[i + 1] - 1,
	 * also of rows that are not known. Numbers of texts below, which need not be different. */
	const uint32_t *codes;
	const uint32_t *starts; /* SWEEP_ROWS + 1 at most, row_count + 1 at least */
	const struct slice *code_texts;
	size_t code_count;
	/* In other blocks, too, the same texts stand under the same numbers of a table of this name; it
	 * may grow. 0: nobody knows. */
	uint64_t code_table;
};

/* Which rows have items of a list. NULL: none. */
struct sweep_items {
	const uint64_t *some;
	const uint64_t *complete; /* the profile says that the list holds all there are */
};

/* Where the facts of one block come from. What it gives is good until sweep_block() returns. */
struct sweep_source {
	void *context;
	unsigned row_count;
	/* The column of sweep_wants()[want]; asked at most once a block, and only when it matters. */
	bool (*column)(void *context, size_t want, struct sweep_column *out_column,
			struct error *err);
	/* The whole enterprise, for what no column answers. It may lie in @arena. */
	bool (*profile)(void *context, unsigned row, struct arena *arena,
			const Policycalc__V1__Profile **out_profile, struct error *err);
	bool tells_series; /* columns of SWEEP_SERIES are filled in; false: all rows may have any */
	/* Which rows have items of @list ("projects", "loans", "hires"), so that only these are asked
	 * themselves for what is granted for items; NULL: all may have some. */
	bool (*items)(void *context, const char *list, struct sweep_items *out_items,
			struct error *err);
};

struct sweep;

struct sweep_options {
	const char *day; /* "YYYY-MM-DD" */
	/* Ids or series of policies; none: all that are not superseded or ended on the day. */
	const char *const *policies;
	size_t policy_count;
	bool conditions; /* also how every condition stands; without it the work stops when the verdict
			    is known */
};

/**
 * Holds a reference to @ruleset until it is freed. A day that is none is ERROR_INVALID, an unknown
 * policy ERROR_NOT_FOUND.
 */
struct sweep *sweep_new(const struct ruleset *ruleset, const struct sweep_options *options,
		struct error *err);
void sweep_free(struct sweep *sweep);

/** The facts that the rules may ask for; borrowed. */
const struct sweep_want *sweep_wants(const struct sweep *sweep, size_t *out_count);
/** Policies in id order. */
size_t sweep_policy_count(const struct sweep *sweep);
const Policycalc__V1__Policy *sweep_policy(const struct sweep *sweep, size_t index);
/** What it is granted for: "" the enterprise, "projects", "loans", "hires". */
const char *sweep_policy_list(const struct sweep *sweep, size_t index);
/** Whether any of its rules, the amount's included, rests on an attribute of the enterprise. */
bool sweep_policy_reads(const struct sweep *sweep, size_t index, const char *attribute);
/** Conditions of a policy as in PolicyAnswer: scopes of region and industry first. */
size_t sweep_condition_count(const struct sweep *sweep, size_t policy);
const Policycalc__V1__Condition *sweep_condition(
		const struct sweep *sweep, size_t policy, size_t index);
/** As PolicyAnswer has it for firms without items: that there is one; NULL: it is granted for none. */
const Policycalc__V1__Condition *sweep_list_condition(const struct sweep *sweep, size_t policy);
/** Whether it is about an item, so that it has no rows. */
bool sweep_condition_is_per_item(const struct sweep *sweep, size_t policy, size_t index);

struct sweep_work;

/** NULL when memory is short. Belongs to @sweep, which lives longer. */
struct sweep_work *sweep_work_new(const struct sweep *sweep, struct error *err);
void sweep_work_free(struct sweep_work *work);

/**
 * Asks all policies about the rows in @rows (SWEEP_WORDS words; NULL: all of the source). The results
 * stand in @work until the next block. false: nothing stands there.
 */
bool sweep_block(struct sweep_work *work, const struct sweep_source *source,
		const uint64_t *rows, struct error *err);

/**
 * Whether any row is of that verdict; then @out_rows (SWEEP_WORDS words) has them. Otherwise it is left
 * alone.
 */
bool sweep_verdict(const struct sweep_work *work, size_t policy,
		Policycalc__V1__Verdict verdict, uint64_t *out_rows);
/* The numbers of all rows, and somewhat more. */
#define SWEEP_LIST_MOST (SWEEP_ROWS + 4)
/**
 * The numbers of the rows of that verdict, ascending, and how many there are. @out_rows has room for
 * SWEEP_LIST_MOST; what stands there behind the last is of no use.
 */
size_t sweep_verdict_rows(const struct sweep_work *work, size_t policy,
		Policycalc__V1__Verdict verdict, uint16_t *out_rows);
/**
 * As sweep_verdict(), of how a condition stands; only with ->conditions. Conditions about an item stand with each
 * item, so that they have no rows here.
 */
bool sweep_condition_status(const struct sweep_work *work, size_t policy, size_t condition,
		Policycalc__V1__ConditionStatus status, uint64_t *out_rows);
