/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: importing enterprises, what is known of one, and the registry as a whole. */
#ifndef POLICYCALC_REGISTRY_H
#define POLICYCALC_REGISTRY_H

#include "policycalc/client.h"
#include "policycalc/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An import on its way. */
typedef struct pcalc_import pcalc_import;
/* How an import went. */
typedef struct pcalc_import_result pcalc_import_result;
/* One enterprise of the registry. */
typedef struct pcalc_enterprise pcalc_enterprise;
/* The registry as a whole. */
typedef struct pcalc_registry pcalc_registry;

/* What holds for all rows of an import. */
struct pcalc_import_options {
	const char *supplier; /* who supplies the values, for people; 1 to 200 characters */
	const char *date;     /* the day they hold for, not after today */
	/* Names of flags of which the rows are the whole list: every enterprise without a row that
	 * says "yes" is said not to be on it. */
	const char *const *complete;
	size_t complete_count;
	bool dry_run; /* check everything, change nothing */
	bool replace; /* what a row does not mention is forgotten, instead of kept */
	bool sample;  /* the rows are made up, for demonstration */
};

/* What became of the rows. */
struct pcalc_import_counts {
	int64_t rows;
	int64_t inserted;
	int64_t updated;
	int64_t unchanged;
	int64_t rejected;
	int64_t warnings;
	int64_t sequence;  /* the snapshot after it */
	int64_t import_id; /* 0: nothing changed, or a dry run */
};

/* Something about one row. */
struct pcalc_row_finding {
	int64_t row;	     /* as it was numbered when it was sent */
	const char *field;   /* attribute, "uscc", or "": the row */
	const char *reason;  /* such as "WRONG_TYPE" */
	const char *message; /* what is wrong and what was expected */
};

/* What a value is. */
enum pcalc_value_kind {
	PCALC_VALUE_NONE = 0,
	PCALC_VALUE_MONEY = 1,	      /* ->integer in fen */
	PCALC_VALUE_RATIO = 2,	      /* ->integer in parts per million */
	PCALC_VALUE_COUNT = 3,	      /* ->integer */
	PCALC_VALUE_FLAG = 4,	      /* ->integer is 0 or 1 */
	PCALC_VALUE_CODE = 5,	      /* ->text */
	PCALC_VALUE_CODES = 6,	      /* entries */
	PCALC_VALUE_DATE = 7,	      /* ->text */
	PCALC_VALUE_TEXT = 8,	      /* ->text */
	PCALC_VALUE_MONEY_SERIES = 9, /* entries */
	PCALC_VALUE_RATIO_SERIES = 10,
	PCALC_VALUE_COUNT_SERIES = 11,
	PCALC_VALUE_TITLES = 12, /* entries */
};

/* One value that is known of an enterprise, and where it comes from. */
struct pcalc_known_fact {
	const char *list;    /* of items: "projects", "loans", "hires"; "" for the enterprise */
	const char *item_id; /* of items */
	const char *name;
	const char *period; /* "" for states at a point in time */
	enum pcalc_value_kind kind;
	int64_t integer;
	const char *text;	 /* "" unless the kind has one */
	size_t entry_count;	 /* codes, titles, points of a series */
	const char *supplier;	 /* "" when the service did not say, as are the next two */
	const char *date;	 /* the day it holds for */
	const char *imported_at; /* RFC 3339, UTC */
	bool not_on_list; /* false because a complete list does not have the enterprise */
};

/* One entry of a value that has several. */
struct pcalc_known_entry {
	const char *code;	 /* of codes and titles */
	const char *valid_until; /* of titles */
	const char *period;	 /* of series */
	int64_t value;		 /* of series */
};

/**
 * Begins an import. The client's timeout is that of the whole import: pcalc_set_timeout() first.
 * NULL with @failure filled. One import at a time on a client, and no other call meanwhile.
 */
PCALC_PUBLIC pcalc_import *pcalc_import_open(pcalc_client *client,
		const struct pcalc_import_options *options, struct pcalc_failure *failure);

/**
 * Sends @profile, which needs its code, as row @row (from 1, ascending, for messages). Rows are
 * gathered and go out together. false with @failure filled when the import has failed: what the
 * service has taken it keeps, and the same import may be sent again whole.
 */
PCALC_PUBLIC bool pcalc_import_send(pcalc_import *import, int64_t row,
		const pcalc_profile *profile, struct pcalc_failure *failure);

/**
 * Ends the import and waits for what became of it; the result is owned by the caller. Rejected
 * rows are no failure. NULL with @failure filled.
 */
PCALC_PUBLIC pcalc_import_result *pcalc_import_finish(
		pcalc_import *import, struct pcalc_failure *failure);

/** Cancels the import unless it was finished, and frees it. NULL is fine. */
PCALC_PUBLIC void pcalc_import_free(pcalc_import *import);

/** NULL is fine. */
PCALC_PUBLIC void pcalc_import_result_free(pcalc_import_result *result);
/** How many rows came to what. */
PCALC_PUBLIC struct pcalc_import_counts pcalc_import_counts_get(
		const pcalc_import_result *result);
/** Why a row was not taken; the first 1,000. false when there is none at @index. */
PCALC_PUBLIC bool pcalc_import_reject(const pcalc_import_result *result, size_t index,
		struct pcalc_row_finding *out_finding);
/** What was odd but taken; the first 1,000. false when there is none at @index. */
PCALC_PUBLIC bool pcalc_import_warning(const pcalc_import_result *result, size_t index,
		struct pcalc_row_finding *out_finding);

/**
 * Reads what is known of the enterprise with the code @uscc, as it was at snapshot @sequence (0:
 * now). NULL with @failure filled; code NOT_FOUND: there is no such enterprise.
 */
PCALC_PUBLIC pcalc_enterprise *pcalc_enterprise_get(pcalc_client *client, const char *uscc,
		int64_t sequence, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_enterprise_free(pcalc_enterprise *enterprise);
/** Its code. */
PCALC_PUBLIC const char *pcalc_enterprise_uscc(const pcalc_enterprise *enterprise);
/** The snapshot in which it was changed last. */
PCALC_PUBLIC int64_t pcalc_enterprise_sequence(const pcalc_enterprise *enterprise);
/** How many facts there are: those of the enterprise, then those of its items. */
PCALC_PUBLIC size_t pcalc_enterprise_fact_count(const pcalc_enterprise *enterprise);
/** The fact at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_enterprise_fact(const pcalc_enterprise *enterprise, size_t index,
		struct pcalc_known_fact *out_fact);
/** Entry @entry of the fact at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_enterprise_fact_entry(const pcalc_enterprise *enterprise, size_t index,
		size_t entry, struct pcalc_known_entry *out_entry);

/* One import that was. */
struct pcalc_import_record {
	int64_t id;
	const char *supplier;
	const char *date;	 /* the day its values hold for */
	const char *started_at;	 /* RFC 3339, UTC, as is the next */
	const char *finished_at; /* "": it broke off */
	int64_t rows;
	int64_t changed; /* enterprises that were new or changed */
	int64_t rejected;
	int64_t sequence; /* the snapshot after it */
	/* Attributes of which it was the whole list. */
	const char *const *complete;
	size_t complete_count;
	bool sample; /* made up, for demonstration */
};

/* More of something that a region has an aim for in a year: events, people trained. */
struct pcalc_counter_entry {
	const char *region; /* code or name; NULL: the region of the catalog */
	const char *name;   /* the catalog has a parameter "counter_NAME_REGION" */
	const char *date;   /* not after today */
	int64_t value;	    /* how many more, from 0 */
	const char *source; /* who says so; 1 to 200 characters */
};

/** Reads how large the registry is, and its last imports. NULL with @failure filled. */
PCALC_PUBLIC pcalc_registry *pcalc_registry_get(
		pcalc_client *client, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_registry_free(pcalc_registry *registry);
/** How many enterprises there are. */
PCALC_PUBLIC int64_t pcalc_registry_enterprise_count(const pcalc_registry *registry);
/** The newest snapshot. */
PCALC_PUBLIC int64_t pcalc_registry_sequence(const pcalc_registry *registry);
/** How many imports are told of: the last 100. */
PCALC_PUBLIC size_t pcalc_registry_import_count(const pcalc_registry *registry);
/** The import at @index, newest first. false when there is none. */
PCALC_PUBLIC bool pcalc_registry_import(const pcalc_registry *registry, size_t index,
		struct pcalc_import_record *out_record);

/**
 * Adds @count entries, 1 to 10,000, all or none; a later one for the same region, counter and day takes
 * the place of an earlier one. *out_sequence is the snapshot after them. false with @failure filled.
 */
PCALC_PUBLIC bool pcalc_counters_add(pcalc_client *client,
		const struct pcalc_counter_entry *entries, size_t count, int64_t *out_sequence,
		struct pcalc_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
