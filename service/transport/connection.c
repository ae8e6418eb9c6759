/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a connection.
 *
 *     HANDSHAKE ───► OPEN ───► LINGERING ───► CLOSING ───► CLOSED
 *         ├────────────┼───────────▲             ▲
 *         └────────────┴─────── any failure ─────┘
 *
 *     HANDSHAKE   TLS is being spoken; there is no session yet. Plaintext is through at once.
 *     OPEN        Bytes go both ways. The session knows what they mean, and when it is over.
 *     LINGERING   The last bytes are sent and our side is shut. The client's bytes are thrown
 * away for a moment, so that the kernel does not answer them with a reset that would take our
 * GOAWAY with it. CLOSING     uv_close() was called on both handles; the session is gone.
 *     CLOSED      The last close callback ran; the memory is freed.
 *
 * connection_enter() is the only place that writes ->state. Callbacks feed the session and mark
 * the connection dirty; connection_flush(), once what was read is dealt with and else once an iteration, decides
 * what happens next.
 *
 * Bytes enter the session in connection_take() and leave it in connection_pull() (connection_write.c) and nowhere
 * else: between them and the socket is TLS, or nothing.
 */
#include "transport/connection_internal.h"

#include "base/log.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

#define TO(state) (1u << CONNECTION_##state)
#define LINGER_US UINT64_C(1000000)
/* What the bytes of one connection may cost of an iteration, before others are read. */
#define READ_US UINT64_C(300)

static const unsigned connection_may_enter[] = {
	[CONNECTION_HANDSHAKE] = TO(OPEN) | TO(LINGERING) | TO(CLOSING),
	[CONNECTION_OPEN] = TO(LINGERING) | TO(CLOSING),
	[CONNECTION_LINGERING] = TO(CLOSING),
	[CONNECTION_CLOSING] = TO(CLOSED),
	[CONNECTION_CLOSED] = 0,
};

static void connection_enter(struct connection *connection, enum connection_state state)
{
	assert(connection_may_enter[connection->state] & 1u << state);
	connection->state = state;
}

bool connection_is_live(const struct connection *connection)
{
	return connection->state == CONNECTION_OPEN ||
	       connection->state == CONNECTION_HANDSHAKE;
}

void connection_mark_dirty(struct connection *connection)
{
	if (connection->is_dirty || !connection_is_live(connection))
		return;
	connection->is_dirty = true;
	connection->next_dirty = connection->loop->dirty;
	connection->loop->dirty = connection;
}

/* --- the end ---------------------------------------------------------------------------------
 */

void connection_free(struct connection *connection)
{
	struct loop *loop = connection->loop;

	buffer_fini(&connection->unsent);
	if (loop->spare) {
		memory_free(connection);
		return;
	}
	*connection = (struct connection){ 0 };
	loop->spare = connection;
}

static void on_close(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct loop *loop = connection->loop;

	if (--connection->open_handles > 0)
		return;
	connection_enter(connection, CONNECTION_CLOSED);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		loop->connections = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	places_leave(loop->places, &connection->place);
	connection_free(connection);
	loop_resume_listeners(loop);
	loop_advance(loop);
}

static void connection_undirty(struct connection *connection)
{
	struct connection **link = &connection->loop->dirty;

	if (!connection->is_dirty)
		return;
	while (*link != connection)
		link = &(*link)->next_dirty;
	*link = connection->next_dirty;
	connection->is_dirty = false;
}

static void connection_rest_no_more(struct connection *connection)
{
	struct connection **link = &connection->loop->resting;

	if (!connection->is_resting)
		return;
	while (*link != connection)
		link = &(*link)->next_resting;
	*link = connection->next_resting;
	connection->is_resting = false;
}

void connection_close(struct connection *connection)
{
	struct session *session = connection->session;

	if (connection->state == CONNECTION_CLOSING)
		return;
	connection_enter(connection, CONNECTION_CLOSING);
	connection_undirty(connection);
	connection_rest_no_more(connection);
	handshake_remove(&connection->loop->handshakes, &connection->handshake);
	room_remove(&connection->loop->room, &connection->place);
	connection->session = NULL;
	connection->loop->rpc.now_us = loop_now_us();
	session_free(session);
	tls_stream_free(connection->tls);
	connection->tls = NULL;
	uv_close(&connection->uv.handle, on_close);
	uv_close((uv_handle_t *)&connection->timer, on_close);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	(void)request;
	(void)status;
}

void connection_linger(struct connection *connection)
{
	struct session *session = connection->session;

	connection_enter(connection, CONNECTION_LINGERING);
	handshake_remove(&connection->loop->handshakes, &connection->handshake);
	room_remove(&connection->loop->room, &connection->place);
	connection->session = NULL;
	connection->loop->rpc.now_us = loop_now_us();
	session_free(session);
	/* What is not TLS at all lingers, too, and must not hold OpenSSL's memory meanwhile. */
	tls_stream_free(connection->tls);
	connection->tls = NULL;
	if (uv_shutdown(&connection->shutdown, &connection->uv.stream, on_shutdown) != 0) {
		connection_close(connection);
		return;
	}
	connection->write_started_us = loop_now_us();
	connection_set_timer(connection);
}

/* --- time ------------------------------------------------------------------------------------
 */

static uint64_t connection_next_us(const struct connection *connection)
{
	const struct rpc_limits *limits = rpc_engine_limits(connection->loop->rpc.engine);
	uint64_t next;

	if (connection->state == CONNECTION_LINGERING)
		return connection->write_started_us + LINGER_US;
	next = connection->session
			       ? session_next_us(connection->session)
			       : connection->begun_us + connection->loop->limits->handshake_us;
	if (connection->is_writing && connection->write_started_us + limits->stall_us < next)
		next = connection->write_started_us + limits->stall_us;
	return next;
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *connection = timer->data;
	uint64_t now_us = loop_now_us();

	connection->timer_at_us = 0;
	if (connection_next_us(connection) <= now_us) {
		if (connection->state != CONNECTION_OPEN) {
			connection_close(connection);
			return;
		}
		session_tick(connection->session, now_us);
		/* Still due: it was the socket, which takes nothing. */
		if (connection_next_us(connection) <= now_us) {
			connection_close(connection);
			return;
		}
		connection_mark_dirty(connection);
	}
	connection_set_timer(connection);
}

/* Only ever moves an armed timer forward: an early one looks again and sleeps on. */
void connection_set_timer(struct connection *connection)
{
	uint64_t next = connection_next_us(connection);
	uint64_t now_us;
	uint64_t wait_us;

	if (next == UINT64_MAX || (connection->timer_at_us && connection->timer_at_us <= next))
		return;
	now_us = loop_now_us();
	wait_us = next > now_us ? next - now_us : 0;
	connection->timer_at_us = next;
	uv_update_time(&connection->loop->uv);
	(void)uv_timer_start(&connection->timer, on_timer, wait_us / 1000 + 1, 0);
}

/* --- in --------------------------------------------------------------------------------------
 */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out_piece)
{
	struct connection *connection = handle->data;

	(void)wanted;
	*out_piece = connection_may_be_read(connection)
				     ? uv_buf_init(connection->loop->read_bytes, LOOP_READ_SIZE)
				     : uv_buf_init(NULL, 0);
}

/* One record after another. false: there is no memory for a session. */
static bool connection_take_tls(struct connection *connection, struct slice bytes)
{
	struct tls_stream *tls = connection->tls;
	char *plain = connection->loop->plain_bytes;
	size_t size;

	/* It has failed, and what still comes is not for us. */
	if (tls_stream_state(tls) == TLS_STREAM_FAILED)
		return true;
	tls_stream_put(tls, bytes);
	do {
		size = tls_stream_take(tls, plain, LOOP_PLAIN_SIZE);
		if (connection->state == CONNECTION_HANDSHAKE &&
				tls_stream_state(tls) == TLS_STREAM_OPEN &&
				!connection_open(connection))
			return false;
		if (size > 0)
			session_receive(connection->session, (struct slice){ plain, size },
					loop_now_us());
	} while (size > 0);
	if (tls_stream_state(tls) == TLS_STREAM_FAILED)
		log_event(LOG_LEVEL_DEBUG, "tls_failed", LOG_TEXT("peer", connection->peer),
				LOG_TEXT("message", tls_stream_trouble(tls)));
	return true;
}

static void connection_take(struct connection *connection, struct slice bytes)
{
	if (!connection->own) {
		session_receive(connection->session, bytes, loop_now_us());
	} else if ((!connection->tls && !connection_begin_handshake(connection)) ||
			!connection_take_tls(connection, bytes)) {
		connection_close(connection);
		return;
	}
	connection_mark_dirty(connection);
}

/* libuv would read a socket that is never empty for half a megabyte. */
static void connection_rest(struct connection *connection)
{
	struct loop *loop = connection->loop;

	(void)uv_read_stop(&connection->uv.stream);
	connection->is_resting = true;
	connection->next_resting = loop->resting;
	loop->resting = connection;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *piece)
{
	struct connection *connection = stream->data;
	uint64_t begun_us, took_us;
	bool was_shaking;

	if (size == UV_ENOBUFS && connection->handshake.is_waiting) {
		connection_wait(connection);
		return;
	}
	if (size < 0) {
		connection_close(connection);
		return;
	}
	if (size == 0 || !connection_is_live(connection))
		return;
	begun_us = loop_now_us();
	was_shaking = connection->state == CONNECTION_HANDSHAKE;
	connection_take(connection, (struct slice){ piece->base, (size_t)size });
	took_us = loop_now_us() - begun_us;
	if (was_shaking)
		handshake_worked(
				&connection->loop->handshakes, &connection->handshake, took_us);
	if (connection->read_turn != connection->loop->rpc.turn)
		connection->read_us = 0;
	connection->read_turn = connection->loop->rpc.turn;
	connection->read_us += took_us;
	connection_answer(connection, (size_t)size);
	if (connection->read_us >= READ_US && connection_is_live(connection))
		connection_rest(connection);
}

bool connection_read(struct connection *connection)
{
	return uv_read_start(&connection->uv.stream, on_alloc, on_read) == 0;
}

void connection_wake_resting(struct loop *loop)
{
	while (loop->resting) {
		struct connection *connection = loop->resting;

		connection_rest_no_more(connection);
		if (!connection_read(connection))
			connection_close(connection);
	}
}

/* --- the beginning ---------------------------------------------------------------------------
 */

static void on_wake(void *context)
{
	connection_mark_dirty(context);
}

/* Who would not be let in any more. */
static void connection_dismiss(struct connection *connection)
{
	const char *why = tls_stream_objection(connection->tls);

	if (!why)
		return;
	/* Not the client's fault: it may come again, and is then looked at in full. */
	if (strcmp(why, TLS_OUT_OF_MEMORY) == 0)
		log_event(LOG_LEVEL_WARNING, "certificate_not_reviewed",
				LOG_TEXT("peer", connection->peer), LOG_TEXT("message", why));
	else
		log_event(LOG_LEVEL_INFO, "certificate_revoked",
				LOG_TEXT("peer", connection->peer), LOG_TEXT("message", why));
	session_dismiss(connection->session, why, loop_now_us());
	connection_mark_dirty(connection);
}

bool connection_open(struct connection *connection)
{
	struct session_options options = {
		.loop = &connection->loop->rpc,
		.limits = connection->loop->limits,
		.peer = connection->peer,
		.names = connection->tls ? tls_stream_names(connection->tls) : "",
		.begun_us = connection->begun_us,
		.on_wake = on_wake,
		.context = connection,
	};

	connection->session = session_new(&options, loop_now_us(), NULL);
	if (!connection->session)
		return false;
	connection_enter(connection, CONNECTION_OPEN);
	handshake_remove(&connection->loop->handshakes, &connection->handshake);
	if (connection->loop->state != LOOP_RUNNING)
		session_drain(connection->session, loop_now_us());
	if (connection->wants_review)
		connection_dismiss(connection);
	connection_mark_dirty(connection);
	return true;
}

void connection_drain(struct connection *connection)
{
	if (connection->state != CONNECTION_OPEN)
		return;
	session_drain(connection->session, loop_now_us());
	connection_mark_dirty(connection);
}

void connection_review(struct connection *connection)
{
	if (connection->state != CONNECTION_OPEN)
		return;
	session_review(connection->session, loop_now_us());
	connection_mark_dirty(connection);
}

void connection_review_certificate(struct connection *connection)
{
	if (!connection->tls)
		return;
	if (connection->state == CONNECTION_HANDSHAKE)
		connection->wants_review = true;
	else if (connection->state == CONNECTION_OPEN)
		connection_dismiss(connection);
}

void connection_abort(struct connection *connection)
{
	if (!connection_is_live(connection))
		return;
	/* A socket that takes nothing would not take the farewell either. */
	if (connection->is_writing || connection->state == CONNECTION_HANDSHAKE) {
		connection_close(connection);
		return;
	}
	session_abort(connection->session, loop_now_us());
	connection_mark_dirty(connection);
}
