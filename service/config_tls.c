/* SPDX-License-Identifier: Apache-2.0 */
#include "config_tls.h"

#include <string.h>

bool config_tls_set(struct config_tls *tls, enum config_tls_option option, const char *value)
{
	switch (option) {
	case TLS_CERT:
		tls->certificate = value;
		break;
	case TLS_KEY:
		tls->key = value;
		break;
	case TLS_CLIENT_CA:
		tls->client_authorities = value;
		break;
	case TLS_CLIENT_CRL:
		tls->client_revoked = value;
		break;
	case TLS_OPTION_COUNT:
		return false;
	}
	return value[0] != '\0';
}

bool config_tls_check(const struct config_tls *tls, struct error *err)
{
	if (!tls->certificate != !tls->key)
		return error_set(err, ERROR_INVALID,
				"tls-cert and tls-key: both must be given, or none");
	if (tls->client_authorities && !tls->certificate)
		return error_set(err, ERROR_INVALID,
				"tls-client-ca: needs tls-cert and tls-key");
	if (tls->client_revoked && !tls->client_authorities)
		return error_set(err, ERROR_INVALID, "tls-client-crl: needs tls-client-ca");
	return true;
}

void config_tls_print(const struct config_tls *tls, FILE *out)
{
	if (tls->certificate)
		fprintf(out, "tls-cert = %s\n", tls->certificate);
	if (tls->key)
		fprintf(out, "tls-key = %s\n", tls->key);
	if (tls->client_authorities)
		fprintf(out, "tls-client-ca = %s\n", tls->client_authorities);
	if (tls->client_revoked)
		fprintf(out, "tls-client-crl = %s\n", tls->client_revoked);
}

bool config_is_plain(const char *address)
{
	return strncmp(address, CONFIG_PLAIN_PREFIX, strlen(CONFIG_PLAIN_PREFIX)) == 0 ||
	       strncmp(address, "unix:", 5) == 0;
}
