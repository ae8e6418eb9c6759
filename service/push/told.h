/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What enterprises have been told, a block of 4096 of them at a time.
 *
 * One entry is one (enterprise, series). It says what was told (released, or later), and beside it
 * what was raised and has not been told, since a department holds or refused it or the enterprise
 * does not want it, so that it is not raised again every night while nothing has changed.
 *
 * Encoded a block is one blob: the same entries give the same bytes, and a blob that is torn or
 * another block's is noticed. Series and versions go by the numbers that the ledger gives them.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLD_ROWS 4096
/* Numbers of series and versions end here. */
#define TOLD_NAMES_MOST (1u << 20)

enum told_kind {
	TOLD_NOTHING,
	TOLD_ELIGIBLE,
	TOLD_NEAR,
	TOLD_LAPSED,
};

struct told_amount {
	uint8_t exactness; /* of AmountAnswer; 0: no amount */
	int64_t least;	   /* fen; also the next */
	int64_t most;
};

struct told_state {
	uint8_t kind;	    /* enum told_kind */
	bool distance;	    /* LAPSED: how far it is was told, too */
	uint32_t version;   /* 0 when nothing was told */
	int32_t window_end; /* whose closing was told, days since 1970; 0: none */
	struct told_amount amount;
};

enum told_aside {
	ASIDE_NONE,
	ASIDE_HELD,
	ASIDE_REFUSED,
	ASIDE_SUPPRESSED,
};

struct told_entry {
	uint16_t row;  /* of the block, from 0 */
	uint8_t aside; /* enum told_aside */
	uint32_t series;
	struct told_state told;
	struct told_state raised; /* what would be told, unless aside is NONE */
};

/* In (row, series) order, each pair once; an entry that says nothing is left out. */
struct told_block {
	struct told_entry *entries;
	size_t count;
};

bool told_state_equals(const struct told_state *a, const struct told_state *b);
/** Whether the entry says nothing: nothing told, nothing aside. */
bool told_entry_is_empty(const struct told_entry *entry);

/**
 * Reads a blob of block @block into @arena; an empty one is a block that was told nothing. ERROR_IO
 * when it is damaged, of another block or newer than we know.
 */
bool told_decode(struct slice blob, int64_t block, struct arena *arena,
		struct told_block *out_block, struct error *err);
/** Appends the blob; nothing when no entry says anything. false only when memory is short. */
bool told_encode(const struct told_block *told, int64_t block, struct arena *arena,
		struct buffer *out);

/** Appends one state, as it stands in a blob; for what else is kept of it. */
void told_state_encode(const struct told_state *state, struct buffer *out);
/** Takes one from the front of @bytes; false when there is none. */
bool told_state_decode(struct slice *bytes, struct told_state *out_state);
/** Numbers as they stand in a blob. */
void told_number_encode(uint64_t number, struct buffer *out);
bool told_number_decode(struct slice *bytes, uint64_t *out_number);
