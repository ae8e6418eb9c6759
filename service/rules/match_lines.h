/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the block at hand: match_rows.c puts positions there, match_lines.c makes rows of them. Inner header. */
#pragma once

#include "rules/match_internal.h"

/* Where the lines of a stream are, and what its rows are made of. */
struct match_stream_lines {
	uint32_t first, count; /* of words */
	uint32_t part_first;   /* among ->parts */
	uint32_t row_first;    /* among ->row_lines */
	bool alone;	       /* its rows are the cells of one part, in their order */
};

struct match_lines {
	struct match_index *index;
	uint64_t *room;
	/*
	 * Words: a line for each cell, and one behind the last of each part; see build->line_firsts. A bit stands where its
	 * position turns. Of what is asked by all of the positions' sets, and of what makes an "or" hold.
	 */
	uint64_t *all, *any;
	/* A line a part: the positions that ask it. */
	uint64_t *all_asked, *any_asked;
	const uint32_t *line_firsts; /* those of the build */
	struct match_stream_lines *streams;
	uint32_t *parts; /* stream by stream, each as its rows have them */
	uint32_t *row_lines; /* of streams that are not ->alone: of each row a line a part, from ->all or ->any on */
	bool *any_found; /* by block from ->any_block on, and stream: an "or" holds by some row */
};

/** All of them, empty, once streams are known; sets build->line_firsts. false when memory is short. */
bool match_lines_begin(struct match_build *build, struct match_lines *lines);
/** Stores the rows of a block, whose positions are @valid, and what these mention. The lines are empty again. */
void match_lines_store(struct match_lines *lines, size_t block, const uint64_t *valid);
void match_lines_end(struct match_lines *lines);
