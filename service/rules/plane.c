/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/plane.h"

#include <string.h>

const uint64_t plane_zeros[PLANE_WORDS];

PLANE_CLONES
bool plane_any(const uint64_t *plane)
{
	uint64_t any = 0;

	for (size_t i = 0; i < PLANE_WORDS; i++)
		any |= plane[i];
	return any != 0;
}

PLANE_CLONES
void plane_and(const uint64_t *a, const uint64_t *b, uint64_t *out)
{
	for (size_t i = 0; i < PLANE_WORDS; i++)
		out[i] = a[i] & b[i];
}

PLANE_CLONES
void plane_without(const uint64_t *a, const uint64_t *b, uint64_t *out)
{
	for (size_t i = 0; i < PLANE_WORDS; i++)
		out[i] = a[i] & ~b[i];
}

PLANE_CLONES
bool plane_cut(uint64_t *plane, const uint64_t *other, bool opposite)
{
	uint64_t turn = opposite ? UINT64_MAX : 0;
	uint64_t left = 0;

	for (size_t i = 0; i < PLANE_WORDS; i++) {
		uint64_t word = plane[i] & (other[i] ^ turn);

		plane[i] = word;
		left |= word;
	}
	return left != 0;
}

PLANE_CLONES
void plane_join(uint64_t *plane, const uint64_t *other)
{
	for (size_t i = 0; i < PLANE_WORDS; i++)
		plane[i] |= other[i];
}

/* A line of memory at a time, so that what is gathered stays in registers. */
PLANE_CLONES
void plane_unite(const uint64_t *const *planes, size_t count, uint64_t *out)
{
	for (size_t i = 0; i < PLANE_WORDS; i += 8) {
		uint64_t all[8] = { 0 };

		for (size_t k = 0; k < count; k++) {
			const uint64_t *plane = planes[k] + i;

			for (size_t w = 0; w < 8; w++)
				all[w] |= plane[w];
		}
		for (size_t w = 0; w < 8; w++)
			out[i + w] = all[w];
	}
}

PLANE_CLONES
bool plane_choose(const uint64_t *rows, const uint64_t *const *in, size_t in_count,
		const uint64_t *const *out_of, size_t out_of_count, uint64_t *out)
{
	uint64_t any[8] = { 0 };
	uint64_t left = 0;

	for (size_t i = 0; i < PLANE_WORDS; i += 8) {
		uint64_t all[8];

		for (size_t w = 0; w < 8; w++)
			all[w] = rows[i + w];
		for (size_t k = 0; k < in_count; k++) {
			const uint64_t *plane = in[k] + i;

			for (size_t w = 0; w < 8; w++)
				all[w] &= plane[w];
		}
		for (size_t k = 0; k < out_of_count; k++) {
			const uint64_t *plane = out_of[k] + i;

			for (size_t w = 0; w < 8; w++)
				all[w] &= ~plane[w];
		}
		for (size_t w = 0; w < 8; w++) {
			out[i + w] = all[w];
			any[w] |= all[w];
		}
	}
	for (size_t w = 0; w < 8; w++)
		left |= any[w];
	return left != 0;
}

PLANE_CLONES
size_t plane_pack(const uint64_t *plane, uint64_t *out)
{
	uint64_t *next = out + 1;
	uint64_t some = 0;

	for (size_t i = 0; i < PLANE_WORDS; i++) {
		uint64_t there = plane[i] != 0;

		*next = plane[i];
		next += there;
		some |= there << i;
	}
	out[0] = some;
	return (size_t)(next - out);
}

void plane_unpack(const uint64_t *packed, uint64_t *out)
{
	const uint64_t *next = packed + 1;

	memset(out, 0, PLANE_WORDS * sizeof(*out));
	for (uint64_t left = packed[0]; left; left &= left - 1)
		out[__builtin_ctzll(left)] = *next++;
}

/*
 * Four at a time, whether there are as many or not: how many there are nobody could guess. Four numbers put
 * together in a vector take longer than four stores.
 */
PLANE_CLONES_SCALAR
size_t plane_list(const uint64_t *packed, uint16_t *out)
{
	const uint64_t last = UINT64_C(1) << 63;
	const uint64_t *next = packed + 1;
	uint16_t *end = out;

	for (uint64_t some = packed[0]; some; some &= some - 1) {
		unsigned first = (unsigned)__builtin_ctzll(some) * 64;
		uint64_t left = *next++;
		uint16_t *at = end;

		end += __builtin_popcountll(left);
		do {
			for (unsigned k = 0; k < 4; k++) {
				at[k] = (uint16_t)(first +
						   (unsigned)__builtin_ctzll(left | last));
				left &= left - 1;
			}
			at += 4;
		} while (left);
	}
	return (size_t)(end - out);
}

PLANE_CLONES
bool plane_meets(const uint64_t *a, const uint64_t *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < PLANE_WORDS; i++)
		any |= a[i] & b[i];
	return any != 0;
}

PLANE_CLONES
bool plane_exceeds(const uint64_t *a, const uint64_t *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < PLANE_WORDS; i++)
		any |= a[i] & ~b[i];
	return any != 0;
}

PLANE_CLONES
bool plane_standing_join(struct plane_standing *standing, const uint64_t *yes,
		const uint64_t *no, const uint64_t *asked)
{
	uint64_t left = 0;

	plane_standing_doubt(standing);
	for (size_t i = 0; i < PLANE_WORDS; i++) {
		uint64_t alive = standing->alive[i] & ~no[i];
		uint64_t open = alive & ~yes[i];

		standing->alive[i] = alive;
		standing->asked[i] |= open & asked[i];
		standing->review[i] |= open & ~asked[i];
		left |= alive;
	}
	return left != 0;
}

PLANE_CLONES
void plane_standing_part(const struct plane_standing *standing, uint64_t *out_eligible,
		uint64_t *out_asked, uint64_t *out_review)
{
	for (size_t i = 0; i < PLANE_WORDS; i++) {
		uint64_t asked = standing->alive[i] & standing->asked[i];
		uint64_t review = standing->alive[i] & standing->review[i] & ~asked;

		out_asked[i] = asked;
		out_review[i] = review;
		out_eligible[i] = standing->alive[i] & ~(asked | review);
	}
}
