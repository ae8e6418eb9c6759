/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/list.h"

#include <string.h>

bool list_add_page(struct list *list, void *items, size_t count)
{
	size_t wanted = list->count + count;

	if (count == 0)
		return true;
	if (wanted > list->capacity) {
		void **grown = ARENA_NEW_ARRAY(&list->arena, void *, wanted * 2);

		if (!grown)
			return false;
		if (list->count)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
		list->capacity = wanted * 2;
	}
	memcpy(list->items + list->count, items, count * sizeof(*list->items));
	list->count = wanted;
	return true;
}

bool page_is_last(const char *token, const char *before)
{
	return !*token || strcmp(token, before) == 0;
}
