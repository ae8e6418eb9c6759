/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with an audit log, for its tests; nothing in it need outlive them, so nothing waits for the disk. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

extern char path[64], key[64]; /* the log's, and its key's */

bool audit_folder_open(void);
void audit_folder_close(void);
/** A fixture: there is no log. */
int fresh(void **state);
size_t read_file(const char *name, char *out, size_t size);
void write_bytes(const char *name, const void *bytes, size_t size);
/** All files of the log, in order. */
size_t read_log(char *out, size_t size);
/** The number of lines in them, all of which hang together. */
unsigned chain_check(void);
