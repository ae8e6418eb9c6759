/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the webhook; config.c knows their names, and where they come from. */
#pragma once

#include "config.h"

enum config_webhook_option {
	WEBHOOK_URL,
	WEBHOOK_SECRET,
	WEBHOOK_CA,
	WEBHOOK_TIMEOUT_MS,
	WEBHOOK_CONCURRENCY,
	WEBHOOK_ATTEMPTS,
	WEBHOOK_RETRY_MS,
	WEBHOOK_RETRY_MOST_MS,
	WEBHOOK_KINDS,
	WEBHOOK_REGION,
	WEBHOOK_INSECURE_PLAINTEXT,
	WEBHOOK_OPTION_COUNT,
};

/** Zeroed, it gets what holds when nothing is said. */
void config_webhook_init(struct config_webhook *webhook);
/** Takes @value, which lives on; NULL, or what it must be. */
const char *config_webhook_set(struct config_webhook *webhook,
		enum config_webhook_option option, const char *value);
/** When all sources are read: whether the options go together. */
bool config_webhook_check(const struct config_webhook *webhook, struct error *err);
/** In the form of a file; never what is in the secret file. */
void config_webhook_print(const struct config_webhook *webhook, FILE *out);

/* Of config_value.c, for values of a kind that other options have, too. */
bool config_parse_number(const char *text, long least, long most, long *out_number);
bool config_parse_switch(const char *text, bool *out_value);
