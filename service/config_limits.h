/* SPDX-License-Identifier: Apache-2.0 */
/* The options that limit each caller, for config.c. */
#pragma once

#include "config.h"
#include "rpc/quota.h"

enum config_limits_option {
	LIMITS_CALLS,
	LIMITS_RUNNING,
	LIMITS_HEAVY,
	LIMITS_HEAVY_RUNNING,
	LIMITS_LOCAL,
	LIMITS_CONNECTIONS,
	LIMITS_MAX_CONNECTIONS,
	LIMITS_HANDSHAKE_MS,
	LIMITS_STALL_MS,
	LIMITS_OPTION_COUNT,
};

void config_limits_init(struct config_limits *limits);
/** What the option must be when @value is no such thing; NULL: it is set. */
const char *config_limits_set(struct config_limits *limits, enum config_limits_option option,
		const char *value);
void config_limits_print(const struct config_limits *limits, FILE *out);
struct rpc_quota_limits config_limits_quota(const struct config_limits *limits);
