/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters and the webhook, as text. */
#pragma once

#include "client/render/words.h"
#include "policycalc/v1/push_service.pb-c.h"

/** One line a dead letter, with why. */
bool dead_print(const struct render_style *style, Policycalc__V1__Delivery *const *deliveries,
		size_t count, struct buffer *out);
void push_status_print(const struct render_style *style,
		const Policycalc__V1__GetPushStatusResponse *status, struct buffer *out);
