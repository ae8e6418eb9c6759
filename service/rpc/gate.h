/* SPDX-License-Identifier: Apache-2.0 */
/* Who may begin a call: asked when the header block is complete, before any byte of a body is kept. */
#pragma once

#include "rpc/method.h"

/* What is known of who calls. Borrowed. */
struct rpc_caller {
	struct slice authorization; /* the header, or empty */
	/* Verified names of the certificate that came with the connection, "uri:..." and "dns:...", each ended by
	 * NUL and the last by another; "": there are none. */
	const char *names;
	const char *peer; /* "ipv4:127.0.0.1:4711" */
};

/* Zeroed: everybody may call everything. */
struct rpc_gate {
	/*
	 * Loop thread. RPC_OK, with @out_identity filled, lets the call in; any other status ends it with *@out_message, a text of @arena or one that lives for ever.
	 */
	enum rpc_status (*admit)(void *context, const struct rpc_method *method,
			const struct rpc_caller *caller, struct arena *arena,
			struct rpc_identity *out_identity, const char **out_message);
	void *context;
};
