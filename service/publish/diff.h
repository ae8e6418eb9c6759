/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two catalogs, in words: which entries are new, gone or other, and in those
 * which fields, from what to what. It walks the descriptors of the schema, so that a field that is
 * added to the schema is compared from that day on.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "policycalc/v1/diff.pb-c.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>

/**
 * Compares two catalogs, in any order of their entries. The answer lives in @arena and borrows texts
 * from both. NULL when memory is short.
 */
Policycalc__V1__DiffRevisionsResponse *catalog_diff(const struct catalog *from,
		const struct catalog *to, struct arena *arena, struct error *err);

/* --- inner: the words of the schema ----------------------------------------------------------- */

struct diff_word {
	const char *zh;
	const char *en;
};

/** What people call the field of a message; its name when nobody has said. */
struct diff_word diff_field_word(const ProtobufCFieldDescriptor *field);
/** What names an element of a list: its id, code, name or first day. NULL: its place. */
const char *diff_element_key(const ProtobufCMessage *element);
/** What people call an element: its title, label or name, or else its key; NULL: its place. */
const Policycalc__V1__Text *diff_element_title(const ProtobufCMessage *element);
/** A scalar for people, with its unit, in @arena; NULL when memory is short. */
const char *diff_scalar_print(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index, struct arena *arena);
/** A message for people, one line: what is set in it, without sources. NULL when memory is short. */
const char *diff_message_print(const ProtobufCMessage *message, struct arena *arena);
