/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lives and dies together, within a budget.
 *
 * All that is made while a call runs is made in its arena; nobody frees single pieces. An arena that
 * cannot grow (budget used up, or the machine gave nothing) returns NULL and stays marked exhausted:
 * the stage that notices ends that call with RESOURCE_EXHAUSTED. Pieces are aligned to 16 bytes.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define ARENA_ALIGN ((size_t)16)

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next;
	char *end;
	size_t budget; /* bytes it may take from the machine */
	size_t taken;
	size_t keep; /* size of the largest block to be kept for the next time; 0: the default */
	size_t expected; /* what it will take about; 0: nobody said */
	struct arena_block *
			spare; /* taken back by arena_rewind(), for the next to grow; or NULL */
	bool exhausted;
};

/** An empty arena; takes no memory yet. @budget in bytes. */
void arena_init(struct arena *arena, size_t budget);
/** Gives all memory back; the arena may be used again. */
void arena_fini(struct arena *arena);
/**
 * As arena_fini(), but for the oldest block, which goes to the caller, who frees it with memory_free(), with its
 * *@out_size bytes: for one who puts something else there, since the machine gives memory it has to clear. NULL: there
 * is none.
 */
void *arena_fini_but_first(struct arena *arena, size_t *out_size);
/** Forgets everything but keeps the largest block that is not too large, for the next call. */
void arena_reset(struct arena *arena);

/**
 * Takes a first block of @size bytes at once, and keeps it whenever @arena is reset: so large that what is
 * usually made in it takes no memory of the machine. Only of an empty arena. False when memory is short.
 */
bool arena_reserve(struct arena *arena, size_t size);

/**
 * Says that about @size bytes will be made in @arena: when they are many, they lie in large pages from the first on, where
 * otherwise only what is behind the first 4 MiB does. Takes no memory yet, and promises none.
 */
void arena_expect(struct arena *arena, size_t size);

/**
 * Takes over all that was made in @from, which is empty then: what threads made apart lives on together.
 * Together it must be within the budget of @arena, or @arena is exhausted.
 */
void arena_adopt(struct arena *arena, struct arena *from);

/* A place in an arena that it can be taken back to. */
struct arena_mark {
	struct arena_block *block;
	char *next;
};

/** The place where @arena stands now. */
struct arena_mark arena_mark(const struct arena *arena);
/**
 * Forgets all that was made since @mark, for a search that makes much and keeps little. An arena
 * that is exhausted stays so.
 */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/** NULL when exhausted. The bytes are not initialised. */
void *arena_alloc(struct arena *arena, size_t size);
/**
 * All that is free where the next piece will lie, at least @least bytes, for one who does not know yet how many
 * it takes: arena_alloc() of not more than *out_size then gives the same place. NULL when exhausted.
 */
char *arena_room(struct arena *arena, size_t least, size_t *out_size);
/** As arena_alloc(), zeroed; NULL also when count * size overflows. */
void *arena_alloc_zero(struct arena *arena, size_t count, size_t size);
/** A NUL-terminated copy. */
char *arena_copy(struct arena *arena, const char *data, size_t size);
char *arena_copy_text(struct arena *arena, const char *text);
/** A text as printf() makes it. Joined strings and plain numbers cost little. */
char *arena_format(struct arena *arena, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

/** Says "out of memory while <doing>" with ERROR_LIMIT; returns false. */
bool arena_error(const struct arena *arena, struct error *err, const char *doing);

/** One of its kind, or @count, zeroed. */
#define ARENA_NEW(arena, type) ((type *)arena_alloc_zero((arena), 1, sizeof(type)))
#define ARENA_NEW_ARRAY(arena, type, count)                                                    \
	((type *)arena_alloc_zero((arena), (count), sizeof(type)))
