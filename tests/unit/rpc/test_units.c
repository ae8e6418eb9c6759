/* SPDX-License-Identifier: Apache-2.0 */
/* The pure units of rpc/: framing, timeouts, percent, base64, gzip, status, request headers,
 * unpacking. */
#include "base/memory.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "rpc/base64.h"
#include "rpc/framing.h"
#include "rpc/gzip.h"
#include "rpc/percent.h"
#include "rpc/request.h"
#include "rpc/status.h"
#include "rpc/timeout.h"
#include "rpc/unpack.h"
#include "rpc/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slice slice_of(const struct buffer *buffer)
{
	return (struct slice){ buffer->data, buffer->size };
}

/* --- framing --------------------------------------------------------------------------------- */

static void put_message(struct buffer *out, bool compressed, const char *text)
{
	uint8_t prefix[FRAMING_PREFIX_SIZE];

	framing_put_prefix(prefix, compressed, (uint32_t)strlen(text));
	buffer_append(out, prefix, sizeof(prefix));
	buffer_append_text(out, text);
}

/* Three messages, cut into pieces of every size, come out the same. */
static void framing_in_pieces_of_every_size(void **state)
{
	static const char *const texts[] = { "one", "", "a longer message" };
	struct buffer stream = { 0 };
	size_t piece;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		put_message(&stream, i == 2, texts[i]);
	for (piece = 1; piece <= stream.size; piece++) {
		struct framing_reader reader = { .limit = 100 };
		struct framed_message message;
		size_t count = 0;
		size_t at;

		for (at = 0; at < stream.size; at += piece) {
			struct slice bytes = { stream.data + at,
				stream.size - at < piece ? stream.size - at : piece };
			enum framing_result result;

			while ((result = framing_read(&reader, &bytes, &message)) ==
					FRAMING_MESSAGE) {
				assert_true(count < 3);
				assert_true(slice_equals_text(message.bytes, texts[count]));
				assert_int_equal(message.compressed, count == 2);
				count++;
				if (bytes.size == 0)
					break;
			}
			assert_true(result == FRAMING_MESSAGE || result == FRAMING_MORE);
		}
		assert_int_equal(count, 3);
		assert_true(framing_is_clean(&reader));
		framing_fini(&reader);
	}
	buffer_fini(&stream);
}

static void framing_refuses(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum framing_result result;
	} cases[] = {
		{ "\2", 1, FRAMING_BAD_FLAG },
		{ "\377\0\0\0\0", 5, FRAMING_BAD_FLAG },
		{ "\0\0\0\0\13", 5, FRAMING_TOO_LARGE },
		{ "\0\377\377\377\377", 5, FRAMING_TOO_LARGE },
		{ "\0\0\0\0\12", 5, FRAMING_MORE },
		{ "\0\0\0", 3, FRAMING_MORE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct framing_reader reader = { .limit = 10 };
		struct slice bytes = { cases[i].bytes, cases[i].size };
		struct framed_message message;

		assert_int_equal(framing_read(&reader, &bytes, &message), cases[i].result);
		/* Nothing is allocated by the length that was promised. */
		assert_true(framing_held(&reader) <= 64);
		if (cases[i].result == FRAMING_MORE)
			assert_false(framing_is_clean(&reader));
		framing_fini(&reader);
	}
}

static void framing_without_memory(void **state)
{
	struct framing_reader reader = { .limit = 100 };
	struct slice bytes = { "\0\0\0\0\5ab", 7 };
	struct framed_message message;
	enum framing_result result;

	(void)state;
	memory_fail_nth(1, 1);
	result = framing_read(&reader, &bytes, &message);
	memory_fail_nth(0, 0);
	assert_int_equal(result, FRAMING_NO_MEMORY);
	framing_fini(&reader);
}

/* Between messages a reader keeps what a usual one takes, and gives back what a large one took. */
static void framing_keeps_little(void **state)
{
	static const struct {
		size_t size;
		bool kept;
	} cases[] = { { 1000, true }, { (size_t)1 << 20, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct framing_reader reader = { .limit = (size_t)2 << 20 };
		size_t size = cases[i].size;
		char *text = calloc(1, FRAMING_PREFIX_SIZE + size);
		struct framed_message message;
		struct slice bytes = { text, FRAMING_PREFIX_SIZE + size - 1 };

		assert_non_null(text);
		text[2] = (char)(size >> 16);
		text[3] = (char)(size >> 8);
		text[4] = (char)size;
		assert_int_equal(framing_read(&reader, &bytes, &message), FRAMING_MORE);
		bytes = (struct slice){ text, 1 };
		assert_int_equal(framing_read(&reader, &bytes, &message), FRAMING_MESSAGE);
		assert_int_equal(message.bytes.size, size);
		framing_reset(&reader, reader.limit);
		assert_int_equal(framing_held(&reader) > 0, cases[i].kept);
		framing_fini(&reader);
		free(text);
	}
}

/* --- timeout, percent, base64 ---------------------------------------------------------------- */

static void timeouts(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t us;
	} cases[] = {
		{ "1S", true, 1000000 },
		{ "0S", true, 0 },
		{ "100m", true, 100000 },
		{ "7u", true, 7 },
		{ "1n", true, 1 },
		{ "1001n", true, 2 },
		{ "2M", true, 120000000 },
		{ "1H", true, 3600000000 },
		{ "99999999H", true, UINT64_C(359999996400000000) },
		{ "00000001S", true, 1000000 },
		{ "123456789S", false, 0 },
		{ "", false, 0 },
		{ "S", false, 0 },
		{ "5", false, 0 },
		{ "5s", false, 0 },
		{ "-1S", false, 0 },
		{ "1 S", false, 0 },
		{ "1SS", false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t us = 0;

		assert_int_equal(timeout_parse(slice_from(cases[i].text), &us), cases[i].ok);
		assert_int_equal(us, cases[i].us);
	}
}

static void percents(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *encoded;
	} cases[] = {
		{ "plain text ~", 100, "plain text ~" },
		{ "100%", 100, "100%25" },
		{ "a\nb\x7f", 100, "a%0Ab%7F" },
		{ "中", 100, "%E4%B8%AD" },
		{ "中文", 5, "%E4%B8%AD" },
		{ "中文", 2, "" },
		{ "", 10, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = { 0 };
		struct buffer back = { 0 };

		percent_encode(slice_from(cases[i].text), cases[i].max, &out);
		assert_true(slice_equals_text(slice_of(&out), cases[i].encoded));
		percent_decode(slice_of(&out), &back);
		assert_int_equal(strncmp(back.data ? back.data : "", cases[i].text, back.size),
				0);
		buffer_fini(&out);
		buffer_fini(&back);
	}
}

static void base64s(void **state)
{
	static const struct {
		const char *text;
		const char *bytes; /* NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "Zg", "f" },
		{ "Zg==", "f" },
		{ "Zm8", "fo" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg", "foob" },
		{ "!!!", NULL },
		{ "Z", NULL },
		{ "Zm9vY", NULL },
		{ "Zg=", NULL },
		{ "Zm-v", NULL },
		{ "5Lit", "\xe4\xb8\xad" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = { 0 };
		struct buffer again = { 0 };

		assert_int_equal(base64_decode(slice_from(cases[i].text), &out),
				cases[i].bytes != NULL);
		if (cases[i].bytes) {
			assert_true(slice_equals_text(slice_of(&out), cases[i].bytes));
			base64_encode(slice_of(&out), &again);
			assert_int_equal(strncmp(again.data ? again.data : "", cases[i].text,
							 again.size),
					0);
		} else {
			assert_int_equal(out.size, 0);
		}
		buffer_fini(&out);
		buffer_fini(&again);
	}
}

/* --- gzip ------------------------------------------------------------------------------------ */

static void gzip_there_and_back(void **state)
{
	struct buffer plain = { 0 };
	struct buffer packed = { 0 };
	struct buffer back = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		buffer_format(&plain, "%d ", i);
	assert_true(gzip_pack(slice_of(&plain), &packed));
	assert_true(packed.size < plain.size);
	assert_int_equal(gzip_unpack(slice_of(&packed), plain.size, &back), GZIP_OK);
	assert_true(slice_equals(slice_of(&plain), slice_of(&back)));
	buffer_clear(&back);
	assert_int_equal(gzip_unpack(slice_of(&packed), plain.size - 1, &back), GZIP_TOO_LARGE);
	assert_true(back.size <= plain.size);
	buffer_clear(&back);
	packed.size -= 9;
	assert_int_equal(gzip_unpack(slice_of(&packed), plain.size, &back), GZIP_BAD);
	assert_int_equal(gzip_unpack(SLICE_LITERAL("no gzip"), 100, &back), GZIP_BAD);
	assert_int_equal(gzip_unpack(SLICE_LITERAL(""), 100, &back), GZIP_BAD);
	buffer_fini(&plain);
	buffer_fini(&packed);
	buffer_fini(&back);
}

/* What says that it is too large costs no more than to see that it is gzip; what lies is found out. */
static void gzip_bombs(void **state)
{
	enum { SIZE = 4 << 20, LIMIT = 1 << 20 };
	struct buffer plain = { 0 };
	struct buffer packed = { 0 };
	struct buffer back = { 0 };

	(void)state;
	for (int i = 0; i < SIZE; i++)
		buffer_append_char(&plain, '\0');
	assert_true(gzip_pack(slice_of(&plain), &packed));
	assert_int_equal(gzip_unpack(slice_of(&packed), LIMIT, &back), GZIP_TOO_LARGE);
	assert_true(back.size <= (64 << 10) + 1);
	buffer_clear(&back);
	assert_int_equal(gzip_unpack(slice_of(&packed), SIZE, &back), GZIP_OK);
	assert_int_equal(back.size, SIZE);
	/* The last four bytes are the size. */
	memcpy(packed.data + packed.size - 4, "\100\0\0\0", 4);
	buffer_clear(&back);
	assert_int_equal(gzip_unpack(slice_of(&packed), LIMIT, &back), GZIP_BAD);
	assert_int_equal(back.size, 65);
	memcpy(packed.data + packed.size - 4, "\377\377\17\0", 4);
	buffer_clear(&back);
	assert_int_equal(gzip_unpack(slice_of(&packed), LIMIT, &back), GZIP_BAD);
	assert_true(back.size <= LIMIT);
	buffer_fini(&plain);
	buffer_fini(&packed);
	buffer_fini(&back);
}

static void gzip_without_memory(void **state)
{
	struct buffer packed = { 0 };
	unsigned long nth;

	(void)state;
	assert_true(gzip_pack(SLICE_LITERAL("hello hello hello"), &packed));
	for (nth = 1;; nth++) {
		struct buffer out = { 0 };
		enum gzip_result result;

		memory_fail_nth(nth, 0);
		result = gzip_unpack(slice_of(&packed), 100, &out);
		memory_fail_nth(0, 0);
		buffer_fini(&out);
		if (result == GZIP_OK)
			break;
		assert_int_equal(result, GZIP_NO_MEMORY);
	}
	assert_true(nth > 1);
	buffer_fini(&packed);
}

/* --- status and request ---------------------------------------------------------------------- */

static void status_fits_into_trailers(void **state)
{
	struct status status = { .code = RPC_INVALID_ARGUMENT };
	struct buffer text = { 0 };
	struct buffer decoded = { 0 };
	struct wire_field field;
	struct slice rest;
	unsigned added = 0;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buffer_append_text(&text, "错");
	buffer_append_slice(&status.message, slice_of(&text));
	while (added < 1000 && status_add_violation(&status, SLICE_LITERAL("a.b[3]"),
					       SLICE_LITERAL("要求为正数")))
		added++;
	assert_in_range(added, 10, 500);
	status_encode(&status);
	assert_true(status.encoded_message.size > 1000);
	assert_true(status.encoded_message.size + status.encoded_details.size + 200 < 8192);
	assert_true(base64_decode(slice_of(&status.encoded_details), &decoded));
	rest = slice_of(&decoded);
	assert_true(wire_next(&rest, &field));
	assert_int_equal(field.number, 1);
	assert_int_equal(field.value, RPC_INVALID_ARGUMENT);
	assert_true(wire_next(&rest, &field) && field.number == 2);
	assert_true(wire_next(&rest, &field) && field.number == 3);
	assert_int_equal(rest.size, 0);
	status_fini(&status);
	buffer_fini(&text);
	buffer_fini(&decoded);
}

static void request_types(void **state)
{
	static const struct {
		const char *type;
		bool ok;
	} cases[] = {
		{ "application/grpc", true },
		{ "application/grpc+proto", true },
		{ "application/grpc; charset=utf-8", true },
		{ "application/grpc+json", false },
		{ "application/grpcfoo", false },
		{ "application/json", false },
		{ "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = { .content_type = slice_from(cases[i].type) };

		assert_int_equal(request_is_grpc(&request), cases[i].ok);
	}
}

static void request_lists(void **state)
{
	struct request request = { .accept_encoding = SLICE_LITERAL("identity, gzip ,br") };

	(void)state;
	assert_true(request_accepts(&request, "gzip"));
	assert_true(request_accepts(&request, "br"));
	assert_false(request_accepts(&request, "gz"));
	request.accept_encoding = SLICE_LITERAL("");
	assert_false(request_accepts(&request, "gzip"));
}

/* Whose fault are bytes that are refused: the library's that made them, or its caller's? */
static void unpacking_blames(void **state)
{
	const struct {
		struct slice bytes; /* of a MatchRequest */
		enum error_code code;
	} cases[] = {
		/* verdicts, packed and one by one, and as_of */
		{ SLICE_LITERAL("\x3a\x02\x01\x05\x1a\x01x"), ERROR_NONE },
		{ SLICE_LITERAL("\x38\x01\x38\x05\x1a\x01x"), ERROR_NONE },
		{ SLICE_LITERAL("\x3a\x02\x01\x05\x1a\x02\xff\xff"), ERROR_INVALID },
		{ SLICE_LITERAL("\x38\x01\x38\x05\x1a\x02\xff\xff"), ERROR_INVALID },
		/* revision, a number that does not repeat, as bytes, and as_of as a number */
		{ SLICE_LITERAL("\x12\x02\x01\x05\x1a\x01x"), ERROR_MALFORMED },
		{ SLICE_LITERAL("\x18\x01"), ERROR_MALFORMED },
		/* profile.uscc: broken text, and a number */
		{ SLICE_LITERAL("\x0a\x03\x0a\x01\xff"), ERROR_INVALID },
		{ SLICE_LITERAL("\x0a\x02\x08\x01"), ERROR_MALFORMED },
		{ SLICE_LITERAL("\x08\x01"), ERROR_MALFORMED },
		{ SLICE_LITERAL("\x80"), ERROR_MALFORMED },
		/* verdicts, packed: a cut varint, and one of more than 64 bits */
		{ SLICE_LITERAL("\x3a\x01\x80"), ERROR_MALFORMED },
		{ SLICE_LITERAL("\x3a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
				ERROR_MALFORMED },
		/* revision: more than 64 bits, as fixed64 and as fixed32 */
		{ SLICE_LITERAL("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
				ERROR_MALFORMED },
		{ SLICE_LITERAL("\x11\x01\x00\x00\x00\x00\x00\x00\x00"), ERROR_MALFORMED },
		{ SLICE_LITERAL("\x15\x01\x00\x00\x00"), ERROR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		struct arena arena;
		bool ok;

		arena_init(&arena, 1 << 16);
		ok = unpack_message(cases[i].bytes, &policycalc__v1__match_request__descriptor,
				&arena, &err);
		if (ok != (cases[i].code == ERROR_NONE) || err.code != cases[i].code)
			fail_msg("case %zu: %s (%s)", i, error_code_name(err.code),
					err.message);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_in_pieces_of_every_size),
		cmocka_unit_test(framing_refuses),
		cmocka_unit_test(framing_without_memory),
		cmocka_unit_test(framing_keeps_little),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(percents),
		cmocka_unit_test(base64s),
		cmocka_unit_test(gzip_there_and_back),
		cmocka_unit_test(gzip_bombs),
		cmocka_unit_test(gzip_without_memory),
		cmocka_unit_test(status_fits_into_trailers),
		cmocka_unit_test(request_types),
		cmocka_unit_test(request_lists),
		cmocka_unit_test(unpacking_blames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
