/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PushService share. */
#pragma once

#include "handlers/internal.h"
#include "handlers/push_service.h"
#include "policycalc/v1/push_service.pb-c.h"

#define PUSH_SERVICE "policycalc.v1.PushService"

/*
 * What the engine or the ledger answers, on the registry's thread: the response in @arena, or NULL and
 * why. @request lives as long as the call.
 */
typedef const ProtobufCMessage *(*push_ask_fn)(struct push_service *service,
		const ProtobufCMessage *request, struct arena *arena, struct error *err);
/** Asks, and finishes the call. */
void call_ask_push(struct rpc_call *call, const ProtobufCMessage *request, push_ask_fn ask);
