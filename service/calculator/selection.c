/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/selection.h"

#include <stdlib.h>

static int selection_compare(const void *a, const void *b)
{
	const struct selection *left = a;
	const struct selection *right = b;

	if (left->index != right->index)
		return left->index < right->index ? -1 : 1;
	return right->by_id - left->by_id;
}

static void selections_sort(struct selections *selections)
{
	size_t kept = 0;

	qsort(selections->list, selections->count, sizeof(*selections->list),
			selection_compare);
	for (size_t i = 0; i < selections->count; i++) {
		if (kept == 0 || selections->list[kept - 1].index != selections->list[i].index)
			selections->list[kept++] = selections->list[i];
	}
	selections->count = kept;
}

/* Its work is in proportion to what is named, not to the catalog: examples ask for one policy. */
bool selections_read(const struct ruleset *ruleset, char *const *names, size_t count,
		struct arena *arena, struct selections *out_selections, struct error *err)
{
	struct selections selections = { 0 };
	size_t most = 0;

	*out_selections = selections;
	if (count == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		const struct series *series =
				ruleset_find_series(ruleset, slice_from(names[i]));

		most += 1 + (series ? series->count : 0);
	}
	selections.list = ARENA_NEW_ARRAY(arena, struct selection, most);
	if (!selections.list)
		return arena_error(arena, err, "reading the request");
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_from(names[i]);
		const struct policy_rules *policy = ruleset_find_rules(ruleset, name);
		const struct series *series = ruleset_find_series(ruleset, name);

		if (!policy && !series)
			return error_set(err, ERROR_NOT_FOUND,
					"policies[%zu]: there is no policy or series of this "
					"name",
					i);
		if (policy)
			selections.list[selections.count++] = (struct selection){
				.index = (size_t)(policy - ruleset->policies),
				.by_id = true,
			};
		for (size_t k = 0; series && k < series->count; k++)
			selections.list[selections.count++] =
					(struct selection){ .index = series->policies[k] };
	}
	selections_sort(&selections);
	*out_selections = selections;
	return true;
}
