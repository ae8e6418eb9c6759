/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PushService share. */
#pragma once

#include "handlers/ask_registry.h"
#include "handlers/push_service.h"
#include "policycalc/v1/push_service.pb-c.h"

#define PUSH_SERVICE "policycalc.v1.PushService"

/** The region and all below it, sorted, in @arena. 0: it is none of the catalog's, or memory is short. */
size_t push_regions_find(const struct catalog *catalog, const char *code_or_name,
		struct arena *arena, struct slice **out_list);
/** What every decision of staff is checked for; true: it was refused, with why. */
bool push_refuse_decision(struct rpc_call *call, const char *who_field, const char *who,
		const char *note, size_t key_count);
/** Room for what cannot be done to some of @count deliveries; NULL: @arena is exhausted. */
Policycalc__V1__DeliveryStatus **push_others_new(
		size_t count, struct arena *arena, struct error *err);
/** RFC 3339, UTC, in @arena; NULL when that is exhausted. */
char *push_time_print(int64_t ms, struct arena *arena);
