/* SPDX-License-Identifier: Apache-2.0 */
/* The whole check: structure, then rules, then examples. */
#include "publish/check.h"

/* Warnings of every part, the compiler's too, become errors. */
static void check_be_strict(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		diagnostics->list[i].severity = DIAGNOSTIC_ERROR;
	diagnostics->error_count += diagnostics->warning_count;
	diagnostics->warning_count = 0;
}

struct catalog *draft_check(const struct draft *draft, bool strict, struct arena *arena,
		struct diagnostics *diagnostics, struct ruleset **out_ruleset,
		struct draft_summary *out_summary, struct error *err)
{
	struct check check = { .arena = arena, .diagnostics = diagnostics };
	struct ruleset *ruleset = NULL;
	struct draft_summary summary = { 0 };
	struct catalog *result = NULL;

	check.catalog = ARENA_NEW(arena, struct catalog);
	if (!check.catalog || !check_structure(&check, draft)) {
		arena_error(arena, err, "checking the catalog");
		goto out;
	}
	summary.policy_count = check.catalog->policy_count;
	summary.attribute_count = check.catalog->attribute_count;
	summary.parameter_count = check.catalog->parameter_count;
	for (size_t i = 0; i < check.catalog->policy_count; i++)
		summary.example_count += check.catalog->policies[i]->n_examples;
	if (!check.dictionary_failed) {
		size_t before = diagnostics->error_count;
		size_t first = diagnostics->count;

		ruleset = ruleset_new(check.catalog, check_locate, &check, diagnostics, err);
		check_add_excerpts(&check, first);
		if (!ruleset && (diagnostics->error_count == before ||
						err->code != ERROR_INVALID))
			goto out; /* not the draft's fault: @err says why */
		check_drop_repeats(&check, first);
	}
	if (ruleset)
		(void)check_examples(&check, ruleset);
	/* Also when examples fail: conditions that contradict each other make them fail. */
	if (ruleset)
		check_doubts(&check, ruleset);
	if (check.out_of_memory || arena->exhausted) {
		arena_error(arena, err,
				"running the examples of the catalog and looking for doubts");
		goto out;
	}
	diagnostics_sort(diagnostics);
	if (strict)
		check_be_strict(diagnostics);
	if (out_summary)
		*out_summary = summary;
	if (diagnostics->error_count > 0) {
		error_set(err, ERROR_INVALID, "the catalog has %zu error%s",
				diagnostics->error_count,
				diagnostics->error_count == 1 ? "" : "s");
		goto out;
	}
	result = check.catalog;
	if (out_ruleset) {
		*out_ruleset = ruleset;
		ruleset = NULL;
	}
out:
	ruleset_unref(ruleset);
	check_fini(&check);
	return result;
}
