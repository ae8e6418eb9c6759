/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closer look at single enterprises of a sweep, one after the other: what Match would answer, as
 * figures and without a word. For those who ask a whole registry and read few of the answers: words
 * are made of those alone.
 *
 * A look belongs to a sweep, whose policies it asks by their index there. Each thread has one of its
 * own. All that it says of an enterprise is good until the next one is entered.
 */
#pragma once

#include "calculator/size.h"
#include "calculator/sweep.h"

struct look;

struct look *look_new(const struct sweep *sweep, struct error *err);
void look_free(struct look *look);
/**
 * The enterprise that all below is about. *out_refused: Match would refuse its facts; then only its
 * values may be asked for.
 */
bool look_enter(struct look *look, const Policycalc__V1__Profile *profile, bool *out_refused,
		struct error *err);
/** Memory that is emptied when the next enterprise is entered. */
struct arena *look_arena(struct look *look);

/* --- what the profile says -------------------------------------------------------------------- */

/** Where an attribute of the enterprise stands, for look_value(); -1: there is none of that name. */
int look_find(const struct look *look, const char *name);
/** As ruleset_read_values(). */
bool look_value(struct look *look, int at, struct profile_reading *out_reading,
		struct error *err);
enum firm_size look_size(const struct look *look);

/* --- what a policy comes to ------------------------------------------------------------------- */

/* As in PolicyAnswer and its AmountAnswer. */
struct look_answer {
	Policycalc__V1__Verdict verdict;
	bool pays; /* there is an AmountAnswer: */
	Policycalc__V1__AmountAnswer__Exactness exactness;
	int64_t least_fen, most_fen;
	int64_t first_year_least_fen, first_year_most_fen;
};

bool look_policy(struct look *look, size_t policy, struct look_answer *out_answer,
		struct error *err);
/** PolicyAnswer.amount, NULL when it pays nothing; in the look's arena. */
bool look_amount(struct look *look, size_t policy, Policycalc__V1__AmountAnswer **out_amount,
		struct error *err);
/** Which conditions settle that it is INELIGIBLE, as PolicyAnswer.settled_by; else none. */
bool look_settled(struct look *look, size_t policy, char ***out_ids, size_t *out_count,
		struct error *err);
/** Whether AmountAnswer.missing names anything: what would make the amount exact. */
bool look_amount_is_open(struct look *look, size_t policy, bool *out_open, struct error *err);
/**
 * Of the FULL PolicyAnswer what tells of the policy, its verdicts, what settles them and its amount, all
 * with their sentences; not how each condition and item stands. In the look's arena.
 */
bool look_answer(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer **out_answer,
		struct error *err);
/** Fills near misses and cliffs of the answer that look_answer() made. */
bool look_near(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer *answer,
		struct error *err);
/** What ruleset_match_statuses() answers about the policy; in the look's arena. */
bool look_statuses(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer **out_answer,
		struct error *err);
/**
 * Combination.sure.total_fen of these policies. That only ELIGIBLE ones can be sure of anything, the
 * others may be left out.
 */
bool look_combine(struct look *look, const size_t *policies, size_t count, int64_t *out_sure,
		struct error *err);

/* --- what it waits for ------------------------------------------------------------------------ */

/* PolicyAnswer.missing, without the items behind the names of their attributes. */
struct look_lacks {
	const uint32_t *numbers; /* of names, each once */
	size_t count;
	size_t missing_count; /* of PolicyAnswer.missing, where each item counts */
};

/**
 * What a policy that NEEDS_INFORMATION waits for. @work has the block of the enterprise, which stands
 * at @row, with its conditions.
 */
bool look_lacks(struct look *look, const struct sweep_work *work, unsigned row, size_t policy,
		struct look_lacks *out_lacks, struct error *err);
/** How many names there are so far; numbers are below it, and are this look's own. */
uint32_t look_name_count(const struct look *look);
/** "e.rd_expense", "i.invested@projects"; as long as the look lives. */
const char *look_name(const struct look *look, uint32_t number);
