/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry in memory with a past, under the starter catalog: firms change from snapshot to snapshot, on
 * days that the test says.
 */
#pragma once

#include "reports/report.h"

#define SNAPSHOTS_MOST 8
#define CHANGES_MOST 200

/* What is known of a firm from a snapshot on. */
struct change {
	int64_t sequence;
	int64_t id;
	Policycalc__V1__Profile *profile; /* NULL: it is gone */
};

struct world {
	struct arena arena;
	struct ruleset *ruleset;
	struct change changes[CHANGES_MOST];
	size_t change_count;
	int64_t times[SNAPSHOTS_MOST + 1]; /* by sequence */
	struct rows_import imports[SNAPSHOTS_MOST];
	size_t import_count;
	int64_t sequence;
	int64_t last_id;
	struct counter_row counters[8];
	int64_t counter_sequences[8];
	size_t counter_count;
	char path[40];		   /* of its columns */
	struct rows_source source; /* to be given to a report */
	int64_t done, total;
	bool leaves; /* the caller, at the first progress */
	unsigned scans;
};

/* Folder of the starter catalog; set before world_setup(). */
extern const char *world_starter;

int world_setup(void **state);
int world_teardown(void **state);
/**
 * A snapshot, of an import about @of_day, at noon in China on @day: everything that is set from here on
 * belongs to it.
 */
void world_begin(struct world *world, const char *day, const char *of_day);
/** A firm of the statistics library in @unit, about which only that is known, and whether it has R&D. */
Policycalc__V1__Profile *world_set_firm(
		struct world *world, int64_t id, const char *unit, bool has_rd);
/** @count firms from id @first on, the first @covered of which have R&D. */
void world_set_firms(struct world *world, int64_t first, int64_t count, const char *unit,
		int64_t covered);
/** Of a firm that was just set; the fact has no value yet. */
Policycalc__V1__AttributeValue *world_add_fact(
		struct world *world, Policycalc__V1__Profile *profile, const char *name);
void world_add_flag(struct world *world, Policycalc__V1__Profile *profile, const char *name,
		bool flag);
void world_add_code(struct world *world, Policycalc__V1__Profile *profile, const char *name,
		const char *code);
