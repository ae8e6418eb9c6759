/* SPDX-License-Identifier: Apache-2.0 */
/* The best combination: which benefits to take when not all can be had together. */
#ifndef POLICYCALC_COMBINE_H
#define POLICYCALC_COMBINE_H

#include "policycalc/client.h"
#include "policycalc/match.h"
#include "policycalc/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A combination. Only benefits to the enterprise of nature CASH, TAX or INTEREST enter the totals;
 * all else is among the others and never traded against money. Lists of benefits are sorted by
 * policy id, then item id.
 */
typedef struct pcalc_combination pcalc_combination;

/* What to choose from. Zeroed: everything about today. */
struct pcalc_combine_options {
	int64_t revision;	     /* of the catalog; 0: the current one */
	const char *as_of;	     /* "YYYY-MM-DD"; NULL: today */
	bool strict;		     /* unknown attribute names are errors, not warnings */
	const char *const *policies; /* only these, by id or series */
	size_t policy_count;	     /* 0: all */
};

/* How much there is in a combination beside its two choices. */
struct pcalc_combination_summary {
	int64_t revision;  /* of the catalog that answered */
	const char *as_of; /* the day it holds for */
	size_t answer_count;
	size_t other_count;
	size_t later_count;
};

/* There are two best choices. */
enum pcalc_choice_kind {
	PCALC_CHOICE_SURE = 0,	   /* what is certain: met, at the lower end of the amounts */
	PCALC_CHOICE_POSSIBLE = 1, /* what may be: undecided too, at the upper end */
};

/* What a choice comes to. */
struct pcalc_choice {
	int64_t first_year_fen; /* the twelve months after the as-of date: what is compared */
	int64_t whole_term_fen;
	bool proved;	 /* there is no better one; false: the search was cut short */
	bool open_ended; /* some amounts have no upper end: it may be more */
	size_t chosen_count;
	size_t left_out_count;
};

/* One benefit: a policy, for one item when it is granted per item. */
struct pcalc_benefit {
	const char *policy_id;
	struct pcalc_text title;
	const char *item_list; /* "projects", "loans", "hires"; "" without an item */
	const char *item_id;   /* "" without one */
	enum pcalc_verdict verdict;
};

/* What kind of reason. */
enum pcalc_cause {
	PCALC_CAUSE_UNSPECIFIED = 0,
	PCALC_CAUSE_GROUP = 1,	      /* as many of the group as may be had are chosen */
	PCALC_CAUSE_HIGHEST = 2,      /* the group is paid once, for the highest */
	PCALC_CAUSE_CAP = 3,	      /* of a shared cap: it is used up, or it truncates */
	PCALC_CAUSE_NOT_STATED = 4,   /* the sources state no amount, or only "up to" */
	PCALC_CAUSE_NOTHING = 5,      /* the amount is zero */
	PCALC_CAUSE_NOT_SEARCHED = 6, /* the search was cut short */
	PCALC_CAUSE_NOT_KNOWN = 7, /* the amount is not known yet: nothing of it is certain */
};

/* Why a benefit is left out or truncated. */
struct pcalc_combination_reason {
	enum pcalc_cause cause;
	const char *name;  /* of the group or the cap; "" for other causes */
	int64_t limit_fen; /* CAP: its limit; else 0 */
	struct pcalc_text sentence;
	const char *document; /* where it is stated; "" when nowhere */
	const char *clause;
	size_t benefit_count; /* GROUP, HIGHEST: those in its place. CAP: those that share it */
};

/* A benefit in the choice. */
struct pcalc_chosen {
	struct pcalc_benefit benefit;
	int64_t amount_fen;  /* by itself, in the twelve months */
	int64_t counted_fen; /* what it adds to the total once shared caps are applied */
	int64_t whole_term_fen;
	bool truncated; /* a cap makes counted_fen less than amount_fen */
	struct pcalc_combination_reason truncated_by; /* that cap; empty unless truncated */
};

/* A benefit that might have been chosen and is not. */
struct pcalc_left_out {
	struct pcalc_benefit benefit;
	int64_t amount_fen; /* by itself, in the twelve months */
	size_t reason_count;
};

/* An attribute whose answer would change what is chosen or what it comes to. */
struct pcalc_combination_answer {
	const char *name;     /* "e.staff", "i.principal@loans/a" */
	size_t benefit_count; /* those that wait for it */
};

/* Benefits of one beneficiary and nature that do not enter the totals. */
struct pcalc_combination_other {
	enum pcalc_beneficiary beneficiary;
	enum pcalc_nature nature;
	int64_t sure_fen;     /* lower ends of those that are met, over their whole terms */
	int64_t possible_fen; /* all upper ends that are known */
	bool open_ended;      /* some have none */
	size_t benefit_count;
};

/* A policy that opens later and would be met then. */
struct pcalc_combination_later {
	struct pcalc_benefit benefit;
	const char *date;   /* the day it opens, "YYYY-MM-DD" */
	int64_t amount_fen; /* over its whole term: the upper end that is known */
};

/**
 * Chooses the best combination of what @profile can have; @options may be NULL. The combination is
 * owned by the caller. NULL with @failure filled on failure: when nothing can be had that is an
 * answer, not a failure.
 */
PCALC_PUBLIC pcalc_combination *pcalc_combine(pcalc_client *client,
		const pcalc_profile *profile, const struct pcalc_combine_options *options,
		struct pcalc_failure *failure);

/** Frees the combination and all that was borrowed from it. NULL is fine. */
PCALC_PUBLIC void pcalc_combination_free(pcalc_combination *combination);

/**
 * The combination of answers that were asked with pcalc_match_options.combine, borrowed from them:
 * not to be freed. NULL without it.
 */
PCALC_PUBLIC const pcalc_combination *pcalc_answers_combination(const pcalc_answers *answers);

/** The day, the revision, and how much stands beside the choices. */
PCALC_PUBLIC struct pcalc_combination_summary pcalc_combination_get_summary(
		const pcalc_combination *combination);

/** What choice @kind comes to. Of equal choices it is the one with the fewest benefits. */
PCALC_PUBLIC struct pcalc_choice pcalc_combination_get_choice(
		const pcalc_combination *combination, enum pcalc_choice_kind kind);

/** Benefit @index in choice @kind. false when there is none; then @out_chosen is untouched. */
PCALC_PUBLIC bool pcalc_combination_get_chosen(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, struct pcalc_chosen *out_chosen);

/** Benefit @benefit of those that share the cap which truncates benefit @index in choice @kind.
 * false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_sharer(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t benefit,
		struct pcalc_benefit *out_benefit);

/** Benefit @index of those left out of choice @kind. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_left_out(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, struct pcalc_left_out *out_left_out);

/** Reason @reason why benefit @index is left out of choice @kind. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_reason(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t reason,
		struct pcalc_combination_reason *out_reason);

/** Benefit @benefit that reason @reason names, of benefit @index left out of choice @kind. false
 * when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_rival(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t reason, size_t benefit,
		struct pcalc_benefit *out_benefit);

/** Attribute @index that would change the choice, sorted by name. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_answer(const pcalc_combination *combination,
		size_t index, struct pcalc_combination_answer *out_answer);

/** Benefit @benefit of those that wait for attribute @index. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_waiting(const pcalc_combination *combination,
		size_t index, size_t benefit, struct pcalc_benefit *out_benefit);

/** Beneficiary and nature @index beside the totals. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_other(const pcalc_combination *combination,
		size_t index, struct pcalc_combination_other *out_other);

/** Benefit @benefit of beneficiary and nature @index. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_other_benefit(const pcalc_combination *combination,
		size_t index, size_t benefit, struct pcalc_benefit *out_benefit);

/** Policy @index of those that open later, soonest first. false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_later(const pcalc_combination *combination,
		size_t index, struct pcalc_combination_later *out_later);

/** Warning @index; of answers they are with pcalc_answers_warning(). false when there is none. */
PCALC_PUBLIC bool pcalc_combination_get_warning(const pcalc_combination *combination,
		size_t index, struct pcalc_warning *out_warning);

#ifdef __cplusplus
}
#endif

#endif
