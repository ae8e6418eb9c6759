/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog: reading it, checking a draft, publishing a revision. */
#ifndef POLICYCALC_CATALOG_H
#define POLICYCALC_CATALOG_H

#include "policycalc/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A list that was read whole; what its accessors return is borrowed from it. */
typedef struct pcalc_policies pcalc_policies;
typedef struct pcalc_policy pcalc_policy;
typedef struct pcalc_attributes pcalc_attributes;
typedef struct pcalc_revisions pcalc_revisions;
typedef struct pcalc_files pcalc_files;
typedef struct pcalc_check pcalc_check;

/* Which policies to list. Zeroed: all. Kind and level are numbers of the schema; 0: any. */
struct pcalc_policy_filter {
	const char *search;
	const char *department;
	int kind;
	int level;
	bool open;
	const char *as_of;
	int64_t revision;
};

/* What a list shows of a policy. */
struct pcalc_policy_summary {
	const char *id;
	const char *series;
	struct pcalc_text title;
	struct pcalc_text summary;
	int kind;
	int level;
	const char *document_number;
};

/* One entry of the attribute dictionary. */
struct pcalc_attribute {
	const char *name;
	const char *item_list; /* "" for facts of the enterprise */
	struct pcalc_text label;
	struct pcalc_text question;
	struct pcalc_text unit;
	int type; /* number of the schema: 1 money, 2 ratio, 3 count, 4 flag, 5 code, 6 codes,
		     7 date, 8 text, 9-11 series of money, ratio, count, 12 titles */
	bool deprecated;
	bool derived;
};

/* One state of the catalog. */
struct pcalc_revision {
	int64_t number;
	const char *content_hash;
	const char *published_at;
	const char *author;
	const char *note;
	int policy_count;
};

/* One file of a draft or of an export. */
struct pcalc_file {
	const char *path;    /* relative: "attributes.yaml", "policies/x.yaml" */
	const char *content; /* UTF-8, @size bytes */
	size_t size;
};

/* One thing found in a draft. */
struct pcalc_finding {
	bool is_error; /* otherwise a warning */
	const char *path;
	int line;   /* from 1; 0: the file as a whole */
	int column; /* in characters, from 1; 0: the line as a whole */
	const char *message;
	const char *excerpt;
};

/* How to publish. */
struct pcalc_publish_options {
	int64_t base_revision; /* the revision the draft was made from; 0 on an empty catalog */
	const char *author;
	const char *note;
	bool strict; /* warnings stand in the way */
};

/** Reads all policies that @filter (NULL: all) lets through, in id order. NULL on failure. */
PCALC_PUBLIC pcalc_policies *pcalc_policies_list(pcalc_client *client,
		const struct pcalc_policy_filter *filter, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_policies_free(pcalc_policies *policies);
/** How many there are. */
PCALC_PUBLIC size_t pcalc_policies_count(const pcalc_policies *policies);
/** The policy at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_policies_get(const pcalc_policies *policies, size_t index,
		struct pcalc_policy_summary *out_policy);

/**
 * Reads one policy, by id, or by series (the version in force on @as_of, NULL: today). NULL on
 * failure.
 */
PCALC_PUBLIC pcalc_policy *pcalc_policy_get(pcalc_client *client, const char *id,
		const char *as_of, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_policy_free(pcalc_policy *policy);
/** What a list would show of it. */
PCALC_PUBLIC struct pcalc_policy_summary pcalc_policy_summary_get(const pcalc_policy *policy);
/** Condition @index: its label and its rule text. false when there is none. */
PCALC_PUBLIC bool pcalc_policy_condition(const pcalc_policy *policy, size_t index,
		const char **out_id, struct pcalc_text *out_label, const char **out_rule);

/** Reads the whole attribute dictionary, in name order. NULL on failure. */
PCALC_PUBLIC pcalc_attributes *pcalc_attributes_list(
		pcalc_client *client, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_attributes_free(pcalc_attributes *attributes);
/** How many there are. */
PCALC_PUBLIC size_t pcalc_attributes_count(const pcalc_attributes *attributes);
/** The attribute at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_attributes_get(const pcalc_attributes *attributes, size_t index,
		struct pcalc_attribute *out_attribute);

/** Checks a draft on the service and changes nothing. NULL on failure; findings are no failure.
 */
PCALC_PUBLIC pcalc_check *pcalc_catalog_check(pcalc_client *client,
		const struct pcalc_file *files, size_t file_count, bool strict,
		struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_check_free(pcalc_check *check);
/** How many errors and warnings there are together. */
PCALC_PUBLIC size_t pcalc_check_count(const pcalc_check *check);
/** How many errors there are. */
PCALC_PUBLIC size_t pcalc_check_error_count(const pcalc_check *check);
/** The finding at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_check_get(
		const pcalc_check *check, size_t index, struct pcalc_finding *out_finding);

/**
 * Checks a draft and makes it the new revision: *out_revision is its number, *out_unchanged
 * says that the content was that of the current one already; both may be NULL. Code ABORTED:
 * @options-> base_revision is not the current one. FAILED_PRECONDITION: the check failed, see
 * the details.
 */
PCALC_PUBLIC bool pcalc_catalog_publish(pcalc_client *client, const struct pcalc_file *files,
		size_t file_count, const struct pcalc_publish_options *options,
		int64_t *out_revision, bool *out_unchanged, struct pcalc_failure *failure);

/** Reads all revisions, newest first. NULL on failure. */
PCALC_PUBLIC pcalc_revisions *pcalc_catalog_revisions(
		pcalc_client *client, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_revisions_free(pcalc_revisions *revisions);
/** How many there are. */
PCALC_PUBLIC size_t pcalc_revisions_count(const pcalc_revisions *revisions);
/** The revision at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_revisions_get(const pcalc_revisions *revisions, size_t index,
		struct pcalc_revision *out_revision);

/** Reads the files of @revision (0: the current one). NULL on failure. */
PCALC_PUBLIC pcalc_files *pcalc_catalog_export(
		pcalc_client *client, int64_t revision, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_files_free(pcalc_files *files);
/** How many there are. */
PCALC_PUBLIC size_t pcalc_files_count(const pcalc_files *files);
/** The file at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_files_get(
		const pcalc_files *files, size_t index, struct pcalc_file *out_file);

#ifdef __cplusplus
}
#endif

#endif
