/* SPDX-License-Identifier: Apache-2.0 */
#include "block_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY ((int64_t)86400)

/* --- names ------------------------------------------------------------------------------------- */

static const struct scope_ratio quotients[QUOTIENTS] = {
	{ FIRST_NUMBER, FIRST_NUMBER + 1, true, 300000 },
	{ FIRST_NUMBER + 2, FIRST_NUMBER + 1, false, 0 },
};

static void names_add(struct scope *scope, struct arena *arena, const char *prefix, int first,
		int count, const struct type *type, enum scope_role role)
{
	for (int i = 0; i < count; i++) {
		struct scope_name name = { .type = type,
			.dimension = DIMENSION_FREE,
			.role = role,
			.slot = first + i };

		name.name = slice_from(
				count > 1 ? arena_format(arena, "%s%d", prefix, i) : prefix);
		if (first == FIRST_QUOTIENT)
			name.ratio = &quotients[i];
		assert_true(scope_add(scope, &name));
	}
}

struct scope *block_scope_make(struct arena *arena)
{
	struct scope *scope = scope_new();

	assert_non_null(scope);
	names_add(scope, arena, "e.n", FIRST_NUMBER, NUMBERS, &type_int, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.f", FIRST_FLAG, FLAGS, &type_bool, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.c", FIRST_CODE, CODES, &type_string, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.d", FIRST_DAY, DAYS, &type_timestamp, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.l", FIRST_LIST, LISTS, &type_list_string, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.t", FIRST_MAP, MAPS, &type_map_string_timestamp,
			SCOPE_ATTRIBUTE);
	names_add(scope, arena, "e.q", FIRST_QUOTIENT, QUOTIENTS, &type_int, SCOPE_ATTRIBUTE);
	names_add(scope, arena, "p.limit", LIMIT, 1, &type_int, SCOPE_PARAMETER);
	names_add(scope, arena, "p.unstated", NOT_STATED, 1, &type_int, SCOPE_PARAMETER);
	names_add(scope, arena, "p.code", CODE_LIMIT, 1, &type_string, SCOPE_PARAMETER);
	names_add(scope, arena, "p.codes", CODES_LIMIT, 1, &type_list_string, SCOPE_PARAMETER);
	names_add(scope, arena, "p.flag", FLAG_LIMIT, 1, &type_bool, SCOPE_PARAMETER);
	names_add(scope, arena, "p.day", DAY_NOT_STATED, 1, &type_timestamp, SCOPE_PARAMETER);
	names_add(scope, arena, "as_of", AS_OF, 1, &type_timestamp, SCOPE_CONTEXT);
	return scope;
}

struct region_table *block_regions_make(void)
{
	static const char *const regions[][3] = { { "410000", "", "PROVINCE" },
		{ "411200", "410000", "CITY" }, { "411282", "411200", "COUNTY" },
		{ "411224", "411200", "COUNTY" } };
	struct region_table *table = region_table_new();

	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++) {
		struct region region = { .code = slice_from(regions[i][0]),
			.parent = slice_from(regions[i][1]),
			.kind = slice_from(regions[i][2]) };

		assert_true(region_table_add(table, &region, NULL));
	}
	assert_true(region_table_finish(table, NULL));
	return table;
}

const struct rule *block_rule_compile(
		struct arena *arena, const struct scope *scope, const char *text)
{
	static const struct rule_options options = { .path = "rule", .cost_limit = UINT64_MAX };
	struct diagnostics diagnostics;
	const struct rule *rule;

	diagnostics_init(&diagnostics, arena);
	rule = rule_compile(slice_from(text), scope, &options, arena, &diagnostics);
	if (!rule)
		fail_msg("%s: %s", text,
				diagnostics.count ? diagnostics.list[0].message : "no reason");
	return rule;
}

/* --- values ------------------------------------------------------------------------------------ */

void block_bounds_make(struct value *values)
{
	static const struct value limits[2] = { { .kind = VALUE_STRING, .text = { "C31", 3 } },
		{ .kind = VALUE_STRING, .text = { "411282", 6 } } };

	values[LIMIT] = (struct value){ .kind = VALUE_INT, .integer = 5 };
	values[CODE_LIMIT] = random_below(3) ? limits[0] : values[NOT_STATED];
	values[CODES_LIMIT] = (struct value){ .kind = VALUE_LIST, .list = { limits, 2 } };
	if (random_below(2))
		values[FLAG_LIMIT] = (struct value){ .kind = VALUE_BOOL,
			.boolean = random_below(2) };
	values[AS_OF] = (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp.seconds = 20464 * DAY };
}

struct value block_value_make(struct arena *arena, int slot)
{
	struct value value = { .kind = VALUE_INT };
	struct value *items;
	size_t count = random_below(4);
	size_t each = slot >= FIRST_MAP ? 2 : 1;

	if (slot < FIRST_FLAG || (slot >= FIRST_QUOTIENT && slot < FIRST_OTHER)) {
		value.integer = (int64_t)random_below(21) - 10;
		if (slot == NUMBERS - 1)
			value.integer = (int64_t)random_below(4000) - 2000;
		if (random_below(100) == 0)
			value.integer = random_below(2) ? INT64_MAX : INT64_MIN;
		if (slot >= FIRST_QUOTIENT)
			value.integer = random_below(7) * 100000;
	} else if (slot < FIRST_CODE) {
		value = (struct value){ .kind = VALUE_BOOL, .boolean = random_below(2) };
	} else if (slot < FIRST_DAY) {
		value = (struct value){ .kind = VALUE_STRING,
			.text = slice_from(random_code()) };
		/* Many texts are looked at one by one. */
		if (slot == FIRST_CODE + 2)
			value.text = slice_from(arena_format(arena, "C%u", random_below(1000)));
	} else if (slot < FIRST_LIST) {
		value = (struct value){ .kind = VALUE_TIMESTAMP,
			.timestamp.seconds = (20454 + (int64_t)random_below(20)) * DAY };
	} else {
		items = ARENA_NEW_ARRAY(arena, struct value, 2 * count + 1);
		assert_non_null(items);
		for (size_t i = 0; i < count; i++) {
			items[each * i].kind = VALUE_STRING;
			items[each * i].text = slice_from(block_codes[i + random_below(4)]);
			for (size_t k = 0; k < i; k++) {
				if (slice_equals(items[each * k].text, items[each * i].text))
					items[each * i].text = slice_from(
							arena_format(arena, "x%zu", i));
			}
			if (each == 1)
				continue;
			items[2 * i + 1].kind = VALUE_TIMESTAMP;
			items[2 * i + 1].timestamp.seconds =
					(20454 + (int64_t)random_below(20)) * DAY;
		}
		value = (struct value){ .kind = each == 2 ? VALUE_MAP : VALUE_LIST,
			.list = { items, count } };
	}
	return value;
}
