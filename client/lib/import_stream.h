/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded profiles on their way to ImportEnterprises, gathered into messages. */
#pragma once

#include "base/buffer.h"
#include "client/lib/channel.h"

#include <stdbool.h>
#include <stdint.h>

struct import_stream {
	struct call *call;  /* borrowed */
	struct buffer rows; /* encoded ImportRows.profiles */
	size_t row_count;
	int64_t first_row;
	int64_t sent; /* rows given to the call */
	bool ended;   /* the call has ended: call_receive() tells how */
};

void import_stream_fini(struct import_stream *stream);
/**
 * Adds the encoded @profile, which stands in line @row of the file, and sends what has gathered when
 * it is enough or @row does not follow the one before. false when the call has ended or memory is
 * short (rows.failed).
 */
bool import_stream_add(struct import_stream *stream, int64_t row, struct slice profile);
/** Sends what has gathered. */
bool import_stream_flush(struct import_stream *stream);
