/* SPDX-License-Identifier: Apache-2.0 */
/* Days of the catalog: "YYYY-MM-DD" as a number that can be compared and stepped. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define DAY_FIRST INT32_MIN /* before every day */
#define DAY_LAST INT32_MAX  /* after every day */

/** Days since 1970-01-01; false when @text is not a date of the calendar, years 0001 to 9999.
 */
bool day_parse(const char *text, int32_t *out_day);
/** Into @out "YYYY-MM-DD". @day comes from day_parse(), give or take one. */
void day_print(int32_t day, char out[16]);
