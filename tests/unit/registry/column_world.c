/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column_world.h"

#include "base/date.h"
#include "base/memory.h"
#include "calculator/period.h"
#include "registry/column_pack.h"

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
