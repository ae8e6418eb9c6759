/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)16 << 20)

bool file_read(const char *path, struct buffer *out, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "rb");
	char bytes[16384];
	size_t size;
	int failure = 0;

	if (!file)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	while (out->size <= FILE_LIMIT && (size = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(out, bytes, size);
	if (ferror(file))
		failure = errno ? errno : EIO;
	if (!standard)
		(void)fclose(file);
	if (failure)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(failure));
	if (out->size > FILE_LIMIT)
		return error_set(err, ERROR_LIMIT, "%s: larger than 16 MiB", path);
	return !out->failed || error_set(err, ERROR_MEMORY, "%s: out of memory", path);
}

static bool path_stays_below(const char *path)
{
	if (!*path || *path == '/')
		return false;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 0 || (size == 1 && path[0] == '.') ||
				(size == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += size;
		if (*path == '/' && !*++path)
			return false;
	}
	return true;
}

/* Makes every folder on the way to the file. */
static bool folders_make(char *path, struct error *err)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
		*slash = '/';
	}
	return true;
}

bool file_write_below(const char *directory, const char *path, struct slice content,
		struct error *err)
{
	struct buffer whole = { 0 };
	FILE *file = NULL;
	bool ok = false;

	if (!path_stays_below(path))
		return error_set(err, ERROR_INVALID, "the path '%s' leaves the folder", path);
	buffer_format(&whole, "%s/%s", directory, path);
	if (whole.failed) {
		(void)error_set(err, ERROR_MEMORY, "out of memory");
		goto out;
	}
	if (!folders_make(whole.data, err))
		goto out;
	file = fopen(whole.data, "wb");
	if (!file) {
		(void)error_set(err, ERROR_IO, "%s: %s", whole.data, strerror(errno));
		goto out;
	}
	ok = content.size == 0 || fwrite(content.data, 1, content.size, file) == content.size;
	ok = fclose(file) == 0 && ok;
	if (!ok)
		(void)error_set(err, ERROR_IO, "%s: %s", whole.data, strerror(errno));
out:
	buffer_fini(&whole);
	return ok;
}
