/* SPDX-License-Identifier: Apache-2.0 */
/* A session and a client-side nghttp2 session that talk in memory, and what the client was told. */
#pragma once

#include "rpc/health.h"
#include "transport/session.h"

#include <nghttp2/nghttp2.h>

#define SECOND UINT64_C(1000000)

struct answer {
	char http_status[8];
	char grpc_status[8];
	size_t body_size;
	bool is_closed;
	uint32_t reset_code;
};

struct talk {
	struct health *health;
	struct rpc_engine *engine;
	struct rpc_loop loop;
	struct server_limits limits;
	struct rpc_task *tasks;
	struct session *session;
	nghttp2_session *client;
	uint64_t now_us;
	size_t piece; /* bytes are fed in pieces of this size */
	bool holds_window;
	const char *body;
	size_t body_size, body_sent;
	bool keeps_open;
	struct answer answers[16]; /* by stream id / 2 */
	unsigned goaway_count;
	int32_t goaway_last[4];
	char goaway_debug[64];
};

/** Both ends, but for the session: limits may be set before talk_open_session(). */
struct talk *talk_new(void);
bool talk_open_session(struct talk *talk);
/** Both ends, with @body (borrowed) for every call. */
struct talk *talk_begin(const char *body, size_t size);
void talk_free(struct talk *talk);

/** Submits a call; its id. @timeout NULL: an hour. */
int32_t talk_call(struct talk *talk, const char *path, const char *timeout);
const struct answer *talk_answer(const struct talk *talk, int32_t id);
/** Gives bytes to the session, in pieces. */
void talk_feed(struct talk *talk, const uint8_t *bytes, size_t size);
/** Both sides speak until neither has anything to say. */
void talk_run(struct talk *talk);
void talk_tick(struct talk *talk, uint64_t by_us);
