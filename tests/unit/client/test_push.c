/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, deliveries and wishes through the library, against fake_push.py. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#define A "91410300665989305X"

static char *key_of(int number)
{
	static char text[65];

	(void)snprintf(text, sizeof(text), "%064x", (unsigned)number);
	return text;
}

/* --- runs ------------------------------------------------------------------------------------- */

static void test_start(void **state)
{
	static const char *const policies[] = { "a", "b" };
	struct pcalc_run_options options = {
		.policies = policies,
		.policy_count = 2,
		.changed_only = true,
		.since_revision = 2,
		.as_of = "2026-03-03",
		.revision = 1,
		.dry_run = true,
		.note = "第一次",
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_run *run = pcalc_run_start(client, &options, &failure);
	struct pcalc_run_summary summary;

	assert_non_null(run);
	summary = pcalc_run_summary_get(run);
	assert_int_equal(summary.id, 7);
	assert_int_equal(summary.state, PCALC_RUN_RUNNING);
	assert_int_equal(summary.revision, 3);
	assert_string_equal(summary.as_of, "2026-03-04");
	assert_true(summary.changed_only && summary.silent);
	assert_int_equal(summary.since_revision, 2);
	assert_string_equal(summary.note, "第一次");
	assert_string_equal(summary.reason, "2026-03-03 1");
	assert_string_equal(summary.finished_at, "");
	assert_string_equal(pcalc_run_policy(run, 1), "b");
	assert_null(pcalc_run_policy(run, 2));
	pcalc_run_free(run);

	run = pcalc_run_start(client, NULL, &failure);
	assert_non_null(run);
	assert_null(pcalc_run_policy(run, 0));
	assert_false(pcalc_run_summary_get(run).silent);
	pcalc_run_free(run);

	options.note = "BUSY";
	assert_null(pcalc_run_start(client, &options, &failure));
	assert_int_equal(failure.code, PCALC_ABORTED);
	assert_string_equal(failure.message, "run 7 is going on");
	options.note = "EMPTY";
	assert_null(pcalc_run_start(client, &options, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	assert_null(pcalc_run_start(client, &options, NULL));
	pcalc_free(client);
}

static void test_read(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_run *run = pcalc_run_get(client, 0, &failure);
	struct pcalc_run_summary summary;
	struct pcalc_run_count count;
	pcalc_runs *runs;

	assert_non_null(run);
	summary = pcalc_run_summary_get(run);
	assert_int_equal(summary.state, PCALC_RUN_FINISHED);
	assert_int_equal(summary.deliveries, 3);
	assert_int_equal(summary.errors, 1);
	assert_int_equal(summary.count_count, 2);
	assert_true(pcalc_run_count(run, 0, &count));
	assert_string_equal(count.series, "a");
	assert_int_equal(count.kind, PCALC_NEWS_NEWLY_ELIGIBLE);
	assert_int_equal(count.count, 2);
	assert_int_equal(count.amount_fen, 500);
	assert_true(pcalc_run_count(run, 1, &count));
	assert_int_equal(count.kind, PCALC_NEWS_LAPSED);
	assert_false(pcalc_run_count(run, 2, &count));
	pcalc_run_free(run);
	assert_null(pcalc_run_get(client, 8, &failure));
	assert_int_equal(failure.code, PCALC_NOT_FOUND);

	run = pcalc_run_cancel(client, 5, &failure);
	assert_non_null(run);
	assert_int_equal(pcalc_run_summary_get(run).id, 5);
	assert_int_equal(pcalc_run_summary_get(run).state, PCALC_RUN_CANCELLED);
	pcalc_run_free(run);

	/* Two pages. */
	runs = pcalc_runs_list(client, &failure);
	assert_non_null(runs);
	assert_int_equal(pcalc_runs_count(runs), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(pcalc_runs_get(runs, i, &summary));
		assert_int_equal(summary.id, 9 - (int64_t)i);
	}
	assert_false(pcalc_runs_get(runs, 4, &summary));
	pcalc_runs_free(runs);
	pcalc_runs_free(NULL);
	pcalc_run_free(NULL);
	pcalc_free(client);
}

static void test_watch(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_watch *watch = pcalc_watch_open(client, 0, &failure);
	struct pcalc_run_progress progress;
	const char *as_of = NULL;

	assert_non_null(watch);
	for (int64_t done = 0; done <= 100; done += 50) {
		assert_true(pcalc_watch_receive(watch, &progress, &failure));
		assert_int_equal(progress.run.id, 7);
		assert_int_equal(progress.run.done, done);
		assert_int_equal(progress.rate, 10);
		assert_int_equal(progress.left_seconds, (100 - done) / 10);
		as_of = progress.run.as_of;
	}
	assert_int_equal(progress.run.state, PCALC_RUN_FINISHED);
	assert_true(pcalc_watch_receive(watch, &progress, &failure));
	assert_int_equal(progress.run.id, 0);
	/* The last step stays until the watch is freed. */
	assert_string_equal(as_of, "2026-03-04");
	pcalc_watch_free(watch);

	watch = pcalc_watch_open(client, 99, &failure);
	assert_true(pcalc_watch_receive(watch, &progress, &failure));
	assert_false(pcalc_watch_receive(watch, &progress, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	pcalc_watch_free(watch);

	/* Given up in the middle; the client goes on. */
	watch = pcalc_watch_open(client, 0, &failure);
	assert_true(pcalc_watch_receive(watch, &progress, &failure));
	pcalc_watch_free(watch);
	pcalc_watch_free(NULL);
	pcalc_run_free(pcalc_run_get(client, 0, &failure));
	pcalc_free(client);
}

/* --- deliveries ------------------------------------------------------------------------------- */

static void check_digest(const pcalc_digest *digest, const char *key)
{
	struct pcalc_digest_summary summary = pcalc_digest_summary_get(digest);
	struct pcalc_news news;

	assert_string_equal(summary.key, key);
	assert_string_equal(summary.uscc, A);
	assert_string_equal(summary.name, "演示公司");
	assert_string_equal(summary.region, "411282");
	assert_int_equal(summary.run, 7);
	assert_string_equal(summary.disclaimer.zh, "以主管部门审核为准");
	assert_int_equal(summary.news_count, 2);
	assert_int_equal(summary.replaces_count, 1);
	assert_string_equal(pcalc_digest_replaces(digest, 0), key_of(90));
	assert_null(pcalc_digest_replaces(digest, 1));

	assert_true(pcalc_digest_news(digest, 0, &news));
	assert_int_equal(news.kind, PCALC_NEWS_AMOUNT_CHANGED);
	assert_string_equal(news.series, "a");
	assert_string_equal(news.policy, "a-2026");
	assert_string_equal(news.title.zh, "甲");
	assert_int_equal(news.policy_kind, 3);
	assert_int_equal(news.department_count, 2);
	assert_string_equal(news.departments[1], "财政局");
	assert_true(news.has_before);
	assert_int_equal(news.before_fen, 100);
	assert_int_equal(news.amount.most_fen, 200);
	assert_string_equal(news.deadline, "2026-12-31");
	assert_string_equal(news.reason.zh, "2 项条件均符合");
	assert_false(news.has_near);

	assert_true(pcalc_digest_news(digest, 1, &news));
	assert_int_equal(news.kind, PCALC_NEWS_LAPSED);
	assert_int_equal(news.cause, PCALC_LAPSE_CONDITION);
	assert_false(news.has_before);
	assert_int_equal(news.amount.exactness, PCALC_EXACTNESS_UNSPECIFIED);
	assert_true(news.has_near);
	assert_string_equal(news.near.sentence.zh, "差 1 人");
	assert_int_equal(news.near.change_count, 1);
	assert_false(pcalc_digest_news(digest, 2, &news));
}

static void test_pull(void **state)
{
	static const int kinds[] = { 3, 1 };
	struct pcalc_pull_options options = { .consumer = "me",
		.lease_seconds = 60,
		.region = "4112",
		.kinds = kinds,
		.kind_count = 2 };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_pull *pull = pcalc_pull_open(client, &options, &failure);
	struct pcalc_lease lease;
	pcalc_receipt *receipt;
	pcalc_digest *digest;

	assert_non_null(pull);
	for (int i = 1; i <= 3; i++) {
		struct pcalc_ack ack;

		assert_true(pcalc_pull_receive(pull, &lease, &failure));
		assert_string_equal(lease.key, key_of(i));
		assert_string_equal(lease.lease, "me-60-4112-[3, 1]");
		assert_string_equal(lease.leased_until, "2026-03-04T05:06:07Z");
		assert_int_equal(lease.attempts, i - 1);
		digest = pcalc_digest_decode(lease.digest, lease.digest_size, &failure);
		assert_non_null(digest);
		check_digest(digest, lease.key);
		pcalc_digest_free(digest);
		/* Another call while the pull is open. */
		ack = (struct pcalc_ack){ lease.key, lease.lease, false };
		receipt = pcalc_deliveries_ack(client, &ack, 1, &failure);
		assert_non_null(receipt);
		assert_int_equal(pcalc_receipt_count(receipt), 1);
		pcalc_receipt_free(receipt);
	}
	assert_true(pcalc_pull_receive(pull, &lease, &failure));
	assert_null(lease.key);
	pcalc_pull_free(pull);

	/* What came before the connection was lost may be acknowledged. */
	options.consumer = "LOST";
	pull = pcalc_pull_open(client, &options, &failure);
	assert_true(pcalc_pull_receive(pull, &lease, &failure));
	assert_false(pcalc_pull_receive(pull, &lease, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	assert_string_equal(lease.key, key_of(1));
	pcalc_pull_free(pull);

	options.consumer = "BAD";
	options.limit = 1;
	pull = pcalc_pull_open(client, &options, &failure);
	assert_true(pcalc_pull_receive(pull, &lease, &failure));
	assert_null(pcalc_digest_decode(lease.digest, lease.digest_size, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	pcalc_pull_free(pull);
	pcalc_pull_free(NULL);
	pcalc_digest_free(NULL);
	pcalc_free(client);
}

static void test_receipts(void **state)
{
	static const char *const keys[] = { "k1", "k2" };
	const struct pcalc_ack acks[] = { { "a", "mine", false }, { "b", "other", false },
		{ "c", "mine", true } };
	struct pcalc_decision decision = { .keys = keys,
		.key_count = 2,
		.refuse = true,
		.confirmed_by = "科技局 王",
		.note = "材料不全" };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_receipt *receipt = pcalc_deliveries_ack(client, acks, 3, &failure);
	struct pcalc_delivery_status status;

	assert_non_null(receipt);
	assert_int_equal(pcalc_receipt_count(receipt), 2);
	assert_true(pcalc_receipt_other(receipt, 0, &status));
	assert_string_equal(status.key, "b");
	assert_int_equal(status.state, PCALC_DELIVERY_LEASED);
	assert_string_equal(status.reason, "it is leased to somebody else");
	assert_true(pcalc_receipt_other(receipt, 1, &status));
	assert_string_equal(status.key, "c");
	assert_false(pcalc_receipt_other(receipt, 2, &status));
	pcalc_receipt_free(receipt);

	receipt = pcalc_deliveries_confirm(client, &decision, &failure);
	assert_non_null(receipt);
	assert_int_equal(pcalc_receipt_count(receipt), 2);
	assert_true(pcalc_receipt_other(receipt, 0, &status));
	assert_string_equal(status.key, " True 科技局 王 材料不全");
	pcalc_receipt_free(receipt);
	decision = (struct pcalc_decision){ .series = "a", .confirmed_by = "王" };
	receipt = pcalc_deliveries_confirm(client, &decision, &failure);
	assert_non_null(receipt);
	assert_int_equal(pcalc_receipt_count(receipt), 40);
	assert_true(pcalc_receipt_other(receipt, 0, &status));
	assert_string_equal(status.key, "a False 王 ");
	pcalc_receipt_free(receipt);
	pcalc_receipt_free(NULL);
	pcalc_free(client);
}

static void test_list(void **state)
{
	struct pcalc_delivery_filter filter = {
		.uscc = A, .state = PCALC_DELIVERY_HELD, .run = 7, .series = "a", .limit = 3
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_deliveries *list = pcalc_deliveries_list(client, &filter, &failure);
	struct pcalc_delivery delivery;

	assert_non_null(list);
	assert_int_equal(pcalc_deliveries_count(list), 3);
	for (int i = 0; i < 3; i++) {
		assert_true(pcalc_deliveries_get(list, (size_t)i, &delivery));
		assert_string_equal(delivery.key, key_of(i));
		assert_int_equal(delivery.state, PCALC_DELIVERY_HELD);
		assert_string_equal(delivery.created_at, "2026-03-04T05:06:07Z");
		assert_string_equal(delivery.not_before, "2026-03-04");
		assert_int_equal(delivery.attempts, 2);
		assert_string_equal(delivery.by, A " 7 a");
		assert_string_equal(delivery.reason, "the receiver answered 503");
		assert_int_equal(delivery.tries, 3 + i);
		assert_string_equal(delivery.next_try_at, "2026-03-04T06:06:07Z");
		check_digest(pcalc_deliveries_digest(list, (size_t)i), delivery.key);
	}
	assert_false(pcalc_deliveries_get(list, 3, &delivery));
	assert_null(pcalc_deliveries_digest(list, 3));
	pcalc_deliveries_free(list);

	list = pcalc_deliveries_list(client, NULL, &failure);
	assert_non_null(list);
	assert_int_equal(pcalc_deliveries_count(list), 6);
	pcalc_deliveries_free(list);
	pcalc_deliveries_free(NULL);

	filter.series = "BARE";
	assert_null(pcalc_deliveries_list(client, &filter, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	pcalc_free(client);
}

/* --- wishes ----------------------------------------------------------------------------------- */

/* A service that names the same next page for ever is asked for it once. */
static void test_repeated_pages(void **state)
{
	const struct pcalc_delivery_filter filter = { .limit = 1000 };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_deliveries *deliveries;
	pcalc_attributes *attributes;
	pcalc_revisions *revisions;
	pcalc_policies *policies;
	pcalc_runs *runs;
	char path[512];
	FILE *stuck;

	(void)snprintf(path, sizeof(path), "%s.stuck", server_named("POLICYCALC_TEST_CALLS"));
	stuck = fopen(path, "w");
	assert_non_null(stuck);
	assert_int_equal(fclose(stuck), 0);
	deliveries = pcalc_deliveries_list(client, &filter, &failure);
	attributes = pcalc_attributes_list(client, &failure);
	revisions = pcalc_catalog_revisions(client, &failure);
	policies = pcalc_policies_list(client, NULL, &failure);
	runs = pcalc_runs_list(client, &failure);
	assert_int_equal(remove(path), 0);
	assert_true(deliveries && attributes && revisions && policies && runs);
	assert_int_equal(pcalc_deliveries_count(deliveries), 4);
	assert_int_equal(pcalc_attributes_count(attributes), 2);
	assert_int_equal(pcalc_revisions_count(revisions), 2);
	assert_int_equal(pcalc_policies_count(policies), 2);
	assert_int_equal(pcalc_runs_count(runs), 4);
	pcalc_deliveries_free(deliveries);
	pcalc_attributes_free(attributes);
	pcalc_revisions_free(revisions);
	pcalc_policies_free(policies);
	pcalc_runs_free(runs);
	pcalc_free(client);
}

static void test_subscription(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_subscription *now = pcalc_subscription_get(client, A, &failure);
	pcalc_subscription *then;
	struct pcalc_warning warning;
	struct pcalc_wish wish;

	assert_non_null(now);
	wish = pcalc_subscription_wish(now);
	assert_string_equal(wish.uscc, A);
	assert_false(wish.opted_out);
	assert_int_equal(wish.kind_count, 2);
	assert_int_equal(wish.kinds[0], 3);
	assert_int_equal(wish.frequency, PCALC_FREQUENCY_WEEKLY);
	assert_int_equal(wish.news_count, 1);
	assert_string_equal(wish.news[0], "LAPSED");
	assert_false(pcalc_subscription_warning(now, 0, &warning));

	/* What was read can be changed and set. */
	wish.opted_out = true;
	wish.frequency = PCALC_FREQUENCY_MONTHLY;
	then = pcalc_subscription_set(client, &wish, &failure);
	assert_non_null(then);
	pcalc_subscription_free(now);
	wish = pcalc_subscription_wish(then);
	assert_string_equal(wish.uscc, A);
	assert_true(wish.opted_out);
	assert_int_equal(wish.kinds[1], 1);
	assert_int_equal(wish.frequency, PCALC_FREQUENCY_MONTHLY);
	assert_string_equal(wish.news[0], "LAPSED");
	assert_true(pcalc_subscription_warning(then, 0, &warning));
	assert_string_equal(warning.reason, "NOTHING_LEFT");
	assert_false(pcalc_subscription_warning(then, 1, &warning));
	pcalc_subscription_free(then);
	pcalc_subscription_free(NULL);
	assert_null(pcalc_subscription_get(client, "x", &failure));
	assert_int_equal(failure.code, PCALC_NOT_FOUND);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_pull),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_repeated_pages),
		cmocka_unit_test(test_subscription),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
