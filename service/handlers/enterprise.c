/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that name an enterprise of the registry: its profile is fetched from the registry's thread,
 * and what the question says is laid over it, on the call's loop; then it is a question as any other.
 *
 * The profile travels encoded: the call's arena belongs to the loop.
 */
#include "handlers/enterprise.h"

#include "base/memory.h"
#include "base/uscc.h"
#include "operations/access.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/combination.pb-c.h"
#include "policycalc/v1/question.pb-c.h"
#include "proto/codec/codec.h"
#include "registry/overlay.h"

#include <string.h>

#define FETCH_MEMORY ((size_t)32 << 20)

struct fetching {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	fetched_fn fetched;
	const void *argument;
	struct buffer profile; /* encoded */
	struct error err;
	char uscc[24];
};

static void fetching_free(struct fetching *fetching)
{
	rpc_call_unref(fetching->call);
	buffer_fini(&fetching->profile);
	memory_free(fetching);
}

static void on_fetched(struct rpc_call *call, void *argument)
{
	struct fetching *fetching = argument;
	struct slice bytes = { fetching->profile.data, fetching->profile.size };
	bool ok = fetching->err.code == ERROR_NONE;

	fetching->fetched(call, fetching->argument, ok ? &bytes : NULL, &fetching->err);
	fetching_free(fetching);
}

static void fetch(struct fetching *fetching, struct registry *registry)
{
	Policycalc__V1__Profile *profile;
	struct arena arena;
	int64_t id;

	arena_init(&arena, FETCH_MEMORY);
	if (registry_find(registry, fetching->uscc, 0, &arena, &id, &profile, &fetching->err) &&
			!message_pack(&profile->base, &fetching->profile))
		error_set(&fetching->err, ERROR_MEMORY,
				"out of memory while reading an enterprise");
	arena_fini(&arena);
}

static void on_fetch(struct job *job, void *context)
{
	struct fetching *fetching = (struct fetching *)job;

	if (rpc_call_is_cancelled(fetching->call))
		error_set(&fetching->err, ERROR_CANCELLED, "the call was cancelled");
	else
		fetch(fetching, registry_thread_registry(context));
	if (!rpc_call_post(fetching->call, on_fetched, fetching))
		fetching_free(fetching);
}

bool enterprise_fetch(struct rpc_call *call, const char *uscc, fetched_fn fetched,
		const void *argument, struct error *err)
{
	struct fetching *fetching;

	if (!(rpc_call_identity(call)->roles & ACCESS_REGISTRY))
		return error_set(err, ERROR_PERMISSION,
				"enterprise: only the role registry may ask about enterprises "
				"of "
				"the registry");
	if (uscc_check(slice_from(uscc)) == USCC_MALFORMED)
		return error_set(err, ERROR_INVALID,
				"enterprise: is no unified social credit code");
	fetching = memory_alloc_zero(1, sizeof(*fetching));
	if (!fetching)
		return error_set(
				err, ERROR_MEMORY, "out of memory while reading an enterprise");
	fetching->job.run = on_fetch;
	fetching->call = rpc_call_ref(call);
	fetching->fetched = fetched;
	fetching->argument = argument;
	memcpy(fetching->uscc, uscc, strlen(uscc));
	if (registry_thread_submit(call_handlers(call)->options.registry, &fetching->job, err))
		return true;
	fetching_free(fetching);
	return false;
}

bool enterprise_lay_over(struct rpc_call *call, struct slice known, const char *as_of,
		Policycalc__V1__Profile **profile, struct arena *arena, struct error *err)
{
	struct handlers *handlers = call_handlers(call);
	struct ruleset *ruleset;
	Policycalc__V1__Profile *found;
	Policycalc__V1__Profile *made = NULL;
	char today[11];
	bool held;

	ruleset = handlers_find_ruleset(handlers, 0, &held, err);
	if (!ruleset)
		return false;
	found = (Policycalc__V1__Profile *)message_unpack(
			known, &policycalc__v1__profile__descriptor, NULL, arena, err);
	handlers_today(handlers, today);
	if (found)
		made = profile_lay_over(
				found, *profile, ruleset, *as_of ? as_of : today, arena);
	if (held)
		ruleset_unref(ruleset);
	if (!found)
		return false;
	if (!made)
		return arena_error(arena, err, "reading an enterprise");
	*profile = made;
	return true;
}

/* --- questions with one answer --------------------------------------------------------------- */

/* The parts of the three requests that may name an enterprise. */
struct question {
	Policycalc__V1__Profile **profile;
	const char *enterprise;
	const char *as_of;
	int64_t revision;
};

static struct question question_of(const ProtobufCMessage *message)
{
	if (message->descriptor == &policycalc__v1__match_request__descriptor) {
		Policycalc__V1__MatchRequest *request = (Policycalc__V1__MatchRequest *)message;

		return (struct question){ &request->profile, request->enterprise,
			request->as_of, request->revision };
	}
	if (message->descriptor == &policycalc__v1__combine_request__descriptor) {
		Policycalc__V1__CombineRequest *request =
				(Policycalc__V1__CombineRequest *)message;

		return (struct question){ &request->profile, request->enterprise,
			request->as_of, request->revision };
	}
	Policycalc__V1__NextQuestionRequest *request =
			(Policycalc__V1__NextQuestionRequest *)message;

	return (struct question){ &request->profile, request->enterprise, request->as_of,
		request->revision };
}

/* What to answer when the enterprise is there. */
struct question_answer {
	const ProtobufCMessage *request;
	answer_fn answer;
};

static void on_enterprise(struct rpc_call *call, const void *argument,
		const struct slice *profile, const struct error *reason)
{
	const struct question_answer *next = argument;
	struct question question = question_of(next->request);
	struct error err = *reason;

	if (rpc_call_is_cancelled(call))
		return;
	if (profile && enterprise_lay_over(call, *profile, question.as_of, question.profile,
				       rpc_call_arena(call), &err))
		call_answer(call, next->request, question.revision, next->answer);
	else
		rpc_call_finish_error(call, &err);
}

void call_answer_question(
		struct rpc_call *call, const ProtobufCMessage *request, answer_fn answer)
{
	struct question question = question_of(request);
	struct question_answer *next;
	struct error err;

	if (!*question.enterprise) {
		call_answer(call, request, question.revision, answer);
		return;
	}
	next = ARENA_NEW(rpc_call_arena(call), struct question_answer);
	if (!next) {
		arena_error(rpc_call_arena(call), &err, "reading an enterprise");
		rpc_call_finish_error(call, &err);
		return;
	}
	next->request = request;
	next->answer = answer;
	if (enterprise_fetch(call, question.enterprise, on_enterprise, next, &err))
		return;
	if (err.code == ERROR_INVALID)
		call_refuse_field(call, "enterprise", "is no unified social credit code");
	else
		rpc_call_finish_error(call, &err);
}
