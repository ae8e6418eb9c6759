/* SPDX-License-Identifier: Apache-2.0 */
/* What channel.c (the connection) and call.c (one stream of it) share. */
#pragma once

#include "client/lib/channel.h"
#include "client/lib/link.h"
#include "client/lib/tls.h"

#include <nghttp2/nghttp2.h>

struct channel {
	char *address;		/* without the scheme */
	bool wants_tls;		/* https:// */
	bool is_plain;		/* http://, unix: */
	struct tls_client *tls; /* or NULL */
	char *authorization;	/* "Bearer ...", or NULL */
	struct link link;
	nghttp2_session *session; /* NULL: not connected */
	struct buffer outgoing;	  /* made by nghttp2, not yet written */
	struct call *calls;	  /* all that were started and not freed */
	bool memory_failed;	  /* of the session: it is given up soon */
	bool has_heard;		  /* the server has said something on this connection */
	bool draining;		  /* the server takes no new stream on this connection */
	/* Keepalive: when something came last, and when the server was asked since (0: it was not). */
	int64_t heard_ms;
	int64_t asked_ms;
	int quiet_ms;
	int answer_ms;
};

struct call {
	struct channel *channel;
	struct call *next;
	int32_t stream_id;
	int64_t deadline;
	struct buffer request; /* framed messages on their way out, */
	size_t request_taken;  /* of which nghttp2 has taken so many bytes */
	bool half_closed;
	struct buffer response; /* framed messages on their way in */
	size_t unconsumed;	/* bytes of it the server's window has not got back */
	int http_status;
	bool grpc_content;
	bool has_status; /* a grpc-status came */
	bool ended;	 /* nothing more will come */
	struct call_status status;
};

/** Moves bytes once: writes what there is, waits for more until @deadline at most. */
void channel_advance(struct channel *channel, int64_t deadline);
/** Takes what nghttp2 has to say into ->outgoing, so that one call is one write. false: lost.
 */
bool channel_gather(struct channel *channel);
/** The connection is lost: every call that has not ended ends so. */
void channel_break(struct channel *channel, int code, const char *message);

/** Called for each header, each run of data, and at the end of the stream. */
void call_on_header(struct call *call, struct slice name, struct slice value);
void call_on_data(struct call *call, const uint8_t *data, size_t size);
void call_on_end(struct call *call, uint32_t http2_error);
/** Ends the call with a status of our own, unless it has ended. */
void call_end(struct call *call, int code, const char *message);

/** Percent-decodes a grpc-message into status->message; cuts at a character. */
void call_status_decode_message(struct call_status *status, struct slice text);
/** Decodes base64 (padded or not) into status->details; rubbish leaves it empty. */
void call_status_decode_details(struct call_status *status, struct slice text);
