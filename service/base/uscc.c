/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uscc.h"

#define USCC_SIZE 18
#define USCC_BASE 31

/* The value of a character is its position. */
static const char symbols[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static int symbol_value(char c)
{
	const char *at = c ? strchr(symbols, c) : NULL;

	return at ? (int)(at - symbols) : -1;
}

enum uscc_outcome uscc_check(struct slice code)
{
	int weight = 1; /* 3^i mod 31 */
	int sum = 0;

	if (code.size != USCC_SIZE)
		return USCC_MALFORMED;
	for (size_t i = 0; i < USCC_SIZE; i++) {
		int value = symbol_value(code.data[i]);

		if (value < 0 || (i >= 2 && i < 8 && value > 9))
			return USCC_MALFORMED;
		if (i + 1 < USCC_SIZE)
			sum += value * weight;
		weight = weight * 3 % USCC_BASE;
	}
	if ((USCC_BASE - sum % USCC_BASE) % USCC_BASE != symbol_value(code.data[USCC_SIZE - 1]))
		return USCC_BAD_CHECK_DIGIT;
	return USCC_OK;
}
