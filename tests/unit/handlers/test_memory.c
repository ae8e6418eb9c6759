/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers without memory: every method of policycalc.v1 is called over a made-up stream, on a
 * real store with its threads, while each of its allocations is failed in turn, alone and with all
 * that follow. The call ends, well or with RESOURCE_EXHAUSTED, never as if the question or the draft
 * were wrong; and the next one is answered.
 *
 * One thread plays the loop: it takes what the workers post, and reads what the call has to send.
 */
#include "base/buffer.h"
#include "base/memory.h"
#include "handlers/internal.h"
#include "handlers/snapshot.h"
#include "handlers/store_thread.h"
#include "handlers/worker.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "publish_fixture.h"
#include "rpc/engine.h"
#include "rpc/framing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALCULATOR "/policycalc.v1.CalculatorService/"
#define CATALOG "/policycalc.v1.CatalogService/"
#define ANSWER_WAIT_S 30

/* --- the loop and the stream ----------------------------------------------------------------- */

struct world {
	struct fixture *fixture;
	struct store_thread *store;
	struct worker *checker;
	struct snapshot *snapshot;
	struct handlers *handlers;
	struct rpc_engine *engine;
	struct rpc_loop loop;
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct rpc_task *first, **last;
	int64_t current; /* revision */
	unsigned drafts; /* each publishes another text */
};

/* One call as its client sees it. */
struct rpc_stream {
	struct rpc_call *call;
	long status; /* -1: none came */
	bool was_reset;
	struct buffer body;
};

static void on_post(struct rpc_loop *loop, struct rpc_task *task)
{
	struct world *world = (struct world *)((char *)loop - offsetof(struct world, loop));

	pthread_mutex_lock(&world->lock);
	task->next = NULL;
	*world->last = task;
	world->last = &task->next;
	pthread_cond_signal(&world->posted);
	pthread_mutex_unlock(&world->lock);
}

static void stream_take_headers(
		struct rpc_stream *stream, const struct rpc_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals_text(headers[i].name, "grpc-status"))
			stream->status = strtol(headers[i].value.data, NULL, 10);
}

static bool on_respond(struct rpc_stream *stream, const struct rpc_header *headers,
		size_t count, bool end)
{
	if (end)
		stream_take_headers(stream, headers, count);
	return true;
}

static void on_wake(struct rpc_stream *stream)
{
	(void)stream;
}

static void on_consume(struct rpc_stream *stream, size_t size)
{
	(void)stream;
	(void)size;
}

static void on_timer(struct rpc_stream *stream, uint64_t at_us)
{
	(void)stream;
	(void)at_us;
}

static void on_reset(struct rpc_stream *stream)
{
	stream->was_reset = true;
}

static const struct rpc_stream_operations operations = {
	.respond = on_respond,
	.wake = on_wake,
	.consume = on_consume,
	.set_timer = on_timer,
	.reset = on_reset,
};

/* Runs what was posted; waits for something when @waits. */
static void world_run_tasks(struct world *world, bool waits)
{
	struct rpc_task *task;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_WAIT_S;
	pthread_mutex_lock(&world->lock);
	while (waits && !world->first)
		if (pthread_cond_timedwait(&world->posted, &world->lock, &until) != 0)
			fail_msg("no answer came");
	task = world->first;
	world->first = NULL;
	world->last = &world->first;
	pthread_mutex_unlock(&world->lock);
	while (task) {
		struct rpc_task *next = task->next;

		rpc_task_run(task);
		task = next;
	}
}

/* Takes all that can be sent now. true: that was the end. */
static bool stream_drain(struct rpc_stream *stream)
{
	struct rpc_header trailers[RPC_TRAILERS_MAX];
	struct rpc_output output = rpc_call_output(stream->call);

	if (stream->status >= 0 || stream->was_reset)
		return true;
	while (output.bytes.size) {
		size_t size = output.bytes.size;

		buffer_append_slice(&stream->body, output.bytes);
		if (rpc_call_sent(stream->call, size))
			rpc_call_writable(stream->call);
		output = rpc_call_output(stream->call);
	}
	if (!output.end)
		return false;
	stream_take_headers(stream, trailers, rpc_call_trailers(stream->call, trailers));
	return true;
}

/* --- calling --------------------------------------------------------------------------------- */

/* A request: framed messages one after the other. */
static void request_add_message(struct buffer *request, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t prefix[FRAMING_PREFIX_SIZE];

	framing_put_prefix(prefix, false, (uint32_t)size);
	buffer_append(request, prefix, sizeof(prefix));
	assert_true(buffer_reserve(request, size));
	request->size += protobuf_c_message_pack(
			message, (uint8_t *)request->data + request->size);
}

static void header(struct rpc_call *call, const char *name, const char *value)
{
	rpc_call_header(call, slice_from(name), slice_from(value));
}

/*
 * The status of one call. @body gets the answers; its own memory comes from malloc's wrapper too,
 * so it is big enough before anything fails.
 */
static long world_call(struct world *world, const char *path, const struct buffer *request,
		struct buffer *body, unsigned long nth, bool persistent,
		unsigned long *out_count)
{
	struct rpc_connection connection = { .peer = "test" };
	struct rpc_stream stream = { .status = -1, .body = *body };

	buffer_clear(&stream.body);
	(void)memory_fail_nth(nth, persistent);
	stream.call = rpc_call_new(&world->loop, &connection, &operations, &stream);
	if (stream.call) {
		header(stream.call, ":method", "POST");
		header(stream.call, ":path", path);
		header(stream.call, "content-type", "application/grpc");
		rpc_call_begin(stream.call);
		/* In two pieces, so that half messages are kept. */
		rpc_call_receive(stream.call,
				(struct slice){ request->data, request->size / 2 });
		rpc_call_receive(stream.call,
				(struct slice){ request->data + request->size / 2,
						request->size - request->size / 2 });
		rpc_call_half_close(stream.call);
		while (!stream_drain(&stream))
			world_run_tasks(world, true);
	} else {
		stream.status = RPC_RESOURCE_EXHAUSTED; /* the transport resets the stream */
	}
	*out_count = memory_fail_nth(0, 0);
	if (stream.call)
		rpc_call_close(stream.call);
	world_run_tasks(world, false);
	*body = stream.body;
	return stream.was_reset ? RPC_RESOURCE_EXHAUSTED : stream.status;
}

/* --- the world ------------------------------------------------------------------------------- */

static int64_t fixed_now(void)
{
	return 1767225600; /* 2026-01-01 */
}

static void publish_request(struct world *world, struct buffer *request)
{
	struct fixture *fixture = world->fixture;
	char note[64];

	(void)snprintf(note, sizeof(note), "keywords: [draft%u]\n", world->drafts++);
	for (size_t i = 0; i < fixture->draft.count; i++) {
		Policycalc__V1__PublishCatalogRequest message =
				POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;
		struct buffer content = { 0 };

		buffer_append_slice(&content, fixture->draft.files[i].content);
		/* Another text is another revision. */
		if (strcmp(fixture->draft.files[i].path, "policies/rd-2024.yaml") == 0)
			buffer_append_text(&content, note);
		file.path = (char *)(uintptr_t)fixture->draft.files[i].path;
		file.content.data = (uint8_t *)content.data;
		file.content.len = content.size;
		message.file = &file;
		message.base_revision = world->current;
		message.author = (char *)(uintptr_t) "tester";
		request_add_message(request, &message.base);
		buffer_fini(&content);
	}
}

static void world_read_current(struct world *world);

static struct world *world_open(struct fixture *fixture)
{
	struct world *world = calloc(1, sizeof(*world));
	struct handlers_options options = { .now = fixed_now };
	struct rpc_registry registry;
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	struct error err = { 0 };
	unsigned long count;

	assert_non_null(world);
	world->fixture = fixture;
	world->last = &world->first;
	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->posted, NULL);
	world->store = store_thread_open(fixture->folder, &err);
	if (!world->store)
		fail_msg("%s", err.message);
	world->checker = worker_new(NULL, 4, &err);
	world->snapshot = snapshot_new(&err);
	assert_true(world->checker && world->snapshot);
	options.store = world->store;
	options.checker = world->checker;
	options.snapshot = world->snapshot;
	world->handlers = handlers_new(&options, &err);
	assert_non_null(world->handlers);
	registry.methods = handlers_methods(world->handlers, &registry.count);
	world->engine = rpc_engine_new(&registry, NULL, NULL, &err);
	assert_non_null(world->engine);
	world->loop.engine = world->engine;
	world->loop.post = on_post;
	world->loop.now_us = 1;
	/* Twice, so that there is an old revision. */
	for (int i = 0; i < 2; i++) {
		buffer_clear(&request);
		publish_request(world, &request);
		if (world_call(world, CATALOG "PublishCatalog", &request, &body, 0, false,
				    &count) != RPC_OK)
			fail_msg("the fixture's catalog was not published");
		world_read_current(world);
		assert_int_equal(world->current, i + 1);
	}
	buffer_fini(&request);
	buffer_fini(&body);
	return world;
}

static void world_close(struct world *world)
{
	rpc_loop_fini(&world->loop);
	worker_free(world->checker);
	store_thread_close(world->store);
	handlers_free(world->handlers);
	snapshot_free(world->snapshot);
	rpc_engine_free(world->engine);
	pthread_mutex_destroy(&world->lock);
	pthread_cond_destroy(&world->posted);
	free(world);
}

static ProtobufCMessage *first_message(
		const struct buffer *body, const ProtobufCMessageDescriptor *type)
{
	const unsigned char *bytes = (const unsigned char *)body->data;
	size_t size;

	assert_true(body->size >= FRAMING_PREFIX_SIZE);
	size = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 |
	       bytes[4];
	assert_true(body->size >= FRAMING_PREFIX_SIZE + size);
	return protobuf_c_message_unpack(type, NULL, size, bytes + FRAMING_PREFIX_SIZE);
}

static void world_read_current(struct world *world)
{
	Policycalc__V1__ListRevisionsRequest message =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;
	Policycalc__V1__ListRevisionsResponse *response;
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	unsigned long count;

	message.page_size = 1;
	request_add_message(&request, &message.base);
	assert_int_equal(world_call(world, CATALOG "ListRevisions", &request, &body, 0, false,
					 &count),
			RPC_OK);
	response = (Policycalc__V1__ListRevisionsResponse *)first_message(
			&body, &policycalc__v1__list_revisions_response__descriptor);
	assert_non_null(response);
	assert_int_equal(response->n_revisions, 1);
	world->current = response->revisions[0]->number;
	protobuf_c_message_free_unpacked(&response->base, NULL);
	buffer_fini(&request);
	buffer_fini(&body);
}

/* A snapshot that keeps no older revisions, so that asking for one loads it again. */
static void world_forget(struct world *world)
{
	struct snapshot *fresh = snapshot_new(NULL);

	assert_non_null(fresh);
	snapshot_set(fresh, snapshot_find(world->snapshot, 0));
	snapshot_free(world->snapshot);
	world->snapshot = fresh;
	world->handlers->options.snapshot = fresh;
}

/* --- requests -------------------------------------------------------------------------------- */

static void fill_profile(Policycalc__V1__Profile *profile)
{
	static Policycalc__V1__Value staff = POLICYCALC__V1__VALUE__INIT;
	static Policycalc__V1__Value region = POLICYCALC__V1__VALUE__INIT;
	static Policycalc__V1__AttributeValue facts[3];
	static Policycalc__V1__AttributeValue *list[] = { &facts[0], &facts[1], &facts[2] };

	policycalc__v1__profile__init(profile);
	staff.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	staff.count = 12;
	region.kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
	region.code = (char *)(uintptr_t) "411282";
	for (size_t i = 0; i < 3; i++)
		policycalc__v1__attribute_value__init(&facts[i]);
	facts[0].name = (char *)(uintptr_t) "staff";
	facts[0].value = &staff;
	facts[1].name = (char *)(uintptr_t) "region";
	facts[1].value = &region;
	facts[2].name = (char *)(uintptr_t) "stafff"; /* a warning, with a word of advice */
	facts[2].value = &staff;
	profile->attributes = list;
	profile->n_attributes = 3;
}

static void make_match(struct world *world, int64_t revision, bool is_wrong, struct buffer *out)
{
	Policycalc__V1__MatchRequest message = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile;

	(void)world;
	fill_profile(&profile);
	message.profile = &profile;
	message.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	message.revision = revision;
	message.limit = is_wrong ? -1 : 0;
	request_add_message(out, &message.base);
}

static void make_current(struct world *world, struct buffer *out)
{
	make_match(world, 0, false, out);
}

static void make_wrong(struct world *world, struct buffer *out)
{
	make_match(world, 0, true, out);
}

static void make_old(struct world *world, struct buffer *out)
{
	world_forget(world);
	make_match(world, 1, false, out);
}

static void make_stream(struct world *world, struct buffer *out)
{
	static const int64_t revisions[] = { 0, 1, 0 };
	Policycalc__V1__Profile profile;

	world_forget(world);
	fill_profile(&profile);
	for (int i = 0; i < 4; i++) {
		Policycalc__V1__MatchStreamRequest message =
				POLICYCALC__V1__MATCH_STREAM_REQUEST__INIT;
		Policycalc__V1__MatchRequest match = POLICYCALC__V1__MATCH_REQUEST__INIT;

		match.profile = &profile;
		match.revision = i < 3 ? revisions[i] : 0;
		match.limit = i == 2 ? -1 : 0;
		message.match = i < 3 ? &match : NULL;
		request_add_message(out, &message.base);
	}
}

static void make_list_policies(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListPoliciesRequest message =
			POLICYCALC__V1__LIST_POLICIES_REQUEST__INIT;

	(void)world;
	message.page_size = 1;
	message.open = true;
	request_add_message(out, &message.base);
}

static void make_get_policy(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetPolicyRequest message = POLICYCALC__V1__GET_POLICY_REQUEST__INIT;

	(void)world;
	message.id = (char *)(uintptr_t) "rd-2024";
	request_add_message(out, &message.base);
}

static void make_list_attributes(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListAttributesRequest message =
			POLICYCALC__V1__LIST_ATTRIBUTES_REQUEST__INIT;

	(void)world;
	message.page_size = 3;
	request_add_message(out, &message.base);
}

static void make_list_revisions(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListRevisionsRequest message =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;

	(void)world;
	request_add_message(out, &message.base);
}

static void make_export(struct world *world, struct buffer *out)
{
	Policycalc__V1__ExportCatalogRequest message =
			POLICYCALC__V1__EXPORT_CATALOG_REQUEST__INIT;

	(void)world;
	request_add_message(out, &message.base);
}

/* A draft with findings. */
static void make_check(struct world *world, struct buffer *out)
{
	struct fixture *fixture = world->fixture;

	for (size_t i = 0; i < fixture->draft.count; i++) {
		Policycalc__V1__CheckCatalogRequest message =
				POLICYCALC__V1__CHECK_CATALOG_REQUEST__INIT;
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;
		struct slice content = fixture->draft.files[i].content;

		file.path = (char *)(uintptr_t)fixture->draft.files[i].path;
		file.content.data = (uint8_t *)(uintptr_t)content.data;
		file.content.len = content.size - (i == 0 ? 40 : 0);
		message.file = &file;
		request_add_message(out, &message.base);
	}
}

static void make_bad_publish(struct world *world, struct buffer *out)
{
	Policycalc__V1__PublishCatalogRequest message =
			POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
	Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

	file.path = (char *)(uintptr_t) "attributes.yaml";
	file.content.data = (uint8_t *)(uintptr_t) "bogus: 1\n";
	file.content.len = 9;
	message.file = &file;
	message.base_revision = world->current;
	request_add_message(out, &message.base);
}

static const struct {
	const char *name;
	const char *path;
	void (*make)(struct world *world, struct buffer *out);
	long status;	     /* with memory */
	unsigned long least; /* allocations that must have failed */
	bool says_less; /* may end as it should, with less detail or with failures inside a stream */
} cases[] = {
	{ "Match", CALCULATOR "Match", make_current, RPC_OK, 3, false },
	{ "Match, wrong", CALCULATOR "Match", make_wrong, RPC_INVALID_ARGUMENT, 3, true },
	{ "Match, old revision", CALCULATOR "Match", make_old, RPC_OK, 20, false },
	{ "MatchStream", CALCULATOR "MatchStream", make_stream, RPC_OK, 20, true },
	{ "ListPolicies", CATALOG "ListPolicies", make_list_policies, RPC_OK, 3, false },
	{ "GetPolicy", CATALOG "GetPolicy", make_get_policy, RPC_OK, 3, false },
	{ "ListAttributes", CATALOG "ListAttributes", make_list_attributes, RPC_OK, 3, false },
	{ "ListRevisions", CATALOG "ListRevisions", make_list_revisions, RPC_OK, 4, false },
	{ "ExportCatalog", CATALOG "ExportCatalog", make_export, RPC_OK, 4, false },
	{ "CheckCatalog", CATALOG "CheckCatalog", make_check, RPC_OK, 20, false },
	{ "PublishCatalog, bad", CATALOG "PublishCatalog", make_bad_publish,
			RPC_FAILED_PRECONDITION, 10, true },
	{ "PublishCatalog", CATALOG "PublishCatalog", publish_request, RPC_OK, 50, false },
};

/* What a stream says of its questions: good, wrong where they are wrong, or no memory. */
static void check_stream_answers(const struct buffer *body)
{
	struct buffer rest = *body;
	int count = 0;

	for (; rest.size > 0; count++) {
		const unsigned char *prefix = (const unsigned char *)rest.data;
		size_t size = FRAMING_PREFIX_SIZE +
			      ((size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 |
					      (size_t)prefix[3] << 8 | prefix[4]);
		Policycalc__V1__MatchStreamResponse *answer = (Policycalc__V1__MatchStreamResponse
						*)first_message(&rest,
				&policycalc__v1__match_stream_response__descriptor);

		assert_non_null(answer);
		if (answer->result_case == POLICYCALC__V1__MATCH_STREAM_RESPONSE__RESULT_ERROR &&
				answer->error->code != RPC_RESOURCE_EXHAUSTED) {
			assert_true(count >= 2);
			assert_int_equal(answer->error->code, RPC_INVALID_ARGUMENT);
		}
		protobuf_c_message_free_unpacked(&answer->base, NULL);
		rest.data += size;
		rest.size -= size;
	}
	assert_true(count <= 4);
}

static void sweep(struct world *world, size_t number, bool persistent)
{
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	unsigned long nth = 1;
	unsigned long count;
	unsigned long exhausted = 0;
	long status;

	assert_true(buffer_reserve(&body, 1 << 20));
	/* A publish has more than a thousand, and takes its time: once each is enough. */
	for (;; nth += persistent && cases[number].make == publish_request ? 7 : 1) {
		assert_true(nth < 100000);
		buffer_clear(&request);
		cases[number].make(world, &request);
		/* What earlier calls left to be used again would hide allocations. */
		rpc_loop_fini(&world->loop);
		status = world_call(world, cases[number].path, &request, &body, nth, persistent,
				&count);
		if (status == RPC_RESOURCE_EXHAUSTED)
			exhausted++;
		else if (status != cases[number].status)
			fail_msg("%s, allocation %lu: status %ld", cases[number].name, nth,
					status);
		else if (persistent && count >= nth && !cases[number].says_less)
			fail_msg("%s came through without memory from allocation %lu on",
					cases[number].name, nth);
		if (cases[number].make == make_stream)
			check_stream_answers(&body);
		world_read_current(world);
		if (count < nth)
			break;
	}
	buffer_clear(&request);
	cases[number].make(world, &request);
	assert_int_equal(world_call(world, cases[number].path, &request, &body, 0, false,
					 &count),
			cases[number].status);
	world_read_current(world);
	print_message("%s%s: the last of %lu allocations failed, %lu ended the call\n",
			cases[number].name, persistent ? ", with all that follow" : "", nth - 1,
			exhausted);
	assert_true(nth > cases[number].least);
	assert_true(exhausted > 0);
	buffer_fini(&request);
	buffer_fini(&body);
}

static void test_every_method(void **state)
{
	struct world *world = world_open(*state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sweep(world, i, false);
		sweep(world, i, true);
	}
	world_close(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
				test_every_method, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
