/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a server listens: "127.0.0.1:50551", "[::1]:0", "localhost:0", "unix:PATH". Makes the
 * listening sockets, one for every loop, before any loop runs.
 *
 * TCP: the first socket is bound without SO_REUSEPORT, so that a port in use is an error; then
 * the option is set on it and the others join. Unix: one socket, dup()ed; a socket file that
 * nobody answers is removed, one that somebody answers is an error.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct address {
	char *text;   /* as it can be dialled: the actual port */
	int *sockets; /* one a loop; -1: handed over */
	size_t socket_count;
	bool is_unix;
	bool is_plain;	   /* no TLS there */
	bool is_inherited; /* whoever handed the socket over keeps it, and its file */
};

#define ADDRESS_INHERITED_MOST 16
/**
 * Sockets that listen already, handed over by who started the process (systemd): address_open() of the address
 * that one of them has takes it instead of binding another. Before the first address is opened; those that are
 * not asked for are closed by address_inherit_end(), which says how many they were.
 */
void address_inherit(const int *sockets, size_t count);
size_t address_inherit_end(void);

/** Binds @count sockets. On failure nothing is left open. */
bool address_open(struct address *address, const char *text, size_t count, bool reuse_port,
		struct error *err);
/** Closes what was not handed over and removes the socket file. */
void address_close(struct address *address);
