/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What questions cost in the calculator alone, without network and encoding.
 *
 * usage: bench_calculator DICTIONARY
 *
 * The best combination of 30 policies in overlapping groups, under two shared caps within one
 * another, some of them undecided.
 */
#include "case.h"
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES 30
#define RUNS 2000

static void read_line(struct case_file *file, const char *text)
{
	char line[512];
	char *rest = line;
	char *keyword;

	snprintf(line, sizeof(line), "%s", text);
	keyword = case_word(file, &rest);
	rest = arena_copy_text(file->arena, case_trim(rest));
	if (!case_read_catalog(file, keyword, rest))
		case_broken(file, "what is %s?", keyword);
}

static void read_dictionary(struct case_file *file, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[4096];

	if (!in)
		case_broken(file, "cannot be read");
	while (fgets(line, sizeof(line), in)) {
		char *text = case_trim(line);

		if (*text && *text != '#')
			read_line(file, text);
	}
	fclose(in);
}

static void make_policies(struct case_file *file)
{
	read_line(file, "parameter pool_most MONEY 300万元");
	read_line(file, "parameter tech_most MONEY 90万元");
	read_line(file, "shared_cap pool pool_most ENTERPRISE_YEAR");
	read_line(file, "shared_cap tech tech_most ENTERPRISE_YEAR in pool");
	for (int i = 0; i < POLICIES; i++) {
		char line[128];

		snprintf(line, sizeof(line), "policy p%02d", i);
		read_line(file, line);
		read_line(file, i % 7 == 3 ? "require e.srdi" : "require e.staff >= 1");
		snprintf(line, sizeof(line), "pays wan(%d)", 5 + i * 37 % 40);
		read_line(file, line);
		snprintf(line, sizeof(line), "excludes one%d ENTERPRISE_YEAR", i * 2 % 11);
		read_line(file, line);
		if (i % 3 == 0) {
			snprintf(line, sizeof(line), "excludes two%d ENTERPRISE_YEAR at_most 2",
					i % 5);
			read_line(file, line);
		}
		if (i % 2 == 0)
			read_line(file, i % 4 ? "under pool" : "under tech");
	}
}

int main(int argc, char **argv)
{
	struct figures figures = figures_new(RUNS);
	struct arena arena;
	struct arena call;
	struct case_file file = { .arena = &arena, .path = argc > 1 ? argv[1] : "" };
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__CombineRequest request = POLICYCALC__V1__COMBINE_REQUEST__INIT;
	Policycalc__V1__CombineResponse *response = NULL;
	struct diagnostics diagnostics;
	struct ruleset *ruleset;
	struct error err = { 0 };
	char facts[] = "staff = 10";

	arena_init(&arena, (size_t)256 << 20);
	arena_init(&call, (size_t)256 << 20);
	read_dictionary(&file, file.path);
	make_policies(&file);
	file.catalog.content_hash = "";
	diagnostics_init(&diagnostics, &arena);
	ruleset = ruleset_new(&file.catalog, NULL, NULL, &diagnostics, &err);
	if (!ruleset)
		case_broken(&file, "%s", err.message);
	case_read_values(&file, "", facts, &profile.attributes, &profile.n_attributes);
	request.profile = &profile;
	for (int i = 0; i < RUNS; i++) {
		int64_t begin = figures_now();

		if (!ruleset_combine(ruleset, &request, "2026-06-30", &call, &response, NULL,
				    &err))
			case_broken(&file, "%s", err.message);
		figures.times[figures.count++] = figures_now() - begin;
		if (i + 1 < RUNS)
			arena_reset(&call);
	}
	printf("%zu sure of %zu, %zu possible, proved: %s\n",
			response->combination->sure->n_chosen,
			response->combination->sure->n_chosen +
					response->combination->sure->n_left_out,
			response->combination->possible->n_chosen,
			response->combination->sure->proved &&
							response->combination->possible->proved
					? "yes"
					: "no");
	figures_print(&figures, "Combine, 30 policies", 1, 1000);
	figures_fini(&figures);
	ruleset_unref(ruleset);
	arena_fini(&call);
	arena_fini(&arena);
	return 0;
}
