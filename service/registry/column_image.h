/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block of 4,096 enterprises as columns: how it is built of profiles, and what its bytes mean.
 *
 *     head      rows, columns, checksum of all before the sections, bitmap of the rows there are
 *     entries   one a column, in the order of their numbers; last, without a name, the rest
 *     sections  the columns, then the rest: of each row what no column holds
 *
 * A column is named by kind, attribute and period: "Mrevenue@2025", "Fdishonest"; or by kind and item
 * list: "Iprojects". Series, items,
 * complete lists and the code of the enterprise are the rest, as an encoded Profile: with the columns
 * it makes the row's profile again. What does not fit its column (a period or a day that is none, a
 * value sent twice, a code named twice) is left to the rest, too, and the column does not know it.
 */
#pragma once

#include "policycalc/v1/profile.pb-c.h"
#include "registry/column_names.h"
#include "registry/column_pack.h"

enum column_kind {
	COLUMN_MONEY = 'M',
	COLUMN_RATIO = 'R',
	COLUMN_COUNT = 'C',
	COLUMN_DATE = 'D', /* seconds since 1970 of 00:00 in China */
	COLUMN_FLAG = 'F',
	COLUMN_CODE = 'K',
	COLUMN_TEXT = 'X',
	COLUMN_CODE_LIST = 'L',
	COLUMN_TITLE_LIST = 'T', /* codes, and the last days of validity as of dates */
	/* Which rows say anything of what no column holds: known where they do. */
	COLUMN_SERIES = 'S',   /* the attribute is sent as a series */
	COLUMN_ITEMS = 'I',    /* there are items of the list that is named */
	COLUMN_COMPLETE = 'A', /* the list holds all there are */
};

/* A column's name in parts; borrowed from the text. */
struct column_name {
	enum column_kind kind;
	struct slice attribute;
	struct slice period; /* "2025Q3"; empty: a state */
};

/** What column_names have is well formed: this only takes it apart. */
struct column_name column_name_parse(struct slice text);
/** How the values of a kind lie in their column. */
enum column_form column_kind_form(enum column_kind kind);

struct column_image_head {
	uint32_t rows;	   /* up to the last one there is */
	uint32_t count;	   /* columns; the entries are one more */
	uint32_t checksum; /* of the head with 0 here, and of the entries */
	uint32_t spare;
	uint64_t present[COLUMN_WORDS];
};

/* Over bytes of a head and its entries; borrowed. */
struct column_image {
	struct column_image_head head;
	const struct column_entry *entries;
};

/* The most columns of a block: attributes by periods, and titles. */
#define COLUMNS_MOST 20000

/** CRC-32 of @bytes, on top of @before. */
uint32_t column_checksum(uint32_t before, struct slice bytes);
/** Bytes of head and entries when a block has @count columns. */
size_t column_image_front(size_t count);
/** Whether @front (of column_image_front()) is whole and makes sense for an image of @size bytes. */
bool column_image_read(struct slice front, size_t size, struct column_image *out_image);
/** The entry of the column; NULL: nobody in the block has a value. */
const struct column_entry *column_image_find(const struct column_image *image, uint32_t name);
/** The rest of all rows. */
const struct column_entry *column_image_rest(const struct column_image *image);

/** Whether the columns of a whole image make sense, as far as their entries do not tell. */
bool column_image_is_sound(const struct column_image *image, struct slice bytes);
/**
 * The profile of a row that is there, from the bytes of a whole image that is sound and whose checksums
 * were seen to be right; borrows texts from it and from @columns and @codes. NULL when memory is short.
 */
Policycalc__V1__Profile *column_image_profile(const struct column_image *image,
		struct slice bytes, const struct slice *columns, size_t column_count,
		const struct slice *codes, size_t code_count, unsigned row, struct arena *arena,
		struct error *err);

/* --- building --------------------------------------------------------------------------------- */

struct column_builder;

struct column_builder *column_builder_new(
		struct column_names *columns, struct column_names *codes, struct error *err);
void column_builder_free(struct column_builder *builder);
/** Rows come in ascending order, each at most once. */
bool column_builder_add(struct column_builder *builder, unsigned row,
		const Policycalc__V1__Profile *profile, struct error *err);
/** Appends the image; a block without rows gives an image without. */
bool column_builder_finish(
		struct column_builder *builder, struct buffer *out, struct error *err);
