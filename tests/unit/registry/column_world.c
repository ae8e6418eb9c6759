/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column_world.h"

#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "calculator/period.h"
#include "proto/codec/codec.h"
#include "registry/column_pack.h"

#include <stdlib.h>
#include <string.h>

#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define PERIOD(word) POLICYCALC__V1__PERIOD__PERIOD_##word

static const Policycalc__V1__Attribute dictionary[] = {
#define ATTRIBUTE(the_name, the_type, the_period)                                              \
	{                                                                                      \
		.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__attribute__descriptor),       \
		.name = (char *)(the_name), .type = TYPE(the_type),                            \
		.period = PERIOD(the_period)                                                   \
	}
	ATTRIBUTE("revenue", MONEY, YEAR),
	ATTRIBUTE("staff", COUNT, POINT),
	ATTRIBUTE("growth", RATIO, QUARTER),
	ATTRIBUTE("power", COUNT, MONTH),
	ATTRIBUTE("founded", DATE, POINT),
	ATTRIBUTE("dishonest", FLAG, POINT),
	ATTRIBUTE("region", CODE, POINT),
	ATTRIBUTE("areas", CODES, POINT),
	ATTRIBUTE("titles", TITLES, POINT),
	ATTRIBUTE("name", TEXT, POINT),
	ATTRIBUTE("absent", MONEY, POINT),
};

/* A row a fact; periods by their numbers. NULL names cannot stand in a constant: see world_init(). */
static struct sweep_want wants[] = {
	{ .definition = &dictionary[0],
			.periodic = true,
			.period = 2024,
			.form = SWEEP_INTEGER },
	{ .definition = &dictionary[0],
			.periodic = true,
			.period = 2025,
			.form = SWEEP_INTEGER },
	{ .definition = &dictionary[1], .form = SWEEP_INTEGER },
	{ .definition = &dictionary[2],
			.periodic = true,
			.period = 8102,
			.form = SWEEP_INTEGER },
	{ .definition = &dictionary[3],
			.periodic = true,
			.period = 24305,
			.form = SWEEP_INTEGER },
	{ .definition = &dictionary[4], .form = SWEEP_INTEGER },
	{ .definition = &dictionary[5], .form = SWEEP_FLAG },
	{ .definition = &dictionary[6], .form = SWEEP_CODE },
	{ .definition = &dictionary[7], .form = SWEEP_CODES },
	{ .definition = &dictionary[8], .form = SWEEP_TITLES },
	{ .definition = &dictionary[9], .form = SWEEP_CODE },
	{ .definition = &dictionary[10], .form = SWEEP_INTEGER },
};
const struct sweep_want *const world_want_list = wants;
const size_t world_want_count = sizeof(wants) / sizeof(*wants);

/* --- random profiles -------------------------------------------------------------------------- */

uint64_t world_random(struct world *world)
{
	uint64_t x = world->random += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static char *random_code(struct world *world, const char *form, unsigned many)
{
	return arena_format(&world->arena, form, (unsigned)(world_random(world) % many));
}

static int64_t random_figure(struct world *world)
{
	switch (world_random(world) % 8) {
	case 0:
		return 0;
	case 1:
		return INT64_MIN;
	case 2:
		return INT64_MAX;
	case 3:
		return (int64_t)world_random(world);
	case 4:
		return -(int64_t)(world_random(world) % 1000000);
	default:
		return (int64_t)(world_random(world) % 100000) * 1000000;
	}
}

static char *random_day(struct world *world)
{
	char day[11];

	date_print(date_from_days((int64_t)(world_random(world) % 60000) - 20000), day);
	return arena_copy_text(&world->arena, day);
}

static void random_titles(struct world *world, Policycalc__V1__Value *value)
{
	size_t count = world_random(world) % 4;

	value->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
	value->titles = ARENA_NEW(&world->arena, Policycalc__V1__TitleList);
	policycalc__v1__title_list__init(value->titles);
	value->titles->titles = ARENA_NEW_ARRAY(
			&world->arena, Policycalc__V1__TitleList__Title *, count + 1);
	for (size_t i = 0; i < count; i++) {
		Policycalc__V1__TitleList__Title *title =
				ARENA_NEW(&world->arena, Policycalc__V1__TitleList__Title);

		policycalc__v1__title_list__title__init(title);
		title->code = random_code(world, "title%u", 9);
		title->valid_until =
				world_random(world) % 50 ? random_day(world) : (char *)"no day";
		value->titles->titles[value->titles->n_titles++] = title;
	}
}

static void random_codes(struct world *world, Policycalc__V1__Value *value)
{
	size_t count = world_random(world) % 4;

	value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
	value->codes = ARENA_NEW(&world->arena, Policycalc__V1__CodeList);
	policycalc__v1__code_list__init(value->codes);
	value->codes->codes = ARENA_NEW_ARRAY(&world->arena, char *, count + 1);
	for (size_t i = 0; i < count; i++)
		value->codes->codes[value->codes->n_codes++] = random_code(world, "area%u", 12);
}

static void random_value(struct world *world, const Policycalc__V1__Attribute *attribute,
		Policycalc__V1__Value *value)
{
	switch ((int)attribute->type) {
	case TYPE(MONEY):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = random_figure(world);
		break;
	case TYPE(RATIO):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = random_figure(world);
		break;
	case TYPE(COUNT):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = (int64_t)(world_random(world) % 300);
		break;
	case TYPE(DATE):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		value->date = world_random(world) % 50 ? random_day(world)
						       : (char *)"2025-02-30";
		break;
	case TYPE(FLAG):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = world_random(world) % 2;
		break;
	case TYPE(CODE):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = random_code(world, "4112%02u", 20);
		break;
	case TYPE(CODES):
		random_codes(world, value);
		break;
	case TYPE(TITLES):
		random_titles(world, value);
		break;
	default:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TEXT;
		value->text = world_random(world) % 9 ? random_code(world, "企业%u", 100000)
						      : (char *)"";
		break;
	}
}

static Policycalc__V1__AttributeValue *random_attribute(
		struct world *world, const struct sweep_want *want)
{
	Policycalc__V1__AttributeValue *made =
			ARENA_NEW(&world->arena, Policycalc__V1__AttributeValue);

	policycalc__v1__attribute_value__init(made);
	made->name = want->definition->name;
	if (want->periodic)
		made->period = (char *)(uintptr_t)period_print(
				want->definition->period, want->period, &world->arena);
	made->value = ARENA_NEW(&world->arena, Policycalc__V1__Value);
	policycalc__v1__value__init(made->value);
	random_value(world, want->definition, made->value);
	return made;
}

static void random_items(struct world *world, Policycalc__V1__Profile *profile)
{
	size_t count = world_random(world) % 8 ? 0 : world_random(world) % 3;

	profile->items = ARENA_NEW_ARRAY(&world->arena, Policycalc__V1__Item *, count + 1);
	for (size_t i = 0; i < count; i++) {
		Policycalc__V1__Item *item = ARENA_NEW(&world->arena, Policycalc__V1__Item);

		policycalc__v1__item__init(item);
		item->list = (char *)"projects";
		item->id = arena_format(&world->arena, "p%zu", i);
		item->attributes = ARENA_NEW_ARRAY(
				&world->arena, Policycalc__V1__AttributeValue *, 1);
		item->attributes[item->n_attributes++] = random_attribute(world, &wants[2]);
		profile->items[profile->n_items++] = item;
	}
	if (world_random(world) % 10 == 0) {
		profile->complete_lists = ARENA_NEW_ARRAY(&world->arena, char *, 1);
		profile->complete_lists[profile->n_complete_lists++] = (char *)"projects";
	}
}

static const Policycalc__V1__Profile *random_profile(struct world *world, int64_t id)
{
	Policycalc__V1__Profile *profile = ARENA_NEW(&world->arena, Policycalc__V1__Profile);

	policycalc__v1__profile__init(profile);
	profile->uscc = arena_format(&world->arena, "%018lld", (long long)id);
	profile->attributes = ARENA_NEW_ARRAY(
			&world->arena, Policycalc__V1__AttributeValue *, world_want_count + 1);
	/* The last fact nobody has; one in forty sends a fact twice. */
	for (size_t i = 0; i + 1 < world_want_count; i++) {
		if (world_random(world) % 3 == 0)
			continue;
		profile->attributes[profile->n_attributes++] =
				random_attribute(world, &wants[i]);
	}
	if (world_random(world) % 40 == 0)
		profile->attributes[profile->n_attributes++] =
				random_attribute(world, &wants[2]);
	random_items(world, profile);
	return profile;
}

/* --- the registry ----------------------------------------------------------------------------- */

void world_init(struct world *world, uint64_t seed, int64_t most)
{
	*world = (struct world){ .random = seed, .stamp = 1000 };
	arena_init(&world->arena, (size_t)1 << 30);
	world->rows = memory_alloc_zero((size_t)most, sizeof(*world->rows));
	world->block_sequences = memory_alloc_zero((size_t)most / COLUMN_ROWS + 1, 8);
	for (size_t i = 0; i < world_want_count; i++)
		wants[i].attribute = wants[i].definition->name;
}

void world_fini(struct world *world)
{
	memory_free(world->rows);
	memory_free(world->block_sequences);
	arena_fini(&world->arena);
}

static void world_put(struct world *world, int64_t id)
{
	struct world_version *version = ARENA_NEW(&world->arena, struct world_version);

	version->sequence = world->sequence;
	version->profile = random_profile(world, id);
	version->before = world->rows[id - 1];
	world->rows[id - 1] = version;
	world->block_sequences[(id - 1) / COLUMN_ROWS] = world->sequence;
}

void world_add(struct world *world, int64_t count)
{
	world->sequence++;
	for (int64_t i = 0; i < count; i++)
		world_put(world, ++world->last_id);
}

void world_change(struct world *world, int64_t id)
{
	world->sequence++;
	world_put(world, id);
}

const Policycalc__V1__Profile *world_profile(
		const struct world *world, int64_t id, int64_t sequence)
{
	const struct world_version *version = world->rows[id - 1];

	while (version && version->sequence > sequence)
		version = version->before;
	return version ? version->profile : NULL;
}

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	struct world *world = context;

	world->scans++;
	if (world->fails)
		return error_set(err, ERROR_IO, "the registry cannot be read");
	for (int64_t id = first_id; id < first_id + count && id <= world->last_id; id++) {
		const Policycalc__V1__Profile *profile = world_profile(world, id, sequence);

		if (profile && !row(row_context, id, sequence, profile, err))
			return false;
	}
	return true;
}

static bool on_block_sequence(
		void *context, int64_t block, int64_t *out_sequence, struct error *err)
{
	const struct world *world = context;

	*out_sequence = world->block_sequences[block];
	return !world->fails || error_set(err, ERROR_IO, "the registry cannot be read");
}

static bool on_stamp(void *context, int64_t sequence, int64_t *out_stamp, struct error *err)
{
	const struct world *world = context;

	*out_stamp = sequence <= world->sequence ? world->stamp + sequence : 0;
	return !world->fails || error_set(err, ERROR_IO, "the registry cannot be read");
}

struct column_origin world_origin(struct world *world)
{
	return (struct column_origin){ world, on_scan, on_block_sequence, on_stamp };
}

/* --- comparing -------------------------------------------------------------------------------- */

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
				check_value(&wants[i], &column, row,
						value_of(profile, &wants[i]));
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
