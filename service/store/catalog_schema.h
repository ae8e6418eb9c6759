/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the catalog database, and where its two halves (reading, publishing) meet. */
#pragma once

#include "store/catalog_store.h"
#include "store/database.h"

#define CATALOG_APPLICATION_ID 0x504f4c43u /* "POLC" */
#define CATALOG_SCHEMA_VERSION 1

struct catalog_store {
	struct database *db;
};

/** The revision's row as a message in @arena; NULL without error set is never returned. */
Policycalc__V1__Revision *catalog_store_find_revision(struct catalog_store *store,
		int64_t number, struct arena *arena, struct error *err);
