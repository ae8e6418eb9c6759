/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as bytes, JSON and YAML, generically over protobuf-c descriptors.
 *
 * Unpacking is guarded: message_scan() walks the wire bytes first and refuses what protobuf-c
 * would accept blindly (depth, counts, bad UTF-8, NUL in strings); message_unpack() then
 * allocates in an arena with a budget. Both are what a server does with a stranger's bytes.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/diagnostics.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct message_limits {
	unsigned depth;	 /* nested messages; 32 */
	size_t fields;	 /* all fields of all messages together */
	size_t elements; /* elements of one repeated field */
};
extern const struct message_limits message_limits_default;

/**
 * Refuses what must not be unpacked, with the field's path: "profile.attributes[3].name".
 * ERROR_MALFORMED: these bytes are no such message; ERROR_INVALID: its contents are refused.
 */
bool message_scan(struct slice bytes, const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct error *err);

/** Scans and unpacks into @arena. Nobody frees the message. NULL on failure. */
ProtobufCMessage *message_unpack(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena, struct error *err);

/* Parts of messages that were unpacked before: those with the same bytes are one message, and shared. */
struct unpack_memo;

/** NULL when memory is short. */
struct unpack_memo *unpack_memo_new(void);
/** The messages stay. */
void unpack_memo_free(struct unpack_memo *memo);

/**
 * Decodes what message_pack() made, which nobody else had a hand in: nothing is looked at twice. Texts are put into
 * @room, of as many bytes as @bytes has: the first *out_kept of them must live as long as the message, the rest of
 * which is in @arena; what is behind is the caller's again. Nothing of the message lies in @bytes. Fields we do not
 * know are dropped. With @memo (or NULL) parts are shared with messages unpacked before: all of them live and die
 * together, and nobody writes to them.
 */
ProtobufCMessage *message_unpack_into(char *room, struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct unpack_memo *memo,
		struct arena *arena, size_t *out_kept, struct error *err);

/** Appends the encoded message. false only when memory is short. */
bool message_pack(const ProtobufCMessage *message, struct buffer *out);

/* --- JSON: the proto3 mapping, deterministic (fields in declaration order) ------------------
 */

struct json_options {
	bool pretty;	   /* two spaces, one field a line */
	bool defaults;	   /* also fields that hold their default */
	bool int64_number; /* int64 below 2^53 as numbers (otherwise strings) */
	bool short_enums;  /* without prefix: "ELIGIBLE" */
};

bool message_print_json(const ProtobufCMessage *message, const struct json_options *options,
		struct buffer *out);
/** Strict: unknown and duplicate keys, wrong types, trailing text. Errors name path or line. */
ProtobufCMessage *message_parse_json(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err);

/* --- YAML: the same mapping, every scalar text typed by its field, units by field name -------
 */

/* Where a parsed field stood in the file, so that later checks can point at it. */
struct yaml_place {
	const ProtobufCMessage *message;       /* the message that has the field */
	const ProtobufCFieldDescriptor *field; /* NULL: the message itself */
	size_t index;			       /* of a repeated field */
	int line, column;		       /* of the value, from 1, column in characters */
	int key_line, key_column;	       /* of the key */
	bool plain_one_line; /* the value stands in the text as it is, on one line, so
				positions inside it can be computed */
};

struct yaml_places;

/** The place of @field of @message, or of the message itself; false when it was not in the file. */
bool yaml_places_find(const struct yaml_places *places, const ProtobufCMessage *message,
		const char *field_name, size_t index, struct yaml_place *out_place);

/**
 * Reads one YAML document as @descriptor. Reports every mistake to @diagnostics under @path,
 * with the excerpt; NULL when there was an error. Message, places and strings live in @arena.
 */
ProtobufCMessage *message_parse_yaml(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, const char *path,
		struct arena *arena, struct diagnostics *diagnostics,
		struct yaml_places **out_places);

/**
 * As message_parse_yaml(), but what could be read is given though something else was wrong, and
 * @out_whole tells which it is. NULL when the text is no YAML, or not of this shape to its end.
 */
ProtobufCMessage *message_parse_yaml_partly(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, const char *path,
		struct arena *arena, struct diagnostics *diagnostics,
		struct yaml_places **out_places, bool *out_whole);

/** Prints as an editor would write it: units, short enums, block style, | for long texts. */
bool message_print_yaml(const ProtobufCMessage *message, struct buffer *out);

/* --- units: numbers as people write them -----------------------------------------------------
 */

/** "200万元", "1.5亿元", "3000元", "12.34元", "380万" → fen. A bare number is refused. */
bool unit_parse_money(struct slice text, long long *out_fen, struct error *err);
/** "4%", "4.5%", "5‰", "30000ppm" → ppm. A bare number is refused. */
bool unit_parse_ratio(struct slice text, long long *out_ppm, struct error *err);
/** "200万元": the shortest exact form; "40%". Into @out (64 bytes); how many bytes, without the NUL. */
size_t unit_print_money(long long fen, char out[64]);
size_t unit_print_ratio(long long ppm, char out[64]);
