/* SPDX-License-Identifier: Apache-2.0 */
#include "random_catalog.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

	lines = arena_format(arena, "%spolicy p%03u\nseries s%03u\n%s%s%s%s", lines, number,
			number, heads[maker_below(maker, 5)], scopes[maker_below(maker, 6)],
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

const char *random_catalog_lines(struct profile_maker *maker, unsigned policy_count)
{
	const char *lines = MORE;

	for (unsigned i = 0; i < policy_count; i++)
		lines = policy_make(maker, lines, i);
	return lines;
}

struct ruleset *random_catalog_compile(
		struct profile_maker *maker, unsigned policy_count, const char *path)
{
	const char *mistake = NULL;
	struct case_file file;
	struct ruleset *ruleset;

	fixture_read(&file, maker->arena, path, random_catalog_lines(maker, policy_count));
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset)
		fail_msg("%s", mistake);
	maker->catalog = ruleset_catalog(ruleset);
	return ruleset;
}
