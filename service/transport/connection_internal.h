/* SPDX-License-Identifier: Apache-2.0 */
/* What connection.c (its life, and what comes in) and connection_write.c (what goes out) share. */
#pragma once

#include "transport/connection.h"

/** HTTP/2 begins. false: memory is short. */
bool connection_open(struct connection *connection);
/** Bytes go both ways. */
bool connection_is_live(const struct connection *connection);
/** It is flushed before the loop sleeps. */
void connection_mark_dirty(struct connection *connection);
/** At once, whatever is unsent. */
void connection_close(struct connection *connection);
/** Everything is said: our side is shut, and the client's bytes are thrown away for a moment. */
void connection_linger(struct connection *connection);
/** Its bytes are read from now on. false: that cannot be. */
bool connection_read(struct connection *connection);
/** A client of @where, NULL if that is not known, is about to speak TLS; another may have to go for it. */
void connection_expect_handshake(struct connection *connection, const struct sockaddr *where);
/** The first bytes of it have come. false: memory is short. */
bool connection_begin_handshake(struct connection *connection);
/** Whether it may be read now; not, while it is another's turn to have its handshake worked on. */
bool connection_may_be_read(struct connection *connection);
/** It may not: its bytes stay in the socket until it is called. */
void connection_wait(struct connection *connection);
/** A handshake is closed, of an address that holds no fewer connections than @held. false: there is none. */
bool connection_displace_handshake(struct loop *loop, size_t held);
/** After whatever may have changed when something is due. */
void connection_set_timer(struct connection *connection);
/** What @size bytes, just read, have asked is sent, unless there is more to come soon. */
void connection_answer(struct connection *connection, size_t size);
