/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the firms of a registry answer: what share of them lies where, attribute by attribute. From it the
 * questionnaire takes how likely an answer is.
 *
 * Counted block by block from the columns of one snapshot; of a registry with more than
 * PRIORS_BLOCKS_MOST blocks from so many of them, spread evenly. The same registry at the same snapshot
 * gives the same counts. What is kept says nothing of any one firm:
 *
 *     - an attribute (of a period) of which fewer than PRIORS_FIRMS_LEAST firms are known is left out;
 *     - figures and days are kept as PRIORS_POINTS typical values, each of which stands for a hundredth
 *       of the firms: neither the least nor the greatest is among them;
 *     - "yes" is a whole percentage;
 *     - a code that fewer than PRIORS_CODE_FIRMS firms have, or less than one in a thousand, is left out.
 *
 * Whether a title is still valid does not matter. Texts, series and items are not counted. It takes at
 * most PRIORS_MEMORY bytes, and as many again while it is counted.
 */
#pragma once

#include "calculator/calculator.h"
#include "registry/column_cache.h"

#include <stdatomic.h>

#define PRIORS_FIRMS_LEAST 1000
#define PRIORS_CODE_FIRMS 10
#define PRIORS_POINTS 100
#define PRIORS_BLOCKS_MOST 64
#define PRIORS_MEMORY ((size_t)64 << 20)

/* Immutable; counted references, on any thread. */
struct priors;

/**
 * Counts the firms 1 to @last_id as of @sequence; may take seconds. NULL with ERROR_CANCELLED soon after
 * *@stop is set. One reference.
 */
struct priors *priors_count(struct column_cache *cache, int64_t sequence, int64_t last_id,
		const atomic_bool *stop, struct error *err);
struct priors *priors_ref(struct priors *priors);
void priors_unref(struct priors *priors);

/** Whether nothing was known of enough firms. */
bool priors_is_empty(const struct priors *priors);
int64_t priors_sequence(const struct priors *priors);
/** Borrows from @priors. */
struct question_priors priors_for_questions(const struct priors *priors);

/** The blocks that are counted of a registry with the ids 1 to @last_id: how many, and which. */
size_t priors_block_count(int64_t last_id);
int64_t priors_block(int64_t last_id, size_t index);
