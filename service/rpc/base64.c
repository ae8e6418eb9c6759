/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/base64.h"

#include <stdint.h>

static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

void base64_encode(struct slice bytes, struct buffer *out)
{
	size_t i;

	for (i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i < 3 ? bytes.size - i : 3;
		uint32_t group = 0;
		char text[4];
		size_t k;

		for (k = 0; k < 3; k++)
			group = group << 8 | (k < left ? (unsigned char)bytes.data[i + k] : 0u);
		for (k = 0; k < 4; k++)
			text[k] = ALPHABET[group >> (18 - 6 * k) & 63];
		buffer_append(out, text, left + 1);
	}
}

bool base64_decode(struct slice text, struct buffer *out)
{
	size_t start = out->size;
	uint32_t group = 0;
	unsigned bits = 0;
	size_t i;

	if (text.size % 4 == 0 && text.size > 0 && text.data[text.size - 1] == '=') {
		text.size--;
		if (text.data[text.size - 1] == '=')
			text.size--;
	}
	if (text.size % 4 == 1)
		return false;
	if (!buffer_reserve(out, text.size / 4 * 3 + 2))
		return false;
	for (i = 0; i < text.size; i++) {
		int value = digit_value(text.data[i]);

		if (value < 0) {
			out->size = start;
			return false;
		}
		group = group << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buffer_append_char(out, (char)(group >> bits & 0xFF));
		}
	}
	return true;
}
