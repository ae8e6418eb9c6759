/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"

#include <endian.h>
#include <string.h>

#define FIRST 0x2d358dccaa6c78a5u
#define SECOND 0x8bb84b93962eacc9u
#define THIRD 0x4b33a62ed433d4a3u

/* Every bit of the two counts for every bit of the product's halves, which are put together. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

uint64_t checksum_add(uint64_t sum, struct slice bytes)
{
	uint64_t even = sum ^ FIRST;
	uint64_t odd = sum ^ SECOND;
	size_t left = bytes.size;
	const char *at = bytes.data;
	char rest[32] = { 0 };

	for (; left > sizeof(rest); at += sizeof(rest), left -= sizeof(rest)) {
		even = fold(word_at(at) ^ SECOND, word_at(at + 8) ^ even);
		odd = fold(word_at(at + 16) ^ THIRD, word_at(at + 24) ^ odd);
	}
	if (left)
		memcpy(rest, at, left);
	even = fold(word_at(rest) ^ SECOND, word_at(rest + 8) ^ even);
	odd = fold(word_at(rest + 16) ^ THIRD, word_at(rest + 24) ^ odd);
	return fold(even ^ odd ^ FIRST, (uint64_t)bytes.size ^ THIRD) + even;
}
