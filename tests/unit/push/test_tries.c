/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries of the service to bring a delivery: when they begin, how they end, what is left of them. The first
 * argument is the dictionary of the cases.
 */
#include "ledger_world.h"

#include "base/log.h"
#include "push/digest.h"
#include "push/tries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More than are decided on, or taken back, at once. */
#define MANY 501

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

/* A step of at most @limit that tells how all of @ended have; where the next goes on. */
static int64_t step_many(struct world *world, const struct try *ended, size_t end_count,
		enum try_fate fate, size_t limit, int64_t after, struct try **out_tries,
		size_t *out_count)
{
	const struct ledger_lease_order order = { .consumer = "webhook",
		.length_ms = HOUR_MS,
		.limit = limit,
		.now_ms = world->push.now_ms,
		.filter = { .after = after } };
	struct try_end *ends = ARENA_NEW_ARRAY(&world->arena, struct try_end, end_count + 1);
	struct error err;

	assert_non_null(ends);
	for (size_t i = 0; i < end_count; i++) {
		const struct ledger_delivery *delivery = &ended[i].delivery;

		memcpy(ends[i].key, delivery->key, sizeof(ends[i].key));
		ends[i].lease = arena_copy(
				&world->arena, delivery->lease.data, delivery->lease.size);
		ends[i].fate = fate;
		ends[i].next_ms = world->push.now_ms;
		ends[i].reason = "it snowed";
	}
	if (!tries_step(&world->push.ledger, ends, end_count, &order, &world->arena, out_tries,
			    out_count, &after, &err))
		fail_msg("%s", err.message);
	return after;
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

/* Why it is as it is. */
static const char *note_of(struct world *world, const struct ledger_delivery *delivery)
{
	struct ledger_delivery *found;
	struct error err;

	if (!ledger_store_find_delivery(world->push.ledger_store, delivery->key, false,
			    &world->arena, &found, &err))
		fail_msg("%s", err.message);
	assert_non_null(found);
	return arena_copy(&world->arena, found->note.data, found->note.size);
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
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(LEASED));
	/* Nobody has it twice. */
	assert_null(world_lease(world));
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
	assert_null(step(world, try, TRY_DELIVERED, 0));
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(ACKED));
	assert_int_equal(remembered(world, try).tries, 0);
	/* Its answer was told twice. */
	assert_null(step(world, try, TRY_AGAIN, 1));
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(ACKED));
}

static void again_and_not_before(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);

	for (int number = 1; number <= 30; number++) {
		assert_non_null(try);
		assert_int_equal(try->number, number);
		assert_null(step(world, try, TRY_AGAIN, 5000));
		assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(RELEASED));
		assert_true(slice_equals_text(remembered(world, try).reason, "it rained"));
		world->push.now_ms += 4999;
		assert_null(step(world, NULL, TRY_DELIVERED, 0));
		world->push.now_ms += 1;
		try = step(world, NULL, TRY_DELIVERED, 0);
	}
	/* What waits may be pulled, and then is waited for no more. */
	assert_null(step(world, try, TRY_AGAIN, 5000));
	assert_string_equal(world_acknowledge(world, world_lease(world), false), "");
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
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(DEAD));
	assert_int_equal(remembered(world, try).tries, 2);
	assert_null(world_lease(world));
	decide(world, false, 1);
	decide(world, false, 0);
	/* As if it had never been tried. */
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	assert_int_equal(try->number, 1);
	assert_null(step(world, try, TRY_DEAD, 0));
	decide(world, true, 1);
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(DROPPED));
	assert_null(step(world, NULL, TRY_DELIVERED, 0));
	decide(world, false, 0);
}

/* Nor is it given up by the first who pulls it then, and fails. */
static void dead_letters_pulled(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *delivery = NULL;

	for (int round = 0; round < 2; round++) {
		for (int attempt = 1; attempt <= LEDGER_ATTEMPTS_MOST; attempt++) {
			delivery = world_lease(world);
			assert_non_null(delivery);
			assert_int_equal(delivery->attempts, attempt);
			assert_string_equal(world_acknowledge(world, delivery, true), "");
		}
		assert_int_equal(world_state_of(world, delivery), DELIVERY(DEAD));
		decide(world, false, 1);
		assert_int_equal(world_state_of(world, delivery), DELIVERY(RELEASED));
	}
}

static void process_dies(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);
	struct ledger_delivery *pulled;

	assert_int_equal(recover(world), 1);
	assert_int_equal(recover(world), 0);
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(RELEASED));
	/* At once, and it is the second. */
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	assert_int_equal(try->number, 2);
	/* What is pulled is not ours to take back, even if we have tried it. */
	assert_null(step(world, try, TRY_AGAIN, 1));
	pulled = world_lease(world);
	assert_non_null(pulled);
	assert_int_equal(recover(world), 0);
	assert_int_equal(world_state_of(world, pulled), DELIVERY(LEASED));
}

static void lease_runs_out(void **state)
{
	struct world *world = *state;
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);
	struct ledger_delivery *pulled;

	/* It is long over, but nobody else has it: the answer counts. */
	world->push.now_ms += 2 * HOUR_MS;
	assert_null(step(world, try, TRY_AGAIN, 1));
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(RELEASED));
	world->push.now_ms += 1;
	try = step(world, NULL, TRY_DELIVERED, 0);
	assert_non_null(try);
	world->push.now_ms += 2 * HOUR_MS;
	pulled = world_lease(world);
	assert_non_null(pulled);
	/* Now somebody else has it: the answer comes too late. */
	assert_null(step(world, try, TRY_DELIVERED, 0));
	assert_int_equal(world_state_of(world, pulled), DELIVERY(LEASED));
	assert_string_equal(world_acknowledge(world, pulled, false), "");
}

/* What failed goes first; both together are no more than there is room for; none is left out. */
static void few_at_a_time(void **state)
{
	struct world *world = *state;
	struct try *tries;
	size_t count;
	int64_t after = step_many(world, NULL, 0, TRY_AGAIN, 2, 0, &tries, &count);
	struct try *first = tries;

	assert_int_equal(count, 2);
	assert_int_equal(after, tries[1].delivery.id);
	after = step_many(world, first, 2, TRY_AGAIN, 3, after, &tries, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(tries[i].delivery.id, first[i].delivery.id);
		assert_int_equal(tries[i].number, 2);
	}
	assert_int_equal(tries[2].number, 1);
	assert_int_equal(after, tries[2].delivery.id);
	/* Nothing new while there is room for those that failed alone; then from where it was. */
	first = tries;
	assert_int_equal(
			step_many(world, first, 3, TRY_AGAIN, 3, after, &tries, &count), after);
	assert_int_equal(count, 3);
	assert_int_equal(
			step_many(world, tries, 3, TRY_DELIVERED, 3, after, &tries, &count), 0);
	assert_int_equal(count, 2);
	assert_true(tries[0].delivery.id > after && tries[1].delivery.id > after);
}

/* More than one transaction takes. */
static void many_at_a_time(void **state)
{
	struct world *world = *state;
	const struct dead_decision decision = {
		.decided_by = "staff", .note = "", .now_ms = world->push.now_ms
	};
	struct try *tries;
	size_t count;
	int64_t before = 0, decided;
	struct error err;

	(void)step_many(world, NULL, 0, TRY_AGAIN, MANY + 1, 0, &tries, &count);
	assert_int_equal(count, MANY);
	assert_int_equal(recover(world), MANY);
	assert_int_equal(recover(world), 0);
	(void)step_many(world, NULL, 0, TRY_AGAIN, MANY, 0, &tries, &count);
	assert_int_equal(count, MANY);
	(void)step_many(world, tries, MANY, TRY_DEAD, 1, 0, &tries, &count);
	assert_int_equal(count, 0);
	for (int64_t left = MANY; left; left -= decided) {
		if (!dead_decide_all(&world->push.ledger, &decision, &before, &world->arena,
				    &decided, &err))
			fail_msg("%s", err.message);
		assert_int_equal(decided, left > 500 ? 500 : left);
		assert_int_equal(before != 0, left > 500);
	}
	(void)step_many(world, NULL, 0, TRY_AGAIN, MANY + 1, 0, &tries, &count);
	assert_int_equal(count, MANY);
}

/* Named by key; what is no dead letter stays as it is. */
static void decided_by_key(void **state)
{
	struct world *world = *state;
	const struct dead_decision decision = {
		.drop = true, .decided_by = "staff", .note = "", .now_ms = world->push.now_ms
	};
	struct try *try = step(world, NULL, TRY_DELIVERED, 0);
	char key[2 * LEDGER_KEY_SIZE + 1];
	char *keys[] = { key, (char *)"00" };
	Policycalc__V1__DeliveryStatus *others[2];
	size_t other_count;
	struct error err;
	int64_t count;

	digest_key_print(try->delivery.key, key);
	for (int dead = 0; dead < 2; dead++) {
		if (!dead_decide_keys(&world->push.ledger, &decision, keys, 2, &world->arena,
				    &count, others, &other_count, &err))
			fail_msg("%s", err.message);
		assert_int_equal(count, dead);
		assert_int_equal(other_count, 2 - dead);
		assert_string_equal(others[1 - dead]->key, "00");
		assert_string_equal(others[1 - dead]->reason, "there is no such delivery");
		if (!dead) {
			assert_string_equal(others[0]->reason, "it is no dead letter");
			assert_int_equal(others[0]->state, DELIVERY(LEASED));
			assert_null(step(world, try, TRY_DEAD, 0));
			assert_string_equal(note_of(world, &try->delivery), "it rained");
		}
	}
	assert_int_equal(world_state_of(world, &try->delivery), DELIVERY(DROPPED));
}

static int setup_few(void **state)
{
	return world_setup_firms(state, 5);
}

static int setup_many(void **state)
{
	return world_setup_firms(state, MANY);
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(brought_at_once, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
				again_and_not_before, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(clock_goes_back, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(dead_letters, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
				dead_letters_pulled, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(process_dies, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(lease_runs_out, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(few_at_a_time, setup_few, world_teardown),
		cmocka_unit_test_setup_teardown(many_at_a_time, setup_many, world_teardown),
		cmocka_unit_test_setup_teardown(decided_by_key, world_setup, world_teardown),
	};

	if (argument_count != 2)
		return 2;
	world_set_dictionary(arguments[1]);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
