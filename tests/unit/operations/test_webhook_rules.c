/* SPDX-License-Identifier: Apache-2.0 */
/* What answers mean, how long is waited, how a receiver that fails is asked, how bodies are signed. */
#include "operations/webhook_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- answers --------------------------------------------------------------------------------- */

static void every_status(void **state)
{
	/* Each from its first status on. */
	static const struct {
		long status;
		enum webhook_fate fate;
	} spans[] = {
		{ 0, WEBHOOK_AGAIN },
		{ 200, WEBHOOK_DELIVERED },
		{ 300, WEBHOOK_DEAD },
		{ 408, WEBHOOK_AGAIN },
		{ 409, WEBHOOK_DEAD },
		{ 425, WEBHOOK_AGAIN },
		{ 426, WEBHOOK_DEAD },
		{ 429, WEBHOOK_AGAIN },
		{ 430, WEBHOOK_DEAD },
		{ 500, WEBHOOK_AGAIN },
		{ 1000, WEBHOOK_AGAIN },
	};
	size_t span = 0;

	(void)state;
	for (long status = 0; status < 1000; status++) {
		if (spans[span + 1].status == status)
			span++;
		if (webhook_judge(status) != spans[span].fate)
			fail_msg("%ld: %d", status, (int)webhook_judge(status));
	}
}

/* --- waiting --------------------------------------------------------------------------------- */

static void waits_are_doubled_and_bounded(void **state)
{
	static const int64_t most_ms[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	const struct webhook_pacing pacing = { .first_ms = 1000, .most_ms = 60000, .seed = 7 };

	(void)state;
	for (unsigned tries = 1; tries <= 8; tries++) {
		int64_t least = INT64_MAX, most = 0;
		char key[16];

		for (int i = 0; i < 1000; i++) {
			int64_t wait;

			(void)snprintf(key, sizeof(key), "key %d", i);
			wait = webhook_backoff_ms(&pacing, key, tries);
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		/* Between a half and the whole, and all over it. */
		assert_in_range(least, most_ms[tries - 1] / 2, most_ms[tries - 1] * 51 / 100);
		assert_in_range(most, most_ms[tries - 1] * 99 / 100, most_ms[tries - 1]);
	}
	/* However often it is tried. */
	assert_in_range(webhook_backoff_ms(&pacing, "k", 4000000000u), 30000, 60000);
}

static void waits_hang_on_the_seed(void **state)
{
	const struct webhook_pacing a = { .first_ms = 100000, .most_ms = 1000000, .seed = 1 };
	const struct webhook_pacing b = { .first_ms = 100000, .most_ms = 1000000, .seed = 2 };

	(void)state;
	assert_int_equal(webhook_backoff_ms(&a, "k", 2), webhook_backoff_ms(&a, "k", 2));
	assert_int_not_equal(webhook_backoff_ms(&a, "k", 2), webhook_backoff_ms(&b, "k", 2));
	assert_int_not_equal(webhook_backoff_ms(&a, "k", 2), webhook_backoff_ms(&a, "l", 2));
	/* Figures of another implementation of the same arithmetic. */
	assert_int_equal(webhook_backoff_ms(&a, "k", 1), 72570);
	assert_int_equal(webhook_backoff_ms(&a, "k", 2), 172225);
	assert_int_equal(webhook_backoff_ms(&a, "k", 3), 287190);
}

static void retry_after_is_kept_to(void **state)
{
	const struct webhook_pacing pacing = { .first_ms = 1000, .most_ms = 60000, .seed = 7 };
	int64_t own = webhook_backoff_ms(&pacing, "k", 3);

	(void)state;
	assert_int_equal(webhook_wait_ms(&pacing, "k", 3, 0), own);
	assert_int_equal(webhook_wait_ms(&pacing, "k", 3, 1), own);
	assert_int_equal(webhook_wait_ms(&pacing, "k", 3, 120000), 120000);
	assert_int_equal(webhook_wait_ms(&pacing, "k", 3, INT64_MAX), 86400000);
}

/* --- how the receiver does ------------------------------------------------------------------- */

static void a_receiver_that_is_down(void **state)
{
	const struct webhook_pacing pacing = {
		.first_ms = 1000, .most_ms = 3600000, .seed = 7
	};
	struct webhook_health health = { 0 };
	int64_t now = 1000000;

	(void)state;
	for (int i = 0; i < WEBHOOK_DOWN_AFTER - 1; i++) {
		webhook_health_note(&health, &pacing, WEBHOOK_AGAIN, 0, now);
		assert_false(webhook_health_is_down(&health));
		assert_int_equal(webhook_health_room(&health, 8, 3, now), 5);
	}
	webhook_health_note(&health, &pacing, WEBHOOK_AGAIN, 0, now);
	assert_true(webhook_health_is_down(&health));
	/* Nothing for a while, then one at a time, with pauses that grow to a minute. */
	for (int i = 0; i < 12; i++) {
		int64_t whole = 1000 << i > 60000 ? 60000 : 1000 << i;

		assert_int_equal(webhook_health_room(&health, 8, 0, now), 0);
		assert_in_range(health.not_before_ms - now, whole / 2, whole);
		now = health.not_before_ms;
		assert_int_equal(webhook_health_room(&health, 8, 0, now), 1);
		assert_int_equal(webhook_health_room(&health, 8, 1, now), 0);
		/* What the receiver refuses for good is no sign that it is well. */
		webhook_health_note(
				&health, &pacing, i % 2 ? WEBHOOK_DEAD : WEBHOOK_AGAIN, 0, now);
	}
	webhook_health_note(&health, &pacing, WEBHOOK_DELIVERED, 0, now);
	assert_false(webhook_health_is_down(&health));
	now = health.not_before_ms;
	assert_int_equal(webhook_health_room(&health, 8, 8, now), 0);
	assert_int_equal(webhook_health_room(&health, 8, 0, now), 8);
}

static void a_receiver_that_asks_for_time(void **state)
{
	const struct webhook_pacing pacing = { .first_ms = 1000, .most_ms = 60000, .seed = 7 };
	struct webhook_health health = { 0 };

	(void)state;
	webhook_health_note(&health, &pacing, WEBHOOK_AGAIN, 30000, 5000);
	assert_int_equal(webhook_health_room(&health, 8, 0, 34999), 0);
	assert_int_equal(webhook_health_room(&health, 8, 0, 35000), 8);
	/* One that answers meanwhile does not take it back. */
	webhook_health_note(&health, &pacing, WEBHOOK_DELIVERED, 0, 6000);
	assert_int_equal(webhook_health_room(&health, 8, 0, 34999), 0);
	webhook_health_note(&health, &pacing, WEBHOOK_AGAIN, INT64_MAX, 6000);
	assert_int_equal(health.not_before_ms, 6000 + 86400000);
}

/* --- the signature --------------------------------------------------------------------------- */

/* Made with: printf '%s' '1764230400.{"key":"00"}' | openssl dgst -sha256 -hmac SECRET */
static void signatures(void **state)
{
	static const struct {
		const char *secret, *body, *signature;
		int64_t timestamp;
	} cases[] = {
		{ "0123456789abcdef", "{\"key\":\"00\"}",
				"f74fc40718d00bbe36133b86ce49a12d9ae626109999cc0414adadef2420fd"
				"03",
				1764230400 },
		{ "0123456789abcdef", "",
				"9b9567f7a6e6e3243d8c5c66dde94f7df77b79d6edb3dee210c5778814cfac"
				"a0",
				0 },
		{ "\xe5\xaf\x86\xe9\x92\xa5", "\xe6\x94\xbf\xe7\xad\x96",
				"cfbe05ce1bbf4b3c3fa487c09f4aa20933bae4db1e4baca0b2b955363714f6"
				"b4",
				1764230400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char signature[WEBHOOK_SIGNATURE_SIZE];
		struct error err;

		assert_true(webhook_sign(slice_from(cases[i].secret), cases[i].timestamp,
				slice_from(cases[i].body), signature, &err));
		assert_string_equal(signature, cases[i].signature);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status),
		cmocka_unit_test(waits_are_doubled_and_bounded),
		cmocka_unit_test(waits_hang_on_the_seed),
		cmocka_unit_test(retry_after_is_kept_to),
		cmocka_unit_test(a_receiver_that_is_down),
		cmocka_unit_test(a_receiver_that_asks_for_time),
		cmocka_unit_test(signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
