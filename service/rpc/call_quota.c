/* SPDX-License-Identifier: Apache-2.0 */
/* What a call counts for against its caller: from its header block until nobody works on it any more. */
#include "google/rpc/error_details.pb-c.h"
#include "rpc/call.h"

#include <stdio.h>

static const char *const limits[] = {
	[QUOTA_GOOD] = "",
	[QUOTA_CALLS] = "calls a second",
	[QUOTA_RUNNING] = "calls at once",
	[QUOTA_HEAVY] = "heavy calls a second",
	[QUOTA_HEAVY_RUNNING] = "heavy calls at once",
};

static void refusal_tell(const struct rpc_call *call, const char *limit, uint64_t wait_us,
		void (*tell)(void *context, const struct rpc_refusal *refusal), void *context)
{
	Google__Rpc__QuotaFailure failure = GOOGLE__RPC__QUOTA_FAILURE__INIT;
	Google__Rpc__QuotaFailure__Violation violation =
			GOOGLE__RPC__QUOTA_FAILURE__VIOLATION__INIT;
	Google__Rpc__QuotaFailure__Violation *rows[] = { &violation };
	Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
	Google__Rpc__RetryInfo__Delay delay = GOOGLE__RPC__RETRY_INFO__DELAY__INIT;
	struct rpc_refusal refusal = { .failure = &failure, .retry = &retry };
	char subject[128];

	(void)snprintf(subject, sizeof(subject), "%s%s",
			*call->identity.name ? "identity " : "address", call->identity.name);
	violation.subject = subject;
	violation.description = (char *)(uintptr_t)limit;
	failure.violations = rows;
	failure.n_violations = 1;
	delay.seconds = (int64_t)(wait_us / 1000000);
	delay.nanos = (int32_t)(wait_us % 1000000 * 1000);
	retry.retry_delay = &delay;
	(void)snprintf(refusal.message, sizeof(refusal.message),
			"too many %s: try again in %llu ms", limit,
			(unsigned long long)(wait_us / 1000 + 1));
	tell(context, &refusal);
}

static void end_call(void *context, const struct rpc_refusal *refusal)
{
	struct rpc_call *call = context;

	(void)rpc_call_add_detail(call, "google.rpc.QuotaFailure", &refusal->failure->base);
	(void)rpc_call_add_detail(call, "google.rpc.RetryInfo", &refusal->retry->base);
	call_fail(call, RPC_RESOURCE_EXHAUSTED, refusal->message);
}

bool rpc_call_count_question(struct rpc_call *call,
		void (*tell)(void *context, const struct rpc_refusal *refusal), void *context)
{
	uint64_t wait_us = 0;
	enum rpc_quota_verdict verdict;

	/* The first came with the call. */
	if (!call->caller || call->received_count <= 1)
		return true;
	verdict = rpc_quota_ask(
			call->loop->engine->quota, call->caller, call->loop->now_us, &wait_us);
	if (verdict != QUOTA_GOOD)
		refusal_tell(call, limits[verdict], wait_us, tell, context);
	return verdict == QUOTA_GOOD;
}

bool call_enter_quota(struct rpc_call *call)
{
	struct rpc_quota *quota = call->loop->engine->quota;
	enum rpc_quota_verdict verdict;
	uint64_t caller, wait_us = 0;

	if (!quota)
		return true;
	caller = *call->identity.name ? rpc_quota_identity(quota, call->identity.name)
				      : call->connection->caller;
	if (!caller)
		return true;
	verdict = rpc_quota_enter(
			quota, caller, call->method->is_heavy, call->loop->now_us, &wait_us);
	if (verdict == QUOTA_GOOD) {
		call->caller = caller;
		return true;
	}
	refusal_tell(call, limits[verdict], wait_us, end_call, call);
	return false;
}

void call_leave_quota(struct rpc_call *call)
{
	if (call->caller)
		rpc_quota_leave(call->loop->engine->quota, call->caller,
				call->method->is_heavy);
}
