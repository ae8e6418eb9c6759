/* SPDX-License-Identifier: Apache-2.0 */
/* The door of the service: which tokens it knows, and who may call what. */
#pragma once

#include "rpc/gate.h"
#include "transport/server.h"

struct gate;

/** @tokens: a file (see operations/access.h), or NULL: everybody may call everything. */
struct gate *gate_open(const char *tokens, struct error *err);
/** After the server. */
void gate_close(struct gate *gate);
/** What the server is to ask; zeroed when everybody may call. */
struct rpc_gate gate_rpc(struct gate *gate);
/** Reads the file again. On failure, with the reason, what was known is still good. */
bool gate_reload(struct gate *gate, struct server *server, struct error *err);
/** How many tokens there are; 0: everybody may call. From the thread that reloads. */
size_t gate_token_count(const struct gate *gate);
