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
#include "push/told_view.h"
#include "registry/column_cache.h"

/* What one thread works with. */
struct push_hands {
	struct look *look;    /* of the plan's book; NULL when that has no policies */
	struct arena scratch; /* of one enterprise */
};

/* What holds for all blocks of a run; immutable while they are worked on. */
struct push_plan {
	int64_t run;
	const char *day; /* "YYYY-MM-DD" */
	int32_t today;	 /* days since 1970 */
	int64_t sequence;
	/* Enterprises that did not change after it were told all on the day below; -1: there is none. */
	int64_t since;
	int32_t since_day; /* that day, days since 1970 */
	bool is_same_day;  /* and it is today: nothing at all is new of them */
	bool is_new_text;  /* since then the policies of the run have changed */
	bool changed_only;
	bool silent;
	struct push_scope scope;
	struct ask_book book; /* its targets */
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

/* What an enterprise said that it wants. */
struct block_wish {
	int64_t id;
	const Policycalc__V1__Subscription *wish;
	int32_t last_day; /* when it was told something last; only of those not told daily */
};

struct block_row {
	int64_t id;
	/* In the block's arena, as it is, or else encoded; neither of a row that needs no more work. */
	const Policycalc__V1__Profile *profile;
	struct slice bytes;
	const bool *wanted; /* by target: what it is asked about; NULL: all that may matter */
	const Policycalc__V1__Subscription *wish; /* NULL: it never said */
	int32_t last_day; /* when it was told something last; only of those not told daily */
	bool is_waiting;  /* it has deliveries that nobody pulled, or may have some */
	bool is_deferred; /* they are needed and not loaded yet */
	bool is_loaded;
	bool is_done;
	struct ledger_delivery *waiting;
	size_t waiting_count;
	/* After the work, in place of those it had; in series order. */
	bool is_changed;
	struct told_entry *entries;
	size_t entry_count;
};

struct push_block {
	struct push_block *next; /* in the lists of the run */
	const struct push_plan *plan;
	int64_t number;
	struct arena arena;
	struct error err; /* of the work; ERROR_NONE: it went well */
	struct ledger_told stored;
	struct told_view told; /* as it was; of the blob that is stored */
	bool is_quiet;	       /* nothing can be new */
	bool is_sifted;	       /* the rows are those of a sweep, or were read */
	/* Rows that changed after plan->since; all without one. */
	uint64_t changed[TOLD_ROWS / 64];
	/* Who has changed was read; of all others nothing is new but for the day. */
	bool is_day;
	/* Then: the columns that will do, of this snapshot, for all but the rows ->stale; and of these,
	 * whose titles ran out since. */
	int64_t floor;
	uint64_t stale[TOLD_ROWS / 64];
	uint64_t due[TOLD_ROWS / 64];
	struct block_wish *wishes; /* in id order */
	size_t wish_count;
	size_t wish_capacity;
	/* Enterprises with deliveries that nobody pulled, in order. It is not known who they are when
	 * little news is to be expected, of which each is looked up by itself. */
	bool is_waiting_known;
	int64_t *waiting;
	size_t waiting_count;
	size_t waiting_capacity;
	struct buffer scratch; /* bytes of one row */
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

struct push_block *push_block_new(const struct push_plan *plan, int64_t number);
void push_block_free(struct push_block *block);

/**
 * Reads what the work needs; in a block in which nothing can be new, nothing. Without @columns also the
 * enterprises, which otherwise come of a sweep.
 */
bool push_block_read(struct push_block *block, struct ledger *ledger,
		struct column_cache *columns, struct error *err);
/** Loads the deliveries of rows that are deferred. */
bool push_block_load(struct push_block *block, struct ledger *ledger, struct error *err);
/** In a transaction that is open. @now_ms: for created and changed. */
bool push_block_write(struct push_block *block, struct ledger *ledger, int64_t now_ms,
		struct error *err);
/** Whether there is anything to write. */
bool push_block_is_changed(const struct push_block *block);

/** Works on the rows that are not done. What went wrong is in ->err. */
void push_block_work(struct push_block *block, struct push_hands *hands);

/** What the enterprise of that id wants; NULL: it never said. Ids may be asked in any order. */
const Policycalc__V1__Subscription *push_block_wish(const struct push_block *block, int64_t id);
/** Whether the enterprise of that id has deliveries that nobody pulled, or may have some. */
bool push_block_is_waiting(const struct push_block *block, int64_t id);
/** Whether a title that the enterprise holds ran out on @from or later, and before @to. */
bool push_block_title_ends(const Policycalc__V1__Profile *profile, int32_t from, int32_t to);
/**
 * Adds a row, in id order (or see push_block_sort_rows()), about which nothing is known but what it wants;
 * in ->rows until the next one. @wanted (NULL: all) lives in the block's arena. NULL: memory is short.
 */
struct block_row *push_block_add_row(
		struct push_block *block, int64_t id, const bool *wanted, struct error *err);
/** Keeps a copy of the profile for when the row is worked on. */
bool push_block_keep_profile(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, struct error *err);
/**
 * Works on a row at once; the profile, which may lie in the hands' scratch, is kept when the row is
 * deferred.
 */
bool push_block_work_row(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, struct push_hands *hands,
		struct error *err);

/** Puts rows in id order that were added in another one. */
void push_block_sort_rows(struct push_block *block);

/* --- within the work ------------------------------------------------------------------------- */

/** The list with room for one more, in the block's arena. NULL when memory is short. */
void *push_block_grow(struct push_block *block, void *list, size_t count, size_t *capacity,
		size_t size);
/** One row, in block_row.c. */
bool push_block_row_work(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, const struct told_entry *entries,
		size_t entry_count, struct push_hands *hands, struct error *err);
/** Adds a delivery of @part; the slices are copied into the block's arena. */
bool push_block_make(struct push_block *block, const struct block_row *row,
		enum digest_part part, const char *uscc, const char *name, const char *region,
		Policycalc__V1__DeltaEntry **entries, const struct ledger_entry *about,
		size_t count, char **replaces, size_t replace_count, struct arena *scratch,
		struct error *err);
/** Notes that @delivery is superseded. false when memory is short. */
bool push_block_supersede(struct push_block *block, struct ledger_delivery *delivery);
