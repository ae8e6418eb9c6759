/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* What of a block is not given out, or was taken back, is hidden. */

#define ARENA_FIRST_BLOCK ((size_t)4096)
#define ARENA_LARGEST_BLOCK ((size_t)1 << 20)
/* Of an arena that is large, or will be, and far from its budget: whole pages of 2 MiB, as many as it has by now. */
#define ARENA_LARGE_BLOCK ((size_t)16 << 20)
#define ARENA_LARGE_FROM ((size_t)4 << 20)
#define ARENA_KEEP ((size_t)32 << 10)

struct arena_block {
	struct arena_block *older;
	size_t size; /* of the bytes behind this header */
};

static_assert(sizeof(struct arena_block) % 16 == 0, "pieces must stay aligned");

static void block_free(struct arena_block *block)
{
	memory_show(block + 1, block->size);
	memory_free(block);
}

/* The rest of the newest block is nobody's. */
static void rest_hide(const struct arena *arena)
{
	if (arena->blocks)
		memory_hide(arena->next, (size_t)(arena->end - arena->next));
}

void arena_init(struct arena *arena, size_t budget)
{
	*arena = (struct arena){ .budget = budget };
}

void arena_fini(struct arena *arena)
{
	if (arena->spare)
		block_free(arena->spare);
	while (arena->blocks) {
		struct arena_block *older = arena->blocks->older;

		block_free(arena->blocks);
		arena->blocks = older;
	}
	arena_init(arena, arena->budget);
}

void *arena_fini_but_first(struct arena *arena, size_t *out_size)
{
	struct arena_block **link = &arena->blocks;
	struct arena_block *first;

	while (*link && (*link)->older)
		link = &(*link)->older;
	first = *link;
	*link = NULL;
	arena_fini(arena);
	if (!first)
		return NULL;
	memory_show(first + 1, first->size);
	*out_size = sizeof(*first) + first->size;
	return first;
}

static size_t arena_keep(const struct arena *arena)
{
	return arena->keep ? arena->keep : ARENA_KEEP;
}

/* Takes the block to be kept out of the list; NULL when all are too large. */
static struct arena_block *arena_take_kept(struct arena *arena)
{
	size_t most = arena_keep(arena);
	struct arena_block **kept = arena->spare ? &arena->spare : NULL;
	struct arena_block *block;

	for (struct arena_block **link = &arena->blocks; *link; link = &(*link)->older) {
		if ((*link)->size <= most && (!kept || (*link)->size > (*kept)->size))
			kept = link;
	}
	if (!kept)
		return NULL;
	block = *kept;
	*kept = block->older; /* of the spare one NULL */
	block->older = NULL;
	return block;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena_take_kept(arena);
	size_t keep = arena->keep;

	arena_fini(arena);
	arena->keep = keep;
	if (!kept)
		return;
	arena->blocks = kept;
	arena->next = (char *)(kept + 1);
	arena->end = arena->next + kept->size;
	arena->taken = sizeof(*kept) + kept->size;
	rest_hide(arena);
}

bool arena_reserve(struct arena *arena, size_t size)
{
	bool ok;

	assert(!arena->blocks);
	/* The block is a little larger than what is asked of it, and a small one lowers nothing. */
	arena->keep = 2 * size > ARENA_KEEP ? 2 * size : ARENA_KEEP;
	ok = arena_alloc(arena, size) != NULL;
	arena_reset(arena);
	return ok;
}

void arena_expect(struct arena *arena, size_t size)
{
	arena->expected = size;
}

void arena_adopt(struct arena *arena, struct arena *from)
{
	struct arena_block **oldest = &arena->blocks;

	if (!arena->blocks) {
		arena->next = from->next;
		arena->end = from->end;
	}
	while (*oldest)
		oldest = &(*oldest)->older;
	*oldest = from->blocks;
	arena->exhausted |= from->taken > arena->budget - arena->taken;
	arena->taken += from->taken;
	if (arena->taken > arena->budget)
		arena->taken = arena->budget;
	if (from->spare)
		block_free(from->spare);
	arena_init(from, from->budget);
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ arena->blocks, arena->next };
}

/* Keeps the block for the next to grow, when it is larger than the one that is kept. */
static void arena_spare(struct arena *arena, struct arena_block *block)
{
	struct arena_block *dropped = block;

	if (block->size <= arena_keep(arena) &&
			(!arena->spare || arena->spare->size < block->size)) {
		dropped = arena->spare;
		arena->spare = block;
		block->older = NULL;
	}
	if (dropped)
		block_free(dropped);
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->blocks != mark.block) {
		struct arena_block *newest = arena->blocks;

		assert(newest);
		arena->blocks = newest->older;
		arena->taken -= sizeof(*newest) + newest->size;
		arena_spare(arena, newest);
	}
	arena->next = mark.next;
	arena->end = mark.block ? (char *)(mark.block + 1) + mark.block->size : NULL;
	rest_hide(arena);
}

/* Whole pages of an arena that has, or will have, @extent bytes. */
static size_t large_block(size_t extent)
{
	return extent >= ARENA_LARGE_BLOCK ? ARENA_LARGE_BLOCK
					   : extent / MEMORY_LARGE_PAGE * MEMORY_LARGE_PAGE;
}

/* How large it is, or will be. */
static size_t arena_extent(const struct arena *arena)
{
	return arena->taken > arena->expected ? arena->taken : arena->expected;
}

/* Puts a block of at least @size free bytes in front. */
static bool arena_grow(struct arena *arena, size_t size)
{
	size_t left = arena->budget - arena->taken;
	size_t want = ARENA_FIRST_BLOCK - sizeof(struct arena_block);
	struct arena_block *block;

	if (arena->blocks) {
		want = arena->blocks->size * 2;
		if (want > ARENA_LARGEST_BLOCK)
			want = ARENA_LARGEST_BLOCK;
	}
	if (arena_extent(arena) >= ARENA_LARGE_FROM && left / 4 >= ARENA_LARGE_BLOCK)
		want = large_block(arena_extent(arena)) - sizeof(*block);
	if (want < size)
		want = size;
	if (left < sizeof(*block) || left - sizeof(*block) < size)
		return false;
	if (want > left - sizeof(*block))
		want = size;
	if (arena->spare && arena->spare->size >= size &&
			arena->spare->size <= left - sizeof(*block)) {
		block = arena->spare;
		arena->spare = NULL;
		want = block->size;
	} else {
		block = want >= MEMORY_LARGE_PAGE ? memory_alloc_pages(sizeof(*block) + want)
						  : memory_alloc(sizeof(*block) + want);
	}
	if (!block)
		return false;
	block->older = arena->blocks;
	block->size = want;
	arena->blocks = block;
	arena->taken += sizeof(*block) + want;
	arena->next = (char *)(block + 1);
	arena->end = arena->next + want;
	rest_hide(arena);
	return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t asked = size;
	void *piece;

	if (arena->exhausted)
		return NULL;
	if (size > SIZE_MAX / 2) {
		arena->exhausted = true;
		return NULL;
	}
	size = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	if (size == 0)
		size = ARENA_ALIGN;
	if ((size_t)(arena->end - arena->next) < size && !arena_grow(arena, size)) {
		arena->exhausted = true;
		return NULL;
	}
	piece = arena->next;
	arena->next += size;
	memory_show(piece, asked);
	return piece;
}

char *arena_room(struct arena *arena, size_t least, size_t *out_size)
{
	if (arena->exhausted)
		return NULL;
	if ((size_t)(arena->end - arena->next) < least &&
			(least > SIZE_MAX / 2 ||
					!arena_grow(arena,
							(least + ARENA_ALIGN - 1) &
									~(ARENA_ALIGN - 1)))) {
		arena->exhausted = true;
		return NULL;
	}
	*out_size = (size_t)(arena->end - arena->next);
	memory_show(arena->next, *out_size);
	return arena->next;
}

void *arena_alloc_zero(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	void *piece;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		arena->exhausted = true;
		return NULL;
	}
	piece = arena_alloc(arena, bytes);
	return piece ? memset(piece, 0, bytes) : NULL;
}

char *arena_copy(struct arena *arena, const char *data, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (!copy)
		return NULL;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

bool arena_error(const struct arena *arena, struct error *err, const char *doing)
{
	(void)arena;
	return error_set(err, ERROR_LIMIT, "out of memory while %s", doing);
}
