/* SPDX-License-Identifier: Apache-2.0 */
/* What a list that is read page after page is: its arena, and one array of messages. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct arena arena; /* first, as handle_new() wants it */
	void **items;
	size_t count;
	size_t capacity;
};

/** Adds the @count messages that @items points to. false when memory is short. */
bool list_add_page(struct list *list, void *items, size_t count);

/** Whether no page follows. A service that repeats a page would else be asked for ever. */
bool page_is_last(const char *token, const char *before);
