/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ruleset made of a catalog as the service loads it is the one made of a copy. What is loaded shares parts of
 * messages, compiles each text once, takes comparisons from one rule to the next, and knows twins by where their
 * texts lie; the copy does none of it. So each condition has the twins it has there, and Match answers with the
 * same bytes.
 */
#include "../rules/rule_compare.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "calculator/answer_parts.h"
#include "calculator/epoch.h"
#include "calculator/ruleset.h"
#include "calculator/score.h"
#include "fixture.h"
#include "profile_maker.h"
#include "proto/codec/codec.h"
#include "random_catalog.h"
#include "starter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;
static const char *starter;

/* --- loading ----------------------------------------------------------------------------------- */

static ProtobufCMessage *message_load(
		const ProtobufCMessage *from, struct unpack_memo *memo, struct arena *arena)
{
	struct buffer bytes = { 0 };
	struct error err = { 0 };
	ProtobufCMessage *message;
	char *room;
	size_t kept;

	assert_true(message_pack(from, &bytes));
	room = arena_alloc(arena, bytes.size);
	assert_non_null(room);
	message = message_unpack_into(room, (struct slice){ bytes.data, bytes.size },
			from->descriptor, memo, arena, &kept, &err);
	assert_non_null(message);
	buffer_fini(&bytes);
	return message;
}

/* All of its policies, or none; NULL when memory is short. */
static struct survey *survey_make(const struct catalog *catalog, bool whole)
{
	struct survey *survey = survey_new();

	for (size_t i = 0; survey && whole && i < catalog->policy_count; i++)
		survey_note(survey, catalog->policies[i]);
	return survey;
}

/*
 * As ruleset_load() does; not @surveyed: the ruleset has to look at all policies itself. With @nth the allocation of that
 * number fails, of those of the ruleset and its survey.
 */
static struct ruleset *ruleset_load_as_stored(
		const struct catalog *from, bool surveyed, unsigned long nth)
{
	struct unpack_memo *memo = unpack_memo_new();
	struct catalog catalog = *from;
	const struct {
		ProtobufCMessage ***list;
		size_t count;
	} lists[] = {
		{ (ProtobufCMessage ***)&catalog.attributes, catalog.attribute_count },
		{ (ProtobufCMessage ***)&catalog.parameters, catalog.parameter_count },
		{ (ProtobufCMessage ***)&catalog.regions, catalog.region_count },
		{ (ProtobufCMessage ***)&catalog.industries, catalog.industry_count },
		{ (ProtobufCMessage ***)&catalog.facts, catalog.fact_count },
		{ (ProtobufCMessage ***)&catalog.policies, catalog.policy_count },
		{ (ProtobufCMessage ***)&catalog.shared_caps, catalog.shared_cap_count },
	};
	struct diagnostics diagnostics;
	struct arena arena, findings;
	struct ruleset *ruleset;
	struct survey *survey;
	struct error err = { 0 };

	assert_non_null(memo);
	arena_init(&arena, (size_t)1 << 30);
	arena_init(&findings, (size_t)1 << 20);
	diagnostics_init(&diagnostics, &findings);
	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++) {
		ProtobufCMessage **own =
				ARENA_NEW_ARRAY(&arena, ProtobufCMessage *, lists[k].count + 1);

		assert_non_null(own);
		for (size_t i = 0; i < lists[k].count; i++)
			own[i] = message_load((*lists[k].list)[i], memo, &arena);
		*lists[k].list = own;
	}
	unpack_memo_free(memo);
	(void)memory_fail_nth(nth, 0);
	survey = survey_make(&catalog, surveyed);
	ruleset = ruleset_new_in(&arena, &catalog, survey, &diagnostics, &err);
	(void)memory_fail_nth(0, 0);
	survey_free(survey);
	if (!ruleset && !(nth && (err.code == ERROR_MEMORY || err.code == ERROR_LIMIT)))
		fail_msg("%lu: %s: %s", nth, err.message,
				diagnostics.count ? diagnostics.list[0].message : "");
	arena_fini(&arena);
	arena_fini(&findings);
	return ruleset;
}

/* --- comparing --------------------------------------------------------------------------------- */

static void twins_compare(const struct ruleset *copy, const struct ruleset *loaded)
{
	size_t clauses = 0;

	assert_int_equal(copy->catalog.policy_count, loaded->catalog.policy_count);
	for (size_t i = 0; i < copy->catalog.policy_count; i++) {
		const struct policy_rules *a = &copy->policies[i];
		const struct policy_rules *b = &loaded->policies[i];

		assert_string_equal(a->policy->id, b->policy->id);
		assert_ptr_equal(ruleset_find_rules(loaded, slice_from(a->policy->id)), b);
		assert_int_equal(a->clause_count, b->clause_count);
		for (size_t k = 0; k < a->clause_count; k++) {
			assert_int_equal(a->clauses[k].kind, b->clauses[k].kind);
			assert_int_equal(a->clauses[k].per_item, b->clauses[k].per_item);
			assert_int_equal(a->clauses[k].twin, b->clauses[k].twin);
		}
		clauses += a->clause_count;
	}
	assert_int_equal(copy->twin_count, loaded->twin_count);
	print_message("%zu conditions ask %zu questions\n", clauses, copy->twin_count);
	assert_true(copy->twin_count < clauses);
}

/*
 * Each policy stands as it does by itself, also where it shares its dates with the one before it and was told to
 * stand as that does. How many are.
 */
static unsigned standings_compare(const struct ruleset *ruleset)
{
	static const char *const days[] = { "2020-02-29", "2022-10-01", "2026-02-10",
		"2026-06-01", "2031-01-01" };
	size_t count = ruleset->catalog.policy_count;
	unsigned alike = 0;

	for (size_t n = 0; n < sizeof(days) / sizeof(*days); n++) {
		struct encoder encoder = { 0 };
		const struct epoch *epoch;
		struct arena arena;
		struct date date;

		arena_init(&arena, (size_t)16 << 20);
		assert_true(date_parse(slice_from(days[n]), &date));
		epoch = epoch_pin(ruleset, date_to_days(date));
		assert_non_null(epoch);
		for (size_t i = 0; i < count; i++) {
			struct standing alone = policy_standing(ruleset, i, date_to_days(date));
			const struct standing *bound = &epoch->standings[i];

			assert_int_equal(bound->state, alone.state);
			assert_string_equal(bound->date, alone.date);
			assert_string_equal(bound->superseded_by, alone.superseded_by);
			assert_int_equal(bound->window_not_stated, alone.window_not_stated);
			assert_int_equal(bound->begin_not_stated, alone.begin_not_stated);
			assert_true(slice_equals(epoch->availabilities[i],
					availability_encode(&alone, &encoder, &arena)));
			alike += i > 0 && policy_stands_as(ruleset, i, i - 1);
		}
		encoder_fini(&encoder);
		epoch_unpin(ruleset, epoch);
		arena_fini(&arena);
	}
	return alike;
}

/* NULL is like NULL only; with no facts known. */
static size_t rule_compare(const struct rule *a, const struct rule *b)
{
	struct arena arena;
	struct evaluation evaluation = { .arena = &arena };

	assert_int_equal(a != NULL, b != NULL);
	if (!a)
		return 0;
	arena_init(&arena, (size_t)16 << 20);
	rules_compare(a, b);
	answers_of_rules_compare(a, b, &evaluation);
	arena_fini(&arena);
	return 1;
}

static size_t amount_compare(const struct amount_rules *a, const struct amount_rules *b)
{
	size_t count = rule_compare(a->rule, b->rule) + rule_compare(a->base, b->base) +
		       rule_compare(a->rate, b->rate) + rule_compare(a->quantity, b->quantity) +
		       rule_compare(a->unit_amount, b->unit_amount);

	for (size_t i = 0; i < a->bracket_count; i++)
		count += rule_compare(a->brackets[i].up_to, b->brackets[i].up_to) +
			 rule_compare(a->brackets[i].rate, b->brackets[i].rate);
	for (size_t i = 0; i < a->cap_count; i++)
		count += rule_compare(a->caps[i].limit, b->caps[i].limit) +
			 rule_compare(a->caps[i].when, b->caps[i].when);
	for (size_t i = 0; i < a->tier_count; i++)
		count += rule_compare(a->tiers[i].sum, b->tiers[i].sum) +
			 rule_compare(a->tiers[i].when, b->tiers[i].when);
	return count;
}

/* What was made of parts is what was read and checked. */
static void policies_compare(const struct ruleset *copy, const struct ruleset *loaded)
{
	size_t count = 0;

	for (size_t i = 0; i < copy->catalog.policy_count; i++) {
		const struct policy_rules *a = &copy->policies[i];
		const struct policy_rules *b = &loaded->policies[i];

		for (size_t k = 0; k < a->clause_count; k++) {
			const struct clause *left = &a->clauses[k];
			const struct clause *right = &b->clauses[k];

			count += rule_compare(left->rule, right->rule) +
				 rule_compare(left->met_if, right->met_if) +
				 rule_compare(left->fails_if, right->fails_if) +
				 rule_compare(left->direct_pass, right->direct_pass);
			for (size_t r = 0; left->score && r < left->score->rule_count; r++)
				count += rule_compare(
						left->score->rules[r], right->score->rules[r]);
		}
		if (a->amount)
			count += amount_compare(a->amount, b->amount);
		assert_memory_equal(a->reads, b->reads, copy->set_words * sizeof(*a->reads));
		assert_memory_equal(a->item_reads, b->item_reads,
				copy->set_words * sizeof(*a->item_reads));
		count += rule_compare(a->budget, b->budget);
	}
	assert_int_equal(copy->set_words, loaded->set_words);
	print_message("%zu rules are the same\n", count);
	assert_true(count > copy->catalog.policy_count);
}

/* Bytes of the answer, or why there is none. */
static struct slice ask(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, struct arena *arena,
		bool *out_answered)
{
	Policycalc__V1__MatchResponse *response = NULL;
	struct violations violations = { 0 };
	struct error err = { 0 };
	uint8_t *bytes;
	size_t size;

	*out_answered = ruleset_match(
			ruleset, request, NULL, arena, &response, &violations, &err);
	if (!*out_answered)
		return slice_from(
				arena_format(arena, "%zu: %s", violations.count, err.message));
	size = policycalc__v1__match_response__get_packed_size(response);
	bytes = arena_alloc(arena, size + 1);
	assert_non_null(bytes);
	policycalc__v1__match_response__pack(response, bytes);
	return (struct slice){ (const char *)bytes, size };
}

static void answers_compare(const struct ruleset *copy, const struct ruleset *loaded,
		struct profile_maker *maker, unsigned profiles)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < profiles; i++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		struct slice expected, told;
		struct arena arena;
		bool is_answered;

		arena_init(&arena, (size_t)256 << 20);
		request.profile = maker_profile(maker);
		maker_tidy(maker, copy, request.profile);
		request.as_of = (char *)maker->day;
		request.limit = 1000;
		request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
		request.include_superseded = true;
		request.near = i % 8 == 0;
		request.combine = i % 4 == 0;
		expected = ask(copy, &request, &arena, &is_answered);
		answered += is_answered;
		told = ask(loaded, &request, &arena, &is_answered);
		if (!slice_equals(expected, told))
			fail_msg("profile %u: %zu bytes instead of %zu", i, told.size,
					expected.size);
		arena_fini(&arena);
	}
	assert_int_equal(answered, profiles);
}

/* --- catalogs ---------------------------------------------------------------------------------- */

static void random_catalogs(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 200 : 3;

	(void)state;
	for (unsigned n = 0; n < instances; n++) {
		struct arena arena;
		struct profile_maker maker = { .day = n % 3 ? "2026-02-10" : "2020-02-29",
			.arena = &arena,
			.seed = 4711 + n,
			.known = (unsigned[]){ 95, 70, 40 }[n % 3],
			.series = 30,
			.items = 2 };
		struct ruleset *copy, *loaded;

		arena_init(&arena, (size_t)1 << 30);
		copy = random_catalog_compile(&maker, 150, dictionary);
		loaded = ruleset_load_as_stored(ruleset_catalog(copy), n % 2 == 0, 0);
		twins_compare(copy, loaded);
		policies_compare(copy, loaded);
		(void)standings_compare(loaded);
		answers_compare(copy, loaded, &maker, 12);
		ruleset_unref(loaded);
		ruleset_unref(copy);
		arena_fini(&arena);
	}
}

/* One allocation fails: there is no ruleset, or one that answers alike, having shared less. */
static void memory_short(void **state)
{
	struct profile_maker maker = {
		.day = "2026-02-10", .seed = 8, .known = 90, .series = 30
	};
	struct ruleset *copy, *loaded;
	unsigned refused = 0, made = 0;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	copy = random_catalog_compile(&maker, 40, dictionary);
	for (unsigned long nth = 1; nth < 1000; nth += 1 + nth / 16) {
		loaded = ruleset_load_as_stored(ruleset_catalog(copy), nth % 2, nth);
		refused += !loaded;
		made += loaded != NULL;
		if (loaded) {
			policies_compare(copy, loaded);
			answers_compare(copy, loaded, &maker, 1);
		}
		ruleset_unref(loaded);
	}
	assert_true(refused > 0);
	assert_true(made > 0);
	ruleset_unref(copy);
	arena_fini(&arena);
}

static void starter_catalog(void **state)
{
	struct profile_maker maker = {
		.day = "2026-06-01", .seed = 12, .known = 90, .series = 30, .items = 2
	};
	struct ruleset *copy, *loaded;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	copy = starter_read(starter, &arena);
	loaded = ruleset_load_as_stored(ruleset_catalog(copy), true, 0);
	maker.catalog = ruleset_catalog(copy);
	maker.arena = &arena;
	twins_compare(copy, loaded);
	policies_compare(copy, loaded);
	assert_int_equal(standings_compare(copy), 0);
	assert_true(standings_compare(loaded) > 0);
	answers_compare(copy, loaded, &maker, getenv("POLICYCALC_LONG") ? 400 : 8);
	ruleset_unref(loaded);
	ruleset_unref(copy);
	arena_fini(&arena);
}

/*
 * Amounts of the same bytes have the same rules where they are of the same list, and are read anew where they are not:
 * i.due means another thing there, and so does i.due_y2, which is nowhere but there. What they read counts for each.
 */
static void shared_amounts(void **state)
{
	static const char lines[] =
			"attribute due MONEY YEAR of projects\n"
			"attribute due MONEY YEAR of loans\n"
			"policy a\nsubject PROJECT\npays i.due + i.due_y2\n"
			"policy b\nsubject LOAN\npays i.due + i.due_y2\n"
			"policy c\nsubject LOAN\nrequire i.due > 0\npays i.due + i.due_y2\n"
			"policy d\nrequire e.staff > 3\npays e.revenue + e.revenue_y2\n"
			"policy e\npays e.revenue + e.revenue_y2\n"
			"policy f\npays e.revenue\n";
	struct ruleset *copy, *loaded;
	const struct policy_rules *policies;
	struct case_file file;
	struct arena arena;
	const char *mistake = NULL;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	fixture_read(&file, &arena, dictionary, lines);
	copy = fixture_compile(&file, &mistake);
	if (!copy)
		fail_msg("%s", mistake);
	assert_ptr_not_equal(copy->policies[3].amount, copy->policies[4].amount);
	for (int surveyed = 0; surveyed < 2; surveyed++) {
		loaded = ruleset_load_as_stored(ruleset_catalog(copy), surveyed, 0);
		policies_compare(copy, loaded);
		policies = loaded->policies;
		assert_ptr_equal(policies[0].policy->amount, policies[1].policy->amount);
		assert_ptr_not_equal(policies[0].amount, policies[1].amount);
		assert_ptr_equal(policies[1].amount, policies[2].amount);
		assert_ptr_equal(policies[3].amount, policies[4].amount);
		assert_ptr_not_equal(policies[4].amount, policies[5].amount);
		ruleset_unref(loaded);
	}
	ruleset_unref(copy);
	arena_fini(&arena);
}

/* Whoever has policies in another order than that of their ids gets them in order. */
static void unsorted_policies(void **state)
{
	struct profile_maker maker = {
		.day = "2026-02-10", .seed = 5, .known = 90, .series = 30
	};
	struct catalog turned;
	struct ruleset *copy, *loaded;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	copy = random_catalog_compile(&maker, 20, dictionary);
	turned = *ruleset_catalog(copy);
	turned.policies =
			ARENA_NEW_ARRAY(&arena, Policycalc__V1__Policy *, turned.policy_count);
	for (size_t i = 0; i < turned.policy_count; i++)
		turned.policies[i] =
				ruleset_catalog(copy)->policies[turned.policy_count - 1 - i];
	for (int surveyed = 0; surveyed < 2; surveyed++) {
		loaded = ruleset_load_as_stored(&turned, surveyed, 0);
		policies_compare(copy, loaded);
		ruleset_unref(loaded);
	}
	ruleset_unref(copy);
	arena_fini(&arena);
}

/* A catalog may be without policies. */
static void no_policies(void **state)
{
	struct profile_maker maker = {
		.day = "2026-02-10", .seed = 5, .known = 90, .series = 30
	};
	struct ruleset *copy, *loaded;
	struct catalog without;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	copy = random_catalog_compile(&maker, 20, dictionary);
	/* Of the dictionary only what no rule is made of, too. */
	for (int rules = 0; rules < 2; rules++) {
		without = *ruleset_catalog(copy);
		without.policy_count = 0;
		if (!rules)
			without.attribute_count = 0;
		loaded = ruleset_load_as_stored(&without, rules, 0);
		assert_non_null(loaded);
		assert_int_equal(ruleset_catalog(loaded)->policy_count, 0);
		assert_null(ruleset_find_rules(
				loaded, slice_from(ruleset_catalog(copy)->policies[0]->id)));
		ruleset_unref(loaded);
	}
	ruleset_unref(copy);
	arena_fini(&arena);
}

/* Two policies of one id are refused, wherever they stand. */
static void doubled_policies(void **state)
{
	struct profile_maker maker = {
		.day = "2026-02-10", .seed = 5, .known = 90, .series = 30
	};
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct catalog doubled;
	struct ruleset *copy;
	struct arena arena;
	char finding[128];
	size_t at = 0;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	maker.arena = &arena;
	copy = random_catalog_compile(&maker, 20, dictionary);
	diagnostics_init(&diagnostics, &arena);
	doubled = *ruleset_catalog(copy);
	doubled.policies = ARENA_NEW_ARRAY(
			&arena, Policycalc__V1__Policy *, doubled.policy_count + 1);
	memcpy((void *)doubled.policies, (const void *)ruleset_catalog(copy)->policies,
			doubled.policy_count * sizeof(*doubled.policies));
	doubled.policies[doubled.policy_count++] = doubled.policies[3];
	(void)snprintf(finding, sizeof(finding), "policy %s stands there twice",
			doubled.policies[3]->id);
	assert_null(ruleset_new(&doubled, NULL, NULL, &diagnostics, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(diagnostics.error_count, 1);
	while (diagnostics.list[at].severity != DIAGNOSTIC_ERROR)
		at++;
	assert_string_equal(diagnostics.list[at].message, finding);
	ruleset_unref(copy);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_catalogs),
		cmocka_unit_test(memory_short),
		cmocka_unit_test(starter_catalog),
		cmocka_unit_test(shared_amounts),
		cmocka_unit_test(unsorted_policies),
		cmocka_unit_test(no_policies),
		cmocka_unit_test(doubled_policies),
	};

	if (argc < 3)
		return 1;
	dictionary = argv[1];
	starter = argv[2];
	return cmocka_run_group_tests_name("calculator/in_place", tests, NULL, NULL);
}
