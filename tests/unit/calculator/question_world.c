/* SPDX-License-Identifier: Apache-2.0 */
#include "question_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void question_world_init(
		struct question_world *world, const char *dictionary, const char *lines)
{
	const char *mistake = NULL;

	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&world->file, &world->arena, dictionary, lines);
	world->ruleset = fixture_compile(&world->file, &mistake);
	if (!world->ruleset)
		fail_msg("%s", mistake);
	policycalc__v1__next_question_request__init(&world->request);
	world->request.as_of = (char *)"2026-06-01";
}

void question_world_fini(struct question_world *world)
{
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
}

Policycalc__V1__NextQuestionResponse *question_world_ask(struct question_world *world,
		const char *values, const struct question_priors *priors)
{
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct error err = { 0 };

	if (values)
		world->request.profile = fixture_profile(&world->file, values);
	if (!ruleset_next_question(world->ruleset, &world->request, priors, "2026-06-01",
			    &world->arena, &response, NULL, &err))
		fail_msg("%s", err.message);
	assert_int_equal(response->question == NULL,
			response->done !=
					POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_UNSPECIFIED);
	return response;
}
