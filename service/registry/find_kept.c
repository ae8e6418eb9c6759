/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/find_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static int kept_compare(const struct kept *a, const struct kept *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

void kept_fini(struct kept_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++)
		memory_free((char *)(uintptr_t)heap->list[i].bytes.data);
	memory_free(heap->list);
}

bool kept_wants(const struct kept_heap *heap, int64_t first, int64_t second, int64_t id)
{
	struct kept kept = { .first = first, .second = second, .id = id };

	return heap->count < heap->most || kept_compare(&kept, &heap->list[0]) < 0;
}

static void kept_swap(struct kept *a, struct kept *b)
{
	struct kept c = *a;

	*a = *b;
	*b = c;
}

static void kept_up(struct kept_heap *heap, size_t at)
{
	while (at > 0 && kept_compare(&heap->list[at], &heap->list[(at - 1) / 2]) > 0) {
		kept_swap(&heap->list[at], &heap->list[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void kept_down(struct kept_heap *heap, size_t at)
{
	for (;;) {
		size_t worst = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
			if (child < heap->count && kept_compare(&heap->list[child],
								   &heap->list[worst]) > 0)
				worst = child;
		}
		if (worst == at)
			return;
		kept_swap(&heap->list[at], &heap->list[worst]);
		at = worst;
	}
}

static bool kept_reserve(struct kept_heap *heap)
{
	size_t capacity = heap->capacity ? heap->capacity * 2 : 64;
	struct kept *grown;

	if (heap->count < heap->capacity)
		return true;
	grown = memory_resize(heap->list, capacity * sizeof(*grown));
	if (!grown)
		return false;
	heap->list = grown;
	heap->capacity = capacity;
	return true;
}

bool kept_add(struct kept_heap *heap, const struct kept *kept)
{
	if (heap->count == heap->most && kept_compare(kept, &heap->list[0]) > 0) {
		memory_free((char *)(uintptr_t)kept->bytes.data);
		return true;
	}
	if (heap->count < heap->most) {
		if (!kept_reserve(heap))
			return false;
		heap->list[heap->count++] = *kept;
		kept_up(heap, heap->count - 1);
		return true;
	}
	memory_free((char *)(uintptr_t)heap->list[0].bytes.data);
	heap->list[0] = *kept;
	kept_down(heap, 0);
	return true;
}

bool kept_join(struct kept_heap *heap, struct kept_heap *from)
{
	while (from->count) {
		if (!kept_add(heap, &from->list[from->count - 1]))
			return false;
		from->count--;
	}
	return true;
}

static int on_compare(const void *a, const void *b)
{
	return kept_compare(a, b);
}

void kept_sort(struct kept_heap *heap)
{
	if (heap->count)
		qsort(heap->list, heap->count, sizeof(*heap->list), on_compare);
}
