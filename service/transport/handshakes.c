/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses share HANDSHAKE_ADDRESSES slots by a hash that nobody can foretell; of IPv6 the network counts, /64. What
 * is asked every time takes the same time however many there are; who has to go is looked for among all slots.
 *
 * One that is called always goes: what they will take is guessed from those before, so that a turn is kept on the
 * whole, and one that takes longer is alone in its turn. So who came last may not go before those who wait.
 */
#include "transport/handshakes.h"

#include "transport/origin.h"

#include <assert.h>

#define TURN_US UINT64_C(300)
#define CALLED_MOST 4
#define SILENT_PER_BEGUN 16

enum { BY_AGE, WAITING };

/* --- lists ----------------------------------------------------------------------------------- */

static void list_append(struct handshake_list *list, struct handshake *handshake, int which)
{
	handshake->next[which] = NULL;
	handshake->previous[which] = list->last;
	if (list->last)
		list->last->next[which] = handshake;
	else
		list->first = handshake;
	list->last = handshake;
	list->count++;
}

static void list_remove(struct handshake_list *list, struct handshake *handshake, int which)
{
	if (handshake->previous[which])
		handshake->previous[which]->next[which] = handshake->next[which];
	else
		list->first = handshake->next[which];
	if (handshake->next[which])
		handshake->next[which]->previous[which] = handshake->previous[which];
	else
		list->last = handshake->previous[which];
	list->count--;
}

static void append_waiting(struct handshakes *all, struct handshake_address *address)
{
	address->next = NULL;
	address->is_waiting = true;
	if (all->last_waiting)
		all->last_waiting->next = address;
	else
		all->first_waiting = address;
	all->last_waiting = address;
}

/* The first of them. */
static struct handshake_address *take_waiting(struct handshakes *all)
{
	struct handshake_address *address = all->first_waiting;

	if (!address)
		return NULL;
	all->first_waiting = address->next;
	if (!all->first_waiting)
		all->last_waiting = NULL;
	address->is_waiting = false;
	return address;
}

/* --- who there is ---------------------------------------------------------------------------- */

void handshakes_init(struct handshakes *all, size_t most, uint64_t seed)
{
	*all = (struct handshakes){
		.seed = seed,
		.most = { [HANDSHAKE_SILENT] = most * SILENT_PER_BEGUN,
				[HANDSHAKE_BEGUN] = most },
	};
}

static unsigned char slot_of(const struct handshakes *all, const struct sockaddr *where)
{
	static_assert(HANDSHAKE_ADDRESSES == 256, "a byte names a slot");
	return (unsigned char)origin_hash(where, all->seed);
}

static struct handshake_address *address_of(
		struct handshakes *all, const struct handshake *handshake)
{
	return &all->addresses[handshake->address];
}

static void put(struct handshakes *all, struct handshake *handshake, enum handshake_kind kind)
{
	handshake->kind = kind;
	list_append(&address_of(all, handshake)->by_age[kind], handshake, BY_AGE);
	all->count[kind]++;
}

static void take(struct handshakes *all, struct handshake *handshake)
{
	list_remove(&address_of(all, handshake)->by_age[handshake->kind], handshake, BY_AGE);
	all->count[handshake->kind]--;
}

void handshake_add(struct handshakes *all, struct handshake *handshake,
		const struct sockaddr *where)
{
	*handshake = (struct handshake){ .is_there = true, .address = slot_of(all, where) };
	put(all, handshake, HANDSHAKE_SILENT);
}

void handshake_begin(struct handshakes *all, struct handshake *handshake)
{
	assert(handshake->is_there && handshake->kind == HANDSHAKE_SILENT &&
			!handshake->is_waiting);
	take(all, handshake);
	put(all, handshake, HANDSHAKE_BEGUN);
}

/* Its address may stay among those that wait, and is found to have nobody. */
static void wait_no_more(struct handshakes *all, struct handshake *handshake)
{
	if (handshake->is_waiting)
		list_remove(&address_of(all, handshake)->waiting[handshake->kind], handshake,
				WAITING);
	handshake->is_waiting = false;
}

void handshake_remove(struct handshakes *all, struct handshake *handshake)
{
	if (!handshake->is_there)
		return;
	wait_no_more(all, handshake);
	take(all, handshake);
	handshake->is_there = false;
}

/* The oldest of the address that has most. */
static struct handshake *first_to_go(const struct handshakes *all, enum handshake_kind kind)
{
	const struct handshake_list *most = &all->addresses[0].by_age[kind];

	for (size_t i = 1; i < HANDSHAKE_ADDRESSES; i++)
		if (all->addresses[i].by_age[kind].count > most->count)
			most = &all->addresses[i].by_age[kind];
	return most->first;
}

struct handshake *handshakes_surplus(const struct handshakes *all, enum handshake_kind kind)
{
	return all->count[kind] < all->most[kind] ? NULL : first_to_go(all, kind);
}

struct handshake *handshakes_first_to_go(const struct handshakes *all)
{
	return first_to_go(
			all, all->count[HANDSHAKE_SILENT] ? HANDSHAKE_SILENT : HANDSHAKE_BEGUN);
}

/* --- turns ----------------------------------------------------------------------------------- */

bool handshake_has_turn(struct handshakes *all, struct handshake *handshake)
{
	struct handshake_address *address = address_of(all, handshake);

	assert(handshake->is_there && !handshake->is_waiting);
	if (handshake->is_called || (!all->first_waiting && all->spent_us < TURN_US))
		return true;
	handshake->is_waiting = true;
	list_append(&address->waiting[handshake->kind], handshake, WAITING);
	if (!address->is_waiting)
		append_waiting(all, address);
	return false;
}

void handshake_worked(struct handshakes *all, struct handshake *handshake, uint64_t us)
{
	handshake->is_called = false;
	all->spent_us += us;
	all->mean_us = (7 * all->mean_us + us) / 8;
}

size_t handshakes_turn(struct handshakes *all)
{
	size_t count = TURN_US / (all->mean_us + 1);

	all->spent_us = 0;
	if (count > CALLED_MOST)
		return CALLED_MOST;
	return count ? count : 1;
}

struct handshake *handshakes_call(struct handshakes *all)
{
	struct handshake_address *address;

	while ((address = take_waiting(all))) {
		struct handshake *called = address->waiting[HANDSHAKE_BEGUN].first;

		if (!called)
			called = address->waiting[HANDSHAKE_SILENT].first;
		if (!called)
			continue;
		wait_no_more(all, called);
		called->is_called = true;
		if (address->waiting[HANDSHAKE_BEGUN].first ||
				address->waiting[HANDSHAKE_SILENT].first)
			append_waiting(all, address);
		return called;
	}
	return NULL;
}
