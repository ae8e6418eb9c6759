/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/gzip.h"

#include "base/memory.h"

#include <limits.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* 32 KiB, gzip header only */
#define STEP ((size_t)16 << 10)
#define TRAILER_SIZE 8 /* checksum and size */
/* Of what says itself that it is too large, so much is unpacked to see whether it is gzip at all. */
#define PROBE ((size_t)64 << 10)

static voidpf gzip_alloc(voidpf context, uInt count, uInt size)
{
	(void)context;
	return memory_alloc((size_t)count * size);
}

static void gzip_free(voidpf context, voidpf memory)
{
	(void)context;
	memory_free(memory);
}

/* What the last bytes say of the size. */
static size_t size_told(struct slice packed)
{
	const unsigned char *end = (const unsigned char *)packed.data + packed.size;

	return packed.size < TRAILER_SIZE
			       ? 0
			       : end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 |
						 (size_t)end[-1] << 24;
}

/* An honest bomb costs the probe; one that tells less than it is ends where it is found out. */
enum gzip_result gzip_unpack(struct slice packed, size_t limit, struct buffer *out)
{
	z_stream stream = { .zalloc = gzip_alloc, .zfree = gzip_free };
	size_t start = out->size;
	enum gzip_result result = GZIP_BAD;
	size_t told = size_told(packed);
	size_t most = told <= limit ? told : limit < PROBE ? limit : PROBE;

	if (packed.size > UINT_MAX)
		return GZIP_TOO_LARGE;
	stream.next_in = (Bytef *)(uintptr_t)packed.data;
	stream.avail_in = (uInt)packed.size;
	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return GZIP_NO_MEMORY;
	for (;;) {
		/* One byte more than may be, to tell "just fits" from "too large". */
		size_t left = most - (out->size - start) + 1;
		size_t room = left < STEP ? left : STEP;
		int status;

		if (!buffer_reserve(out, room)) {
			result = GZIP_NO_MEMORY;
			break;
		}
		stream.next_out = (Bytef *)out->data + out->size;
		stream.avail_out = (uInt)room;
		status = inflate(&stream, Z_NO_FLUSH);
		out->size += room - stream.avail_out;
		if (out->size - start > most) {
			result = told > limit ? GZIP_TOO_LARGE : GZIP_BAD;
			break;
		}
		if (status == Z_STREAM_END) {
			result = stream.avail_in == 0 ? GZIP_OK : GZIP_BAD;
			break;
		}
		if (status == Z_MEM_ERROR) {
			result = GZIP_NO_MEMORY;
			break;
		}
		if (status != Z_OK)
			break;
	}
	(void)inflateEnd(&stream);
	return result;
}

bool gzip_pack(struct slice bytes, struct buffer *out)
{
	z_stream stream = { .zalloc = gzip_alloc, .zfree = gzip_free };
	bool ok = false;
	uLong bound;

	if (bytes.size > UINT_MAX / 2)
		return false;
	if (deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bound = deflateBound(&stream, (uLong)bytes.size);
	if (bound <= UINT_MAX && buffer_reserve(out, bound)) {
		stream.next_in = (Bytef *)(uintptr_t)bytes.data;
		stream.avail_in = (uInt)bytes.size;
		stream.next_out = (Bytef *)out->data + out->size;
		stream.avail_out = (uInt)bound;
		ok = deflate(&stream, Z_FINISH) == Z_STREAM_END;
		if (ok)
			out->size += bound - stream.avail_out;
	}
	(void)deflateEnd(&stream);
	return ok;
}
