/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/rows.h"

#include "base/memory.h"

/* Blocks a thread, between two looks at whether anybody still waits. */
#define BLOCKS_A_TURN 4
/* What a block, or one firm of it, may need while it is looked at. */
#define SCRATCH_MEMORY ((size_t)256 << 20)

struct rows_seat {
	struct column_reader *reader; /* made with its first block */
	struct arena scratch;
};

struct rows_passing {
	const struct rows_source *source;
	const struct rows_visit *visit;
	int64_t sequence;
	struct rows_seat *seats;
};

static bool block_visit(void *context, unsigned at, int64_t number, struct error *err)
{
	struct rows_passing *passing = context;
	const struct rows_visit *visit = passing->visit;
	struct rows_seat *seat = &passing->seats[at];
	struct rows_block block = { .scratch = &seat->scratch };

	if (!seat->reader) {
		arena_init(&seat->scratch, SCRATCH_MEMORY);
		seat->reader = column_reader_new(passing->source->columns, passing->sequence,
				visit->wants, visit->want_count, err);
	}
	arena_reset(&seat->scratch);
	if (!seat->reader || !column_reader_enter(seat->reader, number, &block.source, err))
		return false;
	block.present = column_reader_present(seat->reader);
	return visit->block(visit->context, at, &block, err);
}

static bool blocks_visit(struct rows_passing *passing, int64_t last_id,
		struct rows_progress *progress, struct error *err)
{
	const struct rows_source *source = passing->source;
	int64_t count = (last_id + SWEEP_ROWS - 1) / SWEEP_ROWS;
	int64_t turn = (int64_t)crew_seats(source->crew) * BLOCKS_A_TURN;
	int64_t before = progress->done;

	for (int64_t first = 0; first < count; first += turn) {
		int64_t end = first + turn < count ? first + turn : count;

		if (!crew_run(source->crew, first, end, block_visit, passing, err))
			return false;
		progress->done = before + (end == count ? last_id : end * SWEEP_ROWS);
		if (!source->progress(source->context, progress->done, progress->total))
			return error_set(err, ERROR_CANCELLED, "the call was cancelled");
	}
	return true;
}

bool rows_visit(const struct rows_source *source, int64_t sequence, int64_t last_id,
		const struct rows_visit *visit, struct rows_progress *progress,
		struct error *err)
{
	unsigned count = crew_seats(source->crew);
	struct rows_passing passing = { source, visit, sequence,
		memory_alloc_zero(count, sizeof(*passing.seats)) };
	bool ok;

	if (!passing.seats)
		return error_set(err, ERROR_MEMORY, "out of memory while reading enterprises");
	ok = blocks_visit(&passing, last_id, progress, err);
	for (unsigned i = 0; i < count; i++) {
		column_reader_free(passing.seats[i].reader);
		arena_fini(&passing.seats[i].scratch);
	}
	memory_free(passing.seats);
	return ok;
}
