/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept from one message to the next by whoever unpacks a whole catalog, which nobody changes afterwards. Inner
 * header of the codec.
 *
 * Parts of messages: policies of one document repeat its source, its papers, its steps. What has the same bytes is
 * unpacked once, and all messages that have it share it.
 *
 * Forms of types: what a reader asks of a field is in one place, found by the field's number.
 */
#pragma once

#include "proto/codec/codec.h"
#include "proto/codec/wire.h"

/** A part that is being unpacked for the first time. */
struct known_part;

/* How often parts of a field were looked for, and known. */
struct field_tries {
	/* What it was the last time, or NULL: policies that follow one another are often of one kind, and to compare
	 * is less than to look up. */
	const struct known_part *last;
	uint32_t tries, hits;
};

/*
 * What of a field comes most often is read at once: it is there once, with one tag, and presence is not noted. The last
 * three bits are those of the tag.
 */
enum read_kind {
	READ_OTHER = 0,			  /* or there is no such field */
	READ_WORD = 1 << 3 | WIRE_VARINT, /* of 32 bits */
	READ_LONG = 2 << 3 | WIRE_VARINT, /* of 64 */
	READ_FLAG = 3 << 3 | WIRE_VARINT,
	READ_TEXT = 4 << 3 | WIRE_BYTES,
	READ_MESSAGE = 5 << 3 | WIRE_BYTES,
};

/* Where the value of a field goes to. */
struct read_place {
	uint8_t kind;
	uint8_t field;	 /* of the form's */
	uint16_t offset; /* of the value in the message */
};

struct read_field {
	const ProtobufCFieldDescriptor *field;
	struct read_form *form; /* of messages; NULL: nobody asked for it yet */
	struct field_tries tries;
};

#define READ_FIELDS 64 /* most of a type that has a form; a word of bits says which were seen */
#define READ_NUMBERS 64 /* fields with others are found otherwise */

struct read_form {
	const ProtobufCMessageDescriptor *descriptor;
	struct read_form *next;
	struct read_field *fields;		/* as the descriptor has them */
	struct read_place places[READ_NUMBERS]; /* by number */
};

/** The form of @descriptor's messages; NULL: memory is short, or it has too many fields for one. */
struct read_form *unpack_memo_form(
		struct unpack_memo *memo, const ProtobufCMessageDescriptor *descriptor);

/**
 * The message that @bytes of the type of @own came to before; NULL: none. Then *out_wanted is what to give to
 * unpack_memo_keep() once it is unpacked; NULL: it is not wanted.
 */
ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		struct read_field *own, struct known_part **out_wanted);
/** @message must live as long as all that is unpacked with @memo. */
void unpack_memo_keep(
		struct unpack_memo *memo, struct known_part *wanted, ProtobufCMessage *message);
