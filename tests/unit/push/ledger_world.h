/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger with released deliveries, for tests: enterprises to each of which one thing is to be told. */
#pragma once

#include "push/ledger.h"
#include "push_world.h"

#define HOUR_MS 3600000

struct world {
	struct push_world push;
	struct arena arena;
	struct ruleset *ruleset;
};

/** The dictionary of the cases, for all worlds; before the first. */
void world_set_dictionary(const char *path);
/**
 * For cmocka: *state is the world, with @count enterprises, or one; with @policies, the first @held_count of
 * which a department confirms, or with one that is not held.
 */
int world_setup_policies(void **state, const char *policies, size_t held_count, size_t count);
int world_setup_firms(void **state, size_t count);
int world_setup(void **state);
int world_teardown(void **state);

/** The only delivery, leased; NULL when there is none to be had. */
struct ledger_delivery *world_lease(struct world *world);
/** What is said of an acknowledgement; "" when it counts. */
const char *world_acknowledge(
		struct world *world, const struct ledger_delivery *delivery, bool failed);
Policycalc__V1__DeliveryState world_state_of(
		struct world *world, const struct ledger_delivery *delivery);
