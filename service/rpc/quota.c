/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/quota.h"

#include "base/hash.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#define ROWS 2
#define SLOTS 4096u
#define SECOND UINT64_C(1000000000)
/* How many seconds' worth of calls may come at once. */
#define BURST 2
#define HEAVY_BURST 10
/* Nobody knows when a call ends. */
#define RUNNING_WAIT_US UINT64_C(1000000)

/* What one kind of calls has used; times in nanoseconds. */
struct meter {
	_Atomic uint64_t used_until;
	atomic_uint running;
};

struct slot {
	struct meter all, heavy;
};

struct rate {
	uint64_t interval; /* 0: no limit */
	uint64_t burst;
	uint32_t running;
};

struct rpc_quota {
	uint64_t seed;
	bool local;
	struct rate all, heavy;
	struct slot slots[ROWS][SLOTS];
};

static struct rate rate_of(uint32_t calls, unsigned burst, uint32_t running)
{
	return (struct rate){ calls ? SECOND / calls : 0, burst * SECOND, running };
}

struct rpc_quota *rpc_quota_new(const struct rpc_quota_limits *limits, struct error *err)
{
	struct rpc_quota *quota = memory_alloc_zero(1, sizeof(*quota));

	if (!quota) {
		error_set(err, ERROR_MEMORY, "out of memory while starting the server");
		return NULL;
	}
	if (getrandom(&quota->seed, sizeof(quota->seed), 0) != (ssize_t)sizeof(quota->seed)) {
		rpc_quota_free(quota);
		error_set(err, ERROR_INTERNAL, "the system gives no random bytes");
		return NULL;
	}
	quota->local = limits->local;
	quota->all = rate_of(limits->calls, BURST, limits->running);
	quota->heavy = rate_of(limits->heavy, HEAVY_BURST, limits->heavy_running);
	return quota;
}

void rpc_quota_free(struct rpc_quota *quota)
{
	memory_free(quota);
}

/* --- callers --------------------------------------------------------------------------------- */

/* Never 0. */
static uint64_t caller_hash(
		const struct rpc_quota *quota, char kind, const void *bytes, size_t size)
{
	const unsigned char *next = bytes;
	uint64_t hash = hash_mix(quota->seed ^ (unsigned char)kind);

	for (size_t i = 0; i < size; i++)
		hash = hash_mix(hash ^ next[i]);
	return hash ? hash : 1;
}

uint64_t rpc_quota_identity(const struct rpc_quota *quota, const char *name)
{
	return caller_hash(quota, 'i', name, strlen(name));
}

static uint64_t ipv6_caller(const struct rpc_quota *quota, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	size_t size = strcspn(text, "]%");
	struct in6_addr address;

	if (size >= sizeof(host))
		return caller_hash(quota, 'a', text, strlen(text));
	memcpy(host, text, size);
	host[size] = '\0';
	if (inet_pton(AF_INET6, host, &address) != 1)
		return caller_hash(quota, 'a', text, strlen(text));
	if (IN6_IS_ADDR_LOOPBACK(&address) ||
			(IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127)) {
		if (!quota->local)
			return 0;
	}
	return IN6_IS_ADDR_V4MAPPED(&address) ? caller_hash(quota, '4', address.s6_addr + 12, 4)
					      : caller_hash(quota, '6', address.s6_addr, 8);
}

uint64_t rpc_quota_peer(const struct rpc_quota *quota, const char *peer)
{
	static const char FOUR[] = "ipv4:", SIX[] = "ipv6:[";
	char host[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t size;

	if (strncmp(peer, SIX, sizeof(SIX) - 1) == 0)
		return ipv6_caller(quota, peer + sizeof(SIX) - 1);
	if (strncmp(peer, FOUR, sizeof(FOUR) - 1) != 0)
		return quota->local ? caller_hash(quota, 'u', "", 0) : 0;
	peer += sizeof(FOUR) - 1;
	size = strcspn(peer, ":");
	if (size >= sizeof(host))
		return caller_hash(quota, 'a', peer, size);
	memcpy(host, peer, size);
	host[size] = '\0';
	if (inet_pton(AF_INET, host, &address) != 1)
		return caller_hash(quota, 'a', peer, size);
	if (!quota->local && (ntohl(address.s_addr) >> 24) == 127)
		return 0;
	return caller_hash(quota, '4', &address, sizeof(address));
}

/* --- counting -------------------------------------------------------------------------------- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What is used up in both; a race lets one more through, and no harm is done. */
static bool rate_take(const struct rate *rate, struct meter *const meters[ROWS], uint64_t now,
		uint64_t *out_wait_us)
{
	uint64_t used[ROWS], until;

	if (!rate->interval)
		return true;
	for (size_t i = 0; i < ROWS; i++)
		used[i] = atomic_load_explicit(&meters[i]->used_until, memory_order_relaxed);
	until = later(used[0] < used[1] ? used[0] : used[1], now);
	if (until - now > rate->burst - rate->interval) {
		*out_wait_us = (until - now - (rate->burst - rate->interval)) / 1000 + 1;
		return false;
	}
	until += rate->interval;
	for (size_t i = 0; i < ROWS; i++) {
		if (used[i] < until)
			(void)atomic_compare_exchange_strong_explicit(&meters[i]->used_until,
					&used[i], until, memory_order_relaxed,
					memory_order_relaxed);
	}
	return true;
}

static void running_drop(struct meter *const meters[ROWS])
{
	for (size_t i = 0; i < ROWS; i++)
		atomic_fetch_sub_explicit(&meters[i]->running, 1, memory_order_relaxed);
}

static bool running_take(const struct rate *rate, struct meter *const meters[ROWS],
		uint64_t *out_wait_us)
{
	bool fits = !rate->running;

	for (size_t i = 0; i < ROWS; i++)
		fits |= atomic_fetch_add_explicit(&meters[i]->running, 1,
					memory_order_relaxed) < rate->running;
	if (!fits) {
		running_drop(meters);
		*out_wait_us = RUNNING_WAIT_US;
	}
	return fits;
}

static void meters_find(struct rpc_quota *quota, uint64_t caller, struct meter *out_all[ROWS],
		struct meter *out_heavy[ROWS])
{
	const uint64_t places[ROWS] = { caller % SLOTS, (caller >> 32) % SLOTS };

	for (size_t i = 0; i < ROWS; i++) {
		out_all[i] = &quota->slots[i][places[i]].all;
		out_heavy[i] = &quota->slots[i][places[i]].heavy;
	}
}

enum rpc_quota_verdict rpc_quota_enter(struct rpc_quota *quota, uint64_t caller, bool is_heavy,
		uint64_t now_us, uint64_t *out_wait_us)
{
	struct meter *all[ROWS], *heavy[ROWS];

	meters_find(quota, caller, all, heavy);
	if (!running_take(&quota->all, all, out_wait_us))
		return QUOTA_RUNNING;
	if (!rate_take(&quota->all, all, now_us * 1000, out_wait_us)) {
		running_drop(all);
		return QUOTA_CALLS;
	}
	if (!is_heavy)
		return QUOTA_GOOD;
	if (!running_take(&quota->heavy, heavy, out_wait_us)) {
		running_drop(all);
		return QUOTA_HEAVY_RUNNING;
	}
	if (rate_take(&quota->heavy, heavy, now_us * 1000, out_wait_us))
		return QUOTA_GOOD;
	running_drop(heavy);
	running_drop(all);
	return QUOTA_HEAVY;
}

enum rpc_quota_verdict rpc_quota_ask(struct rpc_quota *quota, uint64_t caller, uint64_t now_us,
		uint64_t *out_wait_us)
{
	struct meter *all[ROWS], *heavy[ROWS];

	meters_find(quota, caller, all, heavy);
	return rate_take(&quota->all, all, now_us * 1000, out_wait_us) ? QUOTA_GOOD
								       : QUOTA_CALLS;
}

void rpc_quota_leave(struct rpc_quota *quota, uint64_t caller, bool is_heavy)
{
	struct meter *all[ROWS], *heavy[ROWS];

	meters_find(quota, caller, all, heavy);
	running_drop(all);
	if (is_heavy)
		running_drop(heavy);
}
