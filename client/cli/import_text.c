/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_text.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

bool encoding_parse(const char *name, enum encoding *out_encoding)
{
	static const struct {
		const char *name;
		enum encoding encoding;
	} names[] = { { "auto", ENCODING_AUTO }, { "utf-8", ENCODING_UTF8 },
		{ "utf8", ENCODING_UTF8 }, { "gb18030", ENCODING_GB18030 },
		{ "gbk", ENCODING_GB18030 }, { "gb2312", ENCODING_GB18030 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i].name) == 0) {
			*out_encoding = names[i].encoding;
			return true;
		}
	}
	return false;
}

const char *encoding_name(enum encoding encoding)
{
	return encoding == ENCODING_GB18030 ? "GB18030" : "UTF-8";
}

bool text_decoder_init(struct text_decoder *decoder, enum encoding encoding)
{
	*decoder = (struct text_decoder){ .encoding = encoding,
		.is_said = encoding != ENCODING_AUTO };
	decoder->gb18030 = iconv_open("UTF-8", "GB18030");
	decoder->is_open = decoder->gb18030 != (iconv_t)-1; /* NOLINT */
	return decoder->is_open;
}

void text_decoder_fini(struct text_decoder *decoder)
{
	if (decoder->is_open)
		(void)iconv_close(decoder->gb18030);
	buffer_fini(&decoder->text);
	*decoder = (struct text_decoder){ 0 };
}

static bool is_ascii(struct slice text)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= text.size; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, text.data + i, sizeof(word));
		if (word & 0x8080808080808080U)
			return false;
	}
	for (; i < text.size; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	return true;
}

/* The first field that is no UTF-8, or @count. */
static size_t fields_find_bad(const struct slice *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_ascii(fields[i]) && !utf8_is_valid(fields[i]))
			return i;
	return count;
}

/* Valid UTF-8 whose characters beyond ASCII all have three bytes, as Chinese has: hardly GB18030. */
static bool fields_look_utf8(const struct slice *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < fields[i].size; k++) {
			unsigned char c = (unsigned char)fields[i].data[k];

			if (c >= 0xc0 && (c < 0xe0 || c >= 0xf0))
				return false;
		}
	}
	return fields_find_bad(fields, count) == count;
}

/* Converts @fields, or only those that are no UTF-8. false at the field that cannot be converted, or
 * with decoder->text.failed when memory is short. */
static bool fields_convert(struct text_decoder *decoder, struct slice *fields, size_t count,
		bool only_bad, size_t *out_field)
{
	struct buffer *text = &decoder->text;
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += fields[i].size * 2;
	buffer_clear(text);
	if (!buffer_reserve(text, room))
		return false;
	for (size_t i = 0; i < count; i++) {
		char *in = (char *)(uintptr_t)fields[i].data;
		char *begin = text->data + text->size;
		char *out = begin;
		size_t left = fields[i].size;
		size_t room_left = text->capacity - text->size - 1;

		if (is_ascii(fields[i]) || (only_bad && utf8_is_valid(fields[i])))
			continue;
		(void)iconv(decoder->gb18030, NULL, NULL, NULL, NULL);
		if (iconv(decoder->gb18030, &in, &left, &out, &room_left) == (size_t)-1 ||
				left) {
			*out_field = i;
			return false;
		}
		fields[i] = (struct slice){ begin, (size_t)(out - begin) };
		text->size += fields[i].size;
	}
	return true;
}

void text_decoder_guess(struct text_decoder *decoder, struct slice beginning)
{
	size_t good = 0;
	size_t bad = 0;

	while (decoder->encoding == ENCODING_AUTO && beginning.size) {
		const char *end = memchr(beginning.data, '\n', beginning.size);
		struct slice line = { beginning.data,
			end ? (size_t)(end - beginning.data) : beginning.size };

		/* The last line may be cut within a character. */
		if (!is_ascii(line) && (end || good + bad == 0)) {
			bool valid = end ? utf8_is_valid(line)
					 : line.size - utf8_valid_size(line) < 4;

			good += valid;
			bad += !valid;
		}
		beginning.data += line.size + (end != NULL);
		beginning.size -= line.size + (end != NULL);
	}
	if (good + bad)
		decoder->encoding = good >= bad ? ENCODING_UTF8 : ENCODING_GB18030;
}

enum text_outcome text_decode(struct text_decoder *decoder, struct slice *fields, size_t count,
		size_t *out_field)
{
	bool plain = true;
	bool only_bad;

	for (size_t i = 0; i < count && plain; i++)
		plain = is_ascii(fields[i]);
	if (plain)
		return TEXT_GOOD;
	*out_field = fields_find_bad(fields, count);
	if (decoder->encoding == ENCODING_AUTO && *out_field == count)
		decoder->encoding = ENCODING_UTF8;
	if (decoder->encoding == ENCODING_UTF8 && *out_field == count)
		return TEXT_GOOD;
	if (decoder->encoding == ENCODING_GB18030 && !decoder->is_said &&
			fields_look_utf8(fields, count)) {
		*out_field = 0;
		while (is_ascii(fields[*out_field]))
			++*out_field;
		return TEXT_OTHER;
	}
	only_bad = decoder->encoding == ENCODING_UTF8;
	if (!fields_convert(decoder, fields, count, only_bad, out_field))
		return decoder->text.failed ? TEXT_NO_MEMORY : TEXT_RUBBISH;
	if (decoder->encoding == ENCODING_AUTO)
		decoder->encoding = ENCODING_GB18030;
	return only_bad ? TEXT_OTHER : TEXT_GOOD;
}
