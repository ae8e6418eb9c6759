/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/ask_registry.h"

#include "base/memory.h"

/* What answering one question may take: an enterprise with a long history; a page of deliveries. */
#define REGISTRY_MEMORY ((size_t)64 << 20)
#define PUSH_MEMORY ((size_t)256 << 20)

void *response_new(
		struct arena *arena, const ProtobufCMessageDescriptor *type, struct error *err)
{
	void *response = arena_alloc_zero(arena, 1, type->sizeof_message);

	if (response)
		protobuf_c_message_init(type, response);
	else
		arena_error(arena, err, "answering");
	return response;
}

/* A question on its way. */
struct asking {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	const ProtobufCMessage *request;
	registry_ask_fn ask_registry; /* or else */
	push_ask_fn ask_push;
	const char *uscc_field;
	struct arena arena;
	const ProtobufCMessage *response; /* in ->arena; NULL: ->err */
	struct error err;
};

static void asking_free(struct asking *asking)
{
	rpc_call_unref(asking->call);
	arena_fini(&asking->arena);
	memory_free(asking);
}

static void on_asked(struct rpc_call *call, void *argument)
{
	struct asking *asking = argument;

	if (asking->response)
		call_reply(call, asking->response);
	else if (asking->err.code == ERROR_INVALID && asking->uscc_field)
		call_refuse_field(call, asking->uscc_field, asking->err.message);
	else
		call_refuse_error(call, &asking->err);
	asking_free(asking);
}

static void on_ask(struct job *job, void *context)
{
	struct asking *asking = (struct asking *)job;

	if (rpc_call_is_cancelled(asking->call))
		error_set(&asking->err, ERROR_CANCELLED, "the call was cancelled");
	else if (asking->ask_registry)
		asking->response = asking->ask_registry(registry_thread_registry(context),
				asking->request, &asking->arena, &asking->err);
	else
		asking->response = asking->ask_push(call_handlers(asking->call)->options.push,
				asking->request, &asking->arena, &asking->err);
	if (!rpc_call_post(asking->call, on_asked, asking))
		asking_free(asking);
}

/* @question says who is asked what; it is copied. */
static void ask(struct rpc_call *call, const struct asking *question, size_t budget,
		const char *without_memory)
{
	struct asking *asking = memory_alloc_zero(1, sizeof(*asking));
	struct error err;

	if (!asking) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, without_memory);
		return;
	}
	*asking = *question;
	asking->job.run = on_ask;
	asking->call = rpc_call_ref(call);
	arena_init(&asking->arena, budget);
	if (registry_thread_submit(call_handlers(call)->options.registry, &asking->job, &err))
		return;
	asking_free(asking);
	rpc_call_finish_error(call, &err);
}

void call_ask_registry(struct rpc_call *call, const ProtobufCMessage *request,
		registry_ask_fn ask_registry, const char *uscc_field)
{
	const struct asking question = {
		.request = request,
		.ask_registry = ask_registry,
		.uscc_field = uscc_field,
	};

	ask(call, &question, REGISTRY_MEMORY, "out of memory while asking the registry");
}

void call_ask_push(struct rpc_call *call, const ProtobufCMessage *request, push_ask_fn ask_push)
{
	const struct asking question = { .request = request, .ask_push = ask_push };

	ask(call, &question, PUSH_MEMORY, "out of memory while asking the ledger");
}
