/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that is one question to the registry's thread: asked there, answered on the call's loop.
 * A call that was cancelled meanwhile is not asked any more. @request lives as long as the call.
 */
#pragma once

#include "handlers/internal.h"

/** An empty response of @type in @arena, for what is asked below; NULL with "answering". */
void *response_new(
		struct arena *arena, const ProtobufCMessageDescriptor *type, struct error *err);

/* What the registry answers, on its thread: the response in @arena, or NULL and why. */
typedef const ProtobufCMessage *(*registry_ask_fn)(struct registry *registry,
		const ProtobufCMessage *request, struct arena *arena, struct error *err);
/** Asks, and finishes the call. A wrong code is a violation of @uscc_field (NULL: of none). */
void call_ask_registry(struct rpc_call *call, const ProtobufCMessage *request,
		registry_ask_fn ask_registry, const char *uscc_field);

/* What the engine or the ledger answers, on the registry's thread: likewise. */
typedef const ProtobufCMessage *(*push_ask_fn)(struct push_service *service,
		const ProtobufCMessage *request, struct arena *arena, struct error *err);
/** Asks, and finishes the call. */
void call_ask_push(
		struct rpc_call *call, const ProtobufCMessage *request, push_ask_fn ask_push);
