/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call is found again in the logs of others: W3C trace context, and request ids.
 *
 * Both come from the caller, and only what has exactly the form of an identifier is taken: it goes into log
 * lines, where nothing may stand that a caller has put into a header by mistake.
 */
#pragma once

#include "base/slice.h"

struct trace {
	char id[33];	 /* 32 lower-case hex digits */
	char parent[17]; /* 16: the caller's span */
};

/** From a traceparent header. false: it is none, and is to be ignored. */
bool trace_parse(struct slice header, struct trace *out_trace);

#define TRACE_REQUEST_ID_SIZE 37
/** Of an x-request-id that is a UUID or 32 hex digits; false: of any other. */
bool trace_request_id(struct slice header, char out[TRACE_REQUEST_ID_SIZE]);
