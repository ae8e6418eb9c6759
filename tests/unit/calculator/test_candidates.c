/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With an index of the day, Match answers as without one, byte for byte: over random catalogs, and over the
 * starter catalog three times over, for profiles and requests made at random. A request that names every
 * series is not answered from the index; it is what the others are compared with.
 */
#include "calculator/candidates.h"
#include "effort.h"
#include "profile_maker.h"
#include "random_catalog.h"
#include "starter.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { COPIES = 3 };

static const char *dictionary;
static const char *starter;

struct tally {
	unsigned long policies, candidates, ineligible_told, answers;
};

/* --- comparing --------------------------------------------------------------------------------- */

static Policycalc__V1__MatchRequest request_make(
		struct profile_maker *maker, Policycalc__V1__Profile *profile)
{
	static const int limits[] = { 0, 1, 5, 40, 1000 };
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;

	request.profile = profile;
	request.as_of = (char *)maker->day;
	request.limit = limits[maker_below(maker, 5)];
	request.view = (Policycalc__V1__View)maker_below(maker, 4);
	request.include_superseded = maker_below(maker, 3) == 0;
	request.near = maker_below(maker, 12) == 0;
	request.combine = maker_below(maker, 4) == 0;
	request.verdicts = ARENA_NEW_ARRAY(maker->arena, Policycalc__V1__Verdict, 6);
	assert_non_null(request.verdicts);
	for (int verdict = VERDICT(INELIGIBLE); verdict <= VERDICT(ELIGIBLE); verdict++) {
		if (maker_below(maker, 3) == 0)
			request.verdicts[request.n_verdicts++] =
					(Policycalc__V1__Verdict)verdict;
	}
	return request;
}

static struct slice request_ask(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, struct arena *arena,
		Policycalc__V1__MatchResponse **out_response)
{
	struct violations violations = { 0 };
	struct error err = { 0 };
	uint8_t *bytes;
	size_t size;

	*out_response = NULL;
	if (!ruleset_match(ruleset, request, NULL, arena, out_response, &violations, &err))
		return slice_from(arena_format(arena, "%s", err.message));
	size = policycalc__v1__match_response__get_packed_size(*out_response);
	bytes = arena_alloc(arena, size + 1);
	assert_non_null(bytes);
	policycalc__v1__match_response__pack(*out_response, bytes);
	return (struct slice){ (const char *)bytes, size };
}

static char **series_list(const struct ruleset *ruleset, struct arena *arena)
{
	const struct catalog *catalog = ruleset_catalog(ruleset);
	char **names = ARENA_NEW_ARRAY(arena, char *, catalog->policy_count + 1);

	assert_non_null(names);
	for (size_t i = 0; i < catalog->policy_count; i++)
		names[i] = catalog->policies[i]->series;
	return names;
}

static void request_compare(const struct ruleset *ruleset, struct profile_maker *maker,
		Policycalc__V1__Profile *profile, struct tally *tally)
{
	Policycalc__V1__MatchRequest request = request_make(maker, profile);
	Policycalc__V1__MatchResponse *response, *expected_response;
	struct slice told, expected;
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	told = request_ask(ruleset, &request, &arena, &response);
	request.policies = series_list(ruleset, &arena);
	request.n_policies = ruleset_catalog(ruleset)->policy_count;
	expected = request_ask(ruleset, &request, &arena, &expected_response);
	if (!slice_equals(told, expected))
		fail_msg("limit %d, view %d, %zu verdicts, near %d, combine %d: %zu bytes of "
			 "%zu answers instead of %zu of %zu",
				request.limit, (int)request.view, request.n_verdicts,
				request.near, request.combine, told.size,
				response ? response->n_answers : 0, expected.size,
				expected_response ? expected_response->n_answers : 0);
	for (size_t i = 0; response && i < response->n_answers; i++)
		tally->ineligible_told += response->answers[i]->verdict == VERDICT(INELIGIBLE);
	tally->answers += response ? response->n_answers : 0;
	arena_fini(&arena);
}

/* How many policies the index leaves. */
static void candidates_count(const struct ruleset *ruleset, const char *day,
		const Policycalc__V1__Profile *profile, struct tally *tally)
{
	struct candidates candidates = { 0 };
	const struct epoch *epoch;
	struct facts *facts;
	struct date date;
	struct arena arena;

	arena_init(&arena, (size_t)64 << 20);
	assert_true(date_parse(slice_from(day), &date));
	epoch = epoch_pin(ruleset, date_to_days(date));
	assert_non_null(epoch);
	facts = facts_read(ruleset, epoch, profile, date, false, &arena,
			&(struct findings){ .arena = &arena });
	assert_non_null(facts);
	assert_true(candidates_find(facts, &candidates));
	tally->policies += ruleset_catalog(ruleset)->policy_count;
	tally->candidates += candidates.count;
	epoch_unpin(ruleset, epoch);
	arena_fini(&arena);
}

static void day_compare(const struct ruleset *ruleset, struct profile_maker *maker,
		unsigned profiles, struct tally *tally)
{
	struct error err = { 0 };

	if (!ruleset_prepare(ruleset, maker->day, &err))
		fail_msg("%s", err.message);
	for (unsigned i = 0; i < profiles; i++) {
		Policycalc__V1__Profile *profile = maker_profile(maker);

		maker_tidy(maker, ruleset, profile);
		candidates_count(ruleset, maker->day, profile, tally);
		for (unsigned k = 0; k < 4; k++)
			request_compare(ruleset, maker, profile, tally);
	}
}

static void tally_check(const struct tally *tally)
{
	print_message("%lu of %lu policies are candidates; %lu answers, %lu of them "
		      "ineligible\n",
			tally->candidates, tally->policies, tally->answers,
			tally->ineligible_told);
	assert_true(tally->candidates < tally->policies);
	assert_true(tally->candidates > 0);
	assert_true(tally->ineligible_told > 0);
	assert_true(tally->ineligible_told < tally->answers);
}

/* --- catalogs ---------------------------------------------------------------------------------- */

static void random_catalogs(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 60 : 4;
	struct tally tally = { 0 };

	(void)state;
	if (effort_is_of_threads())
		skip();
	for (unsigned n = 0; n < instances; n++) {
		struct arena arena;
		struct profile_maker maker = { .day = n % 3 ? "2026-02-10" : "2020-02-29",
			.arena = &arena,
			.seed = 991 + n,
			.known = (unsigned[]){ 95, 70, 40 }[n % 3],
			.series = (unsigned[]){ 60, 10 }[n % 2],
			.broken = (unsigned[]){ 0, 5 }[n % 2],
			.items = 2 };
		struct ruleset *ruleset;

		arena_init(&arena, (size_t)1 << 30);
		ruleset = random_catalog_compile(&maker, 260, dictionary);
		day_compare(ruleset, &maker, 25 / effort_step(5), &tally);
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	tally_check(&tally);
}

/* Each policy three times, under other names. */
static struct ruleset *copies_make(const struct catalog *from, struct arena *arena)
{
	struct catalog catalog = *from;
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct ruleset *ruleset;

	diagnostics_init(&diagnostics, arena);
	catalog.policies = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__Policy *, COPIES * from->policy_count);
	assert_non_null(catalog.policies);
	catalog.policy_count = 0;
	for (size_t i = 0; i < COPIES * from->policy_count; i++) {
		Policycalc__V1__Policy *copy = ARENA_NEW(arena, Policycalc__V1__Policy);
		size_t number = i / from->policy_count;

		assert_non_null(copy);
		*copy = *from->policies[i % from->policy_count];
		if (number)
			copy->id = arena_format(arena, "%s-copy%zu", copy->id, number);
		copy->series = arena_format(arena, "series-%zu-%s", number, copy->series);
		catalog.policies[catalog.policy_count++] = copy;
	}
	ruleset = ruleset_new(&catalog, NULL, NULL, &diagnostics, &err);
	if (!ruleset)
		fail_msg("%s: %s", err.message,
				diagnostics.count ? diagnostics.list[0].message : "");
	return ruleset;
}

static void starter_catalog(void **state)
{
	static const char *const days[] = { "2026-06-01", "2025-01-15", "2022-10-01" };
	unsigned count = getenv("POLICYCALC_LONG") ? 300 : 12 / effort_step(3);
	struct tally tally = { 0 };
	struct ruleset *one, *ruleset;
	struct arena arena;

	(void)state;
	if (effort_is_of_threads())
		skip();
	arena_init(&arena, (size_t)1 << 30);
	one = starter_read(starter, &arena);
	ruleset = copies_make(ruleset_catalog(one), &arena);
	for (unsigned n = 0; n < sizeof(days) / sizeof(*days); n++) {
		struct arena firms;
		struct profile_maker maker = { .catalog = ruleset_catalog(ruleset),
			.day = days[n],
			.arena = &firms,
			.seed = 5 + n,
			.known = 98 - 20 * n,
			.series = 20,
			.broken = n * 2,
			.items = 2 };

		arena_init(&firms, (size_t)1 << 30);
		day_compare(ruleset, &maker, count, &tally);
		arena_fini(&firms);
	}
	tally_check(&tally);
	ruleset_unref(ruleset);
	ruleset_unref(one);
	arena_fini(&arena);
}

/* A day that is asked for again and again gets its index by itself; one that is not, does not. */
static void index_comes(void **state)
{
	struct profile_maker maker = { .day = "2026-02-10", .seed = 3, .known = 90 };
	struct timespec pause = { .tv_nsec = 10000000 };
	struct candidates candidates;
	const struct epoch *epoch;
	struct ruleset *ruleset;
	struct facts *facts;
	struct arena arena;
	unsigned asked = 0;
	size_t size;
	int64_t day = 20494; /* 2026-02-10 */

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	ruleset = random_catalog_compile(&maker, 220, dictionary);
	epoch = epoch_pin(ruleset, day);
	facts = facts_read(ruleset, epoch, NULL, date_from_days(day), false, &arena,
			&(struct findings){ .arena = &arena });
	assert_non_null(facts);
	size = ruleset_size(ruleset);
	while (!candidates_find(facts, &candidates)) {
		assert_true(asked++ < 3000);
		nanosleep(&pause, NULL);
	}
	assert_true(asked >= 2);
	assert_true(candidates.count > 0 && candidates.count <= 220);
	/* With the index, and the room that was worked in: the lists alone have a number a policy. */
	assert_true(ruleset_size(ruleset) > size + 220 * 3 * sizeof(uint32_t));
	epoch_unpin(ruleset, epoch);
	ruleset_unref(ruleset);
	/* And one that goes while its index is being made. */
	ruleset = random_catalog_compile(&maker, 220, dictionary);
	epoch = epoch_pin(ruleset, day);
	facts = facts_read(ruleset, epoch, NULL, date_from_days(day), false, &arena,
			&(struct findings){ .arena = &arena });
	for (unsigned i = 0; i < 3; i++)
		(void)candidates_find(facts, &candidates);
	epoch_unpin(ruleset, epoch);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* --- threads ------------------------------------------------------------------------------------ */

enum { DAYS = 6, THREADS = 4 };

static const char *const moments[DAYS] = { "2018-03-01", "2020-02-29", "2022-10-01",
	"2024-05-05", "2026-02-10", "2029-12-31" };

struct together {
	const struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	int64_t days[DAYS];
	struct candidates expected[DAYS];
	atomic_bool over;
};

struct asking {
	struct together *together;
	pthread_t thread;
	unsigned number, asked, found, wrong;
};

/* Puts one index after another, so that one goes each time. */
static void prepare_all(struct asking *asking)
{
	unsigned count = getenv("POLICYCALC_LONG") ? 3000 : 100;

	for (unsigned i = 0; i < count; i++) {
		struct error err = { 0 };

		asking->wrong += !ruleset_prepare(
				asking->together->ruleset, moments[i % DAYS], &err);
	}
	atomic_store(&asking->together->over, true);
}

static struct facts *facts_of(const struct together *together, unsigned day,
		const struct epoch *epoch, struct arena *arena)
{
	struct facts *facts = facts_read(together->ruleset, epoch, together->profile,
			date_from_days(together->days[day]), false, arena,
			&(struct findings){ .arena = arena });

	assert_non_null(facts);
	return facts;
}

/* Mostly within the index, so that it goes, if it does, under us. */
static void facts_ask(struct asking *asking, unsigned day, struct arena *arena)
{
	const struct together *together = asking->together;
	const struct epoch *epoch = epoch_pin(together->ruleset, together->days[day]);
	const struct candidates *expected = &together->expected[day];
	struct facts *facts = facts_of(together, day, epoch, arena);
	struct candidates told;

	for (unsigned i = 0; i < 16; i++) {
		if (!candidates_find(facts, &told))
			break; /* no index now: policies are asked one by one */
		asking->found++;
		asking->wrong += told.count != expected->count ||
				 memcmp(told.list, expected->list,
						 told.count * sizeof(*told.list)) != 0;
	}
	epoch_unpin(together->ruleset, epoch);
}

static void *on_ask(void *context)
{
	struct asking *asking = context;
	struct together *together = asking->together;
	struct arena arena;

	if (asking->number == 0) {
		prepare_all(asking);
		return NULL;
	}
	arena_init(&arena, (size_t)64 << 20);
	while (!atomic_load(&together->over) || asking->found <= DAYS) {
		facts_ask(asking, asking->asked++ % DAYS, &arena);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return NULL;
}

/*
 * More days than there are places for indexes, asked for by several threads: indexes come and go under those
 * who read them, and say what they said alone.
 */
static void threads_share(void **state)
{
	struct profile_maker maker = {
		.day = moments[4], .seed = 17, .known = 80, .series = 20, .items = 2
	};
	struct together together = { 0 };
	struct asking asking[THREADS];
	struct ruleset *ruleset;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	ruleset = random_catalog_compile(&maker, 240, dictionary);
	together.ruleset = ruleset;
	together.profile = maker_profile(&maker);
	maker_tidy(&maker, ruleset, together.profile);
	for (unsigned i = 0; i < DAYS; i++) {
		const struct epoch *epoch;
		struct error err = { 0 };
		struct date date;

		assert_true(date_parse(slice_from(moments[i]), &date));
		together.days[i] = date_to_days(date);
		epoch = epoch_pin(ruleset, together.days[i]);
		assert_true(ruleset_prepare(ruleset, moments[i], &err));
		assert_true(candidates_find(
				facts_of(&together, i, epoch, &arena), &together.expected[i]));
		epoch_unpin(ruleset, epoch);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		asking[i] = (struct asking){ .together = &together, .number = i };
		assert_int_equal(
				pthread_create(&asking[i].thread, NULL, on_ask, &asking[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(asking[i].thread, NULL), 0);
		assert_int_equal(asking[i].wrong, 0);
		assert_true(i == 0 || asking[i].found > DAYS);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_catalogs),
		cmocka_unit_test(starter_catalog),
		cmocka_unit_test(index_comes),
		cmocka_unit_test(threads_share),
	};

	if (argc < 3)
		return 2;
	dictionary = argv[1];
	starter = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
