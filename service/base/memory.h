/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where all memory of our own comes from, so that a test can fail the n-th allocation.
 *
 * In the service a failing allocation ends a call or a connection, never the process.
 */
#pragma once

#include <stddef.h>

/** As malloc, calloc, realloc, free. NULL when the machine, or the test, gives none. */
void *memory_alloc(size_t size);
void *memory_alloc_zero(size_t count, size_t size);
void *memory_resize(void *old, size_t size);
void memory_free(void *memory);

/**
 * How often there was none for this thread since it began: for those that use a library which takes its memory
 * here, on the thread that calls it, and tells of it as of something else, or not at all. What other threads, and so
 * other databases, were refused is none of theirs.
 */
unsigned long memory_refusals(void);

/**
 * Ends the process with a message and EXIT_FAILURE: for the start of libraries that do not survive it when there is
 * none. Does not return.
 */
void memory_give_up(void) __attribute__((noreturn));

/**
 * Whether the test wants the next piece to fail; counts as an allocation. For those that have pieces of
 * their own out of larger ones.
 */
int memory_must_fail(void);

/*
 * For those that cut pieces out of larger ones, which are one piece to AddressSanitizer: what is hidden
 * nobody may look at until it is shown again, or whoever does is found. Nothing elsewhere.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define memory_hide(from, size) ASAN_POISON_MEMORY_REGION(from, size)
#define memory_show(from, size) ASAN_UNPOISON_MEMORY_REGION(from, size)
#else
#define memory_hide(from, size) ((void)(from), (void)(size))
#define memory_show(from, size) ((void)(from), (void)(size))
#endif

/**
 * Asks for pages of 2 MiB for what of @room is whole such ones, before it is touched: what is gone through in no order
 * then takes the processor fewer searches for where it lies, and the kernel far fewer faults. Only advice: the room is
 * the same without. For what will be filled; of what is touched here and there each touch takes a page.
 */
void memory_join_pages(void *room, size_t size);
#define MEMORY_LARGE_PAGE ((size_t)2 << 20)
/** As memory_alloc(), for what will be filled: it begins with a page of 2 MiB, and lies in such as far as it goes. */
void *memory_alloc_pages(size_t size);
/** As memory_alloc_zero(), for what will be filled: if it takes a page of 2 MiB or more, it lies in such. */
void *memory_alloc_zero_pages(size_t count, size_t size);

/** A copy of @size bytes with a NUL behind them, to be freed with memory_free(). NULL if none. */
char *memory_copy(const char *data, size_t size);

/**
 * For tests: the @nth allocation from now on fails (1 is the next), and so does every one after it
 * when @persistent. 0 ends it. Returns how many allocations there were since the last call.
 */
unsigned long memory_fail_nth(unsigned long nth, int persistent);
