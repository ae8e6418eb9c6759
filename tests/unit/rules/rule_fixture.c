/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_fixture.h"

static const struct scope_ratio share = { RD, REVENUE, true, 0 };

static const struct scope_name names[] = {
	{ .name = { "e.staff", 7 },
			.type = &type_int,
			.dimension = DIMENSION_COUNT,
			.slot = STAFF,
			.has_least = true,
			.has_most = true,
			.least = 0,
			.most = 1000 },
	{ .name = { "e.rd", 4 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = RD,
			.has_least = true,
			.has_most = true,
			.least = 0,
			.most = 100000000000 },
	{ .name = { "e.revenue", 9 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = REVENUE },
	{ .name = { "e.region", 8 }, .type = &type_string, .slot = REGION, .is_region = true },
	{ .name = { "e.high_tech", 11 }, .type = &type_bool, .slot = HIGH_TECH },
	{ .name = { "e.titles", 8 }, .type = &type_map_string_timestamp, .slot = TITLES },
	{ .name = { "e.share", 7 },
			.type = &type_int,
			.dimension = DIMENSION_RATIO,
			.slot = SHARE,
			.ratio = &share },
	{ .name = { "p.limit", 7 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = LIMIT,
			.role = SCOPE_PARAMETER },
	{ .name = { "p.rate", 6 },
			.type = &type_int,
			.dimension = DIMENSION_RATIO,
			.slot = RATE,
			.role = SCOPE_PARAMETER },
	{ .name = { "as_of", 5 },
			.type = &type_timestamp,
			.slot = AS_OF,
			.role = SCOPE_CONTEXT },
};

int fixture_init(void **state)
{
	static struct fixture fixture;
	struct region city = { .code = { "411200", 6 }, .kind = { "CITY", 4 } };
	struct region county = {
		.code = { "411282", 6 }, .parent = { "411200", 6 }, .kind = { "COUNTY", 6 }
	};

	fixture = (struct fixture){ 0 };
	arena_init(&fixture.arena, (size_t)16 << 20);
	diagnostics_init(&fixture.diagnostics, &fixture.arena);
	fixture.scope = scope_new();
	assert_non_null(fixture.scope);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(scope_add(fixture.scope, &names[i]));
	fixture.regions = region_table_new();
	assert_true(region_table_add(fixture.regions, &city, NULL));
	assert_true(region_table_add(fixture.regions, &county, NULL));
	assert_true(region_table_finish(fixture.regions, NULL));
	fixture.evaluation = (struct evaluation){ fixture.values, SLOT_COUNT, fixture.regions,
		&fixture.arena };
	*state = &fixture;
	return 0;
}

int fixture_fini(void **state)
{
	struct fixture *fixture = *state;

	scope_free(fixture->scope);
	region_table_free(fixture->regions);
	arena_fini(&fixture->arena);
	return 0;
}

const struct rule_options plain = { .path = "rule" };

const struct rule *compile(
		struct fixture *fixture, const char *text, const struct rule_options *options)
{
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	return rule_compile(slice_from(text), fixture->scope, options, &fixture->arena,
			&fixture->diagnostics);
}

struct value evaluate(struct fixture *fixture, const char *text)
{
	const struct rule *rule = compile(fixture, text, &plain);

	assert_non_null(rule);
	return rule_evaluate(rule, &fixture->evaluation);
}

struct value of_int(int64_t number)
{
	return (struct value){ .kind = VALUE_INT, .integer = number };
}

struct value of_bool(bool boolean)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = boolean };
}
