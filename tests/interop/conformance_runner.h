/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner of connectrpc's conformance suite, which starts a server for each way of serving: it writes a
 * ServerCompatRequest to its standard input and reads a ServerCompatResponse, each after its size in four bytes. Without
 * one the server tells its addresses as the others do.
 */
#pragma once

#include "conformance.pb-c.h"
#include "serving.h"

struct conformance_runner {
	Connectrpc__Conformance__V1__ServerCompatRequest
			*request;    /* NULL: there is no runner */
	char client_authorities[64]; /* a file of ours, or "" */
};

/** Reads what is wanted and sets @serving to it. false: it cannot be served. */
bool conformance_runner_listen(struct conformance_runner *runner, struct serving *serving);
void conformance_runner_tell(
		const struct conformance_runner *runner, const struct serving *serving);
void conformance_runner_fini(struct conformance_runner *runner);
