/* SPDX-License-Identifier: Apache-2.0 */
/* What the halves of the generator share: chance, and how an attribute is distributed. */
#pragma once

#include "generator.h"

#include <math.h>

#define GENERATOR_SAMPLE 20000 /* enterprises that thresholds are taken from */

struct definition {
	const char *name;
	enum made_type type;
	int least, most;
	int codes;
	unsigned weight; /* how often policies ask for it */
	/* round(exp(mean + spread * g + size * z + technology * t)); linear when spread is below zero. */
	double mean, spread, size, technology;
};

extern const struct definition definitions[MADE_COUNT];

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static inline double random_fraction(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1.0p-53;
}

static inline uint32_t random_below(uint64_t *state, uint32_t below)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint32_t)(((wide)random_next(state) * below) >> 64);
}

static inline double random_normal(uint64_t *state)
{
	double u = random_fraction(state) + 1e-12;
	double v = random_fraction(state);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static inline bool random_is(uint64_t *state, double likely)
{
	return random_fraction(state) < likely;
}

/* One of @count, the first more often. */
static inline int random_skewed(uint64_t *state, int count, double power)
{
	int x = (int)(count * pow(random_fraction(state), power));

	return x >= count ? count - 1 : x;
}
