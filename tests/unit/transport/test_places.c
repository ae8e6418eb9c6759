/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the places for connections, and who has to go when there are none left. */
#include "base/memory.h"
#include "transport/places.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 40u
#define SPARE 21u

struct visitor {
	struct place place;
	uint64_t used;
};

static struct places *places;
static struct room room;
static struct visitor many[MOST + SPARE + 1];

static uint64_t used_of(const struct place *place)
{
	return ((const struct visitor *)place)->used;
}

static int set_up_with(struct places_limits limits)
{
	places = places_new(&limits, NULL);
	assert_non_null(places);
	room = (struct room){ .random = 42 };
	memset(many, 0, sizeof(many));
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return set_up_with((struct places_limits){ .most = MOST });
}

static int tear_down(void **state)
{
	(void)state;
	room_fini(&room);
	places_free(places);
	return 0;
}

/* @address: NULL for a Unix socket. */
static enum places_verdict enter(struct place *place, const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (!address)
		return places_enter(places, place, NULL);
	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return places_enter(places, place, (const struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	return places_enter(places, place, (const struct sockaddr *)&six);
}

/* @count of @address take places, and are in the room, from many[@from] on. */
static void fill(size_t from, size_t count, const char *address)
{
	for (size_t i = from; i < from + count; i++) {
		assert_int_equal(enter(&many[i].place, address), PLACES_FREE);
		many[i].used = 1000 + i;
		room_add(&room, &many[i].place);
	}
}

static struct visitor *first_to_go(const struct place *newcomer)
{
	return (struct visitor *)room_first_to_go(
			&room, places, places_held(places, newcomer), used_of);
}

static void go(struct visitor *visitor)
{
	places_give_up(places, &visitor->place);
	room_remove(&room, &visitor->place);
	places_leave(places, &visitor->place);
	/* Twice is once. */
	places_leave(places, &visitor->place);
	room_remove(&room, &visitor->place);
}

static void one_address_may_have_them_all(void **state)
{
	struct place next = { 0 };

	(void)state;
	fill(0, MOST, "192.0.2.1");
	assert_int_equal(places_look(places).count, MOST);
	/* And no more. */
	assert_int_equal(enter(&next, "192.0.2.1"), PLACES_OVER);
	assert_null(first_to_go(&next));
	assert_false(places_owe(places, &next));
	places_leave(places, &next);
	assert_int_equal(places_look(places).count, MOST);
	go(&many[7]);
	assert_int_equal(enter(&next, "192.0.2.1"), PLACES_FREE);
}

static void who_has_most_makes_room(void **state)
{
	struct visitor *first;
	size_t others = 0;

	(void)state;
	fill(0, MOST, "192.0.2.1");
	many[0].used = 3;
	many[1].used = 2;
	for (; others < MOST / 2; others++) {
		struct place *other = &many[MOST + others].place;

		assert_int_equal(enter(other, "192.0.2.2"), PLACES_OVER);
		first = first_to_go(other);
		assert_non_null(first);
		/* Least used first, and never one of those that have fewer. */
		assert_int_equal(first->used, others == 0   ? 2
					      : others == 1 ? 3
							    : 1000 + others);
		go(first);
		room_add(&room, other);
	}
	assert_int_equal(enter(&many[MOST + others].place, "192.0.2.2"), PLACES_OVER);
	assert_null(first_to_go(&many[MOST + others].place));
	places_leave(places, &many[MOST + others].place);
	assert_int_equal(places_look(places).count, MOST);
	assert_int_equal(places_held(places, &many[MOST].place), MOST / 2);
}

static void those_that_have_the_same_stay(void **state)
{
	struct place next = { 0 };

	(void)state;
	fill(0, 20, "192.0.2.1");
	many[13].used = 5;
	fill(20, 19, "192.0.2.2");
	/* 19 and itself are as many as the other has. */
	assert_int_equal(enter(&next, "192.0.2.2"), PLACES_FREE);
	assert_null(first_to_go(&next));
	assert_false(places_owe(places, &next));
	places_leave(places, &next);
	go(&many[25]);
	assert_int_equal(enter(&next, "192.0.2.2"), PLACES_FREE);
	assert_ptr_equal(first_to_go(&next), &many[13]);
	/* Whoever has to go counts no more, but has its place until it is gone. */
	places_give_up(places, &many[0].place);
	assert_null(first_to_go(&next));
	assert_int_equal(places_look(places).count, 39);
	places_leave(places, &many[0].place);
	places_leave(places, &next);
	assert_int_equal(places_look(places).count, 37);
	/* Of a third that has fewer, both have more. */
	assert_int_equal(enter(&next, "192.0.2.3"), PLACES_FREE);
	assert_ptr_equal(first_to_go(&next), &many[13]);
}

static void there_is_an_end_of_the_spare_ones(void **state)
{
	struct place next = { 0 };

	(void)state;
	assert_int_equal(places_spare(MOST), SPARE);
	fill(0, MOST, "192.0.2.1");
	for (size_t i = MOST; i < MOST + SPARE; i++)
		assert_int_equal(enter(&many[i].place, "192.0.2.2"), PLACES_OVER);
	assert_int_equal(enter(&next, "192.0.2.3"), PLACES_FULL);
	assert_int_equal(places_look(places).count, MOST + SPARE);
	assert_int_equal(places_look(places).full, 1);
	assert_false(next.is_taken);
	places_leave(places, &next);
	assert_int_equal(places_look(places).count, MOST + SPARE);
}

static void a_room_without_them_owes(void **state)
{
	struct place next = { 0 }, free = { 0 };
	size_t held = 99;

	(void)state;
	fill(0, MOST, "192.0.2.1");
	room.count = 0;
	assert_false(places_take_debt(places, &held));
	assert_int_equal(enter(&next, NULL), PLACES_OVER);
	assert_null(first_to_go(&next));
	assert_true(places_owe(places, &next));
	assert_true(places_take_debt(places, &held));
	assert_int_equal(held, 1);
	assert_false(places_take_debt(places, &held));
	places_return_debt(places);
	assert_true(places_take_debt(places, &held));
	/* It is forgiven as soon as there are places again. */
	places_return_debt(places);
	for (size_t i = 0; i < 2; i++)
		places_leave(places, &many[i].place);
	assert_int_equal(enter(&free, NULL), PLACES_FREE);
	assert_false(places_take_debt(places, &held));
}

static void addresses_are_told_apart(void **state)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.1", "192.0.2.2" },
		{ "2001:db8:0:1::1", "2001:db8:0:2::1" },
		{ "::1", "127.0.0.1" },
		{ "::1", NULL },
		{ "127.0.0.1", NULL },
	};
	static const char *const same[][2] = {
		{ "2001:db8:0:1::1", "2001:db8:0:1:ffff::2" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
	};
	struct place a = { 0 }, b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		(void)enter(&a, pairs[i][0]);
		(void)enter(&b, pairs[i][1]);
		assert_int_equal(places_held(places, &a), 1);
		places_leave(places, &a);
		places_leave(places, &b);
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		(void)enter(&a, same[i][0]);
		(void)enter(&b, same[i][1]);
		assert_int_equal(places_held(places, &a), 2);
		places_leave(places, &a);
		places_leave(places, &b);
		assert_int_equal(places_held(places, &a), 0);
	}
}

static void an_address_may_have_a_limit(void **state)
{
	struct place place = { 0 };
	static const char *const here[] = { "127.0.0.1", "127.9.9.9", "::1", NULL };

	(void)state;
	places_free(places);
	(void)set_up_with((struct places_limits){ .most = MOST, .most_of_address = 3 });
	fill(0, 3, "192.0.2.1");
	assert_int_equal(enter(&place, "192.0.2.1"), PLACES_OF_ADDRESS);
	assert_false(place.is_taken);
	assert_int_equal(places_look(places).of_address, 1);
	assert_int_equal(places_look(places).count, 3);
	assert_int_equal(enter(&place, "192.0.2.2"), PLACES_FREE);
	/* A proxy of this machine speaks for many, unless told. */
	fill(3, 5, "127.0.0.1");
	fill(8, 5, "::1");
	fill(13, 5, NULL);
	places_free(places);
	room_fini(&room);
	(void)set_up_with((struct places_limits){
			.most = MOST, .most_of_address = 3, .local = true });
	for (size_t i = 0; i < 4; i++) {
		fill(i * 3, 3, here[i]);
		assert_int_equal(enter(&place, here[i]), PLACES_OF_ADDRESS);
	}
}

/* Those that are not looked at do not matter: of most of a large room's it is one. */
static void a_large_room_is_looked_at_in_part(void **state)
{
	enum { ALL = 5000, OTHERS = 500 };
	struct visitor *all = calloc(ALL, sizeof(*all));
	struct place next = { 0 };

	(void)state;
	assert_non_null(all);
	places_free(places);
	(void)set_up_with((struct places_limits){ .most = ALL });
	for (size_t i = 0; i < ALL; i++) {
		/* In one piece, so that no order hides the others. */
		assert_int_equal(enter(&all[i].place, i < OTHERS ? "192.0.2.2" : "192.0.2.1"),
				PLACES_FREE);
		all[i].used = i < OTHERS ? 1 : 1000;
		room_add(&room, &all[i].place);
	}
	for (size_t i = 0; i < 100; i++) {
		struct visitor *first;

		assert_int_not_equal(enter(&next, "192.0.2.3"), PLACES_FULL);
		first = first_to_go(&next);
		assert_true(first >= &all[OTHERS]);
		go(first);
		places_leave(places, &next);
	}
	for (size_t i = 0; i < ALL; i++)
		go(&all[i]);
	assert_int_equal(room.count, 0);
	assert_int_equal(places_look(places).count, 0);
	free(all);
}

static void without_memory_it_stays(void **state)
{
	(void)state;
	assert_int_equal(enter(&many[0].place, "192.0.2.1"), PLACES_FREE);
	(void)memory_fail_nth(1, 1);
	room_add(&room, &many[0].place);
	(void)memory_fail_nth(0, 0);
	assert_int_equal(room.count, 0);
	room_remove(&room, &many[0].place);
	fill(1, 20, "192.0.2.1");
	room_remove(&room, &many[5].place);
	assert_int_equal(room.count, 19);
	(void)memory_fail_nth(1, 1);
	assert_null(places_new(&(struct places_limits){ .most = 1 }, NULL));
	(void)memory_fail_nth(0, 0);
}

static void it_is_told_once_a_minute(void **state)
{
	(void)state;
	assert_true(places_may_tell(places, 5));
	assert_false(places_may_tell(places, 6));
	assert_false(places_may_tell(places, 60000004));
	assert_true(places_may_tell(places, 60000005));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
				one_address_may_have_them_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_has_most_makes_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
				those_that_have_the_same_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
				there_is_an_end_of_the_spare_ones, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_room_without_them_owes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_address_may_have_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
				a_large_room_is_looked_at_in_part, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_it_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_told_once_a_minute, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
