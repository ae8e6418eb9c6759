/* SPDX-License-Identifier: Apache-2.0 */
/* The options of operation, for config.c. */
#pragma once

#include "config.h"

enum config_operation_option {
	OPERATION_METRICS,
	OPERATION_INSECURE_METRICS,
	OPERATION_SLOW_CALL_MS,
	OPERATION_AUDIT_LOG,
	OPERATION_AUDIT_LOG_BYTES,
	OPERATION_OPTION_COUNT,
};

void config_operation_init(struct config_operation *operation);
/** What the option must be when @value is no such thing; NULL: it is set. */
const char *config_operation_set(struct config_operation *operation,
		enum config_operation_option option, const char *value);
/** What the options must be together. */
bool config_operation_check(const struct config_operation *operation, struct error *err);
void config_operation_print(const struct config_operation *operation, FILE *out);
