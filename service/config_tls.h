/* SPDX-License-Identifier: Apache-2.0 */
/* Options of TLS; config.c knows their names, and where they come from. */
#pragma once

#include "config.h"

#define CONFIG_PLAIN_PREFIX "plain:"

enum config_tls_option {
	TLS_CERT,
	TLS_KEY,
	TLS_CLIENT_CA,
	TLS_CLIENT_CRL,
	TLS_OPTION_COUNT,
};

/** Takes @value, which lives on; false when it names no file. */
bool config_tls_set(struct config_tls *tls, enum config_tls_option option, const char *value);
/** When all sources are read: whether the options go together. */
bool config_tls_check(const struct config_tls *tls, struct error *err);
/** In the form of a file. */
void config_tls_print(const struct config_tls *tls, FILE *out);
/** Whether an address is plaintext whatever the options of TLS say. */
bool config_is_plain(const char *address);
