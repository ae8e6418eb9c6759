/* SPDX-License-Identifier: Apache-2.0 */
/* What an enterprise can have, why, why not, and what is missing. */
#ifndef POLICYCALC_MATCH_H
#define POLICYCALC_MATCH_H

#include "policycalc/client.h"
#include "policycalc/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All that was answered about one enterprise. */
typedef struct pcalc_answers pcalc_answers;
/* Many questions and answers over one call. */
typedef struct pcalc_match_stream pcalc_match_stream;

/* What to answer. Zeroed: everything about today, with conditions left out. */
struct pcalc_match_options {
	int64_t revision;	 /* of the catalog; 0: the current one */
	const char *as_of;	 /* "YYYY-MM-DD"; NULL: today */
	bool full;		 /* also conditions and reasons */
	bool near;		 /* also near misses and cliffs */
	bool combine;		 /* also the best combination: pcalc_answers_combination() */
	bool strict;		 /* unknown attribute names are errors, not warnings */
	bool include_superseded; /* also versions that have ended on the day */
	int limit;		 /* at most so many policies; 0: all */
	const char *const *policies; /* only these, by id or series */
	size_t policy_count;	     /* 0: all */
};

/* How much. */
struct pcalc_amount {
	enum pcalc_exactness exactness;
	int64_t least_fen; /* equals most_fen when EXACT; nothing when NOT_STATED */
	int64_t most_fen;
	enum pcalc_beneficiary beneficiary;
	enum pcalc_nature nature;
	struct pcalc_text sentence;
	int64_t first_year_least_fen; /* of it in the twelve months after the as-of date */
	int64_t first_year_most_fen;
	int term_months;      /* least_fen and most_fen are of the whole term; 0: once */
	bool rounded;	      /* rounding changed it; the sentence says how */
	bool has_cap;	      /* the cap that counts is known */
	bool cap_bound;	      /* and it would have been more without */
	int64_t cap_fen;      /* 0 without has_cap */
	size_t funding_count; /* levels that pay it; 0: not stated */
};

/* What one level of government pays of an amount. */
struct pcalc_funding {
	enum pcalc_level level;
	int64_t share_ppm; /* 0: not stated */
	int64_t least_fen; /* 0 when the share is not stated */
	int64_t most_fen;
};

/* The answer for one policy; everything is borrowed from its pcalc_answers. */
struct pcalc_answer {
	const char *policy_id;
	const char *series;
	struct pcalc_text title;
	struct pcalc_text summary;
	enum pcalc_verdict verdict;
	enum pcalc_verdict conditions_verdict; /* with the dates ignored */
	enum pcalc_availability availability;
	const char *availability_date; /* "YYYY-MM-DD" or "" */
	struct pcalc_amount amount;
	const char *const *missing; /* attributes that would settle it: "e.staff" */
	size_t missing_count;
	const char *const *review_reasons; /* "JUDGEMENT", "THRESHOLD_NOT_IN_SOURCES" ... */
	size_t review_reason_count;
	size_t condition_count; /* 0 unless options.full */
	size_t near_count;	/* 0 unless options.near; at most 3 */
	size_t cliff_count;	/* likewise */
	/* NOT_YET: when it begins is not stated; the date is the earliest day on which it is known
	 * to have begun. */
	bool begin_not_stated;
};

/* How one condition stands. */
struct pcalc_condition {
	const char *id;
	struct pcalc_text label;
	struct pcalc_text sentence;
	enum pcalc_condition_status status;
	const char *const *missing;
	size_t missing_count;
};

/* How the score table of a condition comes out. */
struct pcalc_score {
	const char *table; /* id */
	struct pcalc_text label;
	struct pcalc_text sentence;
	int64_t least, most, full; /* points: for certain, at most, full marks */
	bool has_pass;
	int64_t pass; /* the least score that passes, when has_pass */
	enum pcalc_condition_status status;
	enum pcalc_condition_status direct_pass; /* UNSPECIFIED: there is none */
	size_t row_count;
};

/* How one row of it comes out; of several alternatives the one that counts, if any. */
struct pcalc_score_row {
	const char *id;
	struct pcalc_text label;
	enum pcalc_score_state state;
	int64_t least, most, full;
	const char *attribute;	    /* what is measured: "e.rd_intensity", or "" */
	struct pcalc_text observed; /* what the profile has; "" when not known */
	struct pcalc_text next; /* what the next step takes: "≥ 6%"; "" when there is none */
	int64_t next_more;	/* points that it brings more */
	const char *const *missing; /* attributes that would tell its points, when OPEN */
	size_t missing_count;
};

/* What would make a policy fit that does not: one or two facts that the firm can change. */
struct pcalc_near_miss {
	int64_t cost_ppm;	    /* for comparing: effort in millionths, not money */
	enum pcalc_verdict verdict; /* with the changes */
	struct pcalc_amount amount; /* with the changes; UNSPECIFIED: none, or not computable */
	const char *const *stays_unknown; /* what would still have to be known */
	size_t stays_unknown_count;
	struct pcalc_text sentence;
	size_t change_count; /* 1 or 2 */
};

/* One fact of a near miss. */
struct pcalc_near_change {
	const char *attribute; /* "e.rd_expense", "i.completed_investment@projects/p1" */
	int64_t distance;      /* in its own unit: fen, ppm, a count, days; else 1 */
	int64_t percent_ppm;   /* of what the profile has; -1: there is no such share */
	const char *parameter; /* behind the threshold, or "" */
};

/* A figure just ahead at which a policy that fits would be lost. */
struct pcalc_cliff {
	const char *attribute;
	bool above;	  /* lost above the threshold; false: below it */
	int64_t distance; /* to the last value that still does, in its own unit */
	const char *parameter;
	struct pcalc_text sentence;
};

/* Something odd about a profile that did not stand in the way. */
struct pcalc_warning {
	const char *reason; /* "UNKNOWN_ATTRIBUTE" ... */
	const char *field;
	const char *message;
};

/**
 * Matches @profile against the catalog; @options may be NULL. The answers are owned by the
 * caller. NULL with @failure filled on failure: when nothing fits that is an answer, not a
 * failure.
 */
PCALC_PUBLIC pcalc_answers *pcalc_match(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_match_options *options, struct pcalc_failure *failure);

/** Frees the answers and all that was borrowed from them. NULL is fine. */
PCALC_PUBLIC void pcalc_answers_free(pcalc_answers *answers);

/** How many policies were answered for. */
PCALC_PUBLIC size_t pcalc_answers_count(const pcalc_answers *answers);

/** The answer at @index, best first. false when there is none; then @out_answer is untouched.
 */
PCALC_PUBLIC bool pcalc_answers_get(
		const pcalc_answers *answers, size_t index, struct pcalc_answer *out_answer);

/** The answer for a policy, by id or series. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_find(const pcalc_answers *answers, const char *policy,
		struct pcalc_answer *out_answer);

/** Who pays part @part of the amount at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_funding(const pcalc_answers *answers, size_t index, size_t part,
		struct pcalc_funding *out_funding);

/** Condition @condition of the answer at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_condition(const pcalc_answers *answers, size_t index,
		size_t condition, struct pcalc_condition *out_condition);

/** The score table of a condition. false when the condition has none. */
PCALC_PUBLIC bool pcalc_answers_score(const pcalc_answers *answers, size_t index,
		size_t condition, struct pcalc_score *out_score);

/** Row @row of that table. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_score_row(const pcalc_answers *answers, size_t index,
		size_t condition, size_t row, struct pcalc_score_row *out_row);

/** Near miss @near of the answer at @index, cheapest first. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_near(const pcalc_answers *answers, size_t index, size_t near,
		struct pcalc_near_miss *out_near);

/** Change @change of near miss @near of the answer at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_near_change(const pcalc_answers *answers, size_t index,
		size_t near, size_t change, struct pcalc_near_change *out_change);

/** Cliff @cliff of the answer at @index, nearest first. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_cliff(const pcalc_answers *answers, size_t index, size_t cliff,
		struct pcalc_cliff *out_cliff);

/** Warning @index. false when there is none. */
PCALC_PUBLIC bool pcalc_answers_warning(
		const pcalc_answers *answers, size_t index, struct pcalc_warning *out_warning);

/** The catalog revision that answered. */
PCALC_PUBLIC int64_t pcalc_answers_revision(const pcalc_answers *answers);

/** The day the answers hold for. */
PCALC_PUBLIC const char *pcalc_answers_as_of(const pcalc_answers *answers);

/** Opens a stream of questions. NULL with @failure filled. The timeout is that of the whole
 * stream. */
PCALC_PUBLIC pcalc_match_stream *pcalc_match_stream_open(
		pcalc_client *client, struct pcalc_failure *failure);

/** Ends the stream, cancelling what was not answered. NULL is fine. */
PCALC_PUBLIC void pcalc_match_stream_free(pcalc_match_stream *stream);

/**
 * Sends one question; answers come in the order of the questions. Answers that nobody has
 * received wait in memory, at most 64 MiB of them: receive as you send. @request_id may be
 * NULL.
 */
PCALC_PUBLIC bool pcalc_match_stream_send(pcalc_match_stream *stream, const char *request_id,
		const pcalc_profile *profile, const struct pcalc_match_options *options,
		struct pcalc_failure *failure);

/** Says that no question follows. */
PCALC_PUBLIC void pcalc_match_stream_finish(pcalc_match_stream *stream);

/**
 * Waits for the next answer. Returns true with *out_answers, owned by the caller; or with NULL
 * and
 * @failure filled when this one question failed (the stream goes on), or with NULL and
 * failure->code PCALC_OK at the end. false: the stream failed.
 */
PCALC_PUBLIC bool pcalc_match_stream_receive(pcalc_match_stream *stream,
		pcalc_answers **out_answers, struct pcalc_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
