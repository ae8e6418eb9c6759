/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one enterprise stands with every policy of a run. The only place of this room that asks the
 * calculator.
 *
 * First everything is asked in short; only what may be news is asked again, with near misses or with
 * its sentences, for these cost many times as much.
 */
#pragma once

#include "push/delta.h"
#include "push/scope.h"

/* One policy's answer, by index of the target. */
struct ask_answer {
	struct now_state now;
	const Policycalc__V1__PolicyAnswer *answer; /* NULL: not asked, or not decided */
	bool may_be_near; /* INELIGIBLE, by nothing but figures that may be close */
	bool is_full;	  /* with sentences */
};

struct ask {
	const struct push_scope *scope;
	const Policycalc__V1__Profile *profile;
	const char *day; /* "YYYY-MM-DD" */
	struct arena *arena;
	struct ask_answer *answers; /* one a target */
};

/** Asks about the targets @wanted (one flag a target; NULL: all). ERROR_INVALID when the profile is no longer one of this catalog. */
bool ask_all(struct ask *ask, const bool *wanted, struct error *err);
/** Asks near misses of targets @wanted (one flag a target): those found become NEAR. */
bool ask_near(struct ask *ask, const bool *wanted, struct error *err);
/** Asks the sentences of targets @wanted that lack them. */
bool ask_full(struct ask *ask, const bool *wanted, struct error *err);
/**
 * Whether a near miss is worth telling: each change at most a fifth of what it has to come to, or one
 * unit of a count, with a parameter behind it, and then nothing is left to know or to judge.
 */
bool ask_is_near(const Policycalc__V1__NearMiss *near);
