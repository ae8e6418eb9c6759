/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV reader: rows, flaws and lines, whatever pieces the bytes come in. */
#include "client/cli/csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A constant slice. */
#define TEXT(text)                                                                             \
	{                                                                                      \
		(text), sizeof(text) - 1                                                       \
	}

/* Bytes in pieces of @step. */
struct source {
	struct slice rest;
	size_t step;
};

static ssize_t on_read(void *context, void *data, size_t size)
{
	struct source *source = context;
	size_t taken = source->rest.size < size ? source->rest.size : size;

	if (taken > source->step)
		taken = source->step;
	memcpy(data, source->rest.data, taken);
	source->rest.data += taken;
	source->rest.size -= taken;
	return (ssize_t)taken;
}

/* All rows as text: "1[a|b] 2[c|d" (no line end), "3!QUOTE_OPEN{raw}". */
static void rows_print(struct slice text, size_t step, char delimiter, struct buffer *out)
{
	static const char *const flaws[] = { "", "TOO_LONG", "TOO_MANY_FIELDS", "QUOTE_OPEN",
		"QUOTE_TRAILED", "NUL" };
	struct source source = { text, step };
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	bool more;

	csv_reader_init(&reader, on_read, &source, delimiter);
	for (;;) {
		assert_true(csv_reader_next(&reader, &row, &more, &err));
		if (!more)
			break;
		buffer_format(out, "%s%lld", out->size ? " " : "", (long long)row.line);
		if (row.flaw) {
			buffer_format(out, "!%s{", flaws[row.flaw]);
			buffer_append_slice(out, row.raw);
			buffer_append_char(out, '}');
			continue;
		}
		for (size_t i = 0; i < row.field_count; i++) {
			buffer_append_char(out, i ? '|' : '[');
			buffer_append_slice(out, row.fields[i]);
		}
		buffer_append_text(out, row.ended ? "]" : "");
	}
	assert_int_equal(reader.size, text.size);
	csv_reader_fini(&reader);
}

static void test_rows(void **state)
{
	static const struct {
		struct slice text, rows;
	} cases[] = {
		{ TEXT(""), TEXT("") },
		{ TEXT("\n"), TEXT("1[]") },
		{ TEXT("a"), TEXT("1[a") },
		{ TEXT("a,b\nc,d\n"), TEXT("1[a|b] 2[c|d]") },
		{ TEXT("a,b\r\nc,d\r\n"), TEXT("1[a|b] 2[c|d]") },
		{ TEXT("a,b\rc,d\r"), TEXT("1[a|b] 2[c|d]") },
		{ TEXT("a,b\r\n\r\nc"), TEXT("1[a|b] 2[] 3[c") },
		{ TEXT(",,\n,"), TEXT("1[||] 2[|") },
		{ TEXT("\"a\",\"b,c\"\n"), TEXT("1[a|b,c]") },
		{ TEXT("\"a\"\"b\",\"\"\"\"\n"), TEXT("1[a\"b|\"]") },
		{ TEXT("\"\",x\n\"\""), TEXT("1[|x] 2[") },
		{ TEXT("\"line 1\nline 2\r\nline 3\",x\ny\n"),
				TEXT("1[line 1\nline 2\r\nline 3|x] 4[y]") },
		/* A quote inside a field that does not begin with one stands for itself. */
		{ TEXT("5\" pipe,x\n"), TEXT("1[5\" pipe|x]") },
		{ TEXT(" \"a\",x\n"), TEXT("1[ \"a\"|x]") },
		/* A flawed row costs its own line. */
		{ TEXT("a,\"b\nc,d\ne,f\n"), TEXT("1!QUOTE_OPEN{a,\"b} 2[c|d] 3[e|f]") },
		{ TEXT("a,\"b"), TEXT("1!QUOTE_OPEN{a,\"b}") },
		{ TEXT("x\na,\"b\"c,d\ny\n"), TEXT("1[x] 2!QUOTE_TRAILED{a,\"b\"c,d} 3[y]") },
		{ TEXT("a,\"b\r\nc\",d\r\n"), TEXT("1[a|b\r\nc|d]") },
		{ TEXT("\"a\nb\"x\nc\n"), TEXT("1!QUOTE_TRAILED{\"a} 2[b\"x] 3[c]") },
		{ TEXT("a\0b,c\nd\n"), TEXT("1!NUL{a\0b,c} 2[d]") },
		{ TEXT("\"a\0b\",c\nd\n"), TEXT("1!NUL{\"a\0b\",c} 2[d]") },
		{ TEXT("\xef\xbc\x8c,\xff\n"), TEXT("1[\xef\xbc\x8c|\xff]") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t step = 1; step < 40; step++) {
			struct buffer out = { 0 };

			rows_print(cases[i].text, step, ',', &out);
			assert_int_equal(out.size, cases[i].rows.size);
			if (out.size)
				assert_memory_equal(out.data, cases[i].rows.data, out.size);
			buffer_fini(&out);
		}
	}
}

static void test_delimiters(void **state)
{
	struct buffer out = { 0 };

	rows_print(SLICE_LITERAL("a;b,c;\"d;e\"\n"), 3, ';', &out);
	assert_string_equal(out.data, "1[a|b,c|d;e]");
	buffer_clear(&out);
	rows_print(SLICE_LITERAL("a\tb\n"), 3, '\t', &out);
	assert_string_equal(out.data, "1[a|b]");
	buffer_fini(&out);
}

/* A gigabyte without a line end, made as it is read: "x…x\n" + "a,b\n". */
struct flood {
	size_t left;
	char byte;
	struct slice behind;
	size_t most; /* asked for at once */
};

static ssize_t on_read_flood(void *context, void *data, size_t size)
{
	struct flood *flood = context;

	if (flood->left) {
		size = size < flood->left ? size : flood->left;
		memset(data, flood->byte, size);
		flood->left -= size;
		return (ssize_t)size;
	}
	size = size < flood->behind.size ? size : flood->behind.size;
	memcpy(data, flood->behind.data, size);
	flood->behind.data += size;
	flood->behind.size -= size;
	return (ssize_t)size;
}

static void test_long_line(void **state)
{
	struct flood flood = {
		.left = (size_t)1 << 30, .byte = 'x', .behind = SLICE_LITERAL("\"q\na,b\n")
	};
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	bool more;

	csv_reader_init(&reader, on_read_flood, &flood, ',');
	assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
	assert_int_equal(row.flaw, CSV_TOO_LONG);
	assert_int_equal(row.line, 1);
	assert_in_range(row.raw.size, 1, 4096);
	assert_true(row.ended);
	assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
	assert_int_equal(row.flaw, CSV_WHOLE);
	assert_int_equal(row.line, 2);
	assert_int_equal(row.field_count, 2);
	assert_in_range(reader.capacity, 1, 4U << 20);
	csv_reader_fini(&reader);
}

/* A row at the limit is whole, one byte more is not. */
static void test_limit(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		struct flood flood = { .left = CSV_ROW_LIMIT + over,
			.byte = 'x',
			.behind = SLICE_LITERAL("\nb\n") };
		struct csv_reader reader;
		struct csv_row row;
		struct error err;
		bool more;

		csv_reader_init(&reader, on_read_flood, &flood, ',');
		assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
		assert_int_equal(row.flaw, over ? CSV_TOO_LONG : CSV_WHOLE);
		assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
		assert_int_equal(row.line, 2);
		assert_int_equal(row.flaw, CSV_WHOLE);
		csv_reader_fini(&reader);
	}
}

/* A quote that is not closed for megabytes costs its line, in time that does not grow with them twice. */
static void test_open_quote(void **state)
{
	struct buffer text = { 0 };
	struct source source;
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	size_t flaws = 0;
	int64_t rows = 0;
	bool more = true;

	for (int i = 0; i < 400000; i++)
		buffer_append_text(&text, i % 100000 == 7 ? "a,\"open\n" : "some,plain,row\n");
	source = (struct source){ { text.data, text.size }, SIZE_MAX };
	csv_reader_init(&reader, on_read, &source, ',');
	for (;;) {
		assert_true(csv_reader_next(&reader, &row, &more, &err));
		if (!more)
			break;
		flaws += row.flaw == CSV_QUOTE_OPEN;
		assert_int_equal(row.line, ++rows);
		assert_true(row.flaw == CSV_QUOTE_OPEN || row.field_count == 3);
	}
	assert_int_equal(rows, 400000);
	assert_int_equal(flaws, 4);
	csv_reader_fini(&reader);
	buffer_fini(&text);
}

static void test_fields(void **state)
{
	struct buffer text = { 0 };
	struct buffer out = { 0 };

	for (int i = 1; i < CSV_FIELD_LIMIT; i++)
		buffer_append_char(&text, ',');
	buffer_append_text(&text, "\n,");
	for (int i = 1; i < CSV_FIELD_LIMIT; i++)
		buffer_append_char(&text, ',');
	buffer_append_text(&text, "\nz\n");
	rows_print((struct slice){ text.data, text.size }, 1000, ',', &out);
	assert_non_null(strstr(out.data, " 2!TOO_MANY_FIELDS{"));
	assert_non_null(strstr(out.data, " 3[z]"));
	assert_null(strstr(out.data, "1!"));
	buffer_fini(&text);
	buffer_fini(&out);
}

static void test_lines(void **state)
{
	struct source source = { SLICE_LITERAL("{\"a\": \"b,c\"}\n\"x\n\r\ny"), 3 };
	static const char *const lines[] = { "{\"a\": \"b,c\"}", "\"x", "", "y" };
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	bool more;

	csv_reader_init(&reader, on_read, &source, ',');
	csv_reader_set_lines(&reader);
	for (size_t i = 0; i < 4; i++) {
		assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
		assert_int_equal(row.field_count, 1);
		assert_true(slice_equals_text(row.fields[0], lines[i]));
		assert_int_equal(row.line, i + 1);
	}
	assert_true(csv_reader_next(&reader, &row, &more, &err) && !more);
	csv_reader_fini(&reader);
}

static void test_peek(void **state)
{
	struct source source = { SLICE_LITERAL("\xef\xbb\xbf"
					       "a,b\nc,d\n"),
		2 };
	struct csv_reader reader;
	struct csv_row row;
	struct slice bytes;
	struct error err;
	bool more;

	csv_reader_init(&reader, on_read, &source, ',');
	assert_true(csv_reader_peek(&reader, &bytes, &err));
	assert_int_equal(bytes.size, 11);
	csv_reader_skip(&reader, 3);
	assert_true(csv_reader_next(&reader, &row, &more, &err) && more);
	assert_true(slice_equals_text(row.fields[0], "a"));
	csv_reader_fini(&reader);
}

static ssize_t on_read_failing(void *context, void *data, size_t size)
{
	errno = EISDIR;
	return -1;
}

static void test_failure(void **state)
{
	struct csv_reader reader;
	struct csv_row row;
	struct error err;
	bool more;

	csv_reader_init(&reader, on_read_failing, NULL, ',');
	assert_false(csv_reader_next(&reader, &row, &more, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.message, "directory"));
	csv_reader_fini(&reader);
}

/* What csv_append_field() writes is read back as it was. */
static void test_round_trip(void **state)
{
	static const char alphabet[] = "a\",\r\n; \xe4\xb8\xad";
	unsigned seed = 4711;

	for (int round = 0; round < 3000; round++) {
		struct buffer text = { 0 };
		struct buffer expected = { 0 };
		struct buffer out = { 0 };
		int rows = 1 + rand_r(&seed) % 4;
		int line = 1;

		for (int r = 0; r < rows; r++) {
			int fields = 1 + rand_r(&seed) % 4;

			buffer_format(&expected, "%s%d", r ? " " : "", line);
			for (int f = 0; f < fields; f++) {
				char field[12];
				size_t size = (size_t)rand_r(&seed) % sizeof(field);

				for (size_t i = 0; i < size; i++) {
					field[i] = alphabet[(size_t)rand_r(&seed) %
							    (sizeof(alphabet) - 1)];
					line += field[i] == '\n';
				}
				buffer_append_text(&text, f ? "," : "");
				csv_append_field(&text, (struct slice){ field, size });
				buffer_append_char(&expected, f ? '|' : '[');
				buffer_append(&expected, field, size);
			}
			buffer_append_text(&text, "\r\n");
			buffer_append_char(&expected, ']');
			line++;
		}
		rows_print((struct slice){ text.data, text.size },
				1 + (size_t)rand_r(&seed) % 9, ',', &out);
		assert_string_equal(out.data, expected.data);
		buffer_fini(&text);
		buffer_fini(&expected);
		buffer_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_open_quote),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
