/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/pool.h"

#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* What of a block is idle is hidden. */

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)64 << 10)

struct pool_block {
	struct pool_block *older;
	size_t size;
};

/* Stands before every piece, in use or idle. */
struct pool_piece {
	size_t size; /* of what follows; more than POOL_LARGEST: the machine's */
	struct pool_piece *next_idle;
};

static_assert(sizeof(struct pool_block) % 16 == 0, "pieces must stay aligned");
static_assert(sizeof(struct pool_piece) % 16 == 0, "pieces must stay aligned");

void pool_fini(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *older = pool->blocks->older;

		memory_show(pool->blocks + 1, pool->blocks->size);
		memory_free(pool->blocks);
		pool->blocks = older;
	}
	*pool = (struct pool){ 0 };
}

static bool pool_grow(struct pool *pool)
{
	size_t size = pool->block_size ? pool->block_size * 2 : FIRST_BLOCK;
	struct pool_block *block;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	block = memory_alloc(size);
	if (!block)
		return false;
	block->older = pool->blocks;
	block->size = size - sizeof(*block);
	pool->blocks = block;
	pool->block_size = size;
	pool->next = (char *)(block + 1);
	pool->end = (char *)block + size;
	memory_hide(pool->next, block->size);
	return true;
}

static struct pool_piece *piece_make(struct pool *pool, size_t size)
{
	struct pool_piece *piece;

	/* What is left of the old block is lost, less than one piece. */
	if ((size_t)(pool->end - pool->next) < sizeof(*piece) + size && !pool_grow(pool))
		return NULL;
	piece = (struct pool_piece *)(void *)pool->next;
	pool->next += sizeof(*piece) + size;
	memory_show(piece, sizeof(*piece));
	piece->size = size;
	return piece;
}

void *pool_alloc(struct pool *pool, size_t size)
{
	size_t steps = size ? (size + POOL_STEP - 1) / POOL_STEP : 1;
	struct pool_piece *piece;

	if (size <= POOL_LARGEST && memory_must_fail())
		return NULL;
	if (size > POOL_LARGEST) {
		piece = size < SIZE_MAX / 2 ? memory_alloc(sizeof(*piece) + size) : NULL;
		if (!piece)
			return NULL;
		piece->size = size;
		return piece + 1;
	}
	piece = pool->idle[steps];
	if (piece)
		pool->idle[steps] = piece->next_idle;
	else
		piece = piece_make(pool, steps * POOL_STEP);
	if (!piece)
		return NULL;
	memory_show(piece + 1, size);
	return piece + 1;
}

void *pool_alloc_zero(struct pool *pool, size_t count, size_t size)
{
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	memory = pool_alloc(pool, bytes);
	return memory ? memset(memory, 0, bytes) : NULL;
}

void *pool_resize(struct pool *pool, void *old, size_t size)
{
	struct pool_piece *piece = old ? (struct pool_piece *)old - 1 : NULL;
	void *memory;

	if (piece && piece->size > POOL_LARGEST && size > POOL_LARGEST) {
		piece = size < SIZE_MAX / 2 ? memory_resize(piece, sizeof(*piece) + size)
					    : NULL;
		if (!piece)
			return NULL;
		piece->size = size;
		return piece + 1;
	}
	if (piece && size <= piece->size && piece->size <= POOL_LARGEST) {
		memory_hide(old, piece->size);
		memory_show(old, size);
		return old;
	}
	memory = pool_alloc(pool, size);
	if (memory && piece) {
		memory_show(old, piece->size);
		memcpy(memory, old, piece->size < size ? piece->size : size);
		pool_free(pool, old);
	}
	return memory;
}

void pool_free(struct pool *pool, void *memory)
{
	struct pool_piece *piece = memory ? (struct pool_piece *)memory - 1 : NULL;

	if (!piece)
		return;
	if (piece->size > POOL_LARGEST) {
		memory_free(piece);
		return;
	}
	piece->next_idle = pool->idle[piece->size / POOL_STEP];
	pool->idle[piece->size / POOL_STEP] = piece;
	memory_hide(memory, piece->size);
}
