/* SPDX-License-Identifier: Apache-2.0 */
/* catalog-check DIR [--strict]: checks a catalog folder while the tree is being worked on. */
#include "publish/publish.h"

#include <stdio.h>
#include <string.h>

#define BUDGET ((size_t)4 << 30)

static void print_finding(const struct diagnostic *finding, struct arena *arena)
{
	const char *excerpt = diagnostic_format_excerpt(finding, arena);

	(void)printf("%s", *finding->path ? finding->path : "catalog");
	if (finding->line)
		(void)printf(":%d", finding->line);
	if (finding->line && finding->column)
		(void)printf(":%d", finding->column);
	(void)printf(": %s: %s\n", finding->severity == DIAGNOSTIC_ERROR ? "error" : "warning",
			finding->message);
	if (excerpt && *excerpt)
		(void)printf("%s\n", excerpt);
}

static int check_folder(const char *folder, bool strict, struct arena *arena)
{
	struct draft_summary summary = { 0 };
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct error err = { 0 };
	const struct catalog *catalog;
	char hash[65];

	diagnostics_init(&diagnostics, arena);
	if (!draft_load(folder, arena, &draft, &err)) {
		(void)fprintf(stderr, "catalog-check: %s\n", err.message);
		return 1;
	}
	catalog = draft_check(&draft, strict, arena, &diagnostics, NULL, &summary, &err);
	for (size_t i = 0; i < diagnostics.count; i++)
		print_finding(&diagnostics.list[i], arena);
	if (diagnostics.error_count + diagnostics.warning_count > diagnostics.count)
		(void)printf("... and %zu more\n", diagnostics.error_count +
								   diagnostics.warning_count -
								   diagnostics.count);
	if (!catalog && diagnostics.error_count == 0)
		(void)fprintf(stderr, "catalog-check: %s\n", err.message);
	(void)printf("%zu files, %zu policies, %zu attributes, %zu parameters, %zu examples:"
		     " %zu errors, %zu warnings\n",
			draft.count, summary.policy_count, summary.attribute_count,
			summary.parameter_count, summary.example_count, diagnostics.error_count,
			diagnostics.warning_count);
	if (catalog && catalog_hash(catalog, hash, &err))
		(void)printf("content %s\n", hash);
	return catalog ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *folder = NULL;
	bool strict = false;
	struct arena arena;
	int result;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--strict") == 0) {
			strict = true;
		} else if (argv[i][0] != '-' && !folder) {
			folder = argv[i];
		} else {
			folder = NULL;
			break;
		}
	}
	if (!folder) {
		(void)fprintf(stderr, "usage: catalog-check DIR [--strict]\n");
		return 2;
	}
	arena_init(&arena, BUDGET);
	result = check_folder(folder, strict, &arena);
	arena_fini(&arena);
	return result;
}
