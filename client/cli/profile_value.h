/* SPDX-License-Identifier: Apache-2.0 */
/* A value in the tree of a profile file, as the text that people write of it. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <jansson.h>
#include <stdbool.h>

/**
 * Appends what @node says; lists with commas, objects as "key:value". A number is in the base unit of
 * @type (fen, millionths). false when @node has no place in a value: null, or a number that is no integer.
 */
bool profile_value_append(
		struct buffer *text, const json_t *node, Policycalc__V1__ValueType type);
/**
 * An empty list is a known "none"; no text says that. NULL: the type has no such value, or memory is
 * short.
 */
const Policycalc__V1__Value *profile_value_none(
		struct arena *arena, Policycalc__V1__ValueType type);
