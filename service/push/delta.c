/* SPDX-License-Identifier: Apache-2.0 */
#include "push/delta.h"

#include "policycalc/v1/calculator_service.pb-c.h"

#include <assert.h>
#include <string.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

const char *delta_kind_name(Policycalc__V1__DeltaKind kind)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
			&policycalc__v1__delta_kind__descriptor, (int)kind);

	return value ? value->name + strlen("DELTA_KIND_") : "";
}

static bool amount_has_figures(const struct told_amount *amount)
{
	return amount->exactness != EXACTNESS(UNSPECIFIED) &&
	       amount->exactness != EXACTNESS(NOT_STATED) &&
	       amount->exactness != EXACTNESS(NOT_COMPUTABLE);
}

static int64_t amount_upper(const struct told_amount *amount)
{
	return amount->exactness == EXACTNESS(AT_LEAST) ? INT64_MAX : amount->most;
}

/*
 * An amount that something unknown has made wider is news only when what was told can no longer be
 * true.
 */
static bool amount_is_news(const struct told_amount *told, const struct now_state *now)
{
	const struct told_amount *amount = &now->amount;

	if (told->exactness == amount->exactness && told->least == amount->least &&
			told->most == amount->most)
		return false;
	if (!amount_has_figures(told) && !amount_has_figures(amount))
		return false;
	if (!now->amount_is_open || !amount_has_figures(told))
		return !now->amount_is_open || amount_has_figures(amount);
	if (!amount_has_figures(amount))
		return false;
	return amount_upper(amount) < told->least || amount->least > amount_upper(told);
}

static bool is_closing(const struct now_state *now, int32_t today)
{
	return now->window_end && now->window_end >= today &&
	       now->window_end - today <= DELTA_CLOSING_DAYS;
}

static struct told_state told_eligible(const struct now_state *now, int32_t today)
{
	return (struct told_state){
		.kind = TOLD_ELIGIBLE,
		.version = now->version,
		.amount = now->amount,
		/* The message carries the last day, which need not be told once more. */
		.window_end = is_closing(now, today) ? now->window_end : 0,
	};
}

static struct delta delta_eligible(
		Policycalc__V1__DeltaKind kind, const struct now_state *now, int32_t today)
{
	return (struct delta){ .kind = kind, .next = told_eligible(now, today) };
}

static struct delta delta_near(const struct now_state *now)
{
	return (struct delta){
		.kind = DELTA_KIND(NEWLY_NEAR),
		.near = true,
		.next = { .kind = TOLD_NEAR, .version = now->version },
	};
}

static struct delta delta_lapsed(const struct told_state *told, const struct now_state *now)
{
	bool gone = now->kind == NOW_GONE;

	return (struct delta){
		.kind = DELTA_KIND(LAPSED),
		.cause = gone ? LAPSE_CAUSE(WITHDRAWN) : LAPSE_CAUSE(CONDITION),
		.near = now->kind == NOW_NEAR,
		.next = { .kind = TOLD_LAPSED,
				.version = gone ? told->version : now->version,
				.distance = now->kind == NOW_NEAR },
	};
}

static struct delta delta_none(const struct told_state *told)
{
	return (struct delta){ .kind = DELTA_KIND(UNSPECIFIED), .next = *told };
}

/* It was told that it can have the version in force, and it still can. */
static struct delta delta_still_eligible(
		const struct told_state *told, const struct now_state *now, int32_t today)
{
	bool closing = is_closing(now, today) && told->window_end != now->window_end;
	struct delta delta;

	if (amount_is_news(&told->amount, now)) {
		delta = delta_eligible(DELTA_KIND(AMOUNT_CHANGED), now, today);
		/* Another window's closing stays told. */
		if (!delta.next.window_end)
			delta.next.window_end = told->window_end;
		return delta;
	}
	delta = delta_none(told);
	if (closing) {
		delta.kind = DELTA_KIND(CLOSING_SOON);
		delta.next.window_end = now->window_end;
	}
	return delta;
}

static struct delta delta_of_eligible(
		const struct told_state *told, const struct now_state *now, int32_t today)
{
	bool same = told->version == now->version;

	switch (now->kind) {
	case NOW_ELIGIBLE:
		return same ? delta_still_eligible(told, now, today)
			    : delta_eligible(DELTA_KIND(VERSION_CHANGED), now, today);
	case NOW_NEAR:
	case NOW_INELIGIBLE:
	case NOW_GONE:
		return delta_lapsed(told, now);
	case NOW_NOT_OPEN:
		/* The next window is told anew; a new version is news of the old one. */
		return same ? (struct delta){ .kind = DELTA_KIND(UNSPECIFIED) }
			    : delta_none(told);
	case NOW_UNDECIDED:
		break;
	}
	return delta_none(told);
}

static bool amount_is_nothing(const struct told_amount *amount)
{
	return amount->exactness == EXACTNESS(EXACT) && amount->most == 0;
}

static struct delta delta_of_worth(
		const struct told_state *told, const struct now_state *now, int32_t today)
{
	if (told->kind == TOLD_ELIGIBLE)
		return delta_of_eligible(told, now, today);
	if (now->kind == NOW_ELIGIBLE)
		return delta_eligible(DELTA_KIND(NEWLY_ELIGIBLE), now, today);
	if (now->kind == NOW_NEAR) {
		bool was_told = told->kind == TOLD_NEAR ||
				(told->kind == TOLD_LAPSED && told->distance);

		/* Once a version. */
		if (!was_told || told->version != now->version)
			return delta_near(now);
	}
	return delta_none(told);
}

/*
 * Whoever can have a policy of which nothing comes to it (the relief of a firm without taxable income)
 * is not bothered with it: that is noted as if it were told, so that the next run need not look again,
 * and nobody hears that nothing was lost.
 */
struct delta delta_find(
		const struct told_state *told, const struct now_state *now, int32_t today)
{
	struct told_state from = *told;
	struct delta delta;

	assert(told->kind <= TOLD_LAPSED);
	if (told->kind == TOLD_ELIGIBLE && amount_is_nothing(&told->amount) &&
			now->kind != NOW_UNDECIDED)
		from = (struct told_state){ 0 };
	delta = delta_of_worth(&from, now, today);
	if (now->kind == NOW_ELIGIBLE && amount_is_nothing(&now->amount) &&
			delta.kind != DELTA_KIND(AMOUNT_CHANGED))
		delta.kind = DELTA_KIND(UNSPECIFIED);
	return delta;
}
