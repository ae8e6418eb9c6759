/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_file.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void bad_file_write(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "wbe");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

char *bad_file_read(const char *path, size_t *out_size)
{
	FILE *file = fopen(path, "rbe");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	(void)fclose(file);
	*out_size = (size_t)size;
	return bytes;
}

void bad_file_run_sql(const char *path, const char *sql)
{
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

void assert_refused(const struct error *err, enum error_code code, const char *words)
{
	if (!strstr(err->message, words) || err->code != code)
		fail_msg("expected %s (%s), got: %s (%s)", words, error_code_name(code),
				err->message, error_code_name(err->code));
}
