/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of a database while it is in use, some pages at a time, on the thread that owns it. What is
 * written between two steps goes into the copy, too: at the end it is the database of that moment.
 *
 * The copy has no name in any folder, so that nothing is left of it when the process dies.
 */
#pragma once

#include "store/database.h"

struct backup;
struct catalog_store;
struct registry_store;

/* What must be left free beside a copy: the service goes on writing. */
#define BACKUP_SPARE ((int64_t)64 << 20)

/**
 * Begins a copy in the folder of @db (borrowed until backup_finish()); ERROR_LIMIT when the disk has no room for it
 * and BACKUP_SPARE.
 */
struct backup *backup_open(struct database *db, struct error *err);
struct backup *backup_open_catalog(struct catalog_store *store, struct error *err);
struct backup *backup_open_registry(struct registry_store *store, struct error *err);
/** Copies pages of at most @size bytes together, one at least. *out_done: all are. */
bool backup_step(struct backup *backup, size_t size, bool *out_done, struct error *err);
/** Bytes of the database, and how many are copied. */
void backup_look(const struct backup *backup, int64_t *out_done, int64_t *out_total);
/** Ends the copying, whole or not; *out_file (the caller's to close) reads a whole one, else -1. NULL is fine. */
bool backup_finish(struct backup *backup, int *out_file, struct error *err);
