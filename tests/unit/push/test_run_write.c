/* SPDX-License-Identifier: Apache-2.0 */
/* What the step of a run makes of blocks that threads bring while it looks for the next one. */
#include "base/memory.h"
#include "push/run_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NEXT 7

/* The run, and what a thread brings it between two looks. */
struct world {
	struct push_engine engine;
	struct push_run run;
	struct push_block *coming;
};

static int64_t on_now(void *context)
{
	(void)context;
	return 1000;
}

static void on_look(struct push_run *run)
{
	struct world *world = (struct world *)((char *)run - offsetof(struct world, run));

	if (!world->coming)
		return;
	pthread_mutex_lock(&run->lock);
	world->coming->next = run->worked;
	run->worked = world->coming;
	world->coming = NULL;
	pthread_mutex_unlock(&run->lock);
}

/* A run whose checkpoint has just been written, so that a block without news writes nothing. */
static void world_init(struct world *world, int64_t number, enum error_code failure,
		size_t deferred_count)
{
	*world = (struct world){ .engine.host.now_ms = on_now };
	world->run.engine = &world->engine;
	world->run.next_write = NEXT;
	world->run.stored_ms = on_now(NULL);
	world->run.in_flight = 1;
	world->run.between_looks = on_look;
	pthread_mutex_init(&world->run.lock, NULL);
	world->coming = push_block_new(&world->run.plan, number);
	assert_non_null(world->coming);
	world->coming->deferred_count = deferred_count;
	if (failure != ERROR_NONE)
		error_set(&world->coming->err, failure, "broken");
}

static void world_fini(struct world *world)
{
	run_free_blocks(world->run.worked);
	push_counts_fini(&world->run.counts);
	pthread_mutex_destroy(&world->run.lock);
}

/* It is not there at the first look, and is no failure at the second. */
static void one_that_comes_done_is_for_the_next_step(void **state)
{
	struct world world;
	struct error err = { ERROR_NONE, "" };
	bool done = true;

	(void)state;
	world_init(&world, NEXT, ERROR_NONE, 0);
	assert_true(run_commit_blocks(&world.run, &done, &err));
	assert_false(done);
	assert_non_null(world.run.worked);
	assert_int_equal(world.run.next_write, NEXT);
	assert_true(run_commit_blocks(&world.run, &done, &err));
	assert_true(done);
	assert_null(world.run.worked);
	assert_int_equal(world.run.next_write, NEXT + 1);
	assert_int_equal(world.run.in_flight, 0);
	world_fini(&world);
}

static void one_that_comes_deferred_is_for_the_next_step(void **state)
{
	struct world world;
	struct error err = { ERROR_NONE, "" };
	bool done = true;

	(void)state;
	world_init(&world, NEXT, ERROR_NONE, 1);
	for (int i = 0; i < 2; i++) {
		assert_true(run_commit_blocks(&world.run, &done, &err));
		assert_false(done);
		assert_non_null(world.run.worked);
		assert_int_equal(world.run.next_write, NEXT);
	}
	world_fini(&world);
}

static void one_that_comes_failed_ends_the_run(void **state)
{
	struct world world;
	struct error err = { ERROR_NONE, "" };
	bool done = true;

	(void)state;
	world_init(&world, NEXT, ERROR_IO, 0);
	assert_false(run_commit_blocks(&world.run, &done, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_string_equal(err.message, "broken");
	assert_null(world.run.worked);
	world_fini(&world);
}

/* Those before it are written first. */
static void a_later_one_that_failed_waits(void **state)
{
	struct world world;
	struct error err = { ERROR_NONE, "" };
	bool done = true;

	(void)state;
	world_init(&world, NEXT + 1, ERROR_IO, 0);
	assert_true(run_commit_blocks(&world.run, &done, &err));
	assert_false(done);
	assert_non_null(world.run.worked);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_comes_done_is_for_the_next_step),
		cmocka_unit_test(one_that_comes_deferred_is_for_the_next_step),
		cmocka_unit_test(one_that_comes_failed_ends_the_run),
		cmocka_unit_test(a_later_one_that_failed_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
