/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a block was told, as it lies in its blob: a run looks at a few entries of many.
 *
 * Of each entry it is known where it stands and of what kind it is, in eight bytes; what else it says is
 * read when it is asked for. A block is written anew out of the bytes of those that stay and the entries
 * that take the place of others.
 */
#pragma once

#include "push/told.h"

struct told_mark {
	uint32_t at; /* of its bytes in the blob */
	uint16_t row;
	uint8_t size;
	uint8_t kinds; /* aside, what was told, what was raised: two bits each */
};

struct told_series {
	uint32_t series;
	uint32_t begin; /* of its marks; they end where those of the next begin */
};

/* In (series, row) order, each pair once. The last of ->series is behind all. */
struct told_view {
	struct slice blob; /* borrowed */
	struct told_mark *marks;
	size_t count;
	struct told_series *series;
	size_t series_count;
};

static inline enum told_aside told_mark_aside(const struct told_mark *mark)
{
	return mark->kinds & 3;
}
static inline enum told_kind told_mark_told(const struct told_mark *mark)
{
	return mark->kinds >> 2 & 3;
}
/** Of what was raised, when anything is aside; else of what was told. */
static inline enum told_kind told_mark_kind(const struct told_mark *mark)
{
	return mark->kinds >> (mark->kinds & 3 ? 4 : 2) & 3;
}

/** As told_decode(); all that the view gives out is then sound. */
bool told_view_read(struct slice blob, int64_t block, struct arena *arena,
		struct told_view *out_view, struct error *err);
/** The @mark-th entry, which is of the @series-th series. */
struct told_entry told_view_entry(const struct told_view *view, size_t series, size_t mark);
/** The entries of a row, in series order. false when memory is short. */
bool told_view_row(const struct told_view *view, uint16_t row, struct arena *arena,
		struct told_entry **out_entries, size_t *out_count);
/** Adds to @rows those of which something is @aside. */
void told_view_mark_aside(const struct told_view *view, enum told_aside aside,
		uint64_t rows[TOLD_ROWS / 64]);

/**
 * As told_encode(), of the view without the rows in @replaced, and of @over, which are such rows'. Of the
 * same entries the bytes are the same, wherever they come from.
 */
bool told_view_encode(const struct told_view *view, const uint64_t replaced[TOLD_ROWS / 64],
		const struct told_block *over, int64_t block, struct arena *arena,
		struct buffer *out);
