/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting by digits, the lowest first, so that those alike stay in their order. */
#include "rules/match_internal.h"

#include <string.h>

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)
#define FEW ((size_t)1024)

/* By key, from the least byte to the greatest; bytes that are all alike are passed over. */
void match_ranked_sort(struct match_ranked *list, struct match_ranked *spare, size_t count)
{
	struct match_ranked *from = list;
	struct match_ranked *to = spare;
	uint64_t differ = 0;

	for (size_t i = 1; i < count; i++)
		differ |= list[i].key ^ list[0].key;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t starts[257] = { 0 };
		struct match_ranked *other = from;

		if (!((differ >> shift) & 255))
			continue;
		for (size_t i = 0; i < count; i++)
			starts[((from[i].key >> shift) & 255) + 1]++;
		for (size_t i = 1; i < 257; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < count; i++)
			to[starts[(from[i].key >> shift) & 255]++] = from[i];
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

/* By digits that are larger, where there is more to sort. */
void match_numbers_sort(
		uint32_t *list, uint32_t *spare, size_t count, uint32_t begin, uint32_t end)
{
	unsigned bits = count < FEW ? 8 : DIGIT_BITS;
	uint32_t digits = UINT32_C(1) << bits;
	uint32_t *from = list;
	uint32_t *to = spare;

	for (unsigned shift = 0; shift < 32 && (end - begin) >> shift; shift += bits) {
		uint32_t starts[DIGITS + 1];
		uint32_t *other = from;

		memset(starts, 0, (digits + 1) * sizeof(*starts));
		for (size_t i = 0; i < count; i++)
			starts[((from[i] - begin) >> shift) % digits + 1]++;
		for (size_t i = 1; i < digits; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < count; i++)
			to[starts[((from[i] - begin) >> shift) % digits]++] = from[i];
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}
