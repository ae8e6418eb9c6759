/* SPDX-License-Identifier: Apache-2.0 */
/* What the checker asks about types and dimensions. */
#pragma once

#include "rules/rule.h"

#define TYPE_TEXT_SIZE 128

/* Stands for the type of what was reported already: fits everything, so that nothing is said twice. */
extern const struct type type_bad;

static inline bool type_is_bad(const struct type *type)
{
	return type == &type_bad;
}

const struct type *type_list_of(const struct type *element, struct arena *arena);
const struct type *type_map_of(
		const struct type *key, const struct type *element, struct arena *arena);
/**
 * The type both fit: themselves when equal, the fuller one where one has the unknown element of an
 * empty literal. NULL when they do not fit (or memory is short: look at the arena).
 */
const struct type *type_join(const struct type *a, const struct type *b, struct arena *arena);
/** Whether @type, or something in it, is of @kind. */
bool type_has_kind(const struct type *type, enum type_kind kind);
bool type_is_ordered(const struct type *type);
/** The kind a value of this type has; VALUE_ERROR for none. */
enum value_kind type_value_kind(const struct type *type);
/** "list(int)". Cut when too long. */
const char *type_print(const struct type *type, char out_text[static TYPE_TEXT_SIZE]);
/** For messages: "money (int, in fen)", "int", "list(string)". */
const char *type_describe(const struct type *type, enum dimension dimension,
		char out_text[static TYPE_TEXT_SIZE]);

/** Whether the two may be compared, added, or stand in two arms. */
bool dimension_fits(enum dimension a, enum dimension b);
/** What such two are together. */
enum dimension dimension_join(enum dimension a, enum dimension b);
