/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that is like the ones before it takes nothing of the machine's memory: every malloc of the thread is
 * counted while the server's side of a connection runs, nghttp2's and libc's own included.
 */
#include "calculator/candidates.h"
#include "calculator/ruleset.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "rules/match_index.h"
#include "transport/session.h"
#include "world.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#define STREAMS 10
#define POLICIES ((size_t)3 * MATCH_INDEX_LEAST)

static _Thread_local bool counting;
static _Thread_local unsigned long count;

/* The sanitizers have allocators of their own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED)
#define COUNTS false
#else
#define COUNTS true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *old, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	count += counting;
	return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t number, size_t size)
{
	count += counting;
	return __libc_calloc(number, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	count += counting;
	return __libc_realloc(old, size);
}
#endif

struct caller {
	struct world *world;
	struct session *session;
	nghttp2_session *client;
	const struct buffer *request;
	size_t sent[2 * STREAMS];
	unsigned answered;
	size_t received;
	struct buffer out;
};

static ssize_t on_request(nghttp2_session *client, int32_t id, uint8_t *out, size_t size,
		uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	const struct caller *caller = user_data;
	size_t *sent = source->ptr;
	size_t left = caller->request->size - *sent;

	(void)client;
	(void)id;
	if (size > left)
		size = left;
	memcpy(out, caller->request->data + *sent, size);
	*sent += size;
	if (*sent == caller->request->size)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}

static int on_header(nghttp2_session *client, const nghttp2_frame *frame, const uint8_t *name,
		size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		void *user_data)
{
	struct caller *caller = user_data;

	(void)client;
	(void)frame;
	(void)flags;
	if (name_size == 11 && memcmp(name, "grpc-status", 11) == 0)
		caller->answered += value_size == 1 && *value == '0';
	return 0;
}

static int on_data(nghttp2_session *client, uint8_t flags, int32_t id, const uint8_t *bytes,
		size_t size, void *user_data)
{
	struct caller *caller = user_data;

	(void)client;
	(void)flags;
	(void)id;
	(void)bytes;
	caller->received += size;
	return 0;
}

static void call_submit(struct caller *caller, size_t *sent)
{
#define HEADER(name, value)                                                                    \
	{                                                                                      \
		(uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), sizeof(name) - 1, \
				sizeof(value) - 1, 0                                           \
	}
	const nghttp2_nv headers[] = {
		HEADER(":method", "POST"),
		HEADER(":scheme", "http"),
		HEADER(":authority", "localhost"),
		HEADER(":path", CALCULATOR "Match"),
		HEADER("content-type", "application/grpc"),
		HEADER("te", "trailers"),
		HEADER("grpc-timeout", "10S"),
		HEADER("user-agent", "test"),
	};
#undef HEADER
	nghttp2_data_provider body = { .source.ptr = sent, .read_callback = on_request };

	*sent = 0;
	assert_true(nghttp2_submit_request(caller->client, NULL, headers,
				    sizeof(headers) / sizeof(headers[0]), &body, NULL) > 0);
}

/* Both speak until neither has anything to say. */
static void callers_run(struct caller *caller)
{
	const uint8_t *chunk;
	ssize_t size;

	do {
		while ((size = nghttp2_session_mem_send(caller->client, &chunk)) > 0) {
			counting = true;
			session_receive(caller->session,
					(struct slice){ (const char *)chunk, (size_t)size },
					1000000);
			counting = false;
		}
		counting = true;
		buffer_clear(&caller->out);
		session_send(caller->session, &caller->out, (size_t)1 << 18, 1000000);
		counting = false;
		if (caller->out.size)
			assert_int_equal(nghttp2_session_mem_recv(caller->client,
							 (uint8_t *)caller->out.data,
							 caller->out.size),
					caller->out.size);
	} while (caller->out.size);
}

static void calls_make(struct caller *caller, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		caller->answered = 0;
		for (unsigned k = 0; k < STREAMS; k++)
			call_submit(caller, &caller->sent[k]);
		callers_run(caller);
		assert_int_equal(caller->answered, STREAMS);
	}
}

static void request_make(struct buffer *request, Policycalc__V1__View view, int32_t limit)
{
	Policycalc__V1__MatchRequest match = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__AttributeValue staff = POLICYCALC__V1__ATTRIBUTE_VALUE__INIT;
	Policycalc__V1__AttributeValue region = POLICYCALC__V1__ATTRIBUTE_VALUE__INIT;
	Policycalc__V1__Value number = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__Value code = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__AttributeValue *list[] = { &staff, &region };

	staff.name = (char *)(uintptr_t) "staff";
	staff.value = &number;
	number.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	number.count = 120;
	region.name = (char *)(uintptr_t) "region";
	region.value = &code;
	code.kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
	code.code = (char *)(uintptr_t) "411282";
	profile.attributes = list;
	profile.n_attributes = 2;
	match.profile = &profile;
	match.view = view;
	match.limit = limit;
	buffer_clear(request);
	request_add_message(request, &match.base);
}

/* So many policies more that they have an index; each asks for another size, and most of them for too much. */
static void policies_add(struct fixture *fixture)
{
	struct draft *draft = &fixture->draft;
	struct arena *arena = &fixture->arena;
	struct draft_file *files =
			ARENA_NEW_ARRAY(arena, struct draft_file, draft->count + POLICIES);

	assert_non_null(files);
	memcpy(files, draft->files, draft->count * sizeof(*files));
	draft->files = files;
	for (size_t i = 0; i < POLICIES; i++) {
		const char *text = arena_format(arena,
				"id: made-%04zu\n"
				"series: made-%04zu\n"
				"title: {zh: 第%zu号补助}\n"
				"summary: {zh: 按人数补助}\n"
				"level: CITY\n"
				"kind: SUBSIDY\n"
				"departments: [科技局]\n"
				"sources:\n"
				"  - {doc: 办法, confidence: SEED}\n"
				"in_force: {from: 2024-01-01}\n"
				"window_always: true\n"
				"region: {covers: [\"%s\"]}\n"
				"conditions:\n"
				"  - id: staff\n"
				"    role: REQUIRE\n"
				"    label: {zh: 人数}\n"
				"    rule: e.staff >= %zu && (e.kind == \"firm\" || e.staff < "
				"%zu)\n"
				"    source: {doc: 办法, confidence: SEED}\n"
				"amount:\n"
				"  beneficiary: ENTERPRISE\n"
				"  nature: CASH\n"
				"  rule: wan(%zu)\n"
				"  source: {doc: 办法, confidence: SEED}\n",
				i, i, i, i % 3 ? "411282" : "411200", 1 + 7 * i % 3000,
				2 + 11 * i % 5000, 1 + i % 50);

		files[draft->count++] = (struct draft_file){
			.path = arena_format(arena, "policies/made-%04zu.yaml", i),
			.content = slice_from(text)
		};
	}
}

/* With a limit only candidates of the index are asked, if there is one; without, all policies are told. */
static void calls_count(
		struct fixture *fixture, bool indexed, int32_t limit, Policycalc__V1__View most)
{
	struct server_limits limits = { 0 };
	nghttp2_session_callbacks *callbacks;
	struct session_options options = { .limits = &limits, .peer = "test" };
	struct buffer request = { 0 };
	struct caller caller = { .world = world_open(fixture), .request = &request };
	const struct ruleset *ruleset = snapshot_current(caller.world->snapshot);
	size_t size;

	assert_int_equal(ruleset_catalog(ruleset)->policy_count >= MATCH_INDEX_LEAST, indexed);
	size = candidate_cache_size(ruleset->candidates);
	server_limits_complete(&limits);
	options.loop = &caller.world->loop;
	caller.session = session_new(&options, 1000000, NULL);
	assert_non_null(caller.session);
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	assert_int_equal(nghttp2_session_client_new(&caller.client, callbacks, &caller), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(caller.client, 0, NULL, 0), 0);
	for (unsigned view = POLICYCALC__V1__VIEW__VIEW_ID; view <= most; view++) {
		request_make(&request, (Policycalc__V1__View)view, limit);
		calls_make(&caller, 6);
		assert_true(caller.received > 0);
		/* The first calls took what the others use again. */
		if (COUNTS && view == POLICYCALC__V1__VIEW__VIEW_ID)
			assert_true(count > 10);
		count = 0;
		calls_make(&caller, 50);
		if (count)
			fail_msg("view %u: %lu allocations in %u calls", view, count,
					50 * STREAMS);
	}
	/* The room that an index was asked in. */
	assert_int_equal(
			candidate_cache_size(ruleset->candidates) > size, indexed && limit > 0);
	nghttp2_session_del(caller.client);
	session_free(caller.session);
	buffer_fini(&caller.out);
	buffer_fini(&request);
	world_close(caller.world);
}

static void test_few(void **state)
{
	calls_count(*state, false, 0, POLICYCALC__V1__VIEW__VIEW_FULL);
}

static void test_index(void **state)
{
	policies_add(*state);
	calls_count(*state, true, 20, POLICYCALC__V1__VIEW__VIEW_FULL);
}

/* All of them in full are a megabyte, more than a call keeps for the next. */
static void test_all(void **state)
{
	policies_add(*state);
	calls_count(*state, true, 0, POLICYCALC__V1__VIEW__VIEW_BASIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_index, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_all, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
