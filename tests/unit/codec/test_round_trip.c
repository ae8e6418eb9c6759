/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the schema through JSON and YAML and back: the encoded bytes must be the same. */
#include "base/memory.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"
#include "random_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const ProtobufCMessageDescriptor *const types[] = {
	&policycalc__v1__policy__descriptor,
	&policycalc__v1__catalog_file__descriptor,
	&policycalc__v1__match_request__descriptor,
	&policycalc__v1__match_response__descriptor,
	&policycalc__v1__publish_catalog_request__descriptor,
};

static const struct json_options styles[] = {
	{ 0 },
	{ .pretty = true, .int64_number = true },
	{ .short_enums = true, .defaults = true },
};

static void expect_same(const ProtobufCMessage *message, const ProtobufCMessage *again,
		const char *text)
{
	struct buffer a = { 0 };
	struct buffer b = { 0 };

	assert_true(message_pack(message, &a));
	assert_true(message_pack(again, &b));
	if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
		fail_msg("read back differently: %s", text);
	buffer_fini(&a);
	buffer_fini(&b);
}

static void check_json(const ProtobufCMessage *message, struct arena *arena)
{
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		struct error err = { 0 };
		struct buffer text = { 0 };
		ProtobufCMessage *again;

		assert_true(message_print_json(message, &styles[i], &text));
		again = message_parse_json((struct slice){ text.data, text.size },
				message->descriptor, arena, &err);
		if (!again)
			fail_msg("%s: %s", err.message, text.data);
		expect_same(message, again, text.data);
		buffer_fini(&text);
	}
}

static void check_yaml(const ProtobufCMessage *message, struct arena *arena)
{
	struct diagnostics diagnostics;
	struct buffer text = { 0 };
	ProtobufCMessage *again;

	diagnostics_init(&diagnostics, arena);
	assert_true(message_print_yaml(message, &text));
	again = message_parse_yaml((struct slice){ text.data, text.size }, message->descriptor,
			"x.yaml", arena, &diagnostics, NULL);
	if (!again)
		fail_msg("%d:%d %s in:\n%s", diagnostics.list[0].line,
				diagnostics.list[0].column, diagnostics.list[0].message,
				text.data);
	expect_same(message, again, text.data);
	buffer_fini(&text);
}

/* Decoded into room of the caller's; and cut off, or with a byte changed, it ends without harm. */
static void check_into(const ProtobufCMessage *message, struct arena *arena)
{
	struct error err = { 0 };
	struct buffer bytes = { 0 };
	ProtobufCMessage *again;
	size_t kept = 0;
	char *own, *room;

	assert_true(message_pack(message, &bytes));
	own = memory_copy(bytes.data, bytes.size);
	room = memory_alloc(bytes.size); /* not a byte more */
	assert_non_null(own);
	assert_non_null(room);
	again = message_unpack_into(room, (struct slice){ own, bytes.size },
			message->descriptor, NULL, arena, &kept, &err);
	if (!again)
		fail_msg("%s: %s", message->descriptor->name, err.message);
	assert_true(kept <= bytes.size);
	assert_memory_equal(own, bytes.data, bytes.size);
	memory_free(own);			     /* nothing of it lies there */
	memset(room + kept, 'x', bytes.size - kept); /* what is not kept is the caller's */
	expect_same(message, again, message->descriptor->name);
	memory_free(room);
	for (unsigned i = 0; i < 40 && bytes.size > 0; i++) {
		size_t size = random_roll(2) ? random_roll((unsigned)bytes.size) : bytes.size;

		own = memory_alloc(size);
		room = memory_alloc(size);
		assert_non_null(own);
		assert_non_null(room);
		if (size > 0) {
			memcpy(own, bytes.data, size);
			own[random_roll((unsigned)size)] ^= (char)(1u << random_roll(8));
		}
		again = message_unpack_into(room, (struct slice){ own, size },
				message->descriptor, NULL, arena, &kept, &err);
		memory_free(own);
		if (again)
			(void)protobuf_c_message_get_packed_size(again); /* every text ends */
		memory_free(room);
	}
	buffer_fini(&bytes);
}

/* What is cut off, turned over or there twice is refused with a memo when it is without, and else comes to the same. */
static void check_refused(const ProtobufCMessageDescriptor *descriptor,
		const struct buffer *bytes, struct unpack_memo *memo, struct arena *arena)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < 20 && bytes->size > 0; i++) {
		size_t size = i % 4 == 0 ? bytes->size : random_roll((unsigned)bytes->size);
		size_t twice = i % 4 == 1 ? size : 0;
		ProtobufCMessage *made[2];
		char *own = memory_alloc(size + twice); /* not a byte more */

		assert_non_null(own);
		memcpy(own, bytes->data, size);
		memcpy(own + size, bytes->data, twice);
		if (size > 0 && i % 2 == 0)
			own[random_roll((unsigned)size)] ^= (char)(1u << random_roll(8));
		for (int k = 0; k < 2; k++) {
			char *room = arena_alloc(arena, size + twice);
			size_t kept;

			assert_non_null(room);
			made[k] = message_unpack_into(room, (struct slice){ own, size + twice },
					descriptor, k ? memo : NULL, arena, &kept, &err);
		}
		assert_int_equal(made[0] == NULL, made[1] == NULL);
		if (made[0])
			expect_same(made[0], made[1], descriptor->name);
		memory_free(own);
	}
}

/* What is unpacked with a memo is equal to what is unpacked without, the first time and later. */
static void check_memo(
		const ProtobufCMessage *message, struct unpack_memo *memo, struct arena *arena)
{
	struct error err = { 0 };
	struct buffer bytes = { 0 };

	assert_true(message_pack(message, &bytes));
	for (int i = 0; i < 2; i++) {
		char *room = arena_alloc(arena, bytes.size);
		ProtobufCMessage *again;
		size_t kept;

		assert_non_null(room);
		again = message_unpack_into(room, (struct slice){ bytes.data, bytes.size },
				message->descriptor, memo, arena, &kept, &err);
		if (!again)
			fail_msg("%s: %s", message->descriptor->name, err.message);
		memset(room + kept, 'x', bytes.size - kept);
		expect_same(message, again, message->descriptor->name);
	}
	check_refused(message->descriptor, &bytes, memo, arena);
	buffer_fini(&bytes);
}

static void test_memo(void **state)
{
	Policycalc__V1__Policy first = POLICYCALC__V1__POLICY__INIT;
	Policycalc__V1__Policy *made[2];
	struct error err = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	for (int round = 0; round < 20; round++) {
		struct unpack_memo *memo = unpack_memo_new();

		assert_non_null(memo);
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			check_memo(random_message(types[t], &arena), memo, &arena);
		unpack_memo_free(memo);
		arena_reset(&arena);
	}
	/* Policies that differ in their ids share a title, and one that follows it is not cut short. */
	{
		struct unpack_memo *memo = unpack_memo_new();
		Policycalc__V1__Text title = POLICYCALC__V1__TEXT__INIT;

		title.zh = (char *)"一个足够长的标题";
		title.en = (char *)"A title that is long enough";
		first.title = &title;
		first.document_number = (char *)"7";
		for (int i = 0; i < 2; i++) {
			struct buffer bytes = { 0 };
			char *room;
			size_t kept;

			first.id = (char *)(i ? "second" : "first");
			assert_true(message_pack(&first.base, &bytes));
			room = arena_alloc(&arena, bytes.size);
			assert_non_null(room);
			made[i] = (Policycalc__V1__Policy *)message_unpack_into(room,
					(struct slice){ bytes.data, bytes.size },
					first.base.descriptor, memo, &arena, &kept, &err);
			assert_non_null(made[i]);
			expect_same(&first.base, &made[i]->base, "policy");
			buffer_fini(&bytes);
		}
		unpack_memo_free(memo);
	}
	assert_string_equal(made[0]->id, "first");
	assert_ptr_equal(made[0]->title, made[1]->title);
	assert_string_equal(made[0]->title->en, "A title that is long enough");
	arena_fini(&arena);
}

static void test_random(void **state)
{
	(void)state;
	for (int round = 0; round < 60; round++) {
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			struct arena arena;
			ProtobufCMessage *message;

			arena_init(&arena, (size_t)256 << 20);
			message = random_message(types[t], &arena);
			check_json(message, &arena);
			check_yaml(message, &arena);
			check_into(message, &arena);
			arena_fini(&arena);
		}
	}
}

/* Every odd text in a field of its own, in a list and as a key. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < random_text_count; i++) {
		struct arena arena;
		Policycalc__V1__Policy policy = POLICYCALC__V1__POLICY__INIT;
		Policycalc__V1__Example example = POLICYCALC__V1__EXAMPLE__INIT;
		Policycalc__V1__Example__ProfileEntry entry =
				POLICYCALC__V1__EXAMPLE__PROFILE_ENTRY__INIT;
		Policycalc__V1__Example__ProfileEntry *entries[] = { &entry };
		Policycalc__V1__Example *examples[] = { &example };
		char *list[2];

		arena_init(&arena, 1 << 20);
		list[0] = list[1] = arena_copy_text(&arena, random_texts[i]);
		policy.id = list[0];
		policy.departments = list;
		policy.n_departments = 2;
		policy.examples = examples;
		policy.n_examples = 1;
		example.profile = entries;
		example.n_profile = 1;
		entry.key = entry.value = list[0];
		check_json(&policy.base, &arena);
		check_yaml(&policy.base, &arena);
		arena_fini(&arena);
	}
}

static void test_looks(void **state)
{
	Policycalc__V1__Policy policy = POLICYCALC__V1__POLICY__INIT;
	Policycalc__V1__Amount amount = POLICYCALC__V1__AMOUNT__INIT;
	char id[] = "smx", rule[] = "a &&\nb\n", code[] = "411200", name[] = "科技局";
	char *departments[] = { name, code };
	const struct json_options options = { .short_enums = true };
	struct buffer text = { 0 };

	(void)state;
	policy.id = id;
	policy.level = POLICYCALC__V1__LEVEL__LEVEL_CITY;
	policy.departments = departments;
	policy.n_departments = 2;
	policy.amount = &amount;
	amount.rule = rule;
	amount.rounding_unit_fen = 200000000;
	amount.term_months = 36;
	assert_true(message_print_yaml(&policy.base, &text));
	assert_string_equal(text.data, "id: smx\n"
				       "level: CITY\n"
				       "departments:\n"
				       "  - 科技局\n"
				       "  - \"411200\"\n"
				       "amount:\n"
				       "  rule: |\n"
				       "    a &&\n"
				       "    b\n"
				       "  rounding_unit_fen: 200万元\n"
				       "  term_months: 3年\n");
	buffer_clear(&text);
	policy.amount->rule[0] = '\0';
	assert_true(message_print_json(&policy.base, &options, &text));
	assert_string_equal(text.data,
			"{\"id\":\"smx\",\"level\":\"CITY\",\"departments\":[\"科技局\","
			"\"411200\"],"
			"\"amount\":{\"roundingUnitFen\":\"200000000\",\"termMonths\":36}}");
	buffer_fini(&text);
}

static const struct {
	const char *text;
	const char *error; /* part of it; NULL: accepted */
} json_cases[] = {
	{ "{}", NULL },
	{ "{\"as_of\":\"2025-01-31\"}", NULL },
	{ "{\"asOf\":\"2025-01-31\"}", NULL },
	{ "{\"revision\":\"9007199254740993\"}", NULL },
	{ "{\"revision\":1.0,\"limit\":1e2}", NULL },
	{ "{\"view\":\"FULL\"}", NULL },
	{ "{\"view\":\"VIEW_FULL\"}", NULL },
	{ "{\"view\":3}", NULL },
	{ "{\"profile\":null}", NULL },
	{ "{\"asOf\":\"a\",\"as_of\":\"b\"}", "as_of: is given twice" },
	{ "{\"asOf\":\"a\",\"asOf\":\"b\"}", "duplicate" },
	{ "{\"asof\":\"a\"}", "unknown field \"asof\"; did you mean as_of?" },
	{ "{\"profile\":{\"attributes\":[{},{},{},{\"name\":7}]}}",
			"profile.attributes[3].name: expected text, not a number" },
	{ "{\"profile\":{\"attributes\":[{\"value\":{\"count\":1,\"flag\":true}}]}}",
			"profile.attributes[0].value.flag: cannot stand beside count" },
	{ "{\"profile\":[]}", "profile: expected an object, not a list" },
	{ "{\"policies\":\"a\"}", "policies: expected a list, not text" },
	{ "{\"policies\":[null]}", "policies[0]: expected text, not null" },
	{ "{\"strict\":\"true\"}", "strict: expected true or false" },
	{ "{\"limit\":2147483648}", "limit: the integer is out of range" },
	{ "{\"limit\":1.5}", "limit: expected an integer" },
	{ "{\"revision\":\"1x\"}", "revision: the text is not an integer" },
	{ "{\"revision\":\"9223372036854775808\"}", "revision: the integer is out of range" },
	{ "{\"view\":\"FUL\"}", "view: no such View; did you mean FULL?" },
	{ "{\"asOf\":\"a\\u0000b\"}", "line 1" },
	{ "{\"asOf\":\"\xff\"}", "line 1" },
	{ "{} x", "end of file expected" },
	{ "[]", "expected an object" },
	{ "7", "line 1" },
	{ "", "line 1" },
	{ "{\"revision\":0620}", "line 1" },
	{ "{\"revision\":99999999999999999999}", "line 1" },
};

static void test_json_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++) {
		struct error err = { 0 };
		struct arena arena;
		bool ok;

		arena_init(&arena, 1 << 20);
		ok = message_parse_json(slice_from(json_cases[i].text),
				&policycalc__v1__match_request__descriptor, &arena, &err);
		if (ok != !json_cases[i].error ||
				(!ok && !strstr(err.message, json_cases[i].error)))
			fail_msg("%s: %s '%s'", json_cases[i].text, ok ? "accepted" : "refused",
					err.message);
		arena_fini(&arena);
	}
}

/* A message about broken JSON does not repeat the figure that stood there. */
static void test_json_keeps_values(void **state)
{
	struct error err = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_null(message_parse_json(slice_from("{\"revision\":4711x}"),
			&policycalc__v1__match_request__descriptor, &arena, &err));
	assert_null(strstr(err.message, "4711"));
	arena_fini(&arena);
}

/* A key that comes twice on the wire is printed once, with its last value. */
static void test_map_twice(void **state)
{
	static const char bytes[] = "\x12\x06\x0a\x01"
				    "k\x12\x01"
				    "a\x12\x06\x0a\x01"
				    "k\x12\x01"
				    "b";
	struct buffer text = { 0 };
	struct arena arena;
	ProtobufCMessage *message;

	(void)state;
	arena_init(&arena, 1 << 20);
	message = message_unpack((struct slice){ bytes, sizeof(bytes) - 1 },
			&policycalc__v1__example__descriptor, NULL, &arena, NULL);
	assert_non_null(message);
	assert_true(message_print_json(message, NULL, &text));
	assert_string_equal(text.data, "{\"profile\":{\"k\":\"b\"}}");
	buffer_clear(&text);
	assert_true(message_print_yaml(message, &text));
	assert_string_equal(text.data, "profile:\n  k: b\n");
	buffer_fini(&text);
	arena_fini(&arena);
}

static void test_print_memory(void **state)
{
	struct arena arena;
	ProtobufCMessage *message;
	bool done = false;

	(void)state;
	arena_init(&arena, 64 << 20);
	message = random_message(&policycalc__v1__policy__descriptor, &arena);
	for (unsigned long nth = 1; !done; nth++) {
		struct buffer json = { 0 };
		struct buffer yaml = { 0 };
		bool json_ok;

		assert_true(nth < 10000);
		memory_fail_nth(nth, 0);
		json_ok = message_print_json(message, NULL, &json);
		done = message_print_yaml(message, &yaml) && json_ok;
		memory_fail_nth(0, 0);
		buffer_fini(&json);
		buffer_fini(&yaml);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_json_cases),
		cmocka_unit_test(test_json_keeps_values),
		cmocka_unit_test(test_map_twice),
		cmocka_unit_test(test_print_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
