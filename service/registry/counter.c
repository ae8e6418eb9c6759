/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of a region's aims: kept under a sequence of their own, so that a report can be repeated. */
#include "registry/counter.h"

#include "registry/internal.h"

bool registry_add_counters(struct registry *registry, const struct counter_row *rows,
		size_t count, int64_t now, int64_t *out_sequence, struct error *err)
{
	int64_t sequence = registry->sequence + 1;
	bool ok = registry_store_begin(registry->store, err) &&
		  registry_store_add_batch(registry->store, sequence, now, err);

	for (size_t i = 0; ok && i < count; i++)
		ok = counter_store_put(registry->store, &rows[i], sequence, err);
	if (!ok || !registry_store_commit(registry->store, err)) {
		registry_store_rollback(registry->store);
		return false;
	}
	registry->sequence = sequence;
	*out_sequence = sequence;
	return true;
}
