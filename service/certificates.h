/* SPDX-License-Identifier: Apache-2.0 */
/* The service's certificates: from the options to transport/tls.h, with word of what will soon trouble. */
#pragma once

#include "config.h"
#include "transport/server.h"
#include "transport/tls.h"

/** false: the files will not do. *@out_tls is NULL when the options ask for no TLS. To be freed after the server. */
bool certificates_open(
		const struct config_tls *config, struct tls **out_tls, struct error *err);
/** On SIGHUP; the log says how it went. Clients that are revoked by now are told to go. @tls may be NULL. */
void certificates_reload(struct tls *tls, struct server *server);
/** What will soon trouble, once a day: @last is when it was told, and is set. @tls may be NULL. */
void certificates_remind(const struct tls *tls, int64_t now, int64_t *last);
/** Opens the files and closes them; what will soon trouble is told on @out. */
bool certificates_check(const struct config_tls *config, FILE *out, struct error *err);
