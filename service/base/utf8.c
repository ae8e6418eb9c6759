/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* Size of the valid sequence at the start of @text, 0 when there is none. */
static size_t sequence_size(const unsigned char *text, size_t left)
{
	unsigned char lead = text[0];
	unsigned char least = 0x80, most = 0xbf; /* of the second byte */
	size_t size;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf) {
		size = 2;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		size = 3;
		if (lead == 0xe0)
			least = 0xa0;
		if (lead == 0xed)
			most = 0x9f;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		size = 4;
		if (lead == 0xf0)
			least = 0x90;
		if (lead == 0xf4)
			most = 0x8f;
	} else {
		return 0;
	}
	if (left < size || text[1] < least || text[1] > most)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

size_t utf8_valid_size(struct slice text)
{
	size_t at = 0;

	while (at < text.size) {
		uint64_t eight;
		size_t size;

		/* Runs of ASCII, eight bytes at a time. */
		if (text.size - at >= sizeof(eight)) {
			memcpy(&eight, text.data + at, sizeof(eight));
			if (!(eight & 0x8080808080808080u)) {
				at += sizeof(eight);
				continue;
			}
		}
		size = sequence_size((const unsigned char *)text.data + at, text.size - at);
		if (size == 0)
			break;
		at += size;
	}
	return at;
}

bool utf8_is_valid(struct slice text)
{
	return utf8_valid_size(text) == text.size;
}

size_t utf8_count(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return count;
}

/* Whether all that is left is the beginning of one character. */
static bool is_cut_off(const char *text, size_t left)
{
	static const char rest[] = "\x80\x80\xbf\xbf";
	char whole[8];

	if (left > 3)
		return false;
	/* With one of these behind it a beginning is whole; the second byte of some may not be just any. */
	for (size_t more = 1; left + more <= 4; more++) {
		for (size_t k = 0; k < 2; k++) {
			memcpy(whole, text, left);
			memcpy(whole + left, rest + 2 * k, 2);
			whole[left + 2] = rest[2 * k];
			if (sequence_size((const unsigned char *)whole, left + more) ==
					left + more)
				return true;
		}
	}
	return false;
}

void utf8_mend(char *text)
{
	size_t size = strlen(text);
	size_t at = utf8_valid_size((struct slice){ text, size });

	while (at < size) {
		if (is_cut_off(text + at, size - at)) {
			text[at] = '\0';
			return;
		}
		text[at++] = '?';
		at += utf8_valid_size((struct slice){ text + at, size - at });
	}
}

size_t utf8_encode(uint32_t point, char out_bytes[static 4])
{
	if (point < 0x80) {
		out_bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out_bytes[0] = (char)(0xc0 | point >> 6);
		out_bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		if (point >= 0xd800 && point <= 0xdfff)
			return 0;
		out_bytes[0] = (char)(0xe0 | point >> 12);
		out_bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out_bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	if (point > 0x10ffff)
		return 0;
	out_bytes[0] = (char)(0xf0 | point >> 18);
	out_bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out_bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out_bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}
