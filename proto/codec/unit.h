/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as people write them; money and ratios are in codec.h. Inner header of the codec.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>

/** "12.5万", "3亿": what is no whole number, or has no such word, is refused. */
bool unit_parse_myriads(struct slice text, long long *out_count, struct error *err);
/** "60天", "60日", "15个工作日". A bare number is refused. */
bool unit_parse_days(struct slice text, long long *out_days, struct error *err);
/** "18个月", "3年" (36). A bare number is refused. */
bool unit_parse_months(struct slice text, long long *out_months, struct error *err);
/** "3年". A bare number is refused. */
bool unit_parse_years(struct slice text, long long *out_years, struct error *err);
/** "60天"; "18个月", "3年" when it is whole years; "3年". How many bytes, without the NUL. */
size_t unit_print_days(long long days, char out[64]);
size_t unit_print_months(long long months, char out[64]);
size_t unit_print_years(long long years, char out[64]);
