/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is. A connection may work for TURN_US of an iteration of its loop, and is always let do one piece
 * of work; the calls for which there is no time wait:
 *
 *     there is time ──► work           a message is read, a method called
 *     there is none ──► WAITING ──► the loop has been to everybody else ──► work
 *
 * So a client that asks a hundred things in one packet does not hold those up who ask one. All that waits on a
 * loop has TURN_US of each further iteration together, one connection after another; so however many clients
 * go on being greedy, who is not finds the loop free within a turn and one call. Each that begins to be has a turn
 * of the iteration in which its packet comes.
 *
 * A connection on which some call waits is on the loop's list, and each further one of its calls waits behind it.
 */
#include "rpc/call.h"

#define TURN_US UINT64_C(300)

/* --- the two lists --------------------------------------------------------------------------- */

static void loop_append(struct rpc_loop *loop, struct rpc_connection *connection)
{
	connection->next_waiting = NULL;
	connection->previous_waiting = loop->last_waiting;
	if (loop->last_waiting)
		loop->last_waiting->next_waiting = connection;
	else
		loop->first_waiting = connection;
	loop->last_waiting = connection;
}

static void loop_remove(struct rpc_loop *loop, struct rpc_connection *connection)
{
	if (connection->previous_waiting)
		connection->previous_waiting->next_waiting = connection->next_waiting;
	else
		loop->first_waiting = connection->next_waiting;
	if (connection->next_waiting)
		connection->next_waiting->previous_waiting = connection->previous_waiting;
	else
		loop->last_waiting = connection->previous_waiting;
}

static void call_wait(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	struct rpc_loop *loop = call->loop;

	call->is_waiting = true;
	call->next_waiting = NULL;
	call->previous_waiting = connection->last_waiting;
	if (connection->last_waiting) {
		connection->last_waiting->next_waiting = call;
	} else {
		connection->first_waiting = call;
		loop_append(loop, connection);
	}
	connection->last_waiting = call;
	if (loop->first_waiting == connection && connection->first_waiting == call)
		loop->on_waiting(loop);
}

void call_wait_no_more(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;

	if (!call->is_waiting)
		return;
	call->is_waiting = false;
	if (call->previous_waiting)
		call->previous_waiting->next_waiting = call->next_waiting;
	else
		connection->first_waiting = call->next_waiting;
	if (call->next_waiting)
		call->next_waiting->previous_waiting = call->previous_waiting;
	else
		connection->last_waiting = call->previous_waiting;
	if (!connection->first_waiting)
		loop_remove(call->loop, connection);
}

/* --- turns ----------------------------------------------------------------------------------- */

bool call_has_turn(struct rpc_call *call)
{
	struct rpc_connection *connection = call->connection;
	struct rpc_loop *loop = call->loop;

	if (!loop->clock_us)
		return true;
	if (call->is_waiting)
		return false;
	if (call->was_waiting) {
		call->was_waiting = false;
		return true;
	}
	if (connection->turn != loop->turn) {
		connection->turn = loop->turn;
		connection->worked_us = 0;
	}
	if (!connection->first_waiting && connection->worked_us < TURN_US)
		return true;
	call_wait(call);
	return false;
}

uint64_t call_work_begin(const struct rpc_call *call)
{
	return call->loop->clock_us ? call->loop->clock_us() : 0;
}

/* @connection: the call's, which may have left it meanwhile. */
void call_work_end(const struct rpc_call *call, struct rpc_connection *connection,
		uint64_t begun_us)
{
	if (call->loop->clock_us)
		connection->worked_us += call->loop->clock_us() - begun_us;
}

void rpc_loop_turn(struct rpc_loop *loop)
{
	loop->turn++;
}

bool rpc_loop_run_waiting(struct rpc_loop *loop)
{
	uint64_t until_us = loop->now_us + TURN_US;
	struct rpc_connection *served = NULL;

	while (loop->first_waiting) {
		struct rpc_call *call = loop->first_waiting->first_waiting;

		served = loop->first_waiting;
		call_wait_no_more(call);
		/* One piece of work; a stream with more to read waits again, behind the others. */
		call->was_waiting = true;
		call_go_on(call);
		if (loop->clock_us() >= until_us)
			break;
	}
	/*
	 * A connection after the other, not a call of each: its answers go out together. Who was not served stays
	 * where it is.
	 */
	if (served && loop->first_waiting == served) {
		loop_remove(loop, served);
		loop_append(loop, served);
	}
	return loop->first_waiting;
}
