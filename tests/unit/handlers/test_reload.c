/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service that is published to for weeks holds one catalog, not twenty: each old one's memory is to be had
 * again once nobody asks it, and what is left over does not add up.
 */
#include "handlers/snapshot.h"
#include "publish/publish.h"
#include "store/directory.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A sanitizer keeps what is freed for a while: there it is only looked at that nothing is used too late. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#define RELOADS 20
#define SETTLED 4	/* reloads after which all that grows once has grown */
#define GROWTH_MOST 4.0 /* MiB from then on; a catalog is 2 */

static const char *catalog_folder;

static double memory_mib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long all = 0, resident = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &all, &resident), 2);
	(void)fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void publish(struct catalog_store *store)
{
	struct publish_options options = { .author = "test", .now = "2026-11-27T00:00:00Z" };
	Policycalc__V1__Revision *revision;
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct error err = { 0 };
	struct arena arena;
	bool unchanged;

	arena_init(&arena, (size_t)1 << 30);
	diagnostics_init(&diagnostics, &arena);
	if (!draft_load(catalog_folder, &arena, &draft, &err) ||
			!draft_publish(store, &draft, &options, &arena, &diagnostics, &revision,
					&unchanged, &err))
		fail_msg("%s", err.message);
	arena_fini(&arena);
}

/* As a publish does it, but for what is published. */
static void reload(struct snapshot *snapshot, struct catalog_store *store)
{
	struct error err = { 0 };
	struct ruleset *ruleset = ruleset_load(store, 0, &err);

	if (!ruleset)
		fail_msg("%s", err.message);
	assert_true(ruleset_prepare(ruleset, "2026-11-27", &err));
	snapshot_set(snapshot, ruleset);
	assert_ptr_equal(snapshot_current(snapshot), ruleset);
}

static void old_catalogs_go(void **state)
{
	const struct timespec a_moment = { 0, 60000000 };
	char folder[2048];
	struct error err = { 0 };
	struct directory *directory;
	struct catalog_store *store;
	struct snapshot *snapshot = snapshot_new(NULL);
	struct ruleset *first;
	double settled = 0;
	double last;

	(void)state;
	assert_non_null(snapshot);
	assert_true(folder_make(NULL, "reload", folder, sizeof(folder)));
	directory = directory_open(folder, &err);
	assert_non_null(directory);
	store = catalog_store_open(directory, &err);
	assert_non_null(store);
	publish(store);
	reload(snapshot, store);
	/* One that somebody works with stays as it is through all of them. */
	first = snapshot_find(snapshot, 0);
	for (int i = 1; i <= RELOADS; i++) {
		reload(snapshot, store);
		nanosleep(&a_moment, NULL); /* the last one goes */
		if (i == SETTLED)
			settled = memory_mib();
	}
	/* On a busy machine the thread that lets go is late. */
	last = memory_mib();
#ifdef SANITIZED
	last = settled;
#endif
	for (int i = 0; i < 200 && last > settled + GROWTH_MOST; i++) {
		nanosleep(&a_moment, NULL);
		last = memory_mib();
	}
	if (last > settled + GROWTH_MOST)
		fail_msg("%.1f MiB after %d reloads, %.1f after %d", last, RELOADS, settled,
				SETTLED);
	assert_int_equal(ruleset_revision(first), 1);
	ruleset_unref(first);
	snapshot_free(snapshot);
	catalog_store_close(store);
	directory_close(directory);
	folder_remove(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(old_catalogs_go) };

	if (argc != 2)
		return 2;
	catalog_folder = argv[1];
	return cmocka_run_group_tests_name("handlers/reload", tests, NULL, NULL);
}
