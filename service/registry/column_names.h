/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts with numbers, for the whole of a column cache: the codes that rows have, and the names of
 * columns. A number once given stays, so that images of blocks can rest on it.
 *
 * Any thread may ask and add. What column_names_list() gives stays valid and unchanged until
 * column_names_fini(): arrays that grew too small are kept, which costs at most as much again.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"

#include <pthread.h>
#include <stdint.h>

struct column_names {
	uint64_t number;      /* of no other names in this process; not 0 */
	pthread_mutex_t lock; /* guards all below */
	struct arena arena;
	struct map numbers; /* text to number + 1 */
	struct slice *list;
	size_t count;
	size_t capacity;
};

#define COLUMN_NAME_NONE UINT32_MAX

void column_names_init(struct column_names *names);
void column_names_fini(struct column_names *names);
/** The number of @text; COLUMN_NAME_NONE when it has none. */
uint32_t column_names_find(struct column_names *names, struct slice text);
/**
 * The number of @text, which is copied and given one when it is new. ERROR_LIMIT when there are too many, ERROR_MEMORY
 * when the machine gives no memory; the next one may fit again.
 */
bool column_names_add(struct column_names *names, struct slice text, uint32_t *out_number,
		struct error *err);
/** Borrowed, see above. */
const struct slice *column_names_list(struct column_names *names, size_t *out_count);
