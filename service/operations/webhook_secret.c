/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/webhook_secret.h"

#include "operations/secret_file.h"

#include <string.h>

struct reading {
	struct webhook_secrets *secrets;
	const char *path;
};

static bool secret_take(void *context, char *line, unsigned number, struct error *err)
{
	struct reading *reading = context;
	struct webhook_secrets *secrets = reading->secrets;
	size_t size = strlen(line);

	(void)number;
	if (size < WEBHOOK_SECRET_LEAST || size > WEBHOOK_SECRET_MOST)
		return error_set(err, ERROR_INVALID,
				"%s: each secret, a line each, must have %d to %d bytes",
				reading->path, WEBHOOK_SECRET_LEAST, WEBHOOK_SECRET_MOST);
	if (secrets->count == WEBHOOK_SECRETS_MOST)
		return error_set(err, ERROR_INVALID, "%s: must hold at most %d secrets",
				reading->path, WEBHOOK_SECRETS_MOST);
	memcpy(secrets->texts[secrets->count++], line, size + 1);
	return true;
}

bool webhook_secrets_load(const char *path, struct webhook_secrets *out, struct error *err)
{
	struct reading reading = { out, path };
	bool ok;

	*out = (struct webhook_secrets){ 0 };
	ok = secret_file_read(path, secret_take, &reading, err) &&
	     (out->count > 0 || error_set(err, ERROR_INVALID, "%s: holds no secret", path));
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
