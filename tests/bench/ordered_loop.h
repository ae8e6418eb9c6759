/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The straight loop: policy by policy, the clauses of each in the order of what they rule out, packed one
 * behind the other. It is the peer of the match index, and its oracle.
 */
#pragma once

#include "generator.h"

#include <stddef.h>

struct ordered_loop;

/** Clauses are ordered by @sample enterprises of another seed. Ends the program when memory is short. */
struct ordered_loop *ordered_loop_new(
		const struct generator *generator, size_t policy_count, size_t sample);
void ordered_loop_free(struct ordered_loop *loop);
size_t ordered_loop_size(const struct ordered_loop *loop);

/** The policies that match; @out_ids has room for all. */
size_t ordered_loop_match(const struct ordered_loop *loop,
		const struct made_enterprise *enterprise, uint32_t *out_ids);

/**
 * As it, of an enterprise of which only the attributes in @known (bits) are known: the policies that match
 * whatever the others are by the rules of three values, and those that may.
 */
void ordered_loop_judge(const struct ordered_loop *loop,
		const struct made_enterprise *enterprise, uint64_t known, uint32_t *out_ids,
		size_t *out_count, uint32_t *out_undecided, size_t *out_undecided_count);
