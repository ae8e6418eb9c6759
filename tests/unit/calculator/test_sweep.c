/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep tells of every enterprise, policy and condition what outcome_compute() makes of the
 * enterprise alone: over random catalogs (scopes, derived attributes, quotients, titles, series, score
 * tables, judgements, policies of items, windows), and over the starter catalog on several days.
 */
#include "calculator/answer.h"
#include "fixture.h"
#include "profile_maker.h"
#include "publish/publish.h"
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
		const struct policy_rules *rules = map_find(&ruleset->policy_ids,
				slice_from(sweep_policy(full->sweep, i)->id));
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

static struct swept swept_new(const struct ruleset *ruleset, const char *day, bool conditions)
{
	struct sweep_options options = { .day = day, .conditions = conditions };
	struct swept swept = { 0 };
	struct error err = { 0 };

	swept.sweep = sweep_new(ruleset, &options, &err);
	if (!swept.sweep)
		fail_msg("%s", err.message);
	swept.work = sweep_work_new(swept.sweep, &err);
	assert_non_null(swept.work);
	return swept;
}

static void swept_free(struct swept *swept)
{
	sweep_work_free(swept->work);
	sweep_free(swept->sweep);
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
}

/* One block of random enterprises on one day. */
static void block_compare(const struct ruleset *ruleset, struct swept *full,
		struct swept *quick, struct profile_maker *maker, unsigned count,
		struct tally *tally)
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

/* What the shared dictionary lacks: every form of a column, and everything that follows from others. */
static const char MORE[] =
		"attribute honours CODES choices a b c d e\n"
		"attribute chains CODES\n"
		"attribute places CODES regions\n"
		"attribute trades CODES industries\n"
		"attribute note TEXT\n"
		"attribute founder CODE choices a b c\n"
		"attribute elsewhere CODE regions\n"
		"attribute granted TITLES\n"
		"attribute bid_on DATE\n"
		"attribute intensity RATIO YEAR ratio rd_expense / revenue\n"
		"attribute profit MONEY YEAR\n"
		"attribute margin RATIO YEAR ratio profit / growth\n"
		"attribute class CODE derived e.staff > 10 ? \"a\" : e.tech_sme ? \"b\" : "
		"\"c\"\n"
		"attribute home CODE regions derived e.dishonest ? e.elsewhere : e.region\n"
		"attribute anniversary DATE derived date.addYears(e.registered_on, 3)\n"
		"attribute shifted DATE derived e.bid_on + duration(\"0.5s\")\n"
		"attribute stated MONEY derived p.rd_least * 2\n"
		"attribute unstated MONEY derived p.not_known * 2\n"
		"attribute unstated_flag FLAG derived p.not_known > wan(1)\n"
		"attribute mixed FLAG derived e.unstated_flag || (e.srdi && e.tech_sme)\n"
		"attribute per_head MONEY derived e.revenue / e.staff\n"
		"attribute rich FLAG derived e.per_head >= wan(2) || e.class == \"a\"\n"
		"attribute per_point COUNT derived 100 / (e.points - 3)\n"
		"attribute project_sum MONEY aggregate SUM projects invested\n"
		"attribute has_projects FLAG derived e.project_sum > 0 || e.srdi\n"
		"attribute first MONEY derived list.sum(e.power)\n";

static const char *const rules[] = {
	"e.staff >= 5",
	"e.staff <= p.staff_most && e.tech_staff > 3",
	"e.revenue >= p.rd_least",
	"e.revenue_y2 < e.revenue",
	"e.revenue_y3 >= wan(1) || e.rd_expense >= p.rd_least",
	"e.rd_expense >= p.not_known",
	"e.output_p2 > 0 && e.output >= yuan(3)",
	"e.loss == 0",
	"e.staff in [1, 2, 3]",
	"e.dishonest",
	"!e.dishonest && !(e.srdi && e.tech_sme)",
	"e.tech_share >= p.share_least",
	"e.tech_share < 500000 || e.tech_share == 750000",
	"e.intensity >= p.share_least",
	"e.intensity_y2 <= 30000",
	"e.margin > 100000",
	"e.growth > 0",
	"e.at_least_small && !e.at_least_medium",
	"\"srdi\" in e.titles && e.titles[\"srdi\"] >= as_of",
	"e.titles[\"hnte\"] >= as_of",
	"\"hnte\" in e.titles || \"srdi\" in e.titles",
	"\"text3\" in e.granted && e.granted[\"text3\"] < as_of",
	"e.registered_on <= as_of",
	"date.addYears(e.registered_on, 3) <= as_of",
	"date.fullYears(e.registered_on, as_of) >= 5",
	"e.anniversary >= as_of || e.anniversary < timestamp(\"2020-01-01T00:00:00+08:00\")",
	"e.shifted <= as_of",
	"e.shifted > e.bid_on",
	"list.sum(e.power_year) > wan(1)",
	"list.sum(e.power_quarter) >= list.sum(e.power_quarter_y2)",
	"size(e.power) > 6",
	"e.first > 0",
	"[\"a\", \"b\"].exists(t, t in e.honours)",
	"\"a\" in e.honours && \"b\" in e.honours",
	"[\"a\", \"c\"].all(t, t in e.honours)",
	"e.honours.exists(t, t == \"d\")",
	"size(e.honours) >= 2",
	"\"text7\" in e.chains || \"text8\" in e.chains",
	"\"411282\" in e.places",
	"\"C31\" in e.trades && size(e.trades) < 3",
	"e.note == \"text5\" || e.note.startsWith(\"text1\")",
	"e.founder in [\"a\", \"b\"]",
	"region.within(e.region, \"411200\")",
	"region.kind(e.region) == \"ZONE\" || region.within(e.elsewhere, \"410000\")",
	"e.industry.startsWith(\"C\") || e.industry == \"F51\"",
	"e.class == \"a\"",
	"e.class in [\"b\", \"c\"]",
	"region.within(e.home, \"411200\")",
	"e.stated >= wan(200)",
	"e.unstated > 0",
	"e.unstated_flag",
	"e.mixed && e.staff > 1",
	"e.per_head > wan(1)",
	"e.rich || e.staff > 3",
	"e.per_point >= 5",
	"e.project_sum >= wan(1)",
	"e.has_projects",
	"e.revenue * 2 > e.rd_expense + wan(1)",
	"e.staff - e.tech_staff >= 3 ? e.srdi : e.tech_sme",
	"1 / (e.points - 5) >= 0",
	"e.points > 50 || 1 / (e.points - 5) >= 0",
	"money.mulDiv(e.revenue, 3, 100, \"half_up\") <= e.rd_expense",
};

static const char *const item_rules[] = {
	"i.invested >= wan(1)",
	"i.approved",
	"i.approved && e.staff > 3",
	"i.invested > e.growth",
};

static const char *rule_pick(struct profile_maker *maker)
{
	const char *rule = rules[maker_below(maker, sizeof(rules) / sizeof(*rules))];
	const char *other;

	if (maker_below(maker, 3))
		return rule;
	other = rules[maker_below(maker, sizeof(rules) / sizeof(*rules))];
	switch (maker_below(maker, 3)) {
	case 0:
		return arena_format(maker->arena, "(%s) || (%s)", rule, other);
	case 1:
		return arena_format(maker->arena, "!((%s) && (%s))", rule, other);
	default:
		return arena_format(maker->arena, "!(%s) && ((%s) || e.srdi)", rule, other);
	}
}

static const char *condition_make(struct profile_maker *maker, const char *lines, bool item)
{
	struct arena *arena = maker->arena;

	if (item && maker_below(maker, 2))
		return arena_format(arena, "%srequire %s\n", lines,
				item_rules[maker_below(maker, 4)]);
	switch (maker_below(maker, 8)) {
	case 0:
		return arena_format(arena, "%sreview met_if %s fails_if %s\n", lines,
				rule_pick(maker), rule_pick(maker));
	case 1:
		return arena_format(arena, "%sreview met_if %s\n", lines, rule_pick(maker));
	case 2:
	case 3:
		return arena_format(arena, "%sexclude %s\n", lines, rule_pick(maker));
	default:
		return arena_format(arena, "%srequire %s\n", lines, rule_pick(maker));
	}
}

static const char *policy_make(struct profile_maker *maker, const char *lines, unsigned number)
{
	static const char *const heads[] = { "window always\n", "force 2020-01-01..\n",
		"window 2026-01-01..2026-03-31\n", "window 2020-01-01..2020-03-31\n",
		"force 2019-01-01..2024-12-31\n" };
	static const char *const scopes[] = { "covers 411200\n", "covers 411282 411224\n",
		"covers 411202 4112Z1\n", "industries C\n", "industries C but C16\n", "" };
	struct arena *arena = maker->arena;
	bool item = maker_below(maker, 6) == 0;

	lines = arena_format(arena, "%spolicy p%03u\n%s%s%s%s", lines, number,
			heads[maker_below(maker, 5)], scopes[maker_below(maker, 6)],
			item ? "subject PROJECT\n" : "",
			maker_below(maker, 3) ? "pays wan(1)\n" : "");
	if (!item && maker_below(maker, 6) == 0)
		lines = arena_format(arena,
				"%sscore t pass 50\nrow staff full 50\nmeasure e.staff >= 20 "
				"50, "
				">= 5 20, otherwise 0\nrow rd full 50\nmeasure e.tech_share >= "
				"500000 50, otherwise 10\nrequire score t%s\n",
				lines, maker_below(maker, 2) ? " or e.tech_sme" : "");
	for (unsigned i = 1 + maker_below(maker, 4); i > 0; i--)
		lines = condition_make(maker, lines, item);
	return lines;
}

static void random_catalogs(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 200 : 12;
	struct tally tally = { 0 };

	(void)state;
	for (unsigned n = 0; n < instances; n++) {
		struct arena arena;
		struct case_file file;
		const char *mistake = NULL;
		struct profile_maker maker = { .day = n % 4 ? "2026-02-10" : "2020-02-29",
			.arena = &arena,
			.seed = 77 + n,
			.known = (unsigned[]){ 95, 70, 40 }[n % 3],
			.series = (unsigned[]){ 60, 10 }[n % 2],
			.broken = (unsigned[]){ 0, 20 }[n % 2],
			.items = 2 };
		const char *lines = MORE;
		struct ruleset *ruleset;
		struct swept full, quick;

		arena_init(&arena, (size_t)1 << 30);
		for (unsigned i = 0; i < 40; i++)
			lines = policy_make(&maker, lines, i);
		fixture_read(&file, &arena, dictionary, lines);
		ruleset = fixture_compile(&file, &mistake);
		if (!ruleset)
			fail_msg("%s", mistake);
		maker.catalog = ruleset_catalog(ruleset);
		full = swept_new(ruleset, maker.day, true);
		quick = swept_new(ruleset, maker.day, false);
		for (unsigned i = 0; i < 3; i++)
			block_compare(ruleset, &full, &quick, &maker, 60 + 51 * i, &tally);
		swept_free(&full);
		swept_free(&quick);
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	tally_print(&tally);
}

/* --- the starter catalog ----------------------------------------------------------------------- */

static struct ruleset *starter_read(struct arena *arena)
{
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct ruleset *ruleset = NULL;
	struct error err = { 0 };

	diagnostics_init(&diagnostics, arena);
	if (!draft_load(starter, arena, &draft, &err) ||
			!draft_check(&draft, false, arena, &diagnostics, &ruleset, NULL, &err))
		fail_msg("%s: %s", starter, err.message);
	return ruleset;
}

static void starter_catalog(void **state)
{
	static const char *const days[] = { "2026-06-01", "2025-01-15", "2022-10-01" };
	unsigned count = getenv("POLICYCALC_LONG") ? 3000 : 150;
	struct tally tally = { 0 };
	struct ruleset *ruleset;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ruleset = starter_read(&arena);
	for (unsigned n = 0; n < sizeof(days) / sizeof(*days); n++) {
		struct swept full = swept_new(ruleset, days[n], true);
		struct swept quick = swept_new(ruleset, days[n], false);
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
		block_compare(ruleset, &full, &quick, &maker, count, &tally);
		print_message("%s: %zu policies, %u columns, %u of %u enterprises asked\n",
				days[n], sweep_policy_count(quick.sweep),
				quick.source.columns_asked, quick.source.profiles_asked, count);
		arena_fini(&firms);
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
