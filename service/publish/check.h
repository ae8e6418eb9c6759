/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a draft: what the parts of the check share. Nobody outside publish/ includes it.
 *
 * A draft is parsed file by file, its messages are filed under their names, and each part then
 * looks at one thing and goes on after a mistake, so that one check reports all of them.
 * Findings point at the value in the editor's file; the places come from the parser.
 */
#pragma once

#include "base/map.h"
#include "proto/codec/choice_table.h"
#include "proto/codec/codec.h"
#include "publish/publish.h"

/* One file of the draft, parsed. */
struct check_file {
	const char *path;
	struct slice text;
	struct yaml_places *places; /* NULL when it could not be parsed */
	bool partly; /* a policy with mistakes of form: what was read is checked, what lacks is not */
};

/* A message under its name, and where it stands. */
struct check_named {
	const ProtobufCMessage *message;
	const struct check_file *file;
};

struct check {
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct catalog *catalog;
	struct check_file *files;
	size_t file_count;
	const struct check_file *file;		/* findings are about this one */
	const struct check_file **policy_files; /* of catalog->policies */
	const struct check_file *attribute_file, *parameter_file, *region_file, *industry_file,
			*fact_file, *shared_cap_file; /* or NULL */
	struct map attributes; /* "staff", "projects/invested" → check_named */
	struct map parameters, regions, industries, policies, materials, groups, shared_caps;
	struct map paths; /* → check_file */
	struct map unread; /* policies whose file could not be parsed, by file name → check_file */
	struct map holders;	      /* address of a message with a rule → check_file */
	struct choice_tables choices; /* while examples run */
	bool tables_unread;	      /* a dictionary file could not be parsed: nothing is
					 said about names that may stand in it */
	bool dictionary_failed;	      /* names are missing: rules cannot be compiled */
	bool out_of_memory;
};

/** Reports about @field of @message in the current file; index of a repeated field, else 0.
 * With field NULL about the message itself. What is not in the file is reported at its message.
 */
void check_error(struct check *check, const void *message, const char *field, size_t index,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void check_warn(struct check *check, const void *message, const char *field, size_t index,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Files @message under @name; false (and reported by the caller) when the name is taken. */
bool check_add_name(
		struct check *check, struct map *map, const char *name, const void *message);
const struct check_named *check_find(const struct map *map, const char *name);

/** Adds the line of the file to every finding from @first on that came without. */
void check_add_excerpts(struct check *check, size_t first);
/** Drops errors from @first on that stand where an earlier one stands already: one mistake, seen by
 * two parts. */
void check_drop_repeats(struct check *check, size_t first);
/** Whether the policy may exist, in a file that could not be parsed: nothing is said about it. */
bool check_is_unread(const struct check *check, struct slice policy_id);

/** catalog_locate_fn for the compiler: @context is the check. */
bool check_locate(void *context, const ProtobufCMessage *message, const char *field_name,
		size_t index, const char **out_path, int *out_line, int *out_column);

/* --- forms of fields (check_field.c) -------------------------------------------------------
 */

enum name_form {
	NAME_SNAKE, /* lower_snake_case */
	NAME_KEBAB, /* lower-case-with-hyphens */
	NAME_CODE,  /* either, digits may come first */
};
/** Reports when the field is empty or not of the form; returns whether it is. */
bool check_name(struct check *check, const void *message, const char *field, const char *value,
		enum name_form form);
bool check_required(
		struct check *check, const void *message, const char *field, const char *value);
bool check_text(struct check *check, const void *message, const char *field,
		const Policycalc__V1__Text *text);
/** "" is fine. */
bool check_date(struct check *check, const void *message, const char *field, const char *value);
/** Sources, texts and date ranges anywhere below @message; files the holders of rules. */
void check_walk(struct check *check, const ProtobufCMessage *message);
/** First and last day of a range; what is not stated or open is DAY_FIRST or DAY_LAST. */
void range_days(const Policycalc__V1__DateRange *range, int32_t *out_from, int32_t *out_until);

/** All parts below; false when memory is short. */
bool check_structure(struct check *check, const struct draft *draft);
void check_fini(struct check *check);

/* --- the parts ------------------------------------------------------------------------------
 */

/** Parses the files into check->catalog. */
bool check_parse(struct check *check, const struct draft *draft);
void check_attributes(struct check *check);
void check_tables(struct check *check); /* regions, industries */
void check_parameters(struct check *check);
void check_policies(struct check *check);
void check_policy_guide(struct check *check, const Policycalc__V1__Policy *policy);
void check_policy_scores(struct check *check, const Policycalc__V1__Policy *policy);
void check_policy_amount(struct check *check, const Policycalc__V1__Policy *policy);
void check_policy_budget(struct check *check, const Policycalc__V1__Policy *policy);
/** Exclusion groups and shared caps, over all policies. */
void check_combination(struct check *check);
/** Versions of a series, and parameters within each policy's time in force. */
void check_series(struct check *check);
void check_facts(struct check *check);
/** Resolves "conditions.budget.source" in @message; false fills @out_why. */
bool path_resolve(const ProtobufCMessage *message, const char *path, bool must_be_set,
		char out_why[160]);
/** Conditions that cannot do what a condition is for, and attributes that nobody asks: of a ruleset
 * without a mistake. */
void check_doubts(struct check *check, const struct ruleset *ruleset);
/** Runs every policy's examples; returns how many. */
size_t check_examples(struct check *check, const struct ruleset *ruleset);
