/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service counts, and how it is told: in the text format 0.0.4 of Prometheus, and as a page.
 *
 * Counting takes no lock and shares no memory: every thread has a cell of its own, which only it writes;
 * whoever looks adds them up. No label ever holds a value of a profile: names of methods, of states and of
 * queues only.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_CODES 17   /* of gRPC */
#define METRICS_BUCKETS 17 /* of how long calls take; the last has no upper end */
#define METRICS_QUEUES 8
#define METRICS_RUN_STATES 5	   /* Run.State */
#define METRICS_DELIVERY_STATES 10 /* DeliveryState */

struct metrics_method {
	const char *service, *name;
	bool client_streaming, server_streaming;
};

/* One call, when it is over. */
struct metrics_call {
	unsigned code;
	uint64_t duration_us;
	uint64_t received, sent; /* messages */
};

/* What the policies that were asked about came to. */
enum metrics_outcome {
	METRICS_INELIGIBLE,
	METRICS_NOT_OPEN,
	METRICS_NEEDS_INFORMATION,
	METRICS_NEEDS_REVIEW,
	METRICS_ELIGIBLE,
	METRICS_NEAR, /* ineligible, and the answer told what little is missing */
	METRICS_RULE_ERROR,
	METRICS_OUTCOMES,
};

struct metrics;

/** @methods is copied, its texts are borrowed. */
struct metrics *metrics_new(
		const struct metrics_method *methods, size_t count, struct error *err);
void metrics_free(struct metrics *metrics);

/** Any thread. @method is its number; that of the count and above: "other". */
void metrics_call_started(struct metrics *metrics, size_t method);
void metrics_call_ended(
		struct metrics *metrics, size_t method, const struct metrics_call *call);
/** Any thread: one answer more, which came to so many of each. */
void metrics_matched(struct metrics *metrics, const size_t counts[METRICS_OUTCOMES]);

/* What is not counted but looked at. Texts are borrowed. */
struct metrics_state {
	const char *version;
	bool is_serving;
	int64_t now, started; /* seconds since 1970 */

	int64_t revision;  /* 0: none */
	int64_t published; /* seconds since 1970; 0: not known */
	size_t policies;
	size_t ruleset_bytes;
	uint64_t load_us; /* what loading it took */

	struct {
		const char *name;
		size_t waiting, most;
	} queues[METRICS_QUEUES];
	size_t queue_count;

	/* Of the registry's thread, as of ->registry_at; 0: it has not answered yet. */
	int64_t registry_at;
	int64_t enterprises, sequence;
	int64_t runs[METRICS_RUN_STATES];
	int64_t deliveries
			[METRICS_DELIVERY_STATES]; /* that wait for somebody, or are dead; -1: not counted */
	int64_t retrying;

	size_t connections, connections_most;
	/* Since the start: refused as there was no place, or as their address had too many; told to go for others. */
	uint64_t connections_refused, connections_refused_of_address, connections_displaced;
	unsigned loops;
	/* Of TLS, seconds since 1970; 0: there is none. */
	int64_t certificate_until, revoked_until;

	uint64_t resident_bytes, virtual_bytes, cpu_us, descriptors, descriptors_most, threads;
};

/** Appends the exposition. Memory that runs short shows in @out. */
void metrics_print(
		struct metrics *metrics, const struct metrics_state *state, struct buffer *out);
/** Appends the page, a whole document without anything from elsewhere. */
void metrics_print_page(struct metrics *metrics, const struct metrics_state *state,
		bool is_english, struct buffer *out);
