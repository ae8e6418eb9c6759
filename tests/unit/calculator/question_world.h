/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog, written as in tests/cases, and what is asked of it next. */
#pragma once

#include "fixture.h"

struct question_world {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__NextQuestionRequest request; /* of 2026-06-01 */
};

/** @lines behind the dictionary at that path; the catalog must be without mistakes. */
void question_world_init(
		struct question_world *world, const char *dictionary, const char *lines);
void question_world_fini(struct question_world *world);
/** The answer to ->request, with a profile of @values unless that is NULL. */
Policycalc__V1__NextQuestionResponse *question_world_ask(struct question_world *world,
		const char *values, const struct question_priors *priors);
