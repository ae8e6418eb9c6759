/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From YAML files to a checked catalog to a revision.
 *
 * Reading collects every mistake of every file with file, line and column; checking compiles
 * all rules and runs all examples; publishing writes one new numbered, content-hashed revision
 * in one transaction, or none when the content is the same.
 */
#pragma once

#include "calculator/calculator.h"
#include "store/catalog_store.h"

struct draft {
	struct draft_file *files;
	size_t count;
};

/**
 * Reads every YAML file of @directory and of @directory/policies into @arena, in path order;
 * what is not expected among them is for the check to say. No symbolic links, files of at most
 * 1 MiB, at most 200,000 of them.
 */
bool draft_load(const char *directory, struct arena *arena, struct draft *out_draft,
		struct error *err);

struct draft_summary {
	size_t policy_count;
	size_t attribute_count;
	size_t parameter_count;
	size_t example_count;
};

/**
 * Parses, checks and compiles a draft and runs its examples. All findings go to @diagnostics,
 * in path, line and column order; with @strict warnings are reported as errors. NULL when there
 * was an error (ERROR_INVALID: the findings say what). The catalog lives in @arena, as what the
 * draft's files hold; *out_ruleset (when wanted) holds one reference and is of revision 0.
 * @out_summary may be NULL, and is filled also when there were errors.
 */
struct catalog *draft_check(const struct draft *draft, bool strict, struct arena *arena,
		struct diagnostics *diagnostics, struct ruleset **out_ruleset,
		struct draft_summary *out_summary, struct error *err);

/** SHA-256 over the canonical encoding of every entry in (kind, name) order; 64 hex digits. */
bool catalog_hash(const struct catalog *catalog, char out_hex[65], struct error *err);

/**
 * Reports every attribute of @previous that @next lacks or gives another type or period: what
 * is published is deprecated, never removed or retyped. false only when memory is short.
 */
bool catalog_compare_dictionary(const struct catalog *previous, const struct catalog *next,
		struct diagnostics *diagnostics, struct error *err);

struct publish_options {
	int64_t base_revision; /* the draft was made from; 0 on an empty store */
	const char *author;    /* or NULL */
	const char *note;      /* or NULL */
	const char *now;       /* RFC 3339, UTC */
	bool strict;	       /* warnings stand in the way */
	/* Asked when all else is good and something would change; false, with why, when it may not be
	 * published. May say more of the author. NULL: it may. */
	bool (*allow)(void *context, const char *content_hash, const char **author,
			struct error *err);
	void *context;
};

/**
 * Checks @draft and publishes it. ERROR_INVALID with findings when it has errors, or removes or
 * retypes a published attribute; ERROR_CONFLICT when the base is not the current revision. To
 * be called by the thread that owns @store; *out_revision lives in @arena.
 */
bool draft_publish(struct catalog_store *store, const struct draft *draft,
		const struct publish_options *options, struct arena *arena,
		struct diagnostics *diagnostics, Policycalc__V1__Revision **out_revision,
		bool *out_unchanged, struct error *err);

/**
 * The second half of draft_publish(), for a service whose worker runs draft_check() before the
 * store's thread does this: @catalog is what draft_check() made of @draft. ->strict is not
 * looked at.
 */
bool catalog_publish_checked(struct catalog_store *store, const struct catalog *catalog,
		const struct draft *draft, const struct publish_options *options,
		struct arena *arena, struct diagnostics *diagnostics,
		Policycalc__V1__Revision **out_revision, bool *out_unchanged,
		struct error *err);

/** Loads and compiles a revision (0: the current one); the result holds one reference. */
struct ruleset *ruleset_load(struct catalog_store *store, int64_t revision, struct error *err);
