/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the catalog before anyone is served. */
#pragma once

#include "handlers/snapshot.h"
#include "handlers/store_thread.h"

#include <stdio.h>

/**
 * Publishes the starter catalog of folder @starter ("": none) when the store is empty, in one
 * transaction, then loads the current revision into @snapshot. *out_revision is 0 when there is
 * none. Findings of a starter catalog that fails its check are printed to @findings.
 */
bool startup_load(struct store_thread *store, const char *starter, struct snapshot *snapshot,
		int64_t *out_revision, FILE *findings, struct error *err);
