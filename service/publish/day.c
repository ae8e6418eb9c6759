/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/day.h"

#include "base/date.h"

#include <string.h>

bool day_parse(const char *text, int32_t *out_day)
{
	struct date date;

	if (!date_parse(slice_from(text), &date))
		return false;
	*out_day = (int32_t)date_to_days(date);
	return true;
}

void day_print(int32_t day, char out[16])
{
	char text[11];

	date_print(date_from_days(day), text);
	memcpy(out, text, sizeof(text));
}
