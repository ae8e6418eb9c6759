/* SPDX-License-Identifier: Apache-2.0 */
/* What one caller may ask for: rates, calls at once, who is a caller, and what a refusal leaves behind. */
#include "rpc/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

static struct rpc_quota *quota_new(struct rpc_quota_limits limits)
{
	struct error err = { ERROR_NONE, "" };
	struct rpc_quota *quota = rpc_quota_new(&limits, &err);

	assert_non_null(quota);
	return quota;
}

/* How many of @count calls at @now_us are let in, each over at once. */
static unsigned take(struct rpc_quota *quota, uint64_t caller, bool is_heavy, uint64_t now_us,
		unsigned count, uint64_t *out_wait_us)
{
	unsigned good = 0;

	for (unsigned i = 0; i < count; i++) {
		if (rpc_quota_enter(quota, caller, is_heavy, now_us, out_wait_us) != QUOTA_GOOD)
			continue;
		good++;
		rpc_quota_leave(quota, caller, is_heavy);
	}
	return good;
}

static void a_rate_has_a_burst(void **state)
{
	struct rpc_quota *quota = quota_new((struct rpc_quota_limits){ .calls = 10 });
	uint64_t anna = rpc_quota_identity(quota, "anna"),
		 bruno = rpc_quota_identity(quota, "bruno");
	uint64_t now = 1000 * SECOND, wait = 0;

	(void)state;
	assert_int_equal(take(quota, anna, false, now, 50, &wait), 20);
	assert_true(wait > 0 && wait <= SECOND / 10 + 1);
	assert_int_equal(take(quota, anna, false, now + wait, 5, &wait), 1);
	assert_int_equal(take(quota, bruno, false, now, 20, &wait), 20);
	/* A second later there is a second's worth; after a long rest no more than two. */
	assert_int_equal(take(quota, anna, false, now + SECOND + SECOND / 10, 50, &wait), 10);
	assert_int_equal(take(quota, anna, false, now + 1000 * SECOND, 50, &wait), 20);
	rpc_quota_free(quota);
	rpc_quota_free(NULL);
}

/* A question of a stream takes of the same second as a call, and nothing of what is at once. */
static void questions_count_as_calls(void **state)
{
	struct rpc_quota *quota = quota_new(
			(struct rpc_quota_limits){ .calls = 10, .running = 1, .heavy = 1 });
	uint64_t anna = rpc_quota_identity(quota, "anna");
	uint64_t now = 1000 * SECOND, wait = 0;

	(void)state;
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_GOOD);
	for (int i = 0; i < 19; i++)
		assert_int_equal(rpc_quota_ask(quota, anna, now, &wait), QUOTA_GOOD);
	assert_int_equal(rpc_quota_ask(quota, anna, now, &wait), QUOTA_CALLS);
	assert_true(wait > 0 && wait <= SECOND / 10 + 1);
	assert_int_equal(rpc_quota_ask(quota, anna, now + wait, &wait), QUOTA_GOOD);
	rpc_quota_leave(quota, anna, true);
	assert_int_equal(rpc_quota_enter(quota, anna, false, now, &wait), QUOTA_CALLS);
	rpc_quota_free(quota);
}

static void heavy_ones_are_apart(void **state)
{
	struct rpc_quota *quota = quota_new((struct rpc_quota_limits){
			.heavy = 1, .running = 3, .heavy_running = 2 });
	uint64_t anna = rpc_quota_identity(quota, "anna"), now = 5 * SECOND, wait = 0;

	(void)state;
	assert_int_equal(take(quota, anna, true, now, 50, &wait), 10);
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_HEAVY);
	assert_int_equal(take(quota, anna, false, now, 500, &wait), 500);
	now += 100 * SECOND;
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_GOOD);
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_GOOD);
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_HEAVY_RUNNING);
	assert_int_equal(rpc_quota_enter(quota, anna, false, now, &wait), QUOTA_GOOD);
	assert_int_equal(rpc_quota_enter(quota, anna, false, now, &wait), QUOTA_RUNNING);
	/* What was refused holds nothing. */
	rpc_quota_leave(quota, anna, false);
	rpc_quota_leave(quota, anna, true);
	assert_int_equal(rpc_quota_enter(quota, anna, true, now, &wait), QUOTA_GOOD);
	assert_int_equal(rpc_quota_enter(quota, anna, false, now, &wait), QUOTA_GOOD);
	rpc_quota_free(quota);
}

static void who_is_a_caller(void **state)
{
	struct rpc_quota *lax = quota_new((struct rpc_quota_limits){ .calls = 1 });
	struct rpc_quota *strict =
			quota_new((struct rpc_quota_limits){ .calls = 1, .local = true });
	static const char *const local[] = { "unix:", "ipv4:127.0.0.1:4711", "ipv4:127.9.9.9:1",
		"ipv6:[::1]:4711", "ipv6:[::ffff:127.0.0.1]:4711", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		assert_true(rpc_quota_peer(lax, local[i]) == 0);
		assert_true(rpc_quota_peer(strict, local[i]) != 0);
	}
	/* The port does not count; of IPv6 the network does; IPv4 in IPv6 is IPv4. */
	assert_true(rpc_quota_peer(lax, "ipv4:10.0.0.1:1") ==
			rpc_quota_peer(lax, "ipv4:10.0.0.1:2"));
	assert_true(rpc_quota_peer(lax, "ipv4:10.0.0.1:1") !=
			rpc_quota_peer(lax, "ipv4:10.0.0.2:1"));
	assert_true(rpc_quota_peer(lax, "ipv6:[2001:db8::1]:1") ==
			rpc_quota_peer(lax, "ipv6:[2001:db8::ffff:1]:1"));
	assert_true(rpc_quota_peer(lax, "ipv6:[2001:db8::1]:1") !=
			rpc_quota_peer(lax, "ipv6:[2001:db8:0:1::1]:1"));
	assert_true(rpc_quota_peer(lax, "ipv6:[fe80::1%eth0]:1") ==
			rpc_quota_peer(lax, "ipv6:[fe80::2%eth1]:1"));
	assert_true(rpc_quota_peer(lax, "ipv6:[::ffff:10.0.0.1]:1") ==
			rpc_quota_peer(lax, "ipv4:10.0.0.1:9"));
	/* Two services do not put their callers into the same places. */
	assert_true(rpc_quota_peer(lax, "ipv4:10.0.0.1:1") !=
			rpc_quota_peer(strict, "ipv4:10.0.0.1:1"));
	assert_true(rpc_quota_peer(lax, "ipv4:not an address") != 0);
	rpc_quota_free(lax);
	rpc_quota_free(strict);
}

/* Many callers share slots: hardly one is held to what others have used. */
static void many_callers(void **state)
{
	struct rpc_quota *quota =
			quota_new((struct rpc_quota_limits){ .calls = 1, .running = 1 });
	uint64_t wait = 0;
	unsigned good = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "caller-%u", i);
		good += rpc_quota_enter(quota, rpc_quota_identity(quota, name), false, SECOND,
					&wait) == QUOTA_GOOD;
	}
	assert_true(good > 940);
	rpc_quota_free(quota);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_has_a_burst),
		cmocka_unit_test(questions_count_as_calls),
		cmocka_unit_test(heavy_ones_are_apart),
		cmocka_unit_test(who_is_a_caller),
		cmocka_unit_test(many_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
