/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from a server, over a socket that never blocks and never raises SIGPIPE.
 *
 * TLS (see tls.h) puts its own read and write in front of the socket's.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Why TLS did not come about, or broke; see tls.h. */
enum link_trouble {
	LINK_TROUBLE_NONE,
	LINK_TROUBLE_EXPIRED,
	LINK_TROUBLE_NOT_YET,
	LINK_TROUBLE_NAME,
	LINK_TROUBLE_AUTHORITY,
	LINK_TROUBLE_UNTRUSTED,
	LINK_TROUBLE_NO_TLS,
	LINK_TROUBLE_TLS,
	LINK_TROUBLE_NO_HTTP2,
	LINK_TROUBLE_NOTHING_COMMON,
	LINK_TROUBLE_CERTIFICATE_WANTED,
	LINK_TROUBLE_OURS_EXPIRED,
	LINK_TROUBLE_OURS_REVOKED,
	LINK_TROUBLE_OURS_AUTHORITY,
	LINK_TROUBLE_OURS_REFUSED,
	LINK_TROUBLE_BROKEN,
};

struct link {
	int fd; /* -1: closed */
	/* As read() and send(): bytes, 0 at the end, -1 with errno (EAGAIN: poll first). */
	ssize_t (*read)(struct link *link, void *data, size_t size);
	ssize_t (*write)(struct link *link, const void *data, size_t size);
	void (*close)(struct link *link); /* before the socket; NULL: nothing is to be done */
	void *tls;			  /* NULL: plaintext. The link stays where it is. */
	bool at_end;			  /* of TLS: the socket has ended */
	enum link_trouble trouble;	  /* with EPROTO */
};

/**
 * Connects to "host:port", "[v6]:port" or "unix:PATH" until @deadline; tries every address of
 * the host. ERROR_INVALID: not an address; ERROR_DEADLINE; ERROR_UNAVAILABLE: nobody answers.
 */
bool link_open(struct link *link, const char *address, int64_t deadline, struct error *err);
void link_close(struct link *link);
