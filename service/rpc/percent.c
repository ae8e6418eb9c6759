/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/percent.h"

static const char HEX[] = "0123456789ABCDEF";

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c <= 0x7E && c != '%';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void percent_encode(struct slice text, size_t max, struct buffer *out)
{
	size_t size = text.size;
	size_t i;

	if (size > max) {
		size = max;
		/* Never in the middle of a character: step back over continuation bytes. */
		while (size > 0 && ((unsigned char)text.data[size] & 0xC0) == 0x80)
			size--;
	}
	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (is_plain(c)) {
			buffer_append_char(out, (char)c);
		} else {
			char code[3] = { '%', HEX[c >> 4], HEX[c & 15] };

			buffer_append(out, code, sizeof(code));
		}
	}
}

void percent_decode(struct slice text, struct buffer *out)
{
	size_t i = 0;

	while (i < text.size) {
		int high = -1;
		int low = -1;

		if (text.data[i] == '%' && text.size - i > 2) {
			high = hex_value(text.data[i + 1]);
			low = hex_value(text.data[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			buffer_append_char(out, (char)(high * 16 + low));
			i += 3;
		} else {
			buffer_append_char(out, text.data[i++]);
		}
	}
}
