/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers whose bits all hang on all bits of others, for tables. Nothing of it is written down, and nobody is kept
 * from finding two that come to the same: who fears that puts a secret in first.
 */
#pragma once

#include <stdint.h>

/** Another number for each, 0 for 0 (the end of MurmurHash3). */
static inline uint64_t hash_mix(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

/** @hash of what came before, and @word behind it: the halves of a product together, in two instructions. */
static inline uint64_t hash_mix_word(uint64_t hash, uint64_t word)
{
	__extension__ unsigned __int128 product =
			(unsigned __int128)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** Two words behind @hash by one product. Who may choose them can bring any @hash to 0. */
static inline uint64_t hash_mix_pair(uint64_t hash, uint64_t first, uint64_t second)
{
	__extension__ unsigned __int128 product = (unsigned __int128)(hash ^ first) *
						  (second ^ UINT64_C(0x9e3779b97f4a7c15));

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
