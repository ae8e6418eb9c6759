/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tokens: where a list goes on, and of what. Opaque to callers.
 *
 * A token carries the revision and the day of the first page, so that all pages of a list are of
 * one state of the catalog whatever is published between, and a hash of the question, so that a
 * token of another question is refused.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct page {
	int64_t revision;
	int64_t position; /* of the first entry of the page */
	int64_t day;	  /* since 1970-01-01 */
	uint64_t question;
};

#define PAGE_SIZE_MAX 1000

/** NULL when the arena is exhausted. */
char *page_print(const struct page *page, struct arena *arena);
/** false when @token is none of ours. */
bool page_parse(const char *token, struct page *out_page);
/** The size to use for what was asked; false when it is out of 0 to PAGE_SIZE_MAX. */
bool page_size(int32_t asked, size_t when_zero, size_t *out_size);
