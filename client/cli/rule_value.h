/* SPDX-License-Identifier: Apache-2.0 */
/* Values of rules as JSON and back, in the form that rule_eval.h describes. */
#pragma once

#include "rules/rule.h"

#include <jansson.h>

/**
 * Reads a VALUE into @arena; false when it is none. {"unknown": [...]} gives VALUE_UNKNOWN. Strings
 * and bytes are borrowed from @json or copied.
 */
bool rule_value_decode(const json_t *json, struct arena *arena, struct value *out_value);
/** A VALUE as JSON; NULL when memory is short. Not for unknowns and errors. */
json_t *rule_value_encode(const struct value *value);
/** Whether @value is one of @type, elements included. */
bool rule_value_fits(const struct value *value, const struct type *type);
/** The type of a value as far as it shows; NULL for values of no kind. */
const struct type *rule_value_type(const struct value *value, struct arena *arena);
