/* SPDX-License-Identifier: Apache-2.0 */
#include "report_world.h"
#include "starter.h"

#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char *world_starter;

static bool world_state(void *context, int64_t time, int64_t *out_sequence,
		int64_t *out_last_id, struct error *err)
{
	const struct world *world = context;

	(void)err;
	*out_sequence = 0;
	for (int64_t i = 1; i <= world->sequence; i++)
		if (world->times[i] <= time)
			*out_sequence = i;
	*out_last_id = world->last_id;
	return true;
}

static const struct change *known_at(const struct world *world, int64_t id, int64_t sequence)
{
	const struct change *found = NULL;

	for (size_t i = 0; i < world->change_count; i++)
		if (world->changes[i].id == id && world->changes[i].sequence <= sequence)
			found = &world->changes[i];
	return found && found->profile ? found : NULL;
}

static bool world_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	struct world *world = context;

	world->scans++;
	for (int64_t id = first_id; id < first_id + count && id <= world->last_id; id++) {
		const struct change *known = known_at(world, id, sequence);

		if (known && !row(row_context, id, known->sequence, known->profile, err))
			return false;
	}
	return true;
}

static bool world_block_sequence(
		void *context, int64_t block, int64_t *out_sequence, struct error *err)
{
	const struct world *world = context;

	(void)err;
	*out_sequence = 0;
	for (size_t i = 0; i < world->change_count; i++)
		if ((world->changes[i].id - 1) / SWEEP_ROWS == block &&
				world->changes[i].sequence > *out_sequence)
			*out_sequence = world->changes[i].sequence;
	return true;
}

static bool world_stamp(void *context, int64_t sequence, int64_t *out_stamp, struct error *err)
{
	const struct world *world = context;

	(void)err;
	*out_stamp = sequence <= world->sequence ? world->times[sequence] : 0;
	return true;
}

static bool world_imports(void *context,
		bool (*import)(void *import_context, const struct rows_import *import,
				struct error *err),
		void *import_context, struct error *err)
{
	const struct world *world = context;

	for (size_t i = world->import_count; i-- > 0;)
		if (!import(import_context, &world->imports[i], err))
			return false;
	return true;
}

static bool world_counters(void *context, const char *region, int64_t sequence,
		bool (*row)(void *row_context, const struct counter_row *row,
				struct error *err),
		void *row_context, struct error *err)
{
	const struct world *world = context;

	for (size_t i = 0; i < world->counter_count; i++)
		if (world->counter_sequences[i] <= sequence &&
				slice_equals_text(world->counters[i].region, region) &&
				!row(row_context, &world->counters[i], err))
			return false;
	return true;
}

static bool world_progress(void *context, int64_t done, int64_t total)
{
	struct world *world = context;

	assert_true(done > world->done || world->done == 0);
	world->done = done;
	world->total = total;
	return !world->leaves;
}

void world_begin(struct world *world, const char *day, const char *of_day)
{
	struct date date;
	struct rows_import *import = &world->imports[world->import_count++];

	assert_true(date_parse(slice_from(day), &date));
	world->times[++world->sequence] =
			date_to_days(date) * SECONDS_PER_DAY + 12 * 3600 - DATE_CHINA_OFFSET;
	import->sequence = world->sequence;
	(void)snprintf(import->day, sizeof(import->day), "%s", of_day);
}

Policycalc__V1__AttributeValue *world_add_fact(
		struct world *world, Policycalc__V1__Profile *profile, const char *name)
{
	Policycalc__V1__AttributeValue *fact =
			ARENA_NEW(&world->arena, Policycalc__V1__AttributeValue);

	policycalc__v1__attribute_value__init(fact);
	fact->name = arena_copy_text(&world->arena, name);
	fact->value = ARENA_NEW(&world->arena, Policycalc__V1__Value);
	policycalc__v1__value__init(fact->value);
	profile->attributes[profile->n_attributes++] = fact;
	return fact;
}

void world_add_flag(struct world *world, Policycalc__V1__Profile *profile, const char *name,
		bool flag)
{
	Policycalc__V1__Value *value = world_add_fact(world, profile, name)->value;

	value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	value->flag = flag;
}

void world_add_code(struct world *world, Policycalc__V1__Profile *profile, const char *name,
		const char *code)
{
	Policycalc__V1__Value *value = world_add_fact(world, profile, name)->value;

	value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
	value->code = arena_copy_text(&world->arena, code);
}

Policycalc__V1__Profile *world_set_firm(
		struct world *world, int64_t id, const char *unit, bool has_rd)
{
	Policycalc__V1__Profile *profile = ARENA_NEW(&world->arena, Policycalc__V1__Profile);

	policycalc__v1__profile__init(profile);
	profile->uscc = arena_format(&world->arena, "9141%014lld", (long long)id);
	profile->attributes =
			ARENA_NEW_ARRAY(&world->arena, Policycalc__V1__AttributeValue *, 16);
	world_add_flag(world, profile, "in_statistics_library", true);
	world_add_flag(world, profile, "rd_statistics_included", has_rd);
	world_add_code(world, profile, "region", unit);
	world_add_code(world, profile, "statistical_region", unit);
	world->changes[world->change_count++] = (struct change){ world->sequence, id, profile };
	if (id > world->last_id)
		world->last_id = id;
	return profile;
}

void world_set_firms(struct world *world, int64_t first, int64_t count, const char *unit,
		int64_t covered)
{
	for (int64_t i = 0; i < count; i++)
		world_set_firm(world, first + i, unit, i < covered);
}

int world_setup(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));
	struct column_origin origin = { world, world_scan, world_block_sequence, world_stamp };
	int file;
	struct error err = { 0 };

	arena_init(&world->arena, (size_t)256 << 20);
	world->ruleset = starter_read(world_starter, &world->arena);
	strcpy(world->path, "/tmp/report-world-XXXXXX");
	file = mkstemp(world->path);
	assert_true(file >= 0);
	close(file);
	world->source = (struct rows_source){
		.context = world,
		.columns = column_cache_open(world->path, &origin, &err),
		.state = world_state,
		.imports = world_imports,
		.counters = world_counters,
		.progress = world_progress,
	};
	assert_non_null(world->source.columns);
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	struct world *world = *state;

	column_cache_close(world->source.columns);
	unlink(world->path);
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
	test_free(world);
	return 0;
}
