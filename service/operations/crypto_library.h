/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL as a service needs it: it takes its memory where we do, and is ready before anything is asked of it. */
#pragma once

#include <stdbool.h>

/**
 * First of all that a service does, once, before there are threads; @speaks_tls: as a server, or to whom it tells.
 * Without memory for it the process ends there, with a message and EXIT_FAILURE: OpenSSL 3.0 does not notice that
 * its own start has failed, and crashes in what it does next.
 */
void crypto_library_begin(bool speaks_tls);
