/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and texts as records hold them: what the files about records share. */
#pragma once

#include "base/slice.h"

#include <stdint.h>

#define VARINT_MOST 10

static inline unsigned char *put_varint(unsigned char *at, uint64_t number)
{
	while (number >= 0x80) {
		*at++ = (unsigned char)(number | 0x80);
		number >>= 7;
	}
	*at++ = (unsigned char)number;
	return at;
}

static inline uint64_t zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

/* Bytes from the disk. Once something is wrong, it stays so, and all that is read is zero. */
struct reader {
	const unsigned char *at;
	const unsigned char *end;
	bool is_bad;
};

static inline uint64_t read_varint(struct reader *reader)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte;

		if (reader->at == reader->end)
			break;
		byte = *reader->at++;
		number |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	reader->is_bad = true;
	return 0;
}

static inline int64_t read_zigzag(struct reader *reader)
{
	uint64_t number = read_varint(reader);

	return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static inline struct slice read_bytes(struct reader *reader, uint64_t size)
{
	struct slice bytes = { (const char *)reader->at, (size_t)size };

	if (size > (uint64_t)(reader->end - reader->at)) {
		reader->is_bad = true;
		return (struct slice){ "", 0 };
	}
	reader->at += size;
	return bytes;
}

static inline struct slice read_text(struct reader *reader)
{
	return read_bytes(reader, read_varint(reader));
}

/* A count of things that take @least bytes each. */
static inline size_t read_count(struct reader *reader, size_t least)
{
	uint64_t count = read_varint(reader);

	if (count > (uint64_t)(reader->end - reader->at) / least) {
		reader->is_bad = true;
		return 0;
	}
	return (size_t)count;
}
