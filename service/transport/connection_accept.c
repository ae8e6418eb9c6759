/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a connection begins: whether there is a place for it (transport/places.h), and who has to go for it if not.
 */
#include "transport/connection_internal.h"

#include "base/log.h"
#include "base/memory.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* Of a time in microseconds: whoever has calls is of more use than whoever has none. */
#define HAS_CALLS (UINT64_C(1) << 62)

static void connection_name_peer(struct connection *connection, const struct sockaddr *where)
{
	char host[64] = "";

	if (connection->is_unix) {
		(void)snprintf(connection->peer, sizeof(connection->peer), "unix:");
	} else if (where->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)where;

		(void)uv_ip6_name(six, host, sizeof(host));
		(void)snprintf(connection->peer, sizeof(connection->peer), "ipv6:[%s]:%u", host,
				ntohs(six->sin6_port));
	} else if (where->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)where;

		(void)uv_ip4_name(four, host, sizeof(host));
		(void)snprintf(connection->peer, sizeof(connection->peer), "ipv4:%s:%u", host,
				ntohs(four->sin_port));
	}
}

/* --- places ---------------------------------------------------------------------------------- */

static struct connection *connection_of(const struct place *place)
{
	return (struct connection *)((char *)place - offsetof(struct connection, place));
}

static uint64_t last_used(const struct place *place)
{
	const struct connection *connection = connection_of(place);

	if (!connection->session)
		return connection->begun_us;
	return session_call_count(connection->session) > 0
			       ? HAS_CALLS | connection->flushed_us
			       : session_idle_since_us(connection->session);
}

static void tell(struct connection *connection, const char *what)
{
	struct places *places = connection->loop->places;
	struct places_counts counts = places_look(places);

	if (places_may_tell(places, loop_now_us()))
		log_event(LOG_LEVEL_WARNING, "connections_short",
				LOG_TEXT("peer", connection->peer), LOG_TEXT("message", what),
				LOG_NUMBER("connections", counts.count),
				LOG_NUMBER("displaced", counts.displaced),
				LOG_NUMBER("refused", counts.full + counts.of_address));
}

/* The calls that it has go on for a while; a handshake is over. */
static void connection_give_place(struct connection *connection)
{
	struct loop *loop = connection->loop;

	places_note_displaced(loop->places);
	tell(connection, "its address has most connections, and others had no place");
	places_give_up(loop->places, &connection->place);
	room_remove(&loop->room, &connection->place);
	connection->has_given_place = true;
	if (connection->session) {
		session_dismiss(connection->session, "too_many_connections", loop_now_us());
		connection_mark_dirty(connection);
	} else {
		connection_close(connection);
	}
}

/* Some connection goes for this one, here, or where there is one that should. */
static bool connection_displace(struct connection *connection, bool is_tls)
{
	struct loop *loop = connection->loop;
	size_t held = places_held(loop->places, &connection->place);
	struct place *first = room_first_to_go(&loop->room, loop->places, held, last_used);

	if (first) {
		connection_give_place(connection_of(first));
		return true;
	}
	if (places_owe(loop->places, &connection->place)) {
		loop_ask_others(loop);
		return true;
	}
	return is_tls && connection_displace_handshake(loop, held);
}

void connection_make_room(struct loop *loop)
{
	struct place *first;
	size_t held;

	while (places_take_debt(loop->places, &held)) {
		first = room_first_to_go(&loop->room, loop->places, held, last_used);
		if (!first) {
			places_return_debt(loop->places);
			return;
		}
		connection_give_place(connection_of(first));
	}
}

static bool connection_take_place(
		struct connection *connection, const struct sockaddr *where, bool is_tls)
{
	struct places *places = connection->loop->places;
	enum places_verdict verdict = places_enter(
			places, &connection->place, connection->is_unix ? NULL : where);

	if (verdict == PLACES_FREE ||
			(verdict == PLACES_OVER && connection_displace(connection, is_tls)))
		return true;
	if (verdict == PLACES_OVER)
		places_note_full(places);
	tell(connection, verdict == PLACES_OF_ADDRESS
					 ? "its address has as many connections as it may"
					 : "there was no place for it");
	return false;
}

/* --- the beginning --------------------------------------------------------------------------- */

static bool connection_begin(
		struct connection *connection, struct tls *tls, const struct sockaddr *where)
{
	if (!connection->is_unix)
		(void)uv_tcp_nodelay(&connection->uv.tcp, 1);
	connection_name_peer(connection, where);
	connection->begun_us = loop_now_us();
	if (!connection_take_place(connection, where, tls))
		return false;
	room_add(&connection->loop->room, &connection->place);
	if (tls) {
		connection->own = tls;
		connection_expect_handshake(connection, where);
		connection_mark_dirty(connection);
	} else if (!connection_open(connection)) {
		return false;
	}
	return connection_read(connection);
}

struct connection *connection_new(struct loop *loop)
{
	struct connection *connection = memory_alloc_zero(1, sizeof(*connection));

	if (!connection) {
		connection = loop->spare;
		loop->spare = NULL;
	}
	if (connection)
		connection->loop = loop;
	return connection;
}

/* The handles of a client whose socket is @fd. false: libuv did not take it. */
static bool connection_open_handles(struct connection *connection, int fd)
{
	struct loop *loop = connection->loop;
	int result;

	/* None of these can fail. */
	(void)(connection->is_unix ? uv_pipe_init(&loop->uv, &connection->uv.pipe, 0)
				   : uv_tcp_init(&loop->uv, &connection->uv.tcp));
	(void)uv_timer_init(&loop->uv, &connection->timer);
	connection->uv.handle.data = connection;
	connection->timer.data = connection;
	connection->open_handles = 2;
	result = connection->is_unix ? uv_pipe_open(&connection->uv.pipe, fd)
				     : uv_tcp_open(&connection->uv.tcp, fd);
	if (result != 0)
		(void)close(fd);
	return result == 0;
}

void connection_start(struct connection *connection, const struct listener *listener, int fd,
		const struct sockaddr *where)
{
	struct loop *loop = connection->loop;

	connection->is_unix = listener->is_unix;
	connection->next = loop->connections;
	if (connection->next)
		connection->next->previous = connection;
	loop->connections = connection;
	if (!connection_open_handles(connection, fd) ||
			!connection_begin(connection, listener->tls, where))
		connection_close(connection);
}
