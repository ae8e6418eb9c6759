/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that sends a draft: what all of them hold, and how they begin. Few may be in memory at once,
 * with those that are being checked; the next one is told to try again.
 */
#pragma once

#include "handlers/internal.h"
#include "handlers/upload.h"

/* First in what the call is about. */
struct upload_call {
	struct job job;
	struct rpc_call *call; /* holds a reference once the job is on its way */
	struct handlers *handlers;
	struct upload upload;
	bool has_first; /* the options of the first message were read */

	struct arena arena; /* what is made of the draft */
	struct diagnostics diagnostics;
	struct error err;
};

/**
 * Of @size, zeroed behind its upload_call; it becomes the call's data, and its job is @check. NULL:
 * the call is finished, and has no data.
 */
void *upload_call_new(struct rpc_call *call, size_t size,
		void (*check)(struct job *job, void *context));
/** With all of @size. */
void upload_call_free(struct upload_call *upload_call);
/** Adds a file, or finishes the call with what is wrong with it. */
void upload_call_add(struct upload_call *upload_call, const Policycalc__V1__SourceFile *file);
/**
 * As draft_check(), of what came in, on the checker's thread; its error goes to @upload_call->err. What a
 * draft takes of memory is bounded by its size: where that is not enough, the error tells the bound.
 */
struct catalog *upload_call_check(struct upload_call *upload_call, bool strict,
		struct ruleset **out_ruleset, struct draft_summary *out_summary);
