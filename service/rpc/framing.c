/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/framing.h"

/* A buffer above this is given back between calls. */
#define KEEP_MAX ((size_t)64 << 10)

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void take(struct slice *bytes, size_t size)
{
	if (size == 0)
		return;
	bytes->data += size;
	bytes->size -= size;
}

static enum framing_result read_prefix(struct framing_reader *reader, struct slice *bytes)
{
	size_t size = least(bytes->size, (size_t)(FRAMING_PREFIX_SIZE - reader->prefix_count));

	if (size)
		memcpy(reader->prefix + reader->prefix_count, bytes->data, size);
	take(bytes, size);
	reader->prefix_count = (uint8_t)(reader->prefix_count + size);
	if (reader->prefix_count > 0 && reader->prefix[0] > 1)
		return FRAMING_BAD_FLAG;
	if (reader->prefix_count < FRAMING_PREFIX_SIZE)
		return FRAMING_MORE;
	reader->length = (uint32_t)reader->prefix[1] << 24 | (uint32_t)reader->prefix[2] << 16 |
			 (uint32_t)reader->prefix[3] << 8 | (uint32_t)reader->prefix[4];
	if (reader->length > reader->limit)
		return FRAMING_TOO_LARGE;
	buffer_clear(&reader->message);
	return FRAMING_MESSAGE;
}

enum framing_result framing_read(struct framing_reader *reader, struct slice *bytes,
		struct framed_message *out_message)
{
	struct slice whole;
	size_t size;

	if (reader->prefix_count < FRAMING_PREFIX_SIZE) {
		enum framing_result result = read_prefix(reader, bytes);

		if (result != FRAMING_MESSAGE)
			return result;
	}
	if (reader->message.size == 0 && bytes->size >= reader->length) {
		whole = (struct slice){ bytes->data, reader->length };
		take(bytes, reader->length);
	} else {
		size = least(bytes->size, reader->length - reader->message.size);
		buffer_append(&reader->message, bytes->data, size);
		if (reader->message.failed)
			return FRAMING_NO_MEMORY;
		take(bytes, size);
		if (reader->message.size < reader->length)
			return FRAMING_MORE;
		whole = (struct slice){ reader->message.data, reader->message.size };
	}
	reader->prefix_count = 0;
	*out_message = (struct framed_message){ reader->prefix[0] == 1, whole };
	return FRAMING_MESSAGE;
}

bool framing_is_clean(const struct framing_reader *reader)
{
	return reader->prefix_count == 0;
}

size_t framing_held(const struct framing_reader *reader)
{
	return reader->message.capacity;
}

void framing_reset(struct framing_reader *reader, size_t limit)
{
	if (reader->message.capacity > KEEP_MAX)
		buffer_fini(&reader->message);
	buffer_clear(&reader->message);
	reader->prefix_count = 0;
	reader->limit = limit;
}

void framing_fini(struct framing_reader *reader)
{
	buffer_fini(&reader->message);
}

void framing_put_prefix(uint8_t out[FRAMING_PREFIX_SIZE], bool compressed, uint32_t size)
{
	out[0] = compressed ? 1 : 0;
	out[1] = (uint8_t)(size >> 24);
	out[2] = (uint8_t)(size >> 16);
	out[3] = (uint8_t)(size >> 8);
	out[4] = (uint8_t)size;
}
