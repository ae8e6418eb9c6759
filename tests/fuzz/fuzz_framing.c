/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's length-prefixed messages from any bytes: in whatever pieces they come, the messages, the flags and
 * how it ends are those of one piece, and no more memory is held than bytes have come.
 */
#include "rpc/framing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4096 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint64_t mix(uint64_t digest, uint64_t value)
{
	return (digest ^ value) * 1099511628211U;
}

static uint64_t digest_of(const uint8_t *data, size_t size, size_t step)
{
	struct framing_reader reader = { .limit = LIMIT };
	enum framing_result result = FRAMING_MORE;
	uint64_t digest = 14695981039346656037U;
	size_t fed = 0;

	while (fed < size && result == FRAMING_MORE) {
		size_t piece = size - fed < step ? size - fed : step;
		struct slice bytes = { (const char *)data + fed, piece };
		struct framed_message message;

		fed += piece;
		while ((result = framing_read(&reader, &bytes, &message)) == FRAMING_MESSAGE) {
			require(message.bytes.size <= LIMIT);
			digest = mix(mix(digest, message.compressed), message.bytes.size);
			for (size_t i = 0; i < message.bytes.size; i++)
				digest = mix(digest, (uint8_t)message.bytes.data[i]);
		}
		require(result != FRAMING_MORE || bytes.size == 0);
		/*
		 * A buffer grows when it is full, to twice its size or what it must hold (and a NUL), if that
		 * is more: what is full holds less than LIMIT. It begins with 64.
		 */
		require(framing_held(&reader) <= 2 * (size_t)LIMIT);
		require(framing_held(&reader) <= 2 * fed + 64);
	}
	require(result != FRAMING_NO_MEMORY);
	digest = mix(mix(digest, result), result == FRAMING_MORE && framing_is_clean(&reader));
	framing_fini(&reader);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = digest_of(data, size, size ? size : 1);

	require(digest_of(data, size, 1) == whole);
	require(digest_of(data, size, 3) == whole);
	require(digest_of(data, size, 7) == whole);
	return 0;
}
