/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where operators look: a small HTTP/1.1 server with a thread of its own, apart from the calls.
 *
 *     /metrics        what it counts, for Prometheus
 *     /, /status      the same as a page; ?lang=en in English
 *     /health         200 SERVING, or 503, for balancers that do not speak gRPC
 *
 * It takes GET and HEAD, one request a connection; a visitor has ten seconds for all, and there are at
 * most sixteen. As long as it listens on this machine alone, a Host header must name this machine: or a
 * page from elsewhere could read along through the browser of somebody who works here.
 */
#pragma once

#include "base/error.h"
#include "operations/metrics.h"

struct scrape;

struct scrape_options {
	int socket;		 /* bound, not listening yet; taken over, also on failure */
	bool is_local;		 /* who comes is on this machine */
	struct metrics *metrics; /* borrowed */
	/* Fills what is looked at. On the thread of the server; may take a moment. */
	void (*look)(void *context, struct metrics_state *out_state);
	/* What /health says; at once. */
	bool (*is_serving)(void *context);
	void *context;
	uint64_t patience_us; /* that a visitor has; 0: ten seconds */
};

/** Listens, and starts the thread. */
struct scrape *scrape_open(const struct scrape_options *options, struct error *err);
/** Hangs up, and ends the thread. NULL is fine. */
void scrape_close(struct scrape *scrape);
