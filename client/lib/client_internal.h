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
/* What one answer may take from the machine. */
#define ANSWER_BUDGET ((size_t)256 << 20)

struct pcalc_client {
	struct channel *channel;
	int timeout_ms;
};

/** Turns the status of a call into a failure; frees what @status holds. Returns false. */
bool failure_from_status(struct pcalc_failure *failure, struct call_status *status);
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

/** The profile as a message; borrowed, and as it is now. NULL when memory is short. */
const Policycalc__V1__Profile *profile_message(const pcalc_profile *profile);

/** A handle of @size bytes that begins with its arena. NULL when memory is short. */
void *handle_new(size_t size);
/** Frees the arena and the handle. NULL is fine. */
void handle_free(void *handle);
