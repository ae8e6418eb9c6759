/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a record: making them, and reading them with no trust in what they say. */
#include "registry/record.h"

#include "base/date.h"
#include "calculator/period.h"
#include "registry/varint.h"

#include <string.h>

#define RECORD_VERSION 1

#define KIND(word) POLICYCALC__V1__VALUE__KIND_##word

/* --- writing --------------------------------------------------------------------------------- */

static void append_varint(struct buffer *out, uint64_t number)
{
	if (buffer_reserve(out, VARINT_MOST)) {
		unsigned char *at = (unsigned char *)out->data + out->size;

		out->size += (size_t)(put_varint(at, number) - at);
	}
}

static void append_text(struct buffer *out, struct slice text)
{
	append_varint(out, text.size);
	buffer_append_slice(out, text);
}

static int64_t days_of(const char *day)
{
	struct date date = { 1970, 1, 1 };

	(void)date_parse(slice_from(day), &date);
	return date_to_days(date);
}

static void append_series(struct buffer *out, const Policycalc__V1__Series *series,
		Policycalc__V1__Period period)
{
	int64_t first = 0;

	append_varint(out, series->n_points);
	if (series->n_points)
		(void)period_parse(period, series->points[0]->period, &first);
	append_varint(out, zigzag(first));
	for (size_t i = 0; i < series->n_points; i++)
		append_varint(out, zigzag(series->points[i]->value));
}

/* What has parts: its size stands before it. */
static void append_parts(struct buffer *out, const Policycalc__V1__Value *value,
		Policycalc__V1__Period period)
{
	size_t start = out->size;
	unsigned char size[VARINT_MOST];
	size_t size_size;
	size_t content;

	switch ((int)value->kind_case) {
	case KIND(CODES):
		append_varint(out, value->codes->n_codes);
		for (size_t i = 0; i < value->codes->n_codes; i++)
			append_text(out, slice_from(value->codes->codes[i]));
		break;
	case KIND(MONEY_SERIES):
		append_series(out, value->money_series, period);
		break;
	case KIND(RATIO_SERIES):
		append_series(out, value->ratio_series, period);
		break;
	case KIND(COUNT_SERIES):
		append_series(out, value->count_series, period);
		break;
	case KIND(TITLES):
		append_varint(out, value->titles->n_titles);
		for (size_t i = 0; i < value->titles->n_titles; i++) {
			append_text(out, slice_from(value->titles->titles[i]->code));
			append_varint(out,
					zigzag(days_of(value->titles->titles[i]->valid_until)));
		}
		break;
	default:
		break;
	}
	content = out->size - start;
	size_size = (size_t)(put_varint(size, content) - size);
	if (!buffer_reserve(out, size_size))
		return;
	memmove(out->data + start + size_size, out->data + start, content);
	memcpy(out->data + start, size, size_size);
	out->size += size_size;
}

void record_encode_value(const Policycalc__V1__Value *value, Policycalc__V1__Period period,
		struct buffer *out)
{
	buffer_append_char(out, (char)value->kind_case);
	switch ((int)value->kind_case) {
	case KIND(MONEY_FEN):
	case KIND(RATIO_PPM):
	case KIND(COUNT):
		/* Members of one union of int64. */
		append_varint(out, zigzag(value->money_fen));
		break;
	case KIND(FLAG):
		buffer_append_char(out, value->flag ? 1 : 0);
		break;
	case KIND(CODE):
		append_text(out, slice_from(value->code));
		break;
	case KIND(TEXT):
		append_text(out, slice_from(value->text));
		break;
	case KIND(DATE):
		append_varint(out, zigzag(days_of(value->date)));
		break;
	default:
		append_parts(out, value, period);
		break;
	}
}

static void append_facts(struct buffer *out, const struct fact_list *facts)
{
	append_varint(out, facts->count);
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->list[i];
		unsigned char *at;
		unsigned char *from;

		if (!buffer_reserve(out, 3 * VARINT_MOST + fact->value.size))
			return;
		from = (unsigned char *)out->data + out->size;
		at = put_varint(from, fact->attribute);
		at = put_varint(at, (uint64_t)fact->period);
		at = put_varint(at, fact->supply);
		memcpy(at, fact->value.data, fact->value.size);
		out->size += (size_t)(at - from) + fact->value.size;
	}
}

void record_encode(const struct record *record, struct buffer *out)
{
	append_varint(out, RECORD_VERSION);
	append_facts(out, &record->facts);
	append_varint(out, record->complete_count);
	for (size_t i = 0; i < record->complete_count; i++) {
		append_text(out, record->complete[i].list);
		append_varint(out, record->complete[i].supply);
	}
	append_varint(out, record->item_count);
	for (size_t i = 0; i < record->item_count; i++) {
		append_text(out, record->items[i].list);
		append_text(out, record->items[i].id);
		append_facts(out, &record->items[i].facts);
	}
}

/* --- reading --------------------------------------------------------------------------------- */

static struct slice read_value(struct reader *reader)
{
	const unsigned char *from = reader->at;
	struct slice kind = read_bytes(reader, 1);

	switch (kind.size ? kind.data[0] : 0) {
	case KIND(MONEY_FEN):
	case KIND(RATIO_PPM):
	case KIND(COUNT):
	case KIND(DATE):
		(void)read_varint(reader);
		break;
	case KIND(FLAG):
		(void)read_bytes(reader, 1);
		break;
	case KIND(CODE):
	case KIND(TEXT):
	case KIND(CODES):
	case KIND(MONEY_SERIES):
	case KIND(RATIO_SERIES):
	case KIND(COUNT_SERIES):
	case KIND(TITLES):
		(void)read_text(reader);
		break;
	default:
		reader->is_bad = true;
		break;
	}
	return (struct slice){ (const char *)from, (size_t)(reader->at - from) };
}

static bool read_facts(struct reader *reader, struct arena *arena, struct fact_list *out)
{
	size_t count = read_count(reader, 5);

	out->count = 0;
	out->list = arena_alloc(arena, count * sizeof(*out->list));
	if (!out->list)
		return false;
	for (size_t i = 0; i < count && !reader->is_bad; i++) {
		struct fact *fact = &out->list[out->count++];

		fact->attribute = (uint32_t)read_varint(reader);
		fact->period = (int64_t)read_varint(reader);
		fact->supply = (uint32_t)read_varint(reader);
		fact->value = read_value(reader);
	}
	return true;
}

static bool read_record(struct reader *reader, struct arena *arena, struct record *out)
{
	if (read_varint(reader) != RECORD_VERSION)
		reader->is_bad = true;
	if (!read_facts(reader, arena, &out->facts))
		return false;
	out->complete_count = read_count(reader, 2);
	out->complete = arena_alloc(arena, out->complete_count * sizeof(*out->complete));
	if (!out->complete)
		return false;
	for (size_t i = 0; i < out->complete_count; i++) {
		out->complete[i].list = read_text(reader);
		out->complete[i].supply = (uint32_t)read_varint(reader);
	}
	out->item_count = read_count(reader, 3);
	out->items = arena_alloc(arena, out->item_count * sizeof(*out->items));
	if (!out->items)
		return false;
	for (size_t i = 0; i < out->item_count; i++) {
		out->items[i].list = read_text(reader);
		out->items[i].id = read_text(reader);
		if (!read_facts(reader, arena, &out->items[i].facts))
			return false;
	}
	return true;
}

bool record_decode(struct slice bytes, struct arena *arena, struct record *out_record,
		struct error *err)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};
	struct record record = { 0 };

	if (!read_record(&reader, arena, &record))
		return arena_error(arena, err, "reading a record");
	if (reader.is_bad || reader.at != reader.end)
		return error_set(err, ERROR_IO,
				"the registry database is damaged: a record cannot be read");
	*out_record = record;
	return true;
}

bool fact_is_flag(const struct fact *fact, bool *out_flag)
{
	if (fact->value.size != 2 || fact->value.data[0] != KIND(FLAG))
		return false;
	*out_flag = fact->value.data[1] != 0;
	return true;
}
