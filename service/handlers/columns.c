/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/columns.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>

struct columns {
	struct registry_thread *registry;
	struct column_cache *cache;
};

/* --- work on the registry's thread ------------------------------------------------------------ */

struct scanning {
	int64_t sequence, first_id, count;
	column_row_fn row;
	void *context;
	bool ok;
	struct error *err;
};

static void scan(void *registry, void *argument)
{
	struct scanning *scanning = argument;

	scanning->ok = registry_scan(registry, scanning->sequence, scanning->first_id,
			scanning->count, scanning->row, scanning->context, scanning->err);
}

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	const struct columns *columns = context;
	struct scanning scanning = { sequence, first_id, count, row, row_context, false, err };

	registry_thread_call(columns->registry, scan, &scanning);
	return scanning.ok;
}

struct asking_block {
	int64_t block;
	int64_t sequence;
	bool ok;
	struct error *err;
};

static void ask_block(void *registry, void *argument)
{
	struct asking_block *asking = argument;

	asking->ok = registry_block_sequence(
			registry, asking->block, &asking->sequence, asking->err);
}

static bool on_block_sequence(
		void *context, int64_t block, int64_t *out_sequence, struct error *err)
{
	const struct columns *columns = context;
	struct asking_block asking = { .block = block, .err = err };

	registry_thread_call(columns->registry, ask_block, &asking);
	*out_sequence = asking.sequence;
	return asking.ok;
}

struct asking_stamp {
	int64_t sequence;
	int64_t stamp;
	bool ok;
	struct error *err;
};

static void ask_stamp(void *registry, void *argument)
{
	struct asking_stamp *asking = argument;

	asking->ok = registry_store_committed_at(registry_store(registry), asking->sequence,
			&asking->stamp, asking->err);
}

static bool on_stamp(void *context, int64_t sequence, int64_t *out_stamp, struct error *err)
{
	const struct columns *columns = context;
	struct asking_stamp asking = { .sequence = sequence, .err = err };

	registry_thread_call(columns->registry, ask_stamp, &asking);
	*out_stamp = asking.stamp;
	return asking.ok;
}

/* --- all -------------------------------------------------------------------------------------- */

struct columns *columns_open(
		const char *folder, struct registry_thread *registry, struct error *err)
{
	struct columns *columns = memory_alloc_zero(1, sizeof(*columns));
	struct column_origin origin = {
		.context = columns,
		.scan = on_scan,
		.block_sequence = on_block_sequence,
		.stamp = on_stamp,
	};
	char path[PATH_MAX + 16];

	if (!columns) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the column cache");
		return NULL;
	}
	columns->registry = registry;
	snprintf(path, sizeof(path), "%s/columns.cache", folder);
	columns->cache = column_cache_open(path, &origin, err);
	if (columns->cache)
		return columns;
	memory_free(columns);
	return NULL;
}

void columns_close(struct columns *columns)
{
	if (!columns)
		return;
	column_cache_close(columns->cache);
	memory_free(columns);
}

struct column_cache *columns_cache(struct columns *columns)
{
	return columns->cache;
}

struct asking_snapshot {
	int64_t sequence;
	int64_t last_id;
	bool ok;
	struct error *err;
};

static void ask_snapshot(void *registry, void *argument)
{
	struct asking_snapshot *asking = argument;

	asking->ok = registry_snapshot(registry, &asking->sequence, asking->err);
	asking->last_id = registry_last_id(registry);
}

bool columns_snapshot(struct columns *columns, int64_t *sequence, int64_t *out_last_id,
		struct error *err)
{
	struct asking_snapshot asking = { .err = err };

	registry_thread_call(columns->registry, ask_snapshot, &asking);
	if (!asking.ok)
		return false;
	if (*sequence > asking.sequence)
		return error_set(err, ERROR_NOT_FOUND,
				"sequence: there is no such snapshot yet");
	if (*sequence == 0)
		*sequence = asking.sequence;
	*out_last_id = asking.last_id;
	return true;
}
