/* SPDX-License-Identifier: Apache-2.0 */
/* One search, for the files that make it up. */
#pragma once

#include "base/buffer.h"
#include "base/map.h"
#include "calculator/size.h"
#include "registry/column_pack.h"
#include "registry/find.h"
#include "registry/narrow.h"

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define VERDICT_COUNT (VERDICT(ELIGIBLE) + 1)

/* One that fits, kept until the end. */
struct kept {
	int64_t first, second; /* what it is ordered by: smaller is better */
	int64_t id;
	struct slice bytes; /* the message, in memory of its own */
};

/* The best so far: a heap with the worst on top. */
struct kept_heap {
	struct kept *list;
	size_t count;
	size_t capacity;
	size_t most;
};

void kept_fini(struct kept_heap *heap);
/** Whether one of these keys would stay. */
bool kept_wants(const struct kept_heap *heap, int64_t first, int64_t second, int64_t id);
/** Keeps a copy, and drops the worst when there are too many. */
bool kept_add(struct kept_heap *heap, int64_t first, int64_t second,
		const Policycalc__V1__FoundEnterprise *found, struct error *err);
/** Best first. */
void kept_sort(struct kept_heap *heap);

/* How often an attribute is lacking. */
struct lack {
	const char *name;
	int64_t count;
	int64_t alone;
};

struct find {
	struct find_options options;
	const Policycalc__V1__FindEnterprisesRequest *request;
	struct arena *arena; /* of the answer */
	const struct catalog *catalog;
	const char *day;
	const Policycalc__V1__Policy *policy;

	/* Who is asked about. */
	const Policycalc__V1__Region *region; /* NULL: anywhere */
	const char *industry;		      /* "" or a code with its letter */
	enum firm_size size;		      /* UNKNOWN: any */
	bool verdicts[VERDICT_COUNT];

	/* How a block is read. */
	struct sweep *sweep;
	struct sweep_work *work;
	struct sweep_want *wants; /* the sweep's, then region and industry */
	size_t want_count;	  /* the sweep's */
	struct column_reader *reader;
	bool *condition_may_turn;
	struct narrow narrow[2]; /* by region, by industry */

	int64_t block;	  /* the next one */
	struct arena row; /* of one enterprise */
	struct kept_heap heap;
	struct map lack_numbers; /* name to index + 1 */
	struct lack *lacks;
	size_t lack_count, lack_capacity;

	int64_t counts[VERDICT_COUNT];
	int64_t told, fitting, left_out, near, refused;
	int64_t sure_fen;
};

/** Judges the request and fills what is asked; violations are told by @violate. */
bool find_read(struct find *find, struct violations *out_violations, struct error *err);
/** Takes rows that are not asked about out of @rows. */
bool find_narrow(struct find *find, const struct sweep_source *source, uint64_t *rows,
		struct error *err);
/** Looks at one row closely: tells it, keeps it, or counts it out. */
bool find_look(struct find *find, const struct sweep_source *source, int64_t block,
		unsigned row, bool only_if_near, struct error *err);
/** Notes what it lacks. */
bool find_note_lacks(struct find *find, const Policycalc__V1__PolicyAnswer *answer,
		struct error *err);
