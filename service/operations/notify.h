/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service and systemd say to one another, by hand: sd_notify(3), sd_listen_fds(3). Without systemd
 * nothing is said, and nothing is handed over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define NOTIFY_SOCKETS_MOST 16

struct notify {
	int socket; /* -1: nobody listens */
	struct sockaddr_un where;
	unsigned where_size;
	uint64_t watchdog_us; /* how often it wants to hear that we live; 0: not at all */
	int sockets[NOTIFY_SOCKETS_MOST]; /* handed over: they listen already */
	size_t socket_count;
	uint64_t refused_count; /* more than are taken: none is */
};

/** Reads the environment, and takes out of it what is ours alone. Before threads are started. */
void notify_open(struct notify *notify);
/** The sockets that were handed over are the caller's. */
void notify_close(struct notify *notify);
/** "READY=1\nSTATUS=…"; false when nobody heard it. Any thread. */
bool notify_send(const struct notify *notify, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/** RELOADING=1, as of now; to be followed by READY=1. */
bool notify_reloading(const struct notify *notify);
