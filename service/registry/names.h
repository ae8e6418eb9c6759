/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's own numbers for attributes: records hold them in place of names, so that they stay
 * readable whatever the catalog says later. A name never changes its number, list or period.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <stdint.h>

struct name {
	uint32_t id;	  /* from 1 */
	const char *list; /* "projects"; "": of the enterprise */
	const char *name;
	Policycalc__V1__Period period;
	bool is_stored; /* the database knows it */
};

struct names {
	struct arena arena;
	struct map map; /* "list/name" to struct name */
	struct name **list;
	size_t count; /* ids 1 to count */
	size_t capacity;
};

void names_init(struct names *names);
void names_fini(struct names *names);
/** NULL when there is none. */
struct name *names_find(const struct names *names, const char *list, const char *name);
/** Adds one under the next number; it is not stored yet. NULL when memory is short. */
struct name *names_add(struct names *names, struct slice list, struct slice name,
		Policycalc__V1__Period period);
/** NULL when there is no such number. */
static inline const struct name *names_get(const struct names *names, uint32_t id)
{
	return id >= 1 && id <= names->count ? names->list[id - 1] : NULL;
}
