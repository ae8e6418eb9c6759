/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that are asked for by name: only what these read is derived then, and what they are told is what the answer
 * about all policies says of them, byte by byte, over catalogs and profiles made at random.
 */
#include "fixture.h"
#include "random_catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POLICIES 40
#define NAMED_MOST 3

static const char *dictionary;

static const Policycalc__V1__MatchResponse *ask(const struct ruleset *ruleset,
		Policycalc__V1__Profile *profile, char **ids, size_t count, struct arena *arena)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };

	request.profile = profile;
	request.as_of = (char *)"2026-02-10";
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request.include_superseded = true;
	request.policies = ids;
	request.n_policies = count;
	if (!ruleset_match(ruleset, &request, NULL, arena, &response, NULL, &err))
		fail_msg("%s", err.message);
	return response;
}

static struct slice packed(const ProtobufCMessage *message, struct arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, size + 1);

	assert_non_null(bytes);
	protobuf_c_message_pack(message, bytes);
	return (struct slice){ (const char *)bytes, size };
}

static void same(const ProtobufCMessage *one, const ProtobufCMessage *other, const char *what,
		struct arena *arena)
{
	if (!slice_equals(packed(one, arena), packed(other, arena)))
		fail_msg("%s is told otherwise", what);
}

/* Some of @all, by name. */
static void named_compare(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		const Policycalc__V1__MatchResponse *all, struct profile_maker *maker,
		struct arena *arena)
{
	const Policycalc__V1__MatchResponse *some;
	char *ids[NAMED_MOST];
	size_t count = 1 + maker_below(maker, NAMED_MOST);
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		ids[i] = all->answers[maker_below(maker, (unsigned)all->n_answers)]->policy_id;
	some = ask(ruleset, profile, ids, count, arena);
	for (size_t i = 0; i < some->n_answers; i++) {
		for (size_t k = 0; k < all->n_answers; k++) {
			if (strcmp(all->answers[k]->policy_id, some->answers[i]->policy_id) !=
					0)
				continue;
			same(&all->answers[k]->base, &some->answers[i]->base,
					some->answers[i]->policy_id, arena);
			found++;
		}
	}
	assert_true(found > 0 && found == some->n_answers);
	assert_int_equal(some->n_warnings, all->n_warnings);
	for (size_t i = 0; i < some->n_warnings; i++)
		same(&all->warnings[i]->base, &some->warnings[i]->base, "a warning", arena);
}

static void told_as_among_all(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 200 : 6;
	size_t warnings = 0;

	(void)state;
	for (unsigned n = 0; n < instances; n++) {
		struct arena arena;
		struct profile_maker maker = { .day = "2026-02-10",
			.arena = &arena,
			.seed = 815 + n,
			.known = (unsigned[]){ 95, 75, 45 }[n % 3],
			.series = 30,
			.items = n % 4 };
		struct ruleset *ruleset;

		arena_init(&arena, (size_t)1 << 30);
		ruleset = random_catalog_compile(&maker, POLICIES, dictionary);
		for (unsigned i = 0; i < 20; i++) {
			Policycalc__V1__Profile *profile = maker_profile(&maker);
			const Policycalc__V1__MatchResponse *all;
			struct arena call;

			maker_tidy(&maker, ruleset, profile);
			arena_init(&call, (size_t)256 << 20);
			all = ask(ruleset, profile, NULL, 0, &call);
			assert_true(all->n_answers > 0);
			warnings += all->n_warnings;
			for (unsigned k = 0; k < 8; k++)
				named_compare(ruleset, profile, all, &maker, &call);
			arena_fini(&call);
		}
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	/* Among them those of what is supplied though it is derived: its rule is asked whoever reads it. */
	assert_true(warnings > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(told_as_among_all) };

	if (argc != 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
