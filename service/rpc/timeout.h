/* SPDX-License-Identifier: Apache-2.0 */
/* The grpc-timeout header. */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Parses one to eight digits and a unit (H M S m u n) to microseconds, rounded up and saturated
 * at INT64_MAX. false when the text is anything else.
 */
bool timeout_parse(struct slice text, uint64_t *out_us);
