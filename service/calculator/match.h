/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way, for match.c (from the request to outcomes, and to a message) and
 * match_encode.c (from outcomes to bytes). */
#pragma once

#include "calculator/answer.h"
#include "calculator/selection.h"
#include "proto/codec/encode.h"

struct match {
	const struct ruleset *ruleset;
	const Policycalc__V1__MatchRequest *request;
	struct arena *arena;
	struct encoder *encoder; /* NULL: a message is wanted */
	struct findings findings;
	struct date as_of;
	const struct epoch *epoch;
	struct selections selections;
	struct outcome *outcomes; /* in the order of the answers */
	size_t outcome_count;
	size_t ruled_out; /* policies behind the last outcome: all INELIGIBLE */
	bool statuses;	  /* only how everything stands is told */
};

/** How many policies have each verdict, told or not. */
void match_count(const struct match *match, size_t out_counts[VERDICT(ELIGIBLE) + 1]);
/** Whether answers of that verdict are asked for. */
bool match_wants_verdict(const struct match *match, Policycalc__V1__Verdict verdict);
/** Fills the answer's near misses and cliffs when they are asked for; false: memory is short. */
bool match_put_near(const struct match *match, const struct facts *facts,
		const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer);
/**
 * Adds the outcome of the policy at @index, all of whose conditions are known to hold, when its answer is kept
 * and is the same for every firm; without what conditions came to.
 */
bool match_add_ready(struct match *match, size_t index);
/** Encodes the response; false when memory is short, or the encoder full. */
bool match_encode(const struct match *match, const struct facts *facts);
