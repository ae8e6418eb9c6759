/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers in decimal, without the cost of a format string. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the longest, "18446744073709551615" or "-9223372036854775808", and what one is written into. */
#define DECIMAL_MOST 20
#define DECIMAL_ROOM 24

/**
 * Writes "1234" to @out, which has DECIMAL_ROOM bytes; no NUL behind it, and anything in the rest of them. How many
 * bytes it takes.
 */
static inline size_t decimal_print(uint64_t number, char *out)
{
	char digits[2 * DECIMAL_MOST] = { 0 };
	size_t at = DECIMAL_MOST;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	/* As many bytes at all times: no loop, and no call. */
	memcpy(out, digits + at, DECIMAL_MOST);
	return DECIMAL_MOST - at;
}

/** As decimal_print(), with a sign before what is negative. */
static inline size_t decimal_print_signed(int64_t number, char *out)
{
	size_t sign = number < 0;

	*out = '-';
	return sign + decimal_print(sign ? 0 - (uint64_t)number : (uint64_t)number, out + sign);
}
