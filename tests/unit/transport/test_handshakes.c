/* SPDX-License-Identifier: Apache-2.0 */
/* Who speaks TLS: who has to go for others, and whose turn it is. */
#include "transport/handshakes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MOST 4
#define SILENT_MOST (MOST * 16)

static struct handshakes all;
static struct handshake many[SILENT_MOST + 1];

static int set_up(void **state)
{
	(void)state;
	handshakes_init(&all, MOST, 42);
	memset(many, 0, sizeof(many));
	return 0;
}

static void add(struct handshake *handshake, const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		handshake_add(&all, handshake, (const struct sockaddr *)&four);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
		handshake_add(&all, handshake, (const struct sockaddr *)&six);
	}
}

static void who_has_most_goes(void **state)
{
	struct handshake honest = { 0 }, late = { 0 };

	(void)state;
	add(&honest, "192.0.2.1");
	handshake_begin(&all, &honest);
	for (int i = 0; i < MOST - 1; i++) {
		assert_null(handshakes_surplus(&all, HANDSHAKE_BEGUN));
		add(&many[i], "192.0.2.2");
		handshake_begin(&all, &many[i]);
	}
	add(&late, "192.0.2.3");
	/* The oldest of all is honest's. */
	assert_ptr_equal(handshakes_surplus(&all, HANDSHAKE_BEGUN), &many[0]);
	handshake_remove(&all, &many[0]);
	handshake_remove(&all, &many[0]);
	assert_null(handshakes_surplus(&all, HANDSHAKE_BEGUN));
	handshake_begin(&all, &late);
	assert_ptr_equal(handshakes_surplus(&all, HANDSHAKE_BEGUN), &many[1]);
	/* There are no silent ones: then one that has begun has to go. */
	assert_ptr_equal(handshakes_first_to_go(&all), &many[1]);
	add(&many[0], "192.0.2.2");
	assert_ptr_equal(handshakes_first_to_go(&all), &many[0]);
}

static void silent_ones_are_counted_apart(void **state)
{
	struct handshake honest = { 0 };

	(void)state;
	assert_null(handshakes_first_to_go(&all));
	add(&honest, "2001:db8::1");
	/* One network of IPv6, and that of IPv4 in IPv6 is the address itself. */
	for (int i = 0; i < SILENT_MOST - 1; i++) {
		assert_null(handshakes_surplus(&all, HANDSHAKE_SILENT));
		add(&many[i], i % 2 ? "2001:db8:1:1::5" : "2001:db8:1:1:abcd::");
	}
	assert_int_equal(many[0].address, many[1].address);
	assert_ptr_equal(handshakes_surplus(&all, HANDSHAKE_SILENT), &many[0]);
	assert_null(handshakes_surplus(&all, HANDSHAKE_BEGUN));
	handshake_begin(&all, &honest);
	assert_null(handshakes_surplus(&all, HANDSHAKE_SILENT));
	add(&many[SILENT_MOST - 1], "::ffff:192.0.2.7");
	add(&many[SILENT_MOST], "192.0.2.7");
	assert_int_equal(many[SILENT_MOST - 1].address, many[SILENT_MOST].address);
}

static void addresses_take_turns(void **state)
{
	struct handshake *const greedy = many;
	struct handshake honest = { 0 };
	struct handshake *called;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(&greedy[i], "192.0.2.2");
	assert_true(handshake_has_turn(&all, &greedy[0]));
	handshake_begin(&all, &greedy[0]);
	handshake_worked(&all, &greedy[0], 1000);
	/* The turn is used up. */
	for (int i = 1; i < 4; i++)
		assert_false(handshake_has_turn(&all, &greedy[i]));
	add(&honest, "192.0.2.1");
	assert_false(handshake_has_turn(&all, &honest));
	assert_false(handshake_has_turn(&all, &greedy[0]));
	/* One that has begun goes first; then it is another's turn. */
	assert_in_range(handshakes_turn(&all), 1, 4);
	assert_ptr_equal(handshakes_call(&all), &greedy[0]);
	assert_true(handshake_has_turn(&all, &greedy[0]));
	assert_ptr_equal(handshakes_call(&all), &honest);
	/* Who comes now waits behind those who wait. */
	add(&greedy[4], "192.0.2.2");
	assert_false(handshake_has_turn(&all, &greedy[4]));
	handshake_remove(&all, &greedy[2]);
	for (int i = 1; i < 5; i += i == 1 ? 2 : 1) {
		called = handshakes_call(&all);
		assert_ptr_equal(called, &greedy[i]);
	}
	assert_null(handshakes_call(&all));
	(void)handshakes_turn(&all);
	add(&greedy[5], "192.0.2.2");
	assert_true(handshake_has_turn(&all, &greedy[5]));
}

static void all_that_wait_may_go(void **state)
{
	(void)state;
	add(&many[0], "192.0.2.2");
	handshake_worked(&all, &many[0], 1000);
	for (int i = 1; i < 4; i++) {
		add(&many[i], "192.0.2.2");
		assert_false(handshake_has_turn(&all, &many[i]));
	}
	for (int i = 0; i < 4; i++)
		handshake_remove(&all, &many[i]);
	assert_null(handshakes_call(&all));
	assert_null(handshakes_first_to_go(&all));
}

/* As many as fit into a turn, and one at least. */
static void dear_ones_go_alone(void **state)
{
	(void)state;
	add(&many[0], "192.0.2.2");
	assert_int_equal(handshakes_turn(&all), 4);
	for (int i = 0; i < 20; i++)
		handshake_worked(&all, &many[0], 1000);
	assert_int_equal(handshakes_turn(&all), 1);
	for (int i = 0; i < 40; i++)
		handshake_worked(&all, &many[0], 100);
	assert_in_range(handshakes_turn(&all), 2, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_has_most_goes, set_up),
		cmocka_unit_test_setup(silent_ones_are_counted_apart, set_up),
		cmocka_unit_test_setup(addresses_take_turns, set_up),
		cmocka_unit_test_setup(all_that_wait_may_go, set_up),
		cmocka_unit_test_setup(dear_ones_go_alone, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
