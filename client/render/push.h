/* SPDX-License-Identifier: Apache-2.0 */
/* Push runs and deliveries, as text and as CSV. */
#pragma once

#include "client/render/words.h"
#include "policycalc/v1/push_service.pb-c.h"

const char *word_delta(const struct render_style *style, Policycalc__V1__DeltaKind kind);
const char *word_delivery_state(
		const struct render_style *style, Policycalc__V1__DeliveryState state);
const char *word_run_state(const struct render_style *style, Policycalc__V1__Run__State state);

/** One run: what it was asked, how it stands, what it found by policy and kind. */
bool run_print(const struct render_style *style, const Policycalc__V1__Run *run,
		struct buffer *out);
/** One line a run. */
bool runs_print(const struct render_style *style, Policycalc__V1__Run *const *runs,
		size_t count, struct buffer *out);
/** All news of one digest, most valuable first. */
void digest_print(const struct render_style *style, const Policycalc__V1__Digest *digest,
		struct buffer *out);
/** One line a delivery. */
bool deliveries_print(const struct render_style *style,
		Policycalc__V1__Delivery *const *deliveries, size_t count, struct buffer *out);

/* One row a piece of news; amounts in yuan. */
void digest_print_csv_heading(const struct render_style *style, struct buffer *out);
void digest_print_csv(const struct render_style *style,
		const Policycalc__V1__PullDeliveriesResponse *delivery,
		const Policycalc__V1__Digest *digest, struct buffer *out);
