/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "proto/codec/choice_table.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char tables[] = "attributes:\n"
			     "  - {name: region, type: CODE, choice_table: regions}\n"
			     "  - {name: industry, type: CODE, choice_table: industries}\n"
			     "  - {name: group, type: CODE, choices: [{code: a}]}\n"
			     "regions:\n"
			     "  - {code: '411200', name: {zh: 三门峡市}}\n"
			     "  - code: '411203'\n"
			     "    name: {zh: 陕州区}\n"
			     "    parent: '411200'\n"
			     "    aliases: [{code: '411222', name: 陕县}]\n"
			     "industries:\n"
			     "  - {code: C, name: {zh: 制造业}}\n"
			     "  - {code: C33, name: {zh: 金属制品业}, parent: C}\n";

struct fixture {
	struct arena arena;
	struct catalog catalog;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct diagnostics diagnostics;
	Policycalc__V1__CatalogFile *file;

	arena_init(&fixture.arena, 16 << 20);
	diagnostics_init(&diagnostics, &fixture.arena);
	file = (Policycalc__V1__CatalogFile *)message_parse_yaml(slice_from(tables),
			&policycalc__v1__catalog_file__descriptor, "tables.yaml",
			&fixture.arena, &diagnostics, NULL);
	if (!file)
		return -1;
	fixture.catalog = (struct catalog){ .attributes = file->attributes,
		.attribute_count = file->n_attributes,
		.regions = file->regions,
		.region_count = file->n_regions,
		.industries = file->industries,
		.industry_count = file->n_industries };
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	arena_fini(&((struct fixture *)*state)->arena);
	return 0;
}

static void test_names_and_codes_are_found(void **state)
{
	static const struct {
		size_t attribute;
		const char *text;
		const char *code; /* NULL: refused */
	} cases[] = {
		{ 0, "陕州区", "411203" },
		{ 0, "陕县", "411203" },
		{ 0, "411222", "411203" },
		{ 0, "411203", "411203" },
		{ 0, "洛阳市", NULL },
		{ 1, "金属制品业", "C33" },
		{ 1, "C3311", "C3311" },
		{ 1, "C34", NULL },
		{ 2, "a", "a" },
		{ 2, "C", NULL },
	};
	struct fixture *fixture = *state;
	struct choice_tables choices;

	assert_true(choice_tables_init(&fixture->catalog, &fixture->arena, &choices));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const Policycalc__V1__Attribute *attribute = attribute_with_choices(
				fixture->catalog.attributes[cases[i].attribute], &choices,
				&fixture->arena);
		Policycalc__V1__Value *value;
		struct error err = { 0 };

		assert_non_null(attribute);
		value = value_parse_text(
				slice_from(cases[i].text), attribute, &fixture->arena, &err);
		if (!cases[i].code) {
			assert_null(value);
			continue;
		}
		assert_non_null(value);
		assert_string_equal(value->code, cases[i].code);
	}
}

static void test_an_attribute_without_table_is_itself(void **state)
{
	struct fixture *fixture = *state;
	struct choice_tables choices;
	size_t before = fixture->catalog.attributes[0]->n_choices;

	assert_true(choice_tables_init(&fixture->catalog, &fixture->arena, &choices));
	assert_ptr_equal(fixture->catalog.attributes[2],
			attribute_with_choices(fixture->catalog.attributes[2], &choices,
					&fixture->arena));
	assert_non_null(attribute_with_choices(
			fixture->catalog.attributes[0], &choices, &fixture->arena));
	assert_int_equal(fixture->catalog.attributes[0]->n_choices, before);
	assert_string_equal(choices.regions.choices[1]->parent, "411200");
}

static void test_short_memory_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct choice_tables choices;
	struct arena arena;
	bool failed = false;

	for (size_t budget = 0; budget < 8192; budget += 16) {
		arena_init(&arena, budget);
		if (choice_tables_init(&fixture->catalog, &arena, &choices))
			(void)attribute_with_choices(
					fixture->catalog.attributes[0], &choices, &arena);
		failed = failed || arena.exhausted;
		arena_fini(&arena);
	}
	assert_true(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_codes_are_found),
		cmocka_unit_test(test_an_attribute_without_table_is_itself),
		cmocka_unit_test(test_short_memory_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
