/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes, not NUL-terminated: good for as long as its owner says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data;
	size_t size;
};

#define SLICE_LITERAL(text) ((struct slice){ (text), sizeof(text) - 1 })
/* For printf("%.*s", SLICE_PRINT(slice)). */
#define SLICE_PRINT(slice) (int)(slice).size, (slice).data

static inline struct slice slice_from(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_equals_text(struct slice a, const char *text)
{
	/* Byte by byte: most texts that are compared so differ in the first. */
	for (size_t i = 0; i < a.size; i++) {
		if (!text[i] || text[i] != a.data[i])
			return false;
	}
	return !text[a.size];
}

/** Bytewise order, shorter first; <0, 0, >0 as memcmp. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t least = a.size < b.size ? a.size : b.size;
	int order = least ? memcmp(a.data, b.data, least) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool slice_starts_with(struct slice a, struct slice prefix)
{
	return a.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}
