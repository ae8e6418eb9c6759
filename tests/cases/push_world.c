/* SPDX-License-Identifier: Apache-2.0 */
#include "push_world.h"

#include "folder.h"

#include "proto/codec/codec.h"
#include "push/run_internal.h"
#include "registry/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(bool ok, const struct error *err, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, err->message);
	exit(EXIT_FAILURE);
}

/* --- the host -------------------------------------------------------------------------------- */

static bool on_post(void *context, void (*work)(void *argument), void *argument)
{
	struct push_world *world = context;
	struct push_job *job = malloc(sizeof(*job));

	if (!job)
		return false;
	*job = (struct push_job){ .work = work, .argument = argument };
	pthread_mutex_lock(&world->lock);
	*world->last = job;
	world->last = &job->next;
	pthread_cond_signal(&world->posted);
	pthread_mutex_unlock(&world->lock);
	return true;
}

static int64_t on_now(void *context)
{
	return ((struct push_world *)context)->now_ms;
}

bool push_world_step(struct push_world *world)
{
	struct push_job *job;
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&world->lock);
	while (!world->first && pthread_cond_timedwait(&world->posted, &world->lock, &until) !=
						ETIMEDOUT)
		continue;
	job = world->first;
	if (job) {
		world->first = job->next;
		if (!world->first)
			world->last = &world->first;
	}
	pthread_mutex_unlock(&world->lock);
	if (!job)
		return false;
	pthread_mutex_lock(&world->registry_lock);
	job->work(job->argument);
	pthread_mutex_unlock(&world->registry_lock);
	free(job);
	return true;
}

void push_world_drain(struct push_world *world)
{
	struct error err;

	/* Not by push_engine_get(), which needs memory. */
	while (push_world_is_running(world)) {
		error_set(&err, ERROR_DEADLINE, "the run does not go on");
		must(push_world_step(world), &err, "running");
	}
}

bool push_world_is_running(struct push_world *world)
{
	bool is_running;

	pthread_mutex_lock(&world->registry_lock);
	is_running = world->engine->run != NULL;
	pthread_mutex_unlock(&world->registry_lock);
	return is_running;
}

/* --- columns --------------------------------------------------------------------------------- */

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	struct push_world *world = context;
	bool ok;

	pthread_mutex_lock(&world->registry_lock);
	ok = registry_scan(world->registry, sequence, first_id, count, row, row_context, err);
	pthread_mutex_unlock(&world->registry_lock);
	return ok;
}

static bool on_block_sequence(
		void *context, int64_t block, int64_t *out_sequence, struct error *err)
{
	struct push_world *world = context;
	bool ok;

	pthread_mutex_lock(&world->registry_lock);
	ok = registry_block_sequence(world->registry, block, out_sequence, err);
	pthread_mutex_unlock(&world->registry_lock);
	return ok;
}

static bool on_stamp(void *context, int64_t sequence, int64_t *out_stamp, struct error *err)
{
	struct push_world *world = context;
	bool ok;

	pthread_mutex_lock(&world->registry_lock);
	ok = registry_store_committed_at(world->registry_store, sequence, out_stamp, err);
	pthread_mutex_unlock(&world->registry_lock);
	return ok;
}

static void columns_open(struct push_world *world)
{
	const struct column_origin origin = {
		.context = world,
		.scan = on_scan,
		.block_sequence = on_block_sequence,
		.stamp = on_stamp,
	};
	char path[128];
	struct error err;

	(void)snprintf(path, sizeof(path), "%s/columns.cache", world->folder);
	world->columns = column_cache_open(path, &origin, &err);
	must(world->columns, &err, "opening the columns");
}

/* --- opening and closing --------------------------------------------------------------------- */

void push_world_open(struct push_world *world)
{
	struct push_host host = { .context = world, .post = on_post, .now_ms = on_now };
	struct error err;

	world->directory = directory_open(world->folder, &err);
	must(world->directory, &err, "opening the folder");
	world->registry_store = registry_store_open(world->directory, &err);
	must(world->registry_store, &err, "opening the registry");
	world->registry = registry_open(world->registry_store, &err);
	must(world->registry, &err, "opening the registry");
	world->ledger_store = ledger_store_open(world->registry_store, &err);
	must(world->ledger_store, &err, "opening the ledger");
	world->ledger = (struct ledger){ world->registry, world->ledger_store };
	if (world->wants_columns)
		columns_open(world);
	host.columns = world->columns;
	world->engine = push_engine_new(&world->ledger, &host, world->threads, &err);
	must(world->engine, &err, "making the engine");
}

void push_world_close(struct push_world *world)
{
	while (!push_engine_stop(world->engine))
		(void)push_world_step(world);
	while (world->first) {
		struct push_job *job = world->first;

		world->first = job->next;
		free(job);
	}
	world->last = &world->first;
	push_engine_free(world->engine);
	column_cache_close(world->columns);
	world->columns = NULL;
	ledger_store_close(world->ledger_store);
	registry_close(world->registry);
	registry_store_close(world->registry_store);
	directory_close(world->directory);
}

void push_world_init(struct push_world *world, unsigned threads, bool columns)
{
	*world = (struct push_world){ .threads = threads, .wants_columns = columns };
	world->last = &world->first;
	pthread_mutex_init(&world->lock, NULL);
	pthread_mutex_init(&world->registry_lock, NULL);
	pthread_cond_init(&world->posted, NULL);
	if (!folder_make(NULL, "push", world->folder, sizeof(world->folder))) {
		perror("mkdtemp");
		exit(EXIT_FAILURE);
	}
	push_world_open(world);
}

void push_world_fini(struct push_world *world)
{
	push_world_close(world);
	folder_remove(world->folder);
	pthread_mutex_destroy(&world->lock);
	pthread_mutex_destroy(&world->registry_lock);
	pthread_cond_destroy(&world->posted);
}

void push_world_restart(struct push_world *world)
{
	push_world_close(world);
	push_world_open(world);
}

/* --- enterprises ----------------------------------------------------------------------------- */

static int64_t import_now;

static int64_t on_import_now(void)
{
	return import_now;
}

void push_world_import_all(struct push_world *world, struct ruleset *ruleset,
		Policycalc__V1__Profile **profiles, size_t count, const char *day, bool replace)
{
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportRows rows = POLICYCALC__V1__IMPORT_ROWS__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response = NULL;
	struct import_options options = { .header = &header, .now = on_import_now };
	const char *field = "";
	struct import *import;
	struct buffer bytes = { 0 };
	struct arena arena;
	struct error err;

	import_now = world->now_ms / 1000;
	header.supplier = (char *)"统计局";
	header.date = (char *)(uintptr_t)day;
	header.replace = replace;
	rows.first_row = 1;
	rows.profiles = profiles;
	rows.n_profiles = count;
	arena_init(&arena, (size_t)64 << 20);
	import = import_new(world->registry, ruleset, &options, &field, &err);
	(void)message_pack(&rows.base, &bytes);
	must(import &&
					import_rows(import, ruleset,
							(struct slice){ bytes.data,
									bytes.size },
							&err) &&
					import_finish(import, &arena, &response, &err),
			&err, "importing");
	if (response->rejected) {
		fprintf(stderr, "import: %s: %s\n", response->rejects[0]->field,
				response->rejects[0]->message);
		exit(EXIT_FAILURE);
	}
	import_free(import);
	buffer_fini(&bytes);
	arena_fini(&arena);
}

void push_world_import(struct push_world *world, struct ruleset *ruleset,
		const Policycalc__V1__Profile *profile, const char *day, bool replace)
{
	Policycalc__V1__Profile *list[1] = { (Policycalc__V1__Profile *)(uintptr_t)profile };

	push_world_import_all(world, ruleset, list, 1, day, replace);
}
