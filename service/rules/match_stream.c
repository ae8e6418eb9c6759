/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: parts, or several small ones together, of which a value chooses one row. Texts that no set tells
 * apart are one cell.
 */
#include "rules/match_internal.h"

#include "base/hash.h"
#include "base/memory.h"

/* Rows of parts that are put together in one stream. */
#define MERGED_MOST 81

/* --- cells of texts ---------------------------------------------------------------------------- */

/* What tells the texts of a part apart: two sums over the sets that hold them. */
struct text_sum {
	uint64_t low, high;
};

static bool text_cells_build(
		struct match_build *build, struct match_part *part, const struct text_sum *sums)
{
	struct map seen = { 0 };
	bool ok = true;

	part->text_cells = memory_alloc(part->text_count * sizeof(*part->text_cells));
	part->cell_texts = memory_alloc(part->text_count * sizeof(*part->cell_texts));
	if (!part->text_cells || !part->cell_texts)
		return false;
	for (uint32_t i = 0; i < part->text_count && ok; i++) {
		struct slice key = { (const char *)&sums[i], sizeof(sums[i]) };
		uintptr_t cell = (uintptr_t)map_find(&seen, key);

		if (!cell) {
			part->cell_texts[part->cell_count] = i;
			cell = ++part->cell_count;
			ok = map_put(&seen, key, (void *)cell);
		}
		part->text_cells[i] = (uint32_t)cell - 1;
	}
	map_fini(&seen);
	return ok;
}

bool match_cells_build(struct match_build *build)
{
	struct match_index *index = build->index;
	struct text_sum **sums = (struct text_sum **)arena_alloc_zero(
			&build->arena, index->part_count + 1, sizeof(*sums));

	if (!sums)
		return false;
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].kind != PART_CODE)
			continue;
		sums[i] = ARENA_NEW_ARRAY(
				&build->arena, struct text_sum, index->parts[i].text_count);
		if (!sums[i])
			return false;
	}
	for (uint32_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, i);
		const uint64_t *words = match_set_words(build, set);
		struct text_sum *part = sums[set->part];

		if (!part)
			continue;
		for (uint32_t w = 0; w < set->count; w++) {
			for (uint64_t left = words[w]; left; left &= left - 1) {
				size_t text = w * 64 + (unsigned)__builtin_ctzll(left);

				part[text].low += hash_mix(2 * (uint64_t)i + 1);
				part[text].high += hash_mix(2 * (uint64_t)i + 2);
			}
		}
	}
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (sums[i] && !text_cells_build(build, &index->parts[i], sums[i]))
			return false;
	}
	return true;
}

/* --- streams ----------------------------------------------------------------------------------- */

static void stream_put(struct match_index *index, uint32_t at, uint32_t part, bool merged)
{
	struct match_stream *stream = &index->streams[at];
	uint32_t radix = index->parts[part].cell_count + (merged ? 1 : 0);

	index->parts[part].stream = at;
	index->parts[part].stride = stream->row_count ? stream->row_count : 1;
	stream->row_count = index->parts[part].stride * radix;
	stream->merged = merged;
	stream->part_count++;
}

/* Small parts are put together, the smallest first. */
bool match_streams_build(struct match_index *index)
{
	bool *done = memory_alloc_zero(index->part_count + 1, sizeof(*done));

	index->streams = memory_alloc_zero(index->part_count + 1, sizeof(*index->streams));
	if (!done || !index->streams) {
		memory_free(done);
		return false;
	}
	for (;;) {
		uint32_t next = UINT32_MAX;
		uint32_t rows;

		for (uint32_t i = 0; i < index->part_count; i++) {
			if (!done[i] && (next == UINT32_MAX ||
							index->parts[i].cell_count <
									index->parts[next]
											.cell_count))
				next = i;
		}
		if (next == UINT32_MAX)
			break;
		rows = index->parts[next].cell_count + 1;
		done[next] = true;
		stream_put(index, index->stream_count, next,
				index->parts[next].kind != PART_MEMBERS &&
						rows * rows <= MERGED_MOST);
		for (uint32_t i = 0; i < index->part_count; i++) {
			if (done[i] || index->parts[i].cell_count >= 32 ||
					index->parts[i].kind == PART_MEMBERS ||
					index->parts[next].kind == PART_MEMBERS ||
					rows * (index->parts[i].cell_count + 1) > MERGED_MOST)
				continue;
			rows *= index->parts[i].cell_count + 1;
			done[i] = true;
			stream_put(index, index->stream_count, i, true);
		}
		index->stream_count++;
	}
	memory_free(done);
	for (uint32_t i = 0; i < index->stream_count; i++) {
		index->streams[i].row_first = index->row_count;
		index->row_count += index->streams[i].row_count;
	}
	return true;
}

/* --- in use ------------------------------------------------------------------------------------ */

bool match_any_streams_build(struct match_index *index, const bool *found)
{
	size_t blocks = index->block_count - index->any_block;
	uint32_t count = 0;

	index->any_starts = memory_alloc_zero(blocks + 1, sizeof(*index->any_starts));
	index->any_streams =
			memory_alloc((blocks * (index->stream_count + MATCH_STREAMS_STEP) + 1) *
					sizeof(*index->any_streams));
	if (!index->any_starts || !index->any_streams)
		return false;
	for (size_t block = 0; block < blocks; block++) {
		for (uint32_t i = 0; i < index->stream_count; i++) {
			if (found[block * index->stream_count + i])
				index->any_streams[count++] = i;
		}
		while (count % MATCH_STREAMS_STEP) {
			index->any_streams[count] = index->any_streams[count - 1];
			count++;
		}
		index->any_starts[block + 1] = count;
	}
	return true;
}

static void reader_put(struct match_index *index, const struct match_part *part)
{
	const struct match_stream *stream = &index->streams[part->stream];
	struct match_reader *reader = &index->readers[index->reader_count++];

	*reader = (struct match_reader){ .slot = part->slot,
		.stream = part->stream,
		.stride = part->stride,
		.unknown = stream->merged ? part->cell_count * part->stride
					  : index->row_count - stream->row_first,
		.known = part->kind == PART_CODE ? part->text_count - 1 : part->member_first,
		.mask = part->cell_count - 1,
		.text_cells = part->text_cells };
	if (part->kind == PART_CODE && !part->closed)
		part->text_cells[part->text_count - 1] = UINT32_MAX;
	if (part->kind == PART_NUMBER) {
		int64_t *lasts = index->edges + index->number_count * MATCH_EDGES;
		int64_t *edges = lasts + MATCH_EIGHT;

		for (uint32_t i = 0; i < MATCH_CELLS_MOST; i++)
			edges[i] = i + 1 < part->cell_count ? part->edges[i] : INT64_MAX;
		for (size_t i = 0; i < MATCH_EIGHT; i++)
			lasts[i] = edges[i * MATCH_EIGHT + MATCH_EIGHT - 1];
		index->numbers[index->number_count++] = (struct match_number){
			.edge_count = part->cell_count - 1,
			.threshold_count = part->threshold_count,
			.inside_most = part->inside_most,
			.starts = part->starts,
			.thresholds = part->thresholds,
			.ranks = part->ranks,
			.sides = part->sides,
			.cut = part->ranks && part->border_starts[part->cell_count] ? part
										    : NULL
		};
	}
}

/* What is left to be done for a value. */
bool match_readers_build(struct match_index *index)
{
	static const enum part_kind kinds[] = { PART_NUMBER, PART_CODE, PART_MEMBERS,
		PART_FLAG };
	uint32_t *const ends[] = { &index->code_first, &index->members_first,
		&index->flag_first, &index->reader_count };

	index->readers = memory_alloc_zero(index->part_count + 1, sizeof(*index->readers));
	index->numbers = memory_alloc_zero(index->part_count + 1, sizeof(*index->numbers));
	index->asked = memory_alloc_zero(index->mention_count + 1, sizeof(*index->asked));
	/* Behind those of the last number another eight may be read. */
	index->edges = memory_alloc_zero(
			((size_t)index->part_count + 1) * MATCH_EDGES, sizeof(*index->edges));
	index->stream_rows =
			memory_alloc((index->stream_count + 1) * sizeof(*index->stream_rows));
	if (!index->readers || !index->numbers || !index->asked || !index->edges ||
			!index->stream_rows)
		return false;
	index->read_count = index->stream_count ? index->stream_count : 1;
	index->stream_rows[0] = index->row_count;
	for (uint32_t i = 0; i < index->stream_count; i++)
		index->stream_rows[i] = index->streams[i].row_first;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		for (uint32_t i = 0; i < index->part_count; i++) {
			if (index->parts[i].kind == kinds[k])
				reader_put(index, &index->parts[i]);
		}
		*ends[k] = index->reader_count;
	}
	for (int i = 0; i < index->slot_count; i++) {
		if (index->slots[i].part_count)
			index->asked[index->slots[i].mention] =
					(struct match_asked){ i, index->slots[i].mention };
	}
	return true;
}
