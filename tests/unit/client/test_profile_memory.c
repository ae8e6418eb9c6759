/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile without memory: each allocation of every setter is failed in turn. It must say
 * PCALC_OUT_OF_MEMORY, change nothing, and work once there is memory.
 */
#include "base/memory.h"
#include "client/lib/client_internal.h"
#include "policycalc/policycalc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More than half of the largest block of an arena: each needs one of its own. */
#define LARGE ((size_t)600 << 10)

static char *large_text(char letter)
{
	char *text = malloc(LARGE + 1);

	assert_non_null(text);
	memset(text, letter, LARGE);
	text[LARGE] = '\0';
	return text;
}

/* Setter number @step, with texts that fill more than a block of the arena. */
static enum pcalc_code set_one(pcalc_profile *profile, int step, char *a, char *b)
{
	pcalc_facts *facts = pcalc_profile_facts(profile);
	const char *codes[] = { a, b };
	struct pcalc_title titles[] = { { a, b }, { b, a } };
	struct pcalc_point points[] = { { a, 1 }, { b, 2 } };
	pcalc_facts *item;

	switch (step) {
	case 0:
		return pcalc_profile_set_uscc(profile, a);
	case 1:
		return pcalc_profile_set_date(profile, a);
	case 2:
		return pcalc_profile_complete_list(profile, a);
	case 3:
		item = pcalc_profile_add_item(profile, a, b);
		return item ? PCALC_OK : PCALC_OUT_OF_MEMORY;
	case 4:
		return pcalc_set_money_fen(facts, a, b, 1);
	case 5:
		return pcalc_set_ratio_ppm(facts, b, a, 2);
	case 6:
		return pcalc_set_count(facts, a, a, 3);
	case 7:
		return pcalc_set_flag(facts, b, true);
	case 8:
		return pcalc_set_code(facts, "code", a);
	case 9:
		return pcalc_set_codes(facts, "codes", codes, 2);
	case 10:
		return pcalc_set_date(facts, "date", b);
	case 11:
		return pcalc_set_text(facts, "text", b);
	case 12:
		return pcalc_set_titles(facts, "titles", titles, 2);
	case 13:
		return pcalc_set_money_series(facts, "series", points, 2);
	default:
		/* Many small facts: the lists and the blocks grow. */
		for (int i = 0; i < 40; i++) {
			char name[16];
			enum pcalc_code code;

			(void)snprintf(name, sizeof(name), "n%d", i);
			code = pcalc_set_count(facts, name, NULL, i);
			if (code != PCALC_OK)
				return code;
		}
		return PCALC_OK;
	}
}

static void profile_pack(const pcalc_profile *profile, struct buffer *out)
{
	const ProtobufCMessage *message = &profile_message(profile)->base;
	size_t size = protobuf_c_message_get_packed_size(message);

	buffer_clear(out);
	assert_true(buffer_reserve(out, size));
	out->size = protobuf_c_message_pack(message, (uint8_t *)out->data);
}

static void test_every_setter(void **state)
{
	enum { STEPS = 15 };
	char *a = large_text('a');
	char *b = large_text('b');
	struct buffer before = { 0 };
	struct buffer after = { 0 };
	unsigned long failed = 0;
	pcalc_profile *profile;

	(void)memory_fail_nth(1, 0);
	assert_null(pcalc_profile_new());
	(void)memory_fail_nth(0, 0);
	for (int step = 0; step < STEPS; step++) {
		enum pcalc_code code = PCALC_OUT_OF_MEMORY;

		for (unsigned long nth = 1; code != PCALC_OK; nth++) {
			assert_true(nth < 100);
			profile = pcalc_profile_new();
			assert_non_null(profile);
			assert_int_equal(pcalc_set_count(pcalc_profile_facts(profile), "staff",
							 NULL, 7),
					PCALC_OK);
			profile_pack(profile, &before);
			(void)memory_fail_nth(nth, nth % 2);
			code = set_one(profile, step, a, b);
			(void)memory_fail_nth(0, 0);
			profile_pack(profile, &after);
			if (code == PCALC_OK) {
				assert_true(after.size > before.size);
			} else {
				assert_int_equal(code, PCALC_OUT_OF_MEMORY);
				failed++;
			}
			/* Nothing has changed; but of forty facts some may be there. */
			if (code != PCALC_OK && step < STEPS - 1) {
				assert_int_equal(before.size, after.size);
				assert_memory_equal(before.data, after.data, before.size);
			}
			assert_int_equal(set_one(profile, step, a, b), PCALC_OK);
			pcalc_profile_free(profile);
		}
	}
	print_message("%lu allocations failed in turn\n", failed);
	assert_true(failed > 20);
	buffer_fini(&before);
	buffer_fini(&after);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_setter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
