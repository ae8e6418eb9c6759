/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook over the ledger: what its exchanges ask for is done on the registry's thread.
 *
 * Opened after the push service; ended when the server is, closed before the push service is stopped.
 */
#pragma once

#include "handlers/push_service.h"
#include "operations/webhook.h"

struct push_sink;

struct push_sink_options {
	struct push_service *push;
	struct snapshot *snapshot;
	struct webhook_options webhook; /* without its source */
	uint32_t kinds;			/* bit n: news of a policy of kind n; 0: all */
	const char *region;		/* and all below it; "": all */
};

/** What @options names is borrowed until push_sink_close(). */
struct push_sink *push_sink_open(const struct push_sink_options *options, struct error *err);
/** Any thread: deliveries may have been released. NULL is fine. */
void push_sink_look(struct push_sink *sink);
/** Any thread: see webhook_end(). NULL is fine. */
void push_sink_end(struct push_sink *sink, int64_t grace_ms);
/** Waits until what is on its way has ended, and stands in the ledger. NULL is fine. */
void push_sink_close(struct push_sink *sink);
/** Any thread. */
void push_sink_status(struct push_sink *sink, struct webhook_status *out_status);
const struct push_sink_options *push_sink_options(const struct push_sink *sink);
