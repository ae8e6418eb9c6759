/* SPDX-License-Identifier: Apache-2.0 */
/* What making a procedure and answering with it share; only guide.c and guide_answer.c read it. */
#pragma once

#include "calculator/facts.h"

#define GUIDE_POLICIES_MOST 100

/* A step of the errand while it is made. */
struct node {
	const Policycalc__V1__Step **steps; /* by place in ->policies; [0] stands for all */
	size_t made;			    /* place in the order of making */
	size_t *after;			    /* nodes by place of making, ascending */
	size_t after_count;
	int32_t *policies;
	size_t policy_count;
	int32_t days; /* the longest stated by any policy; -1: not stated */
	int32_t start;
	int32_t depth;
	int32_t latest; /* latest start that delays nothing */
};

struct guide_work {
	const struct ruleset *ruleset;
	struct arena *arena;
	struct findings findings;
	struct date as_of;
	const Policycalc__V1__Policy *policies[GUIDE_POLICIES_MOST];
	size_t policy_count;
	struct node *nodes;
	size_t node_count;
	size_t *numbers; /* by place of making: place in the answer */
	const Policycalc__V1__Material **papers;
	int32_t *paper_numbers; /* place in the answer, -1: not handed in yet */
	size_t paper_count;
	size_t asked; /* (policy, paper) pairs */
};

/** Settles days and order, and makes the answer of the merged steps. NULL when memory is short. */
Policycalc__V1__GetGuideResponse *guide_answer(struct guide_work *work);
