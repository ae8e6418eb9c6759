/* SPDX-License-Identifier: Apache-2.0 */
/* What an enterprise wants to be told, and how often. */
#pragma once

#include "policycalc/v1/push_service.pb-c.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/** Whether news of @kind about a policy of @policy_kind is wanted; @wish NULL: it never said. */
bool quiet_wants(const Policycalc__V1__Subscription *wish, Policycalc__V1__DeltaKind kind,
		Policycalc__V1__Kind policy_kind);
/**
 * The first day on which news of a run on @today may be handed out: 0 at once, else days since 1970.
 * @last: when it was told something last; 0: never.
 */
int32_t quiet_not_before(const Policycalc__V1__Subscription *wish, int32_t last, int32_t today);
