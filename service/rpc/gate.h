/* SPDX-License-Identifier: Apache-2.0 */
/* Who may begin a call: asked when the header block is complete, before any byte of a body is kept. */
#pragma once

#include "rpc/method.h"

/* Zeroed: everybody may call everything. */
struct rpc_gate {
	/*
	 * Loop thread. @authorization is the header, or empty. RPC_OK, with @out_identity filled, lets the call
	 * in; any other status ends it with *@out_message, a text of @arena or one that lives for ever.
	 */
	enum rpc_status (*admit)(void *context, const struct rpc_method *method,
			struct slice authorization, struct arena *arena,
			struct rpc_identity *out_identity, const char **out_message);
	void *context;
};
