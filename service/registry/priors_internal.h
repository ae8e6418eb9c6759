/* SPDX-License-Identifier: Apache-2.0 */
/* What priors are made of, for the file that counts and the one that answers. */
#pragma once

#include "registry/column_image.h"
#include "registry/priors.h"

/* Shares are in thousandths. */
#define PRIORS_WHOLE 1000

struct prior_code {
	struct slice code; /* empty: none, of a list */
	uint32_t share;
};

/* One attribute of one period. */
struct prior {
	struct slice attribute;
	enum column_kind kind;
	int64_t period;		  /* 0: a state */
	uint32_t yes;		  /* of flags: the share */
	int64_t *points;	  /* of figures and days: PRIORS_POINTS, ascending; else NULL */
	struct prior_code *codes; /* of codes, in their order */
	size_t code_count;
};

struct priors {
	atomic_uint references;
	struct arena arena; /* what the list is made of */
	int64_t sequence;
	struct prior *list; /* in the order of attribute, kind, period */
	size_t count;
};
