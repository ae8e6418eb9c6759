/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/secret_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool line_take(char *line, const char *path, unsigned number, secret_line_fn take,
		void *context, struct error *err)
{
	size_t size = strcspn(line, "\r\n");

	if (size > SECRET_LINE_MOST)
		return error_set(err, ERROR_INVALID, "%s:%u: a line has at most %d bytes", path,
				number, SECRET_LINE_MOST);
	line += strspn(line, " \t\r\n");
	size = strlen(line);
	while (size && strchr(" \t\r\n", line[size - 1]))
		line[--size] = '\0';
	return size == 0 || take(context, line, number, err);
}

static bool lines_read(FILE *file, const char *path, secret_line_fn take, void *context,
		struct error *err)
{
	/* A longer line comes in parts, of which the first is too long already. */
	char line[SECRET_LINE_MOST + 3];
	unsigned number = 0;
	bool ok = true;

	while (ok && fgets(line, sizeof(line), file))
		ok = line_take(line, path, ++number, take, context, err);
	explicit_bzero(line, sizeof(line));
	if (ok && ferror(file))
		ok = error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	return ok;
}

bool secret_file_read(const char *path, secret_line_fn take, void *context, struct error *err)
{
	FILE *file = fopen(path, "re");
	char bytes[BUFSIZ];
	struct stat stat;
	bool ok;

	if (!file)
		return error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	/* A buffer of our own, so that it can be wiped. */
	(void)setvbuf(file, bytes, _IOFBF, sizeof(bytes));
	ok = fstat(fileno(file), &stat) == 0 ||
	     error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	if (ok && stat.st_mode & S_IRWXO)
		ok = error_set(err, ERROR_INVALID,
				"%s: everybody on this machine may read or change it: chmod "
				"600",
				path);
	ok = ok && lines_read(file, path, take, context, err);
	fclose(file);
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}
