/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of a run: a block of 4096 enterprises, from what is known to what is told.
 *
 *     read ──► work ──► (some have deliveries that nobody pulled: load ──► work) ──► write
 *     registry's    any                              registry's    any       registry's
 *     thread        thread                           thread        thread    thread
 *
 * Reading and writing touch the registry and the ledger; working touches the block and immutable
 * things alone, so that as many threads as there are can work on blocks of their own. Writing is one
 * transaction: what was told, the deliveries, those they take the place of, and the checkpoint. It
 * fails with ERROR_CONFLICT, and nothing is written, when what was read has changed meanwhile: then
 * the block is begun again.
 */
#pragma once

#include "push/ask.h"
#include "push/digest.h"
#include "push/ledger.h"

/* What holds for all blocks of a run; immutable while they are worked on. */
struct push_plan {
	int64_t run;
	const char *day; /* "YYYY-MM-DD" */
	int32_t today;	 /* days since 1970 */
	int64_t sequence;
	int64_t since; /* enterprises that did not change after it are as they were told; -1: none */
	bool changed_only;
	bool silent;
	struct push_scope scope;
};

/* How often something was found; by (series, kind). */
struct push_count {
	uint32_t series;
	Policycalc__V1__DeltaKind kind;
	int64_t count;
	int64_t amount_fen;
};
struct push_counts {
	struct push_count *list;
	size_t count;
	size_t capacity;
};
void push_counts_fini(struct push_counts *counts);
/** false when memory is short. */
bool push_counts_add(struct push_counts *counts, uint32_t series,
		Policycalc__V1__DeltaKind kind, int64_t count, int64_t amount_fen);

struct block_row {
	int64_t id;
	struct slice profile;			  /* encoded */
	const Policycalc__V1__Subscription *wish; /* NULL: it never said */
	int32_t last_day; /* when it was told something last; only of those not told daily */
	bool is_waiting;  /* it has deliveries that nobody pulled */
	bool is_deferred; /* they are needed and not loaded yet */
	bool is_loaded;
	bool is_done;
	struct ledger_delivery *waiting;
	size_t waiting_count;
	struct told_entry *entries; /* after the work; in series order */
	size_t entry_count;
};

struct block {
	struct block *next; /* in the lists of the run */
	const struct push_plan *plan;
	int64_t number;
	struct arena arena;
	struct error err; /* of the work; ERROR_NONE: it went well */
	struct ledger_told stored;
	struct told_block told; /* as it was */
	struct block_row *rows;
	size_t row_count;
	size_t row_capacity;
	size_t deferred_count;
	/* What came out. */
	struct push_counts counts;
	int64_t errors;
	bool told_changed;
	struct ledger_delivery *made;
	size_t made_count;
	size_t made_capacity;
	struct ledger_delivery **superseded;
	size_t superseded_count;
	size_t superseded_capacity;
	struct buffer blob;
	int64_t suppressed;
};

struct block *push_block_new(const struct push_plan *plan, int64_t number);
void push_block_free(struct block *block);

/** Reads what the work needs. A block in which nothing can be new has no rows. */
bool push_block_read(struct block *block, struct ledger *ledger, struct error *err);
/** Loads the deliveries of rows that are deferred. */
bool push_block_load(struct block *block, struct ledger *ledger, struct error *err);
/** In a transaction that is open. @now_ms: for created and changed. */
bool push_block_write(
		struct block *block, struct ledger *ledger, int64_t now_ms, struct error *err);
/** Whether there is anything to write. */
bool push_block_is_changed(const struct block *block);

/** Works; @scratch is emptied for each row. What went wrong is in ->err. */
void push_block_work(struct block *block, struct arena *scratch);

/* --- within the work ------------------------------------------------------------------------- */

/** One row, in block_row.c. */
bool push_block_row_work(struct block *block, struct block_row *row,
		const struct told_entry *entries, size_t entry_count, struct arena *scratch,
		struct error *err);
/** Adds a delivery of @part; the slices are copied into the block's arena. */
bool push_block_make(struct block *block, const struct block_row *row, enum digest_part part,
		const char *uscc, const char *name, const char *region,
		Policycalc__V1__DeltaEntry **entries, const struct ledger_entry *about,
		size_t count, char **replaces, size_t replace_count, struct arena *scratch,
		struct error *err);
/** Notes that @delivery is superseded. false when memory is short. */
bool push_block_supersede(struct block *block, struct ledger_delivery *delivery);
