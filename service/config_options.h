/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the service: what each is called, and what --help says of it. */
#pragma once

#include "config_limits.h"
#include "config_operation.h"
#include "config_tls.h"
#include "config_webhook.h"

#include <stddef.h>

enum option_id {
	OPTION_DATA,
	OPTION_LISTEN,
	OPTION_THREADS,
	OPTION_STARTER,
	OPTION_GRACE_MS,
	OPTION_LAME_DUCK_MS,
	OPTION_PING_INTERVAL_MS,
	OPTION_IDLE_PING_INTERVAL_MS,
	OPTION_COMPRESS_ABOVE,
	OPTION_LOG_LEVEL,
	OPTION_TOKENS,
	OPTION_FOUR_EYES,
	OPTION_INSECURE_PLAINTEXT,
	OPTION_REUSE_PORT,
	OPTION_NO_REFLECTION,
	/* Those of the limits, in the order of enum config_limits_option. */
	OPTION_LIMITS,
	/* Those of operation, in the order of enum config_operation_option. */
	OPTION_OPERATION = OPTION_LIMITS + LIMITS_OPTION_COUNT,
	/* Those of TLS, in the order of enum config_tls_option. */
	OPTION_TLS = OPTION_OPERATION + OPERATION_OPTION_COUNT,
	/* Those of the webhook, in the order of enum config_webhook_option. */
	OPTION_WEBHOOK = OPTION_TLS + TLS_OPTION_COUNT,
	OPTION_CONFIG = OPTION_WEBHOOK + WEBHOOK_OPTION_COUNT,
	OPTION_COUNT,
};

struct option {
	const char *name;	 /* "listen": --listen in a command line, listen in a file */
	const char *environment; /* "POLICYCALC_LISTEN" */
	const char *value; /* what it takes, for --help; NULL: nothing, in a command line */
	const char *help;
};

/** @id: one of those before OPTION_COUNT. */
const struct option *option_of(enum option_id id);
/** The option of that name, which has no "--" in front; OPTION_COUNT: there is none. */
enum option_id option_find(const char *name, size_t size);
