/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of a region's aims; read with counter_store_each(). */
#pragma once

#include "registry/registry.h"
#include "store/counter_store.h"

/** One transaction at @now (seconds since 1970); *out_sequence is the snapshot after it. */
bool registry_add_counters(struct registry *registry, const struct counter_row *rows,
		size_t count, int64_t now, int64_t *out_sequence, struct error *err);
