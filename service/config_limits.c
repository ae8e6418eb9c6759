/* SPDX-License-Identifier: Apache-2.0 */
#include "config_limits.h"

#include "config_webhook.h"

#define MOST 1000000

void config_limits_init(struct config_limits *limits)
{
	*limits = (struct config_limits){
		.connections_most = 10000,
		.calls = 10000,
		.running = 1000,
		.heavy = 20,
		.heavy_running = 32,
		.handshake_ms = 10000,
		.stall_ms = 60000,
	};
}

const char *config_limits_set(struct config_limits *limits, enum config_limits_option option,
		const char *value)
{
	long *numbers[] = {
		[LIMITS_CALLS] = &limits->calls,
		[LIMITS_RUNNING] = &limits->running,
		[LIMITS_HEAVY] = &limits->heavy,
		[LIMITS_HEAVY_RUNNING] = &limits->heavy_running,
		[LIMITS_HANDSHAKE_MS] = &limits->handshake_ms,
		[LIMITS_STALL_MS] = &limits->stall_ms,
		[LIMITS_CONNECTIONS] = &limits->connections,
		[LIMITS_MAX_CONNECTIONS] = &limits->connections_most,
	};

	if (option == LIMITS_LOCAL)
		return config_parse_switch(value, &limits->local) ? NULL : "true or false";
	if (option == LIMITS_HANDSHAKE_MS || option == LIMITS_STALL_MS)
		return config_parse_number(value, 100, 3600000, numbers[option])
				       ? NULL
				       : "milliseconds from 100 to 3600000";
	if (option == LIMITS_MAX_CONNECTIONS)
		return config_parse_number(value, 1, MOST, numbers[option])
				       ? NULL
				       : "a number from 1 to 1000000";
	return config_parse_number(value, 0, MOST, numbers[option])
			       ? NULL
			       : "a number from 0 to 1000000";
}

void config_limits_print(const struct config_limits *limits, FILE *out)
{
	fprintf(out, "max-connections = %ld\n", limits->connections_most);
	fprintf(out, "limit-connections = %ld\n", limits->connections);
	fprintf(out, "limit-calls = %ld\n", limits->calls);
	fprintf(out, "limit-running = %ld\n", limits->running);
	fprintf(out, "limit-heavy = %ld\n", limits->heavy);
	fprintf(out, "limit-heavy-running = %ld\n", limits->heavy_running);
	fprintf(out, "handshake-ms = %ld\n", limits->handshake_ms);
	fprintf(out, "stall-ms = %ld\n", limits->stall_ms);
	fprintf(out, "limit-local = %s\n", limits->local ? "true" : "false");
}

struct rpc_quota_limits config_limits_quota(const struct config_limits *limits)
{
	return (struct rpc_quota_limits){
		.calls = (uint32_t)limits->calls,
		.running = (uint32_t)limits->running,
		.heavy = (uint32_t)limits->heavy,
		.heavy_running = (uint32_t)limits->heavy_running,
		.local = limits->local,
	};
}
