/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/webhook_secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool line_take(struct webhook_secrets *secrets, char *line, const char *path,
		struct error *err)
{
	size_t size;

	line += strspn(line, " \t\r\n");
	size = strlen(line);
	while (size && strchr(" \t\r\n", line[size - 1]))
		line[--size] = '\0';
	if (size == 0)
		return true;
	if (size < WEBHOOK_SECRET_LEAST || size > WEBHOOK_SECRET_MOST)
		return error_set(err, ERROR_INVALID,
				"%s: each secret, a line each, must have %d to %d bytes", path,
				WEBHOOK_SECRET_LEAST, WEBHOOK_SECRET_MOST);
	if (secrets->count == WEBHOOK_SECRETS_MOST)
		return error_set(err, ERROR_INVALID, "%s: must hold at most %d secrets", path,
				WEBHOOK_SECRETS_MOST);
	memcpy(secrets->texts[secrets->count++], line, size + 1);
	return true;
}

static bool lines_read(FILE *file, struct webhook_secrets *secrets, const char *path,
		struct error *err)
{
	char line[WEBHOOK_SECRET_MOST + 16];
	bool ok = true;

	/* A line longer than the room comes in parts, of which the first is too long already. */
	while (ok && fgets(line, sizeof(line), file))
		ok = line_take(secrets, line, path, err);
	explicit_bzero(line, sizeof(line));
	if (ok && ferror(file))
		ok = error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	return ok && (secrets->count > 0 || error_set(err, ERROR_INVALID, "%s: holds no secret",
							    path));
}

bool webhook_secrets_load(const char *path, struct webhook_secrets *out, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct stat stat;
	bool ok;

	*out = (struct webhook_secrets){ 0 };
	if (!file)
		return error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	ok = fstat(fileno(file), &stat) == 0 ||
	     error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (ok && stat.st_mode & S_IRWXO)
		ok = error_set(err, ERROR_INVALID,
				"%s: everybody on this machine may read or change it: chmod "
				"600",
				path);
	ok = ok && lines_read(file, out, path, err);
	fclose(file);
	if (!ok)
		explicit_bzero(out, sizeof(*out));
	return ok;
}

bool webhook_secrets_sign(const struct webhook_secrets *secrets, int64_t timestamp,
		struct slice body, struct buffer *out, struct error *err)
{
	char signature[WEBHOOK_SIGNATURE_SIZE];

	for (size_t i = 0; i < secrets->count; i++) {
		if (!webhook_sign(slice_from(secrets->texts[i]), timestamp, body, signature,
				    err))
			return false;
		buffer_format(out, "%sv1=%s", i ? "," : "", signature);
	}
	return !out->failed ||
	       error_set(err, ERROR_MEMORY, "out of memory while signing a delivery");
}
