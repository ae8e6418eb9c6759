/* SPDX-License-Identifier: Apache-2.0 */
/* From the session to the socket, which may be full. */
#include "transport/connection_internal.h"

/* Pulled from the session at a time; also the most that waits in the kernel's stead. */
#define WRITE_SIZE ((size_t)256 << 10)
/* Rounds of writing without letting other connections have their turn. */
#define WRITE_ROUNDS 8
/* How long answers wait for those of calls that wait for their turn. */
#define HOLD_US UINT64_C(3000)

static void on_write(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	connection->is_writing = false;
	if (!connection_is_live(connection))
		return;
	buffer_fini(&connection->unsent);
	if (status != 0)
		connection_close(connection);
	else
		connection_mark_dirty(connection);
}

/* The socket is full: keeps the rest, and pulls no more until it is written. */
static bool connection_write_later(struct connection *connection, struct slice rest)
{
	uv_buf_t piece;

	buffer_clear(&connection->unsent);
	buffer_append_slice(&connection->unsent, rest);
	if (connection->unsent.failed)
		return false;
	piece = uv_buf_init(connection->unsent.data, (unsigned)connection->unsent.size);
	connection->write.data = connection;
	connection->write_started_us = loop_now_us();
	connection->is_writing = true;
	return uv_write(&connection->write, &connection->uv.stream, &piece, 1, on_write) == 0;
}

/* Nothing more is to be said, or heard. */
static bool connection_is_over(const struct connection *connection)
{
	enum tls_stream_state state;

	if (connection->tls) {
		state = tls_stream_state(connection->tls);
		if (state == TLS_STREAM_ENDED || state == TLS_STREAM_FAILED)
			return true;
	}
	return connection->session && session_is_over(connection->session);
}

static void connection_pull_tls(struct connection *connection, struct buffer *out)
{
	struct tls_stream *tls = connection->tls;
	struct buffer *plain = &connection->loop->plain;

	tls_stream_flush(tls, out);
	if (connection->session && tls_stream_state(tls) == TLS_STREAM_OPEN) {
		buffer_clear(plain);
		session_send(connection->session, plain, WRITE_SIZE, loop_now_us());
		out->failed = out->failed || plain->failed;
		(void)tls_stream_send(tls, (struct slice){ plain->data, plain->size }, out);
	}
	if (connection_is_over(connection))
		tls_stream_end(tls, out);
}

/* What the session has to say, as it goes to the socket. */
static void connection_pull(struct connection *connection, struct buffer *out)
{
	if (connection->tls)
		connection_pull_tls(connection, out);
	else if (connection->session)
		session_send(connection->session, out, WRITE_SIZE, loop_now_us());
}

/* One round: from the session to the socket. false: the connection is broken. */
static bool connection_give(struct connection *connection, bool is_last_round, bool *out_more)
{
	struct buffer *out = &connection->loop->out;
	uv_buf_t piece;
	int written;

	buffer_clear(out);
	connection_pull(connection, out);
	*out_more = false;
	if (out->failed)
		return false;
	if (out->size == 0)
		return true;
	piece = uv_buf_init(out->data, (unsigned)out->size);
	written = is_last_round ? 0 : uv_try_write(&connection->uv.stream, &piece, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0)
		return false;
	if ((size_t)written < out->size)
		return connection_write_later(
				connection, (struct slice){ out->data + written,
							    out->size - (size_t)written });
	*out_more = true;
	return true;
}

/* Whoever waits for many answers gets them in few packets. */
bool connection_may_hold(const struct connection *connection)
{
	return connection->state == CONNECTION_OPEN &&
	       session_is_waiting(connection->session) &&
	       loop_now_us() < connection->flushed_us + HOLD_US;
}

void connection_flush(struct connection *connection)
{
	bool more = true;
	unsigned round;

	connection->flushed_us = loop_now_us();
	if (!connection_is_live(connection))
		return;
	for (round = 1; more && !connection->is_writing; round++) {
		if (!connection_give(connection, round == WRITE_ROUNDS, &more)) {
			connection_close(connection);
			return;
		}
	}
	if (connection->is_writing || !connection_is_over(connection))
		connection_set_timer(connection);
	else if (connection->has_given_place)
		/* Others wait for its descriptor; whoever says nothing gets the GOAWAY nevertheless. */
		connection_close(connection);
	else
		connection_linger(connection);
}

/*
 * What was asked is answered before the next connection is read: so the memory of its calls, warm, is the next
 * one's, and a hundred connections take no more of it than one. Not when the socket may hold more, nor one that
 * was dirty before, which has its place among the others.
 */
void connection_answer(struct connection *connection, size_t size)
{
	struct loop *loop = connection->loop;

	if (size == LOOP_READ_SIZE || loop->dirty != connection ||
			connection_may_hold(connection))
		return;
	loop->dirty = connection->next_dirty;
	connection->next_dirty = NULL;
	connection->is_dirty = false;
	connection_flush(connection);
}
