/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up registry for demonstration and measuring: enterprises that could be, and are not.
 *
 * Every row is marked as made up, by its name, by a column, and by a code of the division 999999, which
 * does not exist. A row depends on seed, day and number alone, so that a smaller registry is the
 * beginning of a larger one.
 */
#pragma once

#include "base/buffer.h"
#include "base/date.h"

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_MOST 99999999 /* rows */

struct sample {
	uint64_t seed;
	struct date day; /* the figures are those of the full years before */
	bool english;	 /* headings and cells are names and codes, not labels */
};

/** Appends the headings as a line of CSV. */
void sample_append_headings(const struct sample *sample, struct buffer *out);
/** Appends row @number, 1 to SAMPLE_MOST, as a line of CSV. */
void sample_append_row(const struct sample *sample, uint64_t number, struct buffer *out);
