/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client library without memory: for every public function that allocates, each of its
 * allocations is failed in turn, alone and with all that follow. It must say PCALC_OUT_OF_MEMORY,
 * leave nothing behind (the sanitizer looks), and work again once there is memory, on the same
 * client.
 */
#include "base/memory.h"
#include "effort.h"
#include "fixture.h"
#include "memory_push.h"

#include <stdio.h>
#include <string.h>

/* One way to use a client. Frees all that it made; the code of what failed first. */
typedef enum pcalc_code (*use_fn)(pcalc_client *client, struct pcalc_failure *failure);

static const struct pcalc_file draft[] = {
	{ "attributes.yaml", "x", 1 },
	{ "policies/a.yaml", "yy", 2 },
};

static enum pcalc_code code_of(const void *handle, const struct pcalc_failure *failure)
{
	if (!handle)
		assert_int_not_equal(failure->code, PCALC_OK);
	return handle ? PCALC_OK : failure->code;
}

static enum pcalc_code use_policies(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_policy_filter filter = { .search = "科技", .as_of = "2026-01-01" };
	pcalc_policies *policies = pcalc_policies_list(client, &filter, failure);
	enum pcalc_code code = code_of(policies, failure);

	if (policies)
		assert_int_equal(pcalc_policies_count(policies), 1);
	pcalc_policies_free(policies);
	return code;
}

static enum pcalc_code use_policy(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_policy *policy = pcalc_policy_get(client, "p1", NULL, failure);
	enum pcalc_code code = code_of(policy, failure);

	if (policy)
		assert_string_equal(pcalc_policy_summary_get(policy).id, "p1");
	pcalc_policy_free(policy);
	return code;
}

static enum pcalc_code use_guide(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const ids[] = { "p1" };
	pcalc_guide *guide = pcalc_guide_get(client, ids, 1, "2026-03-01", failure);
	enum pcalc_code code = code_of(guide, failure);

	if (guide)
		assert_int_equal(pcalc_guide_total_get(guide).step_count, 2);
	pcalc_guide_free(guide);
	return code;
}

static enum pcalc_code use_attributes(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_attributes *attributes = pcalc_attributes_list(client, failure);
	enum pcalc_code code = code_of(attributes, failure);

	/* Two pages or nothing: never the half of it. */
	if (attributes)
		assert_int_equal(pcalc_attributes_count(attributes), 2);
	pcalc_attributes_free(attributes);
	return code;
}

static enum pcalc_code use_revisions(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_revisions *revisions = pcalc_catalog_revisions(client, failure);
	enum pcalc_code code = code_of(revisions, failure);

	if (revisions)
		assert_int_equal(pcalc_revisions_count(revisions), 1);
	pcalc_revisions_free(revisions);
	return code;
}

static enum pcalc_code use_export(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_files *files = pcalc_catalog_export(client, 0, failure);
	enum pcalc_code code = code_of(files, failure);

	if (files)
		assert_int_equal(pcalc_files_count(files), 2);
	pcalc_files_free(files);
	return code;
}

static enum pcalc_code use_check(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_check *check = pcalc_catalog_check(client, draft, 2, true, failure);
	enum pcalc_code code = code_of(check, failure);

	if (check)
		assert_int_equal(pcalc_check_count(check), 1);
	pcalc_check_free(check);
	return code;
}

static enum pcalc_code use_publish(pcalc_client *client, struct pcalc_failure *failure)
{
	struct pcalc_publish_options options = {
		.base_revision = 2, .author = "a", .note = "n"
	};
	int64_t number = -1;
	bool unchanged = true;

	if (!pcalc_catalog_publish(client, draft, 2, &options, &number, &unchanged, failure)) {
		assert_int_equal(number, -1);
		return code_of(NULL, failure);
	}
	assert_int_equal(number, 3);
	assert_false(unchanged);
	return PCALC_OK;
}

/* The answer is a failure with two details: all of it is told, or that memory was short. */
static enum pcalc_code use_details(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_answers *answers = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;

	if (profile)
		code = pcalc_profile_set_uscc(profile, "WRONG");
	if (code == PCALC_OK) {
		answers = pcalc_match(client, profile, NULL, failure);
		assert_null(answers);
		code = failure->code;
	}
	pcalc_profile_free(profile);
	if (code != PCALC_INVALID_ARGUMENT)
		return code;
	assert_int_equal(failure->detail_count, 2);
	assert_string_equal(failure->message, "请求有误: 2 处");
	assert_string_equal(failure->details[0].field, "profile.attributes[0].value");
	return PCALC_OK;
}

static enum pcalc_code use_match(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const policies[] = { "a", "b" };
	struct pcalc_match_options options = {
		.as_of = "2026-03-04", .combine = true, .policies = policies, .policy_count = 2
	};
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_facts *item;
	pcalc_answers *answers = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;

	if (profile)
		code = pcalc_set_money_fen(
				pcalc_profile_facts(profile), "revenue", "2025", 3800);
	if (code == PCALC_OK) {
		item = pcalc_profile_add_item(profile, "projects", "p1");
		code = item ? pcalc_set_count(item, "n", NULL, 5) : PCALC_OUT_OF_MEMORY;
	}
	if (code == PCALC_OK) {
		answers = pcalc_match(client, profile, &options, failure);
		code = code_of(answers, failure);
	}
	if (answers) {
		assert_int_equal(pcalc_answers_count(answers), 1);
		assert_non_null(pcalc_answers_combination(answers));
	}
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	return code;
}

static enum pcalc_code use_combine(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const policies[] = { "a", "b" };
	struct pcalc_combine_options options = {
		.as_of = "2026-03-04", .policies = policies, .policy_count = 2
	};
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_combination *combination = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;

	if (profile)
		code = pcalc_set_money_fen(
				pcalc_profile_facts(profile), "revenue", "2025", 3800);
	if (code == PCALC_OK) {
		combination = pcalc_combine(client, profile, &options, failure);
		code = code_of(combination, failure);
	}
	if (combination)
		assert_int_equal(pcalc_combination_get_choice(combination, PCALC_CHOICE_SURE)
						 .first_year_fen,
				1900);
	pcalc_combination_free(combination);
	pcalc_profile_free(profile);
	return code;
}

static enum pcalc_code use_question(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const policies[] = { "a", "b" };
	struct pcalc_question_options options = { .policies = policies, .policy_count = 2 };
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_question *question = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;

	if (profile)
		code = pcalc_set_money_fen(
				pcalc_profile_facts(profile), "revenue", "2025", 3800);
	if (code == PCALC_OK) {
		question = pcalc_next_question(client, profile, &options, failure);
		code = code_of(question, failure);
	}
	if (question)
		assert_int_equal(pcalc_question_count(question), 2);
	pcalc_question_free(question);
	pcalc_profile_free(profile);
	return code;
}

/* A large answer: buffers and arenas must grow on the way. */
static enum pcalc_code use_large_match(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_answers *answers = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;

	if (profile)
		code = pcalc_profile_set_uscc(profile, "LARGE");
	if (code == PCALC_OK) {
		answers = pcalc_match(client, profile, NULL, failure);
		code = code_of(answers, failure);
	}
	if (answers)
		assert_int_equal(pcalc_answers_count(answers), 2000);
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	return code;
}

/* Three questions, all sent before the first answer is taken; then the end. */
static enum pcalc_code use_stream(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_match_stream *stream = NULL;
	pcalc_answers *answers = NULL;
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;
	int sent = 0;

	if (!profile || pcalc_set_money_fen(pcalc_profile_facts(profile), "revenue", "2025",
					1) != PCALC_OK)
		goto out;
	stream = pcalc_match_stream_open(client, failure);
	code = code_of(stream, failure);
	if (!stream)
		goto out;
	while (sent < 3 && pcalc_match_stream_send(stream, "q", profile, NULL, failure))
		sent++;
	pcalc_match_stream_finish(stream);
	for (int i = 0; code == PCALC_OK && i <= sent; i++) {
		bool ok = pcalc_match_stream_receive(stream, &answers, failure);

		if (!ok)
			code = code_of(NULL, failure);
		else if (i < sent)
			assert_non_null(answers);
		pcalc_answers_free(answers);
		answers = NULL;
	}
	/* A question that could not be sent is no silent end. */
	if (sent < 3)
		assert_int_equal(code, PCALC_OUT_OF_MEMORY);
out:
	pcalc_match_stream_free(stream);
	pcalc_profile_free(profile);
	return code;
}

/* Rows enough for several messages; what could not be sent is no silent end. */
static enum pcalc_code use_import(pcalc_client *client, struct pcalc_failure *failure)
{
	static const char *const lists[] = { "dishonest" };
	struct pcalc_import_options options = {
		.supplier = "s", .date = "2026-03-01", .complete = lists, .complete_count = 1
	};
	pcalc_profile *profile = pcalc_profile_new();
	enum pcalc_code code = PCALC_OUT_OF_MEMORY;
	pcalc_import_result *result = NULL;
	pcalc_import *import = NULL;
	bool sent = true;

	if (!profile || pcalc_profile_set_uscc(profile, "91410300665989305X") != PCALC_OK)
		goto out;
	import = pcalc_import_open(client, &options, failure);
	code = code_of(import, failure);
	for (int64_t row = 1; import && sent && row <= 520; row++)
		sent = pcalc_import_send(import, row, profile, failure);
	if (import && sent)
		result = pcalc_import_finish(import, failure);
	if (import)
		code = code_of(result, failure);
	if (result)
		assert_int_equal(pcalc_import_counts_get(result).rejected, 519);
out:
	pcalc_import_result_free(result);
	pcalc_import_free(import);
	pcalc_profile_free(profile);
	return code;
}

static enum pcalc_code use_registry(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_registry *registry = pcalc_registry_get(client, failure);
	enum pcalc_code code = code_of(registry, failure);

	if (registry)
		assert_int_equal(pcalc_registry_import_count(registry), 2);
	pcalc_registry_free(registry);
	return code;
}

static enum pcalc_code use_counters(pcalc_client *client, struct pcalc_failure *failure)
{
	const struct pcalc_counter_entry entry = {
		.name = "training", .date = "2026-03-01", .value = 40, .source = "s"
	};
	int64_t sequence = 0;
	bool ok = pcalc_counters_add(client, &entry, 1, &sequence, failure);

	assert_int_equal(sequence, ok ? 40 : 0);
	return ok ? PCALC_OK : code_of(NULL, failure);
}

static enum pcalc_code use_diff(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_diff *diff = pcalc_catalog_diff(client, 3, 5, failure);
	enum pcalc_code code = code_of(diff, failure);

	if (diff)
		assert_int_equal(pcalc_diff_count(diff), 2);
	pcalc_diff_free(diff);
	return code;
}

static enum pcalc_code use_enterprise(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_enterprise *enterprise =
			pcalc_enterprise_get(client, "91410300665989305X", 3, failure);
	enum pcalc_code code = code_of(enterprise, failure);

	if (enterprise)
		assert_int_equal(pcalc_enterprise_fact_count(enterprise), 6);
	pcalc_enterprise_free(enterprise);
	return code;
}

static enum pcalc_code use_connect(pcalc_client *unused, struct pcalc_failure *failure)
{
	pcalc_client *client =
			pcalc_connect(server_named("POLICYCALC_TEST_SERVER"), 10000, failure);
	enum pcalc_code code = code_of(client, failure);

	pcalc_free(client);
	return code;
}

static const struct {
	const char *name;
	use_fn use;
	unsigned long least; /* allocations: fewer would mean that the test reaches too little */
} uses[] = {
	{ "connect", use_connect, 8 },
	{ "policies", use_policies, 6 },
	{ "policy", use_policy, 6 },
	{ "guide", use_guide, 6 },
	{ "attributes", use_attributes, 10 },
	{ "revisions", use_revisions, 6 },
	{ "export", use_export, 6 },
	{ "check", use_check, 6 },
	{ "publish", use_publish, 6 },
	{ "details", use_details, 6 },
	{ "match", use_match, 6 },
	{ "combine", use_combine, 6 },
	{ "question", use_question, 6 },
	{ "large match", use_large_match, 12 },
	{ "stream", use_stream, 10 },
	{ "import", use_import, 12 },
	{ "enterprise", use_enterprise, 6 },
	{ "registry", use_registry, 6 },
	{ "counters", use_counters, 6 },
	{ "diff", use_diff, 6 },
	{ "run", use_run, 6 },
	{ "runs", use_runs, 10 },
	{ "watch", use_watch, 8 },
	{ "pull", use_pull, 16 },
	{ "deliveries", use_deliveries, 12 },
	{ "confirm", use_confirm, 6 },
	{ "subscription", use_subscription, 12 },
	{ "find", use_find, 8 },
	{ "report", use_report, 8 },
	{ "simulate", use_simulate, 8 },
};

static void fail_in_turn(const char *name, use_fn use, bool persistent, unsigned long least)
{
	pcalc_client *client = NULL;
	struct pcalc_failure failure = { 0 };
	unsigned long nth = 0;
	unsigned long out_of_memory = 0;
	unsigned long count;

	client = pcalc_connect(server_named("POLICYCALC_TEST_SERVER"), 10000, &failure);
	assert_non_null(client);
	do {
		enum pcalc_code code;

		/* The first that fails is each of them; what fails after it is much the same. */
		nth += persistent ? effort_step(3) : 1;
		assert_true(nth < 2000);
		memset(&failure, 0, sizeof(failure));
		(void)memory_fail_nth(nth, persistent);
		code = use(client, &failure);
		count = memory_fail_nth(0, 0);
		if (code == PCALC_OUT_OF_MEMORY)
			out_of_memory++;
		else if (code != PCALC_OK)
			fail_msg("%s, allocation %lu: %s %s", name, nth, pcalc_code_name(code),
					failure.message);
		else if (persistent && count >= nth)
			fail_msg("%s came through without memory from allocation %lu on", name,
					nth);
		code = use(client, &failure);
		if (code != PCALC_OK)
			fail_msg("%s after allocation %lu had failed: %s %s", name, nth,
					pcalc_code_name(code), failure.message);
	} while (count >= nth);
	pcalc_free(client);
	print_message("%s%s: %lu allocations failed in turn, %lu said so\n", name,
			persistent ? ", with all that follow" : "", nth - 1, out_of_memory);
	assert_true(nth > least);
	assert_true(out_of_memory > 0);
}

static void test_every_call(void **state)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		fail_in_turn(uses[i].name, uses[i].use, false, uses[i].least);
		fail_in_turn(uses[i].name, uses[i].use, true, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
