/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way, for match.c (from the request to outcomes, and to a message) and
 * match_encode.c (from outcomes to bytes). */
#pragma once

#include "calculator/answer.h"
#include "calculator/selection.h"
#include "proto/codec/encode.h"

/* What is told of a policy, and what that is ordered by. */
struct ranked {
	Policycalc__V1__Verdict verdict;
	int64_t order; /* as of the outcome */
	const struct policy_rules *policy;
	const struct ready *ready; /* the whole answer, see answer_parts.h; or NULL: */
	struct outcome *outcome; /* NULL as well: the policy fits, and is asked when it is told */
};

struct match {
	const struct ruleset *ruleset;
	const Policycalc__V1__MatchRequest *request;
	struct arena *arena;
	struct encoder *encoder;   /* NULL: a message is wanted */
	struct match_tally *tally; /* with an encoder only */
	struct findings findings;
	struct date as_of;
	const struct epoch *epoch;
	struct selections selections;
	struct ranked *ranked; /* in the order of the answers */
	size_t ranked_count;
	struct outcome *outcomes; /* for a combination in the same order */
	size_t outcome_count;
	size_t ruled_out; /* policies behind the last ranked one: all INELIGIBLE */
	bool statuses;	  /* only how everything stands is told */
};

/** Room for @count policies; false when memory is short. */
bool match_reserve(struct match *match, size_t count);
/** Adds an outcome behind those that are ranked. */
void match_rank(struct match *match, struct outcome *outcome);
/** Puts what is ranked into the order of the answers, at least as many as are told; INELIGIBLE ones are last. */
void match_sort(struct match *match);
/** Takes those off the end that are INELIGIBLE. */
void match_drop_ineligible(struct match *match);
/** How many policies have each verdict, told or not. */
void match_count(const struct match *match, size_t out_counts[VERDICT(ELIGIBLE) + 1]);
/** Whether answers of that verdict are asked for. */
bool match_wants_verdict(const struct match *match, Policycalc__V1__Verdict verdict);
/** Fills the answer's near misses and cliffs when they are asked for; false: memory is short. */
bool match_put_near(const struct match *match, const struct facts *facts,
		const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer);
/**
 * Ranks the policy at @index, all of whose conditions are known to hold, when its answer is the same for every firm,
 * and is kept, or at least what it is ordered by: then there is no outcome.
 */
bool match_add_ready(struct match *match, size_t index);
/** Notes for that what the policy at @index, the last that was ranked, all of whose conditions hold, is ordered by. */
void match_note_order(const struct match *match, size_t index);
/** Encodes the response; false when memory is short, or the encoder full. */
bool match_encode(const struct match *match, const struct facts *facts);
