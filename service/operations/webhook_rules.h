/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the webhook: what an answer means, when the next try is due, how fast a receiver that
 * fails is asked, and how a delivery is signed. No I/O and no clock: the time and what is random are
 * parameters.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_SIGNATURE_SIZE 65 /* 64 hexadecimal digits and a NUL */
/* A receiver may ask us to wait for a day, not for ever. */
#define WEBHOOK_RETRY_AFTER_MOST_MS ((int64_t)24 * 3600 * 1000)
/* Failures in a row after which the receiver counts as down: one try at a time, with pauses. */
#define WEBHOOK_DOWN_AFTER 5
/* The longest of these pauses: so long after it is back we notice. */
#define WEBHOOK_PAUSE_MOST_MS ((int64_t)60 * 1000)

enum webhook_fate {
	WEBHOOK_DELIVERED,
	WEBHOOK_AGAIN, /* later: the network, or the receiver says it is busy or broken */
	WEBHOOK_DEAD,  /* never: the receiver refuses this one, or for good */
};

/** What a whole answer with this status means; 0: there was no whole answer. */
enum webhook_fate webhook_judge(long status);

struct webhook_pacing {
	int64_t first_ms; /* the wait after the first failure; doubled with every other */
	int64_t most_ms;
	uint64_t seed; /* of what is random */
};

/**
 * How long to wait after the @tries-th try (from 1) of the delivery @key has failed: between a half and
 * the whole of first_ms · 2^(tries - 1), at most most_ms. Hangs on the seed, the key and the tries alone.
 */
int64_t webhook_backoff_ms(
		const struct webhook_pacing *pacing, const char *key, unsigned tries);
/** The same, or what the receiver asks for (0: nothing) when that is longer. */
int64_t webhook_wait_ms(const struct webhook_pacing *pacing, const char *key, unsigned tries,
		int64_t retry_after_ms);

/*
 * How the receiver does, over all deliveries. While it is down a try at a time asks whether it is
 * back, so that an outage, or a wrong address, costs a few deliveries a try and not all of them.
 */
struct webhook_health {
	unsigned in_row;       /* failures since the last delivery that arrived */
	int64_t not_before_ms; /* nothing is sent until then */
};

/** What has come of a try that ended at @now_ms. */
void webhook_health_note(struct webhook_health *health, const struct webhook_pacing *pacing,
		enum webhook_fate fate, int64_t retry_after_ms, int64_t now_ms);
bool webhook_health_is_down(const struct webhook_health *health);
/** How many more may be sent, when @in_flight of @most are under way. */
size_t webhook_health_room(const struct webhook_health *health, size_t most, size_t in_flight,
		int64_t now_ms);

/** HMAC-SHA256 under @secret of "<timestamp>.<body>", hexadecimal. false: out of memory. */
bool webhook_sign(struct slice secret, int64_t timestamp, struct slice body,
		char out_signature[static WEBHOOK_SIGNATURE_SIZE], struct error *err);
