/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people call an attribute that an answer names: "e.staff", "i.cost@projects/p1", and the
 * earlier periods and windows of a periodic one, "e.rd_expense_y2", "e.monthly_power_quarter".
 */
#pragma once

#include "base/slice.h"
#include "client/render/words.h"

/* What is drawn takes names for people from the attribute dictionary. May be empty. */
struct render_dictionary {
	Policycalc__V1__Attribute *const *attributes;
	size_t count;
};

#define ATTRIBUTE_PERIODS_SIZE 96

struct attribute_name {
	const Policycalc__V1__Attribute *attribute; /* NULL: the dictionary has none */
	const char *label;			    /* in the language; "": there is none */
	char periods[ATTRIBUTE_PERIODS_SIZE];	    /* "再往前 1 年"; "": the last ones */
	struct slice bare; /* as in rules, without what stands around it */
	struct slice list; /* "projects", or empty */
	struct slice item; /* its id, or empty */
};

/** All of it borrows from @path and the dictionary. */
void attribute_name_parse(const struct render_style *style,
		const struct render_dictionary *dictionary, const char *path,
		struct attribute_name *out_name);
