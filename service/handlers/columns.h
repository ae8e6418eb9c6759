/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry as columns, for the threads that sweep over all of it. Blocks that are missing are read
 * on the registry's thread, a block a job, so that others are answered in between.
 */
#pragma once

#include "handlers/registry_thread.h"
#include "registry/column_cache.h"

struct columns;

/** Opens DIR/columns.cache in @folder for @registry (borrowed). */
struct columns *columns_open(
		const char *folder, struct registry_thread *registry, struct error *err);
/** When nobody reads, and before the registry's thread ends. */
void columns_close(struct columns *columns);
/** Its blocks may be read on any thread but the registry's. */
struct column_cache *columns_cache(struct columns *columns);
/**
 * The newest snapshot (or checks that there is one of *sequence, when that is not 0), and how many
 * enterprises there are. Not on the registry's thread.
 */
bool columns_snapshot(struct columns *columns, int64_t *sequence, int64_t *out_last_id,
		struct error *err);
