/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/match_work.h"

#include "base/memory.h"

/* Words are cleared one by one as long as they are fewer than this part of all. */
#define TOUCHED_SHARE 8

/* Zeroed, and counted. */
static void *room_new(struct match_work *work, size_t count, size_t size)
{
	work->size += count * size;
	return memory_alloc_zero(count, size);
}

static bool work_init(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t streams = index->stream_count + 1;
	size_t asked = index->mention_count + 1;
	size_t words = match_row_words(index) + 1;
	size_t seen = index->several_words + 1;
	/* What is found is listed before it is told apart. */
	size_t room = (size_t)MATCH_BLOCKS_AT_ONCE * MATCH_BLOCK < words * 64
				      ? (size_t)MATCH_BLOCKS_AT_ONCE * MATCH_BLOCK
				      : words * 64;
	size_t policies = index->policy_count + room + MATCH_LIST_STEP;
	size_t several = seen * 64 + room + MATCH_LIST_STEP;

	work->open = room_new(work, policies, sizeof(*work->open));
	if (!work->open)
		return false;
	for (size_t i = 0; index->simple && i < index->policy_count; i++)
		work->open[i] = (uint32_t)i;
	if (index->simple)
		return true;
	work->cells = room_new(work, index->number_count + 1, sizeof(*work->cells));
	work->ranks = room_new(work, index->number_count + 1, sizeof(*work->ranks));
	work->stream_rows = room_new(work, streams, sizeof(*work->stream_rows));
	work->rows = (const uint64_t **)room_new(work, streams, sizeof(*work->rows));
	work->known_rows =
			(const uint64_t **)room_new(work, streams, sizeof(*work->known_rows));
	work->known_numbers = room_new(work, streams, sizeof(*work->known_numbers));
	work->unknown = room_new(work, asked, sizeof(*work->unknown));
	work->odd_slots = room_new(work, asked, sizeof(*work->odd_slots));
	work->blocks = room_new(work, index->block_count + 1, sizeof(*work->blocks));
	work->vetoes = room_new(work, 2 * words, sizeof(*work->vetoes));
	work->seen_eligible = room_new(work, seen, sizeof(uint64_t));
	work->seen_undecided = room_new(work, seen, sizeof(uint64_t));
	work->seen_odd = room_new(work, seen, sizeof(uint64_t));
	work->several = room_new(work, several, sizeof(*work->several));
	work->maybe = room_new(work, several, sizeof(*work->maybe));
	work->odd = room_new(work, several, sizeof(*work->odd));
	work->eligible = room_new(work, policies, sizeof(*work->eligible));
	work->undecided = room_new(work, policies, sizeof(*work->undecided));
	work->touched_most = words / TOUCHED_SHARE < MATCH_TOUCHED_MOST ? words / TOUCHED_SHARE
									: MATCH_TOUCHED_MOST;
	match_work_join_all(work);
	return work->cells && work->ranks && work->stream_rows && work->rows &&
	       work->known_rows && work->known_numbers && work->unknown && work->odd_slots &&
	       work->blocks && work->vetoes && work->seen_eligible && work->seen_undecided &&
	       work->seen_odd && work->several && work->maybe && work->odd && work->eligible &&
	       work->undecided;
}

struct match_work *match_work_new(const struct match_index *index)
{
	struct match_work *work = memory_alloc_zero(1, sizeof(*work));

	if (!work)
		return NULL;
	work->index = index;
	work->size = sizeof(*work);
	if (work_init(work))
		return work;
	match_work_free(work);
	return NULL;
}

size_t match_work_size(const struct match_work *work)
{
	return work->size;
}

void match_work_free(struct match_work *work)
{
	if (!work)
		return;
	memory_free(work->cells);
	memory_free(work->ranks);
	memory_free(work->stream_rows);
	memory_free((void *)work->rows);
	memory_free((void *)work->known_rows);
	memory_free(work->known_numbers);
	memory_free(work->unknown);
	memory_free(work->odd_slots);
	memory_free(work->blocks);
	memory_free(work->vetoes);
	memory_free(work->seen_eligible);
	memory_free(work->seen_undecided);
	memory_free(work->seen_odd);
	memory_free(work->several);
	memory_free(work->maybe);
	memory_free(work->odd);
	memory_free(work->eligible);
	memory_free(work->undecided);
	memory_free(work->open);
	memory_free(work);
}
