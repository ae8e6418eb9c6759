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
	bool statuses; /* only how everything stands is told */
};

/** Whether answers of that verdict are asked for. */
bool match_wants_verdict(const struct match *match, Policycalc__V1__Verdict verdict);
/** Fills the answer's near misses and cliffs when they are asked for; false: memory is short. */
bool match_put_near(const struct match *match, const struct facts *facts,
		const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer);
/** Encodes the response; false when memory is short, or the encoder full. */
bool match_encode(const struct match *match, const struct facts *facts);
