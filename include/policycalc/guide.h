/* SPDX-License-Identifier: Apache-2.0 */
/* The procedure: of one policy, or of several as one errand. */
#ifndef POLICYCALC_GUIDE_H
#define POLICYCALC_GUIDE_H

#include "policycalc/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A procedure that was read; what its accessors return is borrowed from it. */
typedef struct pcalc_guide pcalc_guide;

/* What the whole comes to. */
struct pcalc_guide_total {
	int working_days;   /* along the longest way, of the steps that state theirs */
	bool days_complete; /* every step states its days: working_days is all it takes */
	int papers_saved;   /* papers handed in once instead of several times */
	size_t policy_count;
	size_t step_count;
	size_t paper_count;
	int64_t revision;
	const char *as_of;
};

/* One step. Numbers of other steps and of papers are indices, from 0. */
struct pcalc_guide_step {
	struct pcalc_text title;
	struct pcalc_text actor;
	struct pcalc_text channel;
	int working_days; /* -1: not stated */
	int start_day;	  /* working days before it can begin */
	bool critical;	  /* a delay here delays the whole */
	const int32_t *policies;
	size_t policy_count;
	const int32_t *after; /* must be finished first */
	size_t after_count;
	const int32_t *papers; /* handed in here */
	size_t paper_count;
	const int32_t *reused_papers; /* needed here, handed in at another step */
	size_t reused_paper_count;
};

/* One paper. */
struct pcalc_guide_paper {
	const char *code;
	struct pcalc_text name;
	struct pcalc_text form;
	const int32_t *policies; /* that ask for it */
	size_t policy_count;
};

/**
 * Reads the procedure of the policies @ids (ids of versions, or series: the version in force on
 * @as_of; NULL: today). Several are merged: each shared paper once, the same step once. NULL on
 * failure; NOT_FOUND: no such policy.
 */
PCALC_PUBLIC pcalc_guide *pcalc_guide_get(pcalc_client *client, const char *const *ids,
		size_t id_count, const char *as_of, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_guide_free(pcalc_guide *guide);
/** What it comes to, and how many policies, steps and papers there are. */
PCALC_PUBLIC struct pcalc_guide_total pcalc_guide_total_get(const pcalc_guide *guide);
/**
 * Policy @index, in the order asked: its id, whether its steps are not stated in the sources, and
 * whether there is nothing to apply for. false when there is none.
 */
PCALC_PUBLIC bool pcalc_guide_policy(const pcalc_guide *guide, size_t index,
		const char **out_id, bool *out_not_stated, bool *out_automatic);
/** Step @index, each after those it waits for. false when there is none. */
PCALC_PUBLIC bool pcalc_guide_step_get(
		const pcalc_guide *guide, size_t index, struct pcalc_guide_step *out_step);
/** Paper @index. false when there is none. */
PCALC_PUBLIC bool pcalc_guide_paper_get(
		const pcalc_guide *guide, size_t index, struct pcalc_guide_paper *out_paper);

#ifdef __cplusplus
}
#endif

#endif
