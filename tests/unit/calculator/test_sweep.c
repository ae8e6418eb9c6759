/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep tells of every enterprise, policy and condition what outcome_compute() makes of the
 * enterprise alone: over random catalogs (scopes, derived attributes, quotients, titles, series, score
 * tables, judgements, policies of items, windows), and over the starter catalog on several days.
 */
#include "calculator/answer.h"
#include "effort.h"
#include "fixture.h"
#include "profile_maker.h"
#include "random_catalog.h"
#include "starter.h"
#include "sweep_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;
static const char *starter;

/* --- comparing --------------------------------------------------------------------------------- */

static bool has(const uint64_t *rows, unsigned row)
{
	return (rows[row / 64] >> (row % 64)) & 1;
}

struct tally {
	unsigned verdicts[VERDICT(ELIGIBLE) + 1];
	unsigned statuses[STATUS(ERROR) + 1];
};

struct swept {
	struct sweep *sweep;
	struct sweep_work *work;
	struct profile_source source;
};

/* The one verdict that a row has. */
static Policycalc__V1__Verdict verdict_of(
		const struct sweep_work *work, size_t policy, unsigned row)
{
	Policycalc__V1__Verdict found = VERDICT(UNSPECIFIED);

	for (int verdict = VERDICT(INELIGIBLE); verdict <= VERDICT(ELIGIBLE); verdict++) {
		uint64_t rows[SWEEP_WORDS];

		if (!sweep_verdict(work, policy, (Policycalc__V1__Verdict)verdict, rows) ||
				!has(rows, row))
			continue;
		assert_int_equal(found, VERDICT(UNSPECIFIED));
		found = (Policycalc__V1__Verdict)verdict;
	}
	return found;
}

static Policycalc__V1__ConditionStatus status_of(
		const struct sweep_work *work, size_t policy, size_t condition, unsigned row)
{
	Policycalc__V1__ConditionStatus found = STATUS(UNSPECIFIED);

	for (int status = STATUS(UNSPECIFIED) + 1; status <= STATUS(ERROR); status++) {
		uint64_t rows[SWEEP_WORDS];

		if (!sweep_condition_status(work, policy, condition,
				    (Policycalc__V1__ConditionStatus)status, rows) ||
				!has(rows, row))
			continue;
		assert_int_equal(found, STATUS(UNSPECIFIED));
		found = (Policycalc__V1__ConditionStatus)status;
	}
	return found;
}

static void conditions_compare(const struct swept *full, size_t policy,
		const struct outcome *outcome, unsigned row, struct tally *tally)
{
	assert_int_equal(sweep_condition_count(full->sweep, policy),
			outcome->policy->clause_count);
	for (size_t i = 0; i < outcome->policy->clause_count; i++) {
		Policycalc__V1__ConditionStatus expected = outcome->results[i].status;
		Policycalc__V1__ConditionStatus told = status_of(full->work, policy, i, row);

		if (told != expected)
			fail_msg("row %u, condition %s of %s: %d instead of %d\n%s%s", row,
					sweep_condition(full->sweep, policy, i)->id,
					outcome->policy->policy->id, (int)told, (int)expected,
					sweep_condition(full->sweep, policy, i)->rule,
					sweep_condition(full->sweep, policy, i)->met_if);
		tally->statuses[expected]++;
	}
}

static void row_compare(const struct ruleset *ruleset, const struct swept *full,
		const struct swept *quick, const Policycalc__V1__Profile *profile,
		const char *day, unsigned row, struct arena *arena, struct tally *tally)
{
	struct findings findings = { .arena = arena };
	const struct epoch *epoch;
	struct facts *facts;
	struct date date;

	assert_true(date_parse(slice_from(day), &date));
	epoch = epoch_pin(ruleset, date_to_days(date));
	assert_non_null(epoch);
	facts = facts_read(ruleset, epoch, profile, date, false, arena, &findings);
	assert_non_null(facts);
	for (size_t i = 0; i < sweep_policy_count(full->sweep); i++) {
		const struct policy_rules *rules = ruleset_find_rules(
				ruleset, slice_from(sweep_policy(full->sweep, i)->id));
		struct outcome outcome;

		outcome_compute(facts, rules, &epoch->standings[rules - ruleset->policies],
				&outcome);
		assert_false(arena->exhausted);
		conditions_compare(full, i, &outcome, row, tally);
		for (int k = 0; k < 2; k++) {
			const struct swept *swept = k ? quick : full;
			Policycalc__V1__Verdict told = verdict_of(swept->work, i, row);

			if (told != outcome.verdict)
				fail_msg("row %u, %s%s: %d instead of %d", row,
						rules->policy->id, k ? ", quickly" : "",
						(int)told, (int)outcome.verdict);
		}
		tally->verdicts[outcome.verdict]++;
	}
	epoch_unpin(ruleset, epoch);
}

static struct swept swept_new_of(const struct ruleset *ruleset, const char *day,
		bool conditions, const char *policy)
{
	struct sweep_options options = { .day = day,
		.policies = &policy,
		.policy_count = policy ? 1 : 0,
		.conditions = conditions };
	struct swept swept = { 0 };
	struct error err = { 0 };

	swept.sweep = sweep_new(ruleset, &options, &err);
	if (!swept.sweep)
		fail_msg("%s", err.message);
	swept.work = sweep_work_new(swept.sweep, &err);
	assert_non_null(swept.work);
	return swept;
}

static struct swept swept_new(const struct ruleset *ruleset, const char *day, bool conditions)
{
	return swept_new_of(ruleset, day, conditions, NULL);
}

static void swept_free(struct swept *swept)
{
	sweep_work_free(swept->work);
	sweep_free(swept->sweep);
}

/* Lists of rows are the planes. */
static void lists_compare(const struct swept *swept)
{
	uint16_t list[SWEEP_LIST_MOST];

	for (size_t i = 0; i < sweep_policy_count(swept->sweep); i++) {
		for (int k = VERDICT(INELIGIBLE); k <= VERDICT(ELIGIBLE); k++) {
			uint64_t rows[SWEEP_WORDS] = { 0 };
			size_t count = sweep_verdict_rows(
					swept->work, i, (Policycalc__V1__Verdict)k, list);
			size_t at = 0;

			(void)sweep_verdict(swept->work, i, (Policycalc__V1__Verdict)k, rows);
			for (unsigned row = 0; row < SWEEP_ROWS; row++) {
				if (!has(rows, row))
					continue;
				assert_true(at < count);
				assert_int_equal(list[at++], row);
			}
			assert_int_equal(at, count);
		}
	}
}

static void swept_block(struct swept *swept, Policycalc__V1__Profile **profiles, unsigned count,
		const char *day, const uint64_t *rows, struct arena *arena)
{
	struct error err = { 0 };

	profile_source_init(&swept->source, swept->sweep, profiles, count, day, arena);
	/* Not every source knows. */
	if (count % 2)
		swept->source.source.items = NULL;
	swept->source.source.tells_series = count % 3;
	if (!sweep_block(swept->work, &swept->source.source, rows, &err))
		fail_msg("%s", err.message);
	lists_compare(swept);
}

#define ALONE 12

/* Policies in sweeps of their own, which ask in another order, and of which few share an answer. */
struct alone {
	struct swept list[ALONE];
	size_t count;
};

static struct alone alone_new(
		const struct ruleset *ruleset, const struct swept *quick, const char *day)
{
	struct alone alone = { .count = sweep_policy_count(quick->sweep) };

	if (alone.count > ALONE)
		alone.count = ALONE;
	for (size_t i = 0; i < alone.count; i++)
		alone.list[i] = swept_new_of(
				ruleset, day, false, sweep_policy(quick->sweep, i)->id);
	return alone;
}

static void alone_free(struct alone *alone)
{
	for (size_t i = 0; i < alone->count; i++)
		swept_free(&alone->list[i]);
}

/* The verdicts of @quick, plane by plane. */
static void alone_compare(struct alone *alone, const struct swept *quick,
		Policycalc__V1__Profile **profiles, unsigned count, const char *day,
		const uint64_t *rows, struct arena *arena)
{
	for (size_t i = 0; i < alone->count; i++) {
		swept_block(&alone->list[i], profiles, count, day, rows, arena);
		for (int k = VERDICT(INELIGIBLE); k <= VERDICT(ELIGIBLE); k++) {
			Policycalc__V1__Verdict verdict = (Policycalc__V1__Verdict)k;
			uint64_t told[SWEEP_WORDS] = { 0 };
			uint64_t expected[SWEEP_WORDS] = { 0 };

			assert_int_equal(sweep_verdict(alone->list[i].work, 0, verdict, told),
					sweep_verdict(quick->work, i, verdict, expected));
			assert_memory_equal(told, expected, sizeof(told));
		}
	}
}

/* One block of random enterprises on one day. */
static void block_compare(const struct ruleset *ruleset, struct swept *full,
		struct swept *quick, struct alone *alone, struct profile_maker *maker,
		unsigned count, struct tally *tally)
{
	Policycalc__V1__Profile **profiles =
			ARENA_NEW_ARRAY(maker->arena, Policycalc__V1__Profile *, count + 1);
	uint64_t rows[SWEEP_WORDS];
	bool some = maker_below(maker, 2);

	assert_non_null(profiles);
	for (unsigned i = 0; i < count; i++)
		profiles[i] = maker_profile(maker);
	for (unsigned i = 0; i < SWEEP_WORDS; i++)
		rows[i] = maker->seed * (i + 1) | UINT64_C(0x1111111111111111);
	swept_block(full, profiles, count, maker->day, some ? rows : NULL, maker->arena);
	swept_block(quick, profiles, count, maker->day, some ? rows : NULL, maker->arena);
	alone_compare(alone, quick, profiles, count, maker->day, some ? rows : NULL,
			maker->arena);
	for (unsigned row = 0; row < count; row++) {
		struct arena call;

		if (some && !has(rows, row))
			continue;
		arena_init(&call, (size_t)64 << 20);
		row_compare(ruleset, full, quick, profiles[row], maker->day, row, &call, tally);
		arena_fini(&call);
	}
}

static void tally_print(const struct tally *tally)
{
	unsigned total = 0;

	for (int i = 0; i <= VERDICT(ELIGIBLE); i++)
		total += tally->verdicts[i];
	for (int i = VERDICT(INELIGIBLE); i <= VERDICT(ELIGIBLE); i++) {
		print_message("verdict %d: %.1f%%\n", i, tally->verdicts[i] * 100.0 / total);
		assert_true(tally->verdicts[i] > 0);
	}
	for (int i = STATUS(UNSPECIFIED); i <= STATUS(ERROR); i++)
		print_message("status %d: %u\n", i, tally->statuses[i]);
}

/* --- random catalogs --------------------------------------------------------------------------- */

static void random_catalogs(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 200 : 12 / effort_step(2);
	struct tally tally = { 0 };

	(void)state;
	for (unsigned n = 0; n < instances; n++) {
		struct arena arena;
		struct profile_maker maker = { .day = n % 4 ? "2026-02-10" : "2020-02-29",
			.arena = &arena,
			.seed = 77 + n,
			.known = (unsigned[]){ 95, 70, 40 }[n % 3],
			.series = (unsigned[]){ 60, 10 }[n % 2],
			.broken = (unsigned[]){ 0, 20 }[n % 2],
			.items = 2 };
		struct ruleset *ruleset;
		struct swept full, quick;
		struct alone alone;

		arena_init(&arena, (size_t)1 << 30);
		ruleset = random_catalog_compile(&maker, 40, dictionary);
		full = swept_new(ruleset, maker.day, true);
		quick = swept_new(ruleset, maker.day, false);
		alone = alone_new(ruleset, &quick, maker.day);
		for (unsigned i = 0; i < 3; i++)
			block_compare(ruleset, &full, &quick, &alone, &maker, 60 + 51 * i,
					&tally);
		alone_free(&alone);
		swept_free(&full);
		swept_free(&quick);
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	tally_print(&tally);
}

/* --- the starter catalog ----------------------------------------------------------------------- */

static void starter_catalog(void **state)
{
	static const char *const days[] = { "2026-06-01", "2025-01-15", "2022-10-01" };
	unsigned count = getenv("POLICYCALC_LONG") ? 3000 : 150 / effort_step(2);
	struct tally tally = { 0 };
	struct ruleset *ruleset;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ruleset = starter_read(starter, &arena);
	for (unsigned n = 0; n < sizeof(days) / sizeof(*days); n++) {
		struct swept full = swept_new(ruleset, days[n], true);
		struct swept quick = swept_new(ruleset, days[n], false);
		struct alone alone = alone_new(ruleset, &quick, days[n]);
		struct arena firms;
		struct profile_maker maker = { .catalog = ruleset_catalog(ruleset),
			.day = days[n],
			.arena = &firms,
			.seed = 5 + n,
			.known = 98 - 20 * n,
			.series = 20,
			.broken = n * 5,
			.items = 2 };

		arena_init(&firms, (size_t)4 << 30);
		block_compare(ruleset, &full, &quick, &alone, &maker, count, &tally);
		print_message("%s: %zu policies, %u columns, %u of %u enterprises asked\n",
				days[n], sweep_policy_count(quick.sweep),
				quick.source.columns_asked, quick.source.profiles_asked, count);
		arena_fini(&firms);
		alone_free(&alone);
		swept_free(&full);
		swept_free(&quick);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
	tally_print(&tally);
}

/* --- what is refused --------------------------------------------------------------------------- */

static void refused(void **state)
{
	static const char *const unknown[] = { "no such policy" };
	static const char *const named[] = { "b", "a", "b" };
	struct sweep_options options = { .day = "2026-02-30" };
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct sweep *sweep;
	struct error err = { 0 };

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	fixture_read(&file, &arena, dictionary,
			"policy a\nforce ..2020-12-31\nrequire e.srdi\npolicy b\nrequire "
			"e.srdi\npolicy c\nrequire e.staff > 1\n");
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	assert_null(sweep_new(ruleset, &options, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	options.day = "2026-01-01";
	options.policies = unknown;
	options.policy_count = 1;
	assert_null(sweep_new(ruleset, &options, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	options.policies = named;
	options.policy_count = 3;
	sweep = sweep_new(ruleset, &options, &err);
	assert_non_null(sweep);
	assert_int_equal(sweep_policy_count(sweep), 2);
	assert_string_equal(sweep_policy(sweep, 0)->id, "a");
	assert_string_equal(sweep_policy(sweep, 1)->id, "b");
	sweep_free(sweep);
	options.policy_count = 0;
	sweep = sweep_new(ruleset, &options, &err);
	assert_non_null(sweep);
	assert_int_equal(sweep_policy_count(sweep), 2); /* the first has ended */
	assert_string_equal(sweep_policy(sweep, 0)->id, "b");
	sweep_free(sweep);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(random_catalogs),
		cmocka_unit_test(starter_catalog),
	};

	if (argc < 3)
		return 2;
	dictionary = argv[1];
	starter = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
