/* SPDX-License-Identifier: Apache-2.0 */
/* A column cache and its readers, for the two files that make them up. */
#pragma once

#include "registry/column_cache.h"
#include "registry/column_image.h"

#include <stdatomic.h>

/* What is known of the changes of a block: none after ->change up to ->checked. */
struct block_change {
	int64_t change;
	int64_t checked;
};

struct column_cache {
	struct column_origin origin;
	pthread_mutex_t origin_lock;
	struct column_names columns, codes;
	struct column_file *file; /* NULL: it could not be opened, all is built in memory */
	pthread_mutex_t lock;	  /* guards the changes */
	struct block_change *changes;
	size_t change_count;
	atomic_ullong built;
	atomic_ullong unwritten;
};

/* A fact that a sweep wants, and where its column is. */
struct column_want {
	const struct sweep_want *want;
	uint32_t name; /* COLUMN_NAME_NONE: no column has it (yet) */
	uint64_t known[COLUMN_WORDS];
	uint64_t flags[COLUMN_WORDS];
	int64_t *integers; /* all three made when first needed */
	uint32_t *codes;
	uint32_t *starts;
	struct slice *texts;
	size_t code_room, integer_room;
	struct buffer packed; /* of texts, which are borrowed from it */
};

/* Item lists there are. */
#define COLUMN_LISTS 3

struct column_items {
	char list[32]; /* "": nobody has asked yet */
	uint64_t some[COLUMN_WORDS];
	uint64_t complete[COLUMN_WORDS];
};

struct column_reader {
	struct column_cache *cache;
	int64_t sequence;
	int64_t floor; /* columns built of this snapshot, or later, will do */
	struct column_want *wants;
	size_t want_count;
	size_t columns_seen; /* names of columns when the wants were looked up */
	int64_t block;	     /* -1: none */

	/* The image at hand: in the file, or in ->bytes, or in both. */
	struct column_place place;
	struct buffer front; /* of an image in the file */
	struct buffer bytes; /* all of the image */
	bool has_bytes;
	struct column_image image;
	struct buffer section;
	struct column_items items[COLUMN_LISTS];
};

/** An enum column_kind; 0: values of the type have no column. */
int column_kind_of_type(Policycalc__V1__ValueType type);
/** Builds the block of the reader's snapshot into ->bytes; with @keep also into the file. */
bool column_reader_build(struct column_reader *reader, bool keep, struct error *err);
/** The image is damaged: builds it anew. */
bool column_reader_repair(struct column_reader *reader, struct error *err);
/** The bytes of a column, checked; *out_damaged instead of an error. */
bool column_reader_section(struct column_reader *reader, const struct column_entry *entry,
		struct buffer *room, const char **out_packed, bool *out_damaged,
		struct error *err);
/* The faces of the source. */
bool column_reader_column(
		void *context, size_t want, struct sweep_column *out, struct error *err);
bool column_reader_items(void *context, const char *list, struct sweep_items *out_items,
		struct error *err);
bool column_reader_profile(void *context, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err);
/** Looks the wants up anew when there are more columns than before. */
bool column_reader_resolve(struct column_reader *reader, struct error *err);
