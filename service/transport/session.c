/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a session.
 *
 *     HANDSHAKE ───► OPEN ───► NOTICED ───► DRAINING
 *         │            │          │            │
 *         ├────────────┼──────────┼────────────┘  no calls left: over
 *         └────────────┴──────────┴──► FAILED     the rest is sent, then over
 *
 *     HANDSHAKE   Our SETTINGS are queued; the client's have not come.
 *     OPEN        Streams come and go.
 *     NOTICED     GOAWAY(2^31-1) and a PING are sent: the client knows, calls under way to us
 * are still taken. Ends with the PING's answer, or after a second. DRAINING    GOAWAY with the
 * last stream: calls in flight finish, no new one starts. FAILED      The client broke the
 * rules, or the grace is over. Nothing is read any more.
 *
 * session_enter() is the only place that writes ->state.
 */
#include "transport/session_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

#define TO(state) (1u << SESSION_##state)
#define SECOND UINT64_C(1000000)
#define NOTICE_US SECOND
#define FLOOD_US (10 * SECOND)
/* Frames that a client may make us queue, besides a few for every stream. */
#define OUTBOUND_MAX 1000
#define OUTBOUND_PER_STREAM 4

static const unsigned session_may_enter[] = {
	[SESSION_HANDSHAKE] = TO(OPEN) | TO(DRAINING) | TO(FAILED),
	[SESSION_OPEN] = TO(NOTICED) | TO(FAILED),
	[SESSION_NOTICED] = TO(DRAINING) | TO(FAILED),
	[SESSION_DRAINING] = TO(FAILED),
	[SESSION_FAILED] = 0,
};

void session_enter(struct session *session, enum session_state state)
{
	assert(session_may_enter[session->state] & 1u << state);
	session->state = state;
}

static void default_time(uint64_t *field, uint64_t value)
{
	if (*field == 0)
		*field = value;
}

static void default_count(uint32_t *field, uint32_t value)
{
	if (*field == 0)
		*field = value;
}

void server_limits_complete(struct server_limits *limits)
{
	if (limits->connection_count == 0)
		limits->connection_count = 10000;
	if (limits->handshake_count == 0)
		limits->handshake_count = 160;
	default_count(&limits->stream_count, 256);
	default_count(&limits->stream_window, 512u << 10);
	default_count(&limits->connection_window, 2u << 20);
	default_count(&limits->reset_burst, 2000);
	default_count(&limits->reset_rate, 200);
	default_time(&limits->handshake_us, 10 * SECOND);
	default_time(&limits->idle_us, UINT64_MAX);
	default_time(&limits->age_us, UINT64_MAX);
	default_time(&limits->age_grace_us, 30 * SECOND);
	default_time(&limits->keepalive_us, 7200 * SECOND);
	default_time(&limits->keepalive_timeout_us, 20 * SECOND);
	default_time(&limits->ping_interval_us, 10 * SECOND);
	default_time(&limits->idle_ping_interval_us, 60 * SECOND);
	if (limits->connection_unread == 0)
		limits->connection_unread =
				(limits->rpc.connection_input ? limits->rpc.connection_input
							      : RPC_CONNECTION_INPUT) /
				2;
}

bool flood_count(struct flood *flood, uint64_t now_us, unsigned limit)
{
	if (now_us - flood->since_us > FLOOD_US)
		*flood = (struct flood){ .since_us = now_us };
	return ++flood->count > limit;
}

static uint64_t later(uint64_t from_us, uint64_t by_us)
{
	return by_us > UINT64_MAX - from_us ? UINT64_MAX : from_us + by_us;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct session *session_new(
		const struct session_options *options, uint64_t now_us, struct error *err)
{
	struct session *session = memory_alloc_zero(1, sizeof(*session));

	if (!session)
		goto fail;
	session->options = *options;
	session->limits = options->limits;
	session->loop = options->loop;
	session->loop->now_us = now_us;
	session->connection.peer = options->peer;
	session->connection.names = options->names ? options->names : "";
	session->connection.caller = rpc_engine_caller(options->loop->engine, options->peer);
	session->begun_us = options->begun_us ? options->begun_us : now_us;
	session->started_us = now_us;
	session->received_us = now_us;
	session->idle_since_us = now_us;
	session->abort_us = UINT64_MAX;
	session->settings.since_us = now_us;
	session->resets.since_us = now_us;
	session->scan.skip = NGHTTP2_CLIENT_MAGIC_LEN;
	session->http2 = session_frames_new(session);
	if (session->http2)
		return session;
	pool_fini(&session->pool);
fail:
	memory_free(session);
	error_set(err, ERROR_MEMORY, "out of memory while beginning a session");
	return NULL;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	while (session->streams)
		stream_free(session->streams);
	nghttp2_session_del(session->http2);
	timers_fini(&session->timers);
	pool_fini(&session->pool);
	memory_free(session);
}

void session_fail(struct session *session, uint32_t code, const char *debug)
{
	if (session->state == SESSION_FAILED)
		return;
	session_enter(session, SESSION_FAILED);
	(void)nghttp2_submit_goaway(session->http2, NGHTTP2_FLAG_NONE,
			nghttp2_session_get_last_proc_stream_id(session->http2), code,
			(const uint8_t *)debug, strlen(debug));
}

void session_receive(struct session *session, struct slice bytes, uint64_t now_us)
{
	ssize_t taken;

	session->loop->now_us = now_us;
	session->received_us = now_us;
	session->ping_pending = false;
	if (session->state == SESSION_FAILED || bytes.size == 0 ||
			!session_scan(session, bytes))
		return;
	session->is_busy = true;
	taken = nghttp2_session_mem_recv(
			session->http2, (const uint8_t *)bytes.data, bytes.size);
	session->is_busy = false;
	if (session->state == SESSION_FAILED)
		return;
	if (taken < 0) {
		/* nghttp2 has queued a GOAWAY where the protocol has one for it. */
		session->is_dead = taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC;
		session_enter(session, SESSION_FAILED);
	} else if (nghttp2_session_get_outbound_queue_size(session->http2) >
			OUTBOUND_MAX + OUTBOUND_PER_STREAM *
							(size_t)session->limits->stream_count) {
		session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, "too many frames to answer");
	} else if (session->state == SESSION_OPEN &&
			!nghttp2_session_want_read(session->http2)) {
		/* The client said goodbye, and has no calls left. */
		session_enter(session, SESSION_FAILED);
	}
}

static void session_pull(struct session *session, struct buffer *out, size_t max)
{
	const uint8_t *chunk;
	ssize_t size = 1;

	while (out->size < max && size > 0) {
		size = nghttp2_session_mem_send(session->http2, &chunk);
		if (size > 0)
			buffer_append(out, chunk, (size_t)size);
	}
	if (size < 0 || out->failed) {
		if (session->state != SESSION_FAILED)
			session_enter(session, SESSION_FAILED);
		session->is_dead = true;
	}
}

void session_send(struct session *session, struct buffer *out, size_t max, uint64_t now_us)
{
	session->loop->now_us = now_us;
	session->is_busy = true;
	session->out = out;
	/* A handler that gets room again may have more at once. */
	while (!session->is_dead) {
		session_pull(session, out, max);
		if (out->size >= max || !session_tell_writable(session))
			break;
	}
	/* The GOAWAY went first; what else is queued is not for this client. */
	if (session->state == SESSION_FAILED)
		session->is_dead = true;
	session->out = NULL;
	session->is_busy = false;
}

static void session_submit_goaway(struct session *session, const char *why)
{
	(void)nghttp2_submit_goaway(session->http2, NGHTTP2_FLAG_NONE,
			nghttp2_session_get_last_proc_stream_id(session->http2),
			NGHTTP2_NO_ERROR, (const uint8_t *)why, strlen(why));
}

static void session_drain_because(struct session *session, const char *why)
{
	if (session->state == SESSION_HANDSHAKE) {
		session_enter(session, SESSION_DRAINING);
		session_submit_goaway(session, why);
	} else if (session->state == SESSION_OPEN) {
		session_enter(session, SESSION_NOTICED);
		session->goodbye_us = session->loop->now_us;
		session->goodbye_why = why;
		(void)nghttp2_submit_shutdown_notice(session->http2);
		(void)nghttp2_submit_ping(
				session->http2, NGHTTP2_FLAG_NONE, (const uint8_t *)"goodbye");
	}
}

void session_drain(struct session *session, uint64_t now_us)
{
	session->loop->now_us = now_us;
	session_drain_because(session, "");
}

void session_advance_goodbye(struct session *session)
{
	if (session->state != SESSION_NOTICED)
		return;
	session_enter(session, SESSION_DRAINING);
	session_submit_goaway(session, session->goodbye_why);
}

void session_dismiss(struct session *session, const char *why, uint64_t now_us)
{
	session->loop->now_us = now_us;
	session_drain_because(session, why);
	/* No call more, not even those that are under way to us. */
	session_advance_goodbye(session);
	session->abort_us =
			sooner(session->abort_us, later(now_us, session->limits->age_grace_us));
}

void session_review(struct session *session, uint64_t now_us)
{
	struct rpc_stream *stream;

	session->loop->now_us = now_us;
	for (stream = session->streams; stream; stream = stream->next)
		if (stream->has_begun)
			rpc_call_review(stream->call);
}

void session_abort(struct session *session, uint64_t now_us)
{
	struct rpc_stream *stream;

	session->loop->now_us = now_us;
	if (session->state == SESSION_FAILED)
		return;
	for (stream = session->streams; stream; stream = stream->next)
		(void)nghttp2_submit_rst_stream(
				session->http2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
	session_fail(session, NGHTTP2_NO_ERROR, "");
}

/* The handshake, header blocks and keepalive: a client that says nothing is gone. */
static void session_tick_silence(struct session *session, uint64_t now_us)
{
	const struct server_limits *limits = session->limits;

	if (session->state == SESSION_HANDSHAKE &&
			now_us >= later(session->begun_us, limits->handshake_us))
		session_fail(session, NGHTTP2_SETTINGS_TIMEOUT, "no SETTINGS came");
	else if (session->headers_us &&
			now_us >= later(session->headers_us, limits->handshake_us))
		session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, "headers came too slowly");
	else if (session->ping_pending) {
		if (now_us >= later(later(session->received_us, limits->keepalive_us),
					      limits->keepalive_timeout_us)) {
			session_fail(session, NGHTTP2_NO_ERROR, "keepalive timeout");
			session->is_dead = true;
		}
	} else if (now_us >= later(session->received_us, limits->keepalive_us)) {
		session->ping_pending = true;
		(void)nghttp2_submit_ping(
				session->http2, NGHTTP2_FLAG_NONE, (const uint8_t *)"alive?\0");
	}
}

static void session_tick_age(struct session *session, uint64_t now_us)
{
	const struct server_limits *limits = session->limits;

	if (session->state == SESSION_NOTICED &&
			now_us >= later(session->goodbye_us, NOTICE_US))
		session_advance_goodbye(session);
	if (now_us >= session->abort_us)
		session_abort(session, now_us);
	if (session->state != SESSION_OPEN)
		return;
	if (now_us >= later(session->started_us, limits->age_us)) {
		session->abort_us = later(now_us, limits->age_grace_us);
		session_drain_because(session, "max_age");
	} else if (session->stream_count == 0 &&
			now_us >= later(session->idle_since_us, limits->idle_us)) {
		session_drain_because(session, "max_idle");
	}
}

void session_tick(struct session *session, uint64_t now_us)
{
	struct timer *timer;

	session->loop->now_us = now_us;
	if (session->state == SESSION_FAILED)
		return;
	session->is_busy = true;
	while ((timer = timers_first(&session->timers)) && timer->at_us <= now_us) {
		/* The timer is the stream's first member. */
		struct rpc_stream *stream = (struct rpc_stream *)timer;

		timers_clear(&session->timers, timer);
		rpc_call_timer(stream->call);
	}
	session_tick_silence(session, now_us);
	session_tick_age(session, now_us);
	session->is_busy = false;
}

uint64_t session_next_us(const struct session *session)
{
	const struct server_limits *limits = session->limits;
	const struct timer *timer = timers_first(&session->timers);
	uint64_t next = later(session->received_us, limits->keepalive_us);

	if (session->state == SESSION_FAILED)
		return UINT64_MAX;
	if (session->ping_pending)
		next = later(next, limits->keepalive_timeout_us);
	if (timer)
		next = sooner(next, timer->at_us);
	if (session->headers_us)
		next = sooner(next, later(session->headers_us, limits->handshake_us));
	if (session->state == SESSION_HANDSHAKE)
		next = sooner(next, later(session->begun_us, limits->handshake_us));
	if (session->state == SESSION_NOTICED)
		next = sooner(next, later(session->goodbye_us, NOTICE_US));
	if (session->state == SESSION_OPEN) {
		next = sooner(next, later(session->started_us, limits->age_us));
		if (session->stream_count == 0)
			next = sooner(next, later(session->idle_since_us, limits->idle_us));
	}
	return sooner(next, session->abort_us);
}

bool session_is_over(const struct session *session)
{
	if (session->is_dead)
		return true;
	if (nghttp2_session_want_write(session->http2))
		return false;
	/* nghttp2 reads no more when its own GOAWAY for a breach of the rules is sent. */
	if (session->state != SESSION_NOTICED && !nghttp2_session_want_read(session->http2))
		return true;
	return session->state == SESSION_FAILED ||
	       (session->state == SESSION_DRAINING && session->stream_count == 0);
}

bool session_is_waiting(const struct session *session)
{
	return session->connection.first_waiting;
}

size_t session_call_count(const struct session *session)
{
	return session->stream_count;
}

uint64_t session_idle_since_us(const struct session *session)
{
	return session->idle_since_us;
}
