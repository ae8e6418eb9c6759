/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a block by a code: those of a region, or of an industry. */
#pragma once

#include "calculator/sweep.h"
#include "registry/firm.h"

/* Either of the first two is set. Codes repeat: each is judged once. */
struct narrow {
	const struct catalog *catalog;
	const Policycalc__V1__Region *region;
	const char *industry; /* with its letter */
	uint8_t *fits;	      /* by number of the code: 0 not judged yet, 1 fits, 2 does not */
	size_t count;
};

void narrow_fini(struct narrow *narrow);
/** Takes the rows out of @rows whose code (the column @want of the source) does not fit, or is none. */
bool narrow_rows(struct narrow *narrow, const struct sweep_source *source, size_t want,
		uint64_t *rows, struct error *err);
