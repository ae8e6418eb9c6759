/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage_fixture.h"

#include <stdio.h>
#include <string.h>

#define KIND(word) POLICYCALC__V1__REGION_KIND__REGION_KIND_##word
#define REGIONS (UNIT_COUNT + 4)

static const struct {
	const char *code;
	const char *name;
	Policycalc__V1__RegionKind kind;
} UNITS[] = {
	[HUBIN] = { "411202", "湖滨区", KIND(DISTRICT) },
	[SHANZHOU] = { "411203", "陕州区", KIND(DISTRICT) },
	[MIANCHI] = { "411221", "渑池县", KIND(COUNTY) },
	[LUSHI] = { "411224", "卢氏县", KIND(COUNTY) },
	[ECONOMIC_ZONE] = { "411271", "开发区", KIND(ZONE) },
	[YIMA] = { "411281", "义马市", KIND(COUNTY_CITY) },
	[LINGBAO] = { "411282", "灵宝市", KIND(COUNTY_CITY) },
	[DEMONSTRATION_ZONE] = { "4112Z1", "示范区", KIND(ZONE) },
	[HIGH_TECH_ZONE] = { "4112Z2", "高新区", KIND(ZONE) },
};

static Policycalc__V1__Region *region_new(struct arena *arena, const char *code,
		const char *name, Policycalc__V1__RegionKind kind, const char *parent)
{
	Policycalc__V1__Region *region = ARENA_NEW(arena, Policycalc__V1__Region);
	Policycalc__V1__Text *text = ARENA_NEW(arena, Policycalc__V1__Text);

	policycalc__v1__region__init(region);
	policycalc__v1__text__init(text);
	text->zh = arena_copy_text(arena, name);
	region->code = arena_copy_text(arena, code);
	region->name = text;
	region->kind = kind;
	region->parent = arena_copy_text(arena, parent);
	region->reports_separately = kind == KIND(ZONE);
	return region;
}

int city_setup(void **state)
{
	struct city *city = test_calloc(1, sizeof(*city));
	struct catalog *catalog;
	struct error err;

	arena_init(&city->arena, (size_t)64 << 20);
	catalog = ARENA_NEW(&city->arena, struct catalog);
	catalog->regions = ARENA_NEW_ARRAY(&city->arena, Policycalc__V1__Region *, REGIONS);
	for (size_t i = 0; i < UNIT_COUNT; i++)
		catalog->regions[catalog->region_count++] = region_new(&city->arena,
				UNITS[i].code, UNITS[i].name, UNITS[i].kind, "411200");
	catalog->regions[catalog->region_count++] =
			region_new(&city->arena, "410000", "河南省", KIND(PROVINCE), "");
	catalog->regions[catalog->region_count++] =
			region_new(&city->arena, "411200", "三门峡市", KIND(CITY), "410000");
	catalog->regions[catalog->region_count++] =
			region_new(&city->arena, "410300", "洛阳市", KIND(CITY), "410000");
	/* A zone within one county that reports through it. */
	catalog->regions[catalog->region_count] =
			region_new(&city->arena, "4112Z9", "产业园", KIND(ZONE), "411200");
	catalog->regions[catalog->region_count]->reports_separately = false;
	catalog->regions[catalog->region_count]->hosts =
			ARENA_NEW_ARRAY(&city->arena, char *, 1);
	catalog->regions[catalog->region_count]->hosts[0] =
			arena_copy_text(&city->arena, UNITS[LINGBAO].code);
	catalog->regions[catalog->region_count++]->n_hosts = 1;
	assert_true(area_find(catalog, "", &city->arena, &city->area, &err));
	*state = city;
	return 0;
}

int city_teardown(void **state)
{
	struct city *city = *state;

	arena_fini(&city->arena);
	test_free(city);
	return 0;
}

int unit_of(const struct city *city, enum unit unit)
{
	return area_place(&city->area, UNITS[unit].code);
}

void city_add(struct city *city, enum unit unit, int covered, int total)
{
	for (int i = 0; i < total; i++) {
		struct coverage_firm *firm = &city->firms[city->count];

		*firm = (struct coverage_firm){
			.uscc = arena_format(&city->arena, "91%s%010zu", UNITS[unit].code,
					city->count),
			.unit = unit_of(city, unit),
			.registered = unit_of(city, unit),
			.has_rd = i < covered ? KNOWN_YES : KNOWN_NO,
			.four = i + 1 < covered ? KNOWN_YES : KNOWN_NO,
			.stopped = KNOWN_NO,
			.spends = KNOWN_NO,
			.industry = "C31",
			.size = "SMALL",
			.contact_officer = "",
		};
		city->count++;
	}
}

struct coverage_firm *city_last(struct city *city)
{
	return &city->firms[city->count - 1];
}

void city_fill_seed(struct city *city)
{
	city_add(city, HUBIN, 20, 32);
	city_add(city, LUSHI, 34, 39);
	city_add(city, LINGBAO, 81, 101);
	city_add(city, DEMONSTRATION_ZONE, 27, 36);
	city_add(city, MIANCHI, 56, 86);
	city_add(city, YIMA, 36, 42);
	city_add(city, SHANZHOU, 46, 72);
	city_add(city, ECONOMIC_ZONE, 28, 36);
}

void city_age(struct city *city)
{
	memcpy(city->before, city->firms, sizeof(city->firms));
	city->before_count = city->count;
	city->count = 0;
}

static void month_set(struct coverage_month *month, unsigned back)
{
	unsigned number = 2026 * 12 + 9 - back;

	(void)snprintf(month->month, sizeof(month->month), "%04u-%02u", number / 12 % 10000,
			number % 12 + 1);
	(void)snprintf(month->day, sizeof(month->day), "%s-28", month->month);
}

struct coverage_question city_question(struct city *city)
{
	struct coverage_question question = {
		.area = &city->area,
		.firms = city->firms,
		.firm_count = city->count,
		.before = city->before,
		.before_count = city->before_count,
		.target_ppm = 1000000,
		.target_stated = true,
		.start_permille = -1,
		.expected_total = -1,
		.expected_covered = -1,
		.signed_by = "",
	};

	for (unsigned i = 0; i < COVERAGE_MONTHS; i++)
		month_set(&question.months[i], i);
	question.months[0].sequence = 9;
	coverage_sort(city->firms, city->count);
	if (city->before_count) {
		question.months[1].sequence = 8;
		coverage_sort(city->before, city->before_count);
		assert_true(coverage_count(&city->area, city->before, city->before_count,
				&question.months[1], &city->arena));
	}
	return question;
}

Policycalc__V1__CoverageReport *city_report(
		struct city *city, struct coverage_question *question)
{
	Policycalc__V1__CoverageReport *report = NULL;
	struct error err = { ERROR_NONE, "" };

	if (!coverage_report(question, &city->arena, &report, &err))
		fail_msg("%s", err.message);
	return report;
}

const Policycalc__V1__CoverageUnit *line_of(const Policycalc__V1__CoverageReport *report,
		const struct city *city, enum unit unit)
{
	(void)city;
	for (size_t i = 0; i < report->n_units; i++)
		if (strcmp(report->units[i]->code, UNITS[unit].code) == 0)
			return report->units[i];
	fail_msg("no line of unit %d", (int)unit);
	return NULL;
}
