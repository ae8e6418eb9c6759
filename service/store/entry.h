/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalog as a sorted list of encoded entries: what is stored, hashed and compared.
 *
 * An entry is one message under a kind and a name that is unique in its kind. Its bytes are the
 * canonical encoding (protobuf-c writes fields in the order of their numbers), so that equal
 * messages have equal bytes and equal hashes.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_HASH_SIZE 32 /* SHA-256 */

/* The numbers are stored: never change one. */
enum entry_kind {
	ENTRY_ATTRIBUTE = 1,
	ENTRY_PARAMETER = 2,
	ENTRY_REGION = 3,
	ENTRY_INDUSTRY = 4,
	ENTRY_FACT = 5,
	ENTRY_POLICY = 6,
	ENTRY_SHARED_CAP = 7,
};
#define ENTRY_KIND_END 8

struct entry {
	enum entry_kind kind;
	const char *name; /* "staff", "projects/invested", "henan-rd-2018"; of facts "P05a/0003"
			   */
	struct slice bytes;
	unsigned char hash[ENTRY_HASH_SIZE];
};

/** "policy", for people. */
const char *entry_kind_name(enum entry_kind kind);
const ProtobufCMessageDescriptor *entry_kind_descriptor(enum entry_kind kind);
/** The place in @catalog that holds the list of messages of @kind, and their number. */
ProtobufCMessage ***entry_kind_list(struct catalog *catalog, enum entry_kind kind);
size_t *entry_kind_count(struct catalog *catalog, enum entry_kind kind);

/**
 * Every entry of @catalog in (kind, name) order, in @arena. ERROR_INVALID when two have one
 * name.
 */
bool entry_list_from_catalog(const struct catalog *catalog, struct arena *arena,
		struct entry **out_list, size_t *out_count, struct error *err);

/** SHA-256 of @bytes. false (with ERROR_MEMORY) when the library gives none. */
bool entry_hash(struct slice bytes, unsigned char out[ENTRY_HASH_SIZE], struct error *err);
