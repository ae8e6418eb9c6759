/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score tables: points added up row by row, while some of what they rest on is unknown.
 *
 * Every row is a span of points, and so are the sub-scores, the total and the least score that
 * passes. A threshold is met when the lower end passes and failed when the upper end fails. In
 * between the rows that can still change the result are found out: only these are asked for.
 *
 *   (1) The spans contain the points of every completion of what is unknown.
 *   (2) So learning never changes a result that was settled.
 *   (3) A row that is not relevant may come out anywhere in its span: the result is the same.
 */
#pragma once

#include "calculator/clause.h"

#define SCORE_FULL_MOST 1000

/* --- compiled --------------------------------------------------------------------------------- */

enum score_relation {
	SCORE_FLAG, /* reached with "yes" */
	SCORE_AT_LEAST,
	SCORE_ABOVE,
	SCORE_AT_MOST,
	SCORE_BELOW,
};

struct score_step_rules {
	const Policycalc__V1__ScoreStep *step;
	enum score_relation relation;
	const struct rule
			*holds; /* the comparison as a rule: exact, in 128 bits for quotients */
	const struct rule *bound; /* NULL for flags */
	const struct rule *points;
};

struct score_metric_rules {
	const Policycalc__V1__ScoreMetric *metric;
	int slot;		 /* of the attribute; -1: points by a rule */
	const struct rule *rule; /* or NULL */
	const struct score_step_rules *steps;
	size_t step_count;
	const struct rule *otherwise; /* NULL: 0 points */
};

struct score_row_rules {
	const Policycalc__V1__ScoreRow *row;
	int group; /* -1: none */
	const struct score_metric_rules *metrics;
	size_t metric_count;
	bool not_zero; /* a veto forbids that it counts for 0 */
};

struct score_group_rules {
	const Policycalc__V1__ScoreGroup *group;
	const struct rule *floor; /* NULL: none */
};

struct score_veto_rules {
	const Policycalc__V1__ScoreVeto *veto;
	int row;		 /* or -1: */
	const struct rule *rule; /* the table is failed when it holds */
};

struct score_rules {
	const Policycalc__V1__ScoreTable *table;
	const struct rule *pass;
	const struct score_row_rules *rows;
	size_t row_count;
	const struct score_group_rules *groups;
	size_t group_count;
	const struct score_veto_rules *vetoes;
	size_t veto_count;
	int full;		   /* what the rows' full marks add up to */
	const struct rule **rules; /* every rule of it, */
	size_t rule_count;	   /* for what the policy reads */
};

/**
 * Compiles table @index of @policy (whose messages in the editor's files are @origin's). Reports
 * its mistakes; NULL when memory is short. What came out wrong is left out of the result.
 */
struct score_rules *score_build(struct ruleset_build *build,
		const Policycalc__V1__Policy *policy, const Policycalc__V1__Policy *origin,
		size_t index, enum item_list list);

/* --- asked ------------------------------------------------------------------------------------ */

struct score_span {
	int64_t least;
	int64_t most;
};

/* One thing measured. */
struct score_metric_result {
	struct score_span points;
	int reached;	   /* the step reached for certain; -1: none, or not known */
	int next;	   /* the nearest step that brings the row more than it has for certain;
			    * -1: none, or not known. See score_bound(). */
	uint64_t *missing; /* what keeps the points open; NULL: nothing */
	bool error;
};

struct score_row_result {
	struct score_span points;
	Policycalc__V1__ScoreRowAnswer__State state;
	struct score_metric_result *metrics;
	int counted;	   /* the alternative with the most points for certain; -1: none */
	uint64_t *missing; /* attributes and parameters; NULL: none */
	bool relevant;	   /* its points may change the result */
	bool judged;	   /* people would have to tell its points */
	bool error;
	uint64_t *values; /* the points it may come to, a bit each */
};

/* A threshold on points: the least that passes. */
struct score_limit {
	bool least_known, most_known; /* false: no bound on that side */
	struct score_span span;
	uint64_t *missing; /* what keeps it open; NULL: nothing */
	bool error;
};

struct score_group_result {
	struct score_span points;
	struct score_limit floor; /* { 0, 0 } when there is none */
	Policycalc__V1__ConditionStatus status;
};

struct score_veto_result {
	Policycalc__V1__ConditionStatus status;
	uint64_t *missing;
};

struct score_result {
	struct score_span total;
	struct score_limit pass;
	struct score_row_result *rows;
	struct score_group_result *groups;
	struct score_veto_result *vetoes;
	struct clause_result standing; /* of the table by itself */
};

/** Asks a table. Memory that runs short shows in the arena. */
struct score_result score_ask(const struct facts *facts, enum item_list list,
		const struct score_rules *rules);

/** The bound of a step of the table on the day, in the attribute's own units; false: not known. */
bool score_bound(const struct facts *facts, const struct score_step_rules *step,
		int64_t *out_bound);

/** How the direct pass of @clause stands by itself; UNSPECIFIED when it has none. */
struct clause_result score_direct_pass(const struct facts *facts, const struct clause *clause);

/** The condition: its table, or its direct pass. */
struct clause_result score_clause(
		const struct facts *facts, enum item_list list, const struct clause *clause);

/* --- told ------------------------------------------------------------------------------------- */

/** Fills ->score of @answer, with its sentence, from what the condition came to. false: memory is short. */
bool score_answer(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause, const struct clause_result *asked,
		const char *item_id, Policycalc__V1__ConditionAnswer *answer);

/** Fills ->sentence of a score that is filled otherwise. false: memory is short. */
bool score_say(struct arena *arena, Policycalc__V1__ScoreAnswer *score);
