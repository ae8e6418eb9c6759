/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_push.h"

#include "fixture.h"

static enum pcalc_code code_of(const void *handle, const struct pcalc_failure *failure)
{
	if (!handle)
		assert_int_not_equal(failure->code, PCALC_OK);
	return handle ? PCALC_OK : failure->code;
}

enum pcalc_code use_run(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const policies[] = { "a", "b" };
	struct pcalc_run_options options = { .policies = policies, .policy_count = 2 };
	pcalc_run *run = pcalc_run_start(client, &options, failure);
	enum pcalc_code code = code_of(run, failure);

	if (run)
		assert_string_equal(pcalc_run_policy(run, 1), "b");
	pcalc_run_free(run);
	return code;
}

enum pcalc_code use_runs(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_runs *runs = pcalc_runs_list(client, failure);
	enum pcalc_code code = code_of(runs, failure);

	/* Two pages or nothing: never the half of it. */
	if (runs)
		assert_int_equal(pcalc_runs_count(runs), 4);
	pcalc_runs_free(runs);
	return code;
}

enum pcalc_code use_watch(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_watch *watch = pcalc_watch_open(client, 0, failure);
	enum pcalc_code code = code_of(watch, failure);
	struct pcalc_run_progress progress = { .run = { .id = 1 } };
	int64_t done = -1;

	while (code == PCALC_OK && progress.run.id) {
		if (!pcalc_watch_receive(watch, &progress, failure))
			code = code_of(NULL, failure);
		else if (progress.run.id)
			done = progress.run.done;
	}
	/* An end that comes too early is said. */
	if (code == PCALC_OK)
		assert_int_equal(done, 100);
	pcalc_watch_free(watch);
	return code;
}

enum pcalc_code use_pull(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_pull_options options = { .consumer = "me" };
	pcalc_pull *pull = pcalc_pull_open(client, &options, failure);
	enum pcalc_code code = code_of(pull, failure);
	struct pcalc_lease lease = { .key = "" };
	int count = 0;

	while (code == PCALC_OK && lease.key) {
		pcalc_receipt *receipt = NULL;
		pcalc_digest *digest = NULL;
		struct pcalc_ack ack;

		if (!pcalc_pull_receive(pull, &lease, failure)) {
			code = code_of(NULL, failure);
		} else if (lease.key) {
			count++;
			digest = pcalc_digest_decode(lease.digest, lease.digest_size, failure);
			code = code_of(digest, failure);
		}
		if (digest) {
			ack = (struct pcalc_ack){ lease.key, lease.lease, false };
			receipt = pcalc_deliveries_ack(client, &ack, 1, failure);
			code = code_of(receipt, failure);
		}
		pcalc_receipt_free(receipt);
		pcalc_digest_free(digest);
	}
	if (code == PCALC_OK)
		assert_int_equal(count, 3);
	pcalc_pull_free(pull);
	return code;
}

enum pcalc_code use_deliveries(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_deliveries *list = pcalc_deliveries_list(client, NULL, failure);
	enum pcalc_code code = code_of(list, failure);

	if (list)
		assert_int_equal(pcalc_deliveries_count(list), 6);
	pcalc_deliveries_free(list);
	return code;
}

enum pcalc_code use_confirm(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_decision decision = { .series = "a", .confirmed_by = "b" };
	pcalc_receipt *receipt = pcalc_deliveries_confirm(client, &decision, failure);
	enum pcalc_code code = code_of(receipt, failure);

	if (receipt)
		assert_int_equal(pcalc_receipt_count(receipt), 40);
	pcalc_receipt_free(receipt);
	return code;
}

enum pcalc_code use_subscription(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_subscription *now = pcalc_subscription_get(client, "91410300665989305X", failure);
	enum pcalc_code code = code_of(now, failure);
	pcalc_subscription *then = NULL;
	struct pcalc_wish wish;

	if (now) {
		wish = pcalc_subscription_wish(now);
		then = pcalc_subscription_set(client, &wish, failure);
		code = code_of(then, failure);
	}
	pcalc_subscription_free(now);
	pcalc_subscription_free(then);
	return code;
}

enum pcalc_code use_find(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_find_options options = { .policy = "a" };
	pcalc_find *find = pcalc_find_open(client, &options, failure);
	enum pcalc_code code = code_of(find, failure);
	struct pcalc_found found = { .part = PCALC_FIND_FIRM };
	int count = 0;

	while (code == PCALC_OK && found.part != PCALC_FIND_END) {
		if (!pcalc_find_receive(find, &found, failure))
			code = code_of(NULL, failure);
		else
			count += found.part == PCALC_FIND_FIRM;
	}
	if (code == PCALC_OK) {
		assert_int_equal(count, 2);
		assert_int_equal(pcalc_find_count(find, PCALC_VERDICT_ELIGIBLE), 40);
	}
	pcalc_find_free(find);
	return code;
}

enum pcalc_code use_report(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_report_options options = { .kind = PCALC_REPORT_COVERAGE, .names = true };
	pcalc_report *report = pcalc_report_get(client, &options, failure);
	enum pcalc_code code = code_of(report, failure);
	struct pcalc_coverage coverage;

	/* All of its enterprises or nothing. */
	if (report) {
		assert_true(pcalc_report_coverage(report, &coverage));
		assert_int_equal(coverage.firm_count, 12);
	}
	pcalc_report_free(report);
	return code;
}

enum pcalc_code use_simulate(pcalc_client *client, struct pcalc_failure *failure)
{
	static const struct pcalc_file draft[] = { { "a.yaml", "x", 1 },
		{ "b.yaml", "yy", 2 } };
	pcalc_simulation *simulation = pcalc_simulate(client, draft, 2, NULL, failure);
	enum pcalc_code code = code_of(simulation, failure);

	if (simulation)
		assert_int_equal(pcalc_simulation_summary_get(simulation).enterprises, 3);
	pcalc_simulation_free(simulation);
	return code;
}
