/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The response as bytes is the response as a message, packed by protobuf-c: over the starter catalog on
 * several days, over policies whose amounts differ from firm to firm, with every view and every other wish.
 */
#include "base/buffer.h"
#include "base/memory.h"
#include "calculator/ruleset.h"
#include "fixture.h"
#include "profile_maker.h"
#include "starter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;
static const char *starter;

struct tally {
	size_t responses, answers, refused;
};

static void request_make(struct profile_maker *maker, Policycalc__V1__MatchRequest *request)
{
	const struct catalog *catalog = maker->catalog;

	policycalc__v1__match_request__init(request);
	request->profile = maker_below(maker, 40) ? maker_profile(maker) : NULL;
	request->as_of = (char *)maker->day;
	request->view = (Policycalc__V1__View)maker_below(maker, 4);
	request->limit = maker_below(maker, 3) ? 0 : (int32_t)maker_below(maker, 30);
	request->strict = maker_below(maker, 8) == 0;
	request->include_superseded = maker_below(maker, 3) == 0;
	request->near = maker_below(maker, 6) == 0;
	request->combine = maker_below(maker, 6) == 0;
	request->verdicts = ARENA_NEW_ARRAY(maker->arena, Policycalc__V1__Verdict, 5);
	request->n_verdicts = maker_below(maker, 2) ? 0 : maker_below(maker, 4);
	for (size_t i = 0; i < request->n_verdicts; i++)
		request->verdicts[i] = (Policycalc__V1__Verdict)(1 + maker_below(maker, 5));
	request->policies = ARENA_NEW_ARRAY(maker->arena, char *, 5);
	request->n_policies = maker_below(maker, 4) ? 0 : maker_below(maker, 5);
	for (size_t i = 0; i < request->n_policies; i++)
		request->policies[i] =
				catalog
						->policies[maker_below(maker,
								(unsigned)catalog
										->policy_count)]
						->id;
}

static void response_compare(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, struct encoder *encoder,
		struct tally *tally)
{
	Policycalc__V1__MatchResponse *response = NULL;
	struct violations violations[2];
	struct error errs[2] = { { 0 } };
	struct buffer packed = { 0 };
	struct arena arenas[2];
	bool ok;

	for (int i = 0; i < 2; i++)
		arena_init(&arenas[i], (size_t)256 << 20);
	encoder_clear(encoder, SIZE_MAX);
	/* In front of what is there already. */
	encode_bytes(encoder, slice_from("behind"));
	ok = ruleset_match(ruleset, request, "2026-01-01", &arenas[0], &response,
			&violations[0], &errs[0]);
	assert_int_equal(ruleset_match_encode(ruleset, request, "2026-01-01", &arenas[1],
					 encoder, NULL, &violations[1], &errs[1]),
			ok);
	assert_int_equal(violations[0].count, violations[1].count);
	if (ok) {
		assert_true(buffer_reserve(&packed,
				protobuf_c_message_get_packed_size(&response->base) + 6));
		packed.size = protobuf_c_message_pack(&response->base, (uint8_t *)packed.data);
		buffer_append_text(&packed, "behind");
		assert_int_equal(encoder_size(encoder), packed.size);
		assert_memory_equal(encoder_bytes(encoder).data, packed.data, packed.size);
		tally->answers += response->n_answers;
	} else {
		assert_int_equal(errs[0].code, errs[1].code);
		assert_string_equal(errs[0].message, errs[1].message);
		tally->refused++;
	}
	tally->responses++;
	buffer_fini(&packed);
	for (int i = 0; i < 2; i++)
		arena_fini(&arenas[i]);
}

/* Drops the values that the dictionary does not allow, from the last to the first; one in ten stays. */
static void profile_clean(const struct ruleset *ruleset, struct profile_maker *maker,
		const Policycalc__V1__MatchRequest *request)
{
	Policycalc__V1__Profile *profile = request->profile;
	Policycalc__V1__MatchResponse *response;
	struct violations violations;
	struct error err;
	size_t at;

	if (!profile || maker_below(maker, 10) == 0 ||
			ruleset_match(ruleset, request, "2026-01-01", maker->arena, &response,
					&violations, &err))
		return;
	for (size_t i = violations.count; i > 0; i--) {
		if (sscanf(violations.list[i - 1].field, "profile.attributes[%zu]", &at) == 1 &&
				at < profile->n_attributes)
			profile->attributes[at] = profile->attributes[--profile->n_attributes];
		else if (sscanf(violations.list[i - 1].field, "profile.items[%zu]", &at) == 1)
			profile->n_items = 0;
	}
}

static void responses_compare(
		const struct ruleset *ruleset, struct profile_maker *maker, unsigned count)
{
	struct encoder encoder = { 0 };
	struct tally tally = { 0 };

	for (unsigned i = 0; i < count; i++) {
		Policycalc__V1__MatchRequest request;
		struct arena arena;

		arena_init(&arena, (size_t)16 << 20);
		maker->arena = &arena;
		request_make(maker, &request);
		profile_clean(ruleset, maker, &request);
		/* The second time there are answers that were kept. */
		response_compare(ruleset, &request, &encoder, &tally);
		response_compare(ruleset, &request, &encoder, &tally);
		arena_fini(&arena);
	}
	print_message("%zu responses, %zu answers, %zu refused\n", tally.responses,
			tally.answers, tally.refused);
	assert_true(tally.answers > tally.responses);
	assert_true(tally.refused < tally.responses / 2);
	encoder_fini(&encoder);
}

static void starter_catalog(void **state)
{
	static const char *const days[] = { "2026-06-01", "2025-01-15", "2022-10-01" };
	unsigned count = getenv("POLICYCALC_LONG") ? 3000 : 120;
	struct ruleset *ruleset;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ruleset = starter_read(starter, &arena);
	for (unsigned n = 0; n < sizeof(days) / sizeof(*days); n++) {
		struct profile_maker maker = { .catalog = ruleset_catalog(ruleset),
			.day = days[n],
			.seed = 15 + n,
			.known = 98 - 20 * n,
			.series = 20,
			.broken = n * 5,
			.items = 2 };

		responses_compare(ruleset, &maker, count);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* What is kept is told again only where the amount is the same. */
static void amounts_differ(void **state)
{
	static const char lines[] = "parameter rate RATIO 20% from 2020-01-01\n"
				    "policy fixed\nwindow always\nrequire e.staff >= 1\n"
				    "pays wan(3)\n"
				    "policy grows\nwindow always\nrequire e.staff >= 1\n"
				    "pays yuan(e.staff)\n"
				    "policy titled\nwindow always\nrequire e.staff >= 2\n"
				    "policy waits\nwindow 2027-01-01..2027-02-01\n"
				    "require e.staff >= 2\npays wan(1)\n"
				    "policy judged\nwindow always\nrequire e.staff >= 1\n"
				    "review e.srdi\npays wan(2)\n";
	struct encoder encoder = { 0 };
	struct tally tally = { 0 };
	struct case_file file;
	struct ruleset *ruleset;
	const char *mistake = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	fixture_read(&file, &arena, dictionary, lines);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset)
		fail_msg("%s", mistake);
	for (unsigned staff = 0; staff < 12; staff++) {
		for (unsigned view = 0; view < 4; view++) {
			Policycalc__V1__MatchRequest request =
					POLICYCALC__V1__MATCH_REQUEST__INIT;

			request.profile = fixture_profile(
					&file, arena_format(&arena, "staff = %u", staff / 2));
			request.view = (Policycalc__V1__View)view;
			request.as_of = (char *)(staff % 3 ? "2026-01-01" : "2027-01-15");
			response_compare(ruleset, &request, &encoder, &tally);
		}
	}
	assert_int_equal(tally.refused, 0);
	encoder_fini(&encoder);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/*
 * Policies that come to the same for all these firms and days, while their answers differ: in the tier, in
 * what capped them, in what is missing, and from day to day within an epoch.
 */
static void words_differ(void **state)
{
	static const char lines[] =
			"parameter one MONEY 30000元 from 2020-01-01\n"
			"parameter two MONEY 30000元 from 2020-01-01\n"
			"policy tiered\nwindow always\nrequire e.staff >= 1\n"
			"tier low: wan(1) when !e.srdi\ntier high: wan(1) when e.srdi\n"
			"policy capped\nwindow always\nrequire e.staff >= 1\npays wan(9)\n"
			"cap p.one when e.srdi\ncap p.two when !e.srdi\n"
			"policy ranged\nwindow always\nrequire e.staff >= 1\n"
			"tier low: wan(1)\ntier high: wan(2) when e.srdi && e.tech_sme\n"
			"policy dated\nwindow always\nrequire e.staff >= 1\n"
			"pays as_of < timestamp(\"2026-02-01T00:00:00Z\") ? wan(1) : wan(2)\n";
	static const char *const firms[] = { "staff = 1, srdi = 是", "staff = 1, srdi = 否",
		"staff = 1", "staff = 1, srdi = 是, tech_sme = 是",
		"staff = 1, tech_sme = 是" };
	static const char *const days[] = { "2026-01-15", "2026-03-15", "2026-01-16" };
	enum {
		FIRMS = sizeof(firms) / sizeof(firms[0]),
		DAYS = sizeof(days) / sizeof(days[0])
	};
	struct encoder encoder = { 0 };
	struct tally tally = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	/* What is kept is what came first: each of them does, once. */
	for (unsigned first = 0; first < FIRMS * DAYS; first++) {
		struct case_file file;
		struct ruleset *ruleset;
		const char *mistake = NULL;

		fixture_read(&file, &arena, dictionary, lines);
		ruleset = fixture_compile(&file, &mistake);
		if (!ruleset)
			fail_msg("%s", mistake);
		for (unsigned i = 0; i < FIRMS * DAYS; i++) {
			unsigned at = (first + i) % (FIRMS * DAYS);
			Policycalc__V1__MatchRequest request =
					POLICYCALC__V1__MATCH_REQUEST__INIT;

			request.profile = fixture_profile(&file, firms[at % FIRMS]);
			request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
			request.as_of = (char *)(uintptr_t)days[at / FIRMS];
			response_compare(ruleset, &request, &encoder, &tally);
		}
		ruleset_unref(ruleset);
	}
	assert_int_equal(tally.refused, 0);
	encoder_fini(&encoder);
	arena_fini(&arena);
}

/* A limit leaves the first answers, in their order, and the counts as they are. */
static void limit_compare(
		const struct ruleset *ruleset, const Policycalc__V1__MatchRequest *request)
{
	Policycalc__V1__MatchRequest unlimited = *request;
	Policycalc__V1__MatchResponse *few = NULL;
	Policycalc__V1__MatchResponse *all = NULL;
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena, (size_t)64 << 20);
	unlimited.limit = 0;
	assert_true(ruleset_match(ruleset, request, NULL, &arena, &few, NULL, &err));
	assert_true(ruleset_match(ruleset, &unlimited, NULL, &arena, &all, NULL, &err));
	assert_int_equal(few->n_answers, all->n_answers < (size_t)request->limit
							 ? all->n_answers
							 : (size_t)request->limit);
	for (size_t i = 0; i < few->n_answers; i++)
		assert_string_equal(few->answers[i]->policy_id, all->answers[i]->policy_id);
	assert_int_equal(few->n_counts, all->n_counts);
	for (size_t i = 0; i < few->n_counts; i++) {
		assert_int_equal(few->counts[i]->verdict, all->counts[i]->verdict);
		assert_int_equal(few->counts[i]->count, all->counts[i]->count);
	}
	arena_fini(&arena);
}

/* Among many policies the index says who fits, and what is kept is told without asking again. */
static void many_policies(void **state)
{
	static const char *const tails[] = {
		"require e.staff >= %u\npays wan(%u)\n",
		"require e.staff >= %u && e.staff < 200\npays wan(%u)\n",
		"exclude e.staff < %u\npays p.most\ncap wan(%u)\n",
		"require e.staff >= %u\npays yuan(e.staff * %u)\n",
		"require e.staff >= %u\nreview e.srdi\npays wan(%u)\n",
		"require e.staff >= %u || e.srdi\n",
		"require e.staff >= %u && e.srdi\npays wan(%u)\ncap p.most\n",
		"require e.staff >= %u\npays p.gone\n",
	};
	enum { TAILS = sizeof(tails) / sizeof(tails[0]), POLICIES = 400 };
	struct encoder encoder = { 0 };
	struct tally tally = { 0 };
	struct error err = { 0 };
	struct case_file file;
	struct ruleset *ruleset;
	const char *mistake = NULL;
	struct buffer lines = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)256 << 20);
	buffer_append_text(&lines,
			"parameter most MONEY 30000元 from 2020-01-01\n"
			"parameter gone MONEY 30000元 from 2020-01-01 until 2020-12-31\n");
	for (unsigned i = 0; i < POLICIES; i++) {
		buffer_format(&lines, "policy p%03u\nwindow %s\n", i,
				i % 17 ? "always" : "2026-03-01..2026-04-01");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		buffer_format(&lines, tails[i % TAILS], i / TAILS, 1 + i % 5);
#pragma GCC diagnostic pop
	}
	fixture_read(&file, &arena, dictionary, lines.data);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset)
		fail_msg("%s", mistake);
	assert_true(ruleset_prepare(ruleset, "2026-01-01", &err));
	for (unsigned n = 0; n < 240; n++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		Policycalc__V1__Verdict eligible = VERDICT(ELIGIBLE);

		request.profile = fixture_profile(&file,
				n % 7 == 0   ? "srdi = true"
				: n % 5 == 0 ? arena_format(&arena, "staff = %u", n)
					     : arena_format(&arena, "staff = %u, srdi = %s", n,
							       n % 2 ? "true" : "false"));
		request.view = (Policycalc__V1__View)(n % 4);
		request.as_of = (char *)(n % 3 ? "2026-01-01" : "2026-03-15");
		request.limit = n % 2 ? 1 + (int)(n % 50) : 0;
		request.combine = n % 23 == 0;
		request.near = n % 29 == 0;
		if (n % 4 < 3) {
			request.verdicts = &eligible;
			request.n_verdicts = 1;
		}
		response_compare(ruleset, &request, &encoder, &tally);
		if (request.limit && !request.combine)
			limit_compare(ruleset, &request);
	}
	assert_int_equal(tally.refused, 0);
	assert_true(tally.answers > 2000);
	encoder_fini(&encoder);
	buffer_fini(&lines);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* What @ruleset answers, behind what the encoder holds; false: it was refused for want of memory. */
static bool answer_encode(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, struct encoder *encoder)
{
	struct error err = { ERROR_NONE, "" };
	struct arena call;
	bool ok;

	arena_init(&call, (size_t)1 << 20);
	ok = ruleset_match_encode(
			ruleset, request, "2026-01-01", &call, encoder, NULL, NULL, &err);
	if (!ok && err.code != ERROR_LIMIT && err.code != ERROR_MEMORY)
		fail_msg("%s", err.message);
	arena_fini(&call);
	return ok;
}

static void answer_check(const struct encoder *encoder, struct slice whole, unsigned long nth,
		int persistent)
{
	if (!slice_equals(encoder_bytes(encoder), whole))
		fail_msg("allocation %lu%s: %zu bytes, not %zu", nth,
				persistent ? " and all that follow" : "", encoder_size(encoder),
				whole.size);
}

/*
 * Allocation @nth of the first question of a day fails, of all that is made for that day: an error, or the whole
 * answer; the next question has the whole one, whatever was kept. false: there were no such.
 */
static bool fail_once(struct case_file *file, const Policycalc__V1__MatchRequest *request,
		struct slice whole, unsigned long nth, int persistent, size_t *refused)
{
	struct ruleset *ruleset = fixture_compile(file, NULL);
	struct encoder encoder = { 0 };
	unsigned long met;

	assert_non_null(ruleset);
	(void)memory_fail_nth(nth, persistent);
	if (answer_encode(ruleset, request, &encoder)) {
		met = memory_fail_nth(0, 0);
		answer_check(&encoder, whole, nth, persistent);
	} else {
		met = memory_fail_nth(0, 0);
		(*refused)++;
	}
	for (int again = 0; again < 2; again++) {
		encoder_fini(&encoder);
		assert_true(answer_encode(ruleset, request, &encoder));
		answer_check(&encoder, whole, nth, persistent);
	}
	encoder_fini(&encoder);
	ruleset_unref(ruleset);
	return met >= nth;
}

/* Every allocation fails, alone and with all that follow. */
static void failing_allocations(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	struct encoder encoder = { 0 };
	struct case_file file;
	struct ruleset *ruleset;
	struct arena arena;
	size_t refused = 0;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	/* Several of them: what was short for one is not to be forgotten at the next. */
	fixture_read(&file, &arena, dictionary,
			"parameter least COUNT 1 from 2020-01-01\n"
			"policy a\nwindow always\nrequire e.staff >= 1\npays wan(3)\n"
			"policy b\nwindow always\nrequire e.staff >= 90\n"
			"policy c\nforce ..2020-12-31\nrequire e.staff >= 1\n"
			"policy d\nwindow 2027-01-01..2027-02-01\nrequire e.staff >= p.least\n"
			"policy f\nwindow always\nrequire e.staff >= p.least\n"
			"pays e.staff * wan(2)\n");
	request.profile = fixture_profile(&file, "staff = 2");
	request.include_superseded = true;
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	assert_true(answer_encode(ruleset, &request, &encoder));
	for (int persistent = 0; persistent < 2; persistent++) {
		unsigned long nth = 1;

		while (fail_once(&file, &request, encoder_bytes(&encoder), nth, persistent,
				&refused))
			assert_true(++nth < 1000);
	}
	assert_true(refused > 10);
	encoder_fini(&encoder);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

static void too_large(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	struct encoder encoder = { .most = 5000 };
	char lines[8192] = "";
	size_t used = 0;
	struct error err = { 0 };
	struct case_file file;
	struct ruleset *ruleset;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	for (unsigned i = 0; i < 150; i++)
		used += (size_t)snprintf(lines + used, sizeof(lines) - used,
				"policy p%u\nwindow always\nrequire e.staff >= 1\n", i);
	fixture_read(&file, &arena, dictionary, lines);
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	assert_false(ruleset_match_encode(
			ruleset, &request, "2026-01-01", &arena, &encoder, NULL, NULL, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_non_null(strstr(err.message, "larger than the limit"));
	encoder_fini(&encoder);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starter_catalog),
		cmocka_unit_test(amounts_differ),
		cmocka_unit_test(words_differ),
		cmocka_unit_test(many_policies),
		cmocka_unit_test(failing_allocations),
		cmocka_unit_test(too_large),
	};

	if (argc < 3)
		return 2;
	dictionary = argv[1];
	starter = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
