/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows have one meaning, whichever way they are read: straight off the wire, or unpacked as any message
 * is. A field that no Profile has makes a row be unpacked; so random rows are imported into two
 * registries, into one with such a field each. All that comes of it must be the same.
 *
 * And bytes that are no message end the import with an error, never the process.
 */
#include "registry_fixture.h"

#include "proto/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 60
#define ROWS 40

static uint64_t random_state;

static unsigned random_below(unsigned bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		       UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % bound;
}

static int64_t on_now(void)
{
	return registry_fixture_now;
}

/* --- rows that are right, odd and wrong ------------------------------------------------------ */

static const char *const words[] = {
	"staff=5",
	"staff=5",
	"staff=0",
	"staff=77",
	"money=3元",
	"money@2024=3元",
	"money@2024=4元",
	"money@2023=5元",
	"money@2026=1元",
	"money@2027=1元",
	"money@20=1元",
	"quarterly@2026Q2=3",
	"monthly=4%",
	"monthly@2026-01=5%",
	"growth=-3%",
	"listed=是",
	"listed=否",
	"fined=是",
	"kind=k0",
	"kind=k1",
	"kinds=k1,k2",
	"founded=2020-02-29",
	"note=一",
	"titles=k1:2027-12-31",
	"power=2025-11:1,2025-12:2",
	"old=1",
	"nothing=1",
	"stafff=2",
	"staff@2024=1",
};
#define WORD_COUNT (sizeof(words) / sizeof(*words))

static Policycalc__V1__Profile *random_row(struct registry_fixture *fixture)
{
	char text[512] = "";
	Policycalc__V1__Profile *row;

	for (unsigned i = random_below(9); i > 0; i--) {
		(void)strcat(text, words[random_below(WORD_COUNT)]);
		(void)strcat(text, " ");
	}
	if (random_below(10) == 0)
		(void)strcat(text, "projects.a.invested=1元 ");
	row = fixture_row(fixture, random_below(25), text);
	/* What no one writes, but a program may send. */
	for (size_t i = 0; i < row->n_attributes; i++) {
		Policycalc__V1__Value *value = row->attributes[i]->value;

		switch (random_below(40)) {
		case 0:
			value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
			value->count = -1;
			break;
		case 1:
			value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
			value->code = (char *)"k9";
			break;
		case 2:
			value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
			value->code = (char *)"";
			break;
		case 3:
			value->kind_case = POLICYCALC__V1__VALUE__KIND__NOT_SET;
			break;
		case 4:
			value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
			value->money_fen = INT64_MIN;
			break;
		case 5:
			row->attributes[i]->period = (char *)"2024";
			break;
		default:
			break;
		}
	}
	if (random_below(30) == 0)
		row->uscc[random_below(18)] = random_below(2) ? 'A' : 'O';
	if (random_below(40) == 0)
		row->uscc = (char *)"";
	return row;
}

/* --- both ways ------------------------------------------------------------------------------- */

static void put_varint(struct buffer *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buffer_append_char(out, (char)(number | 0x80));
	buffer_append_char(out, (char)number);
}

/* ImportRows of @rows; each with an unknown field when @odd. */
static void rows_encode(Policycalc__V1__Profile *const *rows, size_t count, bool odd,
		struct buffer *out)
{
	buffer_clear(out);
	buffer_append(out, "\x08\x01", 2);
	for (size_t i = 0; i < count; i++) {
		struct buffer row = { 0 };

		(void)message_pack(&rows[i]->base, &row);
		if (odd)
			buffer_append(&row, "\x78\x2a", 2); /* field 15 */
		buffer_append_char(out, 0x12);
		put_varint(out, row.size);
		buffer_append(out, row.data ? row.data : "", row.size);
		buffer_fini(&row);
	}
}

/* What comes of an import: counts and findings, or the error. */
static char *import_bytes(struct registry_fixture *fixture, const struct buffer *bytes)
{
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response;
	struct import_options options = { .header = &header, .now = on_now };
	struct error err = { 0 };
	const char *field;
	struct import *import;
	char *text;

	header.supplier = (char *)"局";
	header.date = (char *)"2026-11-01";
	import = import_new(fixture->registry, fixture->ruleset, &options, &field, &err);
	assert_non_null(import);
	if (import_rows(import, fixture->ruleset, (struct slice){ bytes->data, bytes->size },
			    &err) &&
			import_finish(import, &fixture->arena, &response, &err))
		text = arena_format(&fixture->arena, "%lld %lld %lld %lld %lld: %s | %s",
				(long long)response->inserted, (long long)response->updated,
				(long long)response->unchanged, (long long)response->rejected,
				(long long)response->warning_count,
				fixture_findings(fixture, response->rejects,
						response->n_rejects),
				fixture_findings(fixture, response->warnings,
						response->n_warnings));
	else
		text = arena_format(&fixture->arena, "%s", error_code_name(err.code));
	import_free(import);
	return text;
}

static void test_both_ways(void **state)
{
	struct registry_fixture *fixture = *state;
	struct registry_fixture *other = NULL;
	Policycalc__V1__Profile *rows[ROWS];
	struct buffer bytes = { 0 };
	struct error err;
	void *other_state = NULL;
	unsigned rejected = 0;

	assert_int_equal(registry_fixture_setup(&other_state), 0);
	other = other_state;
	if (!registry_fixture_open(fixture, &err) || !registry_fixture_open(other, &err))
		fail_msg("%s", err.message);
	random_state = 7;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char *usual;
		char *at_length;

		for (size_t i = 0; i < ROWS; i++)
			rows[i] = random_row(fixture);
		rows_encode(rows, ROWS, false, &bytes);
		usual = import_bytes(fixture, &bytes);
		rows_encode(rows, ROWS, true, &bytes);
		at_length = import_bytes(other, &bytes);
		if (strcmp(usual, at_length) != 0)
			fail_msg("round %u:\n%s\n%s", round, usual, at_length);
		rejected += strstr(usual, "WRONG_TYPE") != NULL;
	}
	assert_string_equal(fixture_dump(fixture), fixture_dump(other));
	assert_true(rejected > ROUNDS / 2);
	assert_true(registry_last_id(fixture->registry) > 20);
	buffer_fini(&bytes);
	registry_fixture_teardown(&other_state);
}

/* Every byte of a message changed, and every length of it: an answer or an error. */
static void test_broken_bytes(void **state)
{
	struct registry_fixture *fixture = *state;
	Policycalc__V1__Profile *rows[3];
	struct buffer bytes = { 0 };
	struct buffer broken = { 0 };
	unsigned refused = 0;
	struct error err;

	if (!registry_fixture_open(fixture, &err))
		fail_msg("%s", err.message);
	rows[0] = fixture_row(fixture, 1, "staff=5 money@2024=3元 kind=k0 note=一");
	rows[1] = fixture_row(
			fixture, 2, "titles=k1:2027-12-31 kinds=k1,k2 founded=2020-02-29");
	rows[2] = fixture_row(fixture, 3, "projects.a.invested=1元 power=2025-11:1,2025-12:2");
	rows_encode(rows, 3, false, &bytes);
	for (size_t i = 0; i < bytes.size; i++) {
		static const unsigned char changes[] = { 0x01, 0x80, 0xff, 0x08 };

		/* Each in memory of its own size, so that nothing is read behind it. */
		broken.size = 0;
		buffer_append(&broken, bytes.data, i);
		refused += strchr(import_bytes(fixture, &broken), ':') == NULL;
		for (size_t k = 0; k < sizeof(changes); k++) {
			broken.size = 0;
			buffer_append(&broken, bytes.data, bytes.size);
			broken.data[i] = (char)((unsigned char)broken.data[i] ^ changes[k]);
			refused += strchr(import_bytes(fixture, &broken), ':') == NULL;
		}
	}
	assert_true(refused > 100);
	/* And the registry is as good as ever. */
	rows_encode(rows, 3, false, &broken);
	assert_non_null(strchr(import_bytes(fixture, &broken), ':'));
	assert_non_null(strstr(fixture_known(fixture, 1, 0), "staff=5"));
	if (!registry_store_check(fixture->store, &err))
		fail_msg("%s", err.message);
	buffer_fini(&bytes);
	buffer_fini(&broken);
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_ways),
		TEST(test_broken_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
