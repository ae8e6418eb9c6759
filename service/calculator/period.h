/* SPDX-License-Identifier: Apache-2.0 */
/* Years, quarters and months as consecutive numbers. */
#pragma once

#include "base/arena.h"
#include "base/date.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* The part of a series that a name means; scopes_scan.c has the names. */
enum window {
	WINDOW_NONE, /* all of it */
	WINDOW_QUARTER,
	WINDOW_YEAR,
	WINDOW_STATED_QUARTER, /* whatever the day: "2026q1" */
	WINDOW_STATED_YEAR,
};

/** Whether there is a value for every period, rather than a state at a point in time. */
bool period_is_recurring(Policycalc__V1__Period period);
/** 1, 4 or 12. */
unsigned period_per_year(Policycalc__V1__Period period);
/** The number of the period that @date falls in. */
int64_t period_of_date(Policycalc__V1__Period period, struct date date);
/** Reads exactly "2025", "2025Q3" or "2025-06", as @period wants it. */
bool period_parse(Policycalc__V1__Period period, const char *text, int64_t *out_number);
/** How it is written: "2025Q3". */
const char *period_form(Policycalc__V1__Period period);
/** As period_parse() reads it; "" for what does not recur, NULL when memory is short. */
const char *period_print(Policycalc__V1__Period period, int64_t number, struct arena *arena);
/** How many periods a window has; 0 when it is none of a series of this period. */
size_t period_window_size(Policycalc__V1__Period period, enum window window);
/**
 * The first period of the last full window before @date, or of the one @back years earlier. Of a stated
 * window @back is its number: that of the quarter or the year itself.
 */
int64_t period_window_first(Policycalc__V1__Period period, enum window window, struct date date,
		unsigned back);
