/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS until it is through, as transport/handshakes.h has it: whose bytes are read, and who is closed for another. Who
 * waits for a turn is not read: the bytes stay in the socket, where they cost us nothing.
 */
#include "transport/connection_internal.h"

#include "base/log.h"

#include <stddef.h>

static struct connection *connection_of(struct handshake *handshake)
{
	return (struct connection *)((char *)handshake -
				     offsetof(struct connection, handshake));
}

static void connection_give_way(struct handshake *handshake)
{
	struct connection *connection = connection_of(handshake);

	log_event(LOG_LEVEL_DEBUG, "handshake_displaced", LOG_TEXT("peer", connection->peer));
	connection_close(connection);
}

/* Whoever has most gives way to whoever comes. */
static void make_room(struct handshakes *all, enum handshake_kind kind)
{
	struct handshake *surplus = handshakes_surplus(all, kind);

	if (surplus)
		connection_give_way(surplus);
}

void connection_expect_handshake(struct connection *connection, const struct sockaddr *where)
{
	struct handshakes *all = &connection->loop->handshakes;

	make_room(all, HANDSHAKE_SILENT);
	handshake_add(all, &connection->handshake, where);
}

bool connection_begin_handshake(struct connection *connection)
{
	struct handshakes *all = &connection->loop->handshakes;

	make_room(all, HANDSHAKE_BEGUN);
	handshake_begin(all, &connection->handshake);
	connection->tls = tls_stream_new(connection->own);
	return connection->tls;
}

bool connection_displace_handshake(struct loop *loop, size_t held)
{
	struct handshake *first = handshakes_first_to_go(&loop->handshakes);

	/* Else whoever has all places would take those of the others' newcomers, too. */
	if (!first || places_held(loop->places, &connection_of(first)->place) < held)
		return false;
	connection_give_way(first);
	return true;
}

bool connection_may_be_read(struct connection *connection)
{
	return !connection->handshake.is_there ||
	       handshake_has_turn(&connection->loop->handshakes, &connection->handshake);
}

void connection_wait(struct connection *connection)
{
	(void)uv_read_stop(&connection->uv.stream);
}

void connection_call_handshakes(struct loop *loop)
{
	size_t count = handshakes_turn(&loop->handshakes);
	struct handshake *called;

	while (count-- > 0 && (called = handshakes_call(&loop->handshakes)))
		if (!connection_read(connection_of(called)))
			connection_close(connection_of(called));
}
