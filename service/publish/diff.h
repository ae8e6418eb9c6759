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

/* --- inner: a growing list in an arena --------------------------------------------------------- */

struct diff_list {
	void **items;
	size_t count;
	size_t capacity;
};

/** false when memory is short, or @item is NULL because it was. */
bool diff_list_append(struct diff_list *list, void *item, struct arena *arena);

/* --- inner: the fields of one entry ------------------------------------------------------------ */

/** Appends a FieldChange for all that differs between two states of an entry; false: no memory. */
bool diff_fields_compare(const ProtobufCMessage *from, const ProtobufCMessage *to,
		struct arena *arena, struct diff_list *out_list);

/* --- inner: the elements of a list ------------------------------------------------------------- */

#define DIFF_NONE SIZE_MAX

/* Which element of one side is another state of which of the other. */
struct diff_pairs {
	size_t from_count;
	size_t to_count;
	size_t *to_of;		   /* by the index in from; DIFF_NONE: removed */
	size_t *from_of;	   /* by the index in to; DIFF_NONE: added */
	const char **name_of_from; /* NULL: its place says which it is */
	const char **name_of_to;
	size_t named_count; /* pairs with a name; */
	size_t same_front; /* of these, at the front in one order: all, when the order is one */
	size_t same_back;  /* and at the back */
};

/** Pairs the elements of @field, a list of messages; in @arena. false: memory is short. */
bool diff_pairs_find(const ProtobufCMessage *from, const ProtobufCMessage *to,
		const ProtobufCFieldDescriptor *field, struct arena *arena,
		struct diff_pairs *out_pairs);
/** Borrowed from @message. */
const ProtobufCMessage *diff_element(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index);
bool diff_messages_are_equal(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* --- inner: the words of the schema ----------------------------------------------------------- */

struct diff_word {
	const char *zh;
	const char *en;
};

/** What people call the field of a message; its name when nobody has said. */
struct diff_word diff_field_word(const ProtobufCFieldDescriptor *field);
/** Its id, code, name, group, first day or document: the first of these that it has, or NULL. */
const char *diff_element_key(const ProtobufCMessage *element);
/** What people call an element: its title, label or name; NULL: nothing. */
const Policycalc__V1__Text *diff_element_title(const ProtobufCMessage *element);
/** A scalar for people, with its unit, in @arena; NULL when memory is short. */
const char *diff_scalar_print(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index, bool english,
		struct arena *arena);
/**
 * A message for people, one line in either language: what is set in it, without sources. Both are
 * NULL when memory is short.
 */
struct diff_word diff_message_print(const ProtobufCMessage *message, struct arena *arena);
