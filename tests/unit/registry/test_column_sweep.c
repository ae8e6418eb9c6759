/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sweep over the column cache says of every firm and policy is what Match says of the firm
 * alone, and the profile that the cache gives is the firm's. Prints how long both take.
 *
 * usage: test_column_sweep STARTER [FIRMS]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column_check.h"
#include "firms.h"

#include "base/memory.h"
#include "registry/column_pack.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

static const char *starter;

static Policycalc__V1__Verdict swept_verdict(
		const struct sweep_work *work, size_t policy, unsigned row)
{
	for (int verdict = VERDICT(INELIGIBLE); verdict <= VERDICT(ELIGIBLE); verdict++) {
		uint64_t rows[SWEEP_WORDS];

		if (sweep_verdict(work, policy, (Policycalc__V1__Verdict)verdict, rows) &&
				column_bit_has(rows, row))
			return (Policycalc__V1__Verdict)verdict;
	}
	return VERDICT(UNSPECIFIED);
}

static size_t policy_index(const struct sweep *sweep, const char *id)
{
	for (size_t i = 0; i < sweep_policy_count(sweep); i++) {
		if (strcmp(sweep_policy(sweep, i)->id, id) == 0)
			return i;
	}
	fail_msg("%s is not swept", id);
	return 0;
}

static void row_compare(const struct firms *firms, const struct sweep *sweep,
		const struct sweep_work *work, const struct sweep_source *source, int64_t block,
		unsigned row, unsigned *tally)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	const Policycalc__V1__MatchResponse *response;
	const Policycalc__V1__Profile *profile;
	int64_t id = block * COLUMN_ROWS + row + 1;
	struct error err = { 0 };
	struct arena call;

	arena_init(&call, (size_t)64 << 20);
	assert_true(source->profile(source->context, row, &call, &profile, &err));
	world_assert_same(profile, firms->profiles[id - 1]);
	request.view = POLICYCALC__V1__VIEW__VIEW_ID;
	response = firms_match(firms, id, &request, &call);
	assert_non_null(response);
	assert_int_equal(response->n_answers, sweep_policy_count(sweep));
	for (size_t i = 0; i < response->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = response->answers[i];
		Policycalc__V1__Verdict verdict = swept_verdict(
				work, policy_index(sweep, answer->policy_id), row);

		if (verdict != answer->verdict)
			fail_msg("firm %lld, %s: swept %d, matched %d", (long long)id,
					answer->policy_id, verdict, answer->verdict);
		tally[verdict]++;
	}
	arena_fini(&call);
}

static void the_sweep_says_what_match_says(void **state)
{
	static const unsigned known[] = { 95, 70, 30 };
	int64_t count = getenv("POLICYCALC_LONG") ? 6000 : 250;
	unsigned tally[VERDICT(ELIGIBLE) + 1] = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof(known) / sizeof(*known); n++) {
		struct sweep_options options = { .day = FIRMS_DAY };
		struct firms firms;
		struct error err = { 0 };
		struct sweep *sweep;
		struct sweep_work *work;
		struct column_reader *reader;
		const struct sweep_want *wants;
		size_t want_count;

		firms_init(&firms, starter, count, known[n], 2, 11 + n);
		sweep = sweep_new(firms.ruleset, &options, &err);
		assert_non_null(sweep);
		work = sweep_work_new(sweep, &err);
		wants = sweep_wants(sweep, &want_count);
		reader = column_reader_new(firms.cache, 1, wants, want_count, &err);
		assert_non_null(reader);
		for (int64_t block = 0; block * COLUMN_ROWS < count; block++) {
			struct sweep_source source;

			assert_true(column_reader_enter(reader, block, &source, &err));
			if (!sweep_block(work, &source, column_reader_present(reader), &err))
				fail_msg("%s", err.message);
			for (unsigned row = 0; row < source.row_count; row++)
				row_compare(&firms, sweep, work, &source, block, row, tally);
		}
		column_reader_free(reader);
		sweep_work_free(work);
		sweep_free(sweep);
		firms_fini(&firms);
	}
	for (int verdict = VERDICT(INELIGIBLE); verdict <= VERDICT(ELIGIBLE); verdict++)
		assert_true(tally[verdict] > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sweep_says_what_match_says),
	};

	starter = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
