/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for planes. Few policies need little of it; of many the planes are more than small pages whose
 * addresses the machine remembers, so that the rest comes in large ones, of which it needs two or three.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#define POOL_WORDS ((size_t)256 * BLOCK_WORDS)
#define SMALL_CHUNKS 2
#define LARGE_WORDS (2 * MEMORY_LARGE_PAGE / sizeof(uint64_t))
#define LINE_WORDS ((size_t)8)

static bool chunk_take(struct plane_chunk *chunk, size_t words, bool large)
{
	size_t unit = large ? MEMORY_LARGE_PAGE : LINE_WORDS * sizeof(uint64_t);
	size_t size;

	chunk->size = large ? LARGE_WORDS : POOL_WORDS;
	if (chunk->size < words)
		chunk->size = words;
	size = chunk->size * sizeof(uint64_t);
	chunk->memory = memory_alloc(size + unit);
	if (!chunk->memory)
		return false;
	chunk->words = chunk->memory + -(uintptr_t)chunk->memory % unit / sizeof(uint64_t);
	if (large)
		memory_join_pages(chunk->words, size);
	return true;
}

uint64_t *pool_take(struct plane_pool *pool, size_t words)
{
	struct plane_chunk *chunks;
	uint64_t *room;

	words = (words + LINE_WORDS - 1) / LINE_WORDS * LINE_WORDS;
	while (pool->chunk < pool->chunk_count &&
			pool->chunks[pool->chunk].size - pool->next < words) {
		pool->chunk++;
		pool->next = 0;
	}
	if (pool->chunk == pool->chunk_count) {
		chunks = memory_resize(
				pool->chunks, (pool->chunk_count + 1) * sizeof(*pool->chunks));
		if (!chunks)
			return NULL;
		pool->chunks = chunks;
		if (!chunk_take(&chunks[pool->chunk_count], words,
				    pool->chunk_count >= SMALL_CHUNKS))
			return NULL;
		pool->chunk_count++;
	}
	room = pool->chunks[pool->chunk].words + pool->next;
	pool->next += words;
	return room;
}

void plane_pool_reset(struct plane_pool *pool)
{
	pool->chunk = 0;
	pool->next = 0;
}

void plane_pool_fini(struct plane_pool *pool)
{
	for (size_t i = 0; i < pool->chunk_count; i++)
		memory_free(pool->chunks[i].memory);
	memory_free(pool->chunks);
}

struct block_mark block_mark(const struct block *block)
{
	return (struct block_mark){ block->scratch.chunk, block->scratch.next };
}

void block_rewind(struct block *block, struct block_mark mark)
{
	block->scratch.chunk = mark.chunk;
	block->scratch.next = mark.next;
}

uint64_t *block_room(struct block *block, size_t words)
{
	return pool_take(&block->kept, words);
}

uint64_t *block_pack(struct block *block, const uint64_t *plane)
{
	struct plane_pool *pool = &block->kept;
	uint64_t *room = pool_take(pool, PLANE_PACKED_MOST);
	size_t words;

	if (!room)
		return NULL;
	/* What it does not fill up is given back. */
	words = plane_pack(plane, room);
	pool->next = (size_t)(room - pool->chunks[pool->chunk].words) +
		     (words + LINE_WORDS - 1) / LINE_WORDS * LINE_WORDS;
	return room;
}
