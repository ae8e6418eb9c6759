/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From YAML files to a checked catalog to a revision.
 *
 * Reading collects every mistake of every file with file, line and column; checking compiles all
 * rules and runs all examples; publishing writes one new numbered, content-hashed revision in one
 * transaction, or none when the content is the same.
 */
#pragma once

#include "calculator/calculator.h"

struct draft {
	struct draft_file *files;
	size_t count;
};

/** Reads attributes.yaml, parameters.yaml, regions.yaml, industries.yaml, facts.yaml and
 * policies/(name).yaml below @directory into @arena; no symbolic links, at most 100,000 files. */
bool draft_load(const char *directory, struct arena *arena, struct draft *out_draft,
		struct error *err);

struct draft_summary {
	size_t policy_count;
	size_t attribute_count;
	size_t parameter_count;
	size_t example_count;
};

/**
 * Parses, checks and compiles a draft and runs its examples. All findings go to @diagnostics;
 * with @strict warnings are reported as errors. NULL when there was an error. The catalog lives in
 * @arena; *out_ruleset (when wanted) holds one reference.
 */
struct catalog *draft_check(const struct draft *draft, bool strict, struct arena *arena,
		struct diagnostics *diagnostics, struct ruleset **out_ruleset,
		struct draft_summary *out_summary, struct error *err);

/** SHA-256 over the canonical encoding of every entry in (kind, name) order; 64 hex digits. */
bool catalog_hash(const struct catalog *catalog, char out_hex[65], struct error *err);
