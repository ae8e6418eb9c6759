/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a heading: its normal form, units, periods. */
#pragma once

#include "base/arena.h"
#include "base/date.h"
#include "base/slice.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <stdbool.h>

#define PERIOD_SIZE 16

/** Full-width ASCII and Chinese brackets become ASCII, letters small; blanks and quotes fall away. */
struct slice heading_normalise(struct slice text, struct arena *arena);
/** Finds the power of ten of a unit ("万元", "%") of @attribute; false when it is none of its units. */
bool unit_word_find(const Policycalc__V1__Attribute *attribute, struct slice word,
		unsigned *out_digits);
/**
 * Takes a period off the front of a normal form: "2024", "2024年", "2024年度", "2025q3",
 * "2025年第三季度", "2025-06", "2025年6月". Prints it as the wire wants it. false: there is none.
 */
bool heading_take_period(struct slice *text, char out_period[PERIOD_SIZE]);
/** What "2025", "2025Q3" or "2025-06" is. */
Policycalc__V1__Period period_kind(const char *period);
/** The last full period before @day; "" for a state at a point in time. */
void period_last(Policycalc__V1__Period kind, struct date day, char out_period[PERIOD_SIZE]);
/**
 * What is left of the label of a periodic attribute when its year is said beside it: "上年度营业收入" and
 * "Revenue of last year" become "营业收入" and "Revenue". Empty when it says no year.
 */
struct slice label_without_year(struct slice label);
