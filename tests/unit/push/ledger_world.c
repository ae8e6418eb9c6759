/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_world.h"

#include "fixture.h"

#include "push/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char POLICIES[] = "policy jobs\n    window always\n    require e.staff >= 20\n";

static const char *dictionary;

void world_set_dictionary(const char *path)
{
	dictionary = path;
}

int world_setup_policies(void **state, const char *policies, size_t held_count, size_t count)
{
	struct world *world = calloc(1, sizeof(*world));
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	struct push_order order = { .request = &request, .current_revision = 1 };
	Policycalc__V1__Profile **firms;
	Policycalc__V1__Run *run;
	struct case_file file;
	struct error err;

	assert_non_null(world);
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&file, &world->arena, dictionary, policies);
	file.catalog.revision = 1;
	for (size_t i = 0; i < held_count; i++)
		file.catalog.policies[i]->confirm_before_push = true;
	world->ruleset = fixture_compile(&file, NULL);
	assert_non_null(world->ruleset);
	push_world_init(&world->push, 1, false);
	world->push.now_ms = (int64_t)20510 * 24 * HOUR_MS;
	firms = ARENA_NEW_ARRAY(&world->arena, Policycalc__V1__Profile *, count);
	assert_non_null(firms);
	for (size_t i = 0; i < count; i++) {
		firms[i] = fixture_profile(&file, "region = 411282, staff = 30");
		firms[i]->uscc = arena_alloc(&world->arena, 32);
		assert_non_null(firms[i]->uscc);
		(void)snprintf(firms[i]->uscc, 32, "91411200MA%08zu", 40000001 + i);
	}
	push_world_import_all(&world->push, world->ruleset, firms, count, "2026-02-26", false);
	order.ruleset = world->ruleset;
	if (!push_engine_start(world->push.engine, &order, &world->arena, &run, &err))
		fail_msg("%s", err.message);
	push_world_drain(&world->push);
	*state = world;
	return 0;
}

int world_setup_firms(void **state, size_t count)
{
	return world_setup_policies(state, POLICIES, 0, count);
}

int world_setup(void **state)
{
	return world_setup_firms(state, 1);
}

int world_teardown(void **state)
{
	struct world *world = *state;

	push_world_fini(&world->push);
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
	free(world);
	return 0;
}

struct ledger_delivery *world_lease(struct world *world)
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

const char *world_acknowledge(
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

Policycalc__V1__DeliveryState world_state_of(
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
