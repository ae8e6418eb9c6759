/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_descriptor.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool column_error(struct error *err, const char *doing, const char *path, int number)
{
	return error_set(err, error_code_of_system(number), "cannot %s %s: %s", doing, path,
			strerror(number));
}

struct column_descriptor *column_descriptor_open(const char *path, int flags, struct error *err)
{
	struct column_descriptor *descriptor = memory_alloc(sizeof(*descriptor));

	if (!descriptor) {
		error_set(err, ERROR_MEMORY, "out of memory while opening %s", path);
		return NULL;
	}
	atomic_init(&descriptor->references, 1);
	descriptor->number =
			open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (descriptor->number >= 0)
		return descriptor;
	column_error(err, "open", path, errno);
	memory_free(descriptor);
	return NULL;
}

void column_descriptor_unref(struct column_descriptor *descriptor)
{
	if (!descriptor || atomic_fetch_sub(&descriptor->references, 1) != 1)
		return;
	(void)close(descriptor->number);
	memory_free(descriptor);
}

int column_descriptor_read(const struct column_descriptor *descriptor, uint64_t offset,
		size_t size, void *to)
{
	char *next = to;

	while (size > 0) {
		ssize_t got = pread(descriptor->number, next, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		next += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 1;
}

bool column_descriptor_write(const struct column_descriptor *descriptor, uint64_t offset,
		const void *from, size_t size)
{
	const char *next = from;

	while (size > 0) {
		ssize_t put = pwrite(descriptor->number, next, size, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		next += put;
		offset += (uint64_t)put;
		size -= (size_t)put;
	}
	return true;
}
