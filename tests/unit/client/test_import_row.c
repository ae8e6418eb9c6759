/* SPDX-License-Identifier: Apache-2.0 */
/* Registry files without a service: what a row becomes, in which encoding, with and without memory. */
#include "import_world.h"
#include "proto/codec/codec.h"

struct rows {
	struct world world;
	struct text_decoder decoder;
	struct row_reader reader;
	struct row_problem problem;
	struct slice rest;
	struct csv_reader csv;
};

static ssize_t on_read(void *context, void *data, size_t size)
{
	struct slice *rest = context;

	size = size < rest->size ? size : rest->size;
	memcpy(data, rest->data, size);
	*rest = (struct slice){ rest->data + size, rest->size - size };
	return (ssize_t)size;
}

static void rows_init(struct rows *rows, const char *headings, struct slice text,
		enum encoding encoding)
{
	*rows = (struct rows){ .rest = text };
	world_init(&rows->world);
	assert_true(text_decoder_init(&rows->decoder, encoding));
	if (headings)
		assert_true(columns_read(&rows->world, headings));
	rows->reader = (struct row_reader){ .columns = rows->world.columns,
		.dictionary = &rows->world.dictionary,
		.decoder = &rows->decoder,
		.day = "2026-06-30",
		.english = true,
		.keep = &rows->world.arena,
		.scratch = &rows->world.scratch };
	csv_reader_init(&rows->csv, on_read, &rows->rest, ',');
}

static void rows_fini(struct rows *rows)
{
	csv_reader_fini(&rows->csv);
	text_decoder_fini(&rows->decoder);
	buffer_fini(&rows->problem.message);
	world_fini(&rows->world);
}

/* "+CODE n" for a profile with n facts and items, "." for an empty line, "!REASON@column". */
static void rows_print(struct rows *rows, bool json, struct buffer *out)
{
	struct csv_row row;
	struct error err;
	bool more;

	while (csv_reader_next(&rows->csv, &row, &more, &err) && more) {
		struct buffer bytes = { 0 };
		Policycalc__V1__Profile *profile;

		buffer_append_text(out, out->size ? " " : "");
		switch (json ? row_read_json(&rows->reader, &row, &bytes, &rows->problem)
			     : row_read_table(&rows->reader, &row, &bytes, &rows->problem)) {
		case ROW_PROFILE:
			profile = (Policycalc__V1__Profile *)message_unpack(
					(struct slice){ bytes.data, bytes.size },
					&policycalc__v1__profile__descriptor, NULL,
					&rows->world.arena, &err);
			assert_non_null(profile);
			buffer_format(out, "+%s:%zu", profile->uscc + 14,
					profile->n_attributes + profile->n_items);
			break;
		case ROW_EMPTY:
			buffer_append_text(out, ".");
			assert_int_equal(bytes.size, 0);
			break;
		case ROW_REJECT:
			buffer_format(out, "!%s@%zu", rows->problem.reason,
					rows->problem.column);
			assert_int_equal(bytes.size, 0);
			assert_true(rows->problem.message.size > 0);
			break;
		case ROW_NO_MEMORY:
			fail();
		}
		buffer_fini(&bytes);
	}
}

static void check_table(const char *headings, struct slice text, enum encoding encoding,
		const char *expected)
{
	struct buffer out = { 0 };
	struct rows rows;

	rows_init(&rows, headings, text, encoding);
	text_decoder_guess(&rows.decoder, text);
	rows_print(&rows, false, &out);
	assert_string_equal(out.data, expected);
	buffer_fini(&out);
	rows_fini(&rows);
}

#define A "91410300665989305X"
#define B "911101085923662400"

static void test_table(void **state)
{
	check_table("uscc,staff,private",
			SLICE_LITERAL(A ",12,是\n"
					"\n"
					",,\n"
					"\"" B "\",,\n"
					" 91410300665989305x ,x,y\n"
					",12,是\n"
					"9141,12,是\n"
					"91410300665989305I,12,是\n"
					"91410300665989305X,12\n"
					"91410300665989305X,12,是,,\n"
					"91410300665989305X,12,是,,more\n"
					"91410300665989305X,\"12\n"
					"91410300665989305X,12"),
			ENCODING_AUTO,
			"+305X:2 . . +2400:0 !WRONG_TYPE@2 !NO_USCC@1 !BAD_USCC@1 !BAD_USCC@1 "
			"!FIELD_COUNT@0 +305X:2 !FIELD_COUNT@0 !QUOTE_OPEN@0 !FIELD_COUNT@0");
}

static void test_encodings(void **state)
{
	/* 是, 灵宝市 in GB18030. */
	check_table("uscc,private,region",
			SLICE_LITERAL(A ",\xca\xc7,\xc1\xe9\xb1\xa6\xca\xd0\n" B
					",\xca\xc7,\n" A ",,\n" A ",是,灵宝市\n"),
			ENCODING_AUTO, "+305X:2 +2400:1 +305X:0 !ENCODING@2");
	check_table("uscc,private,region",
			SLICE_LITERAL(A ",是,灵宝市\n" A
					",\xca\xc7,\xc1\xe9\xb1\xa6\xca\xd0\n" A
					",是,\xff\xff\n" A ",是,陕县\n"),
			ENCODING_AUTO, "+305X:2 !ENCODING@2 !ENCODING@3 +305X:2");
	/* Whoever says so is believed: then the words mean nothing. */
	check_table("uscc,private", SLICE_LITERAL(A ",\xca\xc7\n" A ",灵宝\n"),
			ENCODING_GB18030, "+305X:1 !WRONG_TYPE@2");
	check_table("uscc,private", SLICE_LITERAL(A ",\xca\xc7\n" A ",是\n"), ENCODING_UTF8,
			"!ENCODING@2 +305X:1");
	/* One damaged line at the top does not turn a file of UTF-8 over. */
	check_table("uscc,private",
			SLICE_LITERAL(A ",\xca\xc7\n" A ",是\n" A ",是\n" A ",否\n"),
			ENCODING_AUTO, "!ENCODING@2 +305X:1 +305X:1 +305X:1");
}

static void test_mended(void **state)
{
	struct buffer out = { 0 };
	struct rows rows;
	struct csv_row row;
	struct error err;
	bool more;

	/* A row in the other encoding is told, and its text is there in UTF-8. */
	rows_init(&rows, "uscc,region", SLICE_LITERAL(A ",\xc1\xe9\xb1\xa6\xca\xd0\n"),
			ENCODING_UTF8);
	assert_true(csv_reader_next(&rows.csv, &row, &more, &err) && more);
	assert_int_equal(row_read_table(&rows.reader, &row, &out, &rows.problem), ROW_REJECT);
	assert_true(slice_equals_text(rows.reader.fields[1], "灵宝市"));
	/* All mistakes of a row are told at once. */
	rows.rest = SLICE_LITERAL("12,火星\n");
	csv_reader_fini(&rows.csv);
	csv_reader_init(&rows.csv, on_read, &rows.rest, ',');
	assert_true(csv_reader_next(&rows.csv, &row, &more, &err) && more);
	assert_int_equal(row_read_table(&rows.reader, &row, &out, &rows.problem), ROW_REJECT);
	assert_int_equal(rows.problem.column, 1);
	assert_non_null(strstr(rows.problem.message.data, "火星"));
	buffer_fini(&out);
	rows_fini(&rows);
}

static void test_json(void **state)
{
	struct buffer out = { 0 };
	struct rows rows;

	rows_init(&rows, NULL,
			SLICE_LITERAL("{\"uscc\": \"" A
				      "\", \"attributes\": {\"staff\": 12, \"revenue@2025\": "
				      "\"200万元\"}, \"loans\": {\"l1\": {\"loan_principal\": "
				      "\"5万元\"}}}\n"
				      "\n"
				      "{\"uscc\": \"" B "\", \"date\": \"2026-06-30\"}\n"
				      "{\"uscc\": \"" B "\", \"date\": \"2026-06-29\"}\n"
				      "{\"attributes\": {\"staff\": 12}}\n"
				      "{\"uscc\": \"" A "\", \"attributes\": {\"staf\": 12}}\n"
				      "{\"uscc\": \"" A "\"\n"
				      "uscc: " A "\n"
				      "[]\n"
				      "{\"uscc\": \"" A
				      "\", \"attributes\": {\"staff\": \"\xff\"}}\n"),
			ENCODING_AUTO);
	csv_reader_set_lines(&rows.csv);
	rows_print(&rows, true, &out);
	assert_string_equal(out.data, "+305X:3 . +2400:0 !DATE@0 !NO_USCC@0 !BAD_PROFILE@0 "
				      "!BAD_JSON@0 !BAD_JSON@0 !BAD_JSON@0 !ENCODING@1");
	buffer_fini(&out);
	rows_fini(&rows);
}

/* Headings and rows without memory: whichever allocation fails is told, nothing is left behind (the
 * sanitizer looks), and with memory the row is a profile. */
static void test_memory(void **state)
{
	static const char HEADINGS[] = "uscc,region,titles,founded,staff,revenue@2025(万元)";
	static const char ROW[] = A
			",灵宝市,\"srdi:2027-12-31;htne:2026-11-30\",2018-06-01,5,\"1,000\"\n";
	unsigned long nth = 0;
	unsigned long count;

	do {
		enum row_outcome outcome = ROW_NO_MEMORY;
		struct buffer out = { 0 };
		struct error err = { 0 };
		struct csv_row row;
		struct rows rows;
		bool more = false;

		nth++;
		assert_true(nth < 1000);
		rows_init(&rows, NULL, slice_from(ROW), ENCODING_UTF8);
		(void)memory_fail_nth(nth, 0);
		if (columns_read(&rows.world, HEADINGS)) {
			rows.reader.columns = rows.world.columns;
			if (csv_reader_next(&rows.csv, &row, &more, &err) && more)
				outcome = row_read_table(
						&rows.reader, &row, &out, &rows.problem);
			else
				assert_int_equal(err.code, ERROR_MEMORY);
		} else {
			assert_int_equal(rows.world.diagnostics.error_count, 0);
		}
		count = memory_fail_nth(0, 0);
		assert_int_equal(outcome, count >= nth ? ROW_NO_MEMORY : ROW_PROFILE);
		buffer_fini(&out);
		rows_fini(&rows);
	} while (count >= nth);
	assert_true(nth > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
