/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the catalog database, and where its two halves (reading, publishing) meet. */
#pragma once

#include "base/slice.h"
#include "store/catalog_store.h"
#include "store/database.h"

#define CATALOG_APPLICATION_ID 0x504f4c43u /* "POLC" */
#define CATALOG_SCHEMA_VERSION 1

struct catalog_store {
	struct database *db;
};

/** The sum of a revision's entries up to @sum, and of one more behind them, in (kind, name) order. */
uint64_t catalog_sum_add(uint64_t sum, int64_t kind, struct slice name, struct slice bytes);

/** The revision's row as a message in @arena; NULL without error set is never returned. */
Policycalc__V1__Revision *catalog_store_find_revision(struct catalog_store *store,
		int64_t number, struct arena *arena, struct error *err);
