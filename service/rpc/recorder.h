/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who writes down the calls that change something, before they are done and before they are answered.
 *
 *     let in ──► begin ──► rpc_call_record_begun() ──► the method ──► its end ──► end ──►
 *     rpc_call_record_ended() ──► the status goes out, with the answer when it is the only one
 *
 * Until the beginning is written the method hears nothing of the call. Asked about methods that are
 * ->is_recorded alone. An end follows each beginning that was written, also of a call whose client is
 * gone: then as soon as nobody works on it any more. A call that is cut (its deadline, its rights) is answered at
 * once, while the method may be at work: its end says so, and another one what came of it:
 *
 *     cut ──► end, unsettled ──► rpc_call_record_ended() ──► … nobody works on it any more ──► end, settled
 */
#pragma once

#include "rpc/method.h"

/* Zeroed: nothing is written down. */
struct rpc_recorder {
	/*
	 * Loop thread. Sets rpc_call_set_record(), and has rpc_call_record_begun() called in its time on the
	 * call's loop; holds a reference until the end is written. false: memory is short.
	 */
	bool (*begin)(void *context, struct rpc_call *call);
	/* Loop thread. The bytes of one message, as they are. */
	void (*take)(void *context, struct rpc_call *call, struct slice message);
	/*
	 * Any thread, once; takes the record back. Has rpc_call_record_ended() called in its time on the call's
	 * loop. When it is not @is_settled another end follows, if there is an rpc_call_set_record() for it,
	 * which holds a reference, too.
	 */
	void (*end)(void *context, struct rpc_call *call, enum rpc_status status,
			bool is_settled);
	/* Loop thread. A caller that is known was not let in. */
	void (*refuse)(void *context, struct rpc_call *call, enum rpc_status status);
	void *context;
};

/* For the recorder. */
void rpc_call_set_record(struct rpc_call *call, void *record);
void *rpc_call_record(const struct rpc_call *call);
/** @ok false: it could not be written, the call ends without being done. There is no record then. */
void rpc_call_record_begun(struct rpc_call *call, bool ok);
void rpc_call_record_ended(struct rpc_call *call);
