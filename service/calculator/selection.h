/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that a request is about: all of them, or those it names by id or series. */
#pragma once

#include "calculator/ruleset.h"

struct selection {
	size_t index; /* among the ruleset's policies */
	bool by_id;   /* named itself, so that it is shown though superseded */
};

struct selections {
	struct selection *list; /* ascending, without duplicates; NULL: all policies */
	size_t count;
};

/** Whoever is named by id and by series is named by id. An unknown name is ERROR_NOT_FOUND. */
bool selections_read(const struct ruleset *ruleset, char *const *names, size_t count,
		struct arena *arena, struct selections *out_selections, struct error *err);

static inline size_t selections_count(
		const struct selections *selections, const struct ruleset *ruleset)
{
	return selections->list ? selections->count : ruleset->catalog.policy_count;
}

static inline struct selection selections_at(const struct selections *selections, size_t at)
{
	return selections->list ? selections->list[at] : (struct selection){ .index = at };
}
