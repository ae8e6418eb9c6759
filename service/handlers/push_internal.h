/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of PushService share. */
#pragma once

#include "handlers/ask_registry.h"
#include "handlers/push_service.h"
#include "policycalc/v1/push_service.pb-c.h"

#define PUSH_SERVICE "policycalc.v1.PushService"
