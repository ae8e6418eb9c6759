/* SPDX-License-Identifier: Apache-2.0 */
/* What database.c (statements) and database_open.c (opening) share; nobody else includes it. */
#pragma once

#include "store/database.h"

#include <sqlite3.h>

struct database {
	sqlite3 *raw;
	/* Prepared at open, since undoing must work when memory is short. */
	sqlite3_stmt *rollback;
	/* A transaction could not be undone: what the connection reads is half of it. The file is
	 * whole. */
	bool in_doubt;
	struct database_options options; /* strings are copies, freed with the database */
	char *texts;
};

/** Turns SQLite's result @code into a failure that names the file; returns false. */
bool database_error(struct database *db, int code, struct error *err);

/** Fails unless @pragma, which is some check of the file, says "ok". */
bool database_check_file(struct database *db, const char *pragma, struct error *err);
