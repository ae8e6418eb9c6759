/* SPDX-License-Identifier: Apache-2.0 */
/* The file with the webhook's secrets: one a line, the newest first, so that they can be changed. */
#pragma once

#include "operations/webhook.h"

#define WEBHOOK_SECRET_LEAST 16
#define WEBHOOK_SECRET_MOST 200

struct webhook_secrets {
	char texts[WEBHOOK_SECRETS_MOST][WEBHOOK_SECRET_MOST + 1];
	size_t count;
};

/** ERROR_INVALID when the file, or a line of it, will not do; what it holds is never said. */
bool webhook_secrets_load(const char *path, struct webhook_secrets *out, struct error *err);
/** "v1=<hex>,v1=<hex>", one for each secret. */
bool webhook_secrets_sign(const struct webhook_secrets *secrets, int64_t timestamp,
		struct slice body, struct buffer *out, struct error *err);
