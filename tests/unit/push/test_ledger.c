/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the ledger: every state after every other, and what becomes of a delivery that fails
 * again and again. The first argument is the dictionary of the cases.
 */
#include "fixture.h"
#include "push_world.h"

#include "base/log.h"
#include "push/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS 3600000

static const char *dictionary;

static const char POLICIES[] = "policy jobs\n    window always\n    require e.staff >= 20\n";

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

struct world {
	struct push_world push;
	struct arena arena;
	struct ruleset *ruleset;
};

/* One enterprise to which one thing is to be told. */
static int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	struct push_order order = { .request = &request, .current_revision = 1 };
	Policycalc__V1__Profile *firm;
	Policycalc__V1__Run *run;
	struct case_file file;
	struct error err;

	assert_non_null(world);
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&file, &world->arena, dictionary, POLICIES);
	file.catalog.revision = 1;
	world->ruleset = fixture_compile(&file, NULL);
	assert_non_null(world->ruleset);
	push_world_init(&world->push, 1, false);
	world->push.now_ms = (int64_t)20510 * 24 * HOUR_MS;
	firm = fixture_profile(&file, "region = 411282, staff = 30");
	firm->uscc = (char *)"91411200MA40000001";
	push_world_import(&world->push, world->ruleset, firm, "2026-02-26", false);
	order.ruleset = world->ruleset;
	if (!push_engine_start(world->push.engine, &order, &world->arena, &run, &err))
		fail_msg("%s", err.message);
	push_world_drain(&world->push);
	*state = world;
	return 0;
}

static int world_teardown(void **state)
{
	struct world *world = *state;

	push_world_fini(&world->push);
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
	free(world);
	return 0;
}

/* The delivery, leased; NULL when there is none to be had. */
static struct ledger_delivery *lease(struct world *world)
{
	struct ledger_lease_order order = { .consumer = "test",
		.length_ms = HOUR_MS,
		.limit = 10,
		.now_ms = world->push.now_ms };
	struct ledger_delivery *list;
	struct error err;
	size_t count;
	int64_t after;
	bool more;

	if (!ledger_lease(&world->push.ledger, &order, &world->arena, &list, &count, &after,
			    &more, &err))
		fail_msg("%s", err.message);
	assert_true(count <= 1);
	return count ? list : NULL;
}

/* What is said of an acknowledgement; "" when it counts. */
static const char *acknowledge(
		struct world *world, const struct ledger_delivery *delivery, bool failed)
{
	Policycalc__V1__AckDeliveriesRequest request =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__INIT;
	Policycalc__V1__AckDeliveriesRequest__Ack ack =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__ACK__INIT;
	Policycalc__V1__AckDeliveriesRequest__Ack *acks[] = { &ack };
	Policycalc__V1__DeliveryStatus *others[1];
	char key[2 * DIGEST_KEY_SIZE + 1];
	size_t other_count;
	struct error err;
	int64_t count;

	digest_key_print(delivery->key, key);
	ack.key = key;
	ack.lease = arena_copy(&world->arena, delivery->lease.data, delivery->lease.size);
	ack.failed = failed;
	request.acks = acks;
	request.n_acks = 1;
	if (!ledger_ack(&world->push.ledger, &request, world->push.now_ms, &world->arena,
			    &count, others, &other_count, &err))
		fail_msg("%s", err.message);
	assert_int_equal((size_t)count + other_count, 1);
	return other_count ? others[0]->reason : "";
}

static Policycalc__V1__DeliveryState state_of(
		struct world *world, const struct ledger_delivery *delivery)
{
	struct ledger_delivery *found;
	struct error err;

	if (!ledger_store_find_delivery(world->push.ledger_store, delivery->key, false,
			    &world->arena, &found, &err))
		fail_msg("%s", err.message);
	assert_non_null(found);
	return (Policycalc__V1__DeliveryState)found->state;
}

static void given_up_after_many_attempts(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = NULL;

	for (int attempt = 1; attempt <= LEDGER_ATTEMPTS_MOST; attempt++) {
		delivery = lease(world);
		assert_non_null(delivery);
		assert_int_equal(delivery->attempts, attempt);
		assert_string_equal(acknowledge(world, delivery, true), "");
		assert_int_equal(state_of(world, delivery), attempt < LEDGER_ATTEMPTS_MOST
									    ? DELIVERY(RELEASED)
									    : DELIVERY(DEAD));
	}
	assert_null(lease(world));
	assert_string_equal(acknowledge(world, delivery, false), "it is not leased");
}

/* A lease that runs out is an attempt, and does not give up by itself. */
static void delivered_at_last(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = NULL;

	for (int attempt = 1; attempt <= LEDGER_ATTEMPTS_MOST + 1; attempt++) {
		delivery = lease(world);
		assert_non_null(delivery);
		assert_int_equal(delivery->attempts, attempt);
		assert_null(lease(world));
		world->push.now_ms += HOUR_MS;
	}
	assert_string_equal(acknowledge(world, delivery, false), "the lease has expired");
	delivery = lease(world);
	assert_non_null(delivery);
	assert_string_equal(acknowledge(world, delivery, false), "");
	assert_int_equal(state_of(world, delivery), DELIVERY(ACKED));
	/* It stays so, whoever says otherwise. */
	assert_string_equal(acknowledge(world, delivery, true), "it was acknowledged before");
	assert_int_equal(state_of(world, delivery), DELIVERY(ACKED));
}

static void buried_by_whoever_holds_it(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = lease(world);
	struct error err = { 0 };
	char *name;

	assert_non_null(delivery);
	name = arena_copy(&world->arena, delivery->lease.data, delivery->lease.size);
	assert_false(ledger_bury(&world->push.ledger, delivery->key, "another", "refused",
			world->push.now_ms, &err));
	assert_int_equal(err.code, ERROR_PRECONDITION);
	assert_int_equal(state_of(world, delivery), DELIVERY(LEASED));
	assert_true(ledger_bury(&world->push.ledger, delivery->key, name, "refused",
			world->push.now_ms, &err));
	assert_int_equal(state_of(world, delivery), DELIVERY(DEAD));
	world->push.now_ms += 2 * HOUR_MS;
	assert_null(lease(world));
}

int main(int argc, char **argv)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_after_every_other),
		WORLD_TEST(given_up_after_many_attempts),
		WORLD_TEST(delivered_at_last),
		WORLD_TEST(buried_by_whoever_holds_it),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	dictionary = argv[1];
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
