/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoding of a registry file: UTF-8 or GB18030, for the whole of it.
 *
 * The user says which, or most of the first lines that are not plain ASCII; a row in the other encoding,
 * or in none, is refused by itself. Nearly every run of bytes is GB18030, so where nobody has said so a row
 * of such a file counts as UTF-8 when it is valid and holds characters of three bytes and no others.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

enum encoding {
	ENCODING_AUTO, /* nothing but ASCII so far */
	ENCODING_UTF8,
	ENCODING_GB18030,
};

enum text_outcome {
	TEXT_GOOD,
	TEXT_OTHER, /* *out_field is in the other encoding; the row was decoded all the same */
	TEXT_RUBBISH, /* *out_field is in neither */
	TEXT_NO_MEMORY,
};

struct text_decoder {
	enum encoding encoding;
	bool is_said;	 /* by the user */
	iconv_t gb18030; /* to UTF-8 */
	bool is_open;
	struct buffer text;
};

/** "utf-8", "gb18030" (or gbk, gb2312), "auto". */
bool encoding_parse(const char *name, enum encoding *out_encoding);
const char *encoding_name(enum encoding encoding);

/** false when the machine cannot convert GB18030. */
bool text_decoder_init(struct text_decoder *decoder, enum encoding encoding);
void text_decoder_fini(struct text_decoder *decoder);
/** Settles the encoding by the beginning of the file, unless it is settled or all is ASCII. */
void text_decoder_guess(struct text_decoder *decoder, struct slice beginning);
/** Makes UTF-8 of @fields in place; what is changed is borrowed until the next call. */
enum text_outcome text_decode(struct text_decoder *decoder, struct slice *fields, size_t count,
		size_t *out_field);
