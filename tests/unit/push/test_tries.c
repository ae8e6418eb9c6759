/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries of the service to bring a delivery: when they begin, how they end, what is left of them. The first
 * argument is the dictionary of the cases.
 */
#include "fixture.h"
#include "push_world.h"

#include "base/log.h"
#include "push/digest.h"
#include "push/tries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS 3600000

static const char *dictionary;

static const char POLICIES[] = "policy jobs\n    window always\n    require e.staff >= 20\n";

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

/* A step that tells how @last (NULL: none) has ended; the try that begins, NULL: none. */
static struct try *step(struct world *world, const struct try *last, enum try_fate fate,
		int64_t wait_ms)
{
	const struct ledger_lease_order order = { .consumer = "webhook",
		.length_ms = HOUR_MS,
		.limit = 10,
		.now_ms = world->push.now_ms };
	struct try_end end = {
		.fate = fate, .next_ms = world->push.now_ms + wait_ms, .reason = "it rained"
	};
	struct try *tries;
	struct error err;
	size_t count;
	int64_t after;

	if (last) {
		memcpy(end.key, last->delivery.key, sizeof(end.key));
		end.lease = arena_copy(&world->arena, last->delivery.lease.data,
				last->delivery.lease.size);
	}
	if (!tries_step(&world->push.ledger, &end, last != NULL, &order, &world->arena, &tries,
			    &count, &after, &err))
		fail_msg("%s", err.message);
	assert_true(count <= 1);
	assert_int_equal(after, 0);
	return count ? tries : NULL;
}

static struct ledger_try remembered(struct world *world, const struct try *try)
{
	struct ledger_try found;
	struct error err;

	if (!ledger_store_find_try(world->push.ledger_store, try->delivery.id, &world->arena,
			    &found, &err))
		fail_msg("%s", err.message);
	return found;
}

static int64_t recover(struct world *world)
{
	struct error err;
	int64_t count;

	if (!tries_recover(&world->push.ledger, world->push.now_ms, &count, &err))
		fail_msg("%s", err.message);
	return count;
}

static void decide(struct world *world, bool drop, int64_t expected)
{
	const struct dead_decision decision = { .drop = drop,
		.decided_by = "staff",
		.note = "why not",
		.now_ms = world->push.now_ms };
	struct error err;
	int64_t before = 0, count;

	if (!dead_decide_all(&world->push.ledger, &decision, &before, &world->arena, &count,
			    &err))
		fail_msg("%s", err.message);
	assert_int_equal(count, expected);
	assert_int_equal(before, 0);
}

static void brought_at_once(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);

	assert_non_null(try);
	assert_int_equal(try->number, 1);
	assert_true(try->delivery.digest.size > 0);
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(LEASED));
	/* Nobody has it twice. */
	assert_null(lease(world));
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
	assert_null(step(world, try, TRY_DELIVERED, 0));
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(ACKED));
	assert_int_equal(remembered(world, try).tries, 0);
	/* Its answer was told twice. */
	assert_null(step(world, try, TRY_AGAIN, 1));
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(ACKED));
}

static void again_and_not_before(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);

	for (int number = 1; number <= 30; number++) {
		assert_non_null(try);
		assert_int_equal(try->number, number);
		assert_null(step(world, try, TRY_AGAIN, 5000));
		assert_int_equal(state_of(world, &try->delivery), DELIVERY(RELEASED));
		assert_true(slice_equals_text(remembered(world, try).reason, "it rained"));
		world->push.now_ms += 4999;
		assert_null(step(world, NULL, TRY_DELIVERED, 0));
		world->push.now_ms += 1;
		try = step(world, NULL, TRY_DELIVERED, 0);
	}
	/* What waits may be pulled, and then is waited for no more. */
	assert_null(step(world, try, TRY_AGAIN, 5000));
	assert_string_equal(acknowledge(world, lease(world), false), "");
	assert_int_equal(remembered(world, try).tries, 0);
	world->push.now_ms += HOUR_MS;
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
}

static void clock_goes_back(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);

	assert_null(step(world, try, TRY_AGAIN, 24 * HOUR_MS));
	world->push.now_ms -= HOUR_MS;
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
	/* Nothing is put off for so long: it was a clock that was wrong. */
	world->push.now_ms -= HOUR_MS + 1;
	assert_non_null(step(world, NULL, TRY_DELIVERED, 0));
}

static void dead_letters(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);

	assert_null(step(world, try, TRY_AGAIN, 1));
	world->push.now_ms += 1;
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_int_equal(try->number, 2);
	assert_null(step(world, try, TRY_DEAD, 0));
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(DEAD));
	assert_int_equal(remembered(world, try).tries, 2);
	assert_null(lease(world));
	decide(world, false, 1);
	decide(world, false, 0);
	/* As if it had never been tried. */
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	assert_int_equal(try->number, 1);
	assert_null(step(world, try, TRY_DEAD, 0));
	decide(world, true, 1);
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(DROPPED));
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
	decide(world, false, 0);
}

static void process_dies(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);
	struct ledger_delivery *pulled;

	assert_int_equal(recover(world), 1);
	assert_int_equal(recover(world), 0);
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(RELEASED));
	/* At once, and it is the second. */
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	assert_int_equal(try->number, 2);
	/* What is pulled is not ours to take back, even if we have tried it. */
	assert_null(step(world, try, TRY_AGAIN, 1));
	pulled = lease(world);
	assert_non_null(pulled);
	assert_int_equal(recover(world), 0);
	assert_int_equal(state_of(world, pulled), DELIVERY(LEASED));
}

static void lease_runs_out(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);
	struct ledger_delivery *pulled;

	/* It is long over, but nobody else has it: the answer counts. */
	world->push.now_ms += 2 * HOUR_MS;
	assert_null(step(world, try, TRY_AGAIN, 1));
	assert_int_equal(state_of(world, &try->delivery), DELIVERY(RELEASED));
	world->push.now_ms += 1;
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	world->push.now_ms += 2 * HOUR_MS;
	pulled = lease(world);
	assert_non_null(pulled);
	/* Now somebody else has it: the answer comes too late. */
	assert_null(step(world, try, TRY_DELIVERED, 0));
	assert_int_equal(state_of(world, pulled), DELIVERY(LEASED));
	assert_string_equal(acknowledge(world, pulled, false), "");
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(brought_at_once, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
				again_and_not_before, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(clock_goes_back, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(dead_letters, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(process_dies, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(lease_runs_out, world_setup, world_teardown),
	};

	if (argument_count != 2)
		return 2;
	dictionary = arguments[1];
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
