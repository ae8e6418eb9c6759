/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/import_stream.h"

#include "client/lib/wire.h"

/* Large enough that a message costs little, small enough that both ends have work at once. */
#define MESSAGE_ROWS 500
#define MESSAGE_BYTES ((size_t)512 * 1024)

#define REQUEST_ROWS 2 /* fields of ImportEnterprisesRequest and ImportRows */
#define ROWS_FIRST_ROW 1
#define ROWS_PROFILES 2

void import_stream_fini(struct import_stream *stream)
{
	buffer_fini(&stream->rows);
	*stream = (struct import_stream){ 0 };
}

bool import_stream_flush(struct import_stream *stream)
{
	char inner[1 + VARINT_SIZE] = { ROWS_FIRST_ROW << 3 };
	char outer[1 + VARINT_SIZE] = { REQUEST_ROWS << 3 | 2 };
	size_t inner_size = 1 + varint_write((uint64_t)stream->first_row, inner + 1);
	size_t outer_size = 1 + varint_write(inner_size + stream->rows.size, outer + 1);
	struct slice parts[] = { { outer, outer_size }, { inner, inner_size },
		{ stream->rows.data, stream->rows.size } };

	if (stream->rows.failed || stream->ended)
		return false;
	if (stream->row_count == 0)
		return true;
	stream->ended = !call_send_bytes(stream->call, parts, 3);
	if (!stream->ended)
		stream->sent += (int64_t)stream->row_count;
	buffer_clear(&stream->rows);
	stream->row_count = 0;
	return !stream->ended;
}

bool import_stream_add(struct import_stream *stream, int64_t row, struct slice profile)
{
	if (stream->row_count &&
			(stream->row_count == MESSAGE_ROWS ||
					stream->rows.size > MESSAGE_BYTES ||
					row != stream->first_row + (int64_t)stream->row_count) &&
			!import_stream_flush(stream))
		return false;
	if (stream->row_count == 0)
		stream->first_row = row;
	field_append(&stream->rows, ROWS_PROFILES, profile);
	stream->row_count++;
	return !stream->rows.failed;
}
