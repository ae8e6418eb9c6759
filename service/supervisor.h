/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever started this process and looks after it, as systemd does: told how it goes, and that it lives. The
 * sockets that it holds for the service are used for the addresses they have.
 */
#pragma once

#include "handlers/snapshot.h"
#include "operations/notify.h"
#include "transport/server.h"

#include <signal.h>
#include <stdatomic.h>

struct supervisor {
	struct notify notify;
	struct server *server;	   /* borrowed; NULL before supervisor_ready() */
	struct snapshot *snapshot; /* likewise */
	atomic_bool is_asking;	   /* some loop has yet to say that it lives */
	bool is_stopping;	   /* whoever was told so is told of no reload any more */
};

/** Before threads are started, and before an address is opened; fails when too many sockets were handed over. */
bool supervisor_open(struct supervisor *supervisor, struct error *err);
void supervisor_close(struct supervisor *supervisor);
/** All addresses are open: fails when a socket was handed over that none of them is. */
bool supervisor_check_sockets(struct error *err);

/* All is said on the thread that takes signals, or before it is started. */
void supervisor_ready(struct supervisor *supervisor, struct server *server,
		struct snapshot *snapshot);
void supervisor_reloading(const struct supervisor *supervisor);
void supervisor_reloaded(const struct supervisor *supervisor);
void supervisor_stopping(struct supervisor *supervisor);
/**
 * As sigtimedwait(), at most @left_ms (at most as long as the watchdog's patience allows): says meanwhile that
 * the service lives, which it does when all its loops have answered since the last time.
 */
int supervisor_wait_signal(
		struct supervisor *supervisor, const sigset_t *signals, int64_t left_ms);
