/* SPDX-License-Identifier: Apache-2.0 */
#include "config_operation.h"

#include "config_tls.h"
#include "config_webhook.h"

#include <string.h>

void config_operation_init(struct config_operation *operation)
{
	*operation = (struct config_operation){
		.slow_call_ms = 1000, .audit_log = "", .audit_log_bytes = 64L << 20
	};
}

const char *config_operation_set(struct config_operation *operation,
		enum config_operation_option option, const char *value)
{
	switch (option) {
	case OPERATION_METRICS:
		/* As it may stand before a --listen; there is no TLS here anyway. */
		if (strncmp(value, CONFIG_PLAIN_PREFIX, strlen(CONFIG_PLAIN_PREFIX)) == 0)
			value += strlen(CONFIG_PLAIN_PREFIX);
		operation->metrics = *value ? value : NULL;
		return NULL;
	case OPERATION_INSECURE_METRICS:
		return config_parse_switch(value, &operation->insecure_metrics)
				       ? NULL
				       : "true or false";
	case OPERATION_SLOW_CALL_MS:
		return config_parse_number(value, 1, 3600000, &operation->slow_call_ms)
				       ? NULL
				       : "milliseconds from 1 to 3600000";
	case OPERATION_AUDIT_LOG:
		operation->audit_log = value;
		return *value ? NULL : "a file, or none";
	case OPERATION_AUDIT_LOG_BYTES:
		return config_parse_number(value, 0, 1L << 40, &operation->audit_log_bytes)
				       ? NULL
				       : "bytes, at most 1099511627776; 0: any number";
	case OPERATION_OPTION_COUNT:
		break;
	}
	return "an option";
}

bool config_operation_check(const struct config_operation *operation, struct error *err)
{
	if (operation->metrics && !operation->insecure_metrics &&
			!config_is_local(operation->metrics))
		return error_set(err, ERROR_INVALID,
				"metrics: %s can be reached from other machines, and who asks "
				"there is not asked for a token; --insecure-metrics allows it",
				operation->metrics);
	return true;
}

void config_operation_print(const struct config_operation *operation, FILE *out)
{
	if (operation->metrics)
		fprintf(out, "metrics = %s\n", operation->metrics);
	fprintf(out, "insecure-metrics = %s\n", operation->insecure_metrics ? "true" : "false");
	fprintf(out, "slow-call-ms = %ld\n", operation->slow_call_ms);
	if (*operation->audit_log)
		fprintf(out, "audit-log = %s\n", operation->audit_log);
	fprintf(out, "audit-log-bytes = %ld\n", operation->audit_log_bytes);
}
