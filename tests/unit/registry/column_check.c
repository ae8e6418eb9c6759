/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column_check.h"

#include "base/buffer.h"
#include "base/date.h"
#include "calculator/period.h"
#include "proto/codec/codec.h"
#include "registry/column_pack.h"

#include <string.h>

#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word

static int attribute_compare(const void *a, const void *b)
{
	const Policycalc__V1__AttributeValue *left =
			*(Policycalc__V1__AttributeValue *const *)a;
	const Policycalc__V1__AttributeValue *right =
			*(Policycalc__V1__AttributeValue *const *)b;
	int order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->period, right->period);
}

/* In the order of names; values of one name and period keep theirs. */
static void profile_encode(const Policycalc__V1__Profile *profile, struct buffer *out)
{
	Policycalc__V1__Profile sorted = *profile;
	Policycalc__V1__AttributeValue *list[512];

	assert_true(profile->n_attributes < 512);
	for (size_t i = 0; i < profile->n_attributes; i++) {
		size_t at = i;

		for (; at > 0 && attribute_compare(&profile->attributes[i], &list[at - 1]) < 0;
				at--)
			list[at] = list[at - 1];
		list[at] = profile->attributes[i];
	}
	sorted.attributes = list;
	assert_true(message_pack(&sorted.base, out));
}

void world_assert_same(const Policycalc__V1__Profile *a, const Policycalc__V1__Profile *b)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };

	profile_encode(a, &left);
	profile_encode(b, &right);
	assert_int_equal(left.size, right.size);
	assert_memory_equal(left.data, right.data, left.size);
	buffer_fini(&left);
	buffer_fini(&right);
}

static const Policycalc__V1__Value *value_of(
		const Policycalc__V1__Profile *profile, const struct sweep_want *want)
{
	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *attribute = profile->attributes[i];
		int64_t period = 0;

		if (strcmp(attribute->name, want->attribute) != 0 ||
				want->periodic != (*attribute->period != '\0'))
			continue;
		if (!want->periodic || (period_parse(want->definition->period,
							attribute->period, &period) &&
						       period == want->period))
			return attribute->value;
	}
	return NULL;
}

static bool day_of(const char *text, int64_t *out_seconds)
{
	struct date date;

	if (!date_parse(slice_from(text), &date))
		return false;
	*out_seconds = timestamp_from_date(date, DATE_CHINA_OFFSET).seconds;
	return true;
}

/* Whether a list can be known: no code twice, every day a day. */
static bool list_is_good(const Policycalc__V1__Value *value)
{
	int64_t day;

	if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODES) {
		for (size_t i = 0; i < value->codes->n_codes; i++)
			for (size_t k = 0; k < i; k++)
				if (strcmp(value->codes->codes[i], value->codes->codes[k]) == 0)
					return false;
		return true;
	}
	for (size_t i = 0; i < value->titles->n_titles; i++) {
		if (!day_of(value->titles->titles[i]->valid_until, &day))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(value->titles->titles[i]->code,
					    value->titles->titles[k]->code) == 0)
				return false;
	}
	return true;
}

static void assert_code(const struct sweep_column *column, uint32_t number, const char *text)
{
	assert_true(number < column->code_count);
	assert_true(slice_equals_text(column->code_texts[number], text));
}

static void check_list(const struct sweep_column *column, unsigned row,
		const Policycalc__V1__Value *value)
{
	bool is_titles = value->kind_case == POLICYCALC__V1__VALUE__KIND_TITLES;
	size_t count = is_titles ? value->titles->n_titles : value->codes->n_codes;
	int64_t day;

	assert_int_equal(column->starts[row + 1] - column->starts[row], count);
	for (size_t i = 0; i < count; i++) {
		size_t at = column->starts[row] + i;

		assert_code(column, column->codes[at],
				is_titles ? value->titles->titles[i]->code
					  : value->codes->codes[i]);
		if (!is_titles)
			continue;
		assert_true(day_of(value->titles->titles[i]->valid_until, &day));
		assert_int_equal(column->integers[at], day);
	}
}

static void check_value(const struct sweep_want *want, const struct sweep_column *column,
		unsigned row, const Policycalc__V1__Value *value)
{
	bool known = column->known && column_bit_has(column->known, row);
	int64_t day;

	if (!value || (want->definition->type == TYPE(DATE) && !day_of(value->date, &day)) ||
			((want->form == SWEEP_CODES || want->form == SWEEP_TITLES) &&
					!list_is_good(value))) {
		assert_false(known);
		return;
	}
	assert_true(known);
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		assert_int_equal(column_bit_has(column->flags, row), value->flag);
		break;
	case POLICYCALC__V1__VALUE__KIND_CODE:
		assert_code(column, column->codes[row], value->code);
		break;
	case POLICYCALC__V1__VALUE__KIND_TEXT:
		assert_code(column, column->codes[row], value->text);
		break;
	case POLICYCALC__V1__VALUE__KIND_CODES:
	case POLICYCALC__V1__VALUE__KIND_TITLES:
		check_list(column, row, value);
		break;
	case POLICYCALC__V1__VALUE__KIND_DATE:
		assert_int_equal(column->integers[row], day);
		break;
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		assert_true(column->integers[row] == value->money_fen);
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		assert_true(column->integers[row] == value->ratio_ppm);
		break;
	default:
		assert_true(column->integers[row] == value->count);
		break;
	}
}

static void check_columns(const struct world *world, const struct sweep_source *source,
		int64_t block, int64_t sequence)
{
	struct error err = { 0 };

	for (size_t i = 0; i < world_want_count; i++) {
		struct sweep_column column;

		if (!source->column(source->context, i, &column, &err))
			fail_msg("%s", err.message);
		for (unsigned row = 0; row < source->row_count; row++) {
			const Policycalc__V1__Profile *profile = world_profile(
					world, block * COLUMN_ROWS + row + 1, sequence);

			if (profile)
				check_value(&world_want_list[i], &column, row,
						value_of(profile, &world_want_list[i]));
		}
	}
}

/* Whether a row has items of the only list there is, and says that these are all. */
static void check_items(const struct world *world, const struct sweep_source *source,
		int64_t block, int64_t sequence)
{
	struct sweep_items items;
	struct error err = { 0 };

	if (!source->items(source->context, "projects", &items, &err))
		fail_msg("%s", err.message);
	for (unsigned row = 0; row < source->row_count; row++) {
		const Policycalc__V1__Profile *profile =
				world_profile(world, block * COLUMN_ROWS + row + 1, sequence);

		if (!profile)
			continue;
		assert_int_equal(items.some && column_bit_has(items.some, row),
				profile->n_items > 0);
		assert_int_equal(items.complete && column_bit_has(items.complete, row),
				profile->n_complete_lists > 0);
	}
	assert_true(source->items(source->context, "loans", &items, &err));
	assert_null(items.some);
	assert_null(items.complete);
}

static void check_profiles(const struct world *world, const struct sweep_source *source,
		int64_t block, int64_t sequence)
{
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	for (unsigned row = 0; row < source->row_count; row++) {
		const Policycalc__V1__Profile *profile;
		const Policycalc__V1__Profile *expected =
				world_profile(world, block * COLUMN_ROWS + row + 1, sequence);

		if (!expected)
			continue;
		if (!source->profile(source->context, row, &arena, &profile, &err))
			fail_msg("%s", err.message);
		world_assert_same(profile, expected);
		arena_reset(&arena);
	}
	arena_fini(&arena);
}

void world_check_block(const struct world *world, struct column_reader *reader, int64_t block,
		int64_t sequence)
{
	struct sweep_source source;
	struct error err = { 0 };
	unsigned rows = 0;

	if (!column_reader_enter(reader, block, &source, &err))
		fail_msg("%s", err.message);
	for (unsigned row = 0; row < COLUMN_ROWS; row++) {
		int64_t id = block * COLUMN_ROWS + row + 1;
		bool there = id <= world->last_id && world_profile(world, id, sequence);

		assert_int_equal(column_bit_has(column_reader_present(reader), row), there);
		rows = there ? row + 1 : rows;
	}
	assert_int_equal(source.row_count, rows);
	/* In both orders: a profile takes the whole image, a column its part. */
	if (block % 2)
		check_profiles(world, &source, block, sequence);
	check_items(world, &source, block, sequence);
	check_columns(world, &source, block, sequence);
	if (block % 2 == 0)
		check_profiles(world, &source, block, sequence);
}
