/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What departments decide of a held delivery with the news of two of them, as older databases have it.
 * The first argument is the dictionary of the cases.
 */
#include "ledger_world.h"

#include "base/log.h"
#include "proto/codec/codec.h"
#include "push/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char POLICIES[] = "policy jobs\n    window always\n    require e.staff >= 20\n"
			       "policy skill\n    window always\n    require e.staff >= 9\n"
			       "policy plain\n    window always\n    require e.staff >= 9\n";
/* The run of the old delivery, which has made no other, so that its keys are nobody else's. */
#define OLD_RUN 2

/* Deliveries in @state, newest first, with what they say. */
static size_t deliveries_in(struct world *world, Policycalc__V1__DeliveryState state,
		struct ledger_delivery **out_list)
{
	const struct ledger_listing listing = { .state = (int)state };
	struct error err;
	size_t count;

	if (!ledger_store_list_deliveries(world->push.ledger_store, &listing, 100, true,
			    &world->arena, out_list, &count, &err))
		fail_msg("%s", err.message);
	return count;
}

static const Policycalc__V1__Digest *digest_of(
		struct world *world, const struct ledger_delivery *delivery)
{
	struct error err;
	const Policycalc__V1__Digest *digest = (const Policycalc__V1__Digest *)message_unpack(
			delivery->digest, &policycalc__v1__digest__descriptor,
			&message_limits_default, &world->arena, &err);

	if (!digest)
		fail_msg("%s", err.message);
	return digest;
}

/* The two that the run has held, as one, as an older service would have made it. */
static int setup_old(void **state)
{
	struct ledger_delivery *held, old;
	const Policycalc__V1__Digest *one, *two;
	Policycalc__V1__Digest digest;
	struct ledger_entry *entries[2], about[2];
	struct buffer bytes = { 0 }, packed = { 0 };
	struct world *world;
	struct ledger_run *run;
	char key[2 * DIGEST_KEY_SIZE + 1];
	struct error err;
	size_t count;

	assert_int_equal(world_setup_policies(state, POLICIES, 2, 1), 0);
	world = *state;
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &held), 2);
	one = digest_of(world, &held[0]);
	two = digest_of(world, &held[1]);
	digest = *one;
	digest.run = OLD_RUN;
	digest.n_entries = 2;
	digest.entries = (Policycalc__V1__DeltaEntry *[]){ one->entries[0], two->entries[0] };
	old = held[0];
	old.run = OLD_RUN;
	assert_true(digest_key(OLD_RUN, one->uscc, PART_HELD, "", old.key, &err));
	digest_key_print(old.key, key);
	digest.key = key;
	for (size_t i = 0; i < 2; i++) {
		assert_true(ledger_entries_decode(
				held[i].entries, &world->arena, &entries[i], &count, &err));
		assert_int_equal(count, 1);
		about[i] = *entries[i];
	}
	ledger_entries_encode(about, 2, &bytes);
	assert_true(message_pack(&digest.base, &packed));
	old.entries = (struct slice){ bytes.data, bytes.size };
	old.digest = (struct slice){ packed.data, packed.size };
	old.kinds = held[0].kinds | held[1].kinds;
	assert_true(ledger_store_begin(world->push.ledger_store, &err));
	for (size_t i = 0; i < 2; i++) {
		ledger_delivery_enter(&held[i], DELIVERY(SUPERSEDED), world->push.now_ms);
		assert_true(ledger_store_change_delivery(
				world->push.ledger_store, &held[i], &err));
	}
	assert_true(ledger_store_list_runs(
			world->push.ledger_store, 0, 1, &world->arena, &run, &count, &err));
	assert_true(ledger_store_next_run(world->push.ledger_store, &run->id, &err));
	assert_true(ledger_store_add_run(world->push.ledger_store, run, &err));
	assert_int_equal(run->id, OLD_RUN);
	if (!ledger_store_add_delivery(world->push.ledger_store, &old, &err))
		fail_msg("%s", err.message);
	assert_true(ledger_store_commit(world->push.ledger_store, &err));
	buffer_fini(&bytes);
	buffer_fini(&packed);
	return 0;
}

static int64_t confirm(struct world *world, const char *series, bool refuse)
{
	const struct ledger_decision decision = { .refuse = refuse,
		.confirmed_by = "演示局",
		.note = "",
		.now_ms = world->push.now_ms + 1 };
	int64_t before = 0, count = 0;
	struct error err;
	uint32_t number;

	if (!ledger_find_series(&world->push.ledger, series, &world->arena, &number, &err) ||
			!ledger_confirm_series(&world->push.ledger, &decision, number, &before,
					&world->arena, &count, &err))
		fail_msg("%s", err.message);
	assert_int_equal(before, 0);
	return count;
}

static void run_again(struct world *world)
{
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	struct push_order order = {
		.request = &request, .current_revision = 1, .ruleset = world->ruleset
	};
	Policycalc__V1__Run *run;
	struct error err;

	world->push.now_ms += 24 * (int64_t)HOUR_MS;
	if (!push_engine_start(world->push.engine, &order, &world->arena, &run, &err))
		fail_msg("%s", err.message);
	push_world_drain(&world->push);
}

/* That @delivery tells of @series alone, under its own key, instead of the old one. */
static void check_part(
		struct world *world, const struct ledger_delivery *delivery, const char *series)
{
	const Policycalc__V1__Digest *digest = digest_of(world, delivery);
	unsigned char wanted[DIGEST_KEY_SIZE], old[DIGEST_KEY_SIZE], replaced[DIGEST_KEY_SIZE];
	char key[2 * DIGEST_KEY_SIZE + 1];
	struct ledger_entry *entries;
	struct error err;
	size_t count;

	assert_int_equal(digest->n_entries, 1);
	assert_string_equal(digest->entries[0]->series, series);
	assert_true(digest_key(OLD_RUN, digest->uscc, PART_HELD, series, wanted, &err));
	assert_memory_equal(delivery->key, wanted, sizeof(wanted));
	digest_key_print(wanted, key);
	assert_string_equal(digest->key, key);
	assert_int_equal(digest->run, OLD_RUN);
	assert_int_equal(digest->n_replaces, 1);
	assert_true(digest_key(OLD_RUN, digest->uscc, PART_HELD, "", old, &err));
	assert_true(digest_key_parse(digest->replaces[0], replaced));
	assert_memory_equal(replaced, old, sizeof(old));
	assert_true(ledger_entries_decode(
			delivery->entries, &world->arena, &entries, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(delivery->kinds, 1u << (unsigned)digest->entries[0]->policy_kind);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void one_department_decides_nothing_for_the_other(void **state)
{
	struct world *world = *state;
	struct ledger_delivery *list;

	assert_int_equal(confirm(world, "plain", false), 0);
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);
	assert_int_equal(list[0].run, OLD_RUN);

	assert_int_equal(confirm(world, "jobs", false), 1);
	/* What was never held, and what is confirmed. */
	assert_int_equal(deliveries_in(world, DELIVERY(RELEASED), &list), 2);
	check_part(world, list[0].run == OLD_RUN ? &list[0] : &list[1], "jobs");
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);
	check_part(world, &list[0], "skill");
	assert_int_equal(deliveries_in(world, DELIVERY(SUPERSEDED), &list), 3);

	/* Said twice it is said once, and the run after finds nothing anew. */
	assert_int_equal(confirm(world, "jobs", true), 0);
	run_again(world);
	assert_int_equal(deliveries_in(world, DELIVERY(RELEASED), &list), 2);
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);

	assert_int_equal(confirm(world, "skill", true), 1);
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 0);
	assert_int_equal(deliveries_in(world, DELIVERY(REFUSED), &list), 1);
	check_part(world, &list[0], "skill");
	run_again(world);
	assert_int_equal(deliveries_in(world, DELIVERY(RELEASED), &list), 2);
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 0);
}

static void a_key_of_several_series_is_refused(void **state)
{
	struct world *world = *state;
	const struct ledger_decision decision = {
		.confirmed_by = "演示局", .note = "", .now_ms = world->push.now_ms
	};
	Policycalc__V1__DeliveryStatus *others[1];
	struct ledger_delivery *list;
	char key[2 * DIGEST_KEY_SIZE + 1];
	char *keys[] = { key };
	size_t other_count;
	struct error err;
	int64_t count;

	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);
	digest_key_print(list[0].key, key);
	if (!ledger_confirm_keys(&world->push.ledger, &decision, keys, 1, &world->arena, &count,
			    others, &other_count, &err))
		fail_msg("%s", err.message);
	assert_int_equal(count, 0);
	assert_int_equal(other_count, 1);
	assert_int_equal(others[0]->state, DELIVERY(HELD));
	assert_non_null(strstr(others[0]->reason, "several series"));
	assert_non_null(strstr(others[0]->reason, " jobs"));
	assert_non_null(strstr(others[0]->reason, " skill"));
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);

	/* Of one that is of one series, its key is enough. */
	assert_int_equal(confirm(world, "jobs", false), 1);
	assert_int_equal(deliveries_in(world, DELIVERY(HELD), &list), 1);
	digest_key_print(list[0].key, key);
	if (!ledger_confirm_keys(&world->push.ledger, &decision, keys, 1, &world->arena, &count,
			    others, &other_count, &err))
		fail_msg("%s", err.message);
	assert_int_equal(count, 1);
	assert_int_equal(deliveries_in(world, DELIVERY(RELEASED), &list), 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_department_decides_nothing_for_the_other,
				setup_old, world_teardown),
		cmocka_unit_test_setup_teardown(
				a_key_of_several_series_is_refused, setup_old, world_teardown),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	log_set_level(LOG_LEVEL_ERROR);
	world_set_dictionary(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
