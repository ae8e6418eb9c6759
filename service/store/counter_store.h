/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of a region's aims (events held, people trained), in the registry's file: a dated series
 * each. An entry that comes again for the same day replaces the earlier one from its sequence on, so
 * that what was reported before can be reported again.
 */
#pragma once

#include "store/registry_store.h"

#define COUNTER_SCHEMA                                                                         \
	"CREATE TABLE counter ("                                                               \
	" region TEXT NOT NULL,"                                                               \
	" name TEXT NOT NULL,"                                                                 \
	" day TEXT NOT NULL,"                                                                  \
	" sequence INTEGER NOT NULL,"                                                          \
	" value INTEGER NOT NULL,"                                                             \
	" source TEXT NOT NULL,"                                                               \
	" PRIMARY KEY (region, name, day, sequence)"                                           \
	") STRICT, WITHOUT ROWID;"

struct counter_row {
	struct slice region; /* its code */
	struct slice name;   /* "training" */
	struct slice day;    /* "YYYY-MM-DD" */
	struct slice source; /* who says so */
	int64_t value;
};

/** Between begin and commit, under a new sequence. */
bool counter_store_put(struct registry_store *store, const struct counter_row *row,
		int64_t sequence, struct error *err);
/** Entries of the region as of @sequence, by name and day. */
bool counter_store_each(struct registry_store *store, const char *region, int64_t sequence,
		bool (*row)(void *context, const struct counter_row *row, struct error *err),
		void *context, struct error *err);
