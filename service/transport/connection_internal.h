/* SPDX-License-Identifier: Apache-2.0 */
/* What connection.c (its life, and what comes in) and connection_write.c (what goes out) share. */
#pragma once

#include "transport/connection.h"

/** Bytes go both ways. */
bool connection_is_live(const struct connection *connection);
/** It is flushed before the loop sleeps. */
void connection_mark_dirty(struct connection *connection);
/** At once, whatever is unsent. */
void connection_close(struct connection *connection);
/** Everything is said: our side is shut, and the client's bytes are thrown away for a moment. */
void connection_linger(struct connection *connection);
/** After whatever may have changed when something is due. */
void connection_set_timer(struct connection *connection);
