/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_record.h"

#include "registry/column_image.h"

#include <stddef.h>
#include <string.h>

#define FILE_MAGIC "PCALCCOL"
#define FILE_VERSION 2
#define BYTE_ORDER_MARK 0x01020304u
#define RECORD_MAGIC 0x52435050u

/* --- heads ------------------------------------------------------------------------------------ */

static uint32_t file_head_checksum(const struct column_file_head *head)
{
	return column_checksum(
			0, (struct slice){ (const char *)head,
					   offsetof(struct column_file_head, checksum) });
}

struct column_file_head column_file_head_make(void)
{
	struct column_file_head head = { .version = FILE_VERSION,
		.byte_order = BYTE_ORDER_MARK };

	memcpy(head.magic, FILE_MAGIC, sizeof(head.magic));
	head.checksum = file_head_checksum(&head);
	return head;
}

bool column_file_head_is_ours(const struct column_file_head *head)
{
	return memcmp(head->magic, FILE_MAGIC, sizeof(head->magic)) == 0 &&
	       head->version == FILE_VERSION && head->byte_order == BYTE_ORDER_MARK &&
	       head->checksum == file_head_checksum(head);
}

static uint32_t record_checksum(const struct column_record *record)
{
	return column_checksum(0, (struct slice){ (const char *)record,
						  offsetof(struct column_record, own) });
}

struct column_record column_record_make(enum column_record_type type, int64_t block,
		int64_t sequence, uint64_t size, uint32_t checksum)
{
	struct column_record record = { RECORD_MAGIC, (uint32_t)type, block, sequence, size,
		checksum, 0 };

	record.own = record_checksum(&record);
	return record;
}

bool column_record_is_whole(const struct column_record *record)
{
	return record->magic == RECORD_MAGIC && record->own == record_checksum(record);
}

/* --- names ------------------------------------------------------------------------------------ */

void column_record_append_names(struct buffer *out, enum column_record_type type,
		struct column_names *names, size_t written, size_t *out_count)
{
	size_t count;
	const struct slice *list = column_names_list(names, &count);
	struct column_record record = { 0 };
	size_t start = out->size;
	struct slice body;

	*out_count = count;
	if (count == written)
		return;
	buffer_append(out, &record, sizeof(record));
	for (size_t i = written; i < count; i++) {
		uint32_t size = (uint32_t)list[i].size;

		buffer_append(out, &size, sizeof(size));
		buffer_append_slice(out, list[i]);
	}
	if (out->failed)
		return;
	body = (struct slice){ out->data + start + sizeof(record),
		out->size - start - sizeof(record) };
	record = column_record_make(type, (int64_t)written, (int64_t)(count - written),
			body.size, column_checksum(0, body));
	memcpy(out->data + start, &record, sizeof(record));
}

/* The name at *at, which goes behind it. No column is without a name; the empty text is a code. */
static bool name_take(const struct column_record *record, struct slice body, size_t *at,
		struct slice *out_name)
{
	uint32_t size;

	if (body.size - *at < sizeof(size))
		return false;
	memcpy(&size, body.data + *at, sizeof(size));
	*at += sizeof(size);
	if (size > body.size - *at || (size == 0 && record->type != COLUMN_RECORD_CODES))
		return false;
	*out_name = (struct slice){ body.data + *at, size };
	*at += size;
	return true;
}

bool column_record_take_names(const struct column_record *record, struct slice body,
		struct column_names *names, size_t *written, bool *out_whole, struct error *err)
{
	size_t count = *written;
	size_t at = 0;

	*out_whole = false;
	if (record->block != (int64_t)count || record->checksum != column_checksum(0, body))
		return true;
	for (int64_t i = 0; i < record->sequence; i++) {
		struct error failure = { 0 };
		struct slice name;
		uint32_t number = 0;

		/* What was taken of a wrong record keeps its numbers, and is written anew. */
		if (!name_take(record, body, &at, &name))
			return true;
		if (!column_names_add(names, name, &number, &failure))
			return failure.code != ERROR_MEMORY ||
			       error_set(err, ERROR_MEMORY, "%s", failure.message);
		if (number != count)
			return true;
		count++;
	}
	*written = count;
	*out_whole = true;
	return true;
}
