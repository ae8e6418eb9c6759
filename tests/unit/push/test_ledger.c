/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the ledger: every state after every other, and what becomes of a delivery that fails
 * again and again. The first argument is the dictionary of the cases.
 */
#include "ledger_world.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- states ---------------------------------------------------------------------------------- */

/* The drawing of push/ledger.h, arrow by arrow. */
static const struct {
	Policycalc__V1__DeliveryState from, to;
} arrows[] = {
	{ DELIVERY(UNSPECIFIED), DELIVERY(SUPPRESSED) },
	{ DELIVERY(UNSPECIFIED), DELIVERY(HELD) },
	{ DELIVERY(UNSPECIFIED), DELIVERY(RELEASED) },
	{ DELIVERY(HELD), DELIVERY(REFUSED) },
	{ DELIVERY(HELD), DELIVERY(RELEASED) },
	{ DELIVERY(RELEASED), DELIVERY(LEASED) },
	{ DELIVERY(LEASED), DELIVERY(RELEASED) },
	{ DELIVERY(LEASED), DELIVERY(ACKED) },
	{ DELIVERY(LEASED), DELIVERY(DEAD) },
	{ DELIVERY(HELD), DELIVERY(SUPERSEDED) },
	{ DELIVERY(RELEASED), DELIVERY(SUPERSEDED) },
	{ DELIVERY(DEAD), DELIVERY(RELEASED) },
	{ DELIVERY(DEAD), DELIVERY(DROPPED) },
};

static bool is_arrow(Policycalc__V1__DeliveryState from, Policycalc__V1__DeliveryState to)
{
	for (size_t i = 0; i < sizeof(arrows) / sizeof(*arrows); i++) {
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

static void every_state_after_every_other(void **state)
{
	(void)state;
	/* One more each way: a number that is no state. */
	for (int from = 0; from <= DELIVERY_STATE_END; from++) {
		for (int to = 0; to <= DELIVERY_STATE_END; to++) {
			bool may = ledger_may_move((Policycalc__V1__DeliveryState)from,
					(Policycalc__V1__DeliveryState)to);

			if (may != is_arrow((Policycalc__V1__DeliveryState)from,
						   (Policycalc__V1__DeliveryState)to))
				fail_msg("%s to %s: %d",
						ledger_state_name(
								(Policycalc__V1__DeliveryState)
										from),
						ledger_state_name(
								(Policycalc__V1__DeliveryState)
										to),
						may);
		}
	}
}

/* --- attempts -------------------------------------------------------------------------------- */

static void given_up_after_many_attempts(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = NULL;

	for (int attempt = 1; attempt <= LEDGER_ATTEMPTS_MOST; attempt++) {
		delivery = world_lease(world);
		assert_non_null(delivery);
		assert_int_equal(delivery->attempts, attempt);
		assert_string_equal(world_acknowledge(world, delivery, true), "");
		assert_int_equal(world_state_of(world, delivery),
				attempt < LEDGER_ATTEMPTS_MOST ? DELIVERY(RELEASED)
							       : DELIVERY(DEAD));
	}
	assert_null(world_lease(world));
	assert_string_equal(world_acknowledge(world, delivery, false), "it is not leased");
}

/* A lease that runs out is an attempt, and does not give up by itself. */
static void delivered_at_last(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = NULL;

	for (int attempt = 1; attempt <= LEDGER_ATTEMPTS_MOST + 1; attempt++) {
		delivery = world_lease(world);
		assert_non_null(delivery);
		assert_int_equal(delivery->attempts, attempt);
		assert_null(world_lease(world));
		world->push.now_ms += HOUR_MS;
	}
	assert_string_equal(world_acknowledge(world, delivery, false), "the lease has expired");
	delivery = world_lease(world);
	assert_non_null(delivery);
	assert_string_equal(world_acknowledge(world, delivery, false), "");
	assert_int_equal(world_state_of(world, delivery), DELIVERY(ACKED));
	/* It stays so, whoever says otherwise. */
	assert_string_equal(
			world_acknowledge(world, delivery, true), "it was acknowledged before");
	assert_int_equal(world_state_of(world, delivery), DELIVERY(ACKED));
}

int main(int argc, char **argv)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_after_every_other),
		WORLD_TEST(given_up_after_many_attempts),
		WORLD_TEST(delivered_at_last),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	world_set_dictionary(argv[1]);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
