/* SPDX-License-Identifier: Apache-2.0 */
/* What the order of positions is made with: match_order.c sorts, match_choose.c says by what. Inner header. */
#pragma once

#include "rules/match_internal.h"

#define MATCH_ORDER_DEPTH 4
/* Positions that are tried, and of each so many sets. */
#define MATCH_SAMPLE_MOST ((size_t)2048)
#define MATCH_MENTIONS_MOST 16
#define MATCH_ORDER_AHEAD 8 /* positions that are asked for before their turn */

/*
 * Of a position the ->key is the order of the set at hand, ->at where its sets are in ->asks, and ->more has a
 * bit for each part it asks, modulo 32. Of a set ->at is its number.
 */

/* Of a set its number, and what is asked of its part where positions are listed. */
struct match_numbered {
	uint32_t number; /* MATCH_SETS_END: nothing asks for it, or it lets too many pass */
	uint16_t bit;	 /* that of the part, modulo 32 */
	bool members;
};

/* What parts are scored by, of a set: where what it lets pass lies, and how many enterprises that may be. */
struct match_brief {
	uint64_t word;	/* of a NUMBER all that lies between its ranks */
	uint32_t count; /* of its words; if more than one, they are not here */
	float pass;
};

/* A part that may be sorted by: where the sets of it are among ->mentions, and more than it can rule out. */
struct match_tried {
	uint32_t part;
	uint32_t begin, count;
	float most;
};

/* Those sets are numbered that rule out enough, in the order of parts, and each part's in their order. */
struct match_ordering {
	const struct match_build *build;
	struct match_ranked *list, *spare;
	/* Of each position its number, and then of what it asks those sets that rule out enough, up to MATCH_SETS_END. */
	uint32_t *asks;
	struct match_numbered *numbers; /* by set */
	uint32_t *sets;			/* by number */
	uint32_t *keys;			/* likewise; see KEY */
	uint32_t *parts;		/* likewise */
	struct match_brief *briefs;	/* likewise */
	uint32_t *firsts;		/* by part */
	float *passes;			/* likewise: the least of its sets */
	size_t set_count;
	uint32_t *mentions, *spare_mentions; /* numbers of sets */
	uint32_t *mention_parts;	     /* those of ->spare_mentions */
	uint32_t *mention_ends; /* by part: where the sets of it end, and those of the next begin */
	struct match_tried *tried;
	uint32_t used[MATCH_ORDER_DEPTH];
};

#define MATCH_SETS_END UINT32_MAX

static inline bool match_is_of_part(
		const struct match_ordering *ordering, uint32_t number, uint32_t part)
{
	return number >= ordering->firsts[part] && number < ordering->firsts[part + 1];
}

/**
 * The part by which most is ruled out of whole blocks of @list, but for those that ->used has of @depth; UINT32_MAX: by
 * none, or hardly anything.
 */
uint32_t match_part_choose(struct match_ordering *ordering, const struct match_ranked *list,
		size_t count, int depth);
