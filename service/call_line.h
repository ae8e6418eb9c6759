/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log says of calls.
 *
 *     warning   it failed, and the fault is ours
 *     info      a unary call that took long (--slow-call-ms)
 *     debug     every other: a line a call costs more than a small answer does
 *
 * A line has names, codes and times, and ids of requests and traces where they have the form of one.
 */
#pragma once

#include "handlers/handlers.h"
#include "rpc/call_limits.h"

/** On the call's loop. @slow_us: from when a unary call is slow; @snapshot says which catalog is current. */
void call_line_write(
		const struct rpc_report *report, uint64_t slow_us, struct snapshot *snapshot);
/** A new revision answers, which @call has published. */
void call_line_publish(struct rpc_call *call, const struct ruleset *ruleset);
