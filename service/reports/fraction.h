/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates of whole numbers, exact. What is shown is rounded once, from the integers; what is compared
 * is never rounded. Numbers of enterprises stay below 2^40, so that products fit 128 bits with room.
 */
#pragma once

#include "base/wide.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* part of whole; whole 0 is "no rate". */
struct fraction {
	int64_t part;
	int64_t whole;
};

/** <0, 0, >0 as a's rate is below, the same as, or above b's; both wholes are above 0. */
static inline int fraction_compare(struct fraction a, struct fraction b)
{
	wide_int left = (wide_int)a.part * b.whole;
	wide_int right = (wide_int)b.part * a.whole;

	assert(a.whole > 0 && b.whole > 0);
	return (left > right) - (left < right);
}

/* @number / @divisor, rounded half away from zero. */
static inline int64_t fraction_round(wide_int number, wide_int divisor)
{
	wide_int twice = 2 * (number < 0 ? -number : number) + divisor;
	wide_int rounded = twice / (2 * divisor);

	assert(divisor > 0);
	return (int64_t)(number < 0 ? -rounded : rounded);
}

/** In tenths of a percent, half up: 34 of 39 is 872. */
static inline int32_t fraction_permille(struct fraction a)
{
	return (int32_t)fraction_round((wide_int)a.part * 1000, a.whole);
}

/** a less b in tenths of a percentage point, from the exact fractions, half away from zero. */
static inline int32_t fraction_difference(struct fraction a, struct fraction b)
{
	wide_int number = (wide_int)a.part * b.whole - (wide_int)b.part * a.whole;

	return (int32_t)fraction_round(number * 1000, (wide_int)a.whole * b.whole);
}

/** The least k >= 0 with (a.part + k) / a.whole >= goal; both wholes are above 0. */
static inline int64_t fraction_missing(struct fraction a, struct fraction goal)
{
	wide_int wanted = (wide_int)goal.part * a.whole;
	wide_int least = (wanted + goal.whole - 1) / goal.whole;

	return least > a.part ? (int64_t)(least - a.part) : 0;
}
