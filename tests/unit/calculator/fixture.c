/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

static void line_read(struct case_file *file, char *line)
{
	char *rest = case_trim(line);
	char *keyword;

	file->line++;
	if (*rest == 0 || *rest == '#')
		return;
	keyword = case_word(file, &rest);
	if (!case_read_catalog(file, keyword, case_trim(rest)))
		case_broken(file, "what is %s?", keyword);
}

void fixture_read(struct case_file *file, struct arena *arena, const char *path,
		const char *lines)
{
	FILE *in = fopen(path, "r");
	char line[4096];
	char *copy;

	*file = (struct case_file){ .path = path, .arena = arena };
	if (!in)
		case_broken(file, "cannot be read");
	while (fgets(line, sizeof(line), in))
		line_read(file, line);
	fclose(in);
	file->path = "lines of the test";
	file->line = 0;
	copy = arena_copy_text(arena, lines);
	if (!copy)
		case_broken(file, "out of memory");
	while (*copy)
		line_read(file, case_cut(&copy, "\n"));
}

struct ruleset *fixture_compile(struct case_file *file, const char **out_mistake)
{
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct ruleset *ruleset;

	diagnostics_init(&diagnostics, file->arena);
	file->catalog.content_hash = "";
	ruleset = ruleset_new(&file->catalog, NULL, NULL, &diagnostics, &err);
	if (out_mistake)
		*out_mistake = arena_copy_text(file->arena, err.message);
	/* Bare figures of the dictionary are warned about, which is no mistake. */
	for (size_t i = diagnostics.count; out_mistake && i-- > 0;) {
		if (diagnostics.list[i].severity == DIAGNOSTIC_ERROR)
			*out_mistake = diagnostics.list[i].message;
	}
	return ruleset;
}

Policycalc__V1__Profile *fixture_profile(struct case_file *file, const char *values)
{
	Policycalc__V1__Profile *profile = ARENA_NEW(file->arena, Policycalc__V1__Profile);
	char *copy = arena_copy_text(file->arena, values);

	if (!profile || !copy)
		case_broken(file, "out of memory");
	policycalc__v1__profile__init(profile);
	case_read_values(file, "", copy, &profile->attributes, &profile->n_attributes);
	return profile;
}

Policycalc__V1__MatchResponse *fixture_match(
		struct ruleset *ruleset, Policycalc__V1__Profile *profile, struct arena *call)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;

	request.profile = profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	assert_true(ruleset_match(
			ruleset, &request, "2026-01-01", call, &response, NULL, NULL));
	assert_int_equal(response->n_answers, 1);
	return response;
}

struct amount_ends fixture_ends(const Policycalc__V1__AmountAnswer *amount)
{
	struct amount_ends ends = { false, amount->least_fen, INT64_MAX,
		amount->first_year_least_fen, INT64_MAX };

	assert_true(amount->exactness == EXACTNESS(EXACT) ||
			amount->exactness == EXACTNESS(RANGE) ||
			amount->exactness == EXACTNESS(AT_LEAST));
	if (amount->exactness != EXACTNESS(AT_LEAST)) {
		ends.bounded = true;
		ends.most = amount->most_fen;
		ends.year_most = amount->first_year_most_fen;
	}
	assert_true(ends.least <= ends.most);
	assert_true(ends.year_least <= ends.year_most);
	return ends;
}
