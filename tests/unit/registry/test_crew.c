/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crew: every piece is done once, no seat by two at a time, several askers at once, and of pieces
 * that fail the lowest is told. Memory that threads made apart lives on in one arena.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "registry/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define PIECES 2000

struct work {
	atomic_int done[PIECES];
	int64_t sums[THREADS]; /* by seat, without a lock */
	int64_t fails_from;
};

static bool piece_do(void *context, unsigned seat, int64_t piece, struct error *err)
{
	struct work *work = context;

	work->sums[seat] += piece;
	atomic_fetch_add(&work->done[piece], 1);
	return piece < work->fails_from ||
	       error_set(err, ERROR_LIMIT, "piece %lld", (long long)piece);
}

static void every_piece_once(struct crew *crew)
{
	struct work work = { .fails_from = PIECES };
	struct error err = { 0 };
	int64_t sum = 0;

	assert_true(crew_run(crew, 3, PIECES, piece_do, &work, &err));
	for (int64_t i = 0; i < PIECES; i++)
		assert_int_equal(atomic_load(&work.done[i]), i >= 3);
	for (unsigned i = 0; i < THREADS; i++)
		sum += work.sums[i];
	assert_int_equal(sum, (int64_t)PIECES * (PIECES - 1) / 2 - 3);
}

static void pieces_are_done(void **state)
{
	struct error err = { 0 };
	struct crew *crew = crew_new(THREADS, &err);
	struct work none = { .fails_from = 0 };

	(void)state;
	assert_non_null(crew);
	assert_int_equal(crew_seats(crew), THREADS);
	assert_int_equal(crew_seats(NULL), 1);
	every_piece_once(NULL);
	every_piece_once(crew);
	assert_true(crew_run(crew, 5, 5, piece_do, &none, &err));
	crew_free(crew);
}

/* Whoever fails first by the clock, the lowest is told, and the rest is not begun. */
static void lowest_failure_is_told(void **state)
{
	struct error err = { 0 };
	struct crew *crew = crew_new(THREADS, &err);
	int done = 0;

	(void)state;
	for (int again = 0; again < 50; again++) {
		struct work work = { .fails_from = 100 + again };
		char expected[32];

		assert_false(crew_run(
				again % 2 ? crew : NULL, 0, PIECES, piece_do, &work, &err));
		(void)snprintf(expected, sizeof(expected), "piece %d", 100 + again);
		assert_string_equal(err.message, expected);
		assert_int_equal(err.code, ERROR_LIMIT);
		done = 0;
		for (int i = 0; i < PIECES; i++)
			done += atomic_load(&work.done[i]);
		assert_in_range(done, 101 + again, 101 + again + THREADS);
	}
	crew_free(crew);
}

static void *asker_main(void *crew)
{
	for (int i = 0; i < 20; i++)
		every_piece_once(crew);
	return NULL;
}

static void askers_share(void **state)
{
	struct error err = { 0 };
	struct crew *crew = crew_new(THREADS, &err);
	pthread_t askers[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&askers[i], NULL, asker_main, crew), 0);
	for (size_t i = 0; i < 3; i++)
		pthread_join(askers[i], NULL);
	crew_free(crew);
}

static void arena_lives_on(void **state)
{
	struct arena all, part, empty;
	char *texts[200];

	(void)state;
	arena_init(&all, 1 << 20);
	arena_init(&empty, 1 << 20);
	arena_adopt(&all, &empty);
	for (int i = 0; i < 200; i++) {
		arena_init(&part, 1 << 20);
		(void)arena_copy_text(&all, "something between");
		texts[i] = arena_format(&part, "text %d", i);
		arena_adopt(&all, &part);
		assert_null(part.blocks);
		arena_fini(&part);
	}
	assert_string_equal(texts[0], "text 0");
	assert_string_equal(texts[199], "text 199");
	assert_false(all.exhausted);
	/* More than both may have together. */
	arena_init(&part, 1 << 20);
	assert_non_null(arena_alloc(&part, 900 * 1024));
	arena_adopt(&all, &part);
	assert_true(all.exhausted);
	assert_null(arena_alloc(&all, 1));
	arena_fini(&all);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_done),
		cmocka_unit_test(lowest_failure_is_told),
		cmocka_unit_test(askers_share),
		cmocka_unit_test(arena_lives_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
