/* SPDX-License-Identifier: Apache-2.0 */
/* The questionnaire: which question about an enterprise is most worth asking next. */
#ifndef POLICYCALC_QUESTION_H
#define POLICYCALC_QUESTION_H

#include "policycalc/catalog.h"
#include "policycalc/client.h"
#include "policycalc/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A question, or the end of the questionnaire. */
typedef struct pcalc_question pcalc_question;

/* What to ask about. Zeroed: everything about today. */
struct pcalc_question_options {
	int64_t revision;	     /* of the catalog; 0: the current one */
	const char *as_of;	     /* "YYYY-MM-DD"; NULL: today */
	bool include_superseded;     /* also policies that are closed or superseded */
	const char *const *policies; /* only these, by id or series */
	size_t policy_count;	     /* 0: all */
	const char *const *skipped;  /* keys that were answered with "don't know" */
	size_t skipped_count;
	int64_t enough_ppm; /* done once this share is settled; 0: all */
};

/* Why there is no further question. */
enum pcalc_question_done {
	PCALC_QUESTION_GOES_ON = 0, /* there is one */
	PCALC_QUESTION_SETTLED = 1, /* no policy lacks information */
	PCALC_QUESTION_ENOUGH = 2,  /* as much is settled as was wanted */
	PCALC_QUESTION_SKIPPED = 3, /* what is left waits for questions that were skipped */
};

/* What a question asks for; several when it covers a group ("none of these" is an answer). */
struct pcalc_asked {
	const char *key;    /* for pcalc_question_options.skipped */
	const char *name;   /* for the setters of a profile; "": how many items the list has */
	const char *period; /* for the setters; "" when there is none */
	const char *item_list; /* "" for the enterprise */
	const char *item_id;   /* "" for the enterprise and for the list itself */
	int type; /* as ValueType in catalog.proto: 1 money, 2 ratio, 3 count, 4 flag ... */
	struct pcalc_text label;
	struct pcalc_text question; /* for it alone */
	struct pcalc_text help;	    /* "" when there is none */
	size_t choice_count;	    /* returned; at most fifty */
	/* Of a series: what its points must hold, oldest first ("2025-01", ...); else empty. */
	const char *const *periods;
	size_t period_count;
};

/* An answer to choose. */
struct pcalc_question_choice {
	const char *code;
	struct pcalc_text label;
};

/* How far one is, and what is certain already. */
struct pcalc_question_progress {
	int policy_count, settled_count, undetermined_count;
	int eligible_count, review_count, not_open_count, ineligible_count;
	int64_t expected_questions_milli; /* thousandths of a question */
	int64_t certain_fen;		  /* at least, once exclusions are counted */
	int64_t possible_fen;		  /* at most, each policy by itself */
};

/**
 * Asks for the next question about @profile; @options may be NULL. The result is owned by the caller.
 * NULL with @failure filled on failure; the end of the questionnaire is no failure.
 */
PCALC_PUBLIC pcalc_question *pcalc_next_question(pcalc_client *client,
		const pcalc_profile *profile, const struct pcalc_question_options *options,
		struct pcalc_failure *failure);

/** Frees the question and all that was borrowed from it. NULL is fine. */
PCALC_PUBLIC void pcalc_question_free(pcalc_question *question);

/** Whether, and why, there is no further question. */
PCALC_PUBLIC enum pcalc_question_done pcalc_question_done(const pcalc_question *question);

/** The question for people; empty at the end. */
PCALC_PUBLIC struct pcalc_text pcalc_question_text(const pcalc_question *question);

/** Why it is asked, in one sentence; empty at the end. */
PCALC_PUBLIC struct pcalc_text pcalc_question_reason(const pcalc_question *question);

/** How many attributes it asks for; 0 at the end. */
PCALC_PUBLIC size_t pcalc_question_count(const pcalc_question *question);

/** Attribute @index of the question. false when there is none. */
PCALC_PUBLIC bool pcalc_question_get(
		const pcalc_question *question, size_t index, struct pcalc_asked *out_asked);

/** Choice @choice of attribute @index. false when there is none. */
PCALC_PUBLIC bool pcalc_question_get_choice(const pcalc_question *question, size_t index,
		size_t choice, struct pcalc_question_choice *out_choice);

/** How far one is. */
PCALC_PUBLIC struct pcalc_question_progress pcalc_question_get_progress(
		const pcalc_question *question);

#ifdef __cplusplus
}
#endif

#endif
