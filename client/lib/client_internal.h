/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind the public headers share. */
#pragma once

#include "client/lib/channel.h"
#include "client/lib/clock.h"
#include "policycalc/policycalc.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"

#define CALCULATOR_PATH "/policycalc.v1.CalculatorService/"
#define CATALOG_PATH "/policycalc.v1.CatalogService/"
#define REGISTRY_PATH "/policycalc.v1.RegistryService/"
#define PUSH_PATH "/policycalc.v1.PushService/"
/* What one answer may take from the machine. */
#define ANSWER_BUDGET ((size_t)256 << 20)

struct Google__Rpc__Status;

struct pcalc_client {
	struct channel *channel;
	int timeout_ms;
};

/** Turns the status of a call into a failure; frees what @status holds. Returns false. */
bool failure_from_status(struct pcalc_failure *failure, struct call_status *status);
/** The same of a status that came as part of an answer; @failure may be NULL. */
void failure_from_rpc_status(
		struct pcalc_failure *failure, const struct Google__Rpc__Status *status);
/** Fills @failure (may be NULL) and returns false. */
bool failure_set(struct pcalc_failure *failure, enum pcalc_code code, const char *message);
bool failure_out_of_memory(struct pcalc_failure *failure);

/** A unary call within the client's timeout; @failure is filled when NULL is returned. */
ProtobufCMessage *client_call(pcalc_client *client, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		struct arena *arena, struct pcalc_failure *failure);

/* A combination: of its own when its arena holds it, else borrowed from the answers it is part of. */
struct pcalc_combination {
	struct arena arena; /* first, as handle_new() wants it; unused when borrowed */
	const Policycalc__V1__Combination *message;
	int64_t revision;
	const char *as_of;
	Policycalc__V1__Warning *const *warnings;
	size_t warning_count;
};

struct pcalc_warning warning_from(const Policycalc__V1__Warning *warning);
struct pcalc_text text_from(const Policycalc__V1__Text *text);
/** All zero when @amount is NULL. */
struct pcalc_amount amount_from(const Policycalc__V1__AmountAnswer *amount);
struct pcalc_answer answer_from(const Policycalc__V1__PolicyAnswer *answer);
struct pcalc_near_miss near_from(const Policycalc__V1__NearMiss *near);
/** A field of a request, which packing only reads; NULL is "". */
static inline char *text_field(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

/** The profile as a message; borrowed, and as it is now. NULL when memory is short. */
const Policycalc__V1__Profile *profile_message(const pcalc_profile *profile);

struct answer_stream;
/**
 * Opens @stream within the client's timeout; false with @failure filled, and the stream closed.
 */
bool client_open_stream(pcalc_client *client, struct answer_stream *stream, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		struct pcalc_failure *failure);
/** The next answer, or NULL at the end; false with @failure filled. */
bool client_receive(struct answer_stream *stream, ProtobufCMessage **out_message,
		struct pcalc_failure *failure);

/** A handle of @size bytes that begins with its arena. NULL with @failure filled: memory is short. */
void *handle_new(size_t size, struct pcalc_failure *failure);
/** Frees the arena and the handle. NULL is fine. */
void handle_free(void *handle);
