/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: a folder that goes away, and catalogs made of thin air. */
#pragma once

#include "store/catalog_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
	struct arena arena;
	char folder[256]; /* of the test; removed at the end */
	char data[300];	  /* folder/data, which is not there yet */
	char file[320];	  /* data/catalog.db */
};

/** Opens @data with its lock, and the catalog in it; as catalog_store_open(). */
struct catalog_store *fixture_open(const char *data, struct error *err);
/** Closes both. */
void fixture_close(struct catalog_store *store);

int fixture_setup(void **state);
int fixture_teardown(void **state);

/** @count policies "policy-000" ..., one attribute, one parameter; @title goes into policy 0.
 */
struct catalog *fixture_catalog(struct fixture *fixture, size_t count, const char *title);
/** A request for it, with a made-up hash that is @title's. */
struct publish_request fixture_request(struct fixture *fixture, const struct catalog *catalog,
		const char *title, int64_t base);
/** Publishes and expects revision @expected. */
void fixture_publish(struct fixture *fixture, struct catalog_store *store, size_t count,
		const char *title, int64_t base, int64_t expected);
/** The title of policy 0 in the newest revision, which must be whole; "" when there is none. */
const char *fixture_title(struct fixture *fixture, struct catalog_store *store);
