/* SPDX-License-Identifier: Apache-2.0 */
/* From a policy to enterprises: who has it, who nearly has it, of whom it is not known. */
#ifndef POLICYCALC_FIND_H
#define POLICYCALC_FIND_H

#include "policycalc/client.h"
#include "policycalc/match.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A search on its way. */
typedef struct pcalc_find pcalc_find;

/* Size of an enterprise by the catalog's size table. */
enum pcalc_firm_size {
	PCALC_FIRM_SIZE_UNSPECIFIED = 0, /* not known; in a question: any */
	PCALC_FIRM_SIZE_MICRO = 1,
	PCALC_FIRM_SIZE_SMALL = 2,
	PCALC_FIRM_SIZE_MEDIUM = 3,
	PCALC_FIRM_SIZE_LARGE = 4,
	PCALC_FIRM_SIZE_NOT_COVERED = 5, /* its industry is not in the table */
};

/* In which order enterprises are found. */
enum pcalc_find_sort {
	PCALC_FIND_SORT_UNSPECIFIED = 0, /* ID */
	PCALC_FIND_SORT_ID = 1,	    /* as they came into the registry; told as soon as found */
	PCALC_FIND_SORT_AMOUNT = 2, /* largest first: what is sure, what is possible, id */
	PCALC_FIND_SORT_DISTANCE = 3, /* who has it first, then the cheapest near miss, id */
};

/* Which enterprises to find. Zeroed but for the policy: all that can have it. */
struct pcalc_find_options {
	const char *policy; /* id, or a series: then its version in force on the day */
	const enum pcalc_verdict *verdicts; /* only these */
	size_t verdict_count;		    /* 0: ELIGIBLE, and with near those that are near */
	bool near;	    /* also those that are INELIGIBLE and have a near miss */
	bool only_near;	    /* only those */
	const char *region; /* only registered there or below: code or Chinese name; NULL: all */
	const char *industry;	   /* only this and what is below it: "C", "C31"; NULL: any */
	enum pcalc_firm_size size; /* UNSPECIFIED: any */
	enum pcalc_find_sort sort;
	int limit;	   /* 0: all by ID, 1,000 in another order; at most 10,000 there */
	int64_t revision;  /* of the catalog; 0: the current one */
	const char *as_of; /* "YYYY-MM-DD"; NULL: today */
	int64_t sequence;  /* snapshot of the registry; 0: the newest */
};

/* What a search has told. */
enum pcalc_find_part {
	PCALC_FIND_END = 0,	 /* nothing more: there is a summary now */
	PCALC_FIND_FIRM = 1,	 /* an enterprise */
	PCALC_FIND_PROGRESS = 2, /* how far it is; at most twice a second */
};

/* An enterprise, or how far the search is; borrowed until the next one is there. */
struct pcalc_found {
	enum pcalc_find_part part;
	int64_t done; /* PROGRESS: enterprises looked at, of */
	int64_t total;
	int64_t id;	    /* FIRM, as all that follows: its number in the registry */
	const char *uscc;   /* unified social credit code */
	const char *region; /* code; "": not known */
	struct pcalc_text region_label;
	const char *industry;	    /* code with its letter; "": not known */
	struct pcalc_answer answer; /* of pcalc_match() for it, without conditions */
};

/* A search as a whole; borrowed from it. */
struct pcalc_find_summary {
	const char *policy_id;
	struct pcalc_text title;
	int64_t revision;  /* of the catalog that answered */
	const char *as_of; /* the day the answer holds for */
	int64_t sequence;  /* the snapshot it was found in */
	int64_t told;
	int64_t left_out; /* by the limit */
	int64_t near;	  /* of those looked at closely */
	int64_t sure_fen; /* of the eligible ones looked at closely; what is not stated counts nothing */
	int64_t looked_at; /* how many of those that fit were: all, unless a limit ended a search by id */
	int64_t refused; /* enterprises whose facts the catalog refuses: no verdict */
	size_t lack_count;
};

/* For lack of what enterprises are undecided. */
struct pcalc_find_lack {
	const char *attribute; /* "e.staff" */
	struct pcalc_text label;
	int64_t count; /* enterprises that lack it */
	int64_t alone; /* those that lack nothing else */
};

/**
 * Begins a search. The client's timeout is that of the whole search: pcalc_set_timeout() first. NULL
 * with @failure filled.
 */
PCALC_PUBLIC pcalc_find *pcalc_find_open(pcalc_client *client,
		const struct pcalc_find_options *options, struct pcalc_failure *failure);
/**
 * Waits for the next part. Returns true with it; ->part is END when the search is whole. false with
 * @failure filled when it broke off: what was told so far is right, and not all.
 */
PCALC_PUBLIC bool pcalc_find_receive(
		pcalc_find *find, struct pcalc_found *out_found, struct pcalc_failure *failure);
/** Near miss @index of the enterprise that came last, cheapest first. false: there is none. */
PCALC_PUBLIC bool pcalc_find_near(
		const pcalc_find *find, size_t index, struct pcalc_near_miss *out_near);
/** The search as a whole. false before its END. */
PCALC_PUBLIC bool pcalc_find_summary_get(
		const pcalc_find *find, struct pcalc_find_summary *out_summary);
/** Enterprises of the region, industry and size with @verdict, told or not. 0 before the END. */
PCALC_PUBLIC int64_t pcalc_find_count(const pcalc_find *find, enum pcalc_verdict verdict);
/** What is lacking most, @index from 0. false when there is none, or before the END. */
PCALC_PUBLIC bool pcalc_find_lack(
		const pcalc_find *find, size_t index, struct pcalc_find_lack *out_lack);
/** Gives up what has not come. NULL is fine. */
PCALC_PUBLIC void pcalc_find_free(pcalc_find *find);

#ifdef __cplusplus
}
#endif

#endif
