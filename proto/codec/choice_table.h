/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that take their choices from a table of the catalog ("regions", "industries"), with
 * these choices filled in: what value_parse_text() and the printers want, and what callers see.
 */
#pragma once

#include "base/arena.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>

struct choice_list {
	Policycalc__V1__Choice **choices;
	size_t count;
};

/* The two tables as choices; borrows texts from the catalog. */
struct choice_tables {
	struct choice_list regions; /* earlier codes and names are aliases */
	struct choice_list industries;
};

/** Fills @out_tables into @arena; false when memory is short. */
bool choice_tables_init(const struct catalog *catalog, struct arena *arena,
		struct choice_tables *out_tables);

/**
 * @attribute as it is, or a copy in @arena with its table's choices. NULL when memory is short.
 */
const Policycalc__V1__Attribute *attribute_with_choices(
		const Policycalc__V1__Attribute *attribute, const struct choice_tables *tables,
		struct arena *arena);
