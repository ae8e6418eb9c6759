/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the score evaluator share; nobody else includes it. */
#pragma once

#include "calculator/score.h"

enum reach {
	REACH_NO,
	REACH_YES,
	REACH_OPEN,
	REACH_ERROR,
};

/* Who asks: the enterprise, or the item at hand. */
struct asker {
	const struct facts *facts;
	enum item_list list;
};

/** Puts what stands behind missing slots into a set that is made when there is none. */
void asker_put_missing(
		const struct asker *asker, struct slot_set missing, uint64_t **missing_bits);
/** Bounds of a rule's result. */
struct interval asker_interval(const struct asker *asker, const struct rule *rule);
/** No bounds when some completion may err. */
struct interval interval_certain(struct interval interval);
/** Whether a step is reached; while that is open, what keeps it so is put into @missing. */
enum reach step_ask(const struct asker *asker, int slot, const struct score_step_rules *step,
		uint64_t **missing);
/** Marks the rows that can still change the result. */
void score_find_relevant(const struct facts *facts, const struct score_rules *rules,
		struct score_result *result);
