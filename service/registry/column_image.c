/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_image.h"

#include "base/date.h"
#include "proto/codec/codec.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

uint32_t column_checksum(uint32_t before, struct slice bytes)
{
	/* zlib takes a missing buffer for a question about the first checksum. */
	if (bytes.size == 0)
		return before;
	return (uint32_t)crc32_z(before, (const unsigned char *)bytes.data, bytes.size);
}

/* --- names ------------------------------------------------------------------------------------ */

struct column_name column_name_parse(struct slice text)
{
	struct column_name name = {
		.kind = (enum column_kind)text.data[0],
		.attribute = { text.data + 1, text.size - 1 },
	};
	const char *mark = text.size > 1 ? memchr(text.data + 1, '@', text.size - 1) : NULL;

	if (mark) {
		name.period = (struct slice){ mark + 1,
			(size_t)(text.data + text.size - mark) - 1 };
		name.attribute.size = (size_t)(mark - name.attribute.data);
	}
	return name;
}

enum column_form column_kind_form(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_FLAG:
	case COLUMN_SERIES:
	case COLUMN_ITEMS:
	case COLUMN_COMPLETE:
		return COLUMN_BITS;
	case COLUMN_TEXT:
		return COLUMN_TEXTS;
	case COLUMN_CODE_LIST:
		return COLUMN_CODES;
	case COLUMN_TITLE_LIST:
		return COLUMN_TITLES;
	case COLUMN_MONEY:
	case COLUMN_RATIO:
	case COLUMN_COUNT:
	case COLUMN_DATE:
	case COLUMN_CODE:
	default:
		return COLUMN_FIGURES;
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

size_t column_image_front(size_t count)
{
	return sizeof(struct column_image_head) + (count + 1) * sizeof(struct column_entry);
}

bool column_image_read(struct slice front, size_t size, struct column_image *out_image)
{
	struct column_image image;
	struct column_image_head blank;
	struct slice entries;
	size_t end;

	if (front.size < sizeof(image.head))
		return false;
	memcpy(&image.head, front.data, sizeof(image.head));
	if (image.head.rows > COLUMN_ROWS || image.head.count > COLUMNS_MOST ||
			front.size < column_image_front(image.head.count))
		return false;
	entries = (struct slice){ front.data + sizeof(image.head),
		(image.head.count + 1) * sizeof(struct column_entry) };
	blank = image.head;
	blank.checksum = 0;
	if (image.head.checksum !=
			column_checksum(column_checksum(0, (struct slice){ (const char *)&blank,
									   sizeof(blank) }),
					entries))
		return false;
	image.entries = (const struct column_entry *)(const void *)entries.data;
	end = column_image_front(image.head.count);
	/* The checksum is right, so this only refuses what another version may have written. */
	for (uint32_t i = 0; i <= image.head.count; i++) {
		const struct column_entry *entry = &image.entries[i];

		if (entry->offset != end || entry->size > size || end > size - entry->size)
			return false;
		if (i < image.head.count &&
				(image.head.rows == 0 ||
						!column_size_is_right(entry, image.head.rows)))
			return false;
		end += entry->size;
	}
	if (end != size || column_image_rest(&image)->size < image.head.rows * sizeof(uint32_t))
		return false;
	*out_image = image;
	return true;
}

bool column_image_is_sound(const struct column_image *image, struct slice bytes)
{
	struct column_run_view view;

	for (uint32_t i = 0; i < image->head.count; i++) {
		const struct column_entry *entry = &image->entries[i];

		if (entry->form != COLUMN_FIGURES && entry->form != COLUMN_BITS &&
				!column_view_runs(entry, bytes.data + entry->offset,
						image->head.rows, &view))
			return false;
	}
	return true;
}

const struct column_entry *column_image_find(const struct column_image *image, uint32_t name)
{
	size_t low = 0;
	size_t high = image->head.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->entries[middle].name == name)
			return &image->entries[middle];
		if (image->entries[middle].name < name)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct column_entry *column_image_rest(const struct column_image *image)
{
	return &image->entries[image->head.count];
}
