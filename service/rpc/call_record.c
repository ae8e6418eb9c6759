/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that are written down: see rpc/recorder.h.
 *
 *     NONE ──► BEGINNING ──► BEGUN ──► ENDING ──► NONE
 *                  └── could not be written ──────┘
 *
 *     BEGINNING   Input waits, the method knows nothing. The call may end meanwhile (its deadline, its
 *                 client): then it was not done, and the end follows at once when the beginning is there.
 *     BEGUN       As any other call.
 *     ENDING      The status is settled, and waits. A call that was cut goes on owing what its method came to:
 *                 the last who holds it tells it, as below. A client that went away while the method was at work
 *                 leaves the call BEGUN until the last of those who hold it lets go: what the method then
 *                 said is its end.
 */
#include "rpc/call.h"

#include <assert.h>

static const struct rpc_recorder *call_recorder(const struct rpc_call *call)
{
	return &call->loop->engine->recorder;
}

void rpc_call_set_record(struct rpc_call *call, void *record)
{
	call->record = record;
}

void *rpc_call_record(const struct rpc_call *call)
{
	return call->record;
}

bool call_record_begin(struct rpc_call *call)
{
	const struct rpc_recorder *recorder = call_recorder(call);

	if (!call->method->is_recorded || !recorder->begin)
		return false;
	call->record_state = RECORD_BEGINNING;
	call->is_paused = true;
	if (recorder->begin(recorder->context, call))
		return true;
	call->record_state = RECORD_NONE;
	call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory while recording the call");
	return true;
}

void call_record_refuse(struct rpc_call *call, enum rpc_status status)
{
	const struct rpc_recorder *recorder = call_recorder(call);

	if (call->method->is_recorded && recorder->refuse)
		recorder->refuse(recorder->context, call, status);
}

void call_record_take(struct rpc_call *call, struct slice message)
{
	const struct rpc_recorder *recorder = call_recorder(call);

	if (call->record_state == RECORD_BEGUN)
		recorder->take(recorder->context, call, message);
}

void call_record_end(struct rpc_call *call)
{
	const struct rpc_recorder *recorder = call_recorder(call);

	if (call->owes_outcome) {
		call->owes_outcome = false;
		recorder->end(recorder->context, call, call->outcome, true);
		return;
	}
	assert(call->record_state == RECORD_BEGUN);
	call->record_state = RECORD_ENDING;
	/* A method that never heard of it does nothing. */
	if (!call->is_cut || !call->was_opened) {
		recorder->end(recorder->context, call, call->status.code, true);
		return;
	}
	call->outcome = RPC_CANCELLED;
	recorder->end(recorder->context, call, call->status.code, false);
	call->owes_outcome = call->record != NULL;
}

bool call_record_hold(struct rpc_call *call)
{
	if (call->record_state != RECORD_BEGUN)
		return false;
	call->is_held = true;
	call_record_end(call);
	return true;
}

void rpc_call_record_begun(struct rpc_call *call, bool ok)
{
	assert(call->record_state == RECORD_BEGINNING);
	call->record_state = ok ? RECORD_BEGUN : RECORD_NONE;
	if (!ok) {
		call_fail(call, RPC_UNAVAILABLE,
				"the call cannot be recorded in the audit log: it was not "
				"done");
	} else if (call->state == CALL_OPEN) {
		call_open(call);
		/* What came meanwhile. */
		if (call->state == CALL_OPEN && !call->is_paused) {
			call->is_paused = true;
			rpc_call_resume_reading(call);
		}
	} else {
		call_record_end(call);
	}
}

void rpc_call_record_ended(struct rpc_call *call)
{
	call->record_state = RECORD_NONE;
	if (!call->is_held)
		return;
	call->is_held = false;
	if (call->state == CALL_FINISHED)
		call_tell_end(call);
}
