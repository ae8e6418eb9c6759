/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog as messages, and as the files an editor writes: data that rooms hand to one
 * another. */
#pragma once

#include "base/slice.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* A whole catalog as messages; what the editor's files say. Borrowed. */
struct catalog {
	int64_t revision;	  /* 0: a draft */
	const char *content_hash; /* lower-case hex, or "" */
	Policycalc__V1__Attribute **attributes;
	size_t attribute_count;
	Policycalc__V1__Parameter **parameters;
	size_t parameter_count;
	Policycalc__V1__Region **regions;
	size_t region_count;
	Policycalc__V1__Industry **industries;
	size_t industry_count;
	Policycalc__V1__Fact **facts;
	size_t fact_count;
	Policycalc__V1__SharedCap **shared_caps;
	size_t shared_cap_count;
	Policycalc__V1__Policy **policies;
	size_t policy_count;
};

/* One file of a draft or a revision. */
struct draft_file {
	const char *path; /* relative: "attributes.yaml", "policies/x.yaml" */
	struct slice content;
};
