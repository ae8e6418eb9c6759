/* SPDX-License-Identifier: Apache-2.0 */
/* A first set-up of TLS: a small authority of one's own, and the certificates that it issues. */
#pragma once

#include "client/cli/cli.h"

/* What `keygen --tls` was told; NULL: not given. */
struct keygen_tls {
	const char *folder;
	const char *hosts;  /* "NAME,ADDRESS,...": a server's certificate for them, */
	const char *client; /* or a client's, of this name */
	const char *roles;  /* of the client */
	const char *days;
	bool replace; /* a certificate of the same name may be there */
};

/** Returns the exit code. */
int keygen_tls(struct cli *cli, const struct keygen_tls *wanted);
