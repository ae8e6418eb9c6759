/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is new: one enterprise and one series, from what it was told and how it stands now.
 *
 * One function over plain values, which is the table of the README, cell by cell. NEEDS_INFORMATION
 * and NEEDS_REVIEW never say that something was lost, so that a feed that drops a column tells
 * nobody anything; and so an amount that is only known less well is no news either.
 */
#pragma once

#include "policycalc/v1/push_service.pb-c.h"
#include "push/told.h"

#define DELTA_KIND(word) POLICYCALC__V1__DELTA_KIND__DELTA_KIND_##word
#define LAPSE_CAUSE(word) POLICYCALC__V1__DELTA_ENTRY__LAPSE_CAUSE__LAPSE_CAUSE_##word

/* Days before the end of a window in which its closing is told. */
#define DELTA_CLOSING_DAYS 30

/* The columns of the table. */
enum now_kind {
	NOW_ELIGIBLE,
	NOW_NEAR,
	NOW_INELIGIBLE,
	NOW_UNDECIDED, /* NEEDS_INFORMATION, NEEDS_REVIEW */
	NOW_NOT_OPEN,
	NOW_GONE, /* withdrawn, or ended without a successor */
};
#define NOW_KIND_END 6

struct now_state {
	enum now_kind kind;
	uint32_t version; /* 0: GONE */
	struct told_amount amount;
	bool amount_is_open; /* something unknown would tell it better */
	int32_t window_end;  /* last day, days since 1970; 0: not stated, or always open */
};

struct delta {
	Policycalc__V1__DeltaKind kind;		      /* UNSPECIFIED: nothing is new */
	Policycalc__V1__DeltaEntry__LapseCause cause; /* of LAPSED */
	bool near;				      /* the nearest change is told */
	struct told_state next; /* what is told when this is; without news what is so at once */
};

/** @today: the day of the run, days since 1970. */
struct delta delta_find(
		const struct told_state *told, const struct now_state *now, int32_t today);
/** "NEWLY_ELIGIBLE", without prefix. */
const char *delta_kind_name(Policycalc__V1__DeltaKind kind);
