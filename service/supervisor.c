/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include "transport/address.h"

bool supervisor_open(struct supervisor *supervisor, struct error *err)
{
	notify_open(&supervisor->notify);
	if (supervisor->notify.refused_count)
		return error_set(err, ERROR_INVALID,
				"%llu sockets were handed over (LISTEN_FDS), and at most %d "
				"are "
				"taken",
				(unsigned long long)supervisor->notify.refused_count,
				NOTIFY_SOCKETS_MOST);
	address_inherit(supervisor->notify.sockets, supervisor->notify.socket_count);
	return true;
}

void supervisor_close(struct supervisor *supervisor)
{
	notify_close(&supervisor->notify);
}

bool supervisor_check_sockets(struct error *err)
{
	size_t left = address_inherit_end();

	return left == 0 ||
	       error_set(err, ERROR_INVALID,
			       "%zu of the sockets that were handed over are no address of "
			       "--listen or --metrics",
			       left);
}

void supervisor_reloaded(const struct supervisor *supervisor)
{
	struct ruleset *ruleset;

	if (supervisor->is_stopping)
		return;
	ruleset = snapshot_find(supervisor->snapshot, 0);
	notify_send(&supervisor->notify, "READY=1\nSTATUS=serving revision %lld on %s",
			(long long)(ruleset ? ruleset_revision(ruleset) : 0),
			server_address(supervisor->server, 0));
	ruleset_unref(ruleset);
}

void supervisor_ready(
		struct supervisor *supervisor, struct server *server, struct snapshot *snapshot)
{
	supervisor->server = server;
	supervisor->snapshot = snapshot;
	supervisor_reloaded(supervisor);
}

void supervisor_reloading(const struct supervisor *supervisor)
{
	if (!supervisor->is_stopping)
		notify_reloading(&supervisor->notify);
}

void supervisor_stopping(struct supervisor *supervisor)
{
	supervisor->is_stopping = true;
	notify_send(&supervisor->notify, "STOPPING=1\nSTATUS=calls end");
}

static void on_alive(void *argument, unsigned loop)
{
	(void)argument;
	(void)loop;
}

static void on_all_alive(void *argument)
{
	atomic_store(&((struct supervisor *)argument)->is_asking, false);
}

/* A loop that hangs leaves the dog unfed. */
static void feed_watchdog(struct supervisor *supervisor)
{
	if (atomic_load(&supervisor->is_asking))
		return;
	notify_send(&supervisor->notify, "WATCHDOG=1");
	atomic_store(&supervisor->is_asking, true);
	/* Loops that have ended answer no more: the process is about to. */
	if (!server_run_on_loops(supervisor->server, on_alive, on_all_alive, supervisor))
		atomic_store(&supervisor->is_asking, false);
}

int supervisor_wait_signal(
		struct supervisor *supervisor, const sigset_t *signals, int64_t left_ms)
{
	/* Three times while it has patience once. */
	int64_t feed_ms = (int64_t)(supervisor->notify.watchdog_us / 3000);
	struct timespec wait = { 0 };

	if (feed_ms > 0 && supervisor->server) {
		feed_watchdog(supervisor);
		left_ms = left_ms < feed_ms ? left_ms : feed_ms;
	}
	if (left_ms > 0)
		wait = (struct timespec){ left_ms / 1000, left_ms % 1000 * 1000000 };
	return sigtimedwait(signals, NULL, &wait);
}
