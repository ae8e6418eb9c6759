/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/timeout.h"

#define DIGITS_MAX 8

bool timeout_parse(struct slice text, uint64_t *out_us)
{
	uint64_t value = 0;
	uint64_t us;
	size_t i;

	if (text.size < 2 || text.size > DIGITS_MAX + 1)
		return false;
	for (i = 0; i < text.size - 1; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	switch (text.data[i]) {
	case 'H':
		us = 3600u * UINT64_C(1000000);
		break;
	case 'M':
		us = 60u * UINT64_C(1000000);
		break;
	case 'S':
		us = 1000000;
		break;
	case 'm':
		us = 1000;
		break;
	case 'u':
		us = 1;
		break;
	case 'n':
		*out_us = (value + 999) / 1000;
		return true;
	default:
		return false;
	}
	if (__builtin_mul_overflow(value, us, out_us) || *out_us > INT64_MAX)
		*out_us = INT64_MAX;
	return true;
}
