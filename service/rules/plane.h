/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planes: a bit each for the 4,096 rows of a block, and loops over them. The loops are compiled for
 * several machines and chosen when the program starts, so that one build is quick on all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANE_WORDS ((size_t)64)

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&  \
		!defined(__clang__)
#define PLANE_CLONES_BY(...)                                                                   \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),           \
			optimize(__VA_ARGS__)))
#else
#define PLANE_CLONES_BY(...)
#endif

#define PLANE_CLONES PLANE_CLONES_BY("O3")
#define PLANE_CLONES_SCALAR PLANE_CLONES_BY("O3", "no-tree-slp-vectorize")

extern const uint64_t plane_zeros[PLANE_WORDS];

bool plane_any(const uint64_t *plane);
/** A word of 64 bytes that are 0 or 1. */
static inline __attribute__((always_inline)) uint64_t plane_word(const uint8_t *bytes)
{
	uint64_t word = 0;

	/* Eight at a time: the product has them side by side in its last byte. */
	for (unsigned k = 0; k < 8; k++) {
		uint64_t eight;

		__builtin_memcpy(&eight, bytes + (size_t)k * 8, sizeof(eight));
		word |= (eight * UINT64_C(0x0102040810204080)) >> 56 << (k * 8);
	}
	return word;
}

/** What is in any of 64 bytes. */
static inline __attribute__((always_inline)) unsigned plane_bytes_join(const uint8_t *bytes)
{
	uint64_t all = 0;

	for (unsigned k = 0; k < 8; k++) {
		uint64_t eight;

		__builtin_memcpy(&eight, bytes + (size_t)k * 8, sizeof(eight));
		all |= eight;
	}
	all |= all >> 32;
	all |= all >> 16;
	return (unsigned)(all | all >> 8) & 0xff;
}

/** out = a & b */
void plane_and(const uint64_t *a, const uint64_t *b, uint64_t *out);
/** out = a & ~b */
void plane_without(const uint64_t *a, const uint64_t *b, uint64_t *out);
/** plane &= other, or its opposite; whether any bit is left. */
bool plane_cut(uint64_t *plane, const uint64_t *other, bool opposite);
/** plane |= other */
void plane_join(uint64_t *plane, const uint64_t *other);
/** out = what is in any of @count planes */
void plane_unite(const uint64_t *const *planes, size_t count, uint64_t *out);
/** out = what is in @rows, in all of @in, and in none of @out_of; whether that is any. */
bool plane_choose(const uint64_t *rows, const uint64_t *const *in, size_t in_count,
		const uint64_t *const *out_of, size_t out_of_count, uint64_t *out);
/*
 * A plane of few rows, packed: a word that says which words have any, and these; PLANE_PACKED_MOST words at
 * most.
 */
#define PLANE_PACKED_MOST (PLANE_WORDS + 1)
/** How many words it wrote; @out has room for the most. */
size_t plane_pack(const uint64_t *plane, uint64_t *out);
void plane_unpack(const uint64_t *packed, uint64_t *out);
/** The numbers of the rows, ascending, and how many; @out has room for PLANE_LIST_MOST of them. */
#define PLANE_LIST_MOST (PLANE_WORDS * 64 + 4)
size_t plane_list(const uint64_t *packed, uint16_t *out);
/** Whether a & b has any bit; a & ~b. */
bool plane_meets(const uint64_t *a, const uint64_t *b);
bool plane_exceeds(const uint64_t *a, const uint64_t *b);

/*
 * How rows stand: not ruled out yet, and what they wait for if nothing rules them out. The last two are
 * filled in when the first row comes there.
 */
struct plane_standing {
	uint64_t alive[PLANE_WORDS];
	uint64_t asked[PLANE_WORDS];
	uint64_t review[PLANE_WORDS];
	bool doubtful; /* the last two are filled in */
};

/** All of @rows, and nothing said of them. */
static inline void plane_standing_init(struct plane_standing *standing, const uint64_t *rows)
{
	__builtin_memcpy(standing->alive, rows, sizeof(standing->alive));
	standing->doubtful = false;
}
/** Fills in the last two, unless they are. */
static inline void plane_standing_doubt(struct plane_standing *standing)
{
	if (standing->doubtful)
		return;
	__builtin_memset(standing->asked, 0, sizeof(standing->asked));
	__builtin_memset(standing->review, 0, sizeof(standing->review));
	standing->doubtful = true;
}
/** Joins one more condition; what is none of yes, no, asked is for review. Whether any row is left. */
bool plane_standing_join(struct plane_standing *standing, const uint64_t *yes,
		const uint64_t *no, const uint64_t *asked);
/** Parts the rows into three; each row is in the first of asked, review, eligible that it may be in. */
void plane_standing_part(const struct plane_standing *standing, uint64_t *out_eligible,
		uint64_t *out_asked, uint64_t *out_review);
