/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One column of a block as bytes. Figures are written as base + scale * u with u as narrow as they
 * allow: staff takes two bytes, money in whole ten thousands three or four, a date two.
 *
 *     BITS      [known] flags
 *     FIGURES   [known] u of every row, of 1, 2, 4 or 8 bytes; 0 where it is not known
 *     CODES     [known] where each row's codes end, the codes
 *     TITLES    [known] where each row's titles end, their codes, their last days
 *     TEXTS     [known] where each row's text ends, the texts with a NUL behind each
 *
 * A bitmap has whole 64-bit words for the rows there are; known is left out when all rows are. What
 * is read here has passed its checksum; sizes and ends are looked at nevertheless.
 */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define COLUMN_ROWS 4096
#define COLUMN_WORDS (COLUMN_ROWS / 64)

enum column_form {
	COLUMN_FIGURES,
	COLUMN_BITS,
	COLUMN_CODES,
	COLUMN_TITLES,
	COLUMN_TEXTS,
};

/* Where a column stands in its image, and how it is packed; as it lies in the file. */
struct column_entry {
	uint32_t name; /* number of its name */
	uint8_t form;
	uint8_t width; /* bytes of one u */
	uint8_t all_known;
	uint8_t spare;
	uint32_t offset; /* from the start of the image */
	uint32_t size;
	uint32_t checksum;
	uint32_t spare2;
	int64_t base;
	uint64_t scale;
};

/* The values of one column while a block is built: of BITS and FIGURES, */
struct column_values {
	uint64_t known[COLUMN_WORDS];
	uint64_t flags[COLUMN_WORDS];
	int64_t figures[COLUMN_ROWS];
};

/* and of the others, row after row. */
struct column_runs {
	uint64_t known[COLUMN_WORDS];
	uint32_t ends[COLUMN_ROWS]; /* entries of ->codes, bytes of ->texts; up to ->rows */
	unsigned rows;
	struct buffer codes; /* uint32_t */
	struct buffer days;  /* int64_t */
	struct buffer texts;
};

static inline void column_bit_put(uint64_t *bits, unsigned row)
{
	bits[row / 64] |= UINT64_C(1) << (row % 64);
}

static inline bool column_bit_has(const uint64_t *bits, unsigned row)
{
	return (bits[row / 64] >> (row % 64)) & 1;
}

/** Words of a bitmap of @rows rows. */
static inline size_t column_words(unsigned rows)
{
	return (rows + 63) / 64;
}

/** Appends the column and fills all of @out_entry but its name. */
void column_pack(const struct column_values *values, enum column_form form, unsigned rows,
		struct buffer *out, struct column_entry *out_entry);
/** As it, of runs; fills up the ends of the last rows. */
void column_pack_runs(struct column_runs *runs, enum column_form form, unsigned rows,
		struct buffer *out, struct column_entry *out_entry);

/** Whether the bytes of a column are as many as it must have, as far as its entry tells. */
bool column_size_is_right(const struct column_entry *entry, unsigned rows);
/* Past @rows nothing is known. */
void column_unpack_known(const struct column_entry *entry, const char *packed, unsigned rows,
		uint64_t *out_known);
void column_unpack_flags(const struct column_entry *entry, const char *packed, unsigned rows,
		uint64_t *out_flags);
void column_unpack_figures(const struct column_entry *entry, const char *packed, unsigned rows,
		int64_t *out_figures);
void column_unpack_codes(const struct column_entry *entry, const char *packed, unsigned rows,
		uint32_t *out_codes);

/* A packed column of runs; borrowed from the bytes, none of it aligned. */
struct column_run_view {
	const char *ends;  /* uint32_t */
	const char *codes; /* uint32_t */
	const char *days;  /* int64_t */
	struct slice texts;
	uint32_t count; /* codes */
};
/** Without a look at the ends: of bytes that column_view_runs() has seen. */
struct column_run_view column_open_runs(
		const struct column_entry *entry, const char *packed, unsigned rows);
/** false when the bytes make no sense. Looks at the ends of all rows. */
bool column_view_runs(const struct column_entry *entry, const char *packed, unsigned rows,
		struct column_run_view *out_view);
/** Where the run of @row begins and ends. */
void column_run_at(const struct column_run_view *view, unsigned row, uint32_t *out_from,
		uint32_t *out_until);

bool column_row_is_known(const struct column_entry *entry, const char *packed, unsigned row);
/** A row of FIGURES, or of BITS (0 or 1); that is known. */
int64_t column_unpack_row(const struct column_entry *entry, const char *packed, unsigned rows,
		unsigned row);
