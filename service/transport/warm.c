/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/warm.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <string.h>

/* More than such a talk takes. */
#define TURNS_MOST 16

#define HEADER(name, value)                                                                    \
	{                                                                                      \
		(uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,    \
				NGHTTP2_NV_FLAG_NONE                                           \
	}

/* A message of a few bytes, and its end. */
static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
		uint32_t *flags, nghttp2_data_source *source, void *context)
{
	static const char message[] = "hello";

	(void)session;
	(void)stream;
	(void)source;
	(void)context;
	if (size < sizeof(message))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	memcpy(out, message, sizeof(message));
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)sizeof(message);
}

static const nghttp2_data_provider message = { .read_callback = on_read };

/* On the server's end: the call is there, and is answered. */
static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	static const nghttp2_nv headers[] = { HEADER(":status", "200"),
		HEADER("content-type", "application/grpc") };

	(void)context;
	if (frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		(void)nghttp2_submit_response(session, frame->hd.stream_id, headers,
				sizeof(headers) / sizeof(*headers), &message);
	return 0;
}

/* All that @from has to say; whether there was something. */
static bool talk(nghttp2_session *from, nghttp2_session *to)
{
	const uint8_t *bytes;
	ssize_t size = nghttp2_session_mem_send(from, &bytes);

	return size > 0 && nghttp2_session_mem_recv(to, bytes, (size_t)size) == size;
}

static void sessions_talk(nghttp2_session *client, nghttp2_session *server)
{
	static const nghttp2_nv headers[] = { HEADER(":method", "POST"),
		HEADER(":scheme", "http"), HEADER(":path", "/"),
		HEADER(":authority", "localhost"), HEADER("content-type", "application/grpc"),
		HEADER("te", "trailers") };
	bool asks = true, answers = true;

	if (nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, NULL, 0) != 0 ||
			nghttp2_submit_settings(server, NGHTTP2_FLAG_NONE, NULL, 0) != 0 ||
			nghttp2_submit_request(client, NULL, headers,
					sizeof(headers) / sizeof(*headers), &message, NULL) < 0)
		return;
	for (int turn = 0; turn < TURNS_MOST && (asks || answers); turn++) {
		asks = talk(client, server);
		answers = talk(server, client);
	}
}

void transport_warm(void)
{
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_session *client = NULL;
	nghttp2_session *server = NULL;

	if (nghttp2_session_callbacks_new(&callbacks) == 0 &&
			nghttp2_session_client_new(&client, callbacks, NULL) == 0) {
		nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
		if (nghttp2_session_server_new(&server, callbacks, NULL) == 0)
			sessions_talk(client, server);
	}
	nghttp2_session_del(server);
	nghttp2_session_del(client);
	nghttp2_session_callbacks_del(callbacks);
}
