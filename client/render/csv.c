/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/csv.h"

#include "client/render/text.h"

#include <inttypes.h>
#include <string.h>

#define MARK "\xef\xbb\xbf"
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

void csv_begin(struct csv *csv)
{
	buffer_append_text(csv->out, MARK);
}

static void cell_begin(struct csv *csv)
{
	if (csv->in_row)
		buffer_append_char(csv->out, ',');
	csv->in_row = true;
}

static void cell_quoted(struct csv *csv, const char *text, bool is_foreign)
{
	struct buffer clean = { 0 };

	cell_begin(csv);
	text_append_clean(&clean, slice_from(text));
	buffer_append_char(csv->out, '"');
	if (is_foreign && clean.size && strchr("=+-@", clean.data[0]))
		buffer_append_char(csv->out, '\'');
	for (size_t i = 0; i < clean.size; i++) {
		if (clean.data[i] == '"')
			buffer_append_char(csv->out, '"');
		buffer_append_char(csv->out, clean.data[i]);
	}
	buffer_append_char(csv->out, '"');
	csv->out->failed |= clean.failed;
	buffer_fini(&clean);
}

void csv_text(struct csv *csv, const char *text)
{
	cell_quoted(csv, text, true);
}

void csv_figure(struct csv *csv, const char *text)
{
	cell_begin(csv);
	if (strcmp(text, "—") != 0)
		buffer_append_text(csv->out, text);
}

void csv_number(struct csv *csv, int64_t number)
{
	cell_begin(csv);
	buffer_format(csv->out, "%" PRId64, number);
}

void csv_yuan(struct csv *csv, int64_t fen)
{
	uint64_t size = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;

	cell_begin(csv);
	buffer_format(csv->out, "%s%" PRIu64 ".%02u", fen < 0 ? "-" : "", size / 100,
			(unsigned)(size % 100));
}

void csv_amount(struct csv *csv, const Policycalc__V1__AmountAnswer *amount)
{
	bool least = false;
	bool most = false;

	switch (amount ? (int)amount->exactness : 0) {
	case EXACTNESS(EXACT):
	case EXACTNESS(RANGE):
		least = most = true;
		break;
	case EXACTNESS(UP_TO):
		most = true;
		break;
	case EXACTNESS(AT_LEAST):
		least = true;
		break;
	default:
		break;
	}
	if (least)
		csv_yuan(csv, amount->least_fen);
	else
		cell_begin(csv);
	if (most)
		csv_yuan(csv, amount->most_fen);
	else
		cell_begin(csv);
}

void csv_row_end(struct csv *csv)
{
	buffer_append_text(csv->out, "\r\n");
	csv->in_row = false;
}

void csv_headings(struct csv *csv, const struct csv_heading *headings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cell_quoted(csv, word(csv->style, headings[i].zh, headings[i].en), false);
	csv_row_end(csv);
}
