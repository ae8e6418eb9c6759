/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parameters a policy names: in the texts of its rules (every field of the schema that holds a
 * rule, whatever message it stands in) and by name. Catalogs that were checked only: the form of a rule
 * is taken to be right.
 */
#pragma once

#include "base/arena.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>
#include <stddef.h>

/** Whether @policy names the parameter @name ("rd_cap"). */
bool policy_names_parameter(const Policycalc__V1__Policy *policy, const char *name);

/** Whether the rule that a derived attribute follows from names the parameter @name. */
bool attribute_names_parameter(const Policycalc__V1__Attribute *attribute, const char *name);

/** The parameters of @catalog that @policy names, in the catalog's order. false: memory is short. */
bool policy_named_parameters(const Policycalc__V1__Policy *policy,
		const struct catalog *catalog, struct arena *arena,
		Policycalc__V1__Parameter ***out_list, size_t *out_count);
