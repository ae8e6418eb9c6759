/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a policycalc service. */
#ifndef POLICYCALC_CLIENT_H
#define POLICYCALC_CLIENT_H

#include "policycalc/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A connection; every handle made from it must be freed before it. */
typedef struct pcalc_client pcalc_client;

/* Files in PEM; what is NULL is as the comment says. */
struct pcalc_tls {
	const char *authorities; /* whose certificates are trusted; NULL: the system's */
	const char *certificate; /* of ours, where the service asks for one; NULL: none */
	const char *key;	 /* its key; NULL: in the same file */
	const char *name; /* that the service's certificate must have; NULL: that of the address */
};

/**
 * Connects to "HOST:PORT", "[V6]:PORT" or "unix:PATH" (plaintext HTTP/2), or by TLS to
 * "https://HOST:PORT", trusting the authorities that the system does; waits at most
 * @timeout_ms (0: without end), which also becomes the time that each call may take. A
 * connection that is lost later is made again by the next call. NULL with @failure filled when
 * nobody answers; looking up a host name may outlast the timeout.
 */
PCALC_PUBLIC pcalc_client *pcalc_connect(
		const char *address, int timeout_ms, struct pcalc_failure *failure);

/**
 * As pcalc_connect(), by TLS (unless the address is unix:PATH or http://HOST:PORT) with what @tls says; NULL:
 * as pcalc_connect(). The service's certificate and its name are always verified. PCALC_INVALID_ARGUMENT: a
 * file will not do; PCALC_UNAVAILABLE: also a certificate that is not trusted, and the message says why.
 */
PCALC_PUBLIC pcalc_client *pcalc_connect_tls(const char *address, int timeout_ms,
		const struct pcalc_tls *tls, struct pcalc_failure *failure);

/** Closes the connection. NULL is fine. */
PCALC_PUBLIC void pcalc_free(pcalc_client *client);

/** From now on each call may take @timeout_ms; 0: without end. */
PCALC_PUBLIC void pcalc_set_timeout(pcalc_client *client, int timeout_ms);

/**
 * From now on each call carries the access token @token (copied; NULL: none any more). false with
 * PCALC_INVALID_ARGUMENT when it can be none, or PCALC_OUT_OF_MEMORY.
 */
PCALC_PUBLIC bool pcalc_set_token(
		pcalc_client *client, const char *token, struct pcalc_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
