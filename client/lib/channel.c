/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection: bytes between the socket and nghttp2.
 *
 *     (none) ──connect──► OPEN ──GOAWAY──► DRAINING
 *        ▲                  │                  │
 *        └──── any failure, end of file ───────┘
 *
 * channel_advance() is the only place that reads, writes and waits. channel_break() is the only
 * way back to (none); the next call_start() connects again. A call may wait for as long as the server
 * works, but not for a server that is gone: channel_watch() asks with a PING, as the machine of the
 * server may vanish without a word.
 */
#include "client/lib/channel_internal.h"

#include "base/memory.h"
#include "client/lib/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STREAM_WINDOW (1 << 20)
#define TOKEN_MOST 512
#define HTTPS "https://"
#define HTTP "http://"
#define OUTGOING_LIMIT (256 * 1024)
/* The service allows a ping every ten seconds while a call is under way. */
#define QUIET_MS (30 * 1000)
#define ANSWER_MS (20 * 1000)

/* nghttp2 may turn a failed allocation into any error of the protocol, or go on without: noting
 * it here lets the channel say what really happened, and give up the connection. */
static void *channel_note_memory(struct channel *channel, void *memory)
{
	if (!memory)
		channel->memory_failed = true;
	return memory;
}

static void *on_malloc(size_t size, void *user)
{
	return channel_note_memory(user, memory_alloc(size));
}

static void on_free(void *memory, void *user)
{
	memory_free(memory);
}

static void *on_calloc(size_t count, size_t size, void *user)
{
	return channel_note_memory(user, memory_alloc_zero(count, size));
}

static void *on_realloc(void *memory, size_t size, void *user)
{
	return channel_note_memory(user, memory_resize(memory, size));
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		void *user)
{
	struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (call)
		call_on_header(call, (struct slice){ (const char *)name, name_size },
				(struct slice){ (const char *)value, value_size });
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id,
		const uint8_t *data, size_t size, void *user)
{
	struct call *call = nghttp2_session_get_stream_user_data(session, stream_id);

	/* The connection's window is given back at once: only streams are held back. */
	if (nghttp2_session_consume_connection(session, size) == NGHTTP2_ERR_NOMEM)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (call)
		call_on_data(call, data, size);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct channel *channel = user;
	struct call *call;

	if (frame->hd.type == NGHTTP2_GOAWAY)
		channel->draining = true;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (call && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		call_on_end(call, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_stream_close(
		nghttp2_session *session, int32_t stream_id, uint32_t error, void *user)
{
	struct call *call = nghttp2_session_get_stream_user_data(session, stream_id);

	if (call) {
		call_on_end(call, error);
		call->stream_id = -1;
	}
	return 0;
}

struct channel *channel_new(const char *address)
{
	struct channel *channel = memory_alloc_zero(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->link.fd = -1;
	channel_set_keepalive(channel, QUIET_MS, ANSWER_MS);
	channel->wants_tls = strncmp(address, HTTPS, strlen(HTTPS)) == 0;
	channel->is_plain = strncmp(address, HTTP, strlen(HTTP)) == 0 ||
			    strncmp(address, "unix:", 5) == 0;
	if (strncmp(address, "unix:", 5) != 0)
		address += channel->wants_tls  ? strlen(HTTPS)
			   : channel->is_plain ? strlen(HTTP)
					       : 0;
	channel->address = memory_copy(address, strlen(address));
	if (!channel->address) {
		channel_free(channel);
		return NULL;
	}
	return channel;
}

void channel_set_keepalive(struct channel *channel, int quiet_ms, int answer_ms)
{
	channel->quiet_ms = quiet_ms;
	channel->answer_ms = answer_ms;
}

static void authorization_free(char *authorization)
{
	if (authorization)
		explicit_bzero(authorization, strlen(authorization));
	memory_free(authorization);
}

bool token_is_valid(struct slice token)
{
	for (size_t i = 0; i < token.size; i++)
		if (token.data[i] <= ' ' || token.data[i] > '~')
			return false;
	return token.size > 0 && token.size <= TOKEN_MOST;
}

bool channel_set_token(struct channel *channel, struct slice token)
{
	static const char SCHEME[] = "Bearer ";
	char *authorization = NULL;

	if (token.size) {
		authorization = memory_alloc(sizeof(SCHEME) + token.size);
		if (!authorization)
			return false;
		memcpy(authorization, SCHEME, sizeof(SCHEME) - 1);
		memcpy(authorization + sizeof(SCHEME) - 1, token.data, token.size);
		authorization[sizeof(SCHEME) - 1 + token.size] = '\0';
	}
	authorization_free(channel->authorization);
	channel->authorization = authorization;
	return true;
}

/* The server's silence is counted from now on. */
static void channel_listen(struct channel *channel)
{
	channel->heard_ms = clock_now_ms();
	channel->asked_ms = 0;
}

/* Gives up the connection; no call is told. */
static void channel_disconnect(struct channel *channel)
{
	nghttp2_session_del(channel->session);
	channel->session = NULL;
	channel->draining = false;
	channel->memory_failed = false;
	channel->has_heard = false;
	link_close(&channel->link);
	buffer_fini(&channel->outgoing);
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	channel_disconnect(channel);
	tls_client_free(channel->tls);
	authorization_free(channel->authorization);
	memory_free(channel->address);
	memory_free(channel);
}

void channel_break(struct channel *channel, int code, const char *message)
{
	channel_disconnect(channel);
	for (struct call *call = channel->calls; call; call = call->next) {
		call->stream_id = -1;
		call_end(call, code, message);
	}
}

static int channel_start_session(struct channel *channel)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 64 * 1024 },
	};
	nghttp2_mem memory = { channel, on_malloc, on_free, on_calloc, on_realloc };
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int result = nghttp2_session_callbacks_new(&callbacks);

	if (result)
		return result;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	result = nghttp2_option_new(&option);
	if (!result) {
		nghttp2_option_set_no_auto_window_update(option, 1);
		result = nghttp2_session_client_new3(
				&channel->session, callbacks, channel, option, &memory);
	}
	if (!result)
		result = nghttp2_submit_settings(channel->session, NGHTTP2_FLAG_NONE, settings,
				sizeof(settings) / sizeof(settings[0]));
	if (!result)
		result = nghttp2_session_set_local_window_size(
				channel->session, NGHTTP2_FLAG_NONE, 0, 4 * STREAM_WINDOW);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return result;
}

static int code_of_error(enum error_code code)
{
	if (code == ERROR_INVALID)
		return PCALC_INVALID_ARGUMENT;
	if (code == ERROR_DEADLINE)
		return PCALC_DEADLINE_EXCEEDED;
	return code == ERROR_MEMORY ? PCALC_OUT_OF_MEMORY : PCALC_UNAVAILABLE;
}

bool channel_set_tls(struct channel *channel, const struct tls_files *files,
		struct call_status *status)
{
	struct tls_client *tls = NULL;
	struct error err;

	if (!channel->is_plain) {
		tls = tls_client_new(files, &err);
		if (!tls)
			return call_status_set(
					status, code_of_error(err.code), "%s", err.message);
	}
	/* A connection under way may still use the old one. */
	if (channel->tls)
		channel_break(channel, PCALC_UNAVAILABLE, "the certificates were changed");
	tls_client_free(channel->tls);
	channel->tls = tls;
	return true;
}

/* https:// without a word about certificates trusts what the system does. */
static bool channel_prepare_tls(struct channel *channel, struct call_status *status)
{
	return !channel->wants_tls || channel->tls ||
	       channel_set_tls(channel, &(struct tls_files){ 0 }, status);
}

bool channel_connect(struct channel *channel, int64_t deadline, struct call_status *status)
{
	struct error err;

	/* A connection that the server has closed while it was idle is noticed here, so that
	 * the call does not fail for it. */
	if (channel->session)
		channel_advance(channel, 0);
	if (channel->session && channel->draining && !channel->calls)
		channel_disconnect(channel);
	/* Nobody has listened while no call was under way. */
	if (!channel->calls)
		channel_listen(channel);
	if (channel->session)
		return true;
	if (!channel_prepare_tls(channel, status))
		return false;
	if (!link_open(&channel->link, channel->address, deadline, &err))
		return call_status_set(status, code_of_error(err.code), "%s", err.message);
	if (channel->tls && !tls_client_secure(channel->tls, &channel->link, channel->address,
					    deadline, &err)) {
		channel_disconnect(channel);
		return call_status_set(status, code_of_error(err.code), "%s", err.message);
	}
	if (channel_start_session(channel)) {
		channel_disconnect(channel);
		return call_status_set(
				status, PCALC_OUT_OF_MEMORY, "out of memory while connecting");
	}
	/* Calls of a connection before may not be freed yet; its silence is not that of this one. */
	channel_listen(channel);
	return true;
}

static void channel_break_nghttp2(struct channel *channel, long result)
{
	if (result == NGHTTP2_ERR_NOMEM || result == NGHTTP2_ERR_CALLBACK_FAILURE)
		channel_break(channel, PCALC_OUT_OF_MEMORY, "out of memory during the call");
	else
		channel_break(channel, PCALC_UNAVAILABLE, nghttp2_strerror((int)result));
}

bool channel_gather(struct channel *channel)
{
	while (channel->outgoing.size < OUTGOING_LIMIT) {
		const uint8_t *data;
		ssize_t size = nghttp2_session_mem_send(channel->session, &data);

		if (size < 0) {
			channel_break_nghttp2(channel, size);
			return false;
		}
		if (size == 0)
			break;
		buffer_append(&channel->outgoing, data, (size_t)size);
	}
	if (channel->outgoing.failed || channel->memory_failed) {
		channel_break_nghttp2(channel, NGHTTP2_ERR_NOMEM);
		return false;
	}
	return true;
}

/* @size as read() and send() gave it; true when something moved. */
static bool channel_moved(struct channel *channel, ssize_t size)
{
	if (size > 0)
		return true;
	if (size == 0 && !channel->has_heard && !channel->tls)
		channel->link.trouble = LINK_TROUBLE_TLS;
	if (size == 0)
		channel_break(channel, PCALC_UNAVAILABLE,
				channel->link.trouble ? link_trouble_en(channel->link.trouble)
						      : "the server closed the connection");
	else if (channel->link.trouble)
		channel_break(channel, PCALC_UNAVAILABLE,
				link_trouble_en(channel->link.trouble));
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		channel_break(channel, PCALC_UNAVAILABLE, strerrordesc_np(errno));
	return false;
}

static void channel_read(struct channel *channel)
{
	uint8_t bytes[16 * 1024];
	ssize_t size = channel->link.read(&channel->link, bytes, sizeof(bytes));
	ssize_t used;

	if (!channel_moved(channel, size))
		return;
	channel_listen(channel);
	channel->has_heard = true;
	used = nghttp2_session_mem_recv(channel->session, bytes, (size_t)size);
	if (used < 0 || channel->memory_failed)
		channel_break_nghttp2(
				channel, channel->memory_failed ? NGHTTP2_ERR_NOMEM : used);
}

/* Until when the server may say nothing before something is to be done about it. */
static int64_t channel_patience(const struct channel *channel)
{
	if (!channel->calls)
		return DEADLINE_NONE;
	return channel->asked_ms ? channel->asked_ms + channel->answer_ms
				 : channel->heard_ms + channel->quiet_ms;
}

/* Nothing is there to be read: a server that is silent is asked, and one that was asked is given up. */
static void channel_watch(struct channel *channel)
{
	char message[96];

	if (clock_now_ms() < channel_patience(channel))
		return;
	if (channel->asked_ms) {
		(void)snprintf(message, sizeof(message),
				"the server does not answer any more: nothing came for %lld "
				"seconds",
				(long long)((clock_now_ms() - channel->heard_ms) / 1000));
		channel_break(channel, PCALC_UNAVAILABLE, message);
	} else if (nghttp2_submit_ping(channel->session, NGHTTP2_FLAG_NONE, NULL)) {
		channel_break_nghttp2(channel, NGHTTP2_ERR_NOMEM);
	} else {
		channel->asked_ms = clock_now_ms();
	}
}

void channel_advance(struct channel *channel, int64_t deadline)
{
	struct pollfd wanted = { .fd = channel->link.fd, .events = POLLIN };
	struct buffer *outgoing = &channel->outgoing;
	int64_t until = channel_patience(channel);
	bool moved = false;
	int ready;

	if (!channel_gather(channel))
		return;
	if (outgoing->size) {
		ssize_t size = channel->link.write(
				&channel->link, outgoing->data, outgoing->size);

		moved = channel_moved(channel, size);
		if (moved)
			buffer_consume(outgoing, (size_t)size);
		if (!channel->session)
			return;
	}
	if (outgoing->size)
		wanted.events |= POLLOUT;
	/* After a write there may be more to send, and the server may wait for just that: the
	 * caller decides whether an answer is wanted next. */
	ready = poll(&wanted, 1,
			moved ? 0 : deadline_left_ms(deadline < until ? deadline : until));
	if (ready > 0 && (wanted.revents & (POLLIN | POLLERR | POLLHUP)))
		channel_read(channel);
	else if (ready == 0)
		channel_watch(channel);
}
