/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, the order of news, reasons in both languages; what an enterprise wants, and how often. */
#include "push/digest.h"
#include "push/quiet.h"

#include "policycalc/v1/calculator_service.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word
#define NATURE(word) POLICYCALC__V1__NATURE__NATURE_##word
#define USCC "91411200MA40000005"

/* --- keys ------------------------------------------------------------------------------------ */

static void a_key_names_run_enterprise_and_part(void **state)
{
	unsigned char key[DIGEST_KEY_SIZE], other[DIGEST_KEY_SIZE];
	char text[2 * DIGEST_KEY_SIZE + 1];
	struct error err;

	(void)state;
	assert_true(digest_key(12, USCC, PART_RELEASED, "", key, &err));
	digest_key_print(key, text);
	/* printf '12/91411200MA40000005/released' | sha256sum */
	assert_string_equal(text,
			"b12bc17ab1f662b71f0495007d957c7df0029ec4dff3050cc066b8c05112c03b");
	assert_true(digest_key_parse(text, other));
	assert_memory_equal(key, other, DIGEST_KEY_SIZE);
	assert_true(digest_key(12, USCC, PART_HELD, "award", other, &err));
	assert_memory_not_equal(key, other, DIGEST_KEY_SIZE);
	/* What is held has a key by series. */
	digest_key_print(other, text);
	/* printf '12/91411200MA40000005/held/award' | sha256sum */
	assert_string_equal(text,
			"8e207583a5f3ad2f5512c673b3d6a0a5498cedc0c7d4a77f60edfa4c5939a278");
	assert_true(digest_key(12, USCC, PART_HELD, "loan", key, &err));
	assert_memory_not_equal(key, other, DIGEST_KEY_SIZE);
	assert_true(digest_key(13, USCC, PART_RELEASED, "", other, &err));
	assert_memory_not_equal(key, other, DIGEST_KEY_SIZE);
	assert_false(digest_key_parse("", other));
	assert_false(digest_key_parse("zz", other));
	text[5] = 'G';
	assert_false(digest_key_parse(text, other));
}

/* --- order ----------------------------------------------------------------------------------- */

static Policycalc__V1__DeltaEntry entry_of(Policycalc__V1__DeltaKind kind, const char *series,
		Policycalc__V1__AmountAnswer *amount)
{
	Policycalc__V1__DeltaEntry entry = POLICYCALC__V1__DELTA_ENTRY__INIT;

	entry.kind = kind;
	entry.series = (char *)(uintptr_t)series;
	entry.amount = amount;
	return entry;
}

static Policycalc__V1__AmountAnswer amount_of(int64_t fen, Policycalc__V1__Nature nature)
{
	Policycalc__V1__AmountAnswer amount = POLICYCALC__V1__AMOUNT_ANSWER__INIT;

	amount.exactness = EXACTNESS(EXACT);
	amount.least_fen = amount.most_fen = fen;
	amount.nature = nature;
	return amount;
}

static void the_most_valuable_comes_first(void **state)
{
	Policycalc__V1__AmountAnswer small = amount_of(100, NATURE(CASH));
	Policycalc__V1__AmountAnswer large = amount_of(900, NATURE(TAX));
	Policycalc__V1__AmountAnswer credit = amount_of(1000000, NATURE(CREDIT));
	Policycalc__V1__DeltaEntry entries[] = {
		entry_of(DELTA_KIND(LAPSED), "a", NULL),
		entry_of(DELTA_KIND(NEWLY_NEAR), "b", NULL),
		entry_of(DELTA_KIND(NEWLY_ELIGIBLE), "c", &credit),
		entry_of(DELTA_KIND(NEWLY_ELIGIBLE), "d", &small),
		entry_of(DELTA_KIND(CLOSING_SOON), "e", &large),
		entry_of(DELTA_KIND(NEWLY_ELIGIBLE), "f", NULL),
		entry_of(DELTA_KIND(NEWLY_ELIGIBLE), "aa", NULL),
	};
	Policycalc__V1__DeltaEntry *list[7];
	char order[16] = "";

	(void)state;
	for (size_t i = 0; i < 7; i++)
		list[i] = &entries[i];
	digest_sort(list, 7);
	for (size_t i = 0; i < 7; i++)
		strcat(order, list[i]->series);
	assert_string_equal(order, "edcaafba");
}

/* --- reasons --------------------------------------------------------------------------------- */

static void check_reason(const struct digest_news *news, const char *zh, const char *en)
{
	Policycalc__V1__DeltaEntry *entry;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	entry = digest_entry(news, &arena);
	assert_non_null(entry);
	assert_string_equal(entry->reason->zh, zh);
	assert_string_equal(entry->reason->en, en);
	arena_fini(&arena);
}

static void a_reason_is_one_line(void **state)
{
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__Text settled = POLICYCALC__V1__TEXT__INIT;
	Policycalc__V1__DeltaEntry card = POLICYCALC__V1__DELTA_ENTRY__INIT;
	struct told_state before = { .kind = TOLD_ELIGIBLE,
		.version = 1,
		.amount = { EXACTNESS(EXACT), 1200000 * 100ll, 1200000 * 100ll } };
	struct digest_news news = { .before = &before, .answer = &answer, .today = 20000 };

	(void)state;
	settled.zh = (char *)"3 项条件均符合";
	settled.en = (char *)"all conditions are met (3)";
	answer.settled_sentence = &settled;
	news.delta.kind = DELTA_KIND(NEWLY_ELIGIBLE);
	check_reason(&news, "3 项条件均符合", "all conditions are met (3)");
	news.delta.kind = DELTA_KIND(AMOUNT_CHANGED);
	news.delta.next.amount = (struct told_amount){ EXACTNESS(UP_TO), 0, 1505000 * 100ll };
	check_reason(&news, "可享受金额由120 万元变为最高 150.5 万元",
			"the amount goes from CNY 1200000 to up to CNY 1505000");
	news.delta.kind = DELTA_KIND(CLOSING_SOON);
	news.window_end = 20009;
	check_reason(&news, "申报窗口 2024-10-13 截止，还有 9 天",
			"applications close on 2024-10-13, in 9 days");
	news.delta.kind = DELTA_KIND(VERSION_CHANGED);
	news.delta.next.amount = before.amount;
	check_reason(&news, "政策已换新版本，仍可享受：3 项条件均符合",
			"a new version of the policy is in force and still fits: "
			"all conditions are met (3)");
	news.delta.kind = DELTA_KIND(LAPSED);
	news.delta.cause = LAPSE_CAUSE(WITHDRAWN);
	news.answer = NULL;
	news.card = &card;
	check_reason(&news, "政策已结束或撤销", "the policy has ended or was withdrawn");
}

/* --- wishes ---------------------------------------------------------------------------------- */

static void wishes_are_heard(void **state)
{
	Policycalc__V1__Subscription wish = POLICYCALC__V1__SUBSCRIPTION__INIT;
	Policycalc__V1__Kind kinds[] = { POLICYCALC__V1__KIND__KIND_LOAN };
	char *deltas[] = { (char *)"NEWLY_ELIGIBLE", (char *)"LAPSED" };

	(void)state;
	assert_true(quiet_wants(NULL, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_AWARD));
	assert_true(quiet_wants(&wish, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_AWARD));
	wish.kinds = kinds;
	wish.n_kinds = 1;
	assert_false(quiet_wants(&wish, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_AWARD));
	assert_true(quiet_wants(&wish, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_LOAN));
	wish.deltas = deltas;
	wish.n_deltas = 2;
	assert_true(quiet_wants(&wish, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_LOAN));
	assert_false(quiet_wants(
			&wish, DELTA_KIND(CLOSING_SOON), POLICYCALC__V1__KIND__KIND_LOAN));
	wish.opted_out = true;
	assert_false(quiet_wants(&wish, DELTA_KIND(LAPSED), POLICYCALC__V1__KIND__KIND_LOAN));
}

static void not_more_often_than_wished(void **state)
{
	Policycalc__V1__Subscription wish = POLICYCALC__V1__SUBSCRIPTION__INIT;

	(void)state;
	assert_int_equal(quiet_not_before(NULL, 100, 101), 0);
	wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY;
	assert_int_equal(quiet_not_before(&wish, 100, 101), 0);
	wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_WEEKLY;
	assert_int_equal(quiet_not_before(&wish, 0, 101), 0);
	assert_int_equal(quiet_not_before(&wish, 100, 101), 107);
	assert_int_equal(quiet_not_before(&wish, 100, 106), 107);
	assert_int_equal(quiet_not_before(&wish, 100, 107), 0);
	wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_MONTHLY;
	assert_int_equal(quiet_not_before(&wish, 100, 107), 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_names_run_enterprise_and_part),
		cmocka_unit_test(the_most_valuable_comes_first),
		cmocka_unit_test(a_reason_is_one_line),
		cmocka_unit_test(wishes_are_heard),
		cmocka_unit_test(not_more_often_than_wished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
