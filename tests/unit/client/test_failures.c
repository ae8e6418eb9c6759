/* SPDX-License-Identifier: Apache-2.0 */
/* The client library against the servers of fake_server.py that fail: what a failure says, and that it ends in time. */
#include "client/lib/channel.h"
#include "client/lib/clock.h"
#include "fixture.h"
#include "policycalc/v1/calculator_service.pb-c.h"

#include <string.h>

static void assert_too_many(const struct pcalc_failure *failure)
{
	assert_int_equal(failure->code, PCALC_RESOURCE_EXHAUSTED);
	assert_int_equal(failure->retry_after_ms, 2101);
	assert_int_equal(failure->detail_count, 1);
	assert_string_equal(failure->details[0].field, "identity portal");
	assert_string_equal(failure->details[0].description, "calls a second");
}

/* Which limit is reached, and how long to wait: of a call, and of one question of a stream. */
static void test_failure_says_when_to_try_again(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };
	pcalc_match_stream *stream;
	pcalc_answers *answers;

	(void)state;
	assert_int_equal(pcalc_profile_set_uscc(profile, "MANY"), PCALC_OK);
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_too_many(&failure);
	stream = pcalc_match_stream_open(client, &failure);
	assert_non_null(stream);
	assert_true(pcalc_match_stream_send(stream, "1", profile, NULL, &failure));
	assert_true(pcalc_match_stream_receive(stream, &answers, &failure));
	assert_null(answers);
	assert_too_many(&failure);
	pcalc_match_stream_free(stream);
	/* Others say nothing of it. */
	assert_int_equal(pcalc_profile_set_uscc(profile, "WRONG"), PCALC_OK);
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_int_equal(failure.retry_after_ms, 0);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

/* OpenSSL has 127 kinds of BIO for a process; clients of TLS come and go without end. */
static void test_many_clients_of_tls(void **state)
{
	const struct pcalc_tls tls = { .authorities = "/nowhere/at/all.pem" };

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct pcalc_failure failure = { 0 };

		assert_null(pcalc_connect_tls("127.0.0.1:1", 1000, &tls, &failure));
		/* The files are read last: all else was there. */
		assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	}
}

static void test_failure_has_details(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };

	assert_int_equal(pcalc_profile_set_uscc(profile, "WRONG"), PCALC_OK);
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	assert_string_equal(failure.message, "请求有误: 2 处");
	assert_int_equal(failure.detail_count, 2);
	assert_string_equal(failure.details[0].field, "profile.attributes[0].value");
	assert_string_equal(failure.details[0].description, "需要一个金额");
	/* The connection goes on. */
	assert_int_equal(pcalc_profile_set_uscc(profile, ""), PCALC_OK);
	pcalc_answers_free(pcalc_match(client, profile, NULL, &failure));
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_deadline(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };
	int64_t start = clock_now_ms();
	pcalc_answers *answers;

	assert_int_equal(pcalc_profile_set_uscc(profile, "SLOW"), PCALC_OK);
	pcalc_set_timeout(client, 200);
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_DEADLINE_EXCEEDED);
	assert_in_range(clock_now_ms() - start, 150, 2500);
	pcalc_set_timeout(client, 10000);
	assert_int_equal(pcalc_profile_set_uscc(profile, ""), PCALC_OK);
	answers = pcalc_match(client, profile, NULL, &failure);
	assert_non_null(answers);
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_nobody_answers(void **state)
{
	static const char *const bad[] = { "", "localhost", "localhost:", ":1", "host:port",
		"[::1:5", "a:b:1", "unix:", "host:123456" };
	struct pcalc_failure failure = { 0 };
	pcalc_client *client;
	pcalc_profile *profile = profile_make();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(pcalc_connect(bad[i], 1000, &failure));
		assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	}
	assert_null(pcalc_connect(server_named("POLICYCALC_TEST_DEAD"), 1000, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	assert_null(pcalc_connect("unix:/nowhere/at/all", 1000, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);

	client = client_open("POLICYCALC_TEST_SILENT");
	pcalc_set_timeout(client, 200);
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_DEADLINE_EXCEEDED);
	pcalc_free(client);

	client = client_open("POLICYCALC_TEST_HTTP1");
	assert_null(pcalc_match(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	pcalc_free(client);
	pcalc_profile_free(profile);
}

/* How a call of @path on the server @name ends, with a second and a half for it. */
static struct call_status call_waited_for(const char *name, const char *path)
{
	struct channel *channel = channel_new(server_named(name));
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	struct call_status status = { 0 };
	ProtobufCMessage *response = NULL;
	struct arena arena;

	assert_non_null(channel);
	channel_set_keepalive(channel, 100, 300);
	arena_init(&arena, 1 << 20);
	assert_false(channel_call(channel, path, &request.base,
			&policycalc__v1__match_response__descriptor, deadline_after(1500),
			&arena, &response, &status));
	arena_fini(&arena);
	channel_free(channel);
	return status;
}

/* A server that works long is waited for; one that does not even answer a ping is not. */
static void test_silence(void **state)
{
	int64_t begin = clock_now_ms();
	struct call_status status = call_waited_for("POLICYCALC_TEST_SILENT", "/quiet");

	assert_int_equal(status.code, PCALC_UNAVAILABLE);
	assert_non_null(strstr(status.message, "does not answer any more"));
	assert_in_range(clock_now_ms() - begin, 400, 1400);

	begin = clock_now_ms();
	status = call_waited_for("POLICYCALC_TEST_ODD", "/quiet");
	if (status.code != PCALC_DEADLINE_EXCEEDED)
		fail_msg("%d %s", status.code, status.message);
	assert_true(clock_now_ms() - begin >= 1500);
}

static void test_odd_servers(void **state)
{
	static const struct {
		const char *path;
		int code;
		const char *message; /* NULL: any */
	} cases[] = {
		{ "/no-status", PCALC_INTERNAL, "the answer ended without a status" },
		{ "/compressed", PCALC_INTERNAL, NULL },
		{ "/huge", PCALC_RESOURCE_EXHAUSTED, NULL },
		{ "/cut", PCALC_INTERNAL, "the answer ended within a message" },
		{ "/rubbish", PCALC_INTERNAL,
				"the answer is not a message of its type: malformed field "
				"tag" },
		{ "/nul", PCALC_INTERNAL,
				"the answer is not a message of its type: "
				"as_of: text contains a NUL character" },
		{ "/two", PCALC_INTERNAL, "expected exactly one answer" },
		{ "/none", PCALC_INTERNAL, "expected exactly one answer" },
		{ "/html", PCALC_UNAVAILABLE, NULL },
		{ "/percent", PCALC_NOT_FOUND, "没有%zz%" },
		{ "/strange-code", PCALC_UNKNOWN, NULL },
		{ "/bad-details", PCALC_INVALID_ARGUMENT, "" },
		{ "/reset", PCALC_INTERNAL, NULL },
		{ "/close", PCALC_UNAVAILABLE, NULL },
		{ "/goaway", PCALC_UNAVAILABLE, NULL },
		{ "/percent", PCALC_NOT_FOUND, NULL },
	};
	struct channel *channel = channel_new(server_named("POLICYCALC_TEST_ODD"));
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;

	assert_non_null(channel);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call_status status = { 0 };
		ProtobufCMessage *response = NULL;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		assert_false(channel_call(channel, cases[i].path, &request.base,
				&policycalc__v1__match_response__descriptor,
				deadline_after(5000), &arena, &response, &status));
		if (status.code != cases[i].code)
			fail_msg("%s: %d %s", cases[i].path, status.code, status.message);
		if (cases[i].message)
			assert_string_equal(status.message, cases[i].message);
		assert_null(response);
		call_status_fini(&status);
		arena_fini(&arena);
	}
	channel_free(channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failure_says_when_to_try_again),
		cmocka_unit_test(test_many_clients_of_tls),
		cmocka_unit_test(test_failure_has_details),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_odd_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
