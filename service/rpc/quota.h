/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much one caller may ask for: calls a second, and calls at once, of all kinds and of the heavy ones apart. A
 * caller is an identity; who has none is the address it comes from (of IPv6 the network, /64).
 *
 * All loops share one table of fixed size, without locks and without a list of callers, so that no number of
 * addresses makes it grow: a caller has one slot in each of two rows, which it may share, and is held to the
 * better of the two. Two callers are taken for each other only when both slots are the same ones, or each is shared
 * with somebody busy. Where the slots lie depends on a random seed, so that nobody can choose a neighbour.
 *
 * Rates are kept as the time until which a caller has used up what it may (GCRA): no clock ticks.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Each 0: as many as come. */
struct rpc_quota_limits {
	uint32_t calls;	  /* a second; two seconds' worth at once */
	uint32_t running; /* at once */
	uint32_t heavy;	  /* a second, of heavy methods; ten seconds' worth at once */
	uint32_t heavy_running;
	bool local; /* also callers of this machine that have no identity: a proxy may speak for many */
};

struct rpc_quota;

enum rpc_quota_verdict {
	QUOTA_GOOD,
	QUOTA_CALLS,
	QUOTA_RUNNING,
	QUOTA_HEAVY,
	QUOTA_HEAVY_RUNNING,
};

struct rpc_quota *rpc_quota_new(const struct rpc_quota_limits *limits, struct error *err);
void rpc_quota_free(struct rpc_quota *quota);
/** The caller behind "ipv4:127.0.0.1:4711"; 0: it is not limited. */
uint64_t rpc_quota_peer(const struct rpc_quota *quota, const char *peer);
uint64_t rpc_quota_identity(const struct rpc_quota *quota, const char *name);
/**
 * Any thread. Lets one call of @caller in, or says which limit stands in its way and after how long another try
 * may do.
 */
enum rpc_quota_verdict rpc_quota_enter(struct rpc_quota *quota, uint64_t caller, bool is_heavy,
		uint64_t now_us, uint64_t *out_wait_us);
/** Any thread. Likewise for one more question of a call that was let in: it counts as a call a second, no more. */
enum rpc_quota_verdict rpc_quota_ask(struct rpc_quota *quota, uint64_t caller, uint64_t now_us,
		uint64_t *out_wait_us);
/** Any thread. One that was let in is over. */
void rpc_quota_leave(struct rpc_quota *quota, uint64_t caller, bool is_heavy);
