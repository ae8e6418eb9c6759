/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV reader on any bytes. In whatever pieces they come, the rows are the same; every byte is taken
 * once; lines ascend; fields lie in what the row was.
 */
#include "client/cli/csv.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	const uint8_t *data;
	size_t left;
	size_t step;
};

static ssize_t on_read(void *context, void *data, size_t size)
{
	struct source *source = context;
	size_t taken = source->left < source->step ? source->left : source->step;

	taken = taken < size ? taken : size;
	if (taken)
		memcpy(data, source->data, taken);
	source->data += taken;
	source->left -= taken;
	return (ssize_t)taken;
}

/* A digest of all rows, so that two readings are compared. */
static uint64_t rows_digest(const uint8_t *data, size_t size, size_t step, bool lines)
{
	struct source source = { data, size, step };
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	uint64_t digest = 14695981039346656037U;
	int64_t line = 0;
	bool more = true;

	csv_reader_init(&reader, on_read, &source, ',');
	if (lines)
		csv_reader_set_lines(&reader);
	while (csv_reader_next(&reader, &row, &more, &err) && more) {
		assert(row.line > line);
		line = row.line;
		digest = (digest ^ (uint64_t)row.line ^ row.flaw) * 1099511628211U;
		assert(!row.flaw || row.field_count == 0);
		for (size_t i = 0; i < row.field_count; i++) {
			assert(row.fields[i].size <= row.raw.size);
			for (size_t k = 0; k < row.fields[i].size; k++)
				digest = (digest ^ (uint8_t)row.fields[i].data[k]) *
					 1099511628211U;
			digest = (digest ^ 0x100) * 1099511628211U;
		}
	}
	assert(!more && reader.size == size);
	csv_reader_fini(&reader);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = rows_digest(data, size, SIZE_MAX, false);

	assert(rows_digest(data, size, 1, false) == whole);
	assert(rows_digest(data, size, 3, false) == whole);
	assert(rows_digest(data, size, 1, true) == rows_digest(data, size, SIZE_MAX, true));
	return 0;
}
