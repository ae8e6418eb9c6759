/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers in decimal, without the cost of a format string. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_MOST                                                                           \
	20 /* bytes of the longest, "18446744073709551615" or "-9223372036854775808" */

/** Writes "1234" to @out, which has DECIMAL_MOST bytes; no NUL behind it. How many it takes. */
static inline size_t decimal_print(uint64_t number, char *out)
{
	char digits[DECIMAL_MOST];
	size_t at = DECIMAL_MOST;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	/* Byte by byte: most numbers are short. */
	for (size_t i = at; i < DECIMAL_MOST; i++)
		out[i - at] = digits[i];
	return DECIMAL_MOST - at;
}

/** As decimal_print(), with a sign before what is negative. */
static inline size_t decimal_print_signed(int64_t number, char *out)
{
	size_t sign = number < 0;

	*out = '-';
	return sign + decimal_print(sign ? 0 - (uint64_t)number : (uint64_t)number, out + sign);
}
