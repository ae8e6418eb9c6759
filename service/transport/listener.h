/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listening socket of a loop, and who is taken from it.
 *
 * libuv only watches it. Its own way, uv_listen(), takes clients until none waits, and where there is no descriptor for
 * one it closes a spare of its own, to take and drop them. When two loops do so at once, each may get what the other
 * has closed; a loop without its spare then tries again without end and serves nobody. Here newcomers wait in the
 * socket's backlog while there is no descriptor or no memory for them, and those that are connected are served.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <uv.h>

struct loop;
struct tls;

struct listener {
	union {
		uv_handle_t handle;
		uv_poll_t poll;
	} uv;
	uv_timer_t retry; /* while it is paused */
	int socket;
	bool is_unix;
	bool is_paused;
	struct tls *tls; /* NULL: plaintext */
	struct loop *loop;
};

/** Takes @fd, a bound socket, over, also on failure; then there is nothing to close. @tls: NULL for plaintext. */
bool listener_open(struct listener *listener, struct loop *loop, int fd, bool is_unix,
		struct tls *tls, struct error *err);
/** Those that wait in its backlog are lost. */
void listener_close(struct listener *listener);
/** There may be descriptors and memory again: before it would look by itself. */
void listener_resume(struct listener *listener);
