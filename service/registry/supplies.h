/* SPDX-License-Identifier: Apache-2.0 */
/* Who supplied values and when: the imports, by number. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct supply {
	uint32_t id;	      /* number of the import */
	const char *supplier; /* for people */
	const char *day;      /* the day its values hold for, "YYYY-MM-DD" */
	int64_t days;	      /* the same, since 1970 */
	const char *started_at;
	bool sample;
};

struct supplies {
	struct arena arena;
	struct supply **list; /* by number; NULL: an import that changed nothing */
	size_t capacity;
};

void supplies_init(struct supplies *supplies);
void supplies_fini(struct supplies *supplies);
/** Copies texts. NULL when memory is short. */
const struct supply *supplies_add(struct supplies *supplies, const struct supply *supply);
/** NULL when there is none. */
static inline const struct supply *supplies_get(const struct supplies *supplies, uint32_t id)
{
	return id < supplies->capacity ? supplies->list[id] : NULL;
}
