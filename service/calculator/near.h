/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses and cliffs: what would have to be different.
 *
 * A near miss of a policy that is INELIGIBLE turns every condition that is NOT_MET into MET (of a
 * policy granted per item: the enterprise's own and those of one item), changing at most two base
 * attributes that the dictionary calls mutable, in the direction it allows. Only what is known
 * changes, only the last full period (the past is past), and nothing that is met is lost. It is shown
 * only after the whole policy was asked again with the changed facts.
 *
 * A judgement that is settled against the firm must be settled for it; one that nothing can settle
 * for it only has to be open again.
 *
 * A cliff is the reverse: the nearest figure of one mutable attribute at which a policy that is
 * ELIGIBLE would be INELIGIBLE, when it is at most a fifth of itself or one unit of a count away.
 */
#pragma once

#include "calculator/answer.h"
#include "rules/flip.h"

#define NEAR_CHANGES_MOST 2
#define NEAR_KEPT_MOST 16 /* found by the search */
#define NEAR_SHOWN_MOST 3

/* One attribute taken elsewhere. */
struct near_change {
	struct flip flip;
	struct value observed;
};

/* Changes in slot order, which is name order. */
struct near_found {
	struct near_change changes[NEAR_CHANGES_MOST];
	size_t count;
	size_t item;  /* the index of the item whose conditions are turned */
	int64_t cost; /* in millionths */
};

struct near_list {
	bool cliffs; /* of one change each: the rise and the fall of an attribute are two */
	size_t base_count;			 /* slots from here on are those of items */
	struct near_found found[NEAR_KEPT_MOST]; /* cheapest first */
	size_t count;
};

#define NEAR_FLIPS_MOST 64 /* of one condition; what lies beyond is left out */

/* What a condition must be at the end. */
enum near_goal {
	NEAR_NONE,
	NEAR_NOT_LOST, /* anything but NOT_MET */
	NEAR_MET,
	NEAR_LOST, /* NOT_MET: for cliffs */
};

/* Facts that may be changed, and how. */
struct near_asking {
	const struct facts *work;
	const struct policy_rules *policy;
	const struct flip_world *world;
};

/* near_clause.c */

bool near_goal_is_reached(enum near_goal goal, Policycalc__V1__ConditionStatus status);
/** Steps toward a condition that is not as @goal wants it; room for NEAR_FLIPS_MOST. */
size_t near_clause_flips(const struct near_asking *asking, const struct clause *clause,
		enum near_goal goal, struct flip *out_flips);

/* near_found.c */

/** The slot's value after a change; lists and maps are made in @arena. */
struct value near_value(const struct near_change *change, struct arena *arena);
/** How far a change goes, in the attribute's own unit; days for dates, 1 for flags and codes. */
int64_t near_distance(const struct near_change *change);

bool near_is_upward(const struct near_change *change);
/** change_weight * distance / max(|threshold|, 1), in millionths, rounded down. */
int64_t near_cost(const Policycalc__V1__Attribute *attribute, const struct near_change *change);
/** Keeps @found among the cheapest, unless another one makes it needless; drops those it does. */
void near_list_keep(struct near_list *list, const struct near_found *found);

/* near_search.c */

/** Whether a condition that was @before is as a near miss must have it when it is @after. */
bool near_is_turned(const struct clause *clause, Policycalc__V1__ConditionStatus before,
		Policycalc__V1__ConditionStatus after);

/** Searches changes that make @outcome's policy fit. Memory that runs short shows in the arena. */
void near_search_misses(const struct facts *facts, const struct outcome *outcome,
		struct near_list *out_list);
/** Searches figures at which a policy that fits would be lost; one change each. */
void near_search_cliffs(const struct facts *facts, const struct outcome *outcome,
		struct near_list *out_list);

/* near.c */

/**
 * Fills near misses and cliffs of @answer, those that hold when everything is asked again. false when
 * memory is short.
 */
bool near_answer(const struct facts *facts, const struct outcome *outcome,
		const struct standing *standing, Policycalc__V1__PolicyAnswer *answer);

/* near_words.c */

/** "上年度研发投入再增加 40 万元（60 万元 → 100 万元，增加 66.7%）即符合". NULL when memory is short. */
Policycalc__V1__Text *near_miss_sentence(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__NearMiss *miss);
/** "年应纳税所得额 299 万元，超过 300 万元即不再符合，余量 1 万元". NULL when memory is short. */
Policycalc__V1__Text *near_cliff_sentence(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__Cliff *cliff);
