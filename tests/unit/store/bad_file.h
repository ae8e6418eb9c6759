/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are spoiled, and what is said of them. All of it ends the test when it cannot be done. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/** The file has these bytes then, and no others. */
void bad_file_write(const char *path, const char *bytes, size_t size);
/** All of it; the caller frees. */
char *bad_file_read(const char *path, size_t *out_size);
/** Runs @sql on the database as somebody would who knows nothing of us. */
void bad_file_run_sql(const char *path, const char *sql);
/** Fails the test unless the failure is @code and says @words. */
void assert_refused(const struct error *err, enum error_code code, const char *words);
