/* SPDX-License-Identifier: Apache-2.0 */
/* How two revisions of the catalog differ, in words. */
#ifndef POLICYCALC_DIFF_H
#define POLICYCALC_DIFF_H

#include "policycalc/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How two revisions differ; what its accessors return is borrowed from it. */
typedef struct pcalc_diff pcalc_diff;

/* How something changed. */
enum pcalc_change_kind {
	PCALC_CHANGE_UNSPECIFIED = 0,
	PCALC_CHANGE_ADDED = 1,
	PCALC_CHANGE_REMOVED = 2,
	PCALC_CHANGE_CHANGED = 3,
};

/* What kind of entry of the catalog. */
enum pcalc_entry_kind {
	PCALC_ENTRY_UNSPECIFIED = 0,
	PCALC_ENTRY_POLICY = 1,
	PCALC_ENTRY_PARAMETER = 2,
	PCALC_ENTRY_ATTRIBUTE = 3,
	PCALC_ENTRY_REGION = 4,
	PCALC_ENTRY_INDUSTRY = 5,
	PCALC_ENTRY_SHARED_CAP = 6,
};

/* One entry that changed. */
struct pcalc_change {
	enum pcalc_change_kind kind;
	enum pcalc_entry_kind entry;
	const char *id; /* its id, name or code; of attributes of items "projects.name" */
	struct pcalc_text title;
	size_t field_count; /* of CHANGED: what in it */
	size_t affect_count; /* of parameters: policies and derived attributes whose rules name it */
};

/* One field that changed. */
struct pcalc_field_change {
	const char *path; /* within the entry: "values[2022-09-08].money_fen" */
	enum pcalc_change_kind kind;
	struct pcalc_text before; /* for people, with its unit; "" when ADDED */
	struct pcalc_text after;  /* "" when REMOVED */
	struct pcalc_text label;  /* the path in words */
};

/**
 * Compares revision @from (0: the one before @to) with @to (0: the current one). NULL with @failure
 * filled; code NOT_FOUND: there is no such revision.
 */
PCALC_PUBLIC pcalc_diff *pcalc_catalog_diff(
		pcalc_client *client, int64_t from, int64_t to, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_diff_free(pcalc_diff *diff);
/** The earlier revision. */
PCALC_PUBLIC int64_t pcalc_diff_from(const pcalc_diff *diff);
/** The later one. */
PCALC_PUBLIC int64_t pcalc_diff_to(const pcalc_diff *diff);
/** How many entries changed. */
PCALC_PUBLIC size_t pcalc_diff_count(const pcalc_diff *diff);
/** The entry at @index: policies first, then shared caps, parameters and the rest. false: none. */
PCALC_PUBLIC bool pcalc_diff_get(
		const pcalc_diff *diff, size_t index, struct pcalc_change *out_change);
/** Field @field of the entry at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_diff_field(const pcalc_diff *diff, size_t index, size_t field,
		struct pcalc_field_change *out_field);
/** What the parameter at @index affects, @affect from 0. NULL when there is none. */
PCALC_PUBLIC const char *pcalc_diff_affect(const pcalc_diff *diff, size_t index, size_t affect);

#ifdef __cplusplus
}
#endif

#endif
