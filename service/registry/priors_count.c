/* SPDX-License-Identifier: Apache-2.0 */
/* Counting how the firms of a registry answer. */
#include "base/memory.h"
#include "calculator/period.h"
#include "registry/column_internal.h"
#include "registry/priors_internal.h"

#include <stdlib.h>
#include <string.h>

/* Columns that are counted, those first seen: forty attributes of five years have two hundred. */
#define COLUMNS_COUNTED 500
/* Figures that are kept of a column while it is counted; codes that are told apart, and that are kept. */
#define SAMPLE_MOST 4096
#define CODES_SEEN_MOST 8192
#define CODES_KEPT_MOST 256

struct sampled {
	int64_t figure;
	uint64_t lot; /* of the firm: the same for all its figures */
};

struct code_tally {
	uint32_t code;
	uint32_t firms;
};

/* What is counted of one column. */
struct tally {
	struct column_name name;
	bool is_counted;
	int64_t block; /* the last one that was counted, and one more */
	uint64_t firms;
	uint64_t yes;
	uint64_t none; /* of lists: firms that have none */
	struct sampled *sample;
	size_t sample_count;
	uint64_t sample_mask;	  /* lots with any of these bits are not kept */
	struct code_tally *codes; /* by hash; a place without firms is free */
	size_t code_room, code_count;
};

struct counting {
	struct arena arena;
	struct column_reader *reader;
	struct tally **tallies; /* by number of the column */
	size_t tally_room;
	size_t counted; /* columns */
	/* One column of one block. */
	uint64_t known[COLUMN_WORDS];
	uint64_t flags[COLUMN_WORDS];
	int64_t figures[COLUMN_ROWS];
	uint32_t codes[COLUMN_ROWS];
};

size_t priors_block_count(int64_t last_id)
{
	int64_t blocks = (last_id + COLUMN_ROWS - 1) / COLUMN_ROWS;

	return blocks < PRIORS_BLOCKS_MOST ? (size_t)blocks : PRIORS_BLOCKS_MOST;
}

int64_t priors_block(int64_t last_id, size_t index)
{
	int64_t blocks = (last_id + COLUMN_ROWS - 1) / COLUMN_ROWS;

	return (int64_t)index * blocks / (int64_t)priors_block_count(last_id);
}

/* --- one value -------------------------------------------------------------------------------- */

/* A firm's lot depends on its id alone. */
static uint64_t lot_of(int64_t id)
{
	uint64_t x = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Half of the lots go. */
static void sample_thin(struct tally *tally)
{
	size_t kept = 0;

	tally->sample_mask = tally->sample_mask * 2 + 1;
	for (size_t i = 0; i < tally->sample_count; i++) {
		if ((tally->sample[i].lot & tally->sample_mask) == 0)
			tally->sample[kept++] = tally->sample[i];
	}
	tally->sample_count = kept;
}

static bool figure_count(
		struct counting *counting, struct tally *tally, int64_t id, int64_t figure)
{
	uint64_t lot = lot_of(id);

	if (!tally->sample)
		tally->sample = ARENA_NEW_ARRAY(&counting->arena, struct sampled, SAMPLE_MOST);
	if (!tally->sample)
		return false;
	while ((lot & tally->sample_mask) == 0 && tally->sample_count == SAMPLE_MOST)
		sample_thin(tally);
	if ((lot & tally->sample_mask) == 0)
		tally->sample[tally->sample_count++] = (struct sampled){ figure, lot };
	return true;
}

/* The place of @code, or the free one where it belongs. */
static struct code_tally *code_place(struct code_tally *codes, size_t room, uint32_t code)
{
	size_t at = (code * UINT32_C(2654435761)) & (room - 1);

	while (codes[at].firms && codes[at].code != code)
		at = (at + 1) & (room - 1);
	return &codes[at];
}

static bool codes_grow(struct counting *counting, struct tally *tally)
{
	size_t room = tally->code_room ? tally->code_room * 2 : 64;
	struct code_tally *codes = ARENA_NEW_ARRAY(&counting->arena, struct code_tally, room);

	if (!codes)
		return false;
	for (size_t i = 0; i < tally->code_room; i++) {
		if (tally->codes[i].firms)
			*code_place(codes, room, tally->codes[i].code) = tally->codes[i];
	}
	tally->codes = codes;
	tally->code_room = room;
	return true;
}

/* More codes than can be told apart count as none that is named. */
static bool code_count(struct counting *counting, struct tally *tally, uint32_t code)
{
	struct code_tally *place;

	if (tally->code_count * 2 >= tally->code_room && !codes_grow(counting, tally))
		return false;
	place = code_place(tally->codes, tally->code_room, code);
	if (!place->firms) {
		if (tally->code_count == CODES_SEEN_MOST)
			return true;
		tally->code_count++;
		place->code = code;
	}
	place->firms++;
	return true;
}

/* --- one block -------------------------------------------------------------------------------- */

static bool kind_is_counted(enum column_kind kind)
{
	return kind != COLUMN_TEXT && kind != COLUMN_SERIES && kind != COLUMN_ITEMS &&
	       kind != COLUMN_COMPLETE;
}

static struct tally *tally_of(struct counting *counting, uint32_t column)
{
	size_t count;
	const struct slice *names =
			column_names_list(&counting->reader->cache->columns, &count);
	struct tally *tally;

	if (column >= counting->tally_room) {
		struct tally **grown = ARENA_NEW_ARRAY(&counting->arena, struct tally *, count);

		if (!grown)
			return NULL;
		if (counting->tally_room)
			memcpy(grown, counting->tallies,
					counting->tally_room * sizeof(struct tally *));
		counting->tallies = grown;
		counting->tally_room = count;
	}
	tally = counting->tallies[column];
	if (!tally) {
		tally = ARENA_NEW(&counting->arena, struct tally);
		if (!tally)
			return NULL;
		tally->name = column_name_parse(names[column]);
		counting->tallies[column] = tally;
		tally->is_counted = kind_is_counted(tally->name.kind) &&
				    counting->counted < COLUMNS_COUNTED;
		counting->counted += tally->is_counted;
	}
	return tally;
}

static bool row_count(struct counting *counting, struct tally *tally,
		const struct column_run_view *runs, unsigned row)
{
	uint32_t from;
	uint32_t until;

	tally->firms++;
	switch ((int)tally->name.kind) {
	case COLUMN_FLAG:
		tally->yes += column_bit_has(counting->flags, row);
		return true;
	case COLUMN_CODE:
		return code_count(counting, tally, counting->codes[row]);
	case COLUMN_CODE_LIST:
	case COLUMN_TITLE_LIST:
		column_run_at(runs, row, &from, &until);
		tally->none += from >= until;
		for (; from < until; from++) {
			uint32_t code;

			memcpy(&code, runs->codes + from * sizeof(code), sizeof(code));
			if (!code_count(counting, tally, code))
				return false;
		}
		return true;
	default:
		return figure_count(counting, tally,
				counting->reader->block * COLUMN_ROWS + row + 1,
				counting->figures[row]);
	}
}

/* false: memory is short. Bytes that make no sense count nothing. */
static bool column_count(struct counting *counting, struct tally *tally,
		const struct column_entry *entry, const char *packed)
{
	unsigned rows = counting->reader->image.head.rows;
	struct column_run_view runs = { 0 };

	if (entry->form != (uint8_t)column_kind_form(tally->name.kind) ||
			((entry->form == COLUMN_CODES || entry->form == COLUMN_TITLES) &&
					!column_view_runs(entry, packed, rows, &runs)))
		return true;
	column_unpack_known(entry, packed, rows, counting->known);
	if (entry->form == COLUMN_BITS)
		column_unpack_flags(entry, packed, rows, counting->flags);
	else if (tally->name.kind == COLUMN_CODE)
		column_unpack_codes(entry, packed, rows, counting->codes);
	else if (entry->form == COLUMN_FIGURES)
		column_unpack_figures(entry, packed, rows, counting->figures);
	for (unsigned row = 0; row < rows; row++) {
		if (column_bit_has(counting->known, row) &&
				!row_count(counting, tally, &runs, row))
			return false;
	}
	return true;
}

/* A column that was counted before the block had to be built anew is not counted twice. */
static bool entries_count(struct counting *counting, bool *out_damaged, struct error *err)
{
	struct column_reader *reader = counting->reader;

	*out_damaged = false;
	for (uint32_t i = 0; i < reader->image.head.count; i++) {
		const struct column_entry *entry = &reader->image.entries[i];
		struct tally *tally = tally_of(counting, entry->name);
		const char *packed;

		if (!tally)
			return arena_error(&counting->arena, err, "counting how firms answer");
		if (!tally->is_counted || tally->block == reader->block + 1)
			continue;
		if (!column_reader_section(
				    reader, entry, &reader->section, &packed, out_damaged, err))
			return false;
		if (*out_damaged)
			return true;
		if (!column_count(counting, tally, entry, packed))
			return arena_error(&counting->arena, err, "counting how firms answer");
		tally->block = reader->block + 1;
	}
	return true;
}

static bool block_count(struct counting *counting, int64_t block, struct error *err)
{
	struct sweep_source source;
	bool damaged;

	if (!column_reader_enter(counting->reader, block, &source, err) ||
			!entries_count(counting, &damaged, err))
		return false;
	/* What was just built is whole. */
	return !damaged || (column_reader_repair(counting->reader, err) &&
					   entries_count(counting, &damaged, err));
}

/* --- what is kept ----------------------------------------------------------------------------- */

static int sampled_compare(const void *a, const void *b)
{
	const struct sampled *left = a;
	const struct sampled *right = b;

	return (left->figure > right->figure) - (left->figure < right->figure);
}

/* The middles of a hundred parts. */
static bool points_make(struct arena *arena, struct tally *tally, struct prior *prior)
{
	prior->points = ARENA_NEW_ARRAY(arena, int64_t, PRIORS_POINTS);
	if (!prior->points)
		return false;
	qsort(tally->sample, tally->sample_count, sizeof(*tally->sample), sampled_compare);
	for (size_t i = 0; i < PRIORS_POINTS; i++)
		prior->points[i] = tally->sample[(2 * i + 1) * tally->sample_count /
							(2 * PRIORS_POINTS)]
						   .figure;
	return true;
}

/* The frequent ones first; of equals in the order of the codes. */
static int code_compare(const void *a, const void *b)
{
	const struct prior_code *left = a;
	const struct prior_code *right = b;

	if (left->share != right->share)
		return left->share > right->share ? -1 : 1;
	return slice_compare(left->code, right->code);
}

static bool codes_make(struct counting *counting, struct arena *arena,
		const struct tally *tally, struct prior *prior)
{
	size_t count;
	const struct slice *names = column_names_list(&counting->reader->cache->codes, &count);
	struct prior_code *list = ARENA_NEW_ARRAY(
			&counting->arena, struct prior_code, tally->code_count + 2);
	uint64_t all = tally->none;
	size_t kept = 0;

	for (size_t i = 0; i < tally->code_room; i++)
		all += tally->codes[i].firms;
	for (size_t i = 0; list && i < tally->code_room; i++) {
		const struct code_tally *code = &tally->codes[i];

		if (code->firms < PRIORS_CODE_FIRMS || code->code >= count)
			continue;
		list[kept].code = names[code->code];
		list[kept].share = (uint32_t)(code->firms * (uint64_t)PRIORS_WHOLE / all);
		kept += list[kept].share > 0;
	}
	if (list && tally->none >= PRIORS_CODE_FIRMS)
		list[kept++] = (struct prior_code){ SLICE_LITERAL(""),
			(uint32_t)(tally->none * PRIORS_WHOLE / all) };
	if (kept > 1)
		qsort(list, kept, sizeof(*list), code_compare);
	prior->code_count = kept < CODES_KEPT_MOST ? kept : CODES_KEPT_MOST;
	prior->codes = ARENA_NEW_ARRAY(arena, struct prior_code, prior->code_count + 1);
	for (size_t i = 0; prior->codes && i < prior->code_count; i++) {
		const char *code = arena_copy(arena, list[i].code.data, list[i].code.size);

		if (!code)
			return false;
		prior->codes[i] = (struct prior_code){ { code, list[i].code.size },
			list[i].share };
	}
	return list && prior->codes;
}

/* The number of a period, which tells by its form what it is one of. */
static int64_t period_number(struct slice text, struct arena *arena)
{
	static const Policycalc__V1__Period periods[] = { POLICYCALC__V1__PERIOD__PERIOD_YEAR,
		POLICYCALC__V1__PERIOD__PERIOD_QUARTER, POLICYCALC__V1__PERIOD__PERIOD_MONTH };
	const char *copy = arena_copy(arena, text.data, text.size);
	int64_t number;

	for (size_t i = 0; copy && i < sizeof(periods) / sizeof(*periods); i++) {
		if (period_parse(periods[i], copy, &number))
			return number;
	}
	return 0;
}

static bool prior_make(struct counting *counting, struct arena *arena, struct tally *tally,
		struct prior *prior)
{
	const char *attribute = arena_copy(
			arena, tally->name.attribute.data, tally->name.attribute.size);

	prior->attribute = (struct slice){ attribute, tally->name.attribute.size };
	prior->kind = tally->name.kind;
	if (tally->name.period.size)
		prior->period = period_number(tally->name.period, &counting->arena);
	if (!attribute)
		return false;
	if (tally->name.kind == COLUMN_FLAG) {
		prior->yes = (uint32_t)(tally->yes * 100 / tally->firms) * (PRIORS_WHOLE / 100);
		return true;
	}
	return tally->sample ? points_make(arena, tally, prior)
			     : codes_make(counting, arena, tally, prior);
}

static int prior_compare(const void *a, const void *b)
{
	const struct prior *left = a;
	const struct prior *right = b;
	int order = slice_compare(left->attribute, right->attribute);

	if (order || left->kind != right->kind)
		return order ? order : (int)left->kind - (int)right->kind;
	return (left->period > right->period) - (left->period < right->period);
}

static struct priors *priors_make(
		struct counting *counting, int64_t sequence, struct error *err)
{
	struct priors *priors = memory_alloc_zero(1, sizeof(*priors));

	if (!priors) {
		error_set(err, ERROR_MEMORY, "out of memory while counting how firms answer");
		return NULL;
	}
	atomic_init(&priors->references, 1);
	arena_init(&priors->arena, PRIORS_MEMORY);
	priors->sequence = sequence;
	priors->list = ARENA_NEW_ARRAY(&priors->arena, struct prior, counting->counted + 1);
	for (size_t i = 0; priors->list && i < counting->tally_room; i++) {
		struct tally *tally = counting->tallies[i];

		if (!tally || tally->firms < PRIORS_FIRMS_LEAST)
			continue;
		if (!prior_make(counting, &priors->arena, tally, &priors->list[priors->count]))
			break;
		priors->count++;
	}
	if (priors->arena.exhausted || counting->arena.exhausted) {
		arena_error(priors->arena.exhausted ? &priors->arena : &counting->arena, err,
				"counting how firms answer");
		priors_unref(priors);
		return NULL;
	}
	if (priors->count)
		qsort(priors->list, priors->count, sizeof(*priors->list), prior_compare);
	return priors;
}

struct priors *priors_count(struct column_cache *cache, int64_t sequence, int64_t last_id,
		const atomic_bool *stop, struct error *err)
{
	struct counting *counting = memory_alloc_zero(1, sizeof(*counting));
	struct priors *priors = NULL;
	bool ok = counting != NULL;

	if (!counting) {
		error_set(err, ERROR_MEMORY, "out of memory while counting how firms answer");
		return NULL;
	}
	arena_init(&counting->arena, PRIORS_MEMORY);
	counting->reader = column_reader_new(cache, sequence, NULL, 0, err);
	ok = counting->reader != NULL;
	for (size_t i = 0; ok && i < priors_block_count(last_id); i++) {
		ok = atomic_load(stop) ? error_set(err, ERROR_CANCELLED, "the service ends")
				       : block_count(counting, priors_block(last_id, i), err);
	}
	if (ok)
		priors = priors_make(counting, sequence, err);
	column_reader_free(counting->reader);
	arena_fini(&counting->arena);
	memory_free(counting);
	return priors;
}
