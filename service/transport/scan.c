/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/scan.h"

#include <string.h>

#define TYPE_RST_STREAM 3

static void scan_skip(struct scan *scan, struct slice *bytes)
{
	size_t size = scan->skip < bytes->size ? scan->skip : bytes->size;

	bytes->data += size;
	bytes->size -= size;
	scan->skip -= size;
}

bool scan_next(struct scan *scan, struct slice *bytes)
{
	const uint8_t *header = scan->header;
	size_t missing;

	scan_skip(scan, bytes);
	missing = SCAN_HEADER_SIZE - scan->header_size;
	if (missing > bytes->size)
		missing = bytes->size;
	if (missing == 0)
		return false;
	memcpy(scan->header + scan->header_size, bytes->data, missing);
	scan->header_size += missing;
	bytes->data += missing;
	bytes->size -= missing;
	if (scan->header_size < SCAN_HEADER_SIZE)
		return false;
	scan->header_size = 0;
	scan->skip = (size_t)header[0] << 16 | (size_t)header[1] << 8 | header[2];
	scan->type = header[3];
	scan->stream_id = (int32_t)((uint32_t)(header[5] & 0x7F) << 24 |
				    (uint32_t)header[6] << 16 | (uint32_t)header[7] << 8 |
				    header[8]);
	if (scan->type == TYPE_RST_STREAM)
		scan->reset_id = scan->stream_id;
	return true;
}
