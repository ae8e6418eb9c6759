/* SPDX-License-Identifier: Apache-2.0 */
/* The header block of a request: what gRPC itself reads, and the metadata for the handler. */
#pragma once

#include "base/arena.h"
#include "base/slice.h"
#include "rpc/stream.h"

#include <stdbool.h>
#include <stddef.h>

struct request_field {
	struct request_field *next; /* in order of arrival */
	struct slice name;
	struct slice value;
};

struct request {
	struct request_field *first; /* metadata: neither ":" nor "grpc-" */
	struct request_field *last;
	size_t size; /* as HTTP/2 counts: name + value + 32 a field */
	size_t count;
	bool is_too_large;
	struct slice method;
	struct slice path;
	struct slice content_type;
	struct slice timeout;
	struct slice encoding;
	struct slice accept_encoding;
	struct slice id; /* x-request-id */
};

/** Copies one header into @arena, without blanks around its value. Past the limits it only counts. */
void request_add(struct request *request, struct arena *arena, const struct rpc_limits *limits,
		struct slice name, struct slice value);
/** application/grpc, application/grpc+proto, and either with parameters. */
bool request_is_grpc(const struct request *request);
/** Does grpc-accept-encoding list @name? */
bool request_accepts(const struct request *request, const char *name);
/** First value under @name, or an empty slice. */
struct slice request_find(const struct request *request, struct slice name);
