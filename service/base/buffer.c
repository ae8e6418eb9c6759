/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buffer_fini(struct buffer *buffer)
{
	memory_free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

bool buffer_reserve(struct buffer *buffer, size_t size)
{
	size_t want;
	char *data;

	if (buffer->failed)
		return false;
	if (__builtin_add_overflow(buffer->size, size, &want) || want >= SIZE_MAX / 2) {
		buffer->failed = true;
		return false;
	}
	if (want < buffer->capacity)
		return true;
	want = want + 1 < 64 ? 64 : want + 1;
	if (want < buffer->capacity * 2)
		want = buffer->capacity * 2;
	data = memory_resize(buffer->data, want);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = want;
	return true;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (!buffer_reserve(buffer, size))
		return;
	if (size)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_slice(struct buffer *buffer, struct slice slice)
{
	buffer_append(buffer, slice.data, slice.size);
}

void buffer_append_char(struct buffer *buffer, char c)
{
	buffer_append(buffer, &c, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	va_list again;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size >= 0 && buffer_reserve(buffer, (size_t)size)) {
		(void)vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
		buffer->size += (size_t)size;
	}
	va_end(again);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	assert(size <= buffer->size);
	buffer->size -= size;
	if (size && buffer->data)
		memmove(buffer->data, buffer->data + size, buffer->size + 1);
}
