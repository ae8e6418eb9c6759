/* SPDX-License-Identifier: Apache-2.0 */
/* What a call counts for against its caller: from its header block until nobody works on it any more. */
#include "google/rpc/error_details.pb-c.h"
#include "rpc/call.h"

#include <stdio.h>

static void add_retry(struct rpc_call *call, uint64_t wait_us)
{
	Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
	Google__Rpc__RetryInfo__Delay delay = GOOGLE__RPC__RETRY_INFO__DELAY__INIT;

	delay.seconds = (int64_t)(wait_us / 1000000);
	delay.nanos = (int32_t)(wait_us % 1000000 * 1000);
	retry.retry_delay = &delay;
	(void)rpc_call_add_detail(call, "google.rpc.RetryInfo", &retry.base);
}

static void call_refuse_quota(struct rpc_call *call, const char *limit, uint64_t wait_us)
{
	Google__Rpc__QuotaFailure failure = GOOGLE__RPC__QUOTA_FAILURE__INIT;
	Google__Rpc__QuotaFailure__Violation violation =
			GOOGLE__RPC__QUOTA_FAILURE__VIOLATION__INIT;
	Google__Rpc__QuotaFailure__Violation *rows[] = { &violation };
	char subject[128], message[160];

	(void)snprintf(subject, sizeof(subject), "%s%s",
			*call->identity.name ? "identity " : "address", call->identity.name);
	violation.subject = subject;
	violation.description = (char *)(uintptr_t)limit;
	failure.violations = rows;
	failure.n_violations = 1;
	(void)rpc_call_add_detail(call, "google.rpc.QuotaFailure", &failure.base);
	add_retry(call, wait_us);
	(void)snprintf(message, sizeof(message), "too many %s: try again in %llu ms", limit,
			(unsigned long long)(wait_us / 1000 + 1));
	call_fail(call, RPC_RESOURCE_EXHAUSTED, message);
}

bool call_enter_quota(struct rpc_call *call)
{
	static const char *const limits[] = {
		[QUOTA_GOOD] = "",
		[QUOTA_CALLS] = "calls a second",
		[QUOTA_RUNNING] = "calls at once",
		[QUOTA_HEAVY] = "heavy calls a second",
		[QUOTA_HEAVY_RUNNING] = "heavy calls at once",
	};
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
	call_refuse_quota(call, limits[verdict], wait_us);
	return false;
}

void call_leave_quota(struct rpc_call *call)
{
	if (call->caller)
		rpc_quota_leave(call->loop->engine->quota, call->caller,
				call->method->is_heavy);
}
