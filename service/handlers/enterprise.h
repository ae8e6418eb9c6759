/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about an enterprise of the registry. */
#pragma once

#include "handlers/internal.h"

/*
 * On the call's loop, exactly once, also when the call was cancelled. @profile is encoded and borrowed;
 * NULL: there is none, for @reason.
 */
typedef void (*fetched_fn)(struct rpc_call *call, const void *argument,
		const struct slice *profile, const struct error *reason);
/**
 * Fetches the profile of an enterprise as it is known now. false when it cannot be begun; ERROR_PERMISSION
 * when whoever calls may not read the registry.
 */
bool enterprise_fetch(struct rpc_call *call, const char *uscc, fetched_fn fetched,
		const void *argument, struct error *err);
/** Lays *profile (may be NULL) over the encoded profile @known; puts what comes of it there. */
bool enterprise_lay_over(struct rpc_call *call, struct slice known, const char *as_of,
		Policycalc__V1__Profile **profile, struct arena *arena, struct error *err);
/**
 * As call_answer(), of a MatchRequest, CombineRequest or NextQuestionRequest: its own revision, and the
 * enterprise it names.
 */
void call_answer_question(
		struct rpc_call *call, const ProtobufCMessage *request, answer_fn answer);
