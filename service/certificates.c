/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates.h"

#include <time.h>

#define DAY_SECONDS 86400

static struct tls *open_files(const struct config_tls *config, struct error *err)
{
	const struct tls_options options = {
		.certificate = config->certificate,
		.key = config->key,
		.client_authorities = config->client_authorities,
		.client_revoked = config->client_revoked,
	};

	return tls_open(&options, err);
}

static void warn(const struct tls *tls, int64_t now)
{
	struct error warning;

	if (tls_warn(tls, now, &warning))
		log_event(LOG_LEVEL_WARNING, "certificates_warning",
				LOG_TEXT("message", warning.message));
	if (tls_warn_authorities(tls, &warning))
		log_event(LOG_LEVEL_WARNING, "certificates_warning",
				LOG_TEXT("message", warning.message));
	if (tls_warn_revoked(tls, now, &warning))
		log_event(LOG_LEVEL_WARNING, "certificates_warning",
				LOG_TEXT("message", warning.message));
}

static void tell(const struct tls *tls, const char *event)
{
	log_event(LOG_LEVEL_INFO, event, LOG_NUMBER("not_after", tls_not_after(tls)));
	warn(tls, (int64_t)time(NULL));
}

void certificates_remind(const struct tls *tls, int64_t now, int64_t *last)
{
	/* A clock that was set back is no reason to be silent. */
	if (!tls || (now >= *last && now < *last + DAY_SECONDS))
		return;
	*last = now;
	warn(tls, now);
}

bool certificates_open(const struct config_tls *config, struct tls **out_tls, struct error *err)
{
	*out_tls = NULL;
	if (!config->certificate)
		return true;
	*out_tls = open_files(config, err);
	if (*out_tls)
		tell(*out_tls, "certificates_loaded");
	return *out_tls != NULL;
}

void certificates_reload(struct tls *tls, struct server *server)
{
	struct error err;

	if (!tls)
		return;
	if (!tls_reload(tls, &err)) {
		log_event(LOG_LEVEL_ERROR, "certificates_not_reloaded",
				LOG_TEXT("message", err.message));
		return;
	}
	tell(tls, "certificates_reloaded");
	if (!server_review_certificates(server))
		log_event(LOG_LEVEL_ERROR, "connections_not_reviewed",
				LOG_TEXT("message", "clients whose certificate will not do any "
						    "more may still be connected"));
}

bool certificates_check(const struct config_tls *config, FILE *out, struct error *err)
{
	struct error warning;
	struct tls *tls;

	if (!config->certificate)
		return true;
	tls = open_files(config, err);
	if (!tls)
		return false;
	if (tls_warn(tls, (int64_t)time(NULL), &warning))
		fprintf(out, "warning: %s\n", warning.message);
	if (tls_warn_authorities(tls, &warning))
		fprintf(out, "warning: %s\n", warning.message);
	if (tls_warn_revoked(tls, (int64_t)time(NULL), &warning))
		fprintf(out, "warning: %s\n", warning.message);
	tls_free(tls);
	return true;
}
