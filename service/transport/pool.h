/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one session: pieces that come and go with every call, out of blocks that stay.
 *
 * nghttp2 takes eight pieces a call and gives them back. Here they go to a list by size and come from it
 * again, so that a session asks the machine for memory only while it grows. All pieces go with the pool.
 * Large ones (a session has few, and keeps them) are the machine's. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define POOL_STEP ((size_t)64)	    /* sizes of pieces are whole multiples */
#define POOL_LARGEST ((size_t)1024) /* larger ones are the machine's */

struct pool_block;
struct pool_piece;

struct pool {
	struct pool_block *blocks;
	char *next, *end;  /* of the newest block, what nobody had yet */
	size_t block_size; /* of the newest block */
	struct pool_piece *idle[POOL_LARGEST / POOL_STEP + 1]; /* by multiples of the step */
};

/** Zeroed is a valid empty pool. Pieces larger than POOL_LARGEST must be back. */
void pool_fini(struct pool *pool);
/** As malloc, calloc, realloc, free; aligned to 16 bytes. */
void *pool_alloc(struct pool *pool, size_t size);
void *pool_alloc_zero(struct pool *pool, size_t count, size_t size);
void *pool_resize(struct pool *pool, void *old, size_t size);
void pool_free(struct pool *pool, void *memory);
