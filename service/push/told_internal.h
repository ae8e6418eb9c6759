/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and states as bytes, for the files that read and write blobs. */
#pragma once

#include "push/told.h"

/* Bytes at most: of a number, a state, an entry without its row. */
#define TOLD_NUMBER_MOST 10
#define TOLD_STATE_MOST (2 + 4 * TOLD_NUMBER_MOST)
#define TOLD_ENTRY_MOST (1 + 2 * TOLD_STATE_MOST)

/* Bits of the byte that opens a state. */
#define TOLD_BITS_KIND 0x03u
#define TOLD_BITS_DISTANCE 0x04u
#define TOLD_BITS_AMOUNT 0x08u
#define TOLD_BITS_WINDOW 0x10u
#define TOLD_BITS_VERSION 0x20u
#define TOLD_BITS_KNOWN 0x3fu

/** Writes a number at @at, where there is room. Its end. */
static inline char *told_number_put(char *at, uint64_t number)
{
	while (number >= 0x80) {
		*at++ = (char)(number | 0x80);
		number >>= 7;
	}
	*at++ = (char)number;
	return at;
}

/** Takes a number off [@at, @end). Where it goes on; NULL when it is none. */
static inline const char *told_number_take(
		const char *at, const char *end, uint64_t *out_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
		unsigned char byte = (unsigned char)*at++;

		if (shift == 63 && byte > 1)
			return NULL;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out_number = number;
			return at;
		}
	}
	return NULL;
}

/** Small ones of either sign are short. */
static inline int64_t told_signed_of(uint64_t number)
{
	return (int64_t)((number >> 1) ^ (number & 1 ? UINT64_MAX : 0));
}

/** As told_number_put(). */
char *told_state_put(char *at, const struct told_state *state);
