/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes that owns its memory. Always NUL-terminated once something was added.
 *
 * Appending never fails on the spot: a buffer that could not grow keeps what it has and is marked
 * ->failed, which the owner looks at once, at the end.
 */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;
	size_t size;
	size_t capacity;
	bool failed;
};

/** Zeroed is a valid empty buffer: struct buffer text = { 0 }. */
void buffer_fini(struct buffer *buffer);
/** Forgets the bytes, keeps the memory. */
void buffer_clear(struct buffer *buffer);
/** Room for @size more bytes; false when there is none (and marks it failed). */
bool buffer_reserve(struct buffer *buffer, size_t size);
void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_slice(struct buffer *buffer, struct slice slice);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_format(struct buffer *buffer, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/** Drops the first @size bytes. */
void buffer_consume(struct buffer *buffer, size_t size);
