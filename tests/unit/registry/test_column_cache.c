/* SPDX-License-Identifier: Apache-2.0 */
/* The column cache gives what the registry has, of every snapshot, whatever happened to its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column_check.h"
#include "effort.h"

#include "base/memory.h"
#include "registry/column_pack.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	struct world world;
	char folder[64];
	char path[96];
	struct column_cache *cache;
};

static void cache_open(struct fixture *fixture)
{
	struct column_origin origin = world_origin(&fixture->world);
	struct error err = { 0 };

	fixture->cache = column_cache_open(fixture->path, &origin, &err);
	if (!fixture->cache)
		fail_msg("%s", err.message);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world, 7, 5 * COLUMN_ROWS);
	strcpy(fixture->folder, "/tmp/columns-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/columns.cache", fixture->folder);
	cache_open(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	column_cache_close(fixture->cache);
	world_fini(&fixture->world);
	unlink(fixture->path);
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

static void check_all(struct fixture *fixture, int64_t sequence)
{
	struct error err = { 0 };
	struct column_reader *reader = column_reader_new(
			fixture->cache, sequence, world_want_list, world_want_count, &err);

	assert_non_null(reader);
	for (int64_t block = 0; block * COLUMN_ROWS < fixture->world.last_id; block++)
		world_check_block(&fixture->world, reader, block, sequence);
	column_reader_free(reader);
}

static uint64_t built(struct fixture *fixture)
{
	uint64_t count;
	uint64_t unwritten;

	column_cache_counts(fixture->cache, &count, &unwritten);
	return count;
}

static void columns_and_profiles_are_the_registrys(void **state)
{
	struct fixture *fixture = *state;

	world_add(&fixture->world, 2 * COLUMN_ROWS + 700);
	check_all(fixture, fixture->world.sequence);
	assert_int_equal(built(fixture), 3);
	assert_int_equal(column_cache_state(fixture->cache).blocks, 3);
	check_all(fixture, fixture->world.sequence);
	assert_int_equal(built(fixture), 3);
	column_cache_close(fixture->cache);
	cache_open(fixture);
	assert_int_equal(column_cache_state(fixture->cache).blocks, 3);
	check_all(fixture, fixture->world.sequence);
	assert_int_equal(built(fixture), 0);
}

static void nobody_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct column_reader *reader = column_reader_new(
			fixture->cache, 0, world_want_list, world_want_count, &err);
	struct sweep_source source;
	struct sweep_column column;

	assert_true(column_reader_enter(reader, 0, &source, &err));
	assert_int_equal(source.row_count, 0);
	assert_true(source.column(source.context, 0, &column, &err));
	assert_null(column.known);
	column_reader_free(reader);
	/* Whoever comes later is seen. */
	world_add(&fixture->world, 3);
	check_all(fixture, fixture->world.sequence);
}

static void changed_blocks_are_built_again(void **state)
{
	struct fixture *fixture = *state;

	world_add(&fixture->world, 3 * COLUMN_ROWS);
	check_all(fixture, 1);
	world_change(&fixture->world, COLUMN_ROWS + 5);
	check_all(fixture, 2);
	assert_int_equal(built(fixture), 4);
	world_add(&fixture->world, 9);
	check_all(fixture, 3);
	assert_int_equal(built(fixture), 5);
}

static void the_past_is_not_mixed_with_the_present(void **state)
{
	struct fixture *fixture = *state;

	world_add(&fixture->world, COLUMN_ROWS + 100);
	check_all(fixture, 1);
	world_change(&fixture->world, 17);
	world_add(&fixture->world, 50);
	world_change(&fixture->world, 18);
	check_all(fixture, 4);
	/* Of block 0 the newest image stays; the past is built aside and not kept. */
	for (int64_t sequence = 3; sequence >= 0; sequence--)
		check_all(fixture, sequence);
	check_all(fixture, 4);
	column_cache_close(fixture->cache);
	cache_open(fixture);
	check_all(fixture, 2);
	check_all(fixture, 4);
}

static void another_pasts_images_are_forgotten(void **state)
{
	struct fixture *fixture = *state;

	world_add(&fixture->world, 20);
	check_all(fixture, 1);
	column_cache_close(fixture->cache);
	/* Put back from a backup, and changed in another way since. */
	fixture->world.stamp = 2000;
	cache_open(fixture);
	assert_int_equal(column_cache_state(fixture->cache).blocks, 0);
	check_all(fixture, 1);
}

/* --- damage ----------------------------------------------------------------------------------- */

static size_t file_read(const char *path, char **out_bytes)
{
	struct stat status;
	int number = open(path, O_RDONLY);

	assert_true(number >= 0);
	assert_int_equal(fstat(number, &status), 0);
	*out_bytes = malloc((size_t)status.st_size);
	assert_int_equal(read(number, *out_bytes, (size_t)status.st_size), status.st_size);
	close(number);
	return (size_t)status.st_size;
}

static void file_write(const char *path, const char *bytes, size_t size)
{
	int number = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(number >= 0);
	assert_int_equal(write(number, bytes, size), size);
	close(number);
}

static void check_damaged(struct fixture *fixture, const char *bytes, size_t size)
{
	file_write(fixture->path, bytes, size);
	cache_open(fixture);
	check_all(fixture, fixture->world.sequence);
	column_cache_close(fixture->cache);
	/* What was repaired is whole. */
	cache_open(fixture);
	check_all(fixture, fixture->world.sequence);
	assert_int_equal(built(fixture), 0);
	column_cache_close(fixture->cache);
}

static void damaged_files_are_noticed(void **state)
{
	struct fixture *fixture = *state;
	bool is_long = getenv("POLICYCALC_LONG") != NULL;
	size_t step = is_long ? 7 : 997;
	size_t size;
	char *bytes;

	world_add(&fixture->world, 40);
	check_all(fixture, 1);
	world_change(&fixture->world, 3);
	check_all(fixture, 2);
	column_cache_close(fixture->cache);
	size = file_read(fixture->path, &bytes);
	for (size_t at = 0; at < size; at += at < 200 ? (is_long ? 1 : 13) : step) {
		char was = bytes[at];

		check_damaged(fixture, bytes, at);
		bytes[at] = (char)(was ^ (char)(1u << (at % 8)));
		check_damaged(fixture, bytes, size);
		bytes[at] = was;
	}
	free(bytes);
	cache_open(fixture);
}

static void a_file_that_rots_while_it_is_read_is_repaired(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct column_reader *reader;
	struct sweep_source source;
	struct sweep_column column;
	size_t size;
	char *bytes;

	world_add(&fixture->world, 3000);
	check_all(fixture, 1);
	reader = column_reader_new(fixture->cache, 1, world_want_list, world_want_count, &err);
	assert_true(column_reader_enter(reader, 0, &source, &err));
	assert_true(source.column(source.context, 1, &column, &err));
	/* All of it but the front, which was read. */
	size = file_read(fixture->path, &bytes);
	memset(bytes + 4096, 0x5a, size - 4096);
	file_write(fixture->path, bytes, size);
	free(bytes);
	assert_true(source.column(source.context, 2, &column, &err));
	assert_non_null(column.known);
	world_check_block(&fixture->world, reader, 0, 1);
	column_reader_free(reader);
	check_all(fixture, 1);
	assert_int_equal(built(fixture), 2);
}

static void a_full_disk_costs_only_time(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit limit;
	struct rlimit small;
	uint64_t count;
	uint64_t unwritten;

	world_add(&fixture->world, 2 * COLUMN_ROWS);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	check_all(fixture, 1);
	column_cache_counts(fixture->cache, &count, &unwritten);
	assert_int_equal(unwritten, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_all(fixture, 1);
	column_cache_close(fixture->cache);
	cache_open(fixture);
	check_all(fixture, 1);
	assert_int_equal(built(fixture), 0);
}

static void without_a_file_it_works(void **state)
{
	struct fixture *fixture = *state;

	column_cache_close(fixture->cache);
	unlink(fixture->path);
	assert_int_equal(mkdir(fixture->path, 0700), 0);
	cache_open(fixture);
	world_add(&fixture->world, 100);
	check_all(fixture, 1);
	check_all(fixture, 1);
	assert_int_equal(built(fixture), 2);
	assert_int_equal(rmdir(fixture->path), 0);
}

static void a_registry_that_fails_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct column_reader *reader;
	struct sweep_source source;

	world_add(&fixture->world, 10);
	fixture->world.fails = true;
	reader = column_reader_new(fixture->cache, 1, NULL, 0, &err);
	assert_false(column_reader_enter(reader, 0, &source, &err));
	assert_int_equal(err.code, ERROR_IO);
	fixture->world.fails = false;
	assert_true(column_reader_enter(reader, 0, &source, &err));
	assert_int_equal(source.row_count, 10);
	column_reader_free(reader);
}

static void memory_that_fails_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	bool done = false;

	world_add(&fixture->world, 12);
	for (unsigned long nth = 1; !done; nth++) {
		struct error err = { 0 };
		struct column_reader *reader;
		struct sweep_source source;

		if (nth % 2)
			world_change(&fixture->world, 5);
		memory_fail_nth(nth, 0);
		reader = column_reader_new(fixture->cache, fixture->world.sequence,
				world_want_list, world_want_count, &err);
		if (reader)
			(void)column_reader_enter(reader, 0, &source, &err);
		column_reader_free(reader);
		done = memory_fail_nth(0, 0) < nth;
		if (!done && err.code == ERROR_NONE)
			continue; /* the file was not kept, which is no failure */
	}
	check_all(fixture, fixture->world.sequence);
}

static void the_file_does_not_grow_for_ever(void **state)
{
	struct fixture *fixture = *state;
	struct column_file_state file;
	unsigned changes = 200 / effort_step(4);

	world_add(&fixture->world, 2 * COLUMN_ROWS);
	check_all(fixture, 1);
	file = column_cache_state(fixture->cache);
	for (unsigned i = 0; i < changes; i++) {
		struct error err = { 0 };
		struct column_reader *reader;
		struct sweep_source source;

		world_change(&fixture->world, 1 + (int)(i % 2) * COLUMN_ROWS);
		reader = column_reader_new(
				fixture->cache, fixture->world.sequence, NULL, 0, &err);
		assert_true(column_reader_enter(reader, i % 2, &source, &err));
		column_reader_free(reader);
	}
	assert_true(column_cache_state(fixture->cache).size <
			2 * file.live + ((uint64_t)40 << 20));
	/* Whether it was cleaned up shows in the whole of them. */
	assert_true(changes < 200 || changes * file.live / 2 > (uint64_t)60 << 20);
	check_all(fixture, fixture->world.sequence);
	column_cache_close(fixture->cache);
	cache_open(fixture);
	check_all(fixture, fixture->world.sequence);
	assert_int_equal(built(fixture), 0);
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *read_all(void *argument)
{
	struct fixture *fixture = argument;

	for (int i = 0; i < 3; i++)
		check_all(fixture, i + 1);
	return NULL;
}

static void many_readers_at_once(void **state)
{
	struct fixture *fixture = *state;
	pthread_t threads[4];

	world_add(&fixture->world, COLUMN_ROWS + 1200);
	world_change(&fixture->world, 4);
	world_add(&fixture->world, 300);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, fixture), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest threads[] = { TEST(many_readers_at_once) };
	const struct CMUnitTest tests[] = {
		TEST(columns_and_profiles_are_the_registrys),
		TEST(nobody_is_there),
		TEST(changed_blocks_are_built_again),
		TEST(the_past_is_not_mixed_with_the_present),
		TEST(another_pasts_images_are_forgotten),
		TEST(damaged_files_are_noticed),
		TEST(a_file_that_rots_while_it_is_read_is_repaired),
		TEST(a_full_disk_costs_only_time),
		TEST(without_a_file_it_works),
		TEST(a_registry_that_fails_is_an_error),
		TEST(memory_that_fails_is_an_error),
		TEST(the_file_does_not_grow_for_ever),
	};

	if (argc > 1 && strcmp(argv[1], "threads") == 0)
		return cmocka_run_group_tests(threads, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
