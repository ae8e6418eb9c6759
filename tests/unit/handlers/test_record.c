/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down of calls that nobody waits for, or that are not let in. */
#include "policycalc/v1/registry_service.pb-c.h"
#include "world.h"

/* What the recorder was told; it has its lines on the disk at once. */
struct record {
	unsigned begun, ended, settled, refused;
	enum rpc_status status; /* of the newest end */
	enum rpc_status outcome; /* of the newest that was the last word on a call that was cut */
};

static bool on_begin(void *context, struct rpc_call *call)
{
	struct record *record = context;

	record->begun++;
	rpc_call_ref(call);
	rpc_call_record_begun(call, true);
	return true;
}

static void on_take(void *context, struct rpc_call *call, struct slice message)
{
	(void)context;
	(void)call;
	(void)message;
}

static void on_ended(
		void *context, struct rpc_call *call, enum rpc_status status, bool is_settled)
{
	struct record *record = context;

	/* The second of two. */
	if (rpc_call_record(call)) {
		assert_true(is_settled);
		record->settled++;
		record->outcome = status;
		rpc_call_unref(call);
		return;
	}
	if (!is_settled)
		rpc_call_set_record(rpc_call_ref(call), record);
	record->ended++;
	record->status = status;
	rpc_call_record_ended(call);
	rpc_call_unref(call);
}

static void on_refuse(void *context, struct rpc_call *call, enum rpc_status status)
{
	struct record *record = context;

	(void)call;
	(void)status;
	record->refused++;
}

static void world_record(struct world *world, struct record *record)
{
	const struct rpc_recorder recorder = {
		.begin = on_begin,
		.take = on_take,
		.end = on_ended,
		.refuse = on_refuse,
		.context = record,
	};

	rpc_engine_set_recorder(world->engine, &recorder);
}

static long ask(struct world *world, const char *path)
{
	Policycalc__V1__SetSubscriptionRequest message =
			POLICYCALC__V1__SET_SUBSCRIPTION_REQUEST__INIT;
	struct buffer request = { 0 }, body = { 0 };
	unsigned long count;
	long status;

	request_add_message(&request, &message.base);
	status = world_call(world, path, &request, &body, 0, false, &count);
	buffer_fini(&request);
	buffer_fini(&body);
	return status;
}

/* What was done is not said to have been cancelled, because nobody was there any more to hear of it. */
static void who_leaves_before_the_answer(void **state)
{
	struct world *world = world_open(*state);
	struct record record = { .begun = 0 };
	int64_t before = world->current;
	struct buffer request = { 0 };

	world_record(world, &record);
	publish_request(world, &request);
	world_leave(world, CATALOG "PublishCatalog", &request);
	assert_int_equal(record.begun, 1);
	assert_int_equal(record.ended, 1);
	assert_int_equal(record.status, RPC_OK);
	world_read_current(world);
	assert_int_equal(world->current, before + 1);
	/* On a base that is none any more: nothing is done, and that is said, too. */
	buffer_clear(&request);
	world->current = before;
	publish_request(world, &request);
	world_leave(world, CATALOG "PublishCatalog", &request);
	assert_int_equal(record.ended, 2);
	assert_int_equal(record.status, RPC_ABORTED);
	buffer_fini(&request);
	world_close(world);
}

/* Who is told that it took too long can read in the record what came of it. */
static void who_is_cut(void **state)
{
	struct world *world = world_open(*state);
	struct record record = { .begun = 0 };
	int64_t before = world->current;
	struct buffer request = { 0 };

	world_record(world, &record);
	publish_request(world, &request);
	assert_int_equal(world_cut(world, CATALOG "PublishCatalog", &request),
			RPC_DEADLINE_EXCEEDED);
	assert_int_equal(record.ended, 1);
	assert_int_equal(record.status, RPC_DEADLINE_EXCEEDED);
	assert_int_equal(record.settled, 1);
	assert_int_equal(record.outcome, RPC_OK);
	world_read_current(world);
	assert_int_equal(world->current, before + 1);
	buffer_clear(&request);
	world->current = before;
	publish_request(world, &request);
	assert_int_equal(world_cut(world, CATALOG "PublishCatalog", &request),
			RPC_DEADLINE_EXCEEDED);
	assert_int_equal(record.settled, 2);
	assert_int_equal(record.outcome, RPC_ABORTED);
	buffer_fini(&request);
	world_close(world);
}

static enum rpc_status refuse(void *context, const struct rpc_method *method,
		const struct rpc_caller *caller, struct arena *arena,
		struct rpc_identity *out_identity, const char **out_message)
{
	const char *name = context;

	(void)method;
	(void)caller;
	(void)arena;
	out_identity->name = name;
	*out_message = "no";
	return name ? RPC_PERMISSION_DENIED : RPC_RESOURCE_EXHAUSTED;
}

static void who_is_not_let_in(void **state)
{
	const struct rpc_quota_limits limits = { .calls = 2, .local = true };
	char name[] = "window";
	struct world *world = world_open(*state);
	struct rpc_gate gate = { refuse, name };
	struct record record = { .begun = 0 };
	struct error err = { ERROR_NONE, "" };

	world->engine->quota = rpc_quota_new(&limits, &err);
	assert_non_null(world->engine->quota);
	world_record(world, &record);
	rpc_engine_set_gate(world->engine, &gate);
	/* Two seconds' worth; past it nothing is written down. */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ask(world, REGISTRY "SetSubscription"), RPC_PERMISSION_DENIED);
	assert_int_equal(record.refused, 4);
	assert_int_equal(ask(world, REGISTRY "SetSubscription"), RPC_RESOURCE_EXHAUSTED);
	assert_int_equal(record.refused, 4);
	/* Without memory for its name. */
	gate.context = NULL;
	rpc_engine_set_gate(world->engine, &gate);
	assert_int_equal(ask(world, REGISTRY "SetSubscription"), RPC_RESOURCE_EXHAUSTED);
	assert_int_equal(record.refused, 4);
	assert_int_equal(record.begun, 0);
	world_close(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
				who_leaves_before_the_answer, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(who_is_cut, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
				who_is_not_let_in, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
