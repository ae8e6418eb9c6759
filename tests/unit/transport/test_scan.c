/* SPDX-License-Identifier: Apache-2.0 */
/* Frame headers are found wherever the bytes are cut. */
#include "transport/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* SETTINGS, HEADERS of stream 1 with three bytes, DATA of 300, RST_STREAM of 5, PING, DATA of the highest. */
static const struct {
	size_t size;
	uint8_t type;
	int32_t stream_id;
} frames[] = { { 6, 4, 0 }, { 3, 1, 1 }, { 300, 0, 1 }, { 4, 3, 5 }, { 8, 6, 0 },
	{ 0, 0, 0x7FFFFFFF } };

#define FRAME_COUNT (sizeof(frames) / sizeof(frames[0]))

static size_t put_frames(uint8_t *bytes)
{
	uint8_t *at = bytes;
	size_t i;

	memcpy(at, PREFACE, sizeof(PREFACE) - 1);
	at += sizeof(PREFACE) - 1;
	for (i = 0; i < FRAME_COUNT; i++) {
		uint32_t id = (uint32_t)frames[i].stream_id |
			      1u << 31; /* the reserved bit says nothing */
		const uint8_t header[SCAN_HEADER_SIZE] = { (uint8_t)(frames[i].size >> 16),
			(uint8_t)(frames[i].size >> 8), (uint8_t)frames[i].size, frames[i].type,
			0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
			(uint8_t)id };

		memcpy(at, header, sizeof(header));
		memset(at + sizeof(header), 0xFF, frames[i].size);
		at += sizeof(header) + frames[i].size;
	}
	return (size_t)(at - bytes);
}

static void pieces_of_every_size(void **state)
{
	uint8_t bytes[1024];
	size_t size = put_frames(bytes);
	size_t piece;

	(void)state;
	for (piece = 1; piece <= size; piece++) {
		struct scan scan = { .skip = sizeof(PREFACE) - 1 };
		size_t count = 0;
		size_t at;

		for (at = 0; at < size; at += piece) {
			struct slice rest = { (const char *)bytes + at,
				size - at < piece ? size - at : piece };

			while (scan_next(&scan, &rest)) {
				assert_true(count < FRAME_COUNT);
				assert_int_equal(scan.type, frames[count].type);
				assert_int_equal(scan.stream_id, frames[count].stream_id);
				count++;
				assert_int_equal(scan.reset_id, count > 3 ? 5 : 0);
			}
			assert_int_equal(rest.size, 0);
		}
		assert_int_equal(count, FRAME_COUNT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
