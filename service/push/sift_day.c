/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has news for no other reason than that days have passed since a run that told everything:
 *
 *   (1) who holds a title that ran out since, of what reads whether titles are valid;
 *   (2) who was told of a window that is about to close;
 *   (3) of policies that read the day in any other way whoever a sweep of these finds, as on any day.
 *
 * Who has changed is read already, and stands among the block's rows. Columns may be old for some rows
 * (->stale), of which everything is known otherwise or else asked.
 */
#include "push/sift_internal.h"

#include "base/date.h"

#include <string.h>

bool sift_day_init(struct push_sifter *sifter, struct error *err)
{
	const struct catalog *catalog = ruleset_catalog(sifter->plan->scope.ruleset);
	const struct sweep_want *wants = NULL;
	size_t count = 0;

	if (sifter->restless.sweep)
		wants = sweep_wants(sifter->restless.sweep, &count);
	sifter->wants = ARENA_NEW_ARRAY(&sifter->arena, struct sweep_want,
			count + catalog->attribute_count + 1);
	if (!sifter->wants)
		return arena_error(&sifter->arena, err, "preparing a run");
	if (count)
		memcpy(sifter->wants, wants, count * sizeof(*wants));
	sifter->title_begin = count;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];

		if (push_scope_is_titles(attribute))
			sifter->wants[count++] = (struct sweep_want){
				.attribute = attribute->name,
				.definition = attribute,
				.form = SWEEP_TITLES,
			};
	}
	sifter->want_count = count;
	return true;
}

/* --- titles ---------------------------------------------------------------------------------- */

static int64_t seconds_of(int32_t day)
{
	return timestamp_from_date(date_from_days(day), DATE_CHINA_OFFSET).seconds;
}

/* Adds rows with a title whose last day is one of those that have passed. */
static bool titles_end(const struct push_sift *sift, const struct sweep_source *source,
		uint64_t *rows, struct error *err)
{
	const struct push_sifter *sifter = sift->sifter;
	int64_t from = seconds_of(sifter->plan->since_day);
	int64_t to = seconds_of(sifter->plan->today);

	for (size_t want = sifter->title_begin; want < sifter->want_count; want++) {
		struct sweep_column column = { 0 };

		if (!source->column(source->context, want, &column, err))
			return false;
		if (!column.starts || !column.integers)
			continue;
		for (unsigned row = 0; row < source->row_count; row++) {
			for (uint32_t i = column.starts[row]; i < column.starts[row + 1]; i++) {
				if (column.integers[i] >= from && column.integers[i] < to)
					sift_bit_put(rows, row);
			}
		}
	}
	return true;
}

/* --- what was told --------------------------------------------------------------------------- */

static bool is_due(const struct push_sift *sift, const struct push_block *block,
		const struct sift_told *told)
{
	const struct push_sifter *sifter = sift->sifter;
	size_t index = sifter->restless.by_target[told->target];

	if ((told_mark_kind(told->mark) == TOLD_ELIGIBLE && sift_is_closing(sift, told)) ||
			sift_is_wanted(sift, block, told))
		return true;
	if (sifter->day[told->target] != PUSH_DAY_ANY)
		return false;
	if (index == SIFT_NONE)
		return told_mark_told(told->mark) == TOLD_ELIGIBLE ||
		       told_mark_aside(told->mark) != ASIDE_NONE;
	return sift_told_may_differ(sift, &sift->days, index, told);
}

/* --- the block ------------------------------------------------------------------------------- */

/* The rows whose columns are right. */
static void rows_whole(const struct push_sift *sift, const struct push_block *block,
		uint64_t out_rows[SWEEP_WORDS])
{
	const uint64_t *present = column_reader_present(sift->days.reader);

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		out_rows[i] = present[i] & ~block->stale[i] & ~block->changed[i];
}

static void targets_sift(
		struct push_sift *sift, const struct push_block *block, const uint64_t *due)
{
	const struct push_sifter *sifter = sift->sifter;

	for (size_t i = 0; i < sifter->plan->scope.target_count; i++) {
		uint64_t *need = sift->targets[i].need;
		size_t index = sifter->restless.by_target[i];

		if (sifter->day[i] == PUSH_DAY_TITLES) {
			for (size_t k = 0; k < SWEEP_WORDS; k++)
				need[k] |= due[k];
		} else if (index != SIFT_NONE) {
			sift_others(sift, &sift->days, index, NULL);
			for (size_t k = 0; k < SWEEP_WORDS; k++)
				need[k] |= block->stale[k];
		}
	}
}

bool sift_day_block(struct push_sift *sift, struct push_block *block, struct push_hands *hands,
		struct error *err)
{
	struct sift_desk *desk = &sift->days;
	uint64_t due[SWEEP_WORDS] = { 0 };
	uint64_t whole[SWEEP_WORDS];
	struct sweep_source source;
	size_t added = block->row_count;

	if (!column_reader_enter_unchanged(
			    desk->reader, block->number, block->floor, &source, err))
		return false;
	rows_whole(sift, block, whole);
	if (!titles_end(sift, &source, due, err) || !sift_desk_sweep(desk, &source, whole, err))
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		due[i] = (due[i] & whole[i]) | block->due[i];
	sift_told(sift, block, is_due);
	targets_sift(sift, block, due);
	sift_rows_join(sift);
	for (unsigned row = 0; row < SWEEP_ROWS; row++) {
		const Policycalc__V1__Profile *profile;

		if (!sift_bit_has(sift->rows, row) || sift_bit_has(block->changed, row))
			continue;
		arena_reset(&hands->scratch);
		if (!column_reader_ask(desk->reader, row, &hands->scratch, &profile, err))
			return false;
		if (profile && !sift_row_work(sift, block, row, profile, hands, err))
			return false;
	}
	if (block->row_count > added)
		push_block_sort_rows(block);
	return true;
}
