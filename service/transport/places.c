/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/places.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <sys/random.h>

#define ROWS 2
#define SLOTS 4096u
/* Of a room, at a time: an address with a tenth of the connections is missed once in 800 times. */
#define LOOKS 64
#define TELL_US UINT64_C(60000000)
/* In a hash of an address; the slots are of other bits. */
#define LOCAL UINT64_C(1)

struct places {
	struct places_limits limits;
	uint64_t seed;
	atomic_size_t count;
	_Atomic uint64_t largest; /* the address that has most, as far as it was seen */
	atomic_size_t owed;
	atomic_size_t owed_held; /* of the newest newcomer for whom one is owed */
	_Atomic uint64_t full, of_address, displaced;
	_Atomic uint64_t told_us;
	atomic_uint slots[ROWS][SLOTS];
};

size_t places_spare(size_t most)
{
	return most / 8 + 16;
}

struct places *places_new(const struct places_limits *limits, struct error *err)
{
	struct places *places = memory_alloc_zero(1, sizeof(*places));

	if (!places) {
		error_set(err, ERROR_MEMORY, "out of memory while starting the server");
		return NULL;
	}
	places->limits = *limits;
	if (getrandom(&places->seed, sizeof(places->seed), 0) == (ssize_t)sizeof(places->seed))
		return places;
	memory_free(places);
	error_set(err, ERROR_INTERNAL, "the system gives no random bytes");
	return NULL;
}

void places_free(struct places *places)
{
	memory_free(places);
}

/* --- counting -------------------------------------------------------------------------------- */

static unsigned slot_of(uint64_t address, size_t row)
{
	return (unsigned)(address >> (row ? 32 : 1)) % SLOTS;
}

/* Never 0. */
static uint64_t address_of(const struct places *places, const struct sockaddr *where)
{
	uint64_t hash = origin_hash(where, places->seed);

	hash = origin_is_local(where) ? hash | LOCAL : hash & ~LOCAL;
	return hash ? hash : 2;
}

static size_t held_by(const struct places *places, uint64_t address)
{
	unsigned least = UINT32_MAX;

	if (!address)
		return 0;
	for (size_t row = 0; row < ROWS; row++) {
		unsigned held = atomic_load_explicit(&places->slots[row][slot_of(address, row)],
				memory_order_relaxed);

		if (held < least)
			least = held;
	}
	return least;
}

size_t places_held(const struct places *places, const struct place *place)
{
	return held_by(places, place->address);
}

void places_give_up(struct places *places, struct place *place)
{
	for (size_t row = 0; place->address && row < ROWS; row++)
		atomic_fetch_sub_explicit(&places->slots[row][slot_of(place->address, row)], 1,
				memory_order_relaxed);
	place->address = 0;
}

void places_leave(struct places *places, struct place *place)
{
	if (!place->is_taken)
		return;
	places_give_up(places, place);
	place->is_taken = false;
	atomic_fetch_sub_explicit(&places->count, 1, memory_order_relaxed);
}

enum places_verdict places_enter(
		struct places *places, struct place *place, const struct sockaddr *where)
{
	const struct places_limits *limits = &places->limits;
	uint64_t address = address_of(places, where);
	size_t before, held;

	for (size_t row = 0; row < ROWS; row++)
		atomic_fetch_add_explicit(&places->slots[row][slot_of(address, row)], 1,
				memory_order_relaxed);
	before = atomic_fetch_add_explicit(&places->count, 1, memory_order_relaxed);
	place->is_taken = true;
	place->address = address;
	held = held_by(places, address);
	if (limits->most_of_address && held > limits->most_of_address &&
			(limits->local || !(address & LOCAL))) {
		places_leave(places, place);
		atomic_fetch_add_explicit(&places->of_address, 1, memory_order_relaxed);
		return PLACES_OF_ADDRESS;
	}
	if (before >= limits->most + places_spare(limits->most)) {
		places_leave(places, place);
		places_note_full(places);
		return PLACES_FULL;
	}
	if (held > held_by(places, atomic_load_explicit(
						   &places->largest, memory_order_relaxed)))
		atomic_store_explicit(&places->largest, address, memory_order_relaxed);
	if (before >= limits->most)
		return PLACES_OVER;
	if (atomic_load_explicit(&places->owed, memory_order_relaxed))
		atomic_store_explicit(&places->owed, 0, memory_order_relaxed);
	return PLACES_FREE;
}

/* --- what is told ---------------------------------------------------------------------------- */

void places_note_displaced(struct places *places)
{
	atomic_fetch_add_explicit(&places->displaced, 1, memory_order_relaxed);
}

void places_note_full(struct places *places)
{
	atomic_fetch_add_explicit(&places->full, 1, memory_order_relaxed);
}

struct places_counts places_look(const struct places *places)
{
	return (struct places_counts){
		.count = atomic_load_explicit(&places->count, memory_order_relaxed),
		.full = atomic_load_explicit(&places->full, memory_order_relaxed),
		.of_address = atomic_load_explicit(&places->of_address, memory_order_relaxed),
		.displaced = atomic_load_explicit(&places->displaced, memory_order_relaxed),
	};
}

bool places_may_tell(struct places *places, uint64_t now_us)
{
	uint64_t told_us = atomic_load_explicit(&places->told_us, memory_order_relaxed);

	return (told_us == 0 || now_us >= told_us + TELL_US) &&
	       atomic_compare_exchange_strong(&places->told_us, &told_us, now_us);
}

/* --- what is owed ---------------------------------------------------------------------------- */

bool places_owe(struct places *places, const struct place *place)
{
	size_t held = places_held(places, place);

	if (held_by(places, atomic_load_explicit(&places->largest, memory_order_relaxed)) <=
			held)
		return false;
	atomic_store_explicit(&places->owed_held, held, memory_order_relaxed);
	atomic_fetch_add_explicit(&places->owed, 1, memory_order_release);
	return true;
}

bool places_take_debt(struct places *places, size_t *out_held)
{
	size_t owed = atomic_load_explicit(&places->owed, memory_order_acquire);

	while (owed > 0 && !atomic_compare_exchange_weak(&places->owed, &owed, owed - 1))
		;
	*out_held = atomic_load_explicit(&places->owed_held, memory_order_relaxed);
	return owed > 0;
}

void places_return_debt(struct places *places)
{
	atomic_fetch_add_explicit(&places->owed, 1, memory_order_relaxed);
}

/* --- a room ---------------------------------------------------------------------------------- */

void room_add(struct room *room, struct place *place)
{
	size_t capacity = room->capacity ? room->capacity * 2 : 16;
	struct place **list;

	if (room->count == room->capacity) {
		list = memory_resize(room->list, capacity * sizeof(struct place *));
		if (!list)
			return;
		room->list = list;
		room->capacity = capacity;
	}
	room->list[room->count++] = place;
	place->number = room->count;
}

void room_remove(struct room *room, struct place *place)
{
	struct place *last;

	if (!place->number)
		return;
	last = room->list[--room->count];
	room->list[place->number - 1] = last;
	last->number = place->number;
	place->number = 0;
}

void room_fini(struct room *room)
{
	memory_free(room->list);
	room->list = NULL;
	room->count = room->capacity = 0;
}

/* xorshift64 */
static uint64_t room_random(struct room *room)
{
	room->random ^= room->random << 13;
	room->random ^= room->random >> 7;
	room->random ^= room->random << 17;
	return room->random;
}

struct place *room_first_to_go(struct room *room, const struct places *places, size_t held,
		uint64_t (*used)(const struct place *place))
{
	size_t looks = room->count < LOOKS ? room->count : LOOKS;
	struct place *first = NULL;
	size_t most = held;
	uint64_t least = 0;

	for (size_t i = 0; i < looks; i++) {
		struct place *place =
				room->list[looks < LOOKS ? i : room_random(room) % room->count];
		size_t has = places_held(places, place);

		if (has <= held || has < most || (first && has == most && used(place) >= least))
			continue;
		first = place;
		most = has;
		least = used(place);
	}
	return first;
}
