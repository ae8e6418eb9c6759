/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from a server, over a socket that never blocks and never raises SIGPIPE.
 *
 * This is the seam for TLS: whoever encrypts puts its own read and write in front of the
 * socket's.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct link {
	int fd; /* -1: closed */
	/* As read() and send(): bytes, 0 at the end, -1 with errno (EAGAIN: poll first). */
	ssize_t (*read)(struct link *link, void *data, size_t size);
	ssize_t (*write)(struct link *link, const void *data, size_t size);
};

/**
 * Connects to "host:port", "[v6]:port" or "unix:PATH" until @deadline; tries every address of
 * the host. ERROR_INVALID: not an address; ERROR_DEADLINE; ERROR_UNAVAILABLE: nobody answers.
 */
bool link_open(struct link *link, const char *address, int64_t deadline, struct error *err);
void link_close(struct link *link);
